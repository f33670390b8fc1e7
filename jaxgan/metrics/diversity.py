"""How much samples differ among themselves: mean distance over pairs, and multi-scale structural similarity of pictures."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxgan.checks import array, whole_number
from jaxgan.checks import seed as checked_seed
from jaxgan.errors import UserError
from jaxgan.metrics.arrays import ArrayData, Progress, checked, chunks, silent
from jaxgan.metrics.manifold import squared_distances

WINDOW, SIGMA = 11, 1.5
WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])  # Wang et al. 2003, section 3.2
C1, C2 = 0.01**2, 0.03**2  # of a range of 1


def mean_pairwise_distance(samples: ArrayData, *, block: int = 1024, progress: Progress = silent) -> float:
    """The mean Euclidean distance over all pairs of two different samples; flattened, in blocks."""
    block, samples = whole_number("block", block), array("samples", samples)
    flat = checked(
        "samples", samples.reshape(len(samples), -1) if samples.ndim > 1 and samples.size else samples, dtype=np.float32
    )
    flat = (flat - flat.mean(0, dtype=np.float64)).astype(np.float32)
    everything, total = jax.device_put(flat), 0.0
    for rows in progress(chunks(len(flat), block)):
        distances = np.array(jnp.sqrt(squared_distances(everything[rows], everything)))
        distances[np.arange(distances.shape[0]), np.arange(rows.start, rows.stop)] = 0  # to itself: 0 but for rounding
        total += float(distances.sum(dtype=np.float64))
    return total / (len(flat) * (len(flat) - 1))


def scales_of(side: int) -> int:
    """How many scales a picture allows: at each, at least as many pixels a side as the window has."""
    scales = 0
    while scales < len(WEIGHTS) and side // 2**scales >= WINDOW:
        scales += 1
    if not scales:
        raise UserError(f"pictures of {side} pixels a side: structural similarity needs at least {WINDOW}")
    return scales


def ms_ssim(x: ArrayData, y: ArrayData) -> Float[Array, " n"]:
    """Multi-scale structural similarity of pictures in [-1, 1], pair by pair (Wang et al. 2003, eq. 7).

    The product over scales of contrast and structure to the power of their weights, times luminance at the last; Gaussian
    window of 11 pixels and deviation 1.5, halved by averaging between scales. With fewer than five scales, as small
    pictures have (28 pixels: 2), the first weights are used, divided by their sum.
    """
    x, y = (checked(name, v, ndim=4, least=1, dtype=np.float32) for name, v in (("x", x), ("y", y)))
    if x.shape != y.shape:
        raise UserError(f"pictures differ in shape: {x.shape} and {y.shape}")
    return _ms_ssim((x + 1) / 2, (y + 1) / 2, scales_of(min(x.shape[1:3])))


def mean_ms_ssim(samples: ArrayData, *, pairs: int = 1000, seed: int = 0, progress: Progress = silent) -> float:
    """The mean similarity of random pairs of different samples: high where all look alike (Odena et al. 2016, arXiv 1610.09585, section 4.2)."""
    pairs, seed = whole_number("pairs", pairs), checked_seed("seed", seed)
    samples = checked("samples", samples, ndim=4, dtype=np.float32)
    scales_of(min(samples.shape[1:3]))
    chance = np.random.default_rng(seed)
    first = chance.integers(0, len(samples), pairs)
    second = (first + chance.integers(1, len(samples), pairs)) % len(samples)
    parts = [np.asarray(ms_ssim(samples[first[p]], samples[second[p]])) for p in progress(chunks(pairs, 250))]
    return float(np.concatenate(parts).mean())


@jax.jit(static_argnums=2)
def _ms_ssim(x: Array, y: Array, scales: int) -> Array:
    weights = jnp.asarray(WEIGHTS[:scales] / WEIGHTS[:scales].sum(), x.dtype)
    result = jnp.ones(len(x), x.dtype)
    for scale in range(scales):
        similarity, contrast = (_smoothed_mean(v) for v in _ssim(x, y))
        result = result * jnp.maximum(similarity if scale == scales - 1 else contrast, 0) ** weights[scale]
        x, y = (_halved(v) for v in (x, y))
    return result


def _smoothed_mean(per_pixel: Array) -> Array:
    return per_pixel.mean((1, 2, 3))


def _ssim(x: Array, y: Array) -> tuple[Array, Array]:
    """Structural similarity, and its contrast and structure alone, per pixel."""
    mean_x, mean_y = _blurred(x), _blurred(y)
    var_x, var_y = _blurred(x * x) - mean_x**2, _blurred(y * y) - mean_y**2
    contrast = (2 * (_blurred(x * y) - mean_x * mean_y) + C2) / (var_x + var_y + C2)
    return contrast * (2 * mean_x * mean_y + C1) / (mean_x**2 + mean_y**2 + C1), contrast


def _blurred(x: Array) -> Array:
    """By the Gaussian window, one axis after the other, where the whole window lies within."""
    taps = np.exp(-((np.arange(WINDOW) - WINDOW // 2) ** 2) / (2 * SIGMA**2))
    taps = taps / taps.sum()
    for axis in (1, 2):
        length = x.shape[axis] - WINDOW + 1
        x = sum(tap * jax.lax.slice_in_dim(x, i, i + length, axis=axis) for i, tap in enumerate(taps.tolist()))
    return x


def _halved(x: Array) -> Array:
    n, h, w, c = x.shape
    return x[:, : h // 2 * 2, : w // 2 * 2].reshape(n, h // 2, 2, w // 2, 2, c).mean((2, 4))
