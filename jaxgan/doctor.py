"""`python -m jaxgan.doctor RUN`: how a run goes, by its own figures, and what to try."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from jaxgan import command
from jaxgan.folder import RunFolder
from jaxgan.settings import parse


@dataclass(frozen=True)
class Options:
    """Which run to look at."""

    run: Annotated[Positional[Path], arg(metavar="RUN")]
    """The run folder; the run may still be training."""
    json: bool = False
    """Print the findings as JSON."""


def main(argv: Sequence[str] | None = None) -> int:
    return command.run(lambda: doctor(sys.argv[1:] if argv is None else argv))


def doctor(argv: Sequence[str]) -> None:
    options = parse(Options, argv, prog="python -m jaxgan.doctor", description="Say how a run goes, by its own figures.")
    RunFolder(options.run).require()
    from jaxgan.diagnosis import as_json, as_lines  # after the flags are read: --help need not wait for jax
    from jaxgan.files import json_text
    from jaxgan.report.folder import read_run

    diagnosis = read_run(options.run).diagnosis
    print(json_text(as_json(diagnosis)).decode().rstrip() if options.json else "\n".join(as_lines(diagnosis)))


if __name__ == "__main__":
    command.leave(main())
