"""The command: what it refuses, where it listens, and how it ends."""

import contextlib
import re
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from jaxgan.board.__main__ import main
from jaxgan.errors import UserError
from jaxgan.loopback import address_of, hosts_of, listen
from jaxgan.runs import live, sweep
from jaxgan.settings import Config
from tests.board.made_up import run_at


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["no/such/folder"], "no/such/folder is no folder: name one that holds runs"),
        (["--port", "70000"], "--port 70000: must be at least 0 and at most 65535"),
        (["--port", "many"], "--port many: must be a whole number"),
        (["--host", "no such host"], "--host no such host: is no address of this machine"),
        (["--host", "192.0.2.1"], "--host 192.0.2.1: "),
        (["--prot", "1"], "--prot"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(argv, words, capsys, tmp_path, monkeypatch):
    (tmp_path / "runs").mkdir()
    monkeypatch.chdir(tmp_path)
    assert main(argv) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and said.count("\n") == 1 and words in said


def test_a_port_that_is_taken_is_refused_or_the_next_one_is(capsys, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert main([str(tmp_path), "--port", str(port), "--no-browser"]) == 2
        assert f"--port {port} is taken, by another page of jaxgan perhaps: name another one" in capsys.readouterr().err
        with listen("127.0.0.1", port, next_free=True) as free:
            found = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/", address_of(free))
            assert port < int(found[1]) <= port + 100


def test_it_is_reached_from_this_machine_alone_unless_told():
    with listen("127.0.0.1", 0) as listening:
        assert listening.getsockname()[0] == "127.0.0.1"
    assert hosts_of("127.0.0.1") == ["127.0.0.1", "localhost", "[::1]", "127.0.0.1"]
    assert socket.gethostname() in hosts_of("0.0.0.0")
    assert "*" not in hosts_of("0.0.0.0")


def test_it_serves_a_folder_until_it_is_interrupted(tmp_path):
    run_at(tmp_path / "runs" / "a", 100)
    command = [sys.executable, "-m", "jaxgan.board", "runs", "--port", "0", "--no-browser"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            said = process.stdout.readline()
            address = re.match(r"runs: (http://127\.0\.0\.1:\d+/)  \(Ctrl-C ends the board", said)[1]
            with urllib.request.urlopen(f"{address}runs.json", timeout=20) as answer:
                assert b'"name":"a"' in answer.read()
            process.send_signal(signal.SIGINT)
            assert process.communicate(timeout=20) == ("the board has ended; runs go on\n", "")
        finally:
            process.kill()
    assert process.returncode == 0
    assert {path.name for path in (tmp_path / "runs" / "a").iterdir()} == {
        "config.json", "environment.json", "metrics.jsonl", "samples", "curves.png",
    }  # fmt: skip


def test_a_board_that_cannot_begin_ends_no_training(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no python"))
    trained = []
    with live.live_board(tmp_path):
        trained.append(True)
    assert trained
    assert "the live board cannot begin, and the training goes on without it: No such file" in capsys.readouterr().err


def test_a_sweep_has_one_board_of_its_folder(monkeypatch, tmp_path):
    shown, trained = [], []

    def show(folder):
        shown.append(folder)
        return contextlib.nullcontext()

    def train(groups, *rest):
        trained.extend(groups)
        raise UserError("enough")

    monkeypatch.setattr(sweep, "live_board", show)
    monkeypatch.setattr(sweep, "_trained", train)
    config = Config(dataset="ring8", steps=2, batch_size=4, hidden_dim=4, live=True, out=tmp_path / "sweep")
    with pytest.raises(UserError, match="enough"):
        sweep.sweep(config, ["n_critic=1,2"], 1)
    assert shown == [tmp_path / "sweep"]
    assert [group.config.live for group in trained] == [False, False]
