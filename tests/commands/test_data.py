"""`python -m jaxgan.data`: what a training would see."""

import re

import numpy as np
import pytest
from PIL import Image

from jaxgan.data.__main__ import main
from jaxgan.runs.survey import Cost


@pytest.fixture
def folder(tmp_path):
    """Eleven pictures of 8x8 in two classes, two of them equal."""
    rng = np.random.default_rng(0)
    for name, count in (("cats", 3), ("dogs", 8)):
        (tmp_path / "set" / name).mkdir(parents=True)
        for number in range(count):
            pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8) if number else np.zeros((8, 8, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "set" / name / f"{number}.png")
    return tmp_path / "set"


def test_counts_classes_duplicates_and_a_grid(folder, capsys):
    grid = folder.parent / "grid.png"
    assert main([f"folder:{folder}", "--grid", str(grid), "--no-cost"]) == 0
    told = capsys.readouterr().out
    assert "samples of 8x8x3, in memory" in told
    assert re.search(r"cats +3 +27\.3 %\s+dogs +8 +72\.7 %", told)
    assert "1 of 11 samples equal an earlier one" in told
    with Image.open(grid) as picture:
        assert picture.width > picture.height > 64


def test_the_cost_of_a_training_with_the_flags(monkeypatch, tmp_path, capsys):
    """How long it takes is what `measure_cost` found; that is tried by itself."""
    monkeypatch.setattr("jaxgan.runs.survey.measure_cost", lambda program: Cost(2.0, 0.5, 10**6))
    monkeypatch.chdir(tmp_path)
    assert main(["ring8", "--variant", "wgan", "--hidden-dim", "8", "--steps", "20000"]) == 0
    told = capsys.readouterr().out
    assert "ring8: samples of 2, drawn afresh" in told
    assert "a training: wgan, recipe paper, generator mlp, critic mlp, 20,000 steps" in told
    assert "about 2 h 46 min for 20,000 steps of 500.0 ms each" in told
    assert "quicker with some of: --n-critic 1, --steps 5000" in told
    assert not list(tmp_path.iterdir())  # points that are drawn afresh have no grid


def test_a_recipe_that_fixes_a_sample_counts_epochs_of_it(tmp_path, monkeypatch, capsys):
    """Lab 003: 200 epochs of 10,000 points in batches of 500."""
    monkeypatch.setattr("jaxgan.runs.survey.measure_cost", lambda program: Cost(2.0, 0.5, 10**6))
    monkeypatch.chdir(tmp_path)
    assert main(["gaussian", "--recipe", "lab003", "--variant", "gan", "--hidden-dim", "4"]) == 0
    assert "4,000 steps of batch 500" in capsys.readouterr().out


def test_a_table_has_a_figure(tmp_path, capsys):
    (tmp_path / "t.csv").write_text("height,weight\n1,2\n3,5\n3,5\n4,4\n")
    assert main([f"csv:{tmp_path / 't.csv'}", "--grid", str(tmp_path / "t.png"), "--no-cost"]) == 0
    assert "duplicates: 1 of 4 samples equal an earlier one" in capsys.readouterr().out
    with Image.open(tmp_path / "t.png") as picture:
        assert np.asarray(picture.convert("L")).std() > 10


def test_every_file_that_cannot_be_read_is_named_and_left_out(folder, capsys):
    (folder / "cats" / "broken.png").write_bytes(b"no picture")
    whole = (folder / "dogs" / "7.png").read_bytes()
    (folder / "dogs" / "7.png").write_bytes(whole[: len(whole) // 2])
    assert main([str(folder), "--grid", str(folder.parent / "grid.png"), "--no-cost"]) == 0
    told = capsys.readouterr().out
    assert len(re.findall(r"cannot be read: \S+/(cats/broken|dogs/7)\.png: not readable", told)) == 2
    assert "a training ends at these files: --skip-unreadable leaves them out" in told
    assert "data: 10 samples read" in told


def test_what_cannot_be_is_one_line(tmp_path, capsys):
    assert main([f"folder:{tmp_path / 'none'}"]) == 2
    assert main(["ring8", "--batch-size", "0"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "no such folder" in lines[0]
    assert "--batch-size" in lines[1]
