"""Losses, the gradient penalty and one step's gradients of both players against PyTorch."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.objectives import VARIANTS, losses
from jaxgan.objectives.penalties import gradient_penalty
from jaxgan.types import CriticOutput, Draw
from tests.parity.small_setups import (
    compare_outcomes,
    compiled_gradients,
    first_outcomes,
    loaded_state,
    random_iterations,
    small_setup,
)

torch = pytest.importorskip("torch")
twins = pytest.importorskip("tests.parity.twins")

JAXGAN_LOSSES = {
    "gan": (losses.cross_entropy_critic_loss, losses.non_saturating_generator_loss),
    "gan_minimax": (losses.cross_entropy_critic_loss, losses.minimax_generator_loss),
    "lsgan": (losses.least_squares_critic_loss, losses.least_squares_generator_loss),
    "wgan": (losses.wasserstein_critic_loss, losses.wasserstein_generator_loss),
    "wgan_gp": (losses.wasserstein_critic_loss, losses.wasserstein_generator_loss),
}


def test_every_variant_of_the_labs_is_compared():
    of_labs = {name for name, variant in VARIANTS.items() if any(recipe.name.startswith("lab") for recipe in variant.recipes)}
    assert of_labs <= JAXGAN_LOSSES.keys() <= VARIANTS.keys()


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("variant", JAXGAN_LOSSES)
def test_losses_of_scores_and_their_gradients(variant):
    real, fake = np.random.RandomState(0).normal(0, 3, (2, 50))
    critic_loss, generator_loss = JAXGAN_LOSSES[variant]
    there = [torch.tensor(scores).requires_grad_() for scores in (real, fake)]
    value, gradients = jax.value_and_grad(critic_loss, (0, 1))(jnp.asarray(real), jnp.asarray(fake))
    expected = twins.critic_loss(variant, *there)
    np.testing.assert_allclose(value, expected.detach(), rtol=1e-12)
    for mine, theirs in zip(gradients, torch.autograd.grad(expected, there), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-10)
    value, gradient = jax.value_and_grad(generator_loss)(jnp.asarray(fake))
    expected = twins.generator_loss(variant, there[1])
    np.testing.assert_allclose(value, expected.detach(), rtol=1e-12)
    np.testing.assert_allclose(gradient, torch.autograd.grad(expected, there[1])[0], rtol=1e-10)


@pytest.mark.parametrize("size", [1.0, 30.0, 300.0])
def test_cross_entropies_of_sure_critics_are_those_of_bce_with_logits(size):
    """In float32 and far from 0, where a sigmoid and a logarithm fail, against PyTorch's stable form in float64."""
    real, fake = (size * np.random.RandomState(0).normal(size=(2, 50))).astype(np.float32)
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    real_t, fake_t = (torch.tensor(scores, dtype=torch.float64).requires_grad_() for scores in (real, fake))
    ones, zeros = torch.ones(50, dtype=torch.float64), torch.zeros(50, dtype=torch.float64)
    pairs = [
        (losses.cross_entropy_critic_loss, (real, fake), (real_t, fake_t), bce(real_t, ones) + bce(fake_t, zeros)),
        (losses.non_saturating_generator_loss, (fake,), (fake_t,), bce(fake_t, ones)),
        (losses.minimax_generator_loss, (fake,), (fake_t,), -bce(fake_t, zeros)),
    ]
    for loss, scores, inputs, expected in pairs:
        value, gradients = jax.value_and_grad(loss, tuple(range(len(scores))))(*map(jnp.asarray, scores))
        np.testing.assert_allclose(value, expected.detach(), rtol=1e-6)
        for mine, theirs in zip(gradients, torch.autograd.grad(expected, inputs), strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-15)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("shape", [(2,), (4, 3, 2)], ids=["points", "images"])
def test_the_penalty_of_a_conditional_critic_of_sines(shape):
    """A critic whose gradient differs by place and by label, so that weight, epsilon, labels and norm each show."""
    chance = np.random.RandomState(0)
    real, fake = chance.uniform(-1, 1, (2, 6, *shape))
    labels, epsilon = chance.randint(0, 3, 6), chance.uniform(size=6)
    weights, offsets = chance.normal(size=shape), chance.normal(size=3)

    def critic(samples, labels):
        flat = (samples * weights).reshape(6, -1)
        offset = jnp.asarray(offsets)[labels]
        return CriticOutput(jnp.sin(flat.sum(1) + offset) * (1 + offset**2))

    def critic_there(samples, labels):  # the same on (B, C, H, W)
        flat = (samples * twins.tensor(weights[None])[0]).reshape(6, -1)
        offset = torch.tensor(offsets)[labels]
        return (torch.sin(flat.sum(1) + offset) * (1 + offset**2))[:, None]

    unused = {"latent": jnp.zeros((6, 1)), "fake_label": jnp.zeros(6, int), "key": jax.random.key(0)}
    draw = Draw(real=jnp.asarray(real), real_label=jnp.asarray(labels), epsilon=jnp.asarray(epsilon), **unused)
    value, metrics = gradient_penalty(7.0)(critic, draw, jnp.asarray(fake))
    expected = twins.compute_gradient_penalty(
        critic_there, twins.tensor(real), twins.tensor(fake), twins.tensor(epsilon), twins.tensor(labels)
    )
    np.testing.assert_allclose(value, 7 * expected.detach(), rtol=1e-10)
    np.testing.assert_allclose(metrics["gradient_penalty"], value)


FLOAT32_CASES = {
    "mlp-wgan_gp-conditional": ("mlp", "wgan_gp", {"conditional": True}),
    "fc-gan_minimax": ("fc", "gan_minimax", {}),
    "fc-wgan_gp-conditional": ("fc", "wgan_gp", {"conditional": True}),
    "lab_conv-wgan_gp": ("lab_conv", "wgan_gp", {}),
    "conv-gan": ("conv", "gan", {}),
}


@pytest.mark.parametrize("case", FLOAT32_CASES)
def test_one_steps_gradients_in_float32(case):
    """To 1e-4 of the whole tree; in float64 they are compared in test_parity_training, before five iterations."""
    network, variant, options = FLOAT32_CASES[case]
    setup = small_setup(network, variant, **options)
    pair = [twins.shake(twin) for twin in twins.twins_of(setup, torch.float32)]
    state, iterations = loaded_state(setup, *map(twins.arrays, pair)), random_iterations(setup, n=1)
    ours = first_outcomes(setup, compiled_gradients(setup), state, iterations)
    compare_outcomes(ours, twins.first_outcomes(setup, *pair, iterations, torch.float32), 1e-4)
    for player in ("critic", "generator"):
        assert all(array.dtype == np.float32 for array in ours[f"{player}/gradients"].values())
