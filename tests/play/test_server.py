"""The server as a page meets it: who is answered, what is refused and why, and what a session sends."""

import json
import time

import numpy as np
import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from jaxgan import metrics
from jaxgan.play import options, server, session
from jaxgan.play.data import load_points, real_points
from jaxgan.play.picture import unpacked
from jaxgan.play.server import make_app

ADDRESS = "http://127.0.0.1:8766"
HOST = {"host": "127.0.0.1:8766"}
OWN = {"origin": ADDRESS, **HOST}
SMALL = dict(hidden_dim=8, latent_dim=2, batch_size=16, n_critic=1, optimizer="adam", learning_rate=1e-3)


@pytest.fixture(scope="module", autouse=True)
def small_networks():
    """The page's own settings, small: the programs are those of a larger one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(options, "QUICK_SETTINGS", {name: {**SMALL} for name in options.QUICK_SETTINGS})
        yield


@pytest.fixture(scope="module")
def alone(small_networks):
    """A session without a page or a thread; what it sends is kept in `said`."""
    said = []
    made = session.Session(lambda text: said.append(json.loads(text)))
    made.settings, made.said = [session.Setting({}, made.dataset, 0, 1)], said
    return made


@pytest.fixture
def client():
    return TestClient(make_app(), base_url=ADDRESS)


class Page:
    """What a page does, by hand."""

    def __init__(self, socket):
        self.socket, self.texts = socket, []

    def receive(self):
        """The next message: a mapping, or a picture's head and numbers."""
        message = self.socket.receive()
        if message["type"] == "websocket.close":
            raise WebSocketDisconnect(message["code"])
        if message.get("bytes"):
            head, numbers = unpacked(message["bytes"])
            self.ask(do="drawn", picture=head["picture"])
            return {"is": "picture", **head, "numbers": numbers}
        self.texts.append(json.loads(message["text"]))
        return self.texts[-1]

    def until(self, kind):
        """The next message of a kind; what comes before it is passed over."""
        while (message := self.receive())["is"] != kind:
            pass
        return message

    def ask(self, **wish):
        self.socket.send_text(json.dumps(wish))


@pytest.fixture
def page(client):
    with client.websocket_connect("/play", headers=OWN) as socket:
        found = Page(socket)
        found.first = found.until("picture")
        yield found


def array(picture, setting, name):
    placed = picture["settings"][setting][name]
    if placed is None:
        return None
    return picture["numbers"][placed["at"] :][: np.prod(placed["shape"])].reshape(placed["shape"])


def test_the_page_and_its_files_are_served_under_a_strict_policy(client):
    for path, kind in {"/": "text/html", "/page/play.css": "text/css", "/page/play.js": "text/javascript"}.items():
        answer = client.get(path)
        assert answer.status_code == 200 and answer.headers["content-type"].startswith(kind)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert "http:" not in client.get("/").text and "https:" not in client.get("/").text
    assert client.get("/page/../server.py").status_code == client.get("/page/%2e%2e/server.py").status_code == 404
    assert client.get("/page/").status_code == 404


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8766", "127.0.0.1.evil.example", "192.0.2.7", ""])
def test_a_request_by_another_name_is_refused(client, host):
    assert client.get("/", headers={"host": host}).status_code == 400
    with pytest.raises(Exception), client.websocket_connect("/play", headers={"host": host, "origin": f"http://{host}"}):  # noqa: B017
        pass


def test_the_host_that_it_was_told_is_answered():
    told = TestClient(make_app("192.0.2.7"), base_url="http://192.0.2.7:8766")
    assert told.get("/").status_code == 200
    assert told.get("/", headers={"host": "localhost:1"}).status_code == 200
    assert told.get("/", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "http://evil.example",
        "http://127.0.0.1:9999",
        "https://127.0.0.1.evil.example:8766",
        "null",
        "file://127.0.0.1:8766",
    ],
)
def test_a_page_from_elsewhere_may_not_play(client, origin):
    headers = HOST if origin is None else {"origin": origin, **HOST}
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/play", headers=headers):
        pass


def test_a_page_is_told_what_there_is_and_sees_the_untrained_gan(page):
    kinds = [text["is"] for text in page.texts]
    assert kinds == ["limits", "compiling", "data", "state", "compiling"]
    state = page.texts[3]
    assert state["settings"][0]["title"] == "wgan_gp" and not state["running"]
    assert page.first["settings"][0]["iteration"] == 0
    assert array(page.first, 0, "points").shape == (1, 256, 2)
    assert array(page.first, 0, "surface").shape == (1, 41, 41)


def test_training_moves_points_pause_holds_and_w1_is_that_of_the_points_shown(page, monkeypatch):
    monkeypatch.setattr(session, "LONGEST", 1e9)  # on a slow machine a picture has as many iterations all the same
    page.ask(do="step")
    once = page.until("picture")
    assert once["settings"][0]["iteration"] == 1
    real = real_points(load_points("ring8"), 256)
    assert once["settings"][0]["measured"]["w1"] == [pytest.approx(metrics.wasserstein1(real, array(once, 0, "points")[0]))]
    page.ask(do="speed", iterations=10, pictures=30)
    page.ask(do="start")
    for _ in range(3):
        picture = page.until("picture")
    assert picture["settings"][0]["iteration"] == 31
    assert np.abs(array(picture, 0, "points") - array(page.first, 0, "points")).max() > 1e-3
    assert picture["settings"][0]["metrics"]["critic_loss"][0] is not None
    page.ask(do="pause")
    page.ask(do="nothing")  # what it refuses comes after all that was on its way
    while page.receive()["is"] != "refused":
        pass
    time.sleep(0.3)
    page.ask(do="step")
    held = page.until("picture")
    page.ask(do="step")
    assert page.until("picture")["settings"][0]["iteration"] == held["settings"][0]["iteration"] + 1
    page.ask(do="restart")
    again = page.until("picture")
    np.testing.assert_array_equal(array(again, 0, "points"), array(page.first, 0, "points"))


@pytest.mark.slow
def test_two_settings_begin_together_on_the_same_data_and_a_drawing_is_trained_on(page):
    page.ask(do="step")
    page.until("picture")
    page.ask(do="add")
    both = page.until("picture")
    assert [part["iteration"] for part in both["settings"]] == [0, 0]
    np.testing.assert_array_equal(array(both, 0, "points"), array(both, 1, "points"))
    page.ask(do="change", setting=1, name="gradient_penalty_weight", value=7.0)
    changed = page.until("state")
    assert [setting["title"] for setting in changed["settings"]] == ["wgan_gp", "wgan_gp, gradient penalty weight 7"]
    page.until("picture")
    page.ask(do="draw", points=[[0.5, 0.5], [-0.5, -0.5]], spread=0.01)
    data = page.until("data")
    assert data["name"] == "drawn" and data["modes"] is None
    places = np.abs(np.asarray(data["points"]))
    assert np.abs(places - 0.5).max() < 0.1
    page.ask(do="remove", setting=0)
    assert [s["title"] for s in page.until("state")["settings"]] == ["wgan_gp, gradient penalty weight 7"]


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ("{", "must be JSON"),
        ("[" * 100_000, "must be JSON"),
        ("[1]", 'an object with "do"'),
        ('{"do": 3}', 'an object with "do"'),
        ('{"do": "stort"}', "did you mean 'start'"),
        ('{"do": "__init__"}', "is not known"),
        ('{"do": "start", "now": 1}', "takes nothing; got now"),
        ('{"do": "change", "setting": 0}', "takes setting, name, value"),
        ('{"do": "change", "setting": 9, "name": "clip", "value": 1}', "there are 1"),
        ('{"do": "change", "setting": "a", "name": "clip", "value": 1}', "setting"),
        ('{"do": "change", "setting": 0, "name": "clip", "value": 1}', "has no meaning for the variant wgan_gp"),
        ('{"do": "change", "setting": 0, "name": "hidden_dim", "value": 9999}', "at most 512 on this page"),
        ('{"do": "change", "setting": 0, "name": "pac", "value": 3}', "must divide the batch of 16"),
        ('{"do": "change", "setting": 0, "name": "learning_rate", "value": NaN}', "learning rate"),
        ('{"do": "seeds", "value": 9}', "at most 8 on this page"),
        ('{"do": "seeds", "value": 0}', "at least 1"),
        ('{"do": "seed", "value": -1}', "at least 0"),
        ('{"do": "seed", "value": 4294967295}', "at most"),
        ('{"do": "speed", "iterations": 0, "pictures": 5}', "at least 1"),
        ('{"do": "speed", "iterations": 1, "pictures": 500}', "from 1 to 30"),
        ('{"do": "data", "name": "folder:/etc"}', "is not known"),
        ('{"do": "draw", "points": []}', "no points"),
        ('{"do": "try", "name": "clap"}', "did you mean 'clip'"),
        ('{"do": "try", "name": ["clip"]}', "example"),
        ('{"do": "data", "name": {}}', "distribution"),
        ('{"do": "change", "setting": 0, "name": "optimizer", "value": ["adam"]}', "optimizer"),
        ('{"do": "change", "setting": 0, "name": "variant", "value": {}}', "variant"),
        ('{"do": "change", "setting": 0, "name": "recipe", "value": 3}', "recipe"),
        ('{"do": "change", "setting": 0, "name": "recipe", "value": "lab009"}', "recipe"),
        ('{"do": "change", "setting": 0, "name": "spectral_norm", "value": "yes"}', "spectral norm"),
        ('{"do": "remove", "setting": 0}', "the only setting"),
        ('{"do": "drawn", "picture": "all"}', "picture"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_in_one_line_and_changes_nothing(message, why, alone):
    said, setting = alone.said, alone.settings[0]
    said.clear()
    alone._answer(message)
    assert alone.settings == [setting] and not alone.running
    refused = [text["why"] for text in said if text["is"] == "refused"]
    assert len(refused) == 1 and why in refused[0] and "\n" not in refused[0]
    assert said[-1]["is"] == "state" and said[-1]["settings"][0]["title"] == "wgan_gp"
    assert said[-2]["is"] == "refused"


def test_as_many_pages_play_as_there_is_room_and_one_that_closes_makes_room(client, monkeypatch):
    monkeypatch.setattr(server, "MOST_SESSIONS", 1)
    narrow = TestClient(make_app(), base_url=ADDRESS)
    with narrow.websocket_connect("/play", headers=OWN) as first:
        Page(first).until("state")
        with narrow.websocket_connect("/play", headers=OWN) as second:
            assert "close one" in Page(second).until("ended")["why"]
    for _ in range(100):
        with narrow.websocket_connect("/play", headers=OWN) as third:
            if Page(third).receive()["is"] == "limits":
                return
        time.sleep(0.2)
    pytest.fail("the page that closed still holds its place")
