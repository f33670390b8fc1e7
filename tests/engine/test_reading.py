"""Further processes read the same pictures, end with the run, and say what went wrong in them."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import chex
import jax
import numpy as np
import pytest
from PIL import Image

from jaxgan import runs
from jaxgan.data import load
from jaxgan.engine import reading
from jaxgan.errors import UserError
from jaxgan.settings import Config
from tests.tiny import plain


def folder_of(path, n=12):
    noise = np.random.default_rng(0).integers(0, 255, (n, 28, 28), np.uint8)
    for i in range(n):
        (path / f"class{i % 2}").mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise[i]).save(path / f"class{i % 2}" / f"{i:02}.png")
    return path


def records_of(path):
    return load(f"folder:{path}", memory=1).records


@pytest.fixture
def beside(tmp_path):
    """Two processes that read twelve pictures."""
    reader = reading.ProcessReader(records_of(folder_of(tmp_path / "pictures")), 2)
    reader.start()
    yield reader
    reader.stop()


def is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def soon(condition, seconds=30) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_they_read_what_is_read_here(beside):
    rows = np.array([3, 0, 11, 3])
    for ours, theirs in zip(beside.read(rows), reading.ThreadReader(beside._records).read(rows), strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert ours.dtype == theirs.dtype


def test_each_asks_in_a_process_of_its_own_and_not_in_this_one(beside):
    futures = [beside._pool.submit(os.getpid) for _ in range(40)]
    assert os.getpid() not in {future.result() for future in futures}
    assert len(beside._pool._processes) == 2


def test_they_leave_the_accelerator_alone_and_interrupts_to_the_training(beside):
    assert beside._pool.submit(os.getenv, "JAX_PLATFORMS").result() == "cpu"
    reader = beside._pool.submit(os.getpid).result()
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(reader, number)
    assert all(beside._pool.submit(os.getpid).result() in beside._pool._processes for _ in range(20))
    assert reader in beside._pool._processes and is_there(reader)


def test_a_picture_that_cannot_be_read_is_named(beside, tmp_path):
    path = tmp_path / "pictures" / "class1" / "01.png"
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(UserError, match=r"class1/01.png: not readable as a picture"):
        beside.read(np.arange(12))
    beside.read(np.arange(6))  # class0 still is


def test_a_process_that_ends_is_told_of(beside):
    reader = beside._pool.submit(os.getpid).result()
    os.kill(reader, signal.SIGKILL)

    def refused() -> bool:
        try:
            beside.read(np.arange(12))
        except UserError as error:
            return "a process that reads pictures ended" in str(error) and "--readers 0" in str(error)
        return False

    assert soon(refused)


def test_a_data_set_that_cannot_be_given_to_a_process_is_told_of():
    class Locked:
        lock = threading.Lock()

        def __len__(self):
            return 1

        def __getitem__(self, row):
            return np.zeros((8, 8, 1), np.uint8), 0

    with pytest.raises(UserError, match=r"cannot be given to further processes \(cannot pickle .*\): --readers 0"):
        reading.ProcessReader(Locked(), 1).start()


def test_their_number_is_that_of_the_machine(tmp_path, monkeypatch):
    records = records_of(folder_of(tmp_path))
    monkeypatch.setattr(reading, "usable_cores", lambda: 16)
    assert isinstance(reading.reader_of(records), reading.ThreadReader), "a processor trains itself"
    assert reading.reader_of(records, 3).threads == 3 + reading.AHEAD
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    for cores, threads in ((16, 8 + reading.AHEAD), (4, 3 + reading.AHEAD)):
        monkeypatch.setattr(reading, "usable_cores", lambda cores=cores: cores)
        assert reading.reader_of(records).threads == threads
    assert isinstance(reading.reader_of(records, 0), reading.ThreadReader)
    monkeypatch.setattr(reading, "usable_cores", lambda: 1)
    assert isinstance(reading.reader_of(records), reading.ThreadReader)


def test_they_stop_and_start_again(beside):
    before = list(beside._pool._processes)
    beside.stop()
    assert soon(lambda: not any(map(is_there, before)))
    beside.start()
    beside.start()
    assert len(beside.read(np.arange(3))[0]) == 3
    assert not set(before) & set(beside._pool._processes)


def test_a_run_is_the_same_whoever_reads_and_ends_them(tmp_path, monkeypatch):
    started, start = [], reading.ProcessReader.start
    monkeypatch.setattr(reading.ProcessReader, "start", lambda reader: (start(reader), started.append(reader)))
    fields = dict(dataset=f"folder:{folder_of(tmp_path / 'pictures')}", network="fc", recipe="paper", hidden_dim=8, batch_size=4, n_critic=2,
                  latent_dim=3, conditional=True, stream="always")  # fmt: skip
    here = runs.fit(Config(**fields, steps=3, readers=0, out=tmp_path / "here"), progress=False)
    assert not started
    runs.fit(Config(**fields, steps=2, readers=2, out=tmp_path / "beside"), progress=False)
    beside = runs.fit(Config(out=tmp_path / "beside", resume=True, steps=3, readers=1), progress=False)
    chex.assert_trees_all_equal(plain(beside.state), plain(here.state))
    assert [reader.threads - reading.AHEAD for reader in started[:1] + started[-1:]] == [2, 1]
    assert all(reader._pool is None for reader in started)


@pytest.mark.parametrize("ending", ["finished", pytest.param("killed", marks=pytest.mark.slow)])
def test_none_outlives_a_script_without_a_guard(ending, tmp_path):
    """The script is run once, ends at once with its readers, and where it is killed they end too, after a while of nothing to read."""
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(f"""
        import os, time
        import numpy as np
        from jaxgan.data import load
        from jaxgan.engine import reading
        reading.IDLE_SECONDS = 2.0
        print("begun", flush=True)
        reader = reading.ProcessReader(load("folder:{folder_of(tmp_path / "pictures")}", memory=1).records, 2)
        reader.start()
        assert len(reader.read(np.arange(12))[0]) == 12
        print(*reader._pool._processes, flush=True)
        {"time.sleep(600)" if ending == "killed" else ""}
        """)
    )
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout.readline() == "begun\n"
        readers = [int(word) for word in running.stdout.readline().split()]
        assert len(readers) == 2
        if ending == "killed":
            running.kill()
        assert running.wait(30) == (-signal.SIGKILL if ending == "killed" else 0)
        assert running.stdout.read() == ""
    assert soon(lambda: not any(map(is_there, readers)))
