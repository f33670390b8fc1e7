"""Every option, declared once: the fields of `Config`, and what the rest of jaxgan asks about them."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePath
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from jaxgan.errors import UserError, unknown
from jaxgan.settings.options.data import DataOptions
from jaxgan.settings.options.declaration import Option, Range
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

    Every field is an option of `jaxgan train`; `jaxgan train --help` says what each one means. A path may be given as text.
    """

    def __post_init__(self) -> None:
        """Makes paths of texts."""
        for name in names(is_path=True):
            if isinstance(getattr(self, name), str):
                object.__setattr__(self, name, Path(getattr(self, name)))


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
    return tuple(choice for part in _parts(OPTIONS[name].type) if get_origin(part) is Literal for choice in get_args(part))


def check(config: Config) -> None:
    """Checks each value by itself, and the few rules between options that hold whatever is trained.

    Raises:
        UserError: one line for the first value of a wrong type, outside the choices or outside the range.
    """
    for name in OPTIONS:
        check_value(name, getattr(config, name))
    for name, values in (config.by_replica or {}).items():
        if name not in names(may_differ=True):
            raise UserError(f"by_replica: {name} cannot differ within one program")
        if len(values) != config.replicas:
            raise UserError(f"by_replica: {len(values)} values of {name} for {config.replicas} replicas")
        for value in values:
            check_value(name, value)
    for name, declared in OPTIONS.items():
        if declared.needs and getattr(config, name) is not None and not getattr(config, declared.needs):
            raise UserError(f"{flag(name)} has no meaning without {flag(declared.needs)}")
    if config.best is not None and config.metrics_every is None:
        raise UserError(f"--best {config.best}: nothing is measured; say how often by --metrics-every")
    if config.steps is not None and config.epochs is not None:
        raise UserError("--steps and --epochs both say how long to train: give one")


def check_value(name: str, value: Any) -> None:
    """Checks one value of one option.

    Raises:
        UserError: as `check`.
    """
    declared, kinds = OPTIONS[name], _parts(OPTIONS[name].type)
    if value is None and NoneType in kinds:
        return
    allowed = choices(name)
    if allowed and not (isinstance(value, str) and value in allowed):
        raise unknown(flag(name), value, allowed)
    for kind, (types, words) in EXPECTED.items():
        if kind in kinds and (not isinstance(value, types) or (isinstance(value, bool) and kind is not bool)):
            whole = "a whole number" if kind is int and isinstance(value, float) else words
            raise UserError(f"{flag(name)} {_shortened(value)}: must be {whole}")
    if declared.range is not None and not declared.range.allows(value):
        raise UserError(f"{flag(name)} {value}: must be {declared.range}")


EXPECTED: dict[type, tuple[type | tuple[type, ...], str]] = {
    bool: (bool, "True or False"),
    int: (int, "a number"),
    float: ((int, float), "a number"),
    str: (str, "a name"),
    Path: (PurePath, "a path"),
    dict: (dict, "a dictionary"),
}  # what a value of each type must be an instance of, and how a message says so


def _parts(hint: Any) -> tuple[Any, ...]:
    """The members of a union, without the parameters of a dict; the type itself where it is no union."""
    members = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    return tuple(dict if get_origin(member) is dict else member for member in members)


def _shortened(value: object) -> str:
    """The value's repr on one line of at most 60 characters."""
    words = " ".join(repr(value).split())
    return words if len(words) <= 60 else words[:57] + "..."
