"""The page's server: its files, and a WebSocket by which a page plays. Nothing outside this machine is asked for anything."""

import asyncio
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import FileResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from jaxgan.loopback import Headers, hosts_of
from jaxgan.play.session import Session

PAGE = Path(__file__).parent / "page"
MOST_SESSIONS = 3
LARGEST_MESSAGE = 2**18  # bytes, of a page: a drawing of 4,000 points takes some 80,000
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


def make_app(host: str = "127.0.0.1") -> Starlette:
    """The application, which answers requests that name loopback or `host` (`hosts_of`)."""
    app = Starlette(
        routes=[
            Route("/", lambda request: FileResponse(PAGE / "index.html")),
            WebSocketRoute("/play", play),
            Mount("/page", StaticFiles(directory=PAGE)),
        ],
        middleware=[
            Middleware(Headers, headers=HEADERS),
            Middleware(TrustedHostMiddleware, allowed_hosts=hosts_of(host), www_redirect=False),
        ],
    )  # fmt: skip
    app.state.free = threading.BoundedSemaphore(MOST_SESSIONS)
    return app


def has_own_origin(socket: WebSocket) -> bool:
    """Whether the page that asks came from this server: no other page may play through a reader's browser."""
    origin = urlsplit(socket.headers.get("origin", ""))
    return origin.scheme in ("http", "https") and origin.netloc == socket.headers.get("host")


async def play(socket: WebSocket) -> None:
    """A session as long as the page is open."""
    if not has_own_origin(socket):
        await socket.close(1008, "the page is none of this server's")
        return
    await socket.accept()
    free: threading.BoundedSemaphore = socket.app.state.free
    if not free.acquire(blocking=False):
        await socket.send_json(
            {"is": "ended", "why": f"{MOST_SESSIONS} pages play already: close one, and load this one again"}
        )
        await socket.close(1013)
        return
    loop, outbox = asyncio.get_running_loop(), asyncio.Queue[str | bytes]()

    def send(message: str | bytes) -> None:
        try:
            loop.call_soon_threadsafe(outbox.put_nowait, message)
        except RuntimeError:  # the server has ended
            session.close()

    session = Session(send)
    try:
        session.start()
        sender = asyncio.create_task(_send_all(socket, outbox))
        try:
            while True:
                session.take(await socket.receive_text())
        except (WebSocketDisconnect, KeyError):  # KeyError: bytes, where a text is wanted
            pass
        finally:
            sender.cancel()
    finally:
        session.close()
        threading.Thread(target=_release, args=(session, free), daemon=True).start()


def _release(session: Session, free: threading.BoundedSemaphore) -> None:
    """Makes room for another page once the session's thread has ended."""
    session.join()
    free.release()


async def _send_all(socket: WebSocket, outbox: "asyncio.Queue[Any]") -> None:
    while True:
        message = await outbox.get()
        try:
            if isinstance(message, bytes):
                await socket.send_bytes(message)
            else:
                await socket.send_text(message)
        except (WebSocketDisconnect, RuntimeError):  # it has left
            return
