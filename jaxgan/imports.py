"""What is imported while a command runs: the user's own objects, named as `package.module:name`, and heavy packages not at all (layer 0)."""

import contextlib
import difflib
import functools
import importlib
import os
import re
import sys
from collections.abc import Iterator
from typing import Any

from jaxgan.errors import UserError, first_line

IMPORT_PATH = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


def is_import_path(text: str) -> bool:
    """Whether the text is written as `package.module:name`; it need not exist."""
    return IMPORT_PATH.fullmatch(text) is not None


def import_named(text: str, what: str, hint: str = "") -> Any:
    """The object that `package.module:name` names; the current directory is searched first, as `python -m` does.

    Args:
        text: as above; `name` may be dotted (`Class.method`).
        what: what it is to be, for messages: "variant", "data set".
        hint: what else is allowed, for the message where there is no such module.

    Raises:
        UserError: the text is not of that form, there is no such module or name, or importing the module raises an error.
    """
    if not is_import_path(text):
        raise UserError(f"{what} '{text}' is not known: expected package.module:name")
    module_name, _, attribute = text.partition(":")
    try:
        with _current_directory_first():
            module = importlib.import_module(module_name)
    except Exception as error:  # a module may raise anything while it is imported
        if isinstance(error, ModuleNotFoundError) and error.name and f"{module_name}.".startswith(f"{error.name}."):
            raise UserError(
                f"{what} '{text}': there is no module '{error.name}', here in {os.getcwd()} or installed{hint}"
            ) from None
        raise UserError(
            f"{what} '{text}': importing '{module_name}' fails: {type(error).__name__}: {first_line(error)}"
        ) from error
    try:
        return functools.reduce(getattr, attribute.split("."), module)
    except AttributeError:
        near = difflib.get_close_matches(
            attribute, [name for name in vars(module) if not name.startswith("_")], n=1, cutoff=0.5
        )
        guess = f": did you mean '{near[0]}'?" if near else ""
        raise UserError(f"{what} '{text}': module '{module_name}' has no '{attribute}'{guess}") from None


@contextlib.contextmanager
def _current_directory_first() -> Iterator[None]:
    here = os.getcwd()
    importlib.invalidate_caches()  # a module may have been written since Python last looked
    if here in sys.path or "" in sys.path:
        yield
        return
    sys.path.insert(0, here)
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):  # the module may have changed the path itself
            sys.path.remove(here)


@contextlib.contextmanager
def without(package: str) -> Iterator[None]:
    """Within the block importing the package fails, unless it is there already: for a library that can do without it, and loads it if it can."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]  # so Python says that there is none
    try:
        yield
    finally:
        del sys.modules[package]
