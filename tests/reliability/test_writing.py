"""What cannot be written is one line, before the work where that can be known; no earlier file is lost, and no computed figure."""

import errno
import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from jaxgan.files import WriteError, append, check_folder_writable, check_writable, replacing, write_atomically
from jaxgan.folder import RunFolder
from jaxgan.report.images import save_image, save_strip
from jaxgan.report.listeners import Curves, SamplePictures
from jaxgan.report.samples import SampleView, save_interpolation, save_samples
from jaxgan.runs.sweep import write_table

REASONS = {
    "folder.txt": "Is a directory",
    "file/x.txt": "Not a directory|File exists",
    "file/a/x.txt": "Not a directory",
    "x" * 300: "File name too long",
    "/proc/none/x.txt": "No such file or directory",
}


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.txt").mkdir()
    (tmp_path / "file").write_text("here")
    return tmp_path


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


WRITERS = {
    "write_atomically": lambda path: write_atomically(path, b"x"),
    "append": lambda path: append(path, b"x"),
    "a picture": lambda path: save_image(path, np.zeros((2, 2, 1), np.uint8)),
    "a strip": lambda path: save_strip(path, np.zeros((2, 2, 2, 1), np.float32)),
    "samples": lambda path: save_samples(path.with_suffix(path.suffix and ".npz"), np.zeros((2, 2), np.float32)),
    "an interpolation": lambda path: save_interpolation(
        path.with_suffix(path.suffix and ".npz"), np.zeros((2, 2, 2, 1), np.float32)
    ),
}


@pytest.mark.parametrize("path", [path for path in REASONS if path != "folder.txt"])
@pytest.mark.parametrize("writer", WRITERS)
def test_every_writer_names_the_path_and_the_reason_and_leaves_nothing(writer, path, place):
    before = names(place)
    with pytest.raises(WriteError, match=REASONS[path]) as refused:
        WRITERS[writer](Path(path))
    assert str(refused.value).startswith(str(Path(path).with_suffix(""))[:200])
    assert "\n" not in str(refused.value)
    assert names(place) == before


@pytest.mark.parametrize("writer", ["write_atomically", "append", "a picture"])
def test_a_folder_in_the_place_of_the_file(writer, place):
    with pytest.raises(WriteError, match="Is a directory"):
        WRITERS[writer](Path("folder.txt"))
    assert names(place) == ["file", "folder.txt"]


@pytest.mark.parametrize("path", REASONS)
def test_the_check_before_the_work_refuses_what_the_writing_would(path, place):
    with pytest.raises(WriteError, match=r"--out"):
        check_writable(path, "--out")
    if path != "folder.txt":
        with pytest.raises(WriteError, match=r"--out"):
            check_folder_writable(path, "--out")
    assert names(place) == ["file", "folder.txt"]


def test_the_check_leaves_what_can_be_written_as_it_is(place):
    for path in ("new.txt", "a/b/c.txt", "file", "é" * 100):
        check_writable(path)
    assert names(place) == ["file", "folder.txt"]


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_the_old_file_whole_and_no_other(place, monkeypatch):
    def write_half() -> None:
        with replacing("file") as file:
            file.write(b"half")
            full()

    with pytest.raises(WriteError, match=r"file cannot be written: No space left"):
        write_half()
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(WriteError, match=r"file cannot be written: No space left"):
        write_atomically("file", b"new")
    assert Path("file").read_text() == "here"
    assert names(place) == ["file", "folder.txt"]


def test_a_name_as_long_as_the_file_system_takes_can_be_written(place):
    write_atomically("x" * 255, b"1")
    assert Path("x" * 255).read_bytes() == b"1"


def test_devices_and_links_stay_what_they_are(place):
    write_atomically("/dev/null", b"x")
    assert Path("/dev/null").is_char_device()
    Path("link").symlink_to("file")
    write_atomically("link", b"new")
    assert Path("link").is_symlink()
    assert Path("file").read_bytes() == b"new"


def test_what_a_run_writes_replaces_a_link_or_a_pipe_in_its_folder(place, monkeypatch):
    """A run folder from elsewhere may hold links to files that are not the run's: `file` stands for one."""
    files = RunFolder(place / "run")
    files.samples.mkdir(parents=True)
    write_atomically(files.config, b"{}")
    write_atomically(files.metrics, b'{"step": 1, "critic_loss": 0.5}\n')
    picture = files.samples / "step_00000001.png"
    outputs = [files.evaluation, files.curves, picture]
    for path in outputs:
        path.symlink_to(place / "file")
    outputs.append(files.path / "sample.png")
    os.mkfifo(outputs[-1])
    monkeypatch.setattr("jaxgan.runs.evaluate", lambda *_, **__: EVALUATION)
    monkeypatch.setattr("jaxgan.runs.load", lambda *_, **__: None)
    sample = importlib.import_module("jaxgan.sample")
    monkeypatch.setattr(sample, "draw", lambda run, options, out: write_atomically(out, b"a picture"))
    assert importlib.import_module("jaxgan.evaluate").main([str(files.path)]) == 0
    assert sample.main([str(files.path)]) == 0
    Curves(files.metrics, files.curves).on_end(1)
    view = SampleView(None, 0)
    SamplePictures(files.samples, view=view).on_sample(1, [np.zeros((4, 8, 8, 1), np.float32)], [np.zeros(4, np.int32)])
    assert [path for path in outputs if path.is_symlink() or not path.is_file()] == []
    assert (place / "file").read_text() == "here"
    link = place / "link.json"
    link.symlink_to(place / "file")
    assert importlib.import_module("jaxgan.evaluate").main([str(files.path), "--out", str(link)]) == 0  # named by the user
    assert link.is_symlink() and "fid_lab_10k" in (place / "file").read_text()


LIMITED = """
import resource, sys
from jaxgan.files import WriteError, append, write_atomically
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
append("log", b"1" * 900)
for write in (append, write_atomically):
    try:
        write("log", b"2" * 1900)
    except WriteError as error:
        print(error)
"""


def test_what_is_appended_is_whole_or_not_there(place):
    """A file that may have 1,000 bytes takes a line of 900, and of the next one nothing."""
    done = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines() == ["log cannot be written: File too large"] * 2
    assert Path("log").read_bytes() == b"1" * 900


EVALUATION = {"replicas": [{}], "mean": {"fid_lab_10k": 12.345678}, "std": {"fid_lab_10k": 0.0}}


def test_computed_figures_are_printed_where_they_cannot_be_written(place, monkeypatch, capsys):
    (place / "run").mkdir()
    (place / "run" / "config.json").write_text("{}")
    monkeypatch.setattr("jaxgan.runs.evaluate", lambda *_, **__: EVALUATION)
    monkeypatch.setattr(os, "replace", full)
    command = importlib.import_module("jaxgan.evaluate")
    assert command.main(["run"]) == 2
    said = capsys.readouterr()
    assert "12.35" in said.out
    assert said.err == "error: run/evaluation.json cannot be written: No space left on device\n"

    def pictures_fail(*_: object, **__: object) -> None:
        error = WriteError("neighbours.png cannot be written: No space left on device")
        error.computed = EVALUATION
        raise error

    monkeypatch.undo()
    monkeypatch.chdir(place)
    monkeypatch.setattr("jaxgan.runs.evaluate", pictures_fail)
    assert command.main(["run"]) == 2
    said = capsys.readouterr()
    assert "12.35" in said.out
    assert json.loads((place / "run" / "evaluation.json").read_text())["mean"] == EVALUATION["mean"]
    assert said.err.count("\n") == 1


def test_a_sweeps_table_is_printed_where_it_cannot_be_written(place, capsys):
    with pytest.raises(WriteError, match="table"):
        write_table([{"n_critic": 1, "critic_loss mean": 1.5, "critic_loss std": 0.25}], place / "file")
    assert "| 1 | 1.5 ± 0.25 |" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("size", ["64k", "300k", "3m"])
def test_a_full_file_system_ends_a_run_in_one_line_and_loses_no_checkpoint(size, tmp_path):
    """A small file system in memory, where it may be mounted; when there is room again, --resume goes on from the last checkpoint."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o"]
    if subprocess.run([*mount, f"size={size}", "tmpfs", str(disk)], capture_output=True).returncode:
        pytest.skip("no file system may be mounted here")
    flags = ["--dataset", "ring8", "--recipe", "toy", "--batch-size", "8", "--hidden-dim", "64", "--steps", "400", "--checkpoint-every", "5",
             "--keep-checkpoints", "1000", "--log-every", "1"]  # fmt: skip
    train = [sys.executable, "-m", "jaxgan.train", "--out", str(disk / "run")]
    try:
        done = subprocess.run([*train, *flags], capture_output=True, text=True, timeout=300)
        assert done.returncode == 2, done.stderr
        assert re.fullmatch(r"error: .*No space left on device.*\n", done.stderr)
        before = [int(path.name) for path in (disk / "run" / "checkpoints").glob("[0-9]*") if path.name.isdigit()]
        assert size != "3m" or max(before) >= 5
        subprocess.run([*mount, "remount,size=100m", "tmpfs", str(disk)], check=True)
        again = ["--resume"] if (disk / "run").exists() else flags  # nothing had come of the run: its folder is not there
        done = subprocess.run([*train, *again], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        steps = [json.loads(line)["step"] for line in (disk / "run" / "metrics.jsonl").read_text().splitlines()]
        assert steps == list(range(1, 401))
        print(
            f"a disk of {size} was full after the checkpoint of step {max(before, default=0)}: {done.stdout.splitlines()[-2]}"
        )
    finally:
        subprocess.run(["umount", str(disk)], check=True)
