"""Penalties beyond that of WGAN-GP, against closed forms."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.errors import UserError
from jaxgan.objectives.penalties import (
    consistency,
    gradient_norm,
    gradient_penalty,
    one_sided_gradient_penalty,
    perturb,
    perturbed_gradient_penalty,
    r1,
    r2,
    scheduled_penalty,
    squared_gradient_norm,
    wasserstein_divergence,
)
from jaxgan.types import CriticOutput
from tests.objectives.by_hand import GENTLE, W, check_float32, draw, linear, squared
from tests.tiny import tiny


def test_r1_and_r2_of_a_linear_critic_are_half_the_squared_norm():
    some = draw()
    for penalty, name in ((r1, "r1_penalty"), (r2, "r2_penalty")):
        value, metrics = penalty(3.0)(linear(W), some, -some.real)
        np.testing.assert_allclose(value, 1.5 * 25, rtol=1e-6)
        assert metrics.keys() == {name}
        gradient = jax.grad(lambda w, penalty=penalty: penalty(3.0)(linear(w), some, -some.real)[0])
        np.testing.assert_allclose(gradient(W), 3 * W, rtol=1e-5)
        np.testing.assert_array_equal(gradient(jnp.zeros(2)), 0)  # no root, so no term under it
        check_float32((value, metrics, gradient(W)))


def test_r1_looks_at_real_samples_and_labels_and_r2_at_fake_ones():
    some = draw(2, real=jnp.array([[3.0, 4.0], [0.6, 0.8]]), real_label=jnp.array([0, 2]), fake_label=jnp.array([1, 0]))
    fake = jnp.array([[1.0, 0.0], [0.0, 2.0]])
    np.testing.assert_allclose(r1(1.0)(squared, some, fake)[0], (25 + 9) / 4, rtol=1e-5)
    np.testing.assert_allclose(r2(1.0)(squared, some, fake)[0], (4 + 4) / 4, rtol=1e-5)


@pytest.mark.parametrize("shape", [(2,), (2, 3, 1)])
def test_the_gradient_of_a_pack_is_that_of_all_its_samples(shape):
    pack, size = 3, int(np.prod(shape))
    w = jax.random.normal(jax.random.key(1), (pack * size,))

    def critic(samples, labels, *, noise=0):
        return CriticOutput(score=jnp.arange(1.0, 5) * (samples.reshape(-1, pack * size) @ w))

    some = draw(12, shape)
    norms = gradient_norm(critic, some.real, some.real_label)
    chex.assert_trees_all_close(norms, jnp.arange(1.0, 5) * jnp.linalg.norm(w), rtol=1e-5)
    chex.assert_trees_all_close(squared_gradient_norm(critic, some.real, some.real_label), jnp.square(norms), rtol=1e-5)
    for penalty in (gradient_penalty(10.0), r1(1.0), r2(1.0), one_sided_gradient_penalty(1.0)):
        check_float32(penalty(critic, some, -some.real))


def test_a_scheduled_penalty_follows_the_critics_steps():
    """Of the weight and of what is reported with it; of the gradient's norm nothing is taken."""
    penalty = scheduled_penalty(gradient_penalty(2.0), lambda count: 1 / (1 + count))
    whole, _ = gradient_penalty(2.0)(linear(W), draw(), -draw().real)
    for step in (0, 3):
        value, metrics = penalty(linear(W), draw(critic_step=step), -draw().real)
        np.testing.assert_allclose([value, metrics["gradient_penalty"]], whole / (1 + step), rtol=1e-6)
        np.testing.assert_allclose(metrics["penalty_gradient_norm"], 5, rtol=1e-6)


def test_penalties_fall_along_the_schedule_of_the_rates():
    """Two critic steps to each of eight generator steps, a cosine over four of them to a tenth; then it stays."""
    run = tiny("mlp", variant="r3gan", steps=8, n_critic=2, schedule="cosine", schedule_steps=4, penalty_schedule_end=0.1)
    some = draw()
    for penalty, plain in zip(run.gan.game.penalties, (r1(1.0), r2(1.0)), strict=True):
        whole, _ = plain(linear(W), some, -some.real)
        values = [penalty(linear(W), some._replace(critic_step=jnp.int32(step)), -some.real)[0] for step in (0, 1, 4, 8, 15)]
        np.testing.assert_allclose(values, whole * np.array([1, 1, 0.55, 0.1, 0.1]), rtol=1e-5)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (dict(variant="gan", schedule="cosine", penalty_schedule_end=0.1), "--penalty-schedule-end 0.1: gan has no penalty"),
        (dict(variant="r3gan", penalty_schedule_end=0.1), "--penalty-schedule-end 0.1 has no meaning with --schedule constant"),
        (dict(variant="gan", schedule_steps=5), "--schedule-steps 5 has no meaning with --schedule constant"),
    ],
)
def test_a_schedule_that_nothing_follows_is_refused(fields, message):
    with pytest.raises(UserError, match=message):
        tiny("mlp", **fields)


def test_the_one_sided_penalty_spares_gentle_slopes_and_is_the_two_sided_one_on_steep_ones():
    some = draw()
    steep, metrics = one_sided_gradient_penalty(10.0)(linear(W), some, -some.real)
    np.testing.assert_allclose(steep, gradient_penalty(10.0)(linear(W), some, -some.real)[0], rtol=1e-6)
    assert metrics.keys() == {"gradient_penalty", "penalty_gradient_norm"}

    def penalty(w):
        return one_sided_gradient_penalty(10.0)(linear(w), some, -some.real)[0]

    gentle, gradient = jax.value_and_grad(penalty)(GENTLE)
    assert gentle == 0
    np.testing.assert_array_equal(gradient, 0)
    check_float32((steep, metrics, gentle, gradient))


def test_wasserstein_divergence_is_a_power_of_the_norm():
    some = draw()

    def value(w, power=6.0):
        return wasserstein_divergence(2.0, power)(linear(w), some, -some.real)[0]

    np.testing.assert_allclose(value(W), 2 * 5.0**6, rtol=1e-5)
    np.testing.assert_allclose(jax.grad(value)(W), 2 * 6 * 5.0**4 * W, rtol=1e-5)  # k p |w|^(p - 2) w
    np.testing.assert_allclose(jax.jit(value)(GENTLE, jnp.asarray(3.0)), 2 * 0.5**3, rtol=1e-5)
    check_float32((value(W), jax.grad(value)(jnp.zeros(2)), jax.jit(jax.grad(value))(jnp.zeros(2), jnp.asarray(6.0))))


def test_perturbed_points_stay_within_their_share_of_the_deviation():
    some = draw(500, (3, 2))
    shift = np.asarray(perturb(some.real, some.key, 0.5) - some.real) / np.asarray(some.real).std()
    assert -1e-5 <= shift.min() < 0.001
    assert 0.499 < shift.max() <= 0.5 + 1e-5
    assert len(np.unique(shift)) > 2000  # a draw of its own for each entry
    value, metrics = perturbed_gradient_penalty(10.0, 0.5)(linear(W), draw(), jnp.zeros((6, 2)))
    np.testing.assert_allclose(value, 10 * (5 - 1) ** 2, rtol=1e-5)
    assert metrics.keys() == {"gradient_penalty", "penalty_gradient_norm"}
    check_float32((value, metrics))


def test_the_perturbed_penalty_is_taken_at_the_perturbed_points_alone():
    some = draw(4)
    points = perturb(some.real, jax.random.fold_in(some.key, 4), 0.5)
    expected = 10 * np.mean((np.linalg.norm(np.asarray(points), axis=1) - 1) ** 2)
    for fake in (-some.real, some.real * 100):
        np.testing.assert_allclose(perturbed_gradient_penalty(10.0, 0.5)(squared, some, fake)[0], expected, rtol=1e-5)


def noisy(samples, labels, *, noise=0):
    """Scores and features that the passes 1 and 2 shift by (0, 1) and (0, 2)."""
    return CriticOutput(score=samples[:, 0] * noise, features=samples * 2.0 * noise)


def test_consistency_of_two_passes():
    some = draw(2, real=jnp.array([[0.5, 1.0], [1.0, 0.0]]))
    # d(score) = .25, 1; mean over features (1 + 4) / 2, (4 + 0) / 2
    distances = np.array([0.25 + 0.1 * 2.5, 1 + 0.1 * 2])
    value, metrics = consistency(2.0, 0.0)(noisy, some, some.real)
    np.testing.assert_allclose(value, 2 * distances.mean(), rtol=1e-6)
    np.testing.assert_allclose(metrics["consistency"], distances.mean(), rtol=1e-6)
    assert metrics.keys() == {"consistency", "consistency_penalty"}
    np.testing.assert_allclose(consistency(2.0, 0.7)(noisy, some, some.real)[0], 2 * (1.2 - 0.7) / 2, rtol=1e-6)
    check_float32((value, metrics))


def test_a_critic_without_chance_is_consistent():
    some = draw()

    def penalty(w):
        return consistency(2.0, 0.2)(lambda x, y, *, noise=0: CriticOutput(x @ w, features=x), some, some.real)[0]

    value, gradient = jax.value_and_grad(penalty)(W)
    assert value == 0
    np.testing.assert_array_equal(gradient, 0)
    check_float32((value, gradient))
