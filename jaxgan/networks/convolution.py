"""Convolution, transposed convolution and pooling, each in the form that the platform runs fast.

Programs for GPU and TPU take `lax`'s convolutions. XLA on a CPU runs those slowly, above all their gradients inside `scan` and
`while`, so there each is shifts and matrix products. The platform that a program is lowered for decides, not the machine that
traces it. Three maps, each linear in both arguments, are closed under differentiation:

    convolve(x, k)      y[h] = sum_i  x[s h + i - p] k[i]        d/dx is spread,    d/dk is correlate
    spread(y, k)        x[s h + i - p] += y[h] k[i]              d/dy is convolve,  d/dk is correlate
    correlate(x, y)     k[i] = sum_h  x[s h + i - p] y[h]        d/dx is spread,    d/dy is convolve

So gradients of any order (a gradient penalty's too) are made of the same three fast forms, and no patches are kept for
them. Forward mode (`jax.jvp`, `jax.hessian`) is not defined for these: take gradients of gradients.
The patches are made for a part of the batch at a time, as many samples as the cache holds: up to twice as fast, in less
memory. All is for any number of axes between the batch and the channels: series (N, T, C), images (N, H, W, C), volumes
(N, D, H, W, C); comments show two of them.
"""

import math
from functools import lru_cache, partial
from itertools import groupby, product

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from jaxgan.networks.precision import narrowed

Images = Float[Array, "n *_size _c"]
Kernel = Float[Array, "*_window _a _b"]

CACHE_BYTES = 2**21  # patches in flight: about the second-level cache


def conv(
    x: Images, kernel: Kernel, *, stride: int = 1, padding: int = 0, constant: Float[Array, "n _k"] | None = None
) -> Images:
    """PyTorch's Conv2d without bias: y[n,h,w,o] = sum_ijc x[n, s h + i - p, s w + j - p, c] kernel[i,j,c,o].

    `x` (N, H, W, Ci), `kernel` (kh, kw, Ci, Co); gives (N, Ho, Wo, Co) with Ho = (H + 2 p - kh) // s + 1.
    `constant` (N, K) are more channels of x, after its own, each of one value all over the picture; the kernel then has
    Ci + K of them. They cost a small product and no patches.
    """
    channels = x.shape[-1]
    out = _convolve(*narrowed(x, kernel[..., :channels, :]), stride, padding).astype(x.dtype)
    return (
        out if constant is None else out + _conv_constant(constant, kernel[..., channels:, :], x.shape[1:-1], stride, padding)
    )


def conv_transpose(x: Images, kernel: Kernel, *, stride: int = 1, padding: int = 0, output_padding: int = 0) -> Images:
    """PyTorch's ConvTranspose2d without bias: y[n, s h + i - p, s w + j - p, o] = sum x[n,h,w,c] kernel[i,j,o,c].

    `x` (N, H, W, Ci), `kernel` (kh, kw, Co, Ci), PyTorch's weight (Ci, Co, kh, kw) by `transpose(2, 3, 1, 0)`; gives
    (N, Ho, Wo, Co) with Ho = (H - 1) s - 2 p + kh + output_padding. ValueError unless output_padding < stride.
    """
    if not 0 <= output_padding < stride:
        raise ValueError(f"output_padding {output_padding} must be at least 0 and smaller than the stride {stride}")
    sizes = zip(x.shape[1:-1], kernel.shape[:-2], strict=True)
    size = tuple((n - 1) * stride - 2 * padding + k + output_padding for n, k in sizes)
    return _spread(*narrowed(x, kernel), stride, padding, size).astype(x.dtype)


def grouped_conv(x: Images, kernel: Kernel, *, groups: int, padding: int = 0) -> Images:
    """PyTorch's Conv2d with `groups`, without bias: the i-th group of output channels sees the i-th group of input channels alone.

    `x` (N, H, W, Ci), `kernel` (kh, kw, Ci / groups, Co), stride 1; gives (N, Ho, Wo, Co). ValueError unless the groups fit.
    """
    (kh, kw, inputs, outputs), (n, height, width, channels) = kernel.shape, x.shape
    if channels != groups * inputs or outputs % groups:
        raise ValueError(f"{groups} groups do not fit {channels} channels and a kernel of {inputs} to {outputs}")
    by_group = jnp.moveaxis(x.reshape(n, height, width, groups, inputs), 3, 0)  # (N, H, W, G Ci) -> (G, N, H, W, Ci)
    kernels = jnp.moveaxis(kernel.reshape(kh, kw, inputs, groups, outputs // groups), 3, 0)  # (G, kh, kw, Ci, Co)
    out = _convolve_groups(*narrowed(by_group, kernels), (padding, padding))  # (G, N, Ho, Wo, Co)
    return jnp.moveaxis(out, 0, 3).reshape(*out.shape[1:4], outputs).astype(x.dtype)  # (N, Ho, Wo, G Co)


def max_pool(x: Float[Array, "n _h _w _c"]) -> Float[Array, "n _h2 _w2 _c"]:
    """The largest of each 2x2 block, (N, H, W, C) -> (N, H // 2, W // 2, C); gradients go to the first of equals."""
    n, height, width, channels = x.shape
    x = x[:, : height // 2 * 2, : width // 2 * 2]
    x = x.reshape(n, height // 2, 2, width // 2, 2, channels)
    a, b, c, d = x[:, :, 0, :, 0], x[:, :, 0, :, 1], x[:, :, 1, :, 0], x[:, :, 1, :, 1]
    a, c = jnp.where(a >= b, a, b), jnp.where(c >= d, c, d)
    return jnp.where(a >= c, a, c)  # (N, H // 2, W // 2, C)


def _conv_constant(constant, kernel, size, stride, padding):
    """The convolution of pictures of one value a channel, (N, K) with (kh, kw, K, Co) -> (N, Ho, Wo, Co), or (N, 1, 1, Co).

    The value meets the sum of what of the kernel lies inside the picture. Along an axis that is all of it except near the
    borders, so that few sums differ; each stands for a run of neighbouring outputs.
    """
    *window, k, co = kernel.shape
    runs = [_runs_inside(n, w, stride, padding) for n, w in zip(size, window, strict=True)]
    sums = kernel
    for of_axis in runs:  # the axis in front goes, that of its sums comes behind the others
        sums = jnp.stack([sums[inside].sum(0) for inside, _ in of_axis], axis=len(window) - 1)  # (rows, columns, K, Co) at last
    factors = narrowed(constant, jnp.moveaxis(sums, -2, 0).reshape(k, -1))
    out = jnp.matmul(*factors).astype(constant.dtype).reshape(-1, *map(len, runs), co)
    for axis, of_axis in enumerate(runs, 1):
        if len(of_axis) > 1:  # a single run is left to broadcasting
            each = (lax.slice_in_dim(out, at, at + 1, axis=axis) for at in range(len(of_axis)))
            lengths = ((*out.shape[:axis], length, *out.shape[axis + 1 :]) for _, length in of_axis)
            out = jnp.concatenate([jnp.broadcast_to(*one) for one in zip(each, lengths, strict=True)], axis)
    return out


def _runs_inside(size, window, stride, padding):
    """[(the part of the window that lies inside the picture, for how many outputs in a row), ...] along one axis."""
    starts = (out * stride - padding for out in range(_windows(size, window, stride, padding)))
    ends = ((max(0, -start), max(0, min(window, size - start))) for start in starts)
    return [(slice(*inside), len(list(run))) for inside, run in groupby(ends)]


# The forms of GPU and TPU.


def _axes(x):
    """The letters of the axes between the batch and the channels, as `lax` names dimensions."""
    return "DHW"[5 - x.ndim :]


def _convolve_lax(x, kernel, stride, padding):
    axes = _axes(x)
    pads, dims = [(padding, padding)] * len(axes), (f"N{axes}C", f"{axes}IO", f"N{axes}C")
    return lax.conv_general_dilated(x, kernel, [stride] * len(axes), pads, dimension_numbers=dims)


def _spread_lax(y, kernel, stride, padding, size):
    axes, sizes = _axes(y), zip(size, y.shape[1:-1], kernel.shape[:-2], strict=True)
    pads = [(k - 1 - padding, want - (n - 1) * stride + padding - 1) for want, n, k in sizes]
    ones, dilation, dims = [1] * len(axes), [stride] * len(axes), (f"N{axes}C", f"{axes}OI", f"N{axes}C")
    turned = jnp.flip(kernel, range(len(axes)))
    return lax.conv_general_dilated(y, turned, ones, pads, lhs_dilation=dilation, dimension_numbers=dims)


def _correlate_lax(x, y, stride, padding, window):
    axes, sizes = _axes(x), zip(window, x.shape[1:-1], y.shape[1:-1], strict=True)
    pads = [(padding, k + (out - 1) * stride - n - padding) for k, n, out in sizes]
    ones, dilation = [1] * len(axes), [stride] * len(axes)
    dims = (f"C{axes}N", f"I{axes}O", f"{axes}NC")  # the batch is summed over
    return lax.conv_general_dilated(x, y, ones, pads, rhs_dilation=dilation, dimension_numbers=dims)


def _convolve_groups_lax(x, kernel, padding):
    pads, dims = [(p, p) for p in padding], ("NHWC", "HWIO", "NHWC")
    return jax.vmap(lambda x, k: lax.conv_general_dilated(x, k, (1, 1), pads, dimension_numbers=dims))(x, kernel)


def _correlate_groups_lax(x, y, padding, window):
    pads, dims = [(p, p) for p in padding], ("CHWN", "IHWO", "HWNC")  # the batch is summed over
    return jax.vmap(lambda x, y: lax.conv_general_dilated(x, y, (1, 1), pads, dimension_numbers=dims))(x, y)


# The forms of the CPU.


def _convolve_matrix(x, kernel, stride, padding):
    """x (N, H, W, Ci), kernel (kh, kw, Ci, Co) -> (N, Ho, Wo, Co): patches, then one product."""
    *window, _, co = kernel.shape
    matrix = kernel.reshape(-1, co)
    out = [_windows(n, k, stride, padding) for n, k in zip(x.shape[1:-1], window, strict=True)]
    parts = _parts(x.shape[0], math.prod(out) * matrix.shape[0] * x.dtype.itemsize, matrix.nbytes)
    return _by_parts(lambda part: _patches(part, window, stride, padding) @ matrix, parts, x)


def _spread_matrix(y, kernel, stride, padding, size):
    """y (N, H, W, Co), kernel (kh, kw, Ci, Co) -> (N, *size, Ci): one product, then its blocks overlap-added.

    An output row s q + a takes the kernel rows i = a, a + s, ..., from input rows q - i // s: each of the s x s phases
    (a, b) is a sum of pads that holds no zeros between its rows, and the phases are woven together at the end.
    """
    *window, ci, co = kernel.shape
    matrix = jnp.moveaxis(kernel, -1, 0).reshape(co, -1)  # (Co, kh kw Ci)
    more = [-(-k // stride) - 1 for k in window]  # rows and columns that the overlap adds

    def crop(full):
        return _pad(full, [(-padding, want + padding - have) for want, have in zip(size, full.shape[1:-1], strict=True)])

    def spread(y):
        n, *before, _ = y.shape
        blocks = (y.reshape(-1, co) @ matrix).reshape(n, *before, *window, ci)

        def phase(starts):
            taps = product(*(range(start, k, stride) for start, k in zip(starts, window, strict=True)))
            terms = [_pad(blocks[(..., *tap, slice(None))], [(t // stride, u - t // stride) for t, u in zip(tap, more, strict=True)]) for tap in taps]  # fmt: skip
            return sum(terms) if terms else jnp.zeros((n, *(h + u for h, u in zip(before, more, strict=True)), ci), y.dtype)

        def woven(*starts):
            """The phases that begin so, side by side: (N, H', W', s, Ci) of one start, (N, H', s, W', s, Ci) of none."""
            if len(starts) == len(window):
                return phase(starts)
            return jnp.stack([woven(*starts, start) for start in range(stride)], axis=len(starts) + 2)

        if all(h == 1 for h in before):  # nothing overlaps
            return crop(blocks.reshape(n, *window, ci))
        return crop(
            woven().reshape(n, *((h + u) * stride for h, u in zip(before, more, strict=True)), ci)
        )  # (N, H' s, W' s, Ci)

    parts = _parts(y.shape[0], math.prod(y.shape[1:-1]) * matrix.shape[1] * y.dtype.itemsize, matrix.nbytes)
    return _by_parts(spread, parts, y)


def _correlate_matrix(x, y, stride, padding, window):
    """x (N, H, W, Ci), y (N, Ho, Wo, Co) -> (kh, kw, Ci, Co): the patches of x against y.

    The product is y^T patches and not its transpose, up to twice as slow; the barrier keeps XLA from swapping them.
    """
    ci, co, length = x.shape[-1], y.shape[-1], math.prod(window) * x.shape[-1]
    wide = jnp.promote_types(x.dtype, jnp.float32)  # the sum over parts

    def against(x, y):
        patches = _patches(x, window, stride, padding).reshape(-1, length)
        return jnp.matmul(y.reshape(-1, co).T, patches, preferred_element_type=wide)

    out_bytes = co * length * x.dtype.itemsize
    parts = _parts(x.shape[0], math.prod(y.shape[1:-1]) * length * x.dtype.itemsize, out_bytes)
    if parts == 1:
        total = against(x, y)
    else:
        split = tuple(a.reshape(parts, -1, *a.shape[1:]) for a in (x, y))  # (parts, N / parts, ...)
        start = jnp.zeros((co, length), wide)
        total, _ = lax.scan(lambda total, part: (total + against(*part), None), start, split)
    total = lax.optimization_barrier(total.astype(x.dtype))
    return total.T.reshape(*window, ci, co)


def _convolve_groups_matrix(x, kernel, padding):
    """x (G, N, H, W, Ci), kernel (G, kh, kw, Ci, Co) -> (G, N, Ho, Wo, Co), of few channels each.

    Patches along the columns alone, one product for all rows of the kernel, whose outputs are added: kw copies of x in place of kh kw.
    """
    groups, kh, kw, ci, co = kernel.shape
    patches = _columns(x, kw, padding)  # (G, N, H + 2 p, Wo, kw Ci)
    matrix = kernel.transpose(0, 2, 3, 1, 4).reshape(groups, kw * ci, kh * co)
    product = jnp.matmul(patches.reshape(groups, -1, kw * ci), matrix).reshape(*patches.shape[:4], kh * co)
    height = patches.shape[2] - kh + 1
    return sum(product[:, :, i : i + height, :, i * co : (i + 1) * co] for i in range(kh))


def _correlate_groups_matrix(x, y, padding, window):
    """x (G, N, H, W, Ci), y (G, N, Ho, Wo, Co) -> (G, kh, kw, Ci, Co): patches along the columns of x against shifted rows of y."""
    (kh, kw), (groups, ci), co = window, (x.shape[0], x.shape[-1]), y.shape[-1]
    patches = _columns(x, kw, padding)  # (G, N, Ho + kh - 1, Wo, kw Ci)
    rows = [lax.pad(y, jnp.zeros((), y.dtype), _at(2, y.ndim, (i, kh - 1 - i, 0))) for i in range(kh)]
    shifted = jnp.concatenate(rows, axis=-1)  # (G, N, Ho + kh - 1, Wo, kh Co)
    wide = jnp.promote_types(x.dtype, jnp.float32)
    patches, shifted = (a.reshape(groups, -1, a.shape[-1]) for a in (patches, shifted))
    total = jnp.matmul(shifted.transpose(0, 2, 1), patches, preferred_element_type=wide).astype(x.dtype)  # (G, kh Co, kw Ci)
    return total.reshape(groups, kh, co, kw, ci).transpose(0, 1, 3, 4, 2)


# The three maps.


def _by_platform(matrix, lax_form, a, b, *static):
    """One of the two forms, by the platform that the program is lowered for."""
    return lax.platform_dependent(a, b, cpu=_of(matrix, static), default=_of(lax_form, static))


@lru_cache(maxsize=4096)
def _of(form, static):
    """(a, b) -> form(a, b, *static), the same function for the same static values: jax traces it once for all passes of one shape."""
    return lambda a, b: form(a, b, *static)


@partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def _convolve(x, kernel, stride, padding):
    return _by_platform(_convolve_matrix, _convolve_lax, x, kernel, stride, padding)


@partial(jax.custom_vjp, nondiff_argnums=(2, 3, 4))
def _spread(y, kernel, stride, padding, size):
    return _by_platform(_spread_matrix, _spread_lax, y, kernel, stride, padding, size)


@partial(jax.custom_vjp, nondiff_argnums=(2, 3, 4))
def _correlate(x, y, stride, padding, window):
    return _by_platform(_correlate_matrix, _correlate_lax, x, y, stride, padding, window)


_convolve.defvjp(
    lambda x, kernel, stride, padding: (_convolve(x, kernel, stride, padding), (x, kernel)),
    lambda stride, padding, saved, grad: (
        _spread(grad, saved[1], stride, padding, saved[0].shape[1:-1]),
        _correlate(saved[0], grad, stride, padding, saved[1].shape[:-2]),
    ),
)
_spread.defvjp(
    lambda y, kernel, stride, padding, size: (_spread(y, kernel, stride, padding, size), (y, kernel)),
    lambda stride, padding, size, saved, grad: (
        _convolve(grad, saved[1], stride, padding),
        _correlate(grad, saved[0], stride, padding, saved[1].shape[:-2]),
    ),
)
_correlate.defvjp(
    lambda x, y, stride, padding, window: (_correlate(x, y, stride, padding, window), (x, y)),
    lambda stride, padding, window, saved, grad: (
        _spread(saved[1], grad, stride, padding, saved[0].shape[1:-1]),
        _convolve(saved[0], grad, stride, padding),
    ),
)


# The maps of groups, of stride 1: there d/dx is a convolution with the kernel turned round.


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def _convolve_groups(x, kernel, padding):
    return _by_platform(_convolve_groups_matrix, _convolve_groups_lax, x, kernel, padding)


@partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def _correlate_groups(x, y, padding, window):
    return _by_platform(_correlate_groups_matrix, _correlate_groups_lax, x, y, padding, window)


def _spread_groups(y, kernel, padding):
    """x[h + i - p] += y[h] k[i], each group by itself."""
    turned = kernel[:, ::-1, ::-1].swapaxes(3, 4)
    return _convolve_groups(y, turned, tuple(k - 1 - p for k, p in zip(kernel.shape[1:3], padding, strict=True)))


_convolve_groups.defvjp(
    lambda x, kernel, padding: (_convolve_groups(x, kernel, padding), (x, kernel)),
    lambda padding, saved, grad: (
        _spread_groups(grad, saved[1], padding),
        _correlate_groups(saved[0], grad, padding, saved[1].shape[1:3]),
    ),
)
_correlate_groups.defvjp(
    lambda x, y, padding, window: (_correlate_groups(x, y, padding, window), (x, y)),
    lambda padding, window, saved, grad: (_spread_groups(saved[1], grad, padding), _convolve_groups(saved[0], grad, padding)),
)


def _columns(x, window, padding):
    """(G, N, H, W, C) -> (G, N, H + 2 p, Wo, window C): padded, and what each output sees of its columns."""
    (top, side) = padding
    x = lax.pad(x, jnp.zeros((), x.dtype), ((0, 0, 0), (0, 0, 0), (top, top, 0), (side, side, 0), (0, 0, 0)))
    width = x.shape[3] - window + 1
    return jnp.concatenate([x[:, :, :, j : j + width] for j in range(window)], axis=-1)


def _at(axis, ndim, pads):
    """The padding configuration of one axis."""
    return [pads if index == axis else (0, 0, 0) for index in range(ndim)]


def _pad(x, pads):
    """Zeros before and after along each axis between the batch and the channels; a negative number crops."""
    return lax.pad(x, jnp.zeros((), x.dtype), [(0, 0, 0), *((*both, 0) for both in pads), (0, 0, 0)])


def _windows(size, window, stride, padding):
    return (size + 2 * padding - window) // stride + 1


def _patches(x, window, stride, padding):
    """(N, H, W, C) -> (N, Ho, Wo, kh kw C): what each output sees, in the kernel's order.

    First the columns are shifted, then the rows of the wider array: longer copies, which matters most for one channel.
    """
    x = _pad(x, [(padding, padding)] * len(window))
    for axis in reversed(range(len(window))):
        count = _windows(x.shape[axis + 1], window[axis], stride, 0)
        starts = range(window[axis])
        shifts = [lax.slice_in_dim(x, i, i + stride * (count - 1) + 1, stride, axis + 1) for i in starts]
        x = jnp.concatenate(shifts, axis=-1)  # (N, H, Wo, kw C), then (N, Ho, Wo, kh kw C)
    return x


def _parts(batch, sample_bytes, kernel_bytes):
    """How many parts the batch is cut into: each fills the cache, and outweighs the kernel that each reads again.

    One where the batch is of no size yet, as in a program that is exported for any (`jax.export.symbolic_shape`).
    """
    if not isinstance(batch, int):
        return 1
    most = batch * sample_bytes // max(CACHE_BYTES, 2 * kernel_bytes)
    return max(d for d in range(1, max(1, min(batch, most)) + 1) if batch % d == 0)


def _by_parts(function, parts, x):
    if parts == 1:
        return function(x)
    out = lax.map(function, x.reshape(parts, -1, *x.shape[1:]))  # (parts, N / parts, ...)
    return out.reshape(x.shape[0], *out.shape[2:])
