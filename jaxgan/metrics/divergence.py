"""How far points of the plane are from an exact density: Kullback-Leibler and Jensen-Shannon divergence over a grid."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from jaxgan.checks import array, function, whole_number
from jaxgan.errors import UserError
from jaxgan.metrics.arrays import ArrayData, checked


class Divergences(NamedTuple):
    """In nats. Finite samples in finite cells bias all of them upwards: compare at the same counts."""

    kl: float  # generated from real: large where samples lie where the density has none
    reverse_kl: float  # real from generated: large where modes are missed
    jensen_shannon: float  # between 0 and log 2
    outside: float  # the share of samples beyond the grid; they count as one more cell


class Cells(NamedTuple):
    """A density's mass in each of cells x cells rectangles between `low` and `high`."""

    low: Float[np.ndarray, "2"]
    high: Float[np.ndarray, "2"]
    mass: Float[np.ndarray, "cells cells"]


def cells_of(log_density: Callable[[Any], Any], *, low: ArrayData, high: ArrayData, cells: int = 50, refine: int = 10) -> Cells:
    """The mean of the density over refine x refine places in a cell, times its area: computed once for many sets of points."""
    function("log_density", log_density, "points (n, 2)")
    cells, refine = whole_number("cells", cells), whole_number("refine", refine)
    low, high = (checked(name, x, ndim=1) for name, x in (("low", low), ("high", high)))
    if len(low) != 2 or len(high) != 2:
        raise UserError(f"low and high have {len(low)} and {len(high)} numbers; must be two each, of the plane")
    if not (low < high).all():
        raise UserError(f"low {low} must be less than high {high}")
    side = cells * refine
    axes = [low[i] + (np.arange(side) + 0.5) / side * (high[i] - low[i]) for i in (0, 1)]
    places = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(side, -1, 2)  # (side, side, 2): a row at a time
    density = np.exp([_one_each(row, array("log_density(points)", log_density(row))) for row in places])
    mass = density.reshape(cells, refine, cells, refine).mean((1, 3)) * np.prod((high - low) / cells)
    return Cells(low, high, mass)


def _one_each(points: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The log density of each point; raises UserError where there are not as many, or one is no number."""
    if values.shape != (len(points),) or np.isnan(values).any():
        raise UserError(f"log_density(points): shape {values.shape} for {len(points)} points; must be as many numbers")
    return values.astype(float)


def divergences(
    points: ArrayData,
    log_density: Callable[[Any], Any] | Cells,
    *,
    low: ArrayData = None,
    high: ArrayData = None,
    cells: int = 50,
    refine: int = 10,
) -> Divergences:
    """The share of points in each of cells x cells rectangles between `low` and `high`, against the density's mass in it.

    In place of a log density (then without the other arguments) what `cells_of` made of it. Each count is raised by
    1 / cells^2 of a sample, so that an empty cell is unlikely and not impossible, and KL is finite.
    """
    points = checked("points", points)
    if points.shape[1] != 2:
        raise UserError(f"points: shape {points.shape}, and (n, 2) is needed")
    if not isinstance(log_density, Cells):
        log_density = cells_of(log_density, low=low, high=high, cells=cells, refine=refine)
    low, high, mass = log_density
    cells = len(mass)
    counts = np.histogramdd(points, bins=cells, range=[(low[0], high[0]), (low[1], high[1])])[0]
    outside = len(points) - counts.sum()
    tiny = 1 / cells**2
    q = np.append(counts, outside) + tiny
    q /= q.sum()
    p = np.append(mass, max(1 - mass.sum(), 0.0)) + tiny / len(points)
    p /= p.sum()
    middle = (p + q) / 2
    jensen_shannon = (_kl(p, middle) + _kl(q, middle)) / 2
    return Divergences(_kl(q, p), _kl(p, q), jensen_shannon, float(outside / len(points)))


def _kl(p: np.ndarray, q: np.ndarray) -> float:
    return float(np.sum(p * (np.log(p) - np.log(q))))
