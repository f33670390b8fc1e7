"""Nearest neighbours: does a generator repeat its training data?"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from jaxgan.errors import UserError
from jaxgan.metrics.arrays import ArrayData, Progress, checked_pair, chunks, silent
from jaxgan.metrics.manifold import BLOCK, squared_distances


class Neighbours(NamedTuple):
    """The k nearest of each sample, the nearest first."""

    distances: Float[np.ndarray, "n k"]
    rows: Int[np.ndarray, "n k"]


def nearest_neighbours(among: ArrayData, samples: ArrayData, *, k: int = 1, progress: Progress = silent) -> Neighbours:
    """For features (n, d) of samples, the k nearest of the features (m, d) `among`, by Euclidean distance; in blocks."""
    among, samples = checked_pair(among, samples, least=1)
    if not 1 <= k <= len(among):
        raise UserError(f"k {k}: must be from 1 to the {len(among)} samples there are to choose from")
    centre = among.mean(0)  # a shift changes no distance, and keeps float32 from losing the small ones
    among, samples = (jax.device_put((x - centre).astype(np.float32)) for x in (among, samples))
    found = [_nearest(samples[part], among, k) for part in progress(chunks(len(samples), BLOCK))]
    distances, rows = (np.concatenate([np.asarray(x) for x in column]) for column in zip(*found, strict=True))
    return Neighbours(distances, rows)


def _nearest(samples: Array, among: Array, k: int) -> tuple[Array, Array]:
    nearness, rows = jax.lax.top_k(-squared_distances(samples, among), k)
    return jnp.sqrt(-nearness), rows
