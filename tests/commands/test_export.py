"""`python -m jaxgan.export`: what it writes, and one line for what cannot be."""

import shutil
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import jaxgan
from jaxgan import runs
from jaxgan.__main__ import main as console

OLD_RUNS = Path(__file__).parents[1] / "old_runs"
export = import_module("jaxgan.export")  # the command; `jaxgan.export` is the function


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return Path(shutil.copytree(OLD_RUNS / "ring8", tmp_path_factory.mktemp("run") / "ring8"))


def refused(capsys, *argv):
    assert export.main([str(word) for word in argv]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_the_function_keeps_its_name_when_the_command_is_imported():
    assert jaxgan.export is runs.export and callable(export.main)


def test_it_writes_a_folder_and_prints_its_files(run, capsys):
    assert console(["export", str(run), "--format", "safetensors", "--license", "cc0-1.0"]) == 0
    folder = run / "exports" / "safetensors"
    assert capsys.readouterr().out.split() == [
        str(folder / name) for name in ("generator.safetensors", "generator.json", "README.md")
    ]
    again, before = jaxgan.load(folder), jaxgan.load(run)
    np.testing.assert_array_equal(again.sample(9)[0], before.sample(9)[0])
    assert 'license: "cc0-1.0"' in (folder / "README.md").read_text()


def test_onnx_is_what_is_written_where_nothing_is_said(run, tmp_path):
    pytest.importorskip("onnx")
    assert export.main([str(run), "--out", str(tmp_path / "here")]) == 0
    assert sorted(path.name for path in (tmp_path / "here").iterdir()) == ["README.md", "generator.json", "generator.onnx"]


def test_what_cannot_be_is_said_in_one_line_and_nothing_is_written(run, tmp_path, capsys, monkeypatch):
    before = sorted(run.rglob("*"))
    assert "is no run folder" in refused(capsys, tmp_path)
    assert "did you mean 'onnx'" in refused(capsys, run, "--format", "onx")
    assert "--pixels is for --format onnx" in refused(capsys, run, "--format", "torch", "--pixels")
    assert "these samples are 2" in refused(capsys, run, "--pixels")
    assert "--replica 7" in refused(capsys, run, "--replica", "7")
    (tmp_path / "file").write_text("")
    assert "--out" in refused(capsys, run, "--out", tmp_path / "file")
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert refused(capsys, run, "--out", tmp_path / "no").endswith("pip install 'jaxgan[export]'")
    assert sorted(run.rglob("*")) == before and not (tmp_path / "no").exists()
