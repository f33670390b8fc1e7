"""What is found of a data set, and of the cost of a step, before a training begins."""

import jax
import numpy as np
import pytest

from jaxgan.data import as_dataset
from jaxgan.runs.survey import find_duplicates, measure_cost, quicker, seen_samples, spread_rows
from jaxgan.settings import Config
from tests.tiny import on_disk, pictures, tiny


def test_rows_are_spread_over_all():
    np.testing.assert_array_equal(spread_rows(5, 10), [0, 1, 2, 3, 4])
    np.testing.assert_array_equal(spread_rows(9, 3), [0, 4, 8])


def test_pictures_on_disk_are_seen_as_those_in_memory():
    dataset = pictures(6)
    for there, read in zip(seen_samples(dataset, 3), seen_samples(on_disk(dataset), 3), strict=True):
        np.testing.assert_array_equal(there, read)


def test_equal_and_nearly_equal_pictures_are_found_and_others_are_not():
    rng = np.random.default_rng(0)
    shapes = np.repeat(np.repeat(rng.integers(0, 256, (6, 5, 5, 3)), 4, 1), 4, 2).astype(np.uint8)  # 20x20, coarse
    shapes[3] = shapes[1]  # equal
    shapes[4] = np.clip(shapes[2].astype(int) + rng.integers(-3, 4, shapes[2].shape), 0, 255)  # noise of some levels
    shapes[5] = shapes[0][:, ::-1]  # mirrored: another picture
    found = find_duplicates(shapes)
    assert (found.seen, found.exact) == (6, 1)
    assert found.near == ((2, 4),)


def test_rows_of_numbers_are_compared_whole():
    rows = np.array([[1.0, 2.0], [1.0, 2.1], [1.0, 2.0], [1.0, 2.0]], np.float32)
    assert find_duplicates(rows) == (4, 2, ())


def test_the_cost_of_a_step_holds_its_memory_and_grows_with_the_replicas():
    one, four = (tiny("mlp", replicas=replicas).program() for replicas in (1, 4))
    costs = [measure_cost(program, seconds=0.01) for program in (one, four)]
    for program, cost in zip((one, four), costs, strict=True):
        state = program.initial_state()._replace(key=None)
        assert cost.memory >= sum(leaf.nbytes for leaf in jax.tree.leaves(state))
        assert 0 < cost.step < cost.compilation
    assert costs[1].memory > 2 * costs[0].memory


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (Config(hidden_dim=64, n_critic=5, steps=4000), "--image-size 32, --hidden-dim 32, --n-critic 1, --steps 1000"),
        (Config(hidden_dim=16, n_critic=1, replicas=3, steps=100), "--image-size 32, --replicas 1"),
    ],
)
def test_what_would_be_quicker(options, expected):
    assert quicker(options, pictures(4, size=64)) == expected


def test_of_numbers_no_smaller_picture_is_proposed():
    assert quicker(Config(hidden_dim=64, n_critic=1, steps=10), as_dataset(np.zeros((4, 3), np.float32))) == ""
