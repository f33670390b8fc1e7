"""Smoothing by a binomial filter; bilinear resampling by a factor of two, as shifts and sums.

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


def binomial_filter(size: int, taps: int) -> Float[np.ndarray, "size size"]:
    """The matrix that smooths `size` numbers by the weights C(taps - 1, k) / 2^(taps - 1); beyond either end the last number goes on.

    Raises:
        ValueError: taps that are not odd and at least 1.
    """
    if taps < 1 or taps % 2 == 0:
        raise ValueError(f"{taps} taps: must be odd, so that one is in the middle")
    matrix, reach = np.zeros((size, size), np.float32), taps // 2
    rows = np.arange(size)
    for place in range(taps):
        np.add.at(matrix, (rows, np.clip(rows + place - reach, 0, size - 1)), math.comb(taps - 1, place) / 2 ** (taps - 1))
    return matrix


@dataclass(frozen=True)
class Smoothing:
    """Flat samples (B, C H W), in PyTorch's order, smoothed along each axis but the channels by `binomial_filter`; so too (C, T) and (C, D, H, W)."""

    sample_shape: tuple[int, ...]  # (H, W, C)
    taps: int

    def __call__(self, x: Float[Array, "n features"]) -> Float[Array, "n features"]:
        *size, channels = self.sample_shape
        y = x.reshape(-1, channels, *size)
        for axis, side in enumerate(size, 2):
            matrix = jnp.asarray(binomial_filter(side, self.taps), x.dtype)
            y = jnp.moveaxis(jnp.tensordot(y, matrix, (axis, 1), precision=lax.Precision.HIGHEST), -1, axis)
        return y.reshape(x.shape)
