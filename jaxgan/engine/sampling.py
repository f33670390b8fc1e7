"""Samples from a trained state."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from jaxgan.engine.draws import Stream, stream_key
from jaxgan.engine.setup import Setup
from jaxgan.networks import generator_index
from jaxgan.types import GanState, Labels, Samples

PICTURE_POINTS = 2500  # PacGAN's protocol judges as many (arXiv 1712.04086, section 4.1)


def generate(
    setup: Setup,
    state: GanState,
    latent: Float[Array, "batch latent"],
    labels: Labels,
    *,
    batch_statistics: bool = False,
    average: bool = True,
) -> Samples:
    """G(z, y) with the averaged weights where the run keeps them (and `average`), and the running batch statistics.

    With `batch_statistics` batch norm uses the batch's own, as the labs do.
    """
    source = state.ema if average and state.ema else state.generator
    inputs = {"params": source.params, **source.variables}
    samples: Any = setup.generator.apply(inputs, latent, labels, train=batch_statistics)
    return samples


def picture_labels(setup: Setup) -> Int[np.ndarray, " n"]:
    """Labels of the pictures a run draws: ten a class, in rows, where it is conditional; zeros otherwise."""
    if setup.plan.conditional:
        columns = PICTURE_POINTS // setup.dataset.n_classes if setup.dataset.is_points else 10
        return np.repeat(np.arange(min(setup.dataset.n_classes, 100), dtype=np.int32), columns)
    images = setup.plan.generators * -(-64 // setup.plan.generators)  # as many of each generator
    return np.zeros(PICTURE_POINTS if setup.dataset.is_points else images, np.int32)


def picture_groups(setup: Setup) -> Int[np.ndarray, " n"]:
    """What the samples of a run's pictures are told apart by: their labels, or the generator that made them."""
    labels = picture_labels(setup)
    if setup.plan.conditional or setup.plan.generators == 1:
        return labels
    return np.asarray(generator_index(len(labels), setup.plan.generators))


def picture(setup: Setup, state: GanState) -> Samples:
    """Samples from the same latents at every step of the run."""
    labels = jnp.asarray(picture_labels(setup))
    return generate(setup, state, latents(setup, stream_key(state.key, Stream.PICTURE), len(labels)), labels)


def latents(setup: Setup, key: Key[Array, ""], n: int) -> Float[Array, "n latent"]:
    return jax.random.normal(key, (n, setup.plan.latent_dim), float)
