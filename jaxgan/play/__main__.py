"""`python -m jaxgan.play`: a page on this machine in which GANs are trained in the plane, to play with."""

import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from jaxgan import command
from jaxgan.loopback import address_of, listen, open_browser
from jaxgan.settings import parse


@dataclass(frozen=True)
class Options:
    """Where the page is."""

    port: int = 8766
    """The port that it listens on; 0: any free one."""
    host: str = "127.0.0.1"
    """The address that it listens on: by default this machine's own, which no other machine can reach."""
    browser: bool = True
    """Open the page in the browser."""


def main(argv: Sequence[str] | None = None) -> int:
    return command.run(lambda: play(sys.argv[1:] if argv is None else argv))


def play(argv: Sequence[str]) -> None:
    options = parse(
        Options,
        argv,
        prog="python -m jaxgan.play",
        description="Play with GANs in the plane: a page that trains them as you watch.",
    )
    listening = listen(options.host, options.port)
    import uvicorn

    from jaxgan.cache import keep_compiled_programs
    from jaxgan.play.server import LARGEST_MESSAGE, make_app

    keep_compiled_programs()
    address = address_of(listening)
    print(f"play at {address} (Ctrl-C ends it)", flush=True)
    if options.browser:
        threading.Thread(target=open_browser, args=(address,), daemon=True).start()
    settings = uvicorn.Config(
        make_app(options.host), log_level="warning", ws_max_size=LARGEST_MESSAGE, ws_per_message_deflate=False,
        timeout_graceful_shutdown=1, lifespan="off", ws="websockets-sansio",
    )  # fmt: skip
    with listening:
        uvicorn.Server(settings).run(sockets=[listening])


if __name__ == "__main__":
    command.leave(main())
