"""Losses against their formulas written with probabilities, on scores where those are exact."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.objectives import losses

REAL = jnp.array([0.3, -1.2, 2.0])
FAKE = jnp.array([-0.5, 0.7, 1.1])


def probability(scores):
    return 1 / (1 + np.exp(-np.asarray(scores, np.float64)))


def test_cross_entropy_is_the_sum_of_both_logarithms():
    expected = -np.log(probability(REAL)).mean() - np.log(1 - probability(FAKE)).mean()
    np.testing.assert_allclose(losses.cross_entropy_critic_loss(REAL, FAKE), expected, rtol=1e-6)


def test_generator_losses_of_the_classifier():
    np.testing.assert_allclose(losses.non_saturating_generator_loss(FAKE), -np.log(probability(FAKE)).mean(), rtol=1e-6)
    np.testing.assert_allclose(losses.minimax_generator_loss(FAKE), np.log(1 - probability(FAKE)).mean(), rtol=1e-6)


def test_losses_of_probabilities_stay_finite_where_a_naive_logarithm_does_not():
    sure = jnp.array([-200.0])
    assert float(losses.non_saturating_generator_loss(sure)) == pytest.approx(200.0)
    assert jnp.isfinite(jax.grad(lambda s: losses.non_saturating_generator_loss(s))(sure)).all()


def test_minimax_gradient_vanishes_where_the_critic_is_sure_and_the_other_does_not():
    sure = jnp.array([-20.0])
    assert abs(float(jax.grad(losses.minimax_generator_loss)(sure)[0])) < 1e-8
    assert abs(float(jax.grad(losses.non_saturating_generator_loss)(sure)[0])) > 0.99


def test_least_squares():
    critic = 0.5 * np.mean((np.asarray(REAL) - 1) ** 2) + 0.5 * np.mean(np.asarray(FAKE) ** 2)
    np.testing.assert_allclose(losses.least_squares_critic_loss(REAL, FAKE), critic, rtol=1e-6)
    np.testing.assert_allclose(losses.least_squares_generator_loss(FAKE), 0.5 * np.mean((np.asarray(FAKE) - 1) ** 2), rtol=1e-6)


def test_wasserstein_critic_raises_real_and_lowers_fake():
    by_real, by_fake = jax.grad(losses.wasserstein_critic_loss, argnums=(0, 1))(REAL, FAKE)
    np.testing.assert_allclose(by_real, -1 / 3, rtol=1e-6)
    np.testing.assert_allclose(by_fake, 1 / 3, rtol=1e-6)
    np.testing.assert_allclose(jax.grad(losses.wasserstein_generator_loss)(FAKE), -1 / 3, rtol=1e-6)


def test_scores_with_a_stray_axis_are_refused_rather_than_broadcast():
    with pytest.raises(Exception, match=r"shape|annotation|Type"):
        losses.wasserstein_critic_loss(REAL[:, None], FAKE)
