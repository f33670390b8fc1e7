"""The embedded digits: whole, clean, split once and for all; and what importing the package costs."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from jaxgan.data import load
from jaxgan.data.digits import TOGETHER, enlarged, original_digits

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def train():
    return load("digits")


def test_shapes_and_classes(train):
    assert train.samples.shape == (1497, 28, 28, 1)
    assert train.samples.dtype == np.uint8
    assert train.sample_shape == (28, 28, 1)
    assert not train.is_points
    assert train.size == 1497
    assert train.n_classes == 10
    assert train.class_names == tuple("0123456789")
    assert train.labels.dtype == np.int32
    assert np.bincount(train.labels).min() > 140


def test_held_out_digits_are_others_and_evenly_spread(train):
    test = load("digits", split="test")
    assert test.size == 300
    assert np.ptp(np.bincount(test.labels, minlength=10)) <= 2
    seen = {image.tobytes() for image in train.samples}
    assert sum(image.tobytes() in seen for image in test.samples) == 0
    np.testing.assert_array_equal(load("digits", split="test").samples, test.samples)


def test_digits_are_white_on_black_with_a_black_frame(train):
    assert (train.samples.max(axis=(1, 2, 3)) > 200).all()
    assert (train.samples == 0).mean() > 0.4  # truly black, not nearly
    frame = np.concatenate([train.samples[:, 0], train.samples[:, -1]], axis=1)
    assert frame.mean() < 8


def test_enlarging_keeps_the_picture():
    """Averaging each pixel's 3x3 block gives the original of 8x8 back, nearly: nothing moved, turned or mirrored."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    test = load("digits", split="test")
    small = test.samples[:, 2:26, 2:26, 0].reshape(-1, 8, 3, 8, 3).mean(axis=(2, 4)) / 255 * 16  # (N, 8, 8)
    distance = ((small[:, None] - bunch.images[None]) ** 2).mean(axis=(2, 3))  # (N, 1797)
    nearest = distance.argmin(axis=1)
    assert (bunch.target[nearest] == test.labels).mean() > 0.99
    assert np.median(distance.min(axis=1)) < 2


@pytest.mark.parametrize("size", [8, 28, 33])
def test_images_enlarged_together_are_those_enlarged_one_by_one(size):
    images, _ = original_digits()
    images = images[: TOGETHER + 3]
    np.testing.assert_array_equal(enlarged(images, size), np.concatenate([enlarged(image[None], size) for image in images]))


def test_they_are_scikit_learns_in_the_order_of_its_own_split(train):
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    bunch = load_digits()
    split = train_test_split(np.arange(1797), test_size=300, stratify=bunch.target, random_state=0)
    for rows, ours in zip(split, (train, load("digits", split="test")), strict=True):
        np.testing.assert_array_equal(ours.labels, bunch.target[rows])
        np.testing.assert_array_equal(ours.samples[:, 14, 14, 0], enlarged(bunch.images[rows], 28)[:, 14, 14])


def test_a_scikit_learn_that_keeps_them_elsewhere_is_asked_for_them(monkeypatch):
    pictures, classes = original_digits()
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    for read, kept in zip(original_digits(), (pictures, classes), strict=True):
        np.testing.assert_array_equal(read, kept)


def test_image_size_and_refusals(refused):
    assert load("digits", image_size=16).samples.shape == (1497, 16, 16, 1)
    assert "allowed are train, test" in refused(load, "digits", split="validation")
    assert "points=5" in refused(load, "digits", points=5)
    assert "image_size=0" in refused(load, "digits", image_size=0)


@pytest.mark.parametrize(
    ("code", "heavy"),
    [
        (
            "import jaxgan.data",
            {"sklearn", "PIL", "pooch", "requests", "tensorflow_datasets", "tensorflow", "torch", "scipy.stats"},
        ),
        ("import jaxgan.data; jaxgan.data.load('digits')", {"sklearn", "tensorflow_datasets", "torch", "scipy.stats"}),
    ],
)
def test_importing_loads_nothing_heavy_nor_do_the_digits(code, heavy):
    code = f"{code}; import sys; print(sorted({heavy!r} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout.strip() == "[]"
