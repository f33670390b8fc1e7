"""`python -m jaxgan.sample` by seeds, into folders, on ways through the latents: on a stored run of 16x16 digits in ten classes."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import jaxgan
from jaxgan.engine.directions import directions
from jaxgan.engine.latents import seed_latents
from jaxgan.runs.samples import read_seeds
from jaxgan.sample import main

OLD_RUNS = Path(__file__).parents[1] / "old_runs"
RUN = str(OLD_RUNS / "digits")


def refusal(capsys, *argv):
    capsys.readouterr()
    assert main([str(word) for word in argv]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


def test_a_folder_holds_a_picture_a_seed_the_same_whatever_the_others_are(tmp_path):
    assert main([RUN, "--out", f"{tmp_path / 'all.v1'}/", "--n", "2", "--per-class", "--seed", "70"]) == 0
    with (tmp_path / "all.v1" / "samples.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["seed"]) for row in rows] == list(range(70, 90))
    assert [row["class"] for row in rows] == [str(seed % 10) for seed in range(70, 90)]
    pictures = {row["seed"]: (tmp_path / "all.v1" / row["file"]).read_bytes() for row in rows}
    assert len(set(pictures.values())) == 20
    assert main([RUN, "--out", str(tmp_path / "some"), "--seeds", "77,71-72"]) == 0
    assert (tmp_path / "some" / "samples.csv").read_text() == (
        "seed,class,file\n77,7,7/seed0077.png\n71,1,1/seed0071.png\n72,2,2/seed0072.png\n"
    )
    for seed in (77, 71, 72):
        assert (tmp_path / "some" / str(seed % 10) / f"seed00{seed}.png").read_bytes() == pictures[str(seed)]
    expected = np.asarray(jaxgan.load(RUN).of_seeds([77])[0])[0, :, :, 0]
    with Image.open(tmp_path / "some" / "7" / "seed0077.png") as opened:
        np.testing.assert_array_equal(np.asarray(opened), np.rint((expected + 1) * 127.5))


def test_seeds_in_every_class_are_a_grid_or_arrays_or_files(tmp_path):
    words = [RUN, "--seeds", "3-5", "--per-class", "--truncation", "0.7"]
    assert main([*words, "--out", str(tmp_path / "x.npz")]) == 0
    with np.load(tmp_path / "x.npz") as stored:
        assert stored["labels"].tolist() == np.repeat(np.arange(10), 3).tolist()
        expected, _ = jaxgan.load(RUN).of_seeds([4], label=6, truncation=0.7)
        np.testing.assert_array_equal(stored["images"][19], expected[0])
    assert main([*words, "--out", str(tmp_path / "x.png")]) == 0
    with Image.open(tmp_path / "x.png") as grid:
        assert grid.height > 3 * grid.width  # ten rows of three


def test_latents_of_a_file_are_drawn(tmp_path):
    run = jaxgan.load(RUN)
    latents = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    np.savez(tmp_path / "z.npz", latents=latents, labels=np.array([5, 5, 1]))
    assert main([RUN, "--latents", str(tmp_path / "z.npz"), "--out", str(tmp_path / "x.npz")]) == 0
    with np.load(tmp_path / "x.npz") as stored:
        assert stored["labels"].tolist() == [5, 5, 1]
        np.testing.assert_array_equal(stored["images"], run.of_latents(latents, labels=[5, 5, 1])[0])
    assert main([RUN, "--latents", str(tmp_path / "z.npz"), "--label", "2", "--out", f"{tmp_path / 'x'}/"]) == 0
    assert sorted(path.name for path in (tmp_path / "x" / "2").iterdir()) == [f"latent000{row}.png" for row in range(3)]


def test_ways_through_seeds_and_classes_are_strips_and_animations(tmp_path, capsys):
    assert main([RUN, "--interpolate", "--seeds", "5,8,5", "--n", "4", "--easing", "smooth", "--out", f"{tmp_path}/x.png"]) == 0
    with Image.open(tmp_path / "x.png") as strip:
        assert strip.width > 4 * 66 and 2 * 66 < strip.height < 3 * 66
    assert main([RUN, "--interpolate", "--labels", "3", "8", "--n", "4", "--out", f"{tmp_path}/x.npz"]) == 0
    with np.load(tmp_path / "x.npz") as stored:
        run = jaxgan.load(RUN)
        for frame, label in ((0, 3), (3, 8)):
            np.testing.assert_allclose(stored["images"][frame], run.of_seeds([0], label=label)[0][0], atol=1e-5)
    assert main([RUN, "--walk", "--n", "6", "--out", f"{tmp_path}/x.gif"]) == 0
    with Image.open(tmp_path / "x.gif") as animation:
        assert 1 < animation.n_frames <= 6


def test_directions_are_rows_of_one_latent_moved_along_each(tmp_path, capsys):
    words = [RUN, "--directions", "2", "--n", "3", "--strength", "2", "--seed", "5"]
    assert main([*words, "--label", "4", "--out", f"{tmp_path}/x.npz"]) == 0
    assert "directions by the first layer (SeFa)" in capsys.readouterr().out
    run = jaxgan.load(RUN)
    z = np.asarray(seed_latents([5], 4))
    with np.load(tmp_path / "x.npz") as stored:
        np.testing.assert_array_equal(stored["directions"], directions(run, 2).vectors)
        assert stored["images"].shape == (2, 3, 16, 16, 1)
        for row, column, amount in ((0, 0, -2), (1, 1, 0), (1, 2, 2)):
            moved, _ = run.of_latents(z + amount * stored["directions"][row], label=4)
            np.testing.assert_allclose(stored["images"][row, column], moved[0], atol=1e-5)
    assert main([*words, "--out", f"{tmp_path}/x.png"]) == 0
    with Image.open(tmp_path / "x.png") as grid:
        assert grid.height == 18 + 2 * 66 + 2 and grid.width > 3 * 66 + 2  # titles above and at the left


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--seeds 0-31;77", "expected seeds and ranges of them, as 0-31,77"),
        ("--seeds 5-3", "5-3: expected a range that rises"),
        ("--seeds 1-5,4", "seed 4 is named twice"),
        ("--seeds 0-99999999", "expected at most 10,000,000"),
        ("--seeds 1 --n 3", "--seeds says already how many"),
        ("--seeds 1 --latents x.npz", "not together with --latents"),
        ("--latents {f}", "expected an .npz with an array latents"),
        ("--n 9 --seed 4294967290 --out x/", "must be at most 4294967295"),
        ("--labels 1 2", "--labels: has a meaning only with --interpolate"),
        ("--interpolate --labels 1 12", "allowed are 0 to 9"),
        ("--interpolate --labels 1", "a path goes through at least two"),
        ("--walk --seeds 1", "--walk: not together with --seeds"),
        ("--walk --out x", "a way is one file"),
        ("--walk --out x.csv", "written as .png, .gif, .mp4 or .npz"),
        ("--format webp", "--out FOLDER/"),
        ("--truncation -1", "must be from 0 to 2"),
        ("--seeds 1 --batch-statistics True", "depend on each other"),
        ("--out {d}", "which sample did not write"),
        ("--out x.mp4", "add --interpolate or --walk"),
        ("--directions 5", "at most 4"),
        ("--directions 0", "must be at least 1"),
        ("--directions 2 --walk", "not together with"),
        ("--directions 2 --out x.gif", "its name must end in .png or .npz"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line_and_nothing_is_written(words, said, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("no archive")
    before = sorted(tmp_path.rglob("*"))
    assert said in refusal(capsys, RUN, *words.format(f="mine/file", d="mine").split())
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_is_of_pictures_and_classes_are_of_runs_that_have_them(tmp_path, capsys):
    points = OLD_RUNS / "ring8"
    assert "a folder holds pictures, and this run draws points" in refusal(capsys, points, "--out", f"{tmp_path / 'x'}/")
    assert "trained without classes" in refusal(capsys, points, "--per-class", "--seeds", "1", "--out", f"{tmp_path / 'x'}.npz")
    assert main([str(points), "--seeds", "4,9", "--out", f"{tmp_path / 'x'}.csv"]) == 0
    table = np.genfromtxt(tmp_path / "x.csv", delimiter=",", names=True)
    run = jaxgan.load(points)
    units = run.dataset.distribution.to_units(np.asarray(run.of_seeds([4, 9])[0]))
    np.testing.assert_allclose(np.stack([table["x"], table["y"]], axis=1), units, rtol=1e-5)
    assert not (tmp_path / "x").exists()


def test_the_first_of_a_folders_seeds_may_be_any(tmp_path):
    assert main([RUN, "--out", f"{tmp_path / 'x'}/", "--n", "2", "--seed", "4000000000"]) == 0
    assert sorted(path.name for path in tmp_path.rglob("*.png")) == ["seed4000000000.png", "seed4000000001.png"]


def test_seeds_are_read_in_their_order():
    assert read_seeds("7, 0-2").tolist() == [7, 0, 1, 2]
    assert read_seeds("1,2,1", unique=False).tolist() == [1, 2, 1]
