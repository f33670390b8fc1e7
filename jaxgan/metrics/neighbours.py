"""Nearest neighbours: does a generator repeat its training data?"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from jaxgan.checks import whole_number
from jaxgan.errors import UserError
from jaxgan.metrics.arrays import ArrayData, Progress, checked_pair, chunks, silent
from jaxgan.metrics.manifold import BLOCK, squared_distances


class Neighbours(NamedTuple):
    """The k nearest of each sample, the nearest first."""

    distances: Float[np.ndarray, "n k"]
    rows: Int[np.ndarray, "n k"]


def nearest_neighbours(among: ArrayData, samples: ArrayData, *, k: int = 1, progress: Progress = silent) -> Neighbours:
    """For features (n, d) of samples, the k nearest of the features (m, d) `among`, by Euclidean distance; in blocks."""
    k = whole_number("k", k)
    among, samples = checked_pair(among, samples, least=1, dtype=np.float32)
    if k > len(among):
        raise UserError(f"k={k}: must be from 1 to the {len(among)} samples there are to choose from")
    centre = among.mean(0, dtype=np.float64).astype(
        np.float32
    )  # a shift changes no distance, and keeps float32 from losing the small ones
    pieces = [(piece.start, jax.device_put(among[piece] - centre)) for piece in chunks(len(among), BLOCK)]
    nearest = []
    for part in progress(chunks(len(samples), BLOCK)):
        here = jax.device_put(samples[part] - centre)
        parts = [_nearest(here, piece, min(k, len(piece))) for _, piece in pieces]
        distances = np.concatenate([np.asarray(d) for d, _ in parts], axis=1)
        rows = np.concatenate([first + np.asarray(r) for (first, _), (_, r) in zip(pieces, parts, strict=True)], axis=1)
        order = np.argsort(distances, axis=1, kind="stable")[:, :k]
        nearest.append([np.take_along_axis(x, order, axis=1) for x in (distances, rows)])
    return Neighbours(*(np.concatenate(column) for column in zip(*nearest, strict=True)))


@partial(jax.jit, static_argnums=2)
def _nearest(samples: Array, among: Array, k: int) -> tuple[Array, Array]:
    """Distances and rows of the k nearest; a minimum where k is 1, for `top_k` is slow on a CPU."""
    distances = squared_distances(samples, among)
    if k == 1:
        return jnp.sqrt(distances.min(1, keepdims=True)), distances.argmin(1, keepdims=True)
    nearness, rows = jax.lax.top_k(-distances, k)
    return jnp.sqrt(-nearness), rows
