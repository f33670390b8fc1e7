"""`python -m jaxgan.board FOLDER`: one page, on this machine, of all runs under a folder, while they train and after."""

import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from jaxgan import command
from jaxgan.errors import UserError
from jaxgan.loopback import address_of, listen, open_browser
from jaxgan.settings import parse


@dataclass(frozen=True)
class Options:
    """Which runs to show, and where the page is."""

    folder: Annotated[Positional[Path], arg(metavar="FOLDER")] = Path("runs")
    """A folder of runs, at any depth, or one run."""
    port: int = 8765
    """Port of the page's address."""
    host: str = "127.0.0.1"
    """Address to listen at; 127.0.0.1 is reached from this machine alone, 0.0.0.0 from others too, which may look and stop nothing."""
    browser: bool = True
    """Open the page in a browser, where there is one."""


def main(argv: Sequence[str] | None = None) -> int:
    return command.run(lambda: board(sys.argv[1:] if argv is None else argv))


def board(argv: Sequence[str]) -> None:
    options = parse(Options, argv, prog="python -m jaxgan.board", description="Show all runs under a folder in one live page.")
    if not options.folder.is_dir():
        raise UserError(
            f"{options.folder} is no folder: name one that holds runs, or a run (train one with: python -m jaxgan.train)"
        )
    listening = listen(options.host, options.port)
    address = address_of(listening)
    from jaxgan.board.serving import serve  # after the flags are read: --help need not wait

    def ready() -> None:
        print(f"{options.folder}: {address}  (Ctrl-C ends the board; no run waits for it)", flush=True)
        if options.browser:
            open_browser(address)

    try:
        serve(options.folder, listening, options.host, ready, threading.Event())
    except KeyboardInterrupt:
        print("the board has ended; runs go on", flush=True)


if __name__ == "__main__":
    command.leave(main())
