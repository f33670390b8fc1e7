"""Stacked sets: each channel shows a picture of the set, and the class says which three."""

import numpy as np
import pytest

from jaxgan import data
from jaxgan.errors import UserError


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr("jaxgan.data.stacks.TRIPLES", {"train": 500, "test": 50})


def test_every_channel_is_a_picture_of_the_set_with_its_digit():
    single, stacked = data.load("digits"), data.load("stacked_digits")
    assert stacked.sample_shape == (28, 28, 3) and stacked.size == 500 and stacked.n_classes == 1000
    assert stacked.samples.dtype == np.uint8 and stacked.labels.dtype == np.int32 and stacked.stack_of == "digits"
    shows = {picture.tobytes(): label for picture, label in zip(single.samples, single.labels, strict=True)}
    for picture, label in zip(stacked.samples[:100], stacked.labels[:100], strict=True):
        digits = [shows[picture[:, :, i].tobytes()] for i in range(3)]
        assert label == 100 * digits[0] + 10 * digits[1] + digits[2]
    assert len(np.unique(stacked.labels)) > 300  # of 1,000, 500 draws show about 393


def test_it_is_the_same_each_time_and_its_test_split_another():
    first, again, test = (data.load("stacked_digits", split=split) for split in ("train", "train", "test"))
    np.testing.assert_array_equal(first.samples, again.samples)
    held_out = {picture.tobytes() for picture in data.load("digits", split="test").samples}
    assert test.size == 50 and all(picture[:, :, 1].tobytes() in held_out for picture in test.samples)


def test_what_it_cannot_be_is_refused():
    with pytest.raises(UserError, match="points"):
        data.load("stacked_digits", points=10)
    with pytest.raises(UserError, match="split"):
        data.load("stacked_digits", split="validation")
    assert data.load("stacked_digits", image_size=32).sample_shape == (32, 32, 3)


def test_stacked_mnist_has_the_counts_of_the_protocol(real_data, monkeypatch):
    monkeypatch.undo()
    stacked = data.load("stacked_mnist", data_dir=real_data)
    assert stacked.samples.shape == (128_000, 28, 28, 3)
    shares = np.bincount(stacked.labels, minlength=1000)
    assert (shares > 60).all()  # each about 128 times
