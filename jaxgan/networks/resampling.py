"""Pictures on a coarse grid, by cubic interpolation; bilinear resampling by a factor of two, as shifts and sums.

Along each axis the kernel of resampling is (1, 3, 3, 1) / 8 with zeros beyond the border, which bilinear interpolation between pixel centres is:

    upsample     y[2h] = 3/4 x[h] + 1/4 x[h-1],    y[2h+1] = 3/4 x[h] + 1/4 x[h+1]
    downsample   y[h] = (x[2h-1] + 3 x[2h] + 3 x[2h+1] + x[2h+2]) / 8

Each is the other's transpose, but for the factor 2 along each axis, and its gradient is made of the other: so gradients of any order
are made of both. Forward mode is not defined for them.
"""

import math
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

Images = Float[Array, "n _h _w _c"]


@jax.custom_vjp
def upsample(x: Images) -> Images:
    """(N, H, W, C) -> (N, 2H, 2W, C)."""
    for axis in (1, 2):
        before, after = (_shifted(x, axis, by) for by in (1, -1))
        pairs = jnp.stack([0.75 * x + 0.25 * before, 0.75 * x + 0.25 * after], axis + 1)  # (N, H, 2, W, C)
        x = pairs.reshape(*x.shape[:axis], 2 * x.shape[axis], *x.shape[axis + 1 :])
    return x


@jax.custom_vjp
def downsample(x: Images) -> Images:
    """(N, 2H, 2W, C) -> (N, H, W, C). ValueError for an odd height or width."""
    if x.shape[1] % 2 or x.shape[2] % 2:
        raise ValueError(f"images of {x.shape[1]}x{x.shape[2]} have no half: both must be even")
    for axis in (2, 1):
        pairs = x.reshape(*x.shape[:axis], x.shape[axis] // 2, 2, *x.shape[axis + 1 :])  # (N, 2H, W, 2, C)
        first, second = (lax.index_in_dim(pairs, at, axis + 1, keepdims=False) for at in (0, 1))
        x = 0.375 * (first + second) + 0.125 * (_shifted(second, axis, 1) + _shifted(first, axis, -1))
    return x


upsample.defvjp(lambda x: (upsample(x), None), lambda _, grad: (4 * downsample(grad),))
downsample.defvjp(lambda x: (downsample(x), None), lambda _, grad: (0.25 * upsample(grad),))


def _shifted(x: Images, axis: int, by: int) -> Images:
    """y[h] = x[h - by] along an axis, zero where there is no such row."""
    pads = [(0, 0, 0)] * x.ndim
    pads[axis] = (by, -by, 0)
    return lax.pad(x, jnp.zeros((), x.dtype), pads)


def cubic_interpolation(size: int, points: int) -> Float[np.ndarray, "size points"]:
    """The matrix A that enlarges `points` numbers to `size`, at the middles of pixels; each row sums to 1.

    Keys 1981, eq. 15 (a = -1/2): w(d) = 3/2 |d|^3 - 5/2 |d|^2 + 1 to |d| = 1, then -1/2 |d|^3 + 5/2 |d|^2 - 4 |d| + 2 to |d| = 2. Beside
    an end only what is there is weighted. It is how Pillow and `jax.image.resize` enlarge.
    """
    places = (np.arange(size) + 0.5) * points / size - 0.5
    d = np.abs(places[:, None] - np.arange(points))
    weights = np.where(d < 1, (1.5 * d - 2.5) * d**2 + 1, np.where(d < 2, ((-0.5 * d + 2.5) * d - 4) * d + 2, 0))
    return weights / weights.sum(1, keepdims=True)


@dataclass(frozen=True)
class Grid:
    """Samples (H, W, C) that are held by fewer points, `points` along the longest axis and in proportion along the others; so too (T, C) and (D, H, W, C).

    Raises:
        ValueError: fewer than one point.
    """

    sample_shape: tuple[int, ...]
    points: int

    def __post_init__(self) -> None:
        if self.points < 1:
            raise ValueError(f"a grid of {self.points} points along the longest axis: must be at least 1")

    @property
    def size(self) -> tuple[int, ...]:
        """Points along each axis but the channels: (h, w), never more than pixels."""
        *pixels, _ = self.sample_shape
        share = min(1.0, self.points / max(pixels))
        return tuple(max(1, round(share * side)) for side in pixels)

    @property
    def holds_all(self) -> bool:
        """Whether it is as fine as the pixels."""
        return self.size == self.sample_shape[:-1]

    @property
    def features(self) -> int:
        """Numbers that a sample has on the grid."""
        return self.sample_shape[-1] * math.prod(self.size)

    def _by_axis(self, x: Float[Array, "n features"], matrices: list[np.ndarray]) -> Float[Array, "n other"]:
        """Flat samples, in PyTorch's order (C, H, W), with a matrix (after, before) along each axis but the channels."""
        y = x.reshape(-1, self.sample_shape[-1], *(matrix.shape[1] for matrix in matrices))
        for axis, matrix in enumerate(matrices, 2):
            rows = jnp.asarray(matrix, x.dtype)
            y = jnp.moveaxis(jnp.tensordot(y, rows, (axis, 1), precision=lax.Precision.HIGHEST), -1, axis)
        return y.reshape(len(x), -1)

    def _interpolations(self) -> list[np.ndarray]:
        *pixels, _ = self.sample_shape
        return [cubic_interpolation(*sides) for sides in zip(pixels, self.size, strict=True)]


class Enlargement(Grid):
    """Samples on the grid, flat, to flat samples: A_H y A_W^T with the matrices of `cubic_interpolation`."""

    def __call__(self, x: Float[Array, "n features"]) -> Float[Array, "n other"]:
        return self._by_axis(x, self._interpolations())


def clipped(x: Array) -> Array:
    """max(-1, min(1, x))."""
    return jnp.clip(x, -1, 1)


class Projection(Grid):
    """Flat samples to their coordinates in an orthonormal basis of what the grid can hold: Q_H^T x Q_W, where A = Q R along each axis.

    It sees all of a sample that was enlarged from the grid, of others the nearest of these; and a function of the coordinates has a gradient
    of the same norm in the sample as in them.
    """

    def __call__(self, x: Float[Array, "n features"]) -> Float[Array, "n other"]:
        return self._by_axis(x, [np.linalg.qr(matrix).Q.T for matrix in self._interpolations()])
