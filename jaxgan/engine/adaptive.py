"""Adaptive augmentation (ADA, Karras et al. 2020, arXiv 2006.06676, section 3.2): what the critic sees is augmented as often as it overfits."""

from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
from jaxtyping import Array

from jaxgan.networks.augmentation import with_probability
from jaxgan.types import Augmentation, CriticView, GanState, Metrics, Number, Scalar

if TYPE_CHECKING:
    from jaxgan.engine.gan import Gan

R_T, PROBABILITY = "overfitting_r_t", "augment_probability"  # metrics


def no_augmentation() -> Augmentation:
    """The beginning: probability 0, nothing seen."""
    return Augmentation(jnp.zeros((), float), jnp.zeros((), float), jnp.zeros((), jnp.int32))


def probability_of(state: GanState) -> Array | None:
    """The probability of each kind of augmentation; None where it is not adaptive."""
    return state.augmentation.probability if state.augmentation else None


def passed_variables(state: GanState) -> dict[str, dict[str, Array]]:
    """What the critic's passes are given beside its own variables."""
    return with_probability(probability_of(state))


def overfitting(gan: "Gan", state: GanState, view: CriticView) -> Metrics:
    """r_t = E[sign(D_train)] over the real samples of a step (eq. 1), and the probability; nothing where that is not adaptive.

    1: the critic knows all real samples for real, 0: it cannot tell, -1: it takes them all for fake.
    """
    margin = gan.objective.real_margin
    if not state.augmentation or margin is None:
        return {}
    signs = jnp.sign(jax.lax.stop_gradient(margin(view)))
    return {R_T: signs.mean(), PROBABILITY: state.augmentation.probability}


def adjusted_probability(probability: Number, r_t: Number, samples: int, *, target: Number, images: Number) -> Scalar:
    """p + sign(r_t - target) samples / images, within [0, 1] (section 3.2).

    Args:
        probability: p, before.
        r_t: the overfitting measure, from -1 to 1.
        samples: real samples that the critic has seen since p last changed.
        target: of r_t, above which p is raised.
        images: after as many real samples p could have gone from 0 to 1.
    """
    return jnp.clip(probability + jnp.sign(r_t - target) * samples / images, 0, 1)


def adapted(gan: "Gan", state: GanState, metrics: Metrics, batch_size: int) -> Augmentation | tuple[()]:
    """The augmentation after a critic step: every `ada_interval` of them the probability moves, by the mean r_t since."""
    before = state.augmentation
    if not before or R_T not in metrics:
        return before
    signs, steps = before.signs + metrics[R_T].astype(before.signs.dtype), before.steps + 1
    due = steps >= gan.ada_interval
    moved = adjusted_probability(
        before.probability, signs / steps, batch_size * gan.ada_interval, target=gan.ada_target, images=gan.ada_images
    )
    return Augmentation(
        jnp.where(due, moved, before.probability).astype(before.probability.dtype),
        jnp.where(due, 0, signs),
        jnp.where(due, 0, steps),
    )
