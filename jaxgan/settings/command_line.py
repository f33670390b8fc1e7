"""Options from the command line: flags in the groups of `Config`, and one line for what is wrong."""

import contextlib
import dataclasses
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args, get_origin, overload

import tyro
from tyro.conf import OmitArgPrefixes, arg

from jaxgan.errors import UserError, unknown
from jaxgan.settings.options import GROUPS, OPTIONS, Config, Option, choices, flag
from jaxgan.settings.saved import apply_flags

Options = TypeVar("Options")

OptionalInt = Annotated[int | None, arg(metavar="INT", help_behavior_hint="")]  # of a command's own: None shows no default
OptionalText = Annotated[str | None, arg(metavar="TEXT", help_behavior_hint="")]
OptionalPath = Annotated[Path | None, arg(metavar="PATH", help_behavior_hint="")]


def read_command(argv: Sequence[str], *, prog: str, description: str) -> Config:
    """The options that `jaxgan train` goes by: the flags, over those of --config or of the run to --resume.

    Raises:
        UserError: one line for a wrong flag or value.
    """
    return apply_flags(lambda default: read_config(argv, prog=prog, description=description, default=default))


@overload
def read_config(
    argv: Sequence[str], *, prog: str, description: str, default: Config | None = None, more: None = None
) -> Config: ...


@overload
def read_config(
    argv: Sequence[str], *, prog: str, description: str, default: Config | None = None, more: type[Options]
) -> tuple[Options, Config]: ...


def read_config(
    argv: Sequence[str], *, prog: str, description: str, default: Config | None = None, more: type[Options] | None = None
) -> Config | tuple[Options, Config]:
    """The options that the flags give, over those of `default`.

    Args:
        argv: the words behind the command.
        prog: the command, as the first line of --help shows it.
        description: what the command does, in a sentence.
        default: the values of the options that no flag gives; their own defaults where None.
        more: a dataclass of the command's own options, which come first in --help, under the name of the command.

    Returns:
        The `Config`; with `more`, the pair of an instance of that class and the `Config`.

    Raises:
        UserError: one line for a wrong flag or value.
        SystemExit: --help was printed.
    """
    start = default or Config()
    shown = [option for option in OPTIONS.values() if not option.hidden]
    most_used = sorted((option for option in shown if option.most_used), key=lambda option: option.most_used)
    groups = {"most_used": ("What most runs set.", most_used)} | {
        group: (kind.__doc__ or "", [option for option in shown if option.group == group and not option.most_used])
        for group, kind in GROUPS.items()
    }
    fields: list[Any] = []
    command = re.split(r"[ .]", prog)[-1]
    command = f"{command}_command" if command in groups else command  # `jaxgan.data`, beside the options of the data
    if more is not None:
        fields.append((command, OmitArgPrefixes[more], dataclasses.field(default_factory=more)))
    for group, (summary, options) in groups.items():
        own = _group_class(group, summary, options, start)
        fields.append((group, OmitArgPrefixes[own], dataclasses.field(default_factory=own)))
    flags: type[Any] = dataclasses.make_dataclass("Flags", fields, frozen=True)
    read = parse(flags, argv, prog=prog, description=description)
    values = {option.name: getattr(getattr(read, group), option.name) for group, (_, own) in groups.items() for option in own}
    config = dataclasses.replace(start, **values)
    return config if more is None else (getattr(read, command), config)


def read_value(name: str, text: str) -> Any:
    """The value of an option as its flag reads it; of one that is on or off, true or false.

    Raises:
        UserError: the option takes no such value.
    """
    if bool in (OPTIONS[name].type, *get_args(OPTIONS[name].type)):
        if text.lower() not in ("true", "false"):
            raise UserError(f"{flag(name)} {text}: expected true or false")
        return text.lower() == "true"
    own = _group_class("value", "", [OPTIONS[name]], Config())
    return getattr(parse(own, [flag(name), text], prog="", description=""), name)


def _group_class(group: str, summary: str, options: Sequence[Option], start: Config) -> type:
    """A dataclass of some options, with the types that tyro makes flags of."""
    fields: list[Any] = [
        (option.name, _flag_type(option), dataclasses.field(default=getattr(start, option.name))) for option in options
    ]
    return dataclasses.make_dataclass(group, fields, frozen=True, namespace={"__doc__": summary})


def _flag_type(option: Option) -> Any:
    """The option's type, with what --help says of it."""
    facts: dict[str, Any] = {"help": option.description}
    if option.spelled:
        facts["name"] = option.spelled
    if option.default is None:  # else tyro shows the default
        facts["help_behavior_hint"] = "" if option.otherwise is None else f"(default: the recipe's, else {option.otherwise})"
    if option.default is None or option.type is str:
        facts["metavar"] = option.metavar or _metavar(option)
    return Annotated[option.type, arg(**facts)]


def _metavar(option: Option) -> str:
    """What --help shows in place of the value."""
    if choices(option.name):
        return "{" + ",".join(choices(option.name)) + "}"
    kind = next(part for part in (option.type, *get_args(option.type)) if part in METAVARS)
    return METAVARS[kind]


METAVARS: dict[Any, str] = {int: "INT", float: "FLOAT", str: "NAME", Path: "PATH", bool: "{True,False}"}


def parse(
    options: type[Options], argv: Sequence[str], *, prog: str, description: str, default: Options | None = None
) -> Options:
    """The instance of a dataclass that the words of argv give, by tyro.

    Raises:
        UserError: a wrong flag or value, in one line.
        SystemExit: --help was printed.
    """
    complaint, words = io.StringIO(), _checked(argv)
    try:
        with contextlib.redirect_stderr(complaint):
            read: Any = tyro.cli(options, args=_spelled(words, options), prog=prog, description=description, default=default)
            return read
    except SystemExit as end:
        if not end.code:  # --help
            raise
        raise _one_line(complaint.getvalue()) from None


def _checked(argv: Sequence[str]) -> list[str]:
    """The words; refuses an empty one, which a script's unset variable leaves, and what no file name or number can hold."""
    for before, word in zip(["", *argv], argv, strict=False):
        name, equals, value = word.partition("=") if word.startswith("--") else (before, "=", word)
        if equals and not value:
            raise UserError(f"{name or 'the first word'} '': is empty; give it a value, or leave it out")
        if "\0" in word:
            raise UserError(f"{name} {value!r}: holds a NUL character, which no name can")
    return list(argv)


def _spelled(words: Sequence[str], options: type) -> list[str]:
    """The words with each value of an option that is on or off as tyro spells it: True for true, --conditional for --conditional true."""
    on_or_off, spelled, rest = _on_or_off(options), [], list(words)
    while rest:
        word = rest.pop(0)
        flag, equals, value = word.partition("=")
        name = flag.removeprefix("--").replace("-", "_")
        if word.startswith("--") and name in on_or_off and (equals or rest):
            value = (value if equals else rest[0]).capitalize()
            if value in ("True", "False", "None")[: 3 if on_or_off[name] else 2]:
                del rest[: 0 if equals else 1]
                spelled += [flag, value] if on_or_off[name] else [flag if value == "True" else f"--no-{flag[2:]}"]
                continue
        spelled.append(word)
    return spelled


def _on_or_off(options: Any) -> dict[str, bool]:
    """The fields of a dataclass, and of those within it, that are on or off, by name: whether they take a value behind their flag."""
    found: dict[str, bool] = {}
    kind: Any
    facts: list[Any]
    for field in dataclasses.fields(options):
        kind, *facts = get_args(field.type) if get_origin(field.type) is Annotated else [field.type]
        if isinstance(kind, type) and dataclasses.is_dataclass(kind):
            found |= _on_or_off(kind)
        elif kind is bool or bool in get_args(kind):
            spelled = [fact.name for fact in facts if getattr(fact, "name", None)]
            found[spelled[0] if spelled else field.name] = kind is not bool
    return found


def _one_line(box: str) -> UserError:
    """What a box of tyro's says, without its frame, its heading and its hints at --help."""
    words = re.sub(r"[\u2500-\u257f]+|-{5,}|\s+", " ", box.split("\n", 1)[-1])
    words = re.split(r"Got errors:|Argument helptext:|For full helptext", words)[0]
    words = re.sub(r" +", " ", words).strip()
    choice = re.match(r"invalid choice '(.*?)' for argument '(.*?)'\. Expected one of \((.*?)\)", words)
    if choice:
        return unknown(choice[2], choice[1], [name for name in re.findall(r"'(.*?)'", choice[3]) if name != "None"])
    number = re.match(
        r"Error parsing (\S+): (?:no type matching|invalid literal|could not convert) .*?(int|float)\b.*?(['\"])(.*)\3",
        words,
        re.I,
    )
    if number:
        return UserError(f"{number[1]} {number[4]}: must be {'a whole number' if number[2].lower() == 'int' else 'a number'}")
    return UserError(words)
