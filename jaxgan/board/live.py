"""The board of `train --live`: a process of its own, so that the training does not wait for it, which ends with the run.

`python -m jaxgan.board.live FOLDER PORT`, started by `jaxgan.runs.live`, prints the address, and ends when its standard input does:
that is when the training has ended, however it did.
"""

import sys
import threading
import time
from pathlib import Path

from jaxgan.board.serving import serve
from jaxgan.errors import UserError
from jaxgan.loopback import address_of, listen, open_browser

LINGER = 5.0  # seconds for which a page that is open may still fetch the run's end


def main(folder: str, port: str) -> None:
    ended = threading.Event()

    def wait_for_end() -> None:
        sys.stdin.buffer.read()
        time.sleep(LINGER)
        ended.set()

    threading.Thread(target=wait_for_end, daemon=True).start()
    listening = listen("127.0.0.1", int(port), next_free=True)
    address = address_of(listening)

    def ready() -> None:
        print(f"live board: {address}", flush=True)
        open_browser(address)

    serve(Path(folder), listening, "127.0.0.1", ready, ended)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except UserError as error:
        print(f"live board: {error}", flush=True)
