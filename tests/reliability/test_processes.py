"""Processes that do not come, or die: one line within the time of --distributed-timeout. Ctrl-C is heard in compiled code."""

import gc
import importlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref

import numpy as np
import pytest

from jaxgan.engine import processes
from jaxgan.errors import NO_SPACE, UserError

FLAGS = [
    "--dataset",
    "ring8",
    "--recipe",
    "toy",
    "--batch-size",
    "12",
    "--hidden-dim",
    "8",
    "--steps",
    "1000000",
    "--log-every",
    "100",
]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def start(number: int, port: int, out, timeout: int = 5, count: int = 2, flags=FLAGS) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "jaxgan.train", *flags, "--out", str(out), "--distributed", "--distributed-timeout", str(timeout),
         "--coordinator", f"127.0.0.1:{port}", "--process-count", str(count), "--process-id", str(number)],
        env={**os.environ, "JAX_PLATFORMS": "cpu"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_a_coordinator_that_does_not_answer_is_said_within_the_time():
    began = time.monotonic()
    with pytest.raises(UserError, match=r"--coordinator 127.0.0.1:\d+: no answer within 0.5 s \(--distributed-timeout\)"):
        processes.join(f"127.0.0.1:{free_port()}", 2, 1, timeout=0.5)
    assert 0.4 < time.monotonic() - began < 2


@pytest.mark.parametrize("coordinator", ["host", "host:", ":1", "host:x", "host:0", "host:70000"])
def test_a_coordinator_is_a_host_and_a_port(coordinator):
    with pytest.raises(UserError, match="expected HOST:PORT"):
        processes.join(coordinator, 2, 0)


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 1])
def test_a_process_that_is_left_alone_ends_in_one_line_within_the_time(number, tmp_path):
    began = time.monotonic()
    process = start(number, free_port(), tmp_path / "run", timeout=3)
    _, errors = process.communicate(timeout=60)
    took = time.monotonic() - began
    print(f"process {number} alone: {took:.1f} s with a timeout of 3 s")
    assert process.returncode == 2
    assert re.fullmatch(r"error: .*\(--distributed-timeout\).*\n", errors)
    assert took < 3 + 7  # the imports of jax, on a machine that is busy
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 1])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_process_that_dies_or_is_silent_ends_the_other_in_one_line(victim, how, tmp_path):
    port = free_port()
    both = [start(number, port, tmp_path / "run") for number in range(2)]
    try:
        deadline = time.monotonic() + 120
        while not (tmp_path / "run" / "metrics.jsonl").exists():
            assert time.monotonic() < deadline
            assert all(process.poll() is None for process in both), [process.communicate() for process in both]
            time.sleep(0.2)
        both[victim].send_signal(how)
        began = time.monotonic()
        _, errors = both[1 - victim].communicate(timeout=60)
        print(f"process {victim} gone by {how.name}: the other ended after {time.monotonic() - began:.1f} s: {errors.strip()}")
        assert both[1 - victim].returncode == 2
        assert re.fullmatch(r"error: --distributed: another process of the run has ended or does not answer \(.*\)\n", errors)
        assert time.monotonic() - began < 5 + 5
    finally:
        for process in both:
            process.kill()
            process.communicate()


@pytest.mark.slow
def test_the_run_of_three_processes_of_which_one_died_goes_on_with_two(tmp_path):
    out, port = tmp_path / "run", free_port()

    def steps() -> list[int]:
        return [int(path.name) for path in out.glob("checkpoints/*") if path.name.isdecimal()]

    three = [start(number, port, out, count=3, flags=[*FLAGS, "--checkpoint-every", "100"]) for number in range(3)]
    try:
        deadline = time.monotonic() + 120
        while not steps():
            assert time.monotonic() < deadline
            time.sleep(0.1)
        three[1].kill()
        for number in (0, 2):
            _, errors = three[number].communicate(timeout=60)
            assert three[number].returncode == 2
            assert re.fullmatch(
                r"error: --distributed: another process of the run has ended or does not answer \(.*\)\n", errors
            )
    finally:
        for process in three:
            process.kill()
            process.communicate()
    last = max(steps()) + 50
    port, more = free_port(), ["--resume", "--mesh", "data=2", "--steps", str(last)]
    two = [start(number, port, out, flags=more) for number in range(2)]
    for process in two:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    assert last in steps()


def test_a_process_that_is_lost_while_a_checkpoint_is_written_is_what_is_said(monkeypatch):
    """The error of the checkpoint is only what came of it; a full disk is no lost process."""
    said: list[str] = []
    monkeypatch.setattr("jax.distributed.is_initialized", lambda: True)
    monkeypatch.setattr(processes, "_end", said.append)
    lost = UserError("checkpoint 100 cannot be written")
    lost.__cause__ = ValueError("UNKNOWN: Gloo AllGather failed: Connection closed by peer\nand a trace")
    processes.end_if_lost(lost)
    assert said == [f"{processes.LOST} (UNKNOWN: Gloo AllGather failed: Connection closed by peer)"]
    lost.__cause__ = ValueError(f"INTERNAL: {NO_SPACE}")
    processes.end_if_lost(lost)
    assert len(said) == 1


COMPILING = """
import sys
import threading
from jaxgan import command
from jaxgan.interrupts import interrupts
def main():
    import jax, jax.numpy as jnp
    def f(x):
        for i in range(3000): x = jnp.sin(x @ x) + jnp.cos(x) * i + jnp.sort(x)
        return x
    lowered = jax.jit(f).lower(jnp.ones((8, 8)))
    print("compiling", flush=True)
    with interrupts(*sys.argv[1:]):
        lowered.compile()
command.leave(command.run(main))
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("first", [[], ["stopping soon"]])
def test_an_interrupt_is_heard_while_jax_compiles(number, first):
    """A program that takes minutes to compile: an interrupt ends it within five seconds; where the first is only noted, the second does."""
    process = subprocess.Popen(
        [sys.executable, "-c", COMPILING, *first], env={**os.environ, "JAX_ENABLE_COMPILATION_CACHE": "false", "JAX_PLATFORMS": "cpu"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout and process.stderr
    assert process.stdout.readline() == "compiling\n"
    time.sleep(1)
    began = time.monotonic()
    process.send_signal(number)
    if first:
        assert process.stderr.readline() == "\n"
        assert process.stderr.readline() == "stopping soon\n"
        assert time.monotonic() - began < 5
        process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    print(f"{number.name}, {first or 'at once'}: ended after {time.monotonic() - began:.1f} s")
    assert (process.returncode, errors) == (130, "interrupted\n")
    assert time.monotonic() - began < 6


INTERRUPTED_LINE = "interrupted\n"
INTERRUPTED = "import os, signal, time; os.kill(os.getpid(), signal.SIG{}); time.sleep(5)"


@pytest.mark.parametrize("number", ["INT", "TERM"])
@pytest.mark.parametrize(
    "words", [["-m", "jaxgan.train"], ["-mjaxgan", "sample"], ["-c", "from jaxgan.__main__ import console; console()", "train"]]
)
def test_an_interrupt_while_a_command_is_imported_is_one_line(words, number, tmp_path):
    """In place of a library that all commands import stands one that interrupts the process."""
    (tmp_path / "tyro.py").write_text(INTERRUPTED.format(number))
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, cwd=tmp_path,
                          env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])})  # fmt: skip
    assert (done.returncode, done.stderr) == (130, "interrupted\n")


@pytest.mark.slow
def test_interrupts_in_the_first_second_of_a_command_are_one_line(tmp_path):
    """At 24 moments from .1 to 1 s: while it is imported, jax too, and while it begins."""
    command = [sys.executable, "-m", "jaxgan.train", *FLAGS, "--out", str(tmp_path / "run")]
    came = []
    for moment in np.linspace(0.1, 1.0, 24):
        shutil.rmtree(tmp_path / "run", ignore_errors=True)
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(moment)
        process.send_signal(signal.SIGINT)
        try:
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
        came.append((process.returncode, errors))
    print(f"{came.count((130, INTERRUPTED_LINE))} of {len(came)} interrupts ended in one line")
    assert came == [(130, INTERRUPTED_LINE)] * len(came)


def test_importing_jaxgan_leaves_the_handlers_as_they_are(tmp_path):
    program = "import signal; before = signal.getsignal(2); import jaxgan; from jaxgan import Config; assert signal.getsignal(2) is before"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "__init__.py").write_text(program)
    (tmp_path / "mine" / "__main__.py").touch()
    surroundings = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    subprocess.run([sys.executable, "-m", "mine", "jaxgan.train"], check=True, env=surroundings)


def test_the_first_interrupt_is_noted_and_the_second_ends(capsys):
    from jaxgan.interrupts import interrupts

    before = signal.getsignal(signal.SIGINT)

    def interrupted_twice() -> None:
        with interrupts("stopping soon") as interrupted:
            assert not interrupted()
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.2)
            assert interrupted()
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(1)

    with pytest.raises(KeyboardInterrupt):
        interrupted_twice()
    assert signal.getsignal(signal.SIGINT) is before
    assert capsys.readouterr().err == "\nstopping soon\n"


def test_an_interrupt_is_heard_where_an_exception_would_be_lost(tmp_path, monkeypatch, capfd):
    """While garbage is collected Python passes over exceptions, and an import that ends by one leaves a module half made."""
    from jaxgan import interrupts as module
    from jaxgan.interrupts import interrupts

    monkeypatch.setattr(module, "PATIENCE", 60.0)  # a busy machine may take longer than a user would wait

    def interrupted(phase: str, info: object) -> None:
        if phase == "start" and not sent:
            sent.append(phase)
            os.kill(os.getpid(), signal.SIGINT)

    sent: list[str] = []

    def wait() -> None:
        end = time.monotonic() + 30
        while time.monotonic() < end:
            pass

    def in_a_collection() -> None:
        with interrupts():
            gc.callbacks.append(interrupted)
            gc.collect()
            gc.callbacks.remove(interrupted)
            wait()

    class Interrupted(set):
        def discard(self, item: object) -> None:
            os.kill(os.getpid(), signal.SIGINT)

    def in_a_weak_set() -> None:
        members = weakref.WeakSet()
        members.data = Interrupted()
        with interrupts():
            members.add(threading.Event())  # and let go at once: the set's own callback is called
            wait()

    def in_an_import() -> None:
        with interrupts():
            importlib.import_module("mine_interrupted")
            wait()

    (tmp_path / "mine_interrupted.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nwhole = True\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for lost in (in_a_collection, in_a_weak_set, in_an_import):
        with pytest.raises(KeyboardInterrupt):
            lost()
    assert sys.modules.pop("mine_interrupted").whole
    assert capfd.readouterr().err == ""


def test_an_interrupt_of_a_command_is_one_line_and_exit_code_130(capsys):
    from jaxgan import command

    assert command.run(lambda: os.kill(os.getpid(), signal.SIGINT) or time.sleep(1)) == 130
    assert capsys.readouterr().err == "interrupted\n"
