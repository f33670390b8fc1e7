"""Real pictures to stand beside generated ones: as many, evenly chosen, of the same classes."""

import numpy as np
import pytest

from jaxgan.data import as_dataset
from jaxgan.report.samples import real_pictures


@pytest.fixture
def dataset():
    """Twelve pictures, each of the grey level of its number, whose classes are 0, 1, 2, 0, 1, 2, ..."""
    pictures = np.arange(12, dtype=np.uint8).reshape(12, 1, 1, 1) * np.ones((1, 4, 4, 1), np.uint8)
    return as_dataset(pictures, np.arange(12) % 3)


def numbers(pictures):
    return np.round((pictures[:, 0, 0, 0] + 1) * 127.5).astype(int).tolist()


def test_they_are_chosen_evenly(dataset):
    pictures = real_pictures(dataset, np.zeros(4, int), by_class=False)
    assert pictures.shape == (4, 4, 4, 1) and pictures.dtype == np.float32
    assert numbers(pictures) == [0, 4, 7, 11]


def test_each_is_of_the_class_that_stands_in_its_place(dataset):
    labels = np.repeat([0, 1, 2], 2)
    assert numbers(real_pictures(dataset, labels, by_class=True)) == [0, 9, 1, 10, 2, 11]


def test_there_are_none_of_points_and_of_a_class_that_no_picture_has(dataset):
    assert real_pictures(dataset, np.array([0, 3]), by_class=True) is None
    assert real_pictures(as_dataset(np.zeros((5, 3), np.float32)), np.zeros(4, int), by_class=False) is None
