"""What is measured at a logged step beside the losses, by pure functions that leave the state as it is."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxgan.engine.draws import critic_draw, generator_draw
from jaxgan.engine.numbers import Numbers
from jaxgan.engine.sampling import generate
from jaxgan.engine.setup import DataArrays, Setup
from jaxgan.engine.steps import make_steps
from jaxgan.objectives.penalties import gradient_norm, interpolate
from jaxgan.types import CriticOutput, GanState, Labels, Metrics, Params, Samples

NEAR_ZERO = 1e-6  # a gradient entry smaller than this counts as near zero


def diagnose(setup: Setup, numbers: Numbers, data: DataArrays, state: GanState) -> Metrics:
    """The critic's weight range, the share of near-zero gradients of both players, and ||grad f|| at interpolates.

    The norm is that of the critic as it is used (evaluation mode), for every variant, so that variants compare.
    """
    steps = make_steps(setup, numbers)
    generator_gradients = steps.generator_gradients(state, generator_draw(setup, data, state.key, state.step))[0]
    if not setup.plan.n_critic:  # there is no critic to speak of
        return {"generator_gradient_near_zero": _near_zero(generator_gradients)}
    draw = critic_draw(setup, data, state.key, state.step * setup.plan.n_critic)
    critic_gradients = steps.critic_gradients(state, draw)[0]
    fake = generate(setup, state, draw.latent, draw.fake_label, average=False)
    variables = {"params": state.critic.params, **state.critic.variables}

    def critic(samples: Samples, labels: Labels, *, noise: int = 0) -> CriticOutput:
        output: Any = setup.critic.apply(variables, samples, labels, train=False)
        return output

    norms = gradient_norm(critic, interpolate(draw.real, fake, draw.epsilon), draw.real_label)
    weights = _entries(state.critic.params)
    return {
        "gradient_norm": norms.mean(),
        "critic_weight_min": weights.min(),
        "critic_weight_max": weights.max(),
        "critic_gradient_near_zero": _near_zero(critic_gradients),
        "generator_gradient_near_zero": _near_zero(generator_gradients),
    }


def _entries(tree: Params) -> Float[Array, " n"]:
    return jnp.concatenate([leaf.ravel() for leaf in jax.tree.leaves(tree)])


def _near_zero(gradients: Params) -> Float[Array, ""]:
    return (jnp.abs(_entries(gradients)) < NEAR_ZERO).mean()
