"""The gradient penalty against closed forms."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.objectives import VARIANTS
from jaxgan.objectives.constraints import clip, unconstrained
from jaxgan.objectives.penalties import gradient_norm, gradient_penalty, interpolate
from jaxgan.types import CriticOutput, CriticView, Draw

W = jnp.array([3.0, -4.0])  # norm 5


def linear(samples, labels):
    return CriticOutput(score=samples @ W)


def quadratic(samples, labels):
    """0.5 ||x||^2 / (1 + y), of gradient norm ||x|| / (1 + y)."""
    return CriticOutput(score=0.5 * jnp.square(samples).sum(-1) / (1 + labels))


def draw(batch: int, seed: int = 0, labels=None) -> Draw:
    keys = jax.random.split(jax.random.key(seed), 3)
    labels = jnp.zeros(batch, jnp.int32) if labels is None else labels
    return Draw(
        real=jax.random.normal(keys[0], (batch, 2)), real_label=labels, latent=jnp.zeros((batch, 1)), fake_label=labels,
        epsilon=jax.random.uniform(keys[1], (batch,)), key=keys[2],
    )  # fmt: skip


@pytest.mark.parametrize("batch", [1, 2, 7, 64])
def test_linear_critic_is_penalised_by_its_norm_whatever_the_batch(batch):
    some = draw(batch, seed=batch)
    value, metrics = gradient_penalty(10.0)(linear, some, -some.real)
    chex.assert_trees_all_close(value, jnp.asarray(10.0 * (5 - 1) ** 2), rtol=1e-5)
    chex.assert_trees_all_close(metrics["penalty_gradient_norm"], jnp.asarray(5.0), rtol=1e-5)


def test_gradient_norms_are_each_samples_own():
    x = jnp.array([[3.0, 4.0], [0.6, 0.8], [5.0, 12.0]])
    chex.assert_trees_all_close(gradient_norm(quadratic, x, jnp.zeros(3, jnp.int32)), jnp.array([5.0, 1.0, 13.0]), rtol=1e-5)


def test_norms_of_images_sum_over_all_their_axes():
    def critic(samples, labels):
        return CriticOutput(score=samples.sum((1, 2, 3)))

    norms = gradient_norm(critic, jnp.ones((3, 4, 5, 2)), jnp.zeros(3, jnp.int32))
    chex.assert_shape(norms, (3,))
    chex.assert_trees_all_close(norms, jnp.full(3, jnp.sqrt(40.0)), rtol=1e-5)


def test_quadratic_critic_is_penalised_at_the_interpolates():
    some = draw(5)
    fake = some.real + 2.0
    points = np.asarray(some.epsilon)[:, None] * np.asarray(some.real) + (1 - np.asarray(some.epsilon))[:, None] * np.asarray(
        fake
    )
    expected = 10.0 * np.mean((np.linalg.norm(points, axis=1) - 1) ** 2)
    chex.assert_trees_all_close(gradient_penalty(10.0)(quadratic, some, fake)[0], jnp.asarray(expected, jnp.float32), rtol=1e-5)


def test_interpolates_lie_between_with_one_weight_a_sample():
    real, fake = jnp.ones((4, 3, 3, 2)), jnp.zeros((4, 3, 3, 2))
    epsilon = jnp.array([0.0, 0.25, 0.5, 1.0])
    between = interpolate(real, fake, epsilon)
    chex.assert_trees_all_close(between, jnp.broadcast_to(epsilon[:, None, None, None], real.shape))


def test_penalty_sees_the_label():
    labels = jnp.array([0, 1, 3], jnp.int32)
    x = jnp.array([[3.0, 4.0]] * 3)
    chex.assert_trees_all_close(gradient_norm(quadratic, x, labels), 5.0 / (1 + labels), rtol=1e-5)
    some = draw(3, labels=labels)._replace(real=x, epsilon=jnp.ones(3))
    expected = jnp.mean((5.0 / (1 + labels) - 1) ** 2)
    chex.assert_trees_all_close(gradient_penalty(1.0)(quadratic, some, x)[0], expected, rtol=1e-5)


def test_a_flat_critic_has_a_finite_gradient_of_its_penalty():
    def penalty(w):
        return gradient_penalty(10.0)(lambda x, y: CriticOutput(score=x @ w), draw(4), jnp.ones((4, 2)))[0]

    value, gradient = jax.value_and_grad(penalty)(jnp.zeros(2))
    chex.assert_tree_all_finite((value, gradient))
    np.testing.assert_allclose(value, 10.0, rtol=1e-4)


def test_penalty_differentiates_through_to_the_parameters():
    def penalty(w):
        return gradient_penalty(10.0)(lambda x, y: CriticOutput(score=x @ w), draw(4), jnp.ones((4, 2)))[0]

    gradient = jax.grad(penalty)(W)  # 10 (|w| - 1)^2 has gradient 20 (|w| - 1) w / |w|
    chex.assert_trees_all_close(gradient, 20 * (5 - 1) * W / 5, rtol=1e-5)


def test_clipping_bounds_every_weight_and_leaves_small_ones():
    params = {"a": jnp.array([-3.0, 0.005, 0.2]), "b": {"c": jnp.array([[-0.004]])}}
    clipped = clip(0.01)(params)
    chex.assert_trees_all_close(clipped, {"a": jnp.array([-0.01, 0.005, 0.01]), "b": {"c": jnp.array([[-0.004]])}})
    chex.assert_trees_all_equal(unconstrained(params), params)


@pytest.mark.parametrize("name", [name for name, variant in VARIANTS.items() if variant.norm_range is not None])
def test_a_variants_penalty_leaves_alone_the_norms_that_it_says(name):
    low, high = VARIANTS[name].norm_range
    penalty, some = VARIANTS[name].build().penalties[0], draw(4)

    def value(norm):
        return float(
            penalty(lambda x, labels, **_: CriticOutput(score=x @ W * (norm / 5)), some, -some.real)[1]["gradient_penalty"]
        )

    assert value(low) == pytest.approx(0, abs=1e-8) and value(high) == pytest.approx(0, abs=1e-8)
    assert value(2 * high) > 0.1
    assert low == 0 or value(low / 2) > 0.1


@pytest.mark.parametrize("name", [name for name, variant in VARIANTS.items() if variant.undecided_loss is not None])
def test_the_undecided_loss_is_the_least_of_a_critic_that_gives_all_samples_one_score(name):
    objective, some = VARIANTS[name].build().objective, draw(4)

    def loss(score):
        output = CriticOutput(score=jnp.full(4, score))
        return float(objective.critic_loss(CriticView(some, -some.real, output, output, linear), objective.init())[0])

    assert min(map(loss, np.linspace(-1, 1, 21))) == pytest.approx(VARIANTS[name].undecided_loss, abs=1e-5)
