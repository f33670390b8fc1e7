"""The board answers until it is to end."""

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import uvicorn

from jaxgan.board.app import make_app
from jaxgan.loopback import hosts_of


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
