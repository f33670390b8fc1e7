"""How far the correlations of generated features are from those of real ones."""

from typing import NamedTuple

import numpy as np

from jaxgan.errors import UserError
from jaxgan.metrics.arrays import ArrayData, checked_pair


class CorrelationDifference(NamedTuple):
    """|corr(x_i, x_j) - corr(y_i, y_j)| over the pairs i < j of features: 0 where all agree, at most 2."""

    mean: float
    largest: float
    pair: tuple[int, int]  # the places of the largest, from 0


def correlation_difference(real: ArrayData, fake: ArrayData) -> CorrelationDifference:
    """Pearson's correlations of both, (n, d), in float64.

    Features that are constant among the real samples have no correlations and are left out; those of a feature that is constant among
    the generated samples alone are 0.

    Raises:
        UserError: fewer than two features vary.
    """
    real, fake = checked_pair(real, fake)
    varying = np.flatnonzero(np.ptp(real, axis=0) > 0)
    if len(varying) < 2:
        raise UserError(f"real: {len(varying)} of {real.shape[1]} features vary, and correlations need 2")
    difference = np.abs(_correlations(real[:, varying]) - _correlations(fake[:, varying]))
    first, second = np.triu_indices(len(varying), 1)
    apart = difference[first, second]
    worst = int(apart.argmax())
    return CorrelationDifference(
        float(apart.mean()), float(apart[worst]), (int(varying[first[worst]]), int(varying[second[worst]]))
    )


def _correlations(rows: np.ndarray) -> np.ndarray:
    """(d, d); 0 for a feature that is constant."""
    centred = rows - rows.mean(0)
    constant = np.ptp(rows, axis=0) == 0
    norms = np.where(constant, 1.0, np.linalg.norm(centred, axis=0))
    scaled = np.where(constant, 0.0, centred / np.where(norms > 0, norms, 1.0))
    return np.asarray(scaled.T @ scaled)
