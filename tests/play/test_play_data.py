"""What the page trains on: jaxgan's distributions, and one that is drawn."""

import jax
import numpy as np
import pytest

from jaxgan.errors import UserError
from jaxgan.metrics import wasserstein1
from jaxgan.play.data import LARGEST_DRAWING, POINTS, drawn_points, load_points, modes_of, real_points

CORNERS = [[-0.8, -0.8], [0.8, 0.8], [0.8, -0.8], [0.8, -0.8]]


def test_a_drawing_is_sampled_as_it_was_drawn():
    drawn = drawn_points(CORNERS, 0.02)
    points, _ = drawn.sampler(jax.random.key(0), 4000)
    places = np.unique(np.asarray(CORNERS), axis=0)
    distances = np.linalg.norm(np.asarray(points)[:, None] - places, axis=-1)
    assert distances.min(1).max() < 6 * 0.02
    shares = np.bincount(distances.argmin(1), minlength=3) / 4000
    np.testing.assert_allclose(shares, [0.25, 0.5, 0.25], atol=0.03)  # the corner that was drawn twice is twice as likely
    assert np.std(np.asarray(points)[distances.argmin(1) == 0], axis=0) == pytest.approx([0.02, 0.02], rel=0.1)
    assert modes_of(drawn) is None


@pytest.mark.parametrize(
    ("points", "spread", "why"),
    [
        ([], 0.02, "no points"),
        ("all", 0.02, "no points"),
        (7, 0.02, "no points"),
        ([[0, 0]] * (LARGEST_DRAWING + 1), 0.02, "at most 4000"),
        ([[0, 0], [0]], 0.02, "pairs of numbers"),
        ([[0, None]], 0.02, "pairs of numbers"),
        ([["x", "y"]], 0.02, "pairs of numbers"),
        ([[0, 2]], 0.02, "from -1 to 1"),
        ([[0, float("nan")]], 0.02, "pairs of numbers"),
        ([[0, 0]], 0, "spread"),
        ([[0, 0]], 3, "spread"),
        ([[0, 0]], "wide", "spread"),
    ],
)
def test_a_drawing_that_cannot_be_is_refused_in_one_line(points, spread, why):
    with pytest.raises(UserError, match=why) as refused:
        drawn_points(points, spread)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", POINTS)
def test_every_distribution_lies_in_the_plane_that_is_shown(name):
    dataset = load_points(name)
    points = real_points(dataset, 64)
    assert points.shape == (64, 2) and np.abs(points).max() < 1.1
    assert wasserstein1(points, real_points(dataset, 64)) == 0  # the same for every call


def test_only_distributions_of_the_plane_are_taken():
    with pytest.raises(UserError, match="did you mean 'ring8'"):
        load_points("ring9")
    with pytest.raises(UserError, match="is not known"):
        load_points("folder:/etc")
