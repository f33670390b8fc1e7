"""`python -m jaxgan.compare RUN RUN ...`, or of a sweep: one page with the curves, samples and metrics of several runs, by setting."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from jaxgan import command
from jaxgan.files import check_writable
from jaxgan.settings import parse


@dataclass(frozen=True)
class Options:
    """What to compare."""

    runs: Annotated[Positional[tuple[Path, ...]], arg(metavar="RUN")]
    """What to compare: run folders, folders of runs (a sweep's, an experiment's, runs/), or a glob in quotes, "runs/ring8-*". Runs that
    differ only in their seed are drawn together."""
    out: Annotated[Path, arg(metavar="PATH")] = Path("compare.html")
    """Where to write the page."""


def main(argv: Sequence[str] | None = None) -> int:
    return command.run(lambda: compare(sys.argv[1:] if argv is None else argv))


def compare(argv: Sequence[str]) -> None:
    options = parse(Options, argv, prog="python -m jaxgan.compare", description="Compare runs on one page.")
    from jaxgan.report.folder import runs_below  # after the flags are read: --help need not wait for jax

    runs = [run for path in options.runs for run in runs_below(path)]
    check_writable(options.out, "--out")
    from jaxgan.report.comparison import write_comparison

    print(write_comparison(runs, options.out))


if __name__ == "__main__":
    command.leave(main())
