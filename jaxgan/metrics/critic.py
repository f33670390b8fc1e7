"""Metrics of a critic's scores: how they differ, how steep they are, and whether the critic overfits the training data.

None of these is a distance. By Kantorovich and Rubinstein (arXiv 1701.07875, eq. 2) W1 = sup (E f(x) - E f(y)) over f of Lipschitz
constant 1, so that the difference of the mean scores of a critic f is at most K W1, K its own constant; and the largest gradient
norm that was seen bounds K from below only. The exact distance is `jaxgan.metrics.transport.wasserstein1`.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import Partial
from jaxtyping import Array, Float, Key

from jaxgan.checks import array, function, label_rows
from jaxgan.checks import labels as class_numbers
from jaxgan.errors import UserError
from jaxgan.metrics.arrays import ArrayData, Progress, check_key, checked, chunks, silent

Score = Callable[[Float[Array, "n *sample"], Any], Float[Array, " n"]]  # samples and their labels, one by one
BATCH = 250


class Steepness(NamedTuple):
    """Norms |grad f(x)|, per sample, over the places that were tried."""

    largest: float  # at most the Lipschitz constant
    mean: float


class Gap(NamedTuple):
    """The mean score of training samples less that of held-out ones: about 0 for a critic that generalizes."""

    difference: float
    in_deviations: float  # by the standard deviation of the held-out scores


def scores(score: Score, samples: ArrayData, labels: ArrayData, *, progress: Progress = silent) -> Float[np.ndarray, " n"]:
    """f of every sample, in parts."""
    function("score", score, "(samples, labels)")
    samples, labels = _labelled("samples", samples, "labels", labels)
    parts = [_scored(_pytree(score), samples[part], labels[part]) for part in progress(chunks(len(samples), BATCH))]
    return np.concatenate([np.asarray(part, np.float64) for part in parts])


def steepness(
    score: Score,
    real: ArrayData,
    fake: ArrayData,
    labels: ArrayData,
    fake_labels: ArrayData,
    key: Key[Array, ""],
    *,
    progress: Progress = silent,
) -> Steepness:
    """The largest gradient at real and generated samples and at points between the two; the mean is that between, where WGAN-GP bounds it.

    As many of both are needed; row i of one is joined with row i of the other.
    """
    function("score", score, "(samples, labels)")
    real, labels = _labelled("real", real, "labels", labels)
    fake, fake_labels = _labelled("fake", fake, "fake_labels", fake_labels)
    if real.shape[1:] != fake.shape[1:]:
        raise UserError(f"real and fake samples differ in shape: {real.shape[1:]} and {fake.shape[1:]}")
    check_key(key)
    parts = []
    for part in progress(chunks(min(len(real), len(fake)), BATCH)):
        both = (jnp.asarray(x[part]) for x in (real, fake, labels, fake_labels))
        parts.append(np.asarray(_norms(_pytree(score), *both, jax.random.fold_in(key, part.start)), np.float64))
    norms = np.concatenate(parts, axis=1)  # (3, n)
    return Steepness(float(norms.max()), float(norms[0].mean()))


def _labelled(name: str, samples: ArrayData, name_of_labels: str, labels: ArrayData) -> tuple[np.ndarray, np.ndarray]:
    """Samples (n, ...) and their labels (n,) or (n, K); raises UserError for others."""
    values = array(name, samples)
    values = checked(
        name, values, ndim=max(values.ndim, 2), least=1, dtype=values.dtype if values.dtype.kind == "f" else np.float32
    )
    rows = array(name_of_labels, labels)
    if rows.ndim == 2:
        return values, label_rows(name_of_labels, rows, (len(values), rows.shape[1]))
    return values, class_numbers(name_of_labels, rows, (len(values),), 0)


def _pytree(score: Score) -> Partial:
    """A critic as jit takes it: one that is a `Partial` of a function and weights is compiled once for all weights."""
    return score if isinstance(score, Partial) else Partial(score)


@jax.jit
def _scored(score: Partial, samples: Array, labels: Array) -> Array:
    return score(samples, labels)


@jax.jit
def _norms(score: Partial, x: Array, y: Array, labels: Array, fake_labels: Array, key: Array) -> Array:
    """Between x and y, at x and at y: (3, n)."""
    place = jax.random.uniform(key, (len(x), *(1,) * (x.ndim - 1)), x.dtype)

    def at(samples: Array, labels: Array) -> Array:
        slope = jax.grad(lambda s: score(s, labels).sum())(samples)
        return jnp.linalg.norm(slope.reshape(len(x), -1), axis=1)

    return jnp.stack([at(place * x + (1 - place) * y, labels), at(x, labels), at(y, fake_labels)])


def generalization_gap(train: ArrayData, held_out: ArrayData) -> Gap:
    """From scores (n,) of training samples and of held-out ones."""
    train, held_out = (checked(name, x, ndim=1, least=1) for name, x in (("train", train), ("held_out", held_out)))
    difference = float(train.mean() - held_out.mean())
    return Gap(difference, difference / max(float(held_out.std()), 1e-12))
