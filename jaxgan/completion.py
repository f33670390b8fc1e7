"""`jaxgan completion bash`: prints what lets a shell complete jaxgan's commands, flags and values with the Tab key."""

import contextlib
import importlib
import io
import os
import re
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple
from unittest import mock

from tyro.conf import Positional, arg

from jaxgan import command
from jaxgan.settings import parse

HEAD = {
    "bash": "# Keep this as ~/.local/share/bash-completion/completions/jaxgan, which a new shell reads, or source it in ~/.bashrc.",
    "zsh": "# Keep this as ~/.jaxgan-completion.zsh, and add to ~/.zshrc: source ~/.jaxgan-completion.zsh",
    "fish": "# Keep this as ~/.config/fish/completions/jaxgan.fish, which a new shell reads.",
}
# Where --help begins to tell of a flag: at the edge of a box, or where the box is not drawn behind spaces
ENTRY = r"(?:^|[ \u2502|]) (?:-\w, )?(--[a-z][a-z0-9-]*)(?:, (--no-[a-z0-9-]+))?(?: (\S+))?"
ZSH = "autoload -U +X compinit bashcompinit && { (( $+functions[compdef] )) || compinit; } && bashcompinit"


@dataclass(frozen=True)
class Options:
    """Which shell."""

    shell: Annotated[Positional[Literal["bash", "zsh", "fish"]], arg(metavar="{bash,zsh,fish}")]
    """The shell whose script is printed; the first line of the script says where to keep it."""


class Flag(NamedTuple):
    """A flag of a command."""

    name: str  # with its dashes
    values: tuple[str, ...]  # that --help lists, or a table of the package; empty where it takes others


def main(argv: Sequence[str] | None = None) -> int:
    return command.run(lambda: completion(sys.argv[1:] if argv is None else argv))


def completion(argv: Sequence[str]) -> None:
    options = parse(
        Options, argv, prog="python -m jaxgan.completion", description="Print what lets a shell complete jaxgan's commands."
    )
    from jaxgan.__main__ import COMMANDS, module_of

    flags = {name: flags_of(module_of(name)) for name in COMMANDS}
    print(script(options.shell, COMMANDS, flags), end="")


def flags_of(module: str) -> list[Flag]:
    """The flags of a command, as its --help shows them."""
    text = io.StringIO()
    with mock.patch.dict(os.environ, COLUMNS="4000"), contextlib.redirect_stdout(text), contextlib.suppress(SystemExit):
        importlib.import_module(module).main(["--help"])
    tables = _tables()
    found: dict[str, Flag] = {}
    for shown in re.finditer(ENTRY, text.getvalue(), re.M):
        name, negation, kind = shown.groups()
        listed = (
            re.findall(r"[^{},]+", kind) if kind and kind.startswith("{") else tables.get(name, ()) if kind == "NAME" else ()
        )
        if listed or name not in found:
            found[name] = Flag(name, tuple(value for value in listed if value != "None"))
        if negation:
            found[negation] = Flag(negation, ())
    return list(found.values())


def _tables() -> dict[str, tuple[str, ...]]:
    """Values of flags that take a name from a table, or a name of the user's own."""
    from jaxgan.data import DATASETS
    from jaxgan.networks import CRITICS, GENERATORS, PAIRS
    from jaxgan.objectives import VARIANTS

    tables: dict[str, Iterable[str]] = {
        "--variant": VARIANTS, "--dataset": DATASETS, "--network": PAIRS, "--generator": GENERATORS, "--critic": CRITICS,
    }  # fmt: skip
    return {flag: tuple(table) for flag, table in tables.items()}


def script(shell: str, commands: Mapping[str, str], flags: Mapping[str, Sequence[Flag]]) -> str:
    """The script for a shell: commands with a line each, and the flags of each, with their values."""
    lines = _fish(commands, flags) if shell == "fish" else _bash(flags)
    return "\n".join([HEAD[shell], *([ZSH] if shell == "zsh" else []), *lines]) + "\n"


def _bash(flags: Mapping[str, Sequence[Flag]]) -> list[str]:
    names = {name: " ".join(flag.name for flag in of_command) for name, of_command in flags.items()}
    values = {
        f"{name} {flag.name}": " ".join(flag.values) for name, of_command in flags.items() for flag in of_command if flag.values
    }
    return [
        "_jaxgan() {",
        '  local current="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" words=""',
        f'  if [ "$COMP_CWORD" -eq 1 ]; then words="{" ".join(names)} --help --version"',
        '  else case "${COMP_WORDS[1]} $before" in',
        *(f'    "{place}") words="{shown}" ;;' for place, shown in values.items()),
        '    *) case "$current" in -*) case "${COMP_WORDS[1]}" in',
        *(f'      {name}) words="{shown}" ;;' for name, shown in names.items()),
        "    esac ;; esac ;;",
        "  esac; fi",
        '  COMPREPLY=( $(compgen -W "$words" -- "$current") )',
        "}",
        "complete -o default -F _jaxgan jaxgan",  # with nothing of its own: files
    ]


def _fish(commands: Mapping[str, str], flags: Mapping[str, Sequence[Flag]]) -> list[str]:
    lines = [
        f"complete -c jaxgan -f -n __fish_use_subcommand -a {name} -d {shlex.quote(what)}" for name, what in commands.items()
    ]
    for name, of_command in flags.items():
        for flag in of_command:
            values = f" -x -a {shlex.quote(' '.join(flag.values))}" if flag.values else ""
            lines.append(f"complete -c jaxgan -n '__fish_seen_subcommand_from {name}' -l {flag.name[2:]}{values}")
    return lines


if __name__ == "__main__":
    command.leave(main())
