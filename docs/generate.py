"""Pages made from the code's own tables when the site is built: options, metrics, variants, networks, data sets, commands, results.

Each table becomes a text in docs/_generated, which a page of docs/reference includes; each page of experiments/results becomes a page of
docs/results. Neither is kept in the repository. `python -m docs.generate` writes them without building the site.
"""

import contextlib
import functools
import importlib
import inspect
import io
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from docs.links import DOCS, MIRRORED, REPOSITORY, rewritten
from docs.tables import datasets_page, metrics_page, networks_page, options_page, sentence, variants_page

GENERATED = DOCS / "_generated"
WIDTH = 88  # characters of --help on a page


# Commands


def help_of(command: str) -> str:
    """What `jaxgan COMMAND --help` prints."""
    from jaxgan.__main__ import main

    printed, before = io.StringIO(), {name: os.environ.get(name) for name in ("COLUMNS", "NO_COLOR")}
    os.environ.update(COLUMNS=str(WIDTH), NO_COLOR="1")
    try:
        with contextlib.redirect_stdout(printed):
            code_of_end = _status(lambda: main([command, "--help"]))
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)
    if code_of_end:
        raise RuntimeError(f"jaxgan {command} --help ended with {code_of_end}: {printed.getvalue()}")
    return re.sub(r"\x1b\[[0-9;]*m", "", printed.getvalue()).strip("\n")


def _status(run: Callable[[], Any]) -> int:
    try:
        return int(run() or 0)
    except SystemExit as end:
        return int(end.code or 0)


def commands_page() -> str:
    from jaxgan.__main__ import COMMANDS

    parts = [
        f"## `{name}`\n\n{sentence(what)}\n\n:::{{dropdown}} `jaxgan {name} --help`\n\n~~~text\n{help_of(name)}\n~~~\n:::\n"
        for name, what in COMMANDS.items()
    ]
    return "\n".join(parts)


# Results


def results() -> Iterable[tuple[Path, str]]:
    """The pages of docs/results: (path, text), each a file of experiments/ with its links as they hold on the site."""
    names = {page: source for source, page in MIRRORED.items() if page.startswith("results/")}
    for page, source in names.items():
        text = rewritten((REPOSITORY / source).read_text(encoding="utf-8"), source, page)
        if page == "results/index":
            text += "\n```{toctree}\n:hidden:\n:glob:\n\nindex.zh\n*\n```\n"
        yield DOCS / f"{page}.md", text


def of_repository(source: str, page: str) -> str:
    """A file from the root of the repository, to be included in a page of the site; without its title, which the page has."""
    text = rewritten((REPOSITORY / source).read_text(encoding="utf-8"), source, page)
    return re.sub(r"\A# .*\n", "", text)


# From Python

CALLED_FIRST = ("fit", "Config", "load", "Run", "evaluate", "export", "Gan")
WITH_METHODS = {"Gan", "Run"}
ROOMS = ("objectives", "networks", "data", "metrics", "interop", "diagnosis", "exports")


def api_of(module: str, names: Iterable[str]) -> str:
    """Directives by which Sphinx shows the docstrings of a module's public names; its tables have pages of their own."""
    directives = []
    for name in names:
        thing = getattr(importlib.import_module(module), name)
        if inspect.ismodule(thing) or not callable(thing):
            continue
        kind = "autoclass" if inspect.isclass(thing) else "autofunction"
        members = "\n   :members:\n   :inherited-members:" if name in WITH_METHODS else ""
        directives.append(f".. {kind}:: {module}.{name}{members}\n")
    return "```{eval-rst}\n" + "\n".join(directives) + "```\n"


def api_of_room(room: str) -> str:
    """Of a part of the package, but for the records that the package itself exports too."""
    import jaxgan

    module = importlib.import_module(f"jaxgan.{room}")
    return api_of(module.__name__, [name for name in module.__all__ if name not in jaxgan.__all__])


def api_of_package() -> str:
    """Of the package itself: first what is called first."""
    import jaxgan

    return api_of("jaxgan", dict.fromkeys([*CALLED_FIRST, *jaxgan.__all__]))


TABLES: dict[str, Callable[[], str]] = {
    "options": options_page,
    "metrics": metrics_page,
    "variants": variants_page,
    "networks": networks_page,
    "datasets": datasets_page,
    "commands": commands_page,
    "contributing": lambda: of_repository("CONTRIBUTING.md", "contributing"),
    "changelog": lambda: of_repository("CHANGELOG.md", "changelog"),
    "api-jaxgan": api_of_package,
    **{f"api-{room}": functools.partial(api_of_room, room) for room in ROOMS},
    "clusters": lambda: of_repository("CLUSTERS.md", "guides/clusters"),
}


def write_pages() -> list[Path]:
    """Writes every generated text; one that has not changed is left alone, so that its page is not built again."""
    texts = [(GENERATED / f"{name}.md", make()) for name, make in TABLES.items()] + list(results())
    for path, text in texts:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    return [path for path, _ in texts]


if __name__ == "__main__":
    print("\n".join(str(path.relative_to(REPOSITORY)) for path in write_pages()))
