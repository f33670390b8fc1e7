"""The board in a real browser, over runs that lie still and over one that trains in the background."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading

import pytest

from jaxgan.board.serving import serve
from jaxgan.engine.checkpoints import Checkpoints
from jaxgan.engine.state import step_of
from jaxgan.folder import RunFolder
from jaxgan.loopback import address_of, listen
from jaxgan.runs import fit
from jaxgan.settings import Config
from tests.board.made_up import age, finish, held, record, run_at
from tests.report.pages import until


@pytest.fixture
def visit(browser):
    """Opens an address in a window of its own; at the end nothing has been complained of, and all was asked of the board alone."""
    windows, said, asked = [], [], []

    def opened(address, **how):
        window = browser.new_context(**how)
        windows.append(window)
        page = window.new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        return page

    yield opened
    for window in windows:
        window.close()
    assert [text for text in said if "net::ERR_" not in text] == []  # a board that has ended
    assert [url for url in asked if not url.startswith(("http://127.0.0.1:", "data:", "blob:"))] == []


@contextlib.contextmanager
def serving(root):
    """The board of a folder, in a thread; yields its address."""
    ended, ready = threading.Event(), threading.Event()
    listening = listen("127.0.0.1", 0)
    thread = threading.Thread(target=serve, args=(root, listening, "127.0.0.1", ready.set, ended))
    thread.start()
    try:
        assert ready.wait(20)
        yield address_of(listening)
    finally:
        ended.set()
        thread.join()


@pytest.fixture(scope="module")
def still(tmp_path_factory):
    """Three runs, of which one holds a name that is markup."""
    root = tmp_path_factory.mktemp("still") / "runs"
    age(finish(run_at(root / "first", 300)), 60)
    age(run_at(root / "two replicas", 200, replicas=2, records=[
        {**record(step), "replica": i} for step in (100, 200) for i in range(2)]), 7200)  # fmt: skip
    age(
        run_at(root / "<b>third</b>", 200, records=[record(100), {"step": 200, "critic_loss": None, "generator_loss": None}]),
        9000,
    )
    with serving(root) as address:
        yield address


def names(page):
    return page.locator(".runs .name").all_text_contents()


def test_the_list_is_filtered_ordered_and_walked_by_keyboard(visit, still):
    page = visit(still)
    until(page, "document.querySelectorAll('.runs li').length === 3")
    assert names(page) == ["first", "two replicas", "<b>third</b>"]
    assert page.locator(".groups button:visible").all_text_contents()[:4] == ["all 3", "done 1", "stopped 1", "diverged 1"]
    page.get_by_label("Order").select_option("name")
    assert names(page) == ["<b>third</b>", "first", "two replicas"]
    page.get_by_role("button", name="done 1").click()
    assert names(page) == ["first"]
    page.get_by_role("button", name="all 3").click()
    page.get_by_label("Filter runs").fill("replicas wgan")
    assert names(page) == ["two replicas"]
    page.get_by_label("Filter runs").focus()
    focused = []
    for _ in range(3):
        page.keyboard.press("Tab")
        focused.append(page.evaluate("document.activeElement.ariaLabel || document.activeElement.textContent"))
    assert focused[1:] == ["Compare two replicas", "two replicas"]
    page.keyboard.press("Enter")
    until(page, "document.querySelector('h1').textContent === 'two replicas'")
    assert page.evaluate("document.activeElement.tagName") == "H1"
    until(page, "document.querySelectorAll('.plot .scatterlayer .trace').length > 2")
    page.locator(".samples input[type=range]").focus()
    page.keyboard.press("ArrowLeft")
    assert page.locator(".samples figcaption").text_content() == "step 100 of 200"
    page.get_by_label("Replica", exact=True).select_option("1")
    assert "replica=1&step=100" in page.locator(".samples img").get_attribute("src")
    until(page, "document.querySelector('.samples img').naturalWidth > 0")
    page.go_back()
    until(page, "document.querySelectorAll('.runs li').length === 1")  # the filter is still there


def test_chosen_runs_are_compared(visit, still):
    page = visit(still)
    page.get_by_label("Compare first").check()
    page.get_by_label("Compare two replicas").check()
    page.get_by_role("link", name="Compare", exact=True).click()
    until(page, "document.querySelectorAll('.cards img').length === 2 && document.querySelector('.plot .legendtext')")
    legend = page.locator(".chart").first.locator(".legendtext").all_text_contents()
    assert legend == ["first", "two replicas (2\N{NO-BREAK SPACE}seeds)"]
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Whole comparison").click()
    until(opened.value, "document.querySelector('h1')?.textContent === 'Comparison on digits'")
    assert opened.value.evaluate("origin") == "null"  # it cannot ask the board for anything


def test_on_a_phone_and_in_the_dark(visit, still):
    for view in ("", "#/run/first", "#/compare/first/two%2520replicas"):
        page = visit(still + view, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
        until(page, "document.querySelector('main img')")
        if view:
            until(page, "document.querySelector('.plot .scatterlayer .trace')")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, view
    looks = "() => [document.body, document.querySelector('.bar')].map((e) => getComputedStyle(e).backgroundColor)"
    light = page.evaluate(looks)
    page.emulate_media(color_scheme="dark")
    assert all(a != b for a, b in zip(light, page.evaluate(looks), strict=True))


def test_a_run_is_stopped_only_after_a_question(visit, tmp_path):
    run = run_at(tmp_path / "runs" / "a", 100)
    with serving(tmp_path / "runs") as address, held(run) as process:
        page = visit(f"{address}#/run/a")
        page.get_by_role("button", name="Stop this run").click()
        assert page.evaluate("document.activeElement.textContent") == "Let it train"
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Stop this run").click()
        page.keyboard.press("Escape")
        assert process.poll() is None
        page.get_by_role("button", name="Stop this run").click()
        page.get_by_role("button", name="Stop it").click()
        assert process.stdout.readline() == "interrupted\n"


TRAINING = ["--dataset", "ring8", "--variant", "gan", "--hidden-dim", "4", "--batch-size", "4", "--steps", "4000000", "--log-every", "500",
            "--sample-every", "3000", "--checkpoint-every", "1000000", "--live"]  # fmt: skip


def test_a_run_that_trains_is_seen_to_move_is_stopped_from_the_page_and_goes_on(visit, tmp_path):
    run = tmp_path / "runs" / "moving"
    command = [sys.executable, "-m", "jaxgan.train", *TRAINING, "--out", str(run)]
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment) as process:
        try:
            found = None
            while not found:
                line = process.stdout.readline()
                assert line, "the training ended before its board began"
                found = re.match(r"live board: (http://127\.0\.0\.1:\d+/)", line)
            page = visit(found[1])
            page.get_by_role("link", name="moving").click()
            step = "Number(document.querySelector('[role=progressbar]').ariaValueNow)"
            points = "document.querySelectorAll('.plot')[0]?.data?.[0].x.length"
            drawn = "document.querySelector('.samples img').alt"
            until(page, f"{step} > 0 && {points} > 0 && {drawn}.startsWith('Samples at step ')", 120)  # it compiles first
            assert page.locator(".now .state").text_content() == "running"
            before = [page.evaluate(what) for what in (step, points, drawn)]
            until(page, f"{step} > {before[0]} && {points} > {before[1]} && {drawn} !== '{before[2]}'", 60)
            until(
                page,
                "/steps.s/.test(document.querySelector('p.pace').textContent) && / left/.test(document.querySelector('p.pace').textContent)",
            )
            page.get_by_role("button", name="Stop this run").click()
            page.get_by_role("button", name="Stop it").click()
            until(page, "document.querySelector('.now .state').textContent === 'stopped'", 60)
            said = process.stdout.read()
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait(30)
    assert process.returncode == 130
    assert "the checkpoint is safe" in said and f"python -m jaxgan.board {run}" in said
    checkpoints = Checkpoints(RunFolder(run).checkpoints, 1, {})
    (stopped,) = checkpoints.steps()
    checkpoints.close()
    assert json.loads((run / "config.json").read_text()).keys().isdisjoint({"live"})
    until(
        page, "document.getElementById('connection').textContent.startsWith('No answer from the board since')", 30
    )  # it ends with the run
    assert step_of(fit(Config(out=run, resume=True, steps=stopped + 2), progress=False).state) == stopped + 2
