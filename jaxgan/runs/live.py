"""The live board of a run that trains: `--live`."""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from jaxgan.errors import first_line, say

PORT = 8765  # or the next one that is free


@contextlib.contextmanager
def live_board(folder: Path) -> Iterator[None]:
    """Within the block a board shows the run, in a process of its own; its address is printed when it is there.

    The training waits for nothing: a board that cannot begin says so in a line. At the end it is said how the run is looked at again.
    """
    try:
        board = subprocess.Popen(
            [sys.executable, "-m", "jaxgan.board.live", str(folder), str(PORT)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, "JAX_PLATFORMS": "cpu"},  # it computes nothing, and takes no accelerator's memory
            start_new_session=True,  # Ctrl-C is for the training
        )  # fmt: skip
    except OSError as error:
        say(f"the live board cannot begin, and the training goes on without it: {error.strerror or first_line(error)}")
        yield
        return
    threading.Thread(target=_print_lines, args=(board,), daemon=True).start()
    try:
        yield
    finally:
        if board.stdin is not None:
            with contextlib.suppress(OSError):
                board.stdin.close()  # it ends a few seconds later, when the page has seen the end
        print(f"the live board ends with the run; look at it again with: python -m jaxgan.board {folder}", flush=True)


def _print_lines(board: "subprocess.Popen[bytes]") -> None:
    """Prints what the board says, above the bar of a terminal."""
    for line in board.stdout or ():
        print(line.decode(errors="replace").rstrip(), flush=True)
    board.wait()
