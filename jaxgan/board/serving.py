"""The board listens: an address, a browser, and the end."""

import contextlib
import errno
import os
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import Callable
from pathlib import Path

import uvicorn

from jaxgan.board.app import make_app
from jaxgan.errors import UserError

PORT = 8765
TRIED = 100  # ports after the first, where the next free one is taken
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
EVERYWHERE = ("0.0.0.0", "::")


def listen(host: str, port: int, *, next_free: bool = False) -> socket.socket:
    """A socket that listens at the address; at the next free port where this one is taken and `next_free` is true.

    Raises:
        UserError: the port is taken or not allowed, or the host is no address of this machine.
    """
    for tried in range(port, min(port + TRIED, 65535) + 1 if next_free else port + 1):
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                host, tried, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
        except (OSError, UnicodeError):
            raise UserError(
                f"--host {host}: is no address of this machine; 127.0.0.1 is seen here alone, 0.0.0.0 by others too"
            ) from None
        listening = socket.socket(family, kind, protocol)
        try:
            if os.name == "posix":
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(128)
            return listening
        except OSError as error:
            listening.close()
            if error.errno == errno.EADDRINUSE and next_free:
                continue
            raise _refusal(host, tried, error) from None
    raise UserError(f"--port {port}: it and the {TRIED} ports after it are taken; name another")


def _refusal(host: str, port: int, error: OSError) -> UserError:
    if error.errno == errno.EADDRINUSE:
        return UserError(f"--port {port} is taken, by another board perhaps: name another one, as --port {port + 1}")
    if error.errno == errno.EACCES:
        return UserError(f"--port {port} may not be listened at: name one from 1024 on")
    return UserError(f"--host {host}: {error.strerror}; 127.0.0.1 is seen here alone, 0.0.0.0 by others too")


def hosts_of(host: str) -> list[str]:
    """What a request may name as its host; other names are refused, or a foreign page could have them lead here."""
    if host not in EVERYWHERE:
        return [*LOOPBACK, f"[{host}]" if ":" in host else host]
    name = socket.gethostname()
    own = {name, socket.getfqdn()}
    with contextlib.suppress(OSError):
        own |= {str(address[4][0]) for address in socket.getaddrinfo(name, None)}
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing: the system says from which address it would
        own.add(probe.getsockname()[0])
    return [*LOOPBACK, *(f"[{one}]" if ":" in one else one for one in sorted(own))]


def address_of(listening: socket.socket) -> str:
    """What to type into a browser on this machine."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def serve(root: Path, listening: socket.socket, host: str, ready: Callable[[], None], ended: threading.Event) -> None:
    """Answers until `ended` is set, or an interrupt; calls `ready` when the first request would be answered."""
    app = make_app(root, hosts_of(host))
    threading.Thread(target=app.state.watch.learn, daemon=True).start()  # so that the first question finds the runs known
    config = uvicorn.Config(
        app,
        log_level="error",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
        server_header=False,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        while thread.is_alive() and not server.started:
            time.sleep(0.01)
        ready()
        while thread.is_alive() and not ended.wait(0.5):
            pass
    finally:
        server.should_exit = True
        thread.join(3)


def open_browser(address: str) -> bool:
    """Opens the address in the user's browser; false where there is none with a window."""
    windows = sys.platform in ("darwin", "win32") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    )
    try:
        return windows and webbrowser.open(address)
    except webbrowser.Error:
        return False
