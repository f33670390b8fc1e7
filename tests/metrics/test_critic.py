"""Critics whose answers are known: linear, quadratic, and one that knows its training data by heart."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.errors import UserError
from jaxgan.metrics.critic import generalization_gap, scores, steepness
from jaxgan.metrics.neighbours import nearest_neighbours

CHANCE = np.random.default_rng(0)
X, Y = CHANCE.normal(size=(600, 3)).astype(np.float32), CHANCE.normal(size=(600, 3)).astype(np.float32) + 2
NONE = np.zeros(600, np.int32)


def test_a_linear_critic_is_as_steep_as_its_weights_everywhere():
    slope = np.array([1.0, -2.0, 2.0], np.float32)
    found = steepness(lambda x, _: x @ slope, X, Y, NONE, NONE, jax.random.key(0))
    np.testing.assert_allclose(found, (3, 3), rtol=1e-6)


def test_the_steepest_place_is_found_per_sample():
    """|x|^2 has the gradient 2 x: the largest is at the sample farthest out, and labels scale it."""
    found = steepness(lambda x, y: (1 + y) * jnp.sum(x * x, 1), X, Y, NONE, NONE + 1, jax.random.key(0))
    np.testing.assert_allclose(found.largest, 4 * np.linalg.norm(Y, axis=1).max(), rtol=1e-5)
    between = np.linalg.norm((X[None] + np.linspace(0, 1, 201)[:, None, None] * (Y - X)), axis=-1)
    np.testing.assert_allclose(found.mean, 2 * between.mean(), rtol=0.03)  # places at random on each line


def test_scores_go_through_in_parts_with_their_labels():
    labels = np.arange(600, dtype=np.int32)
    np.testing.assert_allclose(scores(lambda x, y: x[:, 0] + y, X, labels), X[:, 0] + labels, rtol=1e-6)


def test_a_critic_that_knows_its_data_by_heart_has_a_gap():
    train, held_out = CHANCE.normal(size=2000), CHANCE.normal(size=2000)
    assert abs(generalization_gap(train, held_out).in_deviations) < 0.1
    gap = generalization_gap(2 * train + 5, 2 * held_out)
    np.testing.assert_allclose(gap.difference, 5 + 2 * (train.mean() - held_out.mean()))
    np.testing.assert_allclose(gap.in_deviations, gap.difference / (2 * held_out.std()))
    assert np.isfinite(generalization_gap(train, np.zeros(3)).in_deviations)


@pytest.mark.parametrize("k", [1, 4])
def test_neighbours_are_those_of_scikit_learn(k, monkeypatch):
    from sklearn.neighbors import NearestNeighbors

    monkeypatch.setattr("jaxgan.metrics.neighbours.BLOCK", 250)
    found = nearest_neighbours(Y + 100, X + 100, k=k)
    distances, rows = NearestNeighbors(n_neighbors=k).fit(Y).kneighbors(X)
    np.testing.assert_allclose(found.distances, distances, rtol=1e-3, atol=1e-3)
    assert (found.rows == rows).mean() > 0.999  # but for ties in float32
    for k in (0, 601):
        with pytest.raises(UserError, match="k"):
            nearest_neighbours(Y, X, k=k)
