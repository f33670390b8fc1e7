"""`python -m jaxgan.invert`: latents of picture files, on a stored run of 16x16 digits in ten classes."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

import jaxgan
from jaxgan.engine.inversion import invert
from jaxgan.features import LabClassifier
from jaxgan.invert import main
from jaxgan.networks.classifier import Classifier
from jaxgan.runs.invert import features_of, labels_of_targets
from jaxgan.sample import main as sample

OLD_RUNS = Path(__file__).parents[1] / "old_runs"
RUN = str(OLD_RUNS / "digits")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Pictures that the run itself drew, in folders by class."""
    folder = tmp_path_factory.mktemp("drawn")
    assert sample([RUN, "--seeds", "3,14,25", "--out", str(folder)]) == 0
    return folder


def test_pictures_that_the_run_drew_are_found_again_and_drawn_by_sample(drawn, tmp_path, capsys):
    assert main([RUN, str(drawn), "--out", str(tmp_path / "x.npz"), "--steps", "200"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-2:] == [str(tmp_path / "x.npz"), str(tmp_path / "x.png")]
    with np.load(tmp_path / "x.npz") as stored:
        assert stored["latents"].shape == (3, 4) and stored["labels"].tolist() == [3, 4, 5]  # the folders' names
        assert [Path(name).name for name in stored["files"]] == ["seed0003.png", "seed0014.png", "seed0025.png"]
        assert stored["losses"].max() < (1 / 127.5) ** 2  # a level
    assert sample([RUN, "--latents", str(tmp_path / "x.npz"), "--out", str(tmp_path / "again.npz")]) == 0
    with np.load(tmp_path / "again.npz") as again:
        expected, _ = jaxgan.load(RUN).of_seeds([3, 14, 25])
        np.testing.assert_allclose(again["images"], expected, atol=4 / 127.5)
    with Image.open(tmp_path / "x.png") as picture:  # three rows of two, enlarged four times, with names and titles
        assert picture.height == 18 + 3 * 66 + 2 and picture.width > 2 * 66 + 2


def test_pictures_of_another_size_are_brought_to_the_runs_and_the_label_may_be_given(tmp_path, capsys):
    Image.new("RGB", (30, 20), "red").save(tmp_path / "red.png")
    words = [RUN, str(tmp_path / "red.png"), "--label", "7", "--steps", "2", "--starts", "1", "--out", str(tmp_path / "x.npz")]
    assert main(words) == 0
    assert "1 of 1 pictures are brought to 16x16 pixels" in capsys.readouterr().out
    with np.load(tmp_path / "x.npz") as stored:
        assert stored["labels"].tolist() == [7]


def test_features_are_those_of_the_classifier_of_the_runs_data(monkeypatch):
    class Labelled:
        name, samples, labels, n_classes = "digits", np.zeros(1), np.zeros(1), 10

    run = jaxgan.load(RUN)
    params = jax.jit(Classifier().init)(jax.random.key(0), jnp.zeros((1, 16, 16, 1)))["params"]
    monkeypatch.setattr("jaxgan.runs.invert.training_data", lambda config, folder, before: Labelled)
    monkeypatch.setattr("jaxgan.runs.invert.held_out_data", lambda *_: None)
    monkeypatch.setattr(
        "jaxgan.runs.invert.classifier_of", lambda train, test, progress: LabClassifier(params, 10, accuracy=0.9, held_out=1)
    )
    images, labels = run.of_seeds([3])
    found = invert(run, np.asarray(images), labels, features=features_of(run, "lab"), starts=1, steps=100)
    both = [Classifier().apply({"params": params}, x).features for x in (found.images, images)]
    np.testing.assert_allclose(found.losses, np.square(both[0] - both[1]).mean(1), rtol=0.01, atol=1e-7)
    assert found.losses < 0.01 * np.square(both[1]).mean()


def test_labels_are_those_of_the_folders_where_all_are_called_by_a_class():
    run = jaxgan.load(RUN)
    assert labels_of_targets(run, [Path("x/3/a.png"), Path("9/b.png")]).tolist() == [3, 9]
    assert labels_of_targets(run, [Path("x/3/a.png"), Path("cats/b.png")]) is None
    assert labels_of_targets(run, [Path("3/a.png")], "4").tolist() == [4]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("{r} {m}/nothing.png", "no such file or folder"),
        ("{r} {m}", "expected from 1 to 10,000"),
        ("{r}", "name the pictures"),
        ("{r} {m}/text.txt", "not readable as a picture"),
        ("{r} {m} --out {m}/x.png", "must end in .npz"),
        ("{p} {m}", "expected pictures of 1, 3 or 4 channels"),
        ("{r} {m}/red.png --label 12", "allowed are 0 to 9"),
        ("{r} {m}/red.png --starts 0", "starts=0"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(words, said, tmp_path, capsys):
    (tmp_path / "text.txt").write_text("no picture")
    if "red" in words:
        Image.new("RGB", (16, 16), "red").save(tmp_path / "red.png")
    assert main(words.format(r=RUN, m=tmp_path, p=OLD_RUNS / "ring8").split()) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and said in error
