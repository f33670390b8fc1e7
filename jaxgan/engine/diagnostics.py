"""What is measured at a logged step beside the losses, by pure functions that leave the state as it is."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxgan.engine.accumulation import part_unit, rows_in_parts
from jaxgan.engine.draws import critic_draw, critic_step_before, generator_draw
from jaxgan.engine.gan import BatchAt, Gan
from jaxgan.engine.steps import critic_gradients, generator_gradients
from jaxgan.objectives.penalties import gradient_norm, interpolate
from jaxgan.types import Critic, CriticOutput, GanState, Labels, Metrics, Params, Samples

NEAR_ZERO = 1e-6  # a gradient entry smaller than this counts as near zero
SPARSE = 1e-3  # a part of the mean size of a network's gradient entries: those below it make its gradient sparse


def diagnose(gan: Gan, state: GanState, batch_at: BatchAt) -> Metrics:
    """The critic's weight range, near-zero gradients and sparsity of both players, and ||grad f|| at interpolates.

    The norm is that of the critic as it is used (evaluation mode), for every variant, so that variants compare.
    """
    before = batch_at(state.key, gan.batch_of(critic_step_before(gan, state.step)))
    of_generator = generator_gradients(gan, state, generator_draw(gan, state.key, state.step, *before)).params
    if not gan.n_critic:
        return _sizes("generator", of_generator)
    index = state.step * gan.n_critic
    draw = critic_draw(gan, state.key, index, *batch_at(state.key, gan.batch_of(index)))
    of_critic = critic_gradients(gan, state, draw).params
    fake = gan.generate(state, draw.latent, draw.fake_label, average=False)
    variables = {"params": state.critic.params, **state.critic.variables}

    def critic(samples: Samples, labels: Labels, *, noise: int = 0) -> CriticOutput:
        output: Any = gan.networks.critic.apply(variables, samples, labels, train=False)
        return output

    norms = _by_parts(gan, critic, interpolate(draw.real, fake, draw.epsilon), draw.real_label)
    weights = _entries(state.critic.params)
    return {
        "gradient_norm": norms.mean(),
        "critic_weight_min": weights.min(),
        "critic_weight_max": weights.max(),
        **_sizes("critic", of_critic),
        **_sizes("generator", of_generator),
    }


def _by_parts(gan: Gan, critic: Critic, samples: Samples, labels: Labels) -> Float[Array, "*parts scores"]:
    """||grad f|| at each sample; where gradients are accumulated, of a part of the batch at a time."""
    if gan.accumulate == 1:
        return gradient_norm(critic, samples, labels)
    parts = tuple(rows_in_parts(rows, gan.accumulate, part_unit(gan)) for rows in (samples, labels))
    return jax.lax.map(lambda part: gradient_norm(critic, *part), parts)


def _entries(tree: Params) -> Float[Array, " n"]:
    return jnp.concatenate([leaf.ravel() for leaf in jax.tree.leaves(tree)])


def _sizes(player: str, gradients: Params) -> Metrics:
    """Shares of a player's gradient entries that are small: near zero in themselves, and on the gradient's own scale."""
    sizes = jnp.abs(_entries(gradients))
    return {
        f"{player}_gradient_near_zero": (sizes < NEAR_ZERO).mean(),
        f"{player}_gradient_sparsity": sparsity(sizes),
    }


def sparsity(entries: Float[Array, " n"]) -> Float[Array, ""]:
    """The share of entries whose size is at most SPARSE times the mean size: the same for every factor on all of them."""
    sizes = jnp.abs(entries)
    return (sizes <= SPARSE * sizes.mean()).mean()
