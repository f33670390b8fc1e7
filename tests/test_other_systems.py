"""What Windows lacks is not needed: modules and functions of POSIX are taken away, and a run trains, is drawn from and goes on."""

import ctypes
import hashlib
import http.server
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest

from jaxgan import memory

WITHOUT_POSIX = """
import os, signal, sys
import filelock, jax, flax, optax, orbax.checkpoint, matplotlib, tensorboardX, rich, sklearn.datasets, tyro, grain, pooch, requests  # not ours to test
for name in ("fcntl", "grp", "pwd", "resource", "termios", "pty", "readline"):
    sys.modules[name] = None
for name in ("sysconf", "fork", "forkpty", "getuid", "geteuid", "getpgid", "killpg", "setsid", "sched_getaffinity", "statvfs", "uname",
             "O_DIRECTORY", "mkfifo", "chown", "getloadavg", "pread", "sendfile", "get_blocking"):
    if hasattr(os, name):
        delattr(os, name)
for name in ("SIGKILL", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGPIPE", "SIGCHLD", "alarm", "pthread_sigmask", "setitimer"):
    delattr(signal, name)
"""


def test_all_is_imported_and_a_run_trains_is_drawn_from_and_goes_on_without_posix(tmp_path):
    code = """
import importlib, pkgutil, jaxgan
for module in pkgutil.walk_packages(jaxgan.__path__, "jaxgan."):
    if not module.name.startswith("jaxgan.exports") and module.name != "jaxgan.runs.cluster":  # which need packages of their own
        importlib.import_module(module.name)
from jaxgan import train, sample
run = ["--dataset", "ring8", "--hidden-dim", "4", "--batch-size", "4", "--n-critic", "1", "--out", "run"]
assert train.main([*run, "--steps", "2"]) == 0
assert sample.main(["run", "--n", "4", "--out", "four.npz"]) == 0
assert train.main(["--out", "run", "--resume", "--steps", "3"]) == 0
"""
    done = subprocess.run([sys.executable, "-c", WITHOUT_POSIX + code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "four.npz").exists() and (tmp_path / "run" / "checkpoints" / "3").is_dir()


def test_memory_of_windows_is_what_its_own_function_says(monkeypatch):
    def fill(status):
        status._obj.physical = 123 * 2**30
        return int(status._obj.length == 64)  # what Windows wants to be told

    monkeypatch.delattr("os.sysconf")
    assert memory._machine_memory() == 2**63  # neither tells
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=SimpleNamespace(GlobalMemoryStatusEx=fill)), raising=False)
    assert memory._machine_memory() == 123 * 2**30


@pytest.fixture
def served():
    """The address of a file of ten bytes, on a server on this machine."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "10")
            self.end_headers()
            self.wfile.write(b"0123456789")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/ten.bin"
    server.shutdown()
    server.server_close()


def test_a_download_needs_no_lock_of_posix(served, tmp_path, monkeypatch):
    """No file is moved or removed that is open, which Windows refuses."""
    from jaxgan.data import download

    opened = []

    def watched(function):
        def call(path, *rest):
            assert all(file.closed for file in opened), f"{path} is still open"
            return function(path, *rest)

        return call

    part_of = download._part_of

    monkeypatch.setattr(download, "fcntl", None)
    monkeypatch.setattr(download, "_part_of", lambda target: _noting(part_of(target), opened))
    monkeypatch.setattr(download.os, "replace", watched(download.os.replace))
    path = download.fetch(served, hashlib.sha256(b"0123456789").hexdigest(), tmp_path, plain_http=True)
    assert path.read_bytes() == b"0123456789"
    assert opened and [each.name for each in tmp_path.iterdir() if each.stat().st_size] == ["ten.bin"]


class _noting:
    """A context that also adds the file that it gives to a list."""

    def __init__(self, context, opened):
        self.context, self.opened = context, opened

    def __enter__(self):
        self.opened.append(self.context.__enter__())
        return self.opened[-1]

    def __exit__(self, *error):
        return self.context.__exit__(*error)
