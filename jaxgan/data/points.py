"""Data sets of points: a distribution drawn afresh, or a fixed sample of it."""

from collections.abc import Callable

import jax
import numpy as np
from jaxtyping import Float, Int

from jaxgan.data.dataset import Dataset, Request
from jaxgan.data.distributions import Distribution

SAMPLE_SEED = 42

FixedSample = Callable[[Distribution, int], tuple[Distribution, np.ndarray, np.ndarray]]


def fixed_sample(distribution: Distribution, n: int) -> tuple[Distribution, Float[np.ndarray, "n 2"], Int[np.ndarray, " n"]]:
    """`n` points (n, 2) in model coordinates with labels (n,), drawn with seed 42; the same with x64 on or off."""
    points, labels = distribution.sample(jax.random.key(SAMPLE_SEED), n, np.float32)
    return distribution, np.asarray(points), np.asarray(labels)


def drawn_from(distribution: Distribution, sample: FixedSample = fixed_sample) -> Callable[[Request], Dataset]:
    """The loader of a distribution: without `points` it is drawn afresh, with `points` = N `sample` fixes N of them."""

    def load(request: Request) -> Dataset:
        request.takes("points")
        n_classes = len(distribution.centres) if len(distribution.centres) > 1 else 0  # one mode says nothing
        if request.points is None:
            return Dataset(request.name, (2,), n_classes, None, None, distribution=distribution)
        law, points, labels = sample(distribution, request.points)
        return Dataset(request.name, (2,), n_classes, points, labels if n_classes else None, distribution=law)

    return load
