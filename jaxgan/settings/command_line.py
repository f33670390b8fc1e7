"""Options from the command line: flags in the groups of `Config`, and one line for what is wrong."""

import contextlib
import dataclasses
import difflib
import io
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, overload

import tyro
from tyro.conf import OmitArgPrefixes, arg

from jaxgan.errors import UserError, one_line, unknown
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
        kind = Annotated[OmitArgPrefixes[own], arg(help=summary)]  # or tyro reads whole source files for a comment on it
        fields.append((group, kind, dataclasses.field(default_factory=own)))
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
        off = f"; {option.flag.replace('--', '--no-', 1)} turns it off" if bool in get_args(option.type) else ""
        facts["help_behavior_hint"] = (
            "" if option.otherwise is None else f"(default: the recipe's, else {option.otherwise}{off})"
        )
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
        raise _unrecognized(complaint.getvalue(), words, options) or _one_line(complaint.getvalue()) from None


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
    """The words with values as tyro spells them: True for true, --conditional for --conditional true, 10000 for 1e4 of a whole number.

    Of an option that may be left to the recipe, for which tyro wants a value, `--spectral-norm` alone is True and `--no-spectral-norm` False.
    """
    flags, spelled, rest = dict(_flags(options)), [], list(words)
    while rest:
        word = rest.pop(0)
        flag, equals, value = word.partition("=")
        kinds = flags.get(flag.replace("_", "-"), ())
        off = f"--{word[5:]}" if re.match("--no[-_]", word) else ""
        if _is_optional_switch(flags.get(off.replace("_", "-"), ())):
            spelled += [off, "False"]
            continue
        if _is_optional_switch(kinds) and not equals and (not rest or rest[0].startswith("-")):
            spelled += [flag, "True"]
            continue
        if kinds and (equals or rest):
            value = value if equals else rest[0]
            new = None
            if bool in kinds and value.capitalize() in ("True", "False", "None")[: 3 if len(kinds) > 1 else 2]:
                value = value.capitalize()
                new = [flag, value] if len(kinds) > 1 else [flag if value == "True" else f"--no-{flag[2:]}"]
            elif int in kinds and float not in kinds and re.fullmatch(r"[+-]?[\d.]+[eE][+-]?\d{1,2}", value):
                with contextlib.suppress(ArithmeticError):
                    number = Decimal(value)
                    new = [flag, f"{number:.0f}"] if number == number.to_integral_value() else None
            if new is not None:
                del rest[: 0 if equals else 1]
                spelled += new
                continue
        spelled.append(word)
    return spelled


def _is_optional_switch(kinds: tuple[Any, ...]) -> bool:
    """Whether an option of these types is on, off, or not given."""
    return bool in kinds and len(kinds) > 1


def _flags(options: Any) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Each flag of a dataclass, and of those within it, with the types of its value, None's among them."""
    kind: Any
    facts: list[Any]
    for field in dataclasses.fields(options):
        kind, *facts = get_args(field.type) if get_origin(field.type) is Annotated else [field.type]
        if isinstance(kind, type) and dataclasses.is_dataclass(kind):
            yield from _flags(kind)
        elif not (get_origin(kind) is Annotated or any(fact is tyro.conf.Positional for fact in facts)):
            spelled = [fact.name for fact in facts if getattr(fact, "name", None)]
            in_union = get_origin(kind) in (Union, UnionType)
            yield f"--{(spelled[0] if spelled else field.name).replace('_', '-')}", get_args(kind) if in_union else (kind,)


NO_OPTION = {
    "gpu gpus gpu_id gpu_ids ngpu n_gpu num_gpus device cuda no_cuda use_cuda tpu accelerator": (
        "jax takes the accelerator that it finds: JAX_PLATFORMS=cpu takes the processor, CUDA_VISIBLE_DEVICES=1 another GPU, and --mesh"
        " splits a run over several"
    ),
    "nthreads num_threads": "NPROC=2 jaxgan train ... computes with two threads; without it jaxgan chooses",
    "tensorboard wandb use_tensorboard": "every run keeps TensorBoard's events, in RUN/tensorboard",
    "verbose debug": "a run always says how far it is",
}  # words of other tools for which there is no option, and what to do instead


def _unrecognized(box: str, words: Sequence[str], options: type) -> UserError | None:
    """What to say of the first word that is no flag; None where something else is wrong."""
    found = re.search(r"Unrecognized options: (.+?)(?:, | \W|$)", box, re.M)
    if found is None:
        return None
    flags = dict(_flags(options))
    known = {"--help", *flags, *(f"--no-{flag[2:]}" for flag, kinds in flags.items() if bool in kinds)}
    wrong = [word.partition("=")[0] for word in words if re.match("--|-[a-zA-Z]", word)]
    wrong = [word for word in wrong if word.replace("_", "-") not in known and word != "-h"]
    if not wrong:
        return UserError(f"Unrecognized options: {found[1]}")
    word = one_line(wrong[0])
    instead = next((text for names, text in NO_OPTION.items() if _plain(word) in map(_plain, names.split())), None)
    if instead:
        return UserError(f"{word} is no option: {instead}")
    meant = [option.flag for option in _called(word) if option.flag in flags]
    near = meant[:1] or difflib.get_close_matches(word.replace("_", "-"), [*flags], n=1, cutoff=0.7)
    return UserError(f"{word} is no option: {f'did you mean {near[0]}? ' if near else ''}--help lists all")


def _called(word: str) -> list[Option]:
    """The options that other tools call so."""
    return [option for option in OPTIONS.values() if _plain(word) in map(_plain, option.elsewhere.split())]


def _plain(word: str) -> str:
    """A word as it is compared: --Batch-Size is batchsize."""
    return re.sub("[-_]", "", word).lower()


def _one_line(box: str) -> UserError:
    """What a box of tyro's says, without its frame, its heading and its hints at --help."""
    words = re.sub(r"[\u2500-\u257f]+|-{5,}|\s+", " ", box.split("\n", 1)[-1])
    words = re.split(r"Got errors:|Argument helptext:|For full helptext", words)[0]
    words = re.sub(r" +", " ", words).strip()
    choice = re.match(r"invalid choice '(.*?)' for argument '(.*?)'\. Expected one of \((.*?)\)", words)
    if choice:
        allowed = [name for name in re.findall(r"'(.*?)'", choice[3]) if name != "None"]
        hint = "".join(f"; or did you mean {option.flag}?" for option in _called(choice[2]))
        return unknown(choice[2], choice[1], allowed, hint)
    number = re.match(
        r"Error parsing (\S+): (?:no type matching|invalid literal|could not convert) .*?(int|float)\b.*?(['\"])(.*)\3",
        words,
        re.I,
    )
    if number:
        return UserError(f"{number[1]} {number[4]}: must be {'a whole number' if number[2].lower() == 'int' else 'a number'}")
    return UserError(words)
