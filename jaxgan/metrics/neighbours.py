"""Nearest neighbours: does a generator repeat its training data?"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from jaxgan.checks import whole_number
from jaxgan.errors import UserError
from jaxgan.metrics.arrays import ArrayData, Progress, checked, checked_pair, chunks, silent
from jaxgan.metrics.manifold import BLOCK, squared_distances


class Neighbours(NamedTuple):
    """The k nearest of each sample, the nearest first."""

    distances: Float[np.ndarray, "n k"]
    rows: Int[np.ndarray, "n k"]


class Copying(NamedTuple):
    """How near generated samples lie to the training set, beside held-out samples, which nobody can have copied."""

    nearer: float  # the share of pairs in which the generated sample is the nearer one; 0.5 where they are alike
    z: float  # Z_U, by how many deviations that is off: far below 0 where training data are copied, far above 0 where samples are unlike
    closest: float  # the share of generated samples that are nearer than the closest twentieth of held-out ones; 0.05 where they are alike


CLOSEST = 0.05
FEWEST_HELD_OUT = 20  # of which a twentieth is one


def data_copying(generated: ArrayData, held_out: ArrayData) -> Copying:
    """From the distances (n,) and (m,) of either to the nearest training sample, by Mann and Whitney's test.

    Z_U of Meehan, Chaudhuri and Dasgupta 2020, arXiv 2004.05675, section 3.2, over the whole space; `closest` tells of copies among
    samples that are on the whole as far as held-out ones.

    Raises:
        UserError: fewer than 20 held-out distances.
    """
    generated, held_out = (checked(name, x, ndim=1, least=least) for name, x, least in (
        ("generated", generated, 1), ("held_out", held_out, FEWEST_HELD_OUT)))  # fmt: skip
    n, m = len(generated), len(held_out)
    there = np.sort(held_out)
    farther = (
        m - (np.searchsorted(there, generated, "left") + np.searchsorted(there, generated, "right")) / 2
    )  # ties count half
    nearer = float(farther.mean() / m)
    deviation = np.sqrt((n + m + 1) / (12 * n * m))
    closest = there[int(CLOSEST * (m - 1))]
    return Copying(nearer, float((0.5 - nearer) / deviation), float((generated < closest).mean()))


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
