"""What the board answers, and to whom: states of runs, escaping, paths, hosts, origins, and the one thing it may do."""

import json
import math
import os
import re
import signal

import pytest

from tests.board.conftest import ADDRESS
from tests.board.made_up import age, append, finish, held, record, run_at
from tests.report.pages import picture


def rows(client, **since):
    return {row["name"]: row for row in client.get("/runs.json", params=since).json()["runs"]}


def test_the_state_of_a_run_is_found_in_its_folder(board, root):
    age(finish(run_at(root / "done", 300)))
    age(run_at(root / "killed", 200))
    run_at(root / "elsewhere", 100)
    age(run_at(root / "diverged", 200, records=[record(100), {"step": 200, "critic_loss": None, "generator_loss": None}]))
    age(run_at(root / "one replica left", 300, replicas=2, records=[
        {**record(300), "replica": 0}, {"step": 300, "replica": 1, "critic_loss": None, "generator_loss": None}]))  # fmt: skip
    finish(root / "one replica left")
    age(run_at(root / "running", 200))
    with held(root / "running"):
        found = rows(board)
    assert {name: row["state"] for name, row in found.items()} == {
        "done": "done", "killed": "stopped", "elsewhere": "elsewhere", "diverged": "diverged", "one replica left": "done", "running": "running",
    }  # fmt: skip
    assert [name for name, row in found.items() if row["stoppable"]] == ["running"]
    assert found["running"] | {"step": 200, "steps": 300, "speed": 20.0, "left": 5, "picture": [0, 200]} == found["running"]
    assert found["done"]["left"] is None
    assert not found["done"]["on_white"]  # pictures; drawings of points are darkened in the dark


def test_a_run_that_ended_in_order_has_stopped_however_lately(board, root):
    """It writes its page last; a killed one does not."""
    run_at(root / "stopped", 200)
    (root / "stopped" / "report.html").write_text("<p>a page</p>")
    assert rows(board)["stopped"]["state"] == "stopped"


def test_later_questions_are_answered_with_what_changed(board, root):
    for name in ("a", "b"):
        age(run_at(root / name, 100))
    board.get("/runs.json")
    board.get("/runs.json")  # by now both are diagnosed
    first = board.get("/runs.json").json()
    assert first["all"]
    known = {"since": first["version"], "board": first["board"]}
    assert board.get("/runs.json", params=known).json() == {**first, "all": False, "runs": []}
    append(root / "b", record(200))
    picture(root / "b" / "samples" / "step_00000200.png")
    (changed,) = board.get("/runs.json", params=known).json()["runs"]
    assert (changed["name"], changed["step"], changed["picture"]) == ("b", 200, [0, 200])
    assert set(rows(board, since=first["version"], board="another")) == {"a", "b"}
    for path in sorted((root / "a").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (root / "a").rmdir()
    assert board.get("/runs.json", params=known).json()["gone"] == ["a"]


def test_one_run_has_its_doctor_its_curves_and_its_samples(board, root):
    run_at(root / "sweep" / "one", 300, replicas=2, records=[
        {**record(step, critic_loss=float(replica)), "replica": replica} for step in (100, 200, 300) for replica in range(2)])  # fmt: skip
    found = board.get("/run.json", params={"run": "sweep/one"}).json()
    assert found["samples"]["replicas"] == [[0, 5], [1, 6]] and found["samples"]["steps"] == [0, 100, 200, 300]
    assert {row["name"]: (row["value"], row["deviation"]) for row in found["last"]}["critic_loss"] == ("0.5", "0.71")
    assert found["doctor"]["findings"] or found["doctor"]["verdict"]
    charts = board.get("/charts.json", params={"run": "sweep/one"}).json()
    (line,) = [t for t in charts["figures"]["charts"][0]["views"][0]["traces"] if t["meta"].get("text") == "critic loss"]
    assert (line["x"], line["y"]) == ([100, 200, 300], [0.5, 0.5, 0.5])
    same = {"run": "sweep/one", "version": charts["version"]}
    assert board.get("/charts.json", params=same).status_code == 204
    append(root / "sweep" / "one", *({**record(400), "replica": replica} for replica in range(2)))
    grown = board.get("/charts.json", params=same).json()
    assert grown["figures"]["charts"][0]["views"][0]["traces"][1]["x"] == [100, 200, 300, 400]
    assert grown["places"] == charts["places"]
    image = board.get("/picture.png", params={"run": "sweep/one", "step": 300, "replica": 1})
    assert image.headers["content-type"] == "image/png" and image.content[:4] == b"\x89PNG"
    again = board.get(
        "/picture.png", params={"run": "sweep/one", "step": 300, "replica": 1}, headers={"If-None-Match": image.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


def test_chosen_runs_are_compared_by_name(board, root):
    run_at(root / "a", 200)
    run_at(root / "b", 300, steps=400)
    chosen = [("run", "a"), ("run", "b")]
    charts = board.get("/charts.json", params=chosen).json()["figures"]["charts"]
    assert [trace["name"] for trace in charts[0]["views"][0]["traces"]] == ["a", "b"]
    found = board.get("/compare.json", params=chosen).json()
    assert found["settings"] == [["steps", "300", "400"]]
    assert [row["values"] for row in found["last"] if row["name"] == "generator_loss"] == [["0.5", "0.5"]]
    assert "Comparison on digits" in board.get("/comparison-page", params=chosen).text
    assert board.get("/compare.json").json() == {"error": "0 runs: name one to 12"}


def test_what_a_folder_says_is_escaped_and_its_pages_run_apart(board, root):
    odd = root / "<img src=x onerror=alert(1)>"
    run_at(odd, 100, records=[{"step": 100, "critic_loss": 1.0, "<b>name</b>": 2.0}])
    (row,) = rows(board).values()
    assert row["id"] == "%3Cimg%20src%3Dx%20onerror%3Dalert%281%29%3E"
    page = board.get("/")
    assert "<img" not in page.text and "unsafe-inline" not in page.headers["content-security-policy"].split("style-src")[0]
    places = board.get("/charts.json", params={"run": row["id"]}).json()["places"]
    assert "<b>" not in places
    report = board.get("/run-page", params={"run": row["id"]})
    assert report.headers["content-security-policy"].startswith("sandbox allow-scripts ")
    assert "allow-same-origin" not in report.headers["content-security-policy"]
    assert {"report.html"}.isdisjoint(path.name for path in odd.iterdir())  # nothing is written into the folder
    for answer in (page, report, board.get("/runs.json"), board.get("/own/board.js"), board.get("/nothing")):
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_damaged_runs_leave_the_others_shown(board, root):
    run_at(root / "good", 100)
    odd = run_at(
        root / "odd", 100, records=[record(100, steps_per_second=math.inf, critic_loss="a text", gradient_norm=10**300)]
    )
    (odd / "config.json").write_text(
        json.dumps({"steps": "many", "variant": 3, "seed": math.nan, "replicas": 2, "note": math.nan})
    )
    (odd / "environment.json").write_text(json.dumps({"date": math.nan, "devices": 1, "data": []}))
    append(odd, {"step": 200, "replica": 10**12, "critic_loss": 1.0}, {"step": 300, "replica": 1, "steps_per_second": 1e-320})
    empty = root / "empty"
    empty.mkdir()
    (empty / "config.json").write_text("[]")
    os.mkfifo(empty / "metrics.jsonl")
    (empty / "samples").write_text("no folder")
    (empty / ".lock").mkdir()
    for _ in range(2):
        assert rows(board).keys() == {"good", "odd", "empty"}
    for name in ("good", "odd", "empty"):
        for path in ("/run.json", "/charts.json", "/compare.json", "/run-page"):
            assert board.get(path, params={"run": name}).status_code == 200, (name, path)
    assert "steps is a text" in " ".join(board.get("/run.json", params={"run": "odd"}).json()["complaints"])


def test_names_that_are_no_text_are_shown(board, root):
    run_at(root / "run\udcff", 100)
    (row,) = rows(board).values()
    assert (row["id"], row["name"]) == ("run%FF", "run?")
    assert board.get("/run.json", params={"run": "run%FF"}).status_code == 200


@pytest.mark.parametrize("id", ["..", "../outside", "%2e%2e/outside", "link", "inside/../a", "/etc", "a/", "a\0", ""])
def test_nothing_outside_the_folder_is_shown(board, root, id):
    run_at(root / "a", 100)
    run_at(root.parent / "outside", 100)
    (root / "link").symlink_to(root.parent / "outside")
    for path in ("/run.json", "/charts.json", "/run-page", "/picture.png", "/generator-page", "/compare.json"):
        answer = board.get(path, params={"run": id, "step": 100})
        assert answer.status_code == 404, path
    assert board.get("/own/../app.py").status_code == 404 == board.get("/own/%2e%2e%2fapp.py").status_code


def test_links_that_lead_out_of_a_run_are_not_followed(board, root):
    secret = root.parent / "secret.png"
    picture(secret)
    run = run_at(root / "a", 100)
    (run / "samples" / "step_00000100.png").unlink()
    (run / "samples" / "step_00000100.png").symlink_to(secret)
    (run / "metrics.jsonl").unlink()
    (root.parent / "metrics").write_text(json.dumps(record(100)) + "\n")
    (run / "metrics.jsonl").symlink_to(root.parent / "metrics")
    assert board.get("/picture.png", params={"run": "a", "step": 100}).status_code == 404
    assert board.get("/picture.png", params={"run": "a", "step": 0}).status_code == 200
    assert board.get("/run.json", params={"run": "a"}).json()["last"] == []
    assert rows(board)["a"]["step"] == 0


def test_a_run_folder_that_becomes_a_link_is_no_longer_shown(board, root):
    run_at(root / "a", 100)
    assert board.get("/run.json", params={"run": "a"}).status_code == 200
    board.watch._next_scan = math.inf  # before it is looked for again
    (root / "a").rename(root.parent / "moved")
    (root / "a").symlink_to(root.parent / "moved")
    assert board.get("/run.json", params={"run": "a"}).status_code == 404


def test_a_link_within_the_folder_is_no_second_run(board, root):
    run_at(root / "a", 100)
    (root / "b").symlink_to(root / "a")
    (root / "c").symlink_to(root)
    assert rows(board).keys() == {"a"}


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8765", "127.0.0.1.evil.example", "", "localhost@evil.example"])
def test_other_hosts_are_refused(board, host):
    assert board.get("/runs.json", headers={"Host": host}).status_code == 400
    for own in ("localhost:8765", "127.0.0.1", "[::1]:8765"):
        assert board.get("/runs.json", headers={"Host": own}).status_code == 200


def stop(board, run="a", **headers):
    asked = {"Origin": ADDRESS, "X-Jaxgan-Token": board.token, "Content-Type": "application/json", **headers}
    return board.post(
        "/stop", content=json.dumps({"run": run}), headers={name: value for name, value in asked.items() if value is not None}
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": None}, {"Origin": "http://127.0.0.1:9999"}, {"X-Jaxgan-Token": None},
        {"X-Jaxgan-Token": "wrong"}, {"X-Jaxgan-Token": ""}, {"Content-Type": "text/plain"},
    ],
)  # fmt: skip
def test_a_run_is_not_stopped_by_another_page(board, root, headers):
    with held(run_at(root / "a", 100)) as process:
        assert stop(board, **headers).status_code == 403
        assert board.get("/stop").status_code == 405
        assert process.poll() is None


def test_a_run_is_not_stopped_from_another_machine(board, root):
    with held(run_at(root / "a", 100)) as process:
        board._transport.client = ("192.0.2.7", 5000)
        assert "from the machine alone" in stop(board).json()["error"]
        assert process.poll() is None


def test_a_run_is_stopped_as_by_ctrl_c_and_once(board, root):
    with held(run_at(root / "a", 100)) as process, held(run_at(root / "b", 100)) as other:
        token = re.search(r'name="token" content="([^"]+)"', board.get("/").text)[1]
        assert token == board.token
        board.watch.run("a").asked = None
        process.send_signal(signal.SIGSTOP)  # as one that is still in its last steps
        assert stop(board).json() == {"stopping": True}
        assert rows(board)["a"]["state"] == "stopping"
        assert "already" in stop(board).json()["error"]
        process.send_signal(signal.SIGCONT)
        assert process.stdout.readline() == "interrupted\n"
        process.wait(10)
        assert other.poll() is None
        assert rows(board)["a"]["state"] == "stopped"
        assert "no process on this machine" in stop(board).json()["error"]


def test_a_process_that_did_not_take_the_lock_itself_is_left_alone(board, root, monkeypatch):
    """As where the system's list names a process, and that process, looked at, does not hold the file."""
    from jaxgan.board import holders

    run = run_at(root / "a", 100)
    (run / ".lock").touch()
    with held(run_at(root / "b", 100)) as process:
        monkeypatch.setattr(holders, "holders", lambda: {holders.place_of(run / ".lock"): process.pid})
        assert "left alone" in stop(board).json()["error"]
        assert process.poll() is None


@pytest.mark.parametrize("content", [b"", b"[]", b'{"run": 1}', b'{"run"', b"x" * 5000])
def test_a_request_to_stop_that_is_none(board, content):
    answer = board.post(
        "/stop", content=content, headers={"Origin": ADDRESS, "X-Jaxgan-Token": board.token, "Content-Type": "application/json"}
    )
    assert answer.status_code in (400, 413)
