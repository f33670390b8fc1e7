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
from jaxgan.metrics.two_sample import wilson


class Neighbours(NamedTuple):
    """The k nearest of each sample, the nearest first."""

    distances: Float[np.ndarray, "n k"]
    rows: Int[np.ndarray, "n k"]


class Authenticity(NamedTuple):
    """How many generated samples are no near copies of a training sample, with the 95 % interval of that share."""

    share: float  # those that are farther from the nearest training sample than its own nearest is; 1/3 to 1/2 without copying
    low: float
    high: float


class Copying(NamedTuple):
    """How near generated samples lie to the training set, beside held-out samples, which nobody can have copied."""

    nearer: float  # the share of pairs in which the generated sample is the nearer one; 0.5 where they are alike
    z: float  # Z_U, by how many deviations that is off: far below 0 where training data are copied, far above 0 where samples are unlike
    closest: float  # the share of generated samples that are nearer than the closest twentieth of held-out ones; 0.05 where they are alike
    low: float  # of the 95 % interval of `nearer`
    high: float


CLOSEST = 0.05
FEWEST_HELD_OUT = 20  # of which a twentieth is one


def data_copying(generated: ArrayData, held_out: ArrayData) -> Copying:
    """From the distances (n,) and (m,) of either to the nearest training sample, by Mann and Whitney's test.

    Z_U of Meehan, Chaudhuri and Dasgupta 2020, arXiv 2004.05675, section 3.2, over the whole space; `closest` tells of copies among
    samples that are on the whole as far as held-out ones. The interval is that of `share_of_pairs`.

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
    return Copying(
        nearer, float((0.5 - nearer) / deviation), float((generated < closest).mean()), *share_of_pairs(nearer, n, m)
    )


def share_of_pairs(share: float, n: int, m: int, z: float = 1.959964) -> tuple[float, float]:
    """The interval of a share of all pairs of n and m independent samples, as Mann and Whitney count it; it stays within [0, 1].

    Newcombe 2006, Statistics in Medicine 25, 559 to 573, method 5: the two t for which (t - share)^2 = z^2 V(t), where, as in Hanley and
    McNeil 1982, eq. 2, V(t) = t (1 - t) (1 + k ((1 - t) / (2 - t) + t / (1 + t))) / (n m), and k = (n + m) / 2 - 1.
    """
    k = (n + m) / 2 - 1

    def beyond(t: float) -> bool:
        variance = t * (1 - t) * (1 + k * ((1 - t) / (2 - t) + t / (1 + t))) / (n * m)
        return (t - share) ** 2 > z * z * variance

    ends = []
    for outside in (0.0, 1.0):
        inside = share
        for _ in range(40):  # bisection
            middle = (inside + outside) / 2
            inside, outside = (inside, middle) if beyond(middle) else (middle, outside)
        ends.append(inside)
    return ends[0], ends[1]


def authenticity(training: ArrayData, nearest: Neighbours, *, progress: Progress = silent) -> Authenticity:
    """How many samples are farther from their nearest training sample than that one is from its own nearest.

    Alaa, van Breugel, Saveliev and van der Schaar 2021, arXiv 2102.08921, section 3.3 (AuthPct of arXiv 2306.04675). A sampler that
    draws from the data's own distribution has 1/3 in one dimension, 0.38 in two and 1/2 in very many: the share of samples that are
    not each other's nearest. Copies have 0, samples unlike the data 1. No held-out samples are needed. The interval is Wilson's.

    Args:
        training: features (m, d) of at least two samples.
        nearest: of the generated samples among them, as `nearest_neighbours(training, generated)` gives them.
        progress: shown over the blocks of distances.

    Raises:
        UserError: fewer than two training samples, or rows that are not among them.
    """
    training = checked("training", training, dtype=np.float32)
    rows, own = np.asarray(nearest.rows)[:, 0], np.asarray(nearest.distances)[:, 0]
    if not len(rows) or rows.min() < 0 or rows.max() >= len(training):
        raise UserError(f"nearest: rows must be from 0 to {len(training) - 1}, of the training samples, and there must be some")
    wanted, place = np.unique(rows, return_inverse=True)
    between = _nearest_other(training, wanted, progress)
    share = float((own > between[place]).mean())
    return Authenticity(share, *wilson(share, len(own)))


def _nearest_other(among: np.ndarray, rows: np.ndarray, progress: Progress) -> np.ndarray:
    """For the samples of these rows the distance to the nearest of all others."""
    centre = among.mean(0, dtype=np.float64).astype(np.float32)
    pieces = [(piece.start, jax.device_put(among[piece] - centre)) for piece in chunks(len(among), BLOCK)]
    nearest = []
    for part in progress(chunks(len(rows), BLOCK)):
        here = jax.device_put(among[rows[part]] - centre)
        nearest.append(np.min([np.asarray(_distance_to_others(here, piece, rows[part] - start)) for start, piece in pieces], 0))
    return np.concatenate(nearest)


@jax.jit
def _distance_to_others(samples: Array, among: Array, itself: Array) -> Array:
    """To the nearest of `among`, in which a sample may be itself, at the place `itself`."""
    distances = squared_distances(samples, among)
    return jnp.sqrt(jnp.where(jnp.arange(len(among)) == itself[:, None], jnp.inf, distances).min(1))


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
