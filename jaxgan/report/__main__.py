"""`python -m jaxgan.report RUN`: writes the page of a run anew, with what the run folder holds by now."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from jaxgan import command
from jaxgan.files import check_writable
from jaxgan.folder import RunFolder
from jaxgan.settings import OptionalPath, parse


@dataclass(frozen=True)
class Options:
    """Which run to show."""

    run: Annotated[Positional[Path], arg(metavar="RUN")]
    """The run folder."""
    out: OptionalPath = None
    """Where to write the page; RUN/report.html where not given."""


def main(argv: Sequence[str] | None = None) -> int:
    return command.run(lambda: report(sys.argv[1:] if argv is None else argv))


def report(argv: Sequence[str]) -> None:
    options = parse(
        Options,
        argv,
        prog="python -m jaxgan.report",
        description="Write the page of a run anew, with an animation of its samples.",
    )
    files = RunFolder(options.run).require()
    check_writable(options.out or files.report, "--out")
    from jaxgan.report.animation import write_animation
    from jaxgan.report.page import write_page

    if options.out is None:  # else nothing in the run folder is touched
        write_animation(options.run, _told_by_the_page)
    print(write_page(options.run, options.out))


def _told_by_the_page(complaint: str) -> None:
    """A picture that is damaged is told where the page is written."""


if __name__ == "__main__":
    command.leave(main())
