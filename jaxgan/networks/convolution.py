"""Convolution, transposed convolution and pooling, each in the form that the platform runs fast.

GPU and TPU take `lax`'s own. XLA on a CPU compiles those to slow loops, above all their gradients inside `scan` and `while`,
so there a convolution is shifts and matrix products.
"""

import jax
import jax.numpy as jnp
from jax import lax


def _on_cpu() -> bool:
    """Whether to trace the matrix-product forms: the one place where the platform decides."""
    return jax.default_backend() == "cpu"


def conv(x, kernel, *, stride: int = 1, padding: int = 0):
    """PyTorch's Conv2d without bias: y[n,h,w,o] = sum_ijc x[n, s h + i - p, s w + j - p, c] kernel[i,j,c,o].

    `x` (N, H, W, Ci), `kernel` (kh, kw, Ci, Co); gives (N, Ho, Wo, Co) with Ho = (H + 2 p - kh) // s + 1.
    """
    return (_conv_matrix if _on_cpu() else _conv_lax)(x, kernel, stride, padding)


def conv_transpose(x, kernel, *, stride: int = 1, padding: int = 0, output_padding: int = 0):
    """PyTorch's ConvTranspose2d without bias: y[n, s h + i - p, s w + j - p, o] = sum x[n,h,w,c] kernel[i,j,o,c].

    `x` (N, H, W, Ci), `kernel` (kh, kw, Co, Ci); gives (N, Ho, Wo, Co) with Ho = (H - 1) s - 2 p + kh + output_padding.
    """
    return (_conv_transpose_matrix if _on_cpu() else _conv_transpose_lax)(x, kernel, stride, padding, output_padding)


def max_pool(x):
    """The largest of each 2x2 block, (N, H, W, C) -> (N, H // 2, W // 2, C); the gradient goes to the first of equals."""
    return (_max_pool_matrix if _on_cpu() else _max_pool_lax)(x)


def _conv_lax(x, kernel, stride, padding):
    return lax.conv_general_dilated(
        x, kernel, (stride, stride), ((padding, padding),) * 2, dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def _conv_transpose_lax(x, kernel, stride, padding, output_padding):
    pads = tuple((size - 1 - padding, size - 1 - padding + output_padding) for size in kernel.shape[:2])
    return lax.conv_general_dilated(
        x,
        kernel[::-1, ::-1],
        (1, 1),
        pads,
        lhs_dilation=(stride, stride),
        dimension_numbers=("NHWC", "HWOI", "NHWC"),
    )


def _max_pool_lax(x):
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def _conv_matrix(x, kernel, stride, padding):
    kh, kw, ci, co = kernel.shape
    x = jnp.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    n, height, width, _ = x.shape
    rows, columns = (height - kh) // stride + 1, (width - kw) // stride + 1
    shifts = [x[:, :, j : j + stride * (columns - 1) + 1 : stride] for j in range(kw)]
    x = jnp.concatenate(shifts, axis=-1)  # (N, H, Wo, kw Ci)
    kernel = kernel.reshape(kh, kw * ci, co)
    return sum(x[:, i : i + stride * (rows - 1) + 1 : stride] @ kernel[i] for i in range(kh))  # (N, Ho, Wo, Co)


def _conv_transpose_matrix(x, kernel, stride, padding, output_padding):
    n, height, width, ci = x.shape
    kh, kw, co, _ = kernel.shape
    zero = jnp.zeros((), x.dtype)
    blocks = jnp.einsum("nhwc,ijoc->nhwijo", x, kernel)
    ends = [stride * (size - 1) + k for size, k in ((height, kh), (width, kw))]
    full = sum(
        lax.pad(
            blocks[:, :, :, i, j],
            zero,
            ((0, 0, 0), (i, kh - 1 - i, stride - 1), (j, kw - 1 - j, stride - 1), (0, 0, 0)),
        )
        for i in range(kh)
        for j in range(kw)
    )
    crop = [(-padding, output_padding - padding)] * 2
    return lax.pad(full, zero, ((0, 0, 0), *((a, b, 0) for a, b in crop), (0, 0, 0)))


def _max_pool_matrix(x):
    n, height, width, channels = x.shape
    x = x[:, : height // 2 * 2, : width // 2 * 2]
    x = x.reshape(n, height // 2, 2, width // 2, 2, channels)
    a, b, c, d = x[:, :, 0, :, 0], x[:, :, 0, :, 1], x[:, :, 1, :, 0], x[:, :, 1, :, 1]
    a, c = jnp.where(a >= b, a, b), jnp.where(c >= d, c, d)
    return jnp.where(a >= c, a, c)  # (N, H // 2, W // 2, C)
