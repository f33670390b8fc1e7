"""A page on this machine: where it listens, how its address is written, by which names it may be asked for, and the headers of its answers."""

import contextlib
import errno
import os
import socket
import sys
import webbrowser
from collections.abc import Mapping
from typing import TYPE_CHECKING

from jaxgan.errors import UserError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

TRIED = 100  # ports after the first, where the next free one is taken
LAST_PORT = 65535
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
EVERYWHERE = ("0.0.0.0", "::")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}  # of every answer


class Headers:
    """An application whose answers have `HEADERS` and those given, where they do not have them themselves."""

    def __init__(self, app: "ASGIApp", headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = [(name.lower().encode(), value.encode()) for name, value in {**HEADERS, **headers}.items()]

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        async def with_headers(message: "Message") -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in self._headers if pair[0] not in given)]
            await send(message)

        await self._app(scope, receive, with_headers)


def listen(host: str, port: int, *, next_free: bool = False) -> socket.socket:
    """A socket that listens at the address; at the next free port where this one is taken and `next_free` is true.

    Raises:
        UserError: the port is out of range, taken or not allowed, or the host is no address of this machine.
    """
    if not 0 <= port <= LAST_PORT:
        raise UserError(f"--port {port}: must be at least 0 and at most {LAST_PORT}")
    for tried in range(port, min(port + TRIED, LAST_PORT) + 1 if next_free else port + 1):
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
        return UserError(
            f"--port {port} is taken, by another page of jaxgan perhaps: name another one, as --port {port + 1}, or 0 for any that is free"
        )
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


def open_browser(address: str) -> bool:
    """Opens the address in the user's browser; false where there is none with a window."""
    windows = sys.platform in ("darwin", "win32") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    )
    try:
        return windows and webbrowser.open(address)
    except webbrowser.Error:
        return False
