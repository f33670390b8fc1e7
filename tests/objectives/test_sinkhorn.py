"""The Sinkhorn divergence and its game against closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.objectives import VARIANTS
from jaxgan.objectives.sinkhorn import sinkhorn_divergence
from jaxgan.types import CriticOutput
from tests.objectives.by_hand import FAKE, REAL, check_float32, critic_view, draw, generator_view


def test_the_sinkhorn_divergence_of_a_set_to_itself_is_0_and_to_a_shifted_set_the_squared_shift():
    pytest.importorskip("ott")
    points = jax.random.normal(jax.random.key(0), (24, 2))
    shift = jnp.array([1.0, -2.0])
    divergence = jax.jit(jax.value_and_grad(sinkhorn_divergence))
    for epsilon in (1.0, 0.1):
        value, gradient = divergence(points, points, epsilon)
        np.testing.assert_allclose(value, 0, atol=1e-4)
        np.testing.assert_allclose(gradient, 0, atol=1e-3)
        value, gradient = divergence(points + shift, points, epsilon)
        np.testing.assert_allclose(value, 5, rtol=0.02)
        np.testing.assert_allclose(gradient.mean(0) * 24, 2 * shift, rtol=0.1)  # each of 24 points moves by 2 shift / 24
        check_float32((value, gradient))


def test_the_sinkhorn_generator_sees_images_and_replicas():
    pytest.importorskip("ott")
    some = draw(8, (3, 3, 1))

    def loss(shift, epsilon):
        samples = some.real + shift
        objective = VARIANTS["sinkhorn"].build(sinkhorn_epsilon=epsilon).objective
        return objective.generator_loss(generator_view(CriticOutput(jnp.zeros(8)), some, samples), ())[0]

    values, gradients = jax.jit(jax.vmap(jax.value_and_grad(loss)))(jnp.array([0.5, 1.0]), jnp.array([1.0, 0.5]))
    np.testing.assert_allclose(values, [9 * 0.25, 9], rtol=0.02)
    np.testing.assert_allclose(gradients, [9.0, 18.0], rtol=0.1)  # 9 entries, each of gradient 2 shift
    check_float32((values, gradients))


def test_the_sinkhorn_game_asks_nothing_of_its_critic():
    some = draw(3)
    view = critic_view(CriticOutput(FAKE), CriticOutput(REAL), some, some.real)
    value, metrics = VARIANTS["sinkhorn"].build().objective.critic_loss(view, ())
    assert value == 0 and not metrics
    check_float32(value)
