"""How an option is declared: `option(...)` makes a field of `Config` that carries all that is known of the option."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from jaxgan.checks import LARGEST, Number, Range
from jaxgan.settings.options.intervals import read_interval

FROM_RECIPE = ("variant", "recipe")  # settles what a recipe may set


@dataclass(frozen=True)
class Option:
    """All that is known of an option. Its last four fields are filled in from the place of the declaration."""

    help: str
    most_used: int = 0  # its place among the ten at the top of --help; 0: with its group
    range: Range | None = None
    limit: int = LARGEST  # of a whole number, which a message names where it is passed
    unit: str = ""
    metavar: str = ""  # what --help shows in place of the value; by the type where empty
    spelled: str = ""  # the flag without its dashes; the name where empty
    elsewhere: str = ""  # what other tools call it, words with spaces between: a refusal of one of these names this option
    reads: Callable[[Any, str], Any] | None = (
        None  # (value, what a message calls it) -> the value, of what has texts of a form of its own
    )
    is_interval: bool = False  # says how often a thing happens: a number of steps, or a text such as 10epochs or 25%
    hidden: bool = False  # no flag

    saved: bool = True  # in config.json; what says only how a command was started is not
    may_change: bool = False  # between a run and its continuation by --resume
    settled_by: tuple[str, ...] = ()  # the options that decide this one where it is not given itself
    otherwise: Any = None  # the value where neither a flag nor a recipe says one
    needs: str = ""  # the option without which this one has no meaning

    of_variant: bool = False  # a number that functions of variants take
    of_network: bool = False  # a detail of the networks: a recipe's value is for the recipe's networks alone
    acts_on_critic: bool = False  # has no meaning for a variant without a critic
    names_code: bool = False  # its value may name code to be imported, package.module:name
    optimizers: tuple[str, ...] = ()  # the optimizers that take this number, where it is one of an optimizer

    traced: bool = False  # a number that the compiled program takes as an argument
    may_differ: bool = False  # from replica to replica within one program
    shares_program: bool = False  # a sweep trains several values of it in one program
    in_grid: bool = True  # a sweep may vary it
    of_setting: bool = True  # says what was trained; else how a run was seeded, kept or watched

    name: str = ""
    type: Any = None
    default: Any = None
    group: str = ""  # a name in `jaxgan.settings.options.GROUPS`

    @property
    def flag(self) -> str:
        """As it is typed: `learning_rate` is --learning-rate."""
        return "--" + (self.spelled or self.name).replace("_", "-")

    @property
    def is_path(self) -> bool:
        """Whether its value is a path."""
        return Path in self.kinds

    @cached_property
    def kinds(self) -> tuple[Any, ...]:
        """The members of a type that is a union, without the parameters of a dict; the type itself where it is no union."""
        members = get_args(self.type) if get_origin(self.type) in (Union, UnionType) else (self.type,)
        return tuple(dict if get_origin(member) is dict else member for member in members)

    @cached_property
    def choices(self) -> tuple[str, ...]:
        """The values that the type lists; empty where it takes others too."""
        return tuple(choice for kind in self.kinds if get_origin(kind) is Literal for choice in get_args(kind))

    @property
    def description(self) -> str:
        """The help, then unit and range: "How long to train. Generator steps, at least 1."."""
        facts = ", ".join(str(fact) for fact in (self.unit, self.range) if fact)
        return f"{self.help} {facts[0].upper()}{facts[1:]}." if facts else self.help


def option(
    default: Any,
    help: str,
    *,
    at_least: Number | None = None,
    above: Number | None = None,
    at_most: Number | None = None,
    below: Number | None = None,
    saved: bool = True,
    **facts: Any,
) -> Any:
    """A field of `Config`: its default, its help, the bounds of its range, and what else an `Option` says of it.

    What is not saved is in no grid and of no setting.
    """
    bounds = Range(at_least, above, at_most, below)
    facts = {"in_grid": saved, "of_setting": saved, **facts}
    declared = Option(help=help, range=None if bounds == Range() else bounds, saved=saved, **facts)
    return dataclasses.field(default=default, metadata={"option": declared})


def traced_number(default: Number | None, help: str, *, shares_program: bool = True, **facts: Any) -> Any:
    """An option that the compiled program takes as an argument, so that replicas may differ in it."""
    return option(default, help, traced=True, may_differ=True, shares_program=shares_program, **facts)


def variant_number(help: str, **facts: Any) -> Any:
    """A number that the functions of variants take by this name; left open, it is the recipe's, else the function's own default."""
    return traced_number(None, help, of_variant=True, settled_by=FROM_RECIPE, **facts)


def run_option(default: Any, help: str, **facts: Any) -> Any:
    """An option that says how a run is seeded, kept or watched, not what is trained."""
    return option(default, help, of_setting=False, **facts)


def interval(help: str, **facts: Any) -> Any:
    """How often a thing happens in a run, of type `int | str | None`: in generator steps, as 10epochs, or as 25%."""
    facts = {
        "unit": "generator steps, or as 10epochs or 25%",
        "at_least": 1,
        "metavar": "INTERVAL",
        "may_change": True,
        "reads": read_interval,
        "is_interval": True,
        **facts,
    }
    return run_option(None, help, **facts)
