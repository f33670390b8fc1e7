"""The page in a real Chromium: what a reader does trains, is seen, and asks no other address for anything."""

import threading
import time

import numpy as np
import pytest

pytest.importorskip("uvicorn")
import uvicorn

from jaxgan.loopback import listen
from jaxgan.play import options
from jaxgan.play.server import make_app
from tests.report.pages import until


@pytest.fixture(scope="module")
def address():
    """A server in this process, whose page begins with small networks."""
    patch = pytest.MonkeyPatch()
    small = dict(hidden_dim=16, latent_dim=2, batch_size=32, n_critic=1, optimizer="adam", learning_rate=2e-3)
    patch.setattr(options, "QUICK_SETTINGS", dict.fromkeys(options.QUICK_SETTINGS, small))
    listening = listen("127.0.0.1", 0)
    server = uvicorn.Server(
        uvicorn.Config(make_app(), log_level="error", lifespan="off", ws="websockets-sansio", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    server.should_exit = True
    thread.join(20)
    listening.close()
    patch.undo()


@pytest.fixture
def open_page(browser, address):
    """The page in a window of its own, its programs compiled; at the end nothing has been complained of, and no other address was asked."""
    windows, said, asked = [], [], []

    def opened(**how):
        window = browser.new_context(**how)
        windows.append(window)
        page = window.new_page()
        page.on(
            "console", lambda message: None if "willReadFrequently" in message.text else said.append(message.text)
        )  # `ORANGE` reads
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        until_paused(page)
        until(page, "document.querySelector('.plane canvas')")
        page.wait_for_timeout(100)
        return page

    yield opened
    for window in windows:
        window.close()
    assert said == []
    assert asked and all(url.startswith((address, address.replace("http", "ws"), "data:")) for url in asked)


def until_paused(page):
    """Waits until nothing is compiled or runs."""
    end = time.monotonic() + 120
    while page.locator("#status").text_content() != "Paused":
        assert time.monotonic() < end, page.locator("#status").text_content()
        page.wait_for_timeout(50)


def iterations(page):
    return [int(text.replace(",", "")) for text in page.locator(".figures div:first-child dd").all_text_contents()]


def until_iteration(page, n):
    until(
        page,
        f"[...document.querySelectorAll('.figures div:first-child dd')].every((dd) => Number(dd.textContent.replace(',', '')) >= {n})",
    )


ORANGE = """() => {
    const canvas = document.querySelector('.plane canvas');
    const { data, width } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const places = [];
    for (let i = 0; i < data.length; i += 4)
        if (data[i] === 213 && data[i + 1] === 94 && data[i + 2] === 0) places.push([(i / 4) % width, Math.floor(i / 4 / width)]);
    return places;
}"""  # where a generated point is drawn: its colour is #d55e00


def test_start_moves_points_pause_holds_step_makes_one_and_restart_begins_anew(open_page):
    page = open_page(viewport={"width": 1280, "height": 900})
    first = page.evaluate(ORANGE)
    assert len(first) > 50 and iterations(page) == [0]
    page.get_by_role("button", name="Start", exact=True).click()
    until_iteration(page, 20)
    page.get_by_role("button", name="Pause").click()
    until_paused(page)
    page.wait_for_timeout(300)
    held = iterations(page)
    page.wait_for_timeout(300)
    assert iterations(page) == held
    moved = page.evaluate(ORANGE)
    assert np.linalg.norm(np.mean(moved, 0) - np.mean(first, 0)) > 2 or np.linalg.norm(np.std(moved, 0) - np.std(first, 0)) > 2
    assert page.locator(".figures").inner_text().count("\u2013") == 0  # every figure is there
    page.get_by_role("button", name="Step once").click()
    until_iteration(page, held[0] + 1)
    assert iterations(page) == [held[0] + 1]
    page.get_by_role("button", name="Restart").click()
    until(page, "document.querySelector('.figures dd').textContent === '0'")
    assert page.evaluate(ORANGE) == first


@pytest.mark.slow
def test_two_settings_side_by_side_a_refusal_and_a_drawing(open_page):
    page = open_page(viewport={"width": 1280, "height": 900})
    page.get_by_role("button", name="Add a setting beside").click()
    until(page, "document.querySelectorAll('.setting').length === 2")
    until_paused(page)
    second = page.locator(".setting").nth(1)
    second.locator("select[name=variant]").select_option("gan")
    until(page, "document.querySelectorAll('.setting h2')[1].textContent === 'gan'")
    until_paused(page)
    boxes = [page.locator(".setting").nth(i).bounding_box() for i in range(2)]
    assert boxes[0]["y"] == boxes[1]["y"] and boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    second.locator("input[name=batch_size]").fill("5000")
    second.locator("input[name=batch_size]").press("Enter")
    until(page, "!document.getElementById('refused').hidden")
    assert "at most 1024 on this page" in page.locator("#refused").text_content()
    until(page, "document.querySelectorAll('input[name=batch_size]')[1].value === '32'")
    page.get_by_role("button", name="Draw your own").click()
    canvas = page.locator("#brush").bounding_box()
    page.mouse.move(canvas["x"] + 0.3 * canvas["width"], canvas["y"] + 0.3 * canvas["height"])
    page.mouse.down()
    page.mouse.move(canvas["x"] + 0.7 * canvas["width"], canvas["y"] + 0.3 * canvas["height"], steps=10)
    page.mouse.up()
    page.locator("#brush").press("ArrowDown")
    page.locator("#brush").press("Space")
    assert int(page.locator("#count").text_content().split()[0]) > 50
    page.get_by_role("button", name="Train on this").click()
    until(page, "document.getElementById('distribution').value === 'drawn'")
    until_paused(page)
    page.get_by_role("button", name="Start", exact=True).click()
    until_iteration(page, 15)
    first, other = iterations(page)
    assert first == other
    assert not page.get_by_text("Modes", exact=True).first.is_visible()  # a drawing has none to count


@pytest.mark.slow
def test_a_divergence_is_said_and_not_drawn(open_page):
    page = open_page(viewport={"width": 1280, "height": 900})
    rate = page.locator("input[name=learning_rate]")
    rate.fill("1e30")
    rate.press("Enter")
    page.get_by_role("button", name="Start", exact=True).click()
    until(page, "!document.querySelector('.diverged').hidden")
    assert "Diverged by iteration" in page.locator(".diverged").text_content()
    until_paused(page)  # nothing is left to train


def test_on_a_phone_in_the_dark_and_by_keyboard(open_page):
    page = open_page(viewport={"width": 390, "height": 800}, color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(21, 23, 27)"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "run"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    until_iteration(page, 10)
    page.locator("#iterations").focus()
    page.keyboard.press("ArrowLeft")
    until(page, "document.getElementById('iterations-value').value === '2'")
    page.locator("#run").focus()
    page.keyboard.press("Space")
    until_paused(page)
    page.locator("summary").focus()
    page.keyboard.press("Enter")
    assert page.locator("select[name=variant]").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    short = page.evaluate(
        "[...document.querySelectorAll('button, select, input[type=number]')].filter((e) => e.offsetHeight && e.offsetHeight < 28).length"
    )
    assert short == 0
