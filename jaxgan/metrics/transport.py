"""Transport distances between samples: exact Wasserstein-1 by linear programming, and its sliced bound.

A critic's loss is neither: it is one function's estimate (arXiv 2103.01678, section 3).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxgan.checks import seed as checked_seed
from jaxgan.checks import whole_number
from jaxgan.errors import UserError
from jaxgan.metrics.arrays import ArrayData, Progress, checked_pair, chunks, silent

CAP = 5000  # samples of either kind: the table of costs holds their product


def wasserstein1(real: ArrayData, fake: ArrayData, *, cap: int = CAP) -> float:
    """The exact W1 = min_T sum_ij T_ij |x_i - y_j| between two sets of equally weighted samples, in their own units.

    Its time grows about as n^3 and its memory as n m (200 MB for 5,000 of each): more than `cap` samples are refused.

    Args:
        real: samples (n, d).
        fake: samples (m, d).
        cap: how many of each are taken at most.

    Raises:
        UserError: more than `cap` samples, or arrays that no distance can be taken of.

    Example:
        >>> import numpy as np
        >>> from jaxgan import metrics
        >>> square = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
        >>> metrics.wasserstein1(square, square + [3.0, 4.0])  # every point is moved by 5
        5.0
    """
    cap = whole_number("cap", cap)
    real, fake = checked_pair(real, fake, least=1)
    if max(len(real), len(fake)) > cap:
        raise UserError(
            f"{len(real)} and {len(fake)} samples: the exact distance takes at most {cap} of each; draw some of them"
        )
    import ot

    return float(ot.emd2([], [], ot.dist(real, fake, metric="euclidean"), numItermax=10_000_000))


def sliced_wasserstein(
    real: ArrayData,
    fake: ArrayData,
    *,
    order: int = 1,
    projections: int = 512,
    seed: int = 0,
    progress: Progress = silent,
) -> float:
    """(mean over directions t of W_p(t.x, t.y)^p)^(1/p), directions uniform on the sphere (Bonneel et al. 2015, eq. 1).

    In one dimension W_p joins sorted samples; where there are more of one kind, quantiles are joined.
    """
    order, projections, seed = (
        whole_number("order", order),
        whole_number("projections", projections),
        checked_seed("seed", seed),
    )
    real, fake = checked_pair(real, fake, least=1, dtype=np.float32)
    directions = np.random.default_rng(seed).normal(size=(real.shape[1], projections)).astype(np.float32)
    directions /= np.linalg.norm(directions, axis=0)
    parts = [np.asarray(_along(real, fake, directions[:, part], order)) for part in progress(chunks(projections, 64))]
    return float(np.concatenate(parts).mean(dtype=np.float64) ** (1 / order))


class Marginals(NamedTuple):
    """Wasserstein-1 distances between the marginal distributions of features, in standard deviations of the real feature."""

    mean: float  # over the features
    worst: float
    feature: int  # the place of the worst, from 0
    distances: np.ndarray  # (d,)


def marginal_wasserstein(real: ArrayData, fake: ArrayData, *, progress: Progress = silent) -> Marginals:
    """W1(x_j, y_j) / std(x_j) of each feature j, exact: the area between both distribution functions.

    Of a real feature that is constant the distance is in its own units.
    """
    real, fake = checked_pair(real, fake, least=1)
    std = real.std(0)
    std = np.where(std > 0, std, 1.0)
    centre = real.mean(0)
    x, y = (((v - centre) / std).astype(np.float32) for v in (real, fake))
    parts = [
        np.asarray(_along(x[:, part], y[:, part], np.eye(len(std[part]), dtype=np.float32), 1))
        for part in progress(chunks(len(std), 64))
    ]
    distances = np.concatenate(parts).astype(np.float64)
    return Marginals(float(distances.mean()), float(distances.max()), int(distances.argmax()), distances)


@jax.jit(static_argnums=3)
def _along(real: Array, fake: Array, directions: Array, order: int) -> Float[Array, " directions"]:
    """W_p^p along each direction: the area between the two quantile functions, exactly, also for unequal numbers."""
    x, y = (jnp.sort(jnp.matmul(v, directions, precision="highest"), axis=0) for v in (real, fake))
    n, m = len(x), len(y)
    if n == m:
        return (jnp.abs(x - y) ** order).mean(0)
    steps = np.unique(np.concatenate([np.arange(n + 1) / n, np.arange(m + 1) / m]))  # where either function jumps
    middles, widths = (steps[1:] + steps[:-1]) / 2, np.diff(steps)
    x, y = x[(middles * n).astype(int)], y[(middles * m).astype(int)]
    return (jnp.asarray(widths, x.dtype)[:, None] * jnp.abs(x - y) ** order).sum(0)
