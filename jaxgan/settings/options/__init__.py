"""Every option, declared once: the fields of `Config`, and what the rest of jaxgan asks about them."""

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Any

from jaxgan.checks import LARGEST, Range, choice, in_float32, plain, whole
from jaxgan.errors import UserError, one_line, shortened
from jaxgan.settings.options.data import DataOptions
from jaxgan.settings.options.declaration import Option
from jaxgan.settings.options.networks import NetworkOptions
from jaxgan.settings.options.remedies import RemedyOptions
from jaxgan.settings.options.run import RunOptions
from jaxgan.settings.options.training import TrainingOptions

__all__ = [
    "GROUPS", "OPTIONS", "Config", "Option", "Range", "changes_allowed", "check", "check_value", "choices", "flag", "names",
    "settled_by", "variant_numbers",
]  # fmt: skip

GROUPS: dict[str, type] = {
    "data": DataOptions,
    "network": NetworkOptions,
    "training": TrainingOptions,
    "remedy": RemedyOptions,
    "run": RunOptions,
}  # in the order of --help; the first line of a class's docstring says what its options are about


@dataclass(frozen=True, kw_only=True)
class Config(RunOptions, RemedyOptions, TrainingOptions, NetworkOptions, DataOptions):  # fields come from the last base first
    """What to train, on what, how long and where to. A field left at None takes the recipe's value, else the data set's.

    Every field is an option of `jaxgan train`; `jaxgan train --help` says what each one means. What is plainly meant is taken: a text
    for a path, 4.0 for 4, numbers of numpy and jax.

    Raises:
        UserError: one line for the first value of a wrong type, outside the choices or outside the range.
    """

    def __post_init__(self) -> None:
        """Checks each value by itself, and keeps it as `check_value` gives it."""
        for name in OPTIONS:
            object.__setattr__(self, name, check_value(name, getattr(self, name)))


OPTIONS: dict[str, Option] = {
    field.name: dataclasses.replace(
        field.metadata["option"], name=field.name, type=field.type, default=field.default, group=group
    )
    for group, kind in GROUPS.items()
    for field in dataclasses.fields(kind)
}


def flag(name: str) -> str:
    """The flag of an option: `learning_rate` is --learning-rate."""
    return OPTIONS[name].flag


def names(which: Callable[[Option], bool] | None = None, **facts: Any) -> tuple[str, ...]:
    """The options, in the order of their declaration, for which `which` is true and each fact is as given: `names(saved=False)`."""
    return tuple(
        name
        for name, declared in OPTIONS.items()
        if (which is None or which(declared)) and all(getattr(declared, fact) == value for fact, value in facts.items())
    )


def changes_allowed() -> tuple[str, ...]:
    """The options that may differ between a run and its continuation by --resume, among those that a run saves."""
    return names(saved=True, may_change=True)


def variant_numbers() -> tuple[str, ...]:
    """The numbers that functions of variants take, each by its own name."""
    return names(of_variant=True)


def settled_by(name: str) -> tuple[str, ...]:
    """The options that this one decides where they are not given themselves: `network` decides `generator`, `critic`, ..."""
    return names(lambda declared: name in declared.settled_by)


def choices(name: str) -> tuple[str, ...]:
    """The values that the option's type lists; empty where it takes others too."""
    return OPTIONS[name].choices


def check(config: Config) -> None:
    """Checks the few rules between options that hold whatever is trained; each value by itself was checked when it was made.

    Raises:
        UserError: one line for the first that is broken.
    """
    for name, values in (config.by_replica or {}).items():
        if len(values) != config.replicas:
            raise UserError(f"by_replica: {len(values)} values of {name} for {config.replicas} replicas")
    for name, declared in OPTIONS.items():
        if declared.needs and getattr(config, name) is not None and not getattr(config, declared.needs):
            raise UserError(f"{flag(name)} has no meaning without {flag(declared.needs)}")
    if config.best is not None and config.metrics_every is None:
        raise UserError(f"--best {config.best}: nothing is measured; say how often by --metrics-every")
    if config.steps is not None and config.epochs is not None:
        raise UserError("--steps and --epochs both say how long to train: give one")
    if (config.steps or 0) * (config.n_critic or 1) > LARGEST:
        raise UserError(
            f"--steps {config.steps} times --n-critic {config.n_critic}: at most {LARGEST} critic steps can be counted"
        )
    last_seed = config.seed + config.replicas - 1
    if OPTIONS["seed"].range is not None and not OPTIONS["seed"].range.allows(last_seed):
        raise UserError(
            f"--seed {config.seed}: the last of {config.replicas} replicas would have seed {last_seed}; it must be {OPTIONS['seed'].range}"
        )


def check_value(name: str, value: Any, called: str = "") -> Any:
    """The value of an option as it is kept: a Python number for numpy's or jax's, 4 for 4.0 of a whole number, a path for a text.

    Args:
        name: of the option.
        value: as it was given.
        called: how a message calls the option; by its flag where empty.

    Raises:
        UserError: one line for a value of a wrong type, outside the choices or outside the range.
    """
    declared = OPTIONS[name]
    called = called or declared.flag
    if value is declared.default or (value is None and NoneType in declared.kinds):
        return value
    if declared.reads is not None:
        value = declared.reads(value, called)
    if declared.choices:
        return choice(called, plain(value), declared.choices)
    if declared.reads is not None and isinstance(value, str):
        return value
    kind = next(kind for kind in declared.kinds if kind in EXPECTED)
    read, words = EXPECTED[kind]
    kept = read(value)
    if not isinstance(kept, kind if kind is not float else int | float) or (isinstance(kept, bool) and kind is not bool):
        words = "a whole number" if kind is int and isinstance(kept, float) else words
        raise UserError(f"{called} {shortened(value)}: must be {words}{_instead(name, value)}")
    if isinstance(kept, dict):
        return DICTIONARIES[name](kept, called)
    if kind in (int, float) and declared.range is not None:
        _check_range(declared, kept, called)
    return kept


def _check_range(declared: Option, value: int | float, called: str) -> None:
    assert declared.range is not None
    if not declared.range.allows(value):
        raise UserError(f"{called} {one_line(value)}: must be {declared.range}")
    if int in declared.kinds and declared.range.at_most is None and value > declared.limit:
        raise UserError(f"{called} {one_line(value)}: must be at most {declared.limit}")
    if float in declared.kinds and not declared.range.allows(in_float32(value)):
        raise UserError(f"{called} {value}: must be {declared.range}, and is {in_float32(value)} in float32")


def _path(value: Any) -> Any:
    """A path of a text, or of what says itself that it names one."""
    kept = Path(value) if isinstance(value, str | os.PathLike) else value
    return value if "\0" in str(kept) else kept


EXPECTED: dict[type, tuple[Callable[[Any], Any], str]] = {
    bool: (plain, "True or False"),
    int: (whole, "a number"),
    float: (plain, "a number"),
    str: (lambda value: str(value) if isinstance(value, str) else value, "a name"),
    Path: (_path, "a path"),
    dict: (lambda value: dict(value) if isinstance(value, Mapping) else value, "a dictionary"),
}  # how a value of each type is read, and what a message says that it must be


def _instead(name: str, value: Any) -> str:
    """Where a thing was given and its name is wanted: how it is named, or what takes the thing itself."""
    if name == "dataset":
        return (
            ", as 'folder:PATH' for pictures" if isinstance(value, os.PathLike) else "; fit(config, data) takes data themselves"
        )
    if name in ("variant", "generator", "critic"):
        return ", your own as 'package.module:attribute'; jaxgan.Gan takes the thing itself"
    return ""


def _differing(values: dict[Any, Any], called: str) -> dict[str, list[int | float]]:
    """`by_replica`: to each name of an option a value a replica."""
    allowed, by_flag = names(may_differ=True), called == flag("by_replica")
    lists = {name: of_one.tolist() if hasattr(of_one, "tolist") else of_one for name, of_one in values.items()}
    for name, of_one in lists.items():
        if name not in allowed:
            raise UserError(f"{'by_replica' if by_flag else called}: {one_line(name)} cannot differ within one program")
        if isinstance(of_one, str | bytes) or not isinstance(of_one, Sequence):
            raise UserError(f"{called} {name} {shortened(of_one)}: must be a list of numbers, one a replica")
    return {
        name: [check_value(name, value, "" if by_flag else f"{called} {name}") for value in of_one]
        for name, of_one in lists.items()
    }


def _recorded(values: dict[Any, Any], called: str) -> dict[str, Any]:
    """`python`: to the name of each part what is recorded of it, in texts."""
    for name, part in values.items():
        whole_part = isinstance(name, str) and isinstance(part, Mapping)
        if not whole_part or not all(isinstance(key, str) and isinstance(text, str | NoneType) for key, text in part.items()):
            raise UserError(f"{called} {one_line(name)} {shortened(part)}: must be a dictionary of texts")
    return values


DICTIONARIES: dict[str, Callable[[dict[Any, Any], str], dict[str, Any]]] = {"by_replica": _differing, "python": _recorded}
