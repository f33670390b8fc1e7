"""Losses beyond those of the labs, and every objective in the type that it is given, against numbers worked out by hand."""

import inspect

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.objectives import VARIANTS, losses, with_generator_classifier
from jaxgan.types import CriticOutput, CriticView
from tests.objectives.by_hand import (
    FAKE,
    REAL,
    W,
    check_float32,
    critic_view,
    draw,
    generator_view,
    linear,
    of_generator,
    softplus,
)


def test_hinge_stops_at_the_margin():
    critic = (0.7 + 2.2 + 0) / 3 + (0.5 + 1.7 + 0) / 3
    np.testing.assert_allclose(losses.hinge_critic_loss(REAL, FAKE), critic, rtol=1e-6)
    by_real, by_fake = jax.grad(losses.hinge_critic_loss, (0, 1))(REAL, FAKE)
    np.testing.assert_allclose(by_real, [-1 / 3, -1 / 3, 0], rtol=1e-6)
    np.testing.assert_allclose(by_fake, [1 / 3, 1 / 3, 0], rtol=1e-6)
    game = VARIANTS["sngan"].build()
    some = draw(3)
    value, metrics = game.objective.critic_loss(critic_view(CriticOutput(FAKE), CriticOutput(REAL), some, some.real), ())
    np.testing.assert_allclose(value, critic, rtol=1e-6)
    generator = game.objective.generator_loss(generator_view(CriticOutput(FAKE), some, some.real), ())[0]
    np.testing.assert_allclose(generator, 0.3, rtol=1e-6)
    check_float32((value, metrics, generator))


def test_relativistic_losses_of_pairs():
    np.testing.assert_allclose(losses.relativistic_critic_loss(REAL, FAKE), softplus([-0.8, 1.9, -3.1]).mean(), rtol=1e-6)
    np.testing.assert_allclose(losses.relativistic_generator_loss(REAL, FAKE), softplus([0.8, -1.9, 3.1]).mean(), rtol=1e-6)
    np.testing.assert_allclose(losses.relativistic_critic_loss(REAL, REAL), np.log(2), rtol=1e-6)
    check_float32(jax.grad(losses.relativistic_generator_loss, (0, 1))(REAL - 300, FAKE + 300))
    with pytest.raises(Exception, match=r"shape|annotation|Type|pairs"):
        losses.relativistic_critic_loss(REAL, FAKE[:1])


def test_the_relativistic_generator_asks_the_critic_about_the_real_batch():
    some = draw(4)
    samples = some.real + 1
    objective = VARIANTS["rpgan"].build().objective
    fake = CriticOutput(samples @ W)
    value, metrics = objective.generator_loss(generator_view(fake, some, samples), ())
    np.testing.assert_allclose(value, softplus(1.0), rtol=1e-5)  # w.(x + 1) - w.x = 3 - 4
    assert not metrics
    value, metrics = objective.critic_loss(critic_view(fake, CriticOutput(some.real @ W), some, samples), ())
    np.testing.assert_allclose(value, softplus(-1.0), rtol=1e-5)
    assert metrics.keys() == {"score_real", "score_fake"}
    assert [sorted(p(linear(W), some, samples)[1]) for p in VARIANTS["r3gan"].build().penalties] == [
        ["r1_penalty"],
        ["r2_penalty"],
    ]


def classified(logits, generator_index) -> CriticView:
    some = draw(len(logits))
    real = CriticOutput(some.real @ W)
    return critic_view(real._replace(class_logits=logits), real, some, some.real, generator_index=jnp.asarray(generator_index))


def test_the_generator_classifier_adds_its_cross_entropy_to_both_players():
    plain = VARIANTS["gan"].build().objective
    objective = with_generator_classifier(plain, 0.5)
    view = classified(jnp.zeros((6, 3)), [0, 0, 1, 1, 2, 2])
    value, metrics = objective.critic_loss(view, ())
    np.testing.assert_allclose(value - plain.critic_loss(view, ())[0], np.log(3), rtol=1e-5)
    assert metrics.keys() == {*plain.critic_loss(view, ())[1], "generator_classification"}
    generator, more = objective.generator_loss(of_generator(view), ())
    np.testing.assert_allclose(generator - plain.generator_loss(of_generator(view), ())[0], 0.5 * np.log(3), rtol=1e-5)
    assert more == plain.generator_loss(of_generator(view), ())[1]
    assert objective.init is plain.init and objective.update is plain.update
    check_float32((value, metrics, generator))


def test_the_generator_classifier_on_given_logits():
    logits = jnp.array([[2.0, 0.0], [1.0, 3.0], [0.0, 4.0]])
    objective = with_generator_classifier(VARIANTS["wgan"].build().objective, 1.0)

    def loss(logits):
        return objective.critic_loss(classified(logits, [0, 1, 0]), ())

    (value, metrics), gradient = jax.value_and_grad(loss, has_aux=True)(logits)
    np.testing.assert_allclose(value, softplus([-2.0, -2.0, 4.0]).mean(), rtol=1e-5)  # WGAN's own loss is 0 on equal scores
    np.testing.assert_allclose(metrics["generator_classification"], 2 / 3, rtol=1e-6)
    check_float32((value, metrics, gradient))


def test_the_table_says_what_critic_each_variant_needs():
    assert {name for name, v in VARIANTS.items() if v.critic == "autoencoder"} == {"began", "ebgan"}
    assert {name for name, v in VARIANTS.items() if v.critic == "none"} == {"sinkhorn"}
    assert {name for name, v in VARIANTS.items() if v.dropout} == {"ct_gan"}
    assert all((v.recipes[0].settings["n_critic"] == 0) == (v.critic == "none") for v in VARIANTS.values())


@pytest.mark.parametrize("name", [name for name in VARIANTS if name != "sinkhorn"])
def test_losses_and_metrics_keep_the_type_they_are_given(name):
    """In float64 too, and with numbers that are traced."""
    variant = VARIANTS[name]
    numbers = {k: parameter.default for k, parameter in inspect.signature(variant.build).parameters.items()}

    def critic(samples, labels, *, noise=0):
        features = jnp.tanh(samples) * (1 + noise)
        return CriticOutput(features @ W.astype(samples.dtype), features=features, reconstruction=features)

    def run(numbers, real, fake):
        some = draw(6, real=real, epsilon=jnp.linspace(0, 1, 6, dtype=real.dtype))
        game = variant.build(**numbers)
        state = game.objective.init()

        def loss(fake):
            view = critic_view(critic(fake, some.fake_label), critic(real, some.real_label), some, fake, critic)
            value, metrics = game.objective.critic_loss(view, state)
            parts = [penalty(critic, some, fake) for penalty in game.penalties]
            generator, more = game.objective.generator_loss(of_generator(view), state)
            total = value + generator + sum(part for part, _ in parts)
            assert {"score_real", "score_fake"} <= metrics.keys()
            return total, [value, generator, metrics, more, parts]

        gradient, told = jax.grad(loss, has_aux=True)(fake)
        after = game.objective.update(state, told[2])
        assert jax.tree.map(jnp.shape, after) == jax.tree.map(jnp.shape, state)
        chex.assert_trees_all_equal_dtypes(after, state)
        return gradient, told

    for dtype in (jnp.float32, jnp.float64):
        with jax.enable_x64(dtype == jnp.float64):
            real, fake = np.random.RandomState(0).normal(size=(2, 6, 2)).astype(dtype)
            traced = {k: jnp.asarray(v, dtype) for k, v in numbers.items()}
            results = jax.jit(run)(traced, jnp.asarray(real), jnp.asarray(fake))
            chex.assert_tree_all_finite(results)
            assert {leaf.dtype for leaf in jax.tree.leaves(results)} == {jnp.dtype(dtype)}
