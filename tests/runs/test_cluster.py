"""`--cluster`: the programs of a sweep as tasks of Dask's workers, real ones that are killed too; the table is that of a sweep without them."""

import contextlib
import dataclasses
import importlib
import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from rich.console import Console

from experiments import lab
from jaxgan import Config
from jaxgan.errors import BusyError, UserError
from jaxgan.folder import RunFolder
from jaxgan.interrupts import interrupted_by, interrupts
from jaxgan.report.many_runs import ManyRuns
from jaxgan.runs import cluster
from jaxgan.runs.lock import locked

sweep = importlib.import_module("jaxgan.sweep")  # the command: jaxgan.sweep is the function
psutil = pytest.importorskip("psutil")
distributed = pytest.importorskip("distributed")
BASE = [
    "--dataset",
    "ring8",
    "--recipe",
    "toy",
    "--optimizer",
    "momentum",
    "--hidden-dim",
    "8",
    "--batch-size",
    "8",
    "--seed",
    "3",
]
GRID = ["--grid", "n_critic=1,2", "--seeds", "1", "--learning-rate", "0.002"]  # two programs
TINY, LONG = ["--steps", "3"], ["--steps", "6000", "--log-every", "500", "--checkpoint-every", "500", "--sample-every", "6000"]


def swept(out: Path, *flags: str) -> bytes:
    """The table of a sweep."""
    assert sweep.main([*GRID, *BASE, *flags, "--out", str(out)]) == 0
    return (out / "table.csv").read_bytes()


def wait_for(what, seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def here():
    """The address of a scheduler in this process, and of a worker in a thread of it."""
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, protocol="inproc", memory_limit=0, dashboard_address=None
    ) as own:
        yield own.scheduler_address


@contextlib.contextmanager
def machines(count: int):
    """A scheduler and workers of their own, as README starts them: its address, and the processes, the scheduler's first."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path]), "JAX_PLATFORMS": "cpu"}

    def started(*words: str) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *words, "--no-dashboard"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )  # fmt: skip

    with distributed.LocalCluster(n_workers=0, dashboard_address=None) as free:
        address = free.scheduler_address
    host, _, port = address.rpartition("/")[2].partition(":")
    running = [started("scheduler", "--host", host, "--port", port)]
    try:
        running += [
            started("worker", address, "--nthreads", "1", "--memory-limit", "0", "--no-nanny", "--name", f"worker {i}")
            for i in range(count)
        ]
        yield f"{host}:{port}", running
    finally:
        for process in running:
            process.kill()
            process.wait()


def a_worker_with(out: Path, pattern: str, workers: list[subprocess.Popen]) -> tuple[subprocess.Popen, Path]:
    """The first worker that holds the lock of a program in whose folder there is such a file; and the folder."""
    found: list[tuple[subprocess.Popen, Path]] = []

    def look() -> bool:
        for worker in workers:
            held = {
                Path(file.path).parent for file in psutil.Process(worker.pid).open_files() if Path(file.path).name == ".lock"
            }
            found.extend((worker, folder) for folder in held if folder.parent == out and list(folder.glob(pattern)))
        return bool(found)

    wait_for(look)
    return found[0]


def test_a_worker_trains_what_a_sweep_without_one_trains(here, tmp_path, capsys):
    alone = swept(tmp_path / "alone", *TINY)
    assert swept(tmp_path / "spread", *TINY, "--cluster", here) == alone
    said = capsys.readouterr().out
    assert f"program 1 begins on {here.rpartition('/')[0]}" in said and "program 2 is finished (2 of 2)" in said
    (tmp_path / "spread" / "program_1" / "result.json").unlink()
    assert swept(tmp_path / "spread", *TINY, "--cluster", here, "--resume") == alone
    assert "program 1: finished before" in capsys.readouterr().out


def test_ctrl_c_stops_after_a_checkpoint_and_resume_goes_on(here, tmp_path, capsys):
    flags = ["--steps", "60000", "--log-every", "60000", "--checkpoint-every", "60000", "--sample-every", "60000"]
    out = tmp_path / "out"

    def interrupt() -> None:
        wait_for((out / "program_0" / "environment.json").exists)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    assert sweep.main([*GRID, *BASE, *flags, "--out", str(out), "--cluster", here]) == 130
    thread.join()
    said = capsys.readouterr().err
    assert said.endswith(f"interrupted; the same command with --out {out} --resume goes on\n")
    (checkpoint,) = (out / "program_0" / "checkpoints").glob("[0-9]*")
    assert int(checkpoint.name) < 60000
    assert not (out / "program_1").exists()


def test_an_error_of_a_program_is_one_line_that_names_it(here, tmp_path, capsys):
    out = tmp_path / "out"
    assert sweep.main([*GRID, *BASE, "--mesh", "data=64", "--out", str(out), "--cluster", here]) == 2
    assert capsys.readouterr().err.startswith("error: program 1: --mesh data=64 asks for 64 devices")
    assert not out.exists()


def test_the_runs_of_an_experiment_are_trained_at_workers_before_they_are_read(here, tmp_path, monkeypatch, capsys):
    options = lab.Options(True, 1, tmp_path, None, cluster=here)
    config = Config(dataset="ring8", recipe="toy", hidden_dim=8, batch_size=8, steps=2)
    work = {f"seed {seed}": (tmp_path / f"run_{seed}", dataclasses.replace(config, seed=seed)) for seed in (0, 1)}
    assert lab.train_all(options, work) == {row: folder for row, (folder, _) in work.items()}
    said = capsys.readouterr().out
    assert f"{tmp_path / 'run_0'} begins on inproc://" in said and "is finished (2 of 2)" in said
    assert f"{tmp_path / 'run_1'}: is trained" in said
    assert all(lab.is_finished(folder) for folder, _ in work.values())
    monkeypatch.setattr(lab, "spread", None)
    lab.train_all(options, work)  # nothing is left


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("127.0.0.1:1", "no scheduler of Dask answers there"),
        ("nowhere.invalid:1", "no scheduler of Dask answers there"),
        ("host:port", "no scheduler of Dask answers there"),
        ("local:0", "expected local:N"),
        ("local:two", "expected local:N"),
    ],
)
def test_an_address_that_cannot_be_is_refused(address, words, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(cluster, "ANSWER", 0.5)
    assert sweep.main([*GRID, *BASE, *TINY, "--cluster", address, "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: --cluster {address}: {words}") and said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_without_dask_the_package_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert sweep.main([*GRID, *BASE, *TINY, "--cluster", "local:2", "--out", str(tmp_path / "out")]) == 2
    assert "pip install 'jaxgan[cluster]'" in capsys.readouterr().err


def test_a_worker_that_cannot_do_the_work_is_refused(tmp_path):
    cluster._check_worker("tcp://there:1", 1, None, cluster._versions(), tmp_path)
    with pytest.raises(UserError, match=r"the worker tcp://there:1 has jax [\d.]+ and not 0.1: start it in the environment"):
        cluster._check_worker("tcp://there:1", 1, None, {**cluster._versions(), "jax": "0.1"}, tmp_path)
    with pytest.raises(UserError, match="does 4 tasks at a time: start it with --nthreads 1"):
        cluster._check_worker("tcp://there:1", 4, None, cluster._versions(), tmp_path)
    with pytest.raises(UserError, match=r"may use 2.0 GiB alone, .* --memory-limit 0"):
        cluster._check_worker("tcp://there:1", 1, 2**31, cluster._versions(), tmp_path)
    with pytest.raises(UserError, match=r"does not see .*absent.* a folder that all machines share"):
        cluster._check_worker("tcp://there:1", 1, None, cluster._versions(), tmp_path / "absent")


def test_a_run_that_another_process_trains_is_busy(tmp_path):
    with locked(RunFolder(tmp_path)), pytest.raises(BusyError), locked(RunFolder(tmp_path)):
        pass


def test_in_a_thread_an_interrupt_is_what_its_owner_says():
    heard = []

    def work() -> None:
        for owner in (lambda: True, lambda: False):
            with interrupted_by(owner), interrupts() as interrupted:
                heard.append(interrupted())
        with interrupts() as interrupted:
            heard.append(interrupted())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert heard == [True, False, False]


@pytest.mark.parametrize("terminal", [False, True])
def test_all_runs_are_shown_in_one_view(terminal):
    written, now = io.StringIO(), [0.0]
    console = Console(file=written, force_terminal=terminal, width=100, _environ={"TERM": "xterm"})
    with ManyRuns(["a", "b", "c"], console, clock=lambda: now[0]) as view:
        view.on_start("a", 0, 1000, "tcp://one")
        view.on_start("b", 250, 1000, "tcp://two")
        view.on_chunk("a", 10, "critic 1.0")
        now[0] = 11.0
        view.on_chunk("a", 500, "critic 0.5")
        view.on_finish("b")
        view.on_chunk("b", 900, "told late")
    said = written.getvalue()
    for line in ("a begins on tcp://one", "b goes on at step 250 on tcp://two", "b is finished (1 of 3)"):
        assert line in said
    assert ("0 of 3 finished  a: step 500 of 1,000  b: step 250 of 1,000" in said) is not terminal
    assert ("critic 0.5" in said) is terminal
    assert "step 10 " not in said and "told late" not in said


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_has_its_program_finished_by_another(tmp_path, capsys):
    """Two workers as on two machines; the table is that of a sweep without any, bit for bit."""
    alone = swept(tmp_path / "alone", *LONG)
    out = tmp_path / "out"
    killed = []

    def kill() -> None:
        worker, program = a_worker_with(out, "checkpoints/[0-9]*00", running[1:])
        worker.kill()
        killed.append((program / "result.json").exists())

    with machines(2) as (address, running):
        thread = threading.Thread(target=kill)
        thread.start()
        table = swept(out, *LONG, "--cluster", address)
        thread.join()
    said = capsys.readouterr().out
    print(said)
    assert killed == [False], "the worker was killed too late"
    assert "goes on at step" in said
    assert table == alone


@pytest.mark.slow
@pytest.mark.parametrize("cluster", ["local:2", "local:1"])
def test_workers_of_this_machine_come_to_the_same_table(cluster, tmp_path):
    flags = ["--steps", "300", "--metrics-every", "100", "--metrics-samples", "500"]
    assert swept(tmp_path / "spread", *flags, "--cluster", cluster) == swept(tmp_path / "alone", *flags)


@pytest.mark.slow
def test_a_worker_that_is_told_to_end_saves_a_checkpoint_first(tmp_path, capsys):
    """SIGTERM, as Slurm and Kubernetes send it: the other worker goes on from that very step."""
    out = tmp_path / "out"
    flags = ["--steps", "40000", "--log-every", "50", "--checkpoint-every", "40000", "--sample-every", "40000"]

    ended = []

    def end() -> None:
        ended.append(a_worker_with(out, "metrics.jsonl", running[1:])[0])
        ended[0].terminate()

    with machines(2) as (address, running):
        thread = threading.Thread(target=end)
        thread.start()
        swept(out, *flags, "--cluster", address)
        thread.join()
        assert ended[0].wait(timeout=60) == 0
    said = capsys.readouterr().out
    print(said)
    assert "goes on at step" in said


ENDING = """
import multiprocessing, os
import numpy as np
def points():
    if multiprocessing.parent_process():
        os._exit(1)
    return np.zeros((64, 2), np.float32)
"""


@pytest.mark.slow
def test_a_program_that_ends_every_worker_is_given_up_in_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine_ending.py").write_text(ENDING)
    flags = [
        *GRID,
        "--dataset",
        "mine_ending:points",
        "--steps",
        "3",
        "--hidden-dim",
        "8",
        "--out",
        "out",
        "--cluster",
        "local:1",
    ]
    assert sweep.main(flags) == 2
    assert re.search(
        r"^error: program 1: 4 workers were lost over it, and none came further than step 0", capsys.readouterr().err, re.M
    )


@pytest.mark.slow
def test_a_scheduler_that_is_lost_ends_the_sweep_in_one_line_and_another_goes_on(tmp_path, capsys):
    out = tmp_path / "out"

    def kill() -> None:
        wait_for(lambda: list(out.glob("program_0/checkpoints/[0-9]*")))
        running[0].kill()

    with machines(1) as (address, running):
        thread = threading.Thread(target=kill)
        thread.start()
        assert sweep.main([*GRID, *BASE, *LONG, "--out", str(out), "--cluster", address]) == 2
        thread.join()
        said = capsys.readouterr()
        assert said.err.startswith(f"error: --cluster {address}: the scheduler no longer answers") and said.err.count("\n") == 1
        running[1].wait(timeout=60)
    print(said)
    with machines(1) as (address, running):
        table = swept(out, *LONG, "--cluster", address, "--resume")
    assert "program 1 goes on at step" in capsys.readouterr().out
    assert table == swept(tmp_path / "alone", *LONG)
