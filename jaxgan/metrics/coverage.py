"""Mode coverage of 2-D mixtures by PacGAN's protocol (Lin et al. 2017, arXiv 1712.04086, section 4.1), and by lab 004's."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int

from jaxgan.checks import POSITIVE, number, whole_number
from jaxgan.checks import seed as checked_seed
from jaxgan.errors import UserError
from jaxgan.metrics.arrays import ArrayData, checked, checked_pair


class Coverage(NamedTuple):
    """How many modes hold a high-quality sample, the share of samples that are one, and how evenly all samples lie over the modes."""

    modes: Int[Array, ""]
    high_quality: Float[Array, ""]  # in [0, 1]
    reverse_kl: Float[Array, ""]  # nats


def mode_coverage(points: Float[ArrayLike, "n 2"], centres: Float[ArrayLike, "modes 2"], std: float) -> Coverage:
    """A sample is of high quality within 3 std of its nearest centre; a mode counts with at least one such sample.

    The reverse KL divergence is sum_k q_k log(q_k M), q_k the share of samples whose nearest centre is the k-th of M equally likely ones.
    All in the distribution's own units.
    """
    std = number("std", std, POSITIVE)
    points, centres = (
        checked(name, x, least=1, dtype=jax.dtypes.canonicalize_dtype(float))
        for name, x in (("points", points), ("centres", centres))
    )
    if points.shape[1] != 2 or centres.shape[1] != 2:
        raise UserError(f"points and centres have shape {points.shape} and {centres.shape}; must be (n, 2) both")
    points, centres = jnp.asarray(points), jnp.asarray(centres)
    distances = jnp.linalg.norm(points[:, None] - centres, axis=-1)  # (n, modes)
    nearest = distances.argmin(1)
    good = distances.min(1) <= 3 * std
    covered = jnp.zeros(len(centres), bool).at[nearest].max(good)
    share = jnp.zeros(len(centres), distances.dtype).at[nearest].add(1 / len(points))
    reverse_kl = jnp.sum(jnp.where(share > 0, share * jnp.log(jnp.maximum(share, 1e-30) * len(centres)), 0.0))
    return Coverage(covered.sum(), good.mean(), reverse_kl)


def lab_mode_coverage(real: ArrayData, fake: ArrayData, n_modes: int, *, threshold: float = 0.1, seed: int = 42) -> float:
    """The share of k-means centres of the real samples with at least one generated sample nearer than `threshold` (lab 004, 11).

    In the coordinates that the networks see. Uniform noise satisfies it, so it ranks nothing: it reproduces the lab's table.
    """
    n_modes, seed = whole_number("n_modes", n_modes), checked_seed("seed", seed)
    threshold = number("threshold", threshold, POSITIVE)
    real, fake = checked_pair(real, fake, least=n_modes)
    from sklearn.cluster import KMeans

    centres = KMeans(n_clusters=n_modes, random_state=seed, n_init="auto").fit(real).cluster_centers_
    distances = np.linalg.norm(fake[:, None] - centres, axis=-1)
    return float((distances.min(0) < threshold).mean())
