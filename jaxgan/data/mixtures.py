"""Mixtures of round normals: PacGAN's ring and grid, the labs' mixtures, and one normal alone.

| name | modes | centres, in units | std | scale |
|---|---|---|---|---|
| `ring8` | 8 | (cos 2 pi k/8, sin 2 pi k/8) | .01 | .8 |
| `grid25` | 25 | {-4, -2, 0, 2, 4}^2 | .05 | .2 |
| `mixture4`, `mixture8` | 4, 8 | the first rows of lab 004's list (11.1) | .5 | .9 / 7 |
| `mixture9` | 9 | all nine of that list | .5 | .9 / 7 |
| `mixture16` | 16 | {-7.5, -2.5, 2.5, 7.5}^2 | .5 | .9 / 9.5 |
| `mixture32` | 32 | {-17.5, -12.5, ..., 17.5} x {-7.5, -2.5, 2.5, 7.5} | .5 | .9 / 19.5, .9 / 9.5 |
| `gaussian` | 1 | (0, 0) | 1 | .25 |

`ring8` and `grid25` follow PacGAN (arXiv 1712.04086: variances 1e-4 and .0025). Lab 004 gives 16 and 32 modes in a
table but has nine centres in its code; the layouts here are ours, with the lab's spacing of 5. The mixtures' scale is
.9 / (largest centre + 4 std) for each axis, so that all but a few in 100,000 points lie within .9.
"""

import itertools

import numpy as np
from jaxtyping import Float, Int

from jaxgan.data.distributions import Distribution, gaussian_mixture

LAB_CENTRES = np.array([[0, 0], [5, 5], [5, -5], [-5, 5], [-5, -5], [0, 5], [5, 0], [-5, 0], [0, -5]], np.float64)
LAB_STD = 0.5
LAB_REACH = 0.9  # where each axis of the lab's sample ends, in model coordinates
LAB_SEED = 42


def ring(modes: int) -> Float[np.ndarray, "modes 2"]:
    """Points evenly spread over the unit circle, from (1, 0) on counterclockwise."""
    angle = 2 * np.pi * np.arange(modes) / modes
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def grid(columns: int, rows: int, spacing: float) -> Float[np.ndarray, "modes 2"]:
    """A grid about the origin, x slowest."""
    x = spacing * (np.arange(columns) - (columns - 1) / 2)
    y = spacing * (np.arange(rows) - (rows - 1) / 2)
    return np.array(list(itertools.product(x, y)))


def lab_mixture(name: str, centres: Float[np.ndarray, "modes 2"]) -> Distribution:
    """A mixture of lab 004's kind, scaled for points that are drawn afresh."""
    return gaussian_mixture(name, centres, LAB_STD, LAB_REACH / (np.abs(centres).max(axis=0) + 4 * LAB_STD))


ring8 = gaussian_mixture("ring8", ring(8), 0.01, 0.8)
grid25 = gaussian_mixture("grid25", grid(5, 5, 2.0), 0.05, 0.2)
mixture4 = lab_mixture("mixture4", LAB_CENTRES[:4])
mixture8 = lab_mixture("mixture8", LAB_CENTRES[:8])
mixture9 = lab_mixture("mixture9", LAB_CENTRES)
mixture16 = lab_mixture("mixture16", grid(4, 4, 5.0))
mixture32 = lab_mixture("mixture32", grid(8, 4, 5.0))
gaussian = gaussian_mixture("gaussian", np.zeros((1, 2)), 1.0, 0.25)


def lab_sample(mixture: Distribution, n: int) -> tuple[Distribution, Float[np.ndarray, "n 2"], Int[np.ndarray, " n"]]:
    """Lab 004's fixed sample (11.1): the mixture so scaled, `n` points (n, 2) in model coordinates, labels (n,).

    X = make_blobs(n, centres, std .5, random_state 42), then X / max|X| * .9, the maximum taken for each axis on its
    own. The number of points per mode is n / modes, the first modes taking what is left over.
    """
    from sklearn.datasets import make_blobs

    units, labels = make_blobs(n_samples=n, centers=mixture.centres, cluster_std=LAB_STD, random_state=LAB_SEED)
    largest = np.abs(units).max(axis=0)  # (2,)
    points = units / largest * LAB_REACH
    scaled = gaussian_mixture(mixture.name, mixture.centres, mixture.std, LAB_REACH / largest)
    return scaled, points.astype(np.float32), labels.astype(np.int32)
