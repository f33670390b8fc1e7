"""What all commands share: flags from a dataclass, one line for what went wrong, and exit codes."""

import contextlib
import io
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from jaxgan.errors import DivergedError, UserError, unknown

Options = TypeVar("Options")


def parse(
    options: type[Options], argv: Sequence[str], *, prog: str, description: str, default: Options | None = None
) -> Options:
    """The options that argv gives, by tyro; a wrong flag or value raises UserError with tyro's message as one line."""
    import tyro

    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            read: Any = tyro.cli(options, args=list(argv), prog=prog, description=description, default=default)
            return read
    except SystemExit as end:
        if not end.code:  # --help
            raise
        raise _one_line(said.getvalue()) from None


def _one_line(box: str) -> UserError:
    """What a box of tyro's says, without its frame, its heading and its hints at --help."""
    words = re.sub(r"[\u2500-\u257f]+|-{5,}|\s+", " ", box.split("\n", 1)[-1])
    words = re.split(r"Got errors:|Argument helptext:|For full helptext", words)[0]
    words = re.sub(r" +", " ", words).strip()
    choice = re.match(r"invalid choice '(.*?)' for argument '(.*?)'\. Expected one of \((.*?)\)", words)
    if choice:
        return unknown(choice[2], choice[1], [name for name in re.findall(r"'(.*?)'", choice[3]) if name != "None"])
    return UserError(words)


def run(main: Callable[[], None]) -> int:
    """Runs a command and returns its exit code: 0, 2 (the caller's mistake), 3 (training diverged), 130 (interrupted) or 141 (nobody reads on)."""
    try:
        try:
            main()
        finally:
            sys.stdout.flush()
    except (UserError, DivergedError) as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt as interrupt:
        print(str(interrupt) or "interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python would complain again at its exit
        return 141
    return 0


def existing_run(path: Path) -> Path:
    """The path, if a run lies there."""
    if not (path / "config.json").is_file():
        raise UserError(f"{path} is no run folder: it has no config.json (train one with: python -m jaxgan.train --out {path})")
    return path
