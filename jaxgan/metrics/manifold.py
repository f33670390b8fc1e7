"""Precision and recall, density and coverage: which samples lie among the others' nearest neighbours.

Improved precision and recall: Kynkaanniemi et al. 2019, arXiv 1904.06991, eq. 1 and 2; density and coverage: Naeem et al.
2020, arXiv 2002.09797, eq. 5 and 6. Distances are computed in blocks, so that memory grows with the number of samples.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxgan.checks import whole_number
from jaxgan.errors import UserError
from jaxgan.metrics.arrays import ArrayData, Progress, checked, checked_pair, chunks, silent

BLOCK = 2048
NARROW = 16


class Manifold(NamedTuple):
    """Shares in [0, 1], but for the density, which can be more than 1."""

    precision: float  # of generated samples, those within reach of a real one
    recall: float  # of real samples, those within reach of a generated one
    density: float  # how many real samples reach a generated one, by k
    coverage: float  # of real samples, those whose own reach holds a generated one


def squared_distances(x: Float[Array, "n d"], y: Float[Array, "m d"]) -> Float[Array, "n m"]:
    """|x - y|^2; of more than `NARROW` dimensions as |x|^2 + |y|^2 - 2 x.y, at least 0.

    In few dimensions samples may lie in clusters far closer than they are from 0, where that difference would be all rounding.
    """
    if not isinstance(x, jax.Array) or not isinstance(y, jax.Array):
        x, y = (checked(name, v, least=1, dtype=np.float32) for name, v in (("x", x), ("y", y)))
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1]:
        raise UserError(f"x and y have shape {x.shape} and {y.shape}; must be (n, d) and (m, d)")
    return _squared_distances(jnp.asarray(x), jnp.asarray(y))


@jax.jit
def _squared_distances(x: Array, y: Array) -> Array:
    if x.shape[1] <= NARROW:
        return jnp.sum((x[:, None] - y) ** 2, -1)
    products = jnp.matmul(x, y.T, precision="highest")  # accelerators would round the factors
    return jnp.maximum(jnp.sum(x * x, 1)[:, None] + jnp.sum(y * y, 1) - 2 * products, 0)


def precision_recall_density_coverage(real: ArrayData, fake: ArrayData, *, k: int = 5, progress: Progress = silent) -> Manifold:
    """All four from features of real and generated samples; a sample's reach is the distance to its k-th neighbour of its own kind."""
    k = whole_number("k", k)
    real, fake = checked_pair(real, fake, least=k + 1)
    centre = real.mean(0)  # a shift changes no distance, and keeps float32 from losing the small ones
    real, fake = (checked(name, x - centre, least=k + 1, dtype=np.float32) for name, x in (("real", real), ("fake", fake)))
    parts = [[jax.device_put(x[rows]) for rows in chunks(len(x), BLOCK)] for x in (real, fake)]
    own = [(which, i, j) for which in (0, 1) for i in range(len(parts[which])) for j in range(i, len(parts[which]))]
    across = [(i, j) for i in range(len(parts[0])) for j in range(len(parts[1]))]
    nearest = [np.full((len(x), k + 1), np.inf, np.float32) for x in (real, fake)]  # the first is the sample itself
    within = np.zeros(len(fake), int)  # real samples whose reach holds this one
    recalled, covered = np.zeros(len(real), bool), np.zeros(len(real), bool)

    def update_nearest(which: int, i: int, distances: np.ndarray) -> None:
        rows = nearest[which][i * BLOCK : (i + 1) * BLOCK]
        rows[:] = np.partition(np.concatenate([rows, distances], axis=1), k, axis=1)[:, : k + 1]

    for task in progress([*own, *across]):
        if len(task) == 3:
            which, i, j = task
            distances = squared_distances(parts[which][i], parts[which][j])
            update_nearest(which, i, np.asarray(distances))
            if i != j:  # the other half of the table is the same
                update_nearest(which, j, np.asarray(jnp.transpose(distances)))
        else:
            i, j = task
            rows, columns = (slice(b * BLOCK, (b + 1) * BLOCK) for b in task)
            table = np.asarray(squared_distances(parts[0][i], parts[1][j]))
            inside = table <= nearest[0][rows, k, None]
            within[columns] += inside.sum(0)
            recalled[rows] |= (table <= nearest[1][columns, k]).any(1)
            covered[rows] |= inside.any(1)
    return Manifold(float((within > 0).mean()), float(recalled.mean()), float(within.mean() / k), float(covered.mean()))
