"""Samples of any origin against others: brought into one form, measured as the library's own functions measure them, refused in one line."""

import importlib
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

import jaxgan
from jaxgan import data, metrics, runs
from jaxgan.errors import UserError
from jaxgan.pixels import to_model_range
from jaxgan.runs.judged import drawn
from jaxgan.runs.together import Reading, check_alike, common_form, in_form, in_units_of, opened, read
from jaxgan.settings import Config

evaluate = importlib.import_module("jaxgan.evaluate")
pytestmark = pytest.mark.filterwarnings("ignore:.*covariance is singular:UserWarning")


def save_pictures(folder, pictures):
    folder.mkdir(parents=True)
    for number, picture in enumerate(pictures):
        Image.fromarray(picture.squeeze()).save(folder / f"{number:03}.png")
    return folder


def few_numbers(pictures):
    """Features that compile to nearly nothing: corners and means."""
    pictures = np.asarray(pictures)
    return np.stack([pictures.mean((1, 2, 3)), pictures[:, 0, 0, 0], pictures[:, -1, -1, -1]], 1)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Two folders of 100 and 110 pictures of 8x8, grey and in colour, and an archive of 12x12."""
    chance, folder = np.random.default_rng(0), tmp_path_factory.mktemp("sets")
    save_pictures(folder / "grey", chance.integers(0, 256, (100, 8, 8), dtype=np.uint8))
    save_pictures(folder / "colour", chance.integers(0, 256, (110, 8, 8, 3), dtype=np.uint8))
    np.savez(folder / "large.npz", images=chance.integers(0, 256, (120, 12, 12, 3), dtype=np.uint8))
    return folder


def test_two_folders_are_measured_as_the_functions_measure_them(folders, tmp_path, capsys):
    out = tmp_path / "made" / "values.json"
    assert evaluate.main([str(folders / "grey"), str(folders / "colour"), "--features", "pixels", "--out", str(out)]) == 0
    shown, values = capsys.readouterr().out, json.loads(out.read_text())
    grey, colour = (
        np.stack([np.asarray(Image.open(path).convert("RGB")) for path in sorted((folders / name).iterdir())])
        for name in ("grey", "colour")
    )
    ours, theirs = (np.asarray(to_model_range(each)).reshape(len(each), -1) for each in (grey, colour))
    nearest = np.sqrt(((ours[:, None] - theirs) ** 2).sum(-1)).min(1).mean()
    np.testing.assert_allclose(values["mean"]["nearest_training_pixels_100"], nearest, rtol=1e-4)
    np.testing.assert_allclose(values["mean"]["pairwise_distance_pixels_100"], metrics.mean_pairwise_distance(ours), rtol=1e-4)
    assert values["protocol"]["compared_as"] == "8x8x3" and values["protocol"]["judged_as"] == "8x8x1"
    assert values["protocol"]["training"] == 110 and values["protocol"]["generated"] == 100
    assert "nearest_training_pixels_100" in shown and f"folder:{folders / 'grey'}: 100 samples read" in shown
    assert (out.parent / "neighbours.png").stat().st_size > 500 and not list(folders.glob("*.json"))


def test_a_run_against_a_folder_and_a_folder_against_a_run(folders, tmp_path):
    """The run's samples in a folder are judged as the run itself is."""
    run = tmp_path / "run"
    config = Config(dataset=str(folders / "large.npz"), network="fc", recipe="paper", image_size=8, steps=1, batch_size=4, hidden_dim=4,
                    replicas=2, out=run)  # fmt: skip
    runs.fit(config, progress=False)
    (first, _), how = jaxgan.load(run).sample(100), {"features": few_numbers, "n": 100}
    np.savez(tmp_path / "drawn.npz", images=drawn(jaxgan.load(run), 100).samples)
    of_run = jaxgan.evaluate(run, folders / "colour", **how)
    of_file = jaxgan.evaluate(tmp_path / "drawn.npz", folders / "colour", **how)
    assert len(of_run["replicas"]) == 2 and of_run["replicas"][0] == of_file["mean"] != of_run["replicas"][1]
    assert of_run["judged"] == str(run) and not any("critic" in name for name in of_run["mean"])
    against = jaxgan.evaluate(folders / "colour", run, **how)
    assert against["against"] == str(run) and against["protocol"]["real"] == 100
    shuffled = drawn(jaxgan.load(run), 100).samples
    np.testing.assert_array_equal(
        np.unique(shuffled, axis=0), np.unique(np.round((np.asarray(first).clip(-1, 1) + 1) * 127.5), axis=0)
    )
    with pytest.raises(UserError, match=r"image_size=8: for a run beside other samples"):
        jaxgan.evaluate(run, image_size=8)


def test_the_smaller_size_and_colour_are_what_pictures_are_compared_in(folders):
    reading = Reading(resize="squeeze")
    grey, large = opened(folders / "grey", reading), opened(str(folders / "large.npz"), reading)
    assert common_form(grey, large) == common_form(large, grey) == (8, 8, 3)
    assert common_form(grey, large, "10x6") == (10, 6, 3) and common_form(large, large) == (12, 12, 3)
    brought = read(folders / "grey", grey, (8, 8, 3), reading).samples
    np.testing.assert_array_equal(brought[..., 0], read(folders / "grey", grey, (8, 8, 1), reading).samples[..., 0])
    np.testing.assert_array_equal(brought, brought[..., :1].repeat(3, -1))
    squeezed = Image.fromarray(large.samples[3]).resize((6, 10), Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(read(str(folders / "large.npz"), large, (10, 6, 3), reading).samples[3], np.asarray(squeezed))
    two = data.as_dataset(np.zeros((9, 4, 4, 2), np.uint8), name="two")
    with pytest.raises(UserError, match=r"'two' has 2 channels and .*grey' 1: of 2 no colours can be made"):
        common_form(two, grey)
    with pytest.raises(UserError, match="--image-size 0 is not possible"):
        common_form(grey, large, 0)
    with pytest.raises(UserError, match="--image-size 8: for pictures"):
        common_form(data.load("ring8"), data.load("ring8"), 8)
    assert in_form(large, (12, 12, 3)) is large


def test_pictures_in_files_are_resized_once(tmp_path):
    """From 40 wide at once to 8, as Pillow does it, not by way of the square of 16 that the folder would have by itself."""
    pictures = np.random.default_rng(1).integers(0, 256, (2, 24, 40, 3), dtype=np.uint8)
    folder = save_pictures(tmp_path / "wide", pictures)
    Image.fromarray(pictures[0][:16, :16]).save(folder / "0.png")  # of another size, so that the folder's own is 16x16
    looked_at = opened(folder, Reading())
    assert looked_at.sample_shape == (16, 16, 3)
    found = read(folder, looked_at, (8, 8, 3), Reading()).samples
    direct = Image.fromarray(pictures[1]).resize((8, 8), Image.Resampling.BICUBIC, box=(8, 0, 32, 24))
    np.testing.assert_array_equal(found[2], np.asarray(direct))


def test_numbers_are_compared_in_the_units_of_what_they_are_judged_against(tmp_path):
    numbers = np.random.default_rng(2).normal([5, -3, 100], [1, 2, 30], (200, 3))
    for name, rows in (("a", numbers[:100]), ("b", numbers[100:])):
        np.savetxt(tmp_path / f"{name}.csv", rows, delimiter=",", header="x,y,z", comments="", fmt="%.10g")
    a, b = (opened(tmp_path / f"{name}.csv", Reading()) for name in "ab")
    np.testing.assert_allclose(
        in_units_of(b, a).samples, (numbers[:100] - numbers[100:].mean(0)) / numbers[100:].std(0), atol=1e-5
    )
    ring, grid = data.load("ring8"), data.load("grid25")
    points = np.asarray(ring.distribution.to_model(np.array([[1.0, 0.0]], np.float32)))
    ours = data.Dataset("own", (2,), 0, points, None, distribution=ring.distribution)
    np.testing.assert_allclose(grid.distribution.to_units(in_units_of(grid, ours).samples), [[1, 0]], atol=1e-6)
    with pytest.raises(UserError, match=r"holds samples of 3 and 'ring8' of 2: they cannot be compared"):
        check_alike(a, ring)
    np.savetxt(tmp_path / "c.csv", numbers[:, ::-1], delimiter=",", header="z,y,x", comments="")
    with pytest.raises(UserError, match=r"name their numbers differently \(z and x\)"):
        check_alike(opened(tmp_path / "c.csv", Reading()), b)


def test_tables_are_judged_too(tmp_path):
    numbers = np.random.default_rng(3).normal(size=(220, 2))
    np.savetxt(tmp_path / "a.csv", numbers[:100], delimiter=",", header="x,y", comments="")
    np.savetxt(tmp_path / "b.csv", 3 * numbers[100:], delimiter=",", header="x,y", comments="")
    found = jaxgan.evaluate(tmp_path / "a.csv", tmp_path / "b.csv")["mean"]
    reference = metrics.marginal_wasserstein(3 * numbers[100:200], numbers[:100])  # of as many of both
    assert found["marginal_wasserstein1_feature_x_100"] == pytest.approx(reference.distances[0], rel=0.2)


def test_tables_with_labels_that_are_words_are_judged_by_their_numbers(tmp_path, capsys):
    rows = np.random.default_rng(0).normal(size=(300, 2))
    for name, part in (("a", rows[:150]), ("b", rows[150:])):
        lines = [f"{x},{y},{'cat' if x < 0 else 'dog'}" for x, y in part]
        (tmp_path / f"{name}.csv").write_text("\n".join(["x,y,kind", *lines]))
    a, b = (str(tmp_path / f"{name}.csv") for name in "ab")
    assert evaluate.main([a, b]) == 2
    assert "--label-column 'kind'" in capsys.readouterr().err
    assert evaluate.main([a, b, "--label-column", "kind", "--out", str(tmp_path / "found.json")]) == 0
    words = json.loads((tmp_path / "found.json").read_text())["mean"]
    for name, part in (("c", rows[:150]), ("d", rows[150:])):
        np.savetxt(tmp_path / f"{name}.csv", part, delimiter=",", header="x,y", comments="", fmt="%.17g")
    plain = jaxgan.evaluate(tmp_path / "c.csv", tmp_path / "d.csv")["mean"]
    assert {name: words[name] for name in plain} == pytest.approx(plain)


def test_points_are_judged_against_a_distribution(tmp_path):
    np.savez(tmp_path / "ring.npz", points=np.asarray(data.load("ring8").distribution.sample(jax.random.key(1), 300)[0]))
    alike = jaxgan.evaluate(tmp_path / "ring.npz", "ring8")["mean"]
    assert alike["modes_pacgan_300"] == 8 and alike["high_quality_pacgan_300"] > 0.95  # of as many points as there are
    apart = jaxgan.evaluate("gaussian", "ring8", n=300)["mean"]
    assert apart["high_quality_pacgan_300"] < 0.3 < alike["wasserstein1_exact_300"] + apart["wasserstein1_exact_300"]


class Classifies:
    """The class of a picture is its first level."""

    accuracy, weights_hash, n_classes = 1.0, "none", 3

    def classify(self, pictures, progress=iter):
        return np.eye(3, dtype=np.float32)[np.asarray(pictures)[:, 0, 0, 0]], None


def test_labels_of_the_same_classes_are_tried(monkeypatch):
    """Of 100 pictures 40 are labelled as what they show; of other classes nothing is said."""
    monkeypatch.setattr("jaxgan.evaluation.images.classifier_of", lambda *_, **__: Classifies())
    pictures = np.random.default_rng(4).integers(0, 3, (100, 4, 4, 1), dtype=np.uint8)
    pictures[0] = 255  # levels, not truth values
    pictures[0, 0, 0] = 0
    shown = pictures[:, 0, 0, 0].astype(np.int32)
    labels = np.where(np.arange(100) < 40, shown, (shown + 1) % 3)
    real = data.as_dataset(pictures, shown, n_classes=3)
    judged = (data.as_dataset(pictures, labels, n_classes=count) for count in (3, 4))
    values = [jaxgan.evaluate(each, real, features=few_numbers)["mean"] for each in judged]
    assert values[0]["conditional_accuracy_lab_100"] == 0.4 and "conditional_accuracy_lab_100" not in values[1]
    assert values[1]["class_share_0_lab_100"] == (shown == 0).mean()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("grey", "nowhere/at/all"), "nowhere/at/all: no such file or folder"),
        (("grey", "ring8"), "holds samples of 8x8x1 and 'ring8' of 2: they cannot be compared"),
        (("grey", "colour", "--n", "101"), "--n 101: 'folder:"),
        (("grey", "colour", "--step", "4"), "step=4: for a run, and"),
        (("grey", "colour", "--features", "Pixels"), "did you mean 'pixels'?"),
        (("grey", "colour", "--features", "inception", "--inception-weights", "no.pth"), "no.pth"),
        (("grey", "colour", "--resize", "stretch"), "resize"),
        (("grey", "colour", "--image-size", "big"), "--image-size 'big': must be a number of pixels"),
        (("grey", "colour", "--held-out", "ring8"), "they cannot be compared"),
        (("grey",), "samples without a run are judged against others: python -m jaxgan.evaluate A B"),
    ],
)
def test_what_cannot_be_judged_is_refused_in_one_line(folders, capsys, arguments, words):
    named = [str(folders / word) if word in ("grey", "colour") else word for word in arguments]
    assert evaluate.main(named) == 2
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1


def test_held_out_pictures_tell_copies_from_fresh_ones(folders):
    """Copies of the real pictures, as an array, and fresh ones, beside held-out ones of another size."""
    chance = np.random.default_rng(5)
    real, fresh, held_out = (chance.integers(0, 256, (100, 4, 4, 1), dtype=np.uint8) for _ in range(3))
    np.savez(folders / "held_out.npz", images=held_out.repeat(2, 1).repeat(2, 2))
    copied, clean = (
        jaxgan.evaluate(judged, data.as_dataset(real), held_out=folders / "held_out.npz", features=corners)
        for judged in (data.as_dataset(real), data.as_dataset(fresh))
    )
    assert copied["mean"]["closest_training_corners_100"] == 1 and copied["mean"]["authentic_corners_100"] == 0
    assert copied["mean"]["nearer_training_corners_100_low"] > 0.9 and copied["verdict"][-1].startswith("copies")
    assert clean["mean"]["nearer_training_corners_100_low"] < 0.5 < clean["mean"]["nearer_training_corners_100_high"]
    assert clean["verdict"][-1].startswith("no sign of copying") and clean["protocol"]["held_out"] == 100


def corners(pictures):
    pictures = np.asarray(pictures)
    return np.stack([pictures[:, i, j, 0] for i in (0, -1) for j in (0, -1)], 1)


def test_of_too_few_samples_is_said_whose_they_are(folders):
    few = jnp.zeros((20, 8, 8, 3), jnp.uint8)
    with pytest.raises(UserError, match=r"'own' holds 20 samples: at least 100 are needed"):
        jaxgan.evaluate((few, None), folders / "colour")
