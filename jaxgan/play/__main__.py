"""`python -m jaxgan.play`: a page on this machine in which GANs are trained in the plane, to play with."""

import errno
import socket
import sys
import threading
import webbrowser
from collections.abc import Sequence
from dataclasses import dataclass

from jaxgan import command
from jaxgan.errors import UserError
from jaxgan.settings import parse

LAST_PORT = 65535


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
    port = listening.getsockname()[1]
    shown = f"[{options.host}]" if ":" in options.host else options.host
    address = f"http://{'127.0.0.1' if options.host in ('0.0.0.0', '::') else shown}:{port}/"
    print(f"play at {address} (Ctrl-C ends it)", flush=True)
    if options.browser:
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
    settings = uvicorn.Config(
        make_app(options.host), log_level="warning", ws_max_size=LARGEST_MESSAGE, ws_per_message_deflate=False,
        timeout_graceful_shutdown=1, lifespan="off", ws="websockets-sansio",
    )  # fmt: skip
    with listening:
        uvicorn.Server(settings).run(sockets=[listening])


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there.

    Raises:
        UserError: it cannot, and how to choose another.
    """
    if not 0 <= port <= LAST_PORT:
        raise UserError(f"--port {port}: must be from 0 to {LAST_PORT}")
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except (OSError, UnicodeError):
        raise UserError(f"--host {host}: is no address of this machine; 127.0.0.1 is its own") from None
    listening = socket.socket(family, kind, protocol)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(place)
        listening.listen()
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise UserError(
                f"--port {port}: something listens there already; give another, or --port 0 for any free one"
            ) from None
        raise UserError(f"--host {host} --port {port}: {error.strerror}") from None
    return listening


if __name__ == "__main__":
    command.leave(main())
