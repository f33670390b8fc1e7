"""Data sets of points: a distribution drawn afresh, or a fixed sample of it."""

from collections.abc import Callable

import jax
import numpy as np
from jaxtyping import Float, Int

from jaxgan.data.dataset import Dataset, Request
from jaxgan.data.distributions import Distribution
from jaxgan.memory import check_fits

SAMPLE_SEED = 42

FixedSample = Callable[[Distribution, int], tuple[Distribution, np.ndarray, np.ndarray]]


def fixed_sample(distribution: Distribution, n: int) -> tuple[Distribution, Float[np.ndarray, "n 2"], Int[np.ndarray, " n"]]:
    """`n` points (n, 2) in model coordinates with labels (n,), drawn with seed 42; the same with x64 on or off."""
    points, labels = distribution.sample(jax.random.key(SAMPLE_SEED), n, np.float32)
    return distribution, np.array(points), np.array(labels)  # copies: no array of jax is held


def class_count(distribution: Distribution) -> int:
    """The number of its modes, which are the classes of its points; 0 where there is one, which tells nothing apart, or none."""
    return len(distribution.centres) if len(distribution.centres) > 1 else 0


def draw_afresh(distribution: Distribution, name: str) -> Dataset:
    """The data set of this name whose points are new ones in every batch."""
    return Dataset(name, (2,), class_count(distribution), None, None, distribution=distribution, sampler=distribution.sample)


def drawn_from(distribution: Distribution, sample: FixedSample = fixed_sample) -> Callable[[Request], Dataset]:
    """The loader of a distribution: without `points` it is drawn afresh, with `points` = N `sample` fixes N of them."""

    def load(request: Request) -> Dataset:
        request.takes("points")
        if request.points is None:
            return draw_afresh(distribution, request.name)
        check_fits(12 * request.points, f"{request.points:,} points with labels")
        scaled, points, labels = sample(distribution, request.points)
        n_classes = class_count(scaled)
        return Dataset(request.name, (2,), n_classes, points, labels if n_classes else None, distribution=scaled)

    return load
