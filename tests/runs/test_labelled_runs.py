"""Runs that are conditional on label vectors, from a file of labels to samples by name; and what they learn."""

import json

import numpy as np
import pytest
from PIL import Image

import jaxgan
from jaxgan import sample, train
from jaxgan.data import as_dataset
from jaxgan.errors import UserError
from jaxgan.settings import Config

TINY = ["--network", "fc", "--hidden-dim", "4", "--latent-dim", "3", "--batch-size", "8", "--steps", "2", "--variant", "lsgan"]


def pictures_in(folder, n=70):
    """Grey pictures as bright as their label says, and a CSV of the labels."""
    folder.mkdir()
    brightness = np.linspace(0.5, 99.5, n)
    for row, value in enumerate(brightness):
        Image.new("L", (8, 8), int(2.5 * value)).save(folder / f"{row}.png")
    lines = [f"{row}.png,{value},{200.25 - value}" for row, value in enumerate(brightness)]
    (folder / "labels.csv").write_text("\n".join(["file,brightness,other", *lines]))
    return brightness


def test_a_run_keeps_names_and_units_and_is_sampled_by_them(tmp_path, capsys):
    brightness = pictures_in(tmp_path / "set")
    out = tmp_path / "run"
    assert train.main(["--dataset", f"folder:{tmp_path / 'set'}", "--conditional", "--out", str(out), *TINY]) == 0
    said = capsys.readouterr().out
    assert "2 continuous labels: brightness from 0.5 to 99.5 (mean 50" in said and "labels read from labels.csv" in said
    kept = json.loads((out / "environment.json").read_text())["data"]["labels"]
    assert kept["names"] == ["brightness", "other"] and kept["std"][0] == pytest.approx(brightness.std())
    path = tmp_path / "x.npz"
    sample.main([str(out), "--label", "brightness=20", "--n", "3", "--out", str(path)])
    with np.load(path) as stored:
        np.testing.assert_allclose(stored["labels"][:, 0], 20, rtol=1e-5)
        assert stored["label_names"].tolist() == ["brightness", "other"]
    sample.main([str(out), "--label-range", "brightness=0:100:5", "--n", "2", "--out", str(path)])
    with np.load(path) as stored:
        np.testing.assert_allclose(stored["labels"][:5, 0], [0, 25, 50, 75, 100], atol=1e-4)
        assert stored["images"].shape == (10, 8, 8, 1)
    run = jaxgan.load(out)
    for row, grid in zip(stored_rows(run, [25.0, 100.0]), (1, 4), strict=True):
        np.testing.assert_allclose(row, np.load(path)["images"][grid], atol=1e-5)
    sample.main([str(out), "--label-range", "brightness=0:100:5", "--n", "2", "--out", str(tmp_path / "x.png")])
    with Image.open(tmp_path / "x.png") as grid:
        assert grid.width == 5 * 66 + 2 and grid.height > 2 * 66 + 2  # the values stand above
    for argv, words in (
        (["--label", "bright=2"], "did you mean 'brightness'?"),
        (["--label-range", "brightness=1"], "expected NAME=FROM:TO"),
        (["--label-range", "brightness=0:1:2", "--out", f"{tmp_path}/grid/"], "a grid over a label is one file"),
        (["--directions", "2", "--out", f"{tmp_path}/ways/"], "directions are one file: its name must end in .png or .npz"),
    ):
        assert sample.main([str(out), *argv]) == 2
        assert words in capsys.readouterr().err
    with pytest.raises(UserError, match="its labels are continuous, no classes to train a classifier on"):
        jaxgan.evaluate(out, n=100)


@pytest.mark.slow
def test_an_evaluation_says_how_far_labels_are_missed_and_what_real_samples_miss(tmp_path):
    pictures_in(tmp_path / "set")
    assert train.main(["--dataset", f"folder:{tmp_path / 'set'}", "--conditional", "--out", str(tmp_path / "run"), *TINY]) == 0
    evaluation = jaxgan.evaluate(tmp_path / "run", n=100, features="pixels")
    assert evaluation["mean"]["label_error_pixels_100"] > 0.5 > evaluation["mean"]["label_error_pixels_100_of_held_out"]
    assert "continuous" in evaluation["protocol"]["by_class"]


def stored_rows(run, values):
    """Samples of the first latent of seed 0 at some brightness, the other label at its mean."""
    labels = np.tile(run.label_vectors.mean, (len(values), 1))
    labels[:, 0] = values
    z = np.asarray(run.over_labels(1, labels, seed=0))
    return z


@pytest.mark.slow
def test_a_class_is_sampled_by_its_name(tmp_path, capsys):
    for name, level in (("cat", 10), ("dog", 200)):
        (tmp_path / "set" / name).mkdir(parents=True)
        for row in range(8):
            Image.new("L", (8, 8), level).save(tmp_path / "set" / name / f"{row}.png")
    out = str(tmp_path / "run")
    assert train.main(["--dataset", f"folder:{tmp_path / 'set'}", "--conditional", "--out", out, *TINY]) == 0
    sample.main([out, "--label", "dog", "--n", "4", "--out", str(tmp_path / "x.npz")])
    assert np.load(tmp_path / "x.npz")["labels"].tolist() == [1, 1, 1, 1]
    sample.main([out, "--label", "0", "--n", "4", "--out", str(tmp_path / "x.npz")])
    assert np.load(tmp_path / "x.npz")["labels"].tolist() == [0, 0, 0, 0]
    capsys.readouterr()
    assert sample.main([out, "--label", "dgo"]) == 2
    assert "--label 'dgo' is not known: did you mean 'dog'? allowed are cat, dog" in capsys.readouterr().err


# What is learnt


def conditional_run(tmp_path, samples, labels, names, network="mlp", **options):
    given = {"steps": 600, "batch_size": 64, "hidden_dim": 32, "latent_dim": 4, "learning_rate": 1e-3, "n_critic": 1, **options}
    config = Config(variant="r3gan", recipe="paper", network=network, conditional=True, out=tmp_path / "run", **given)
    return jaxgan.fit(config, as_dataset(samples, labels, label_names=names), progress=False)


@pytest.mark.slow
@pytest.mark.parametrize("conditioning", ["concat", "projection"])
def test_points_follow_a_continuous_label(tmp_path, conditioning):
    chance = np.random.default_rng(0)
    age = chance.uniform(20, 60, 2000)
    points = np.stack([(age - 40) / 25 + 0.05 * chance.normal(size=2000), chance.uniform(-0.8, 0.8, 2000)], axis=1)
    run = conditional_run(tmp_path, points.astype(np.float32), age, ["age"], conditioning=conditioning)
    wanted = chance.uniform(20, 60, 400)
    drawn = np.asarray(run.sample(400, labels=wanted[:, None])[0])
    assert np.corrcoef(drawn[:, 0], wanted)[0, 1] > 0.9
    assert drawn[:, 1].std() > 0.2  # what no label says is drawn at random


@pytest.mark.slow
def test_points_have_the_several_labels_that_are_asked_for(tmp_path):
    chance = np.random.default_rng(0)
    labels = chance.integers(0, 2, (2000, 3))
    points = labels - 0.5 + 0.1 * chance.normal(size=(2000, 3))
    run = conditional_run(tmp_path, points.astype(np.float32), labels, ["left", "middle", "right"])
    for wanted in ("left,right", "middle", "none", [1, 1, 1]):
        drawn = np.asarray(run.sample(100, label=wanted)[0])
        assert ((drawn > 0) == run.label_vectors.read(wanted).astype(bool)).mean() > 0.9


@pytest.mark.slow
def test_spots_in_pictures_stand_where_a_continuous_label_says(tmp_path):
    chance = np.random.default_rng(0)
    place, high = chance.uniform(1.5, 6.5, 2000), chance.uniform(3, 5, 2000)
    rows, columns = np.mgrid[:8, :8]
    spots = np.exp(-((columns - place[:, None, None]) ** 2 + (rows - high[:, None, None]) ** 2) / 1.5)
    options = {
        "network": "fc",
        "steps": 1500,
        "latent_dim": 8,
        "learning_rate": None,
        "n_critic": None,
        "conditioning": "projection",
    }
    run = conditional_run(tmp_path, (spots * 255).astype(np.uint8), 10 * place, ["place"], **options)
    wanted = chance.uniform(20, 60, 400)
    drawn = (np.asarray(run.sample(400, labels=wanted[:, None])[0])[..., 0] + 1) / 2
    centre = (drawn * columns).sum((1, 2)) / drawn.sum((1, 2))
    assert np.corrcoef(centre, wanted)[0, 1] > 0.9
