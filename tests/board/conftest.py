"""A board over made-up runs, asked as a browser on this machine asks."""

import itertools
import time

import pytest
from starlette.testclient import TestClient

from jaxgan.board.app import make_app

ADDRESS = "http://127.0.0.1:8765"


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "runs"
    folder.mkdir()
    return folder


@pytest.fixture
def board(root):
    """Asks the board of `root`, which looks at its runs again at every question."""
    app = make_app(root)
    client = TestClient(app, base_url=ADDRESS, client=("127.0.0.1", 50000))
    client.watch, client.token = app.state.watch, app.state.token
    passed = itertools.count()
    later = [0.0]
    client.watch.clock = lambda: time.monotonic() + later[0]
    client.event_hooks = {"request": [lambda _: later.__setitem__(0, 60.0 * next(passed))]}  # a minute between two questions
    return client
