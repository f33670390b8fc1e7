"""Depthwise convolution: each channel by itself, in the form that the platform runs fast.

XLA on a CPU runs `lax`'s convolution of as many groups as channels slowly, above all its gradients. There it is a sum of shifted
pictures, each times one number a channel. Programs for GPU and TPU take `lax`'s; the platform that a program is lowered for decides.
"""

import math
from functools import partial
from itertools import product

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

Maps = Float[Array, "n _h _w c"]
Window = Float[Array, "_kh _kw 1 c"]
Pads = tuple[tuple[int, int], tuple[int, int]]  # above and below, left and right


def depthwise_conv(x: Maps, kernel: Window, *, stride: int = 1, pads: Pads) -> Maps:
    """y[n,h,w,c] = sum_ij x[n, s h + i - above, s w + j - left, c] kernel[i,j,0,c], zeros outside.

    `x` (N, H, W, C), `kernel` (kh, kw, 1, C); gives (N, Ho, Wo, C) with Ho = (H + above + below - kh) // s + 1. Gradients in `x` and in
    `kernel` are of any order; forward mode is not defined.
    """
    return _depthwise(x, kernel, stride, pads)


def same_pads(size: tuple[int, ...], window: tuple[int, ...], stride: int) -> Pads:
    """TensorFlow's padding "SAME": as much as keeps ceil(side / stride) positions, the odd one below and to the right."""
    needed = (max((math.ceil(n / stride) - 1) * stride + k - n, 0) for n, k in zip(size, window, strict=True))
    rows, columns = ((more // 2, more - more // 2) for more in needed)
    return rows, columns


@partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def _depthwise(x, kernel, stride, pads):
    return lax.platform_dependent(
        x, kernel, cpu=partial(_shifted, stride=stride, pads=pads), default=partial(_lax_form, stride=stride, pads=pads)
    )


def _lax_form(x, kernel, stride, pads):
    dims = ("NHWC", "HWIO", "NHWC")
    channels = x.shape[-1]
    return lax.conv_general_dilated(x, kernel, (stride, stride), pads, dimension_numbers=dims, feature_group_count=channels)


def _shifted(x, kernel, stride, pads):
    x = jnp.pad(x, ((0, 0), *pads, (0, 0)))
    return sum(window * kernel[i, j, 0] for (i, j), window in _windows(x, kernel.shape[:2], stride))


def _windows(x, window, stride):
    """Each place (i, j) of the window, with what it sees of `x` at all positions, (N, Ho, Wo, C)."""
    height, width = ((n - k) // stride + 1 for n, k in zip(x.shape[1:3], window, strict=True))
    for i, j in product(*map(range, window)):
        yield (i, j), x[:, i : i + (height - 1) * stride + 1 : stride, j : j + (width - 1) * stride + 1 : stride]


def _forward(x, kernel, stride, pads):
    return _depthwise(x, kernel, stride, pads), (x, kernel)


def _backward(stride, pads, saved, grad):
    """In x: the gradient with zeros between its rows, convolved by the kernel turned round. In the kernel: a sum for each place."""
    x, kernel = saved
    window = kernel.shape[:2]
    of_axes = zip(x.shape[1:3], grad.shape[1:3], window, pads, strict=True)
    around = [(k - 1 - before, n + before - (out - 1) * stride - 1) for n, out, k, (before, _) in of_axes]
    zero = jnp.zeros((), grad.dtype)
    spread = lax.pad(grad, zero, ((0, 0, 0), *((before, after, stride - 1) for before, after in around), (0, 0, 0)))
    of_x = _depthwise(spread, kernel[::-1, ::-1], 1, ((0, 0), (0, 0)))
    padded = jnp.pad(x, ((0, 0), *pads, (0, 0)))
    of_kernel = jnp.stack([(seen * grad).sum((0, 1, 2)) for _, seen in _windows(padded, window, stride)])
    return of_x, of_kernel.reshape(kernel.shape)


_depthwise.defvjp(_forward, _backward)
