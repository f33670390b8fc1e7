"""The layers that the networks are made of, as PyTorch has them: initial distributions, running statistics, flatten order.

Kernels lie as (in, out) and (height, width, in, out), those of transposed convolutions as (height, width, out, in): then one
permutation takes any PyTorch weight of rank 4 to its kernel (`jaxgan.interop`). Parameters take jax's default float type.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxgan.networks import convolution
from jaxgan.networks.dropout import kept, share_kept
from jaxgan.networks.precision import narrowed
from jaxgan.types import Labels

Initializer = Callable[..., Array]
leaky_relu = partial(jax.nn.leaky_relu, negative_slope=0.2)


def torch_uniform(fan_in: int) -> Initializer:
    """U(-1/sqrt(fan_in), 1/sqrt(fan_in)), PyTorch's initial distribution of weights and biases alike."""
    bound = 1 / math.sqrt(fan_in)
    return lambda key, shape: jax.random.uniform(key, shape, float, -bound, bound)


def zeros(key: Array, shape: tuple[int, ...]) -> Array:
    """The initializer of biases where a paper asks for 0."""
    return jnp.zeros(shape, float)


def scaled_normal(gain: float = 1.0) -> Initializer:
    """N(0, gain^2 / fan_in), as He et al. set it (arXiv 1502.01852, eq. 10 and 15: gain 2^(1/2) before a ReLU)."""
    return lambda key, shape: gain / math.sqrt(math.prod(shape[:-1])) * jax.random.normal(key, shape, float)


def normal(deviation: float) -> Initializer:
    """N(0, deviation^2), as the DCGAN paper sets it (arXiv 1511.06434, section 4)."""
    return lambda key, shape: deviation * jax.random.normal(key, shape, float)


class Linear(nn.Module):
    """x W + b."""

    features: int
    use_bias: bool = True
    kernel_init: Initializer | None = None  # PyTorch's where none is given
    bias_init: Initializer | None = None

    @nn.compact
    def __call__(self, x: Float[Array, "batch inputs"]) -> Float[Array, "batch features"]:
        inputs = x.shape[-1]
        kernel = self.param("kernel", self.kernel_init or torch_uniform(inputs), (inputs, self.features))
        y = jnp.matmul(*narrowed(x, kernel)).astype(x.dtype)
        return y + self.param("bias", self.bias_init or torch_uniform(inputs), (self.features,)) if self.use_bias else y


def window_of(size: int | tuple[int, ...], axes: int) -> tuple[int, ...]:
    """A window along so many axes: as many numbers, or one for all of them."""
    return (size,) * axes if isinstance(size, int) else size


class LabelledImages(NamedTuple):
    """Images (or series, or volumes) with a vector each, which stands for as many more channels of one value all over the image."""

    images: Float[Array, "batch *size channels"]
    vectors: Float[Array, "batch more"]


class Conv(nn.Module):
    """PyTorch's Conv2d on (B, H, W, C), Conv1d on (B, T, C), Conv3d on (B, D, H, W, C), or on `LabelledImages` as if their vectors were joined to the channels.

    Several groups are of stride 1, and take no `LabelledImages`.
    """

    features: int
    size: int | tuple[int, ...]  # of the window, along all axes or along each
    stride: int = 1
    padding: int = 0
    groups: int = 1
    use_bias: bool = True
    kernel_init: Initializer | None = None
    bias_init: Initializer | None = None

    @nn.compact
    def __call__(self, x: Float[Array, "batch *size inputs"] | LabelledImages) -> Float[Array, "batch *size2 features"]:
        images, constant = x if isinstance(x, LabelledImages) else (x, None)
        inputs = images.shape[-1] + (0 if constant is None else constant.shape[-1])
        shape = (*window_of(self.size, images.ndim - 2), inputs // self.groups, self.features)
        fan_in = math.prod(shape[:-1])
        kernel = self.param("kernel", self.kernel_init or torch_uniform(fan_in), shape)
        if self.groups == 1:
            y = convolution.conv(images, kernel, stride=self.stride, padding=self.padding, constant=constant)
        else:
            y = convolution.grouped_conv(images, kernel, groups=self.groups, padding=self.padding)
        return y + self.param("bias", self.bias_init or torch_uniform(fan_in), (self.features,)) if self.use_bias else y


class ConvTranspose(nn.Module):
    """PyTorch's ConvTranspose2d on (B, H, W, C), or 1d, or 3d; its fan-in counts the outputs, as PyTorch reads it off the weight's second axis."""

    features: int
    size: int | tuple[int, ...]  # of the window, along all axes or along each
    stride: int = 1
    padding: int = 0
    output_padding: int = 0
    use_bias: bool = True
    kernel_init: Initializer | None = None
    bias_init: Initializer | None = None

    @nn.compact
    def __call__(self, x: Float[Array, "batch *size inputs"]) -> Float[Array, "batch *size2 features"]:
        shape = (*window_of(self.size, x.ndim - 2), self.features, x.shape[-1])
        fan_in = math.prod(shape[:-1])
        kernel = self.param("kernel", self.kernel_init or torch_uniform(fan_in), shape)
        y = convolution.conv_transpose(x, kernel, stride=self.stride, padding=self.padding, output_padding=self.output_padding)
        return y + self.param("bias", self.bias_init or torch_uniform(fan_in), (self.features,)) if self.use_bias else y


class UpsampledConv(nn.Module):
    """Twice the size, each number repeated, then a convolution by a window of 3: every output sees as many inputs as its neighbours.

    Transposed convolutions, whose windows overlap unevenly, leave a grid in pictures (Odena et al. 2016, doi:10.23915/distill.00003). It is
    computed as the transposed convolution by windows of 4 that it is: along an axis y[2h] = x[h-1] k[0] + x[h] (k[1] + k[2]) and
    y[2h+1] = x[h] (k[0] + k[1]) + x[h+1] k[2], so that the larger image is never made.
    """

    features: int
    kernel_init: Initializer | None = None
    bias_init: Initializer | None = None

    @nn.compact
    def __call__(self, x: Float[Array, "batch *size inputs"]) -> Float[Array, "batch *size2 features"]:
        axes = x.ndim - 2
        shape = (*(3,) * axes, x.shape[-1], self.features)
        fan_in = math.prod(shape[:-1])
        kernel = self.param("kernel", self.kernel_init or torch_uniform(fan_in), shape)
        y = convolution.conv_transpose(x, upsampled_kernel(kernel), stride=2, padding=1)
        return y + self.param("bias", self.bias_init or torch_uniform(fan_in), (self.features,))


def upsampled_kernel(kernel: Float[Array, "*window inputs features"]) -> Float[Array, "*window2 features inputs"]:
    """The kernel, 4 along each axis, of the transposed convolution of stride 2 and padding 1 that `UpsampledConv` is."""
    kernel = jnp.swapaxes(kernel, -1, -2)
    for axis in range(kernel.ndim - 2):
        first, middle, last = (jax.lax.index_in_dim(kernel, place, axis, keepdims=False) for place in range(3))
        kernel = jnp.stack([last, middle + last, first + middle, first], axis)
    return kernel


class BatchNorm(nn.Module):
    """PyTorch's batch norm: normalises by the biased variance of the batch, keeps the unbiased one (eps 1e-5, momentum .1).

    Ioffe and Szegedy 2015, arXiv 1502.03167, algorithm 1. In training the batch's statistics are used, and the running ones
    move if the collection `batch_stats` is mutable; otherwise the running ones are used.
    """

    momentum: ClassVar[float] = 0.1

    @nn.compact
    def __call__(self, x: Float[Array, "batch *spatial channels"], train: bool) -> Float[Array, "batch *spatial channels"]:
        channels = x.shape[-1]
        scale = self.param("scale", lambda key: jnp.ones(channels, float))
        bias = self.param("bias", lambda key: jnp.zeros(channels, float))
        running_mean = self.variable("batch_stats", "mean", lambda: jnp.zeros(channels, float))
        running_var = self.variable("batch_stats", "var", lambda: jnp.ones(channels, float))
        count = self.variable("batch_stats", "count", lambda: jnp.zeros((), jnp.int32))
        if not train:
            mean, var = running_mean.value, running_var.value
        else:
            axes = tuple(range(x.ndim - 1))
            mean = x.mean(axes)
            var = jnp.square(x - mean).mean(axes)
            if self.is_mutable_collection("batch_stats") and not self.is_initializing():
                n = x.size // channels
                running_mean.value = (1 - self.momentum) * running_mean.value + self.momentum * mean
                running_var.value = (1 - self.momentum) * running_var.value + self.momentum * var * (n / max(n - 1, 1))
                count.value = count.value + 1
        return (x - mean) * (jax.lax.rsqrt(var + 1e-5) * scale) + bias


class Dropout(nn.Module):
    """Sets each entry to 0 with probability `rate` in training and scales the rest by 1 / (1 - rate) (random stream `dropout`).

    Srivastava et al. 2014 (JMLR 15, section 4). The probability is met to a ten-thousandth of itself, and what is kept is scaled by what it
    really is, so that the mean stays; the masks take few random bits (`jaxgan.networks.dropout`), for on a processor they cost most.
    """

    rate: float

    def __call__(self, x: Float[Array, "*shape"], train: bool) -> Float[Array, "*shape"]:
        if not train or self.rate == 0:
            return x
        return jnp.where(kept(self.make_rng("dropout"), x.shape, self.rate), x / share_kept(self.rate), 0)


def critic_norm(kind: str, axes: int = 2) -> Callable[..., Any]:
    """The layer that `--critic-norm` names: `batch`, `layer` (over height, width and channels of each sample) or `none`.

    `axes`: how many there are between the batch and the channels.
    """
    if kind == "batch":
        return BatchNorm()
    if kind == "layer":
        return nn.LayerNorm(epsilon=1e-5, reduction_axes=tuple(range(1, axes + 2)), feature_axes=-1, param_dtype=float)
    return lambda x: x


class Sequential(nn.Module):
    """Layers in PyTorch's order and numbering; those that act otherwise in training are told so."""

    layers: Sequence[Callable[..., Any]]

    def __call__(self, x: Array | LabelledImages, train: bool) -> Array:
        return self.last_two(x, train)[1]

    def last_two(self, x: Any, train: bool) -> tuple[Any, Array]:
        """The input and the output of the last layer."""
        before = x
        for layer in self.layers:
            before, x = x, layer(x, train) if isinstance(layer, BatchNorm | Dropout) else layer(x)
        return before, x


class LabelEmbedding(nn.Module):
    """Joins a learnt embedding of the label, `n_classes` wide, to the features of a vector or the channels of an image."""

    n_classes: int

    def setup(self) -> None:
        self.table = self.param("embedding", normal(1.0), (self.n_classes, self.n_classes))

    def beside(self, x: Float[Array, "batch *size channels"], labels: Labels) -> LabelledImages:
        """The images and their labels' embeddings, not yet joined: what `Conv` takes at far less cost."""
        return LabelledImages(x, self.table[labels])

    def __call__(self, x: Float[Array, "batch *rest"], labels: Labels) -> Float[Array, "batch *wider"]:
        return joined(x, self.table[labels])


class LabelVector(nn.Module):
    """Joins a label that is a vector itself, as `LabelEmbedding` joins its embedding; there is nothing to learn."""

    label_dim: int

    def beside(self, x: Float[Array, "batch height width channels"], labels: Labels) -> LabelledImages:
        return LabelledImages(x, labels)

    def __call__(self, x: Float[Array, "batch *rest"], labels: Labels) -> Float[Array, "batch *wider"]:
        return joined(x, labels)


def label_layer(n_classes: int, label_dim: int, name: str | None = None) -> LabelEmbedding | LabelVector | None:
    """What joins labels to an input: class numbers, or vectors; None where there are neither."""
    if n_classes:
        return LabelEmbedding(n_classes, name=name)
    return LabelVector(label_dim, name=name) if label_dim else None


def joined(x: Float[Array, "batch *rest"], vectors: Float[Array, "batch more"]) -> Float[Array, "batch *wider"]:
    """A vector each beside the features, of whatever else there is (height, width, time) the same everywhere."""
    more = vectors.shape[-1]
    vectors = vectors.reshape(-1, *(1,) * (x.ndim - 2), more).astype(x.dtype)  # (B, n) -> (B, 1, ..., 1, n)
    return jnp.concatenate([x, jnp.broadcast_to(vectors, (*x.shape[:-1], more))], axis=-1)


def no_labels(n: int, label_dim: int = 0) -> Labels:
    """n labels of zeros: class numbers, or vectors of `label_dim`."""
    return jnp.zeros((n, label_dim), float) if label_dim else jnp.zeros(n, jnp.int32)


def flatten(x: Float[Array, "batch *size channels"]) -> Float[Array, "batch features"]:
    """Flattens in PyTorch's order (C, H, W)."""
    return jnp.moveaxis(x, -1, 1).reshape(len(x), -1)  # (B, H, W, C) -> (B, C, H, W) -> (B, CHW)


def unflatten(x: Float[Array, "batch features"], shape: tuple[int, ...]) -> Float[Array, "batch *size channels"]:
    """The inverse of `flatten`, for shape (H, W, C)."""
    *size, channels = shape
    return jnp.moveaxis(x.reshape(-1, channels, *size), 1, -1)  # (B, CHW) -> (B, C, H, W) -> (B, H, W, C)


@dataclass(frozen=True)
class Crop:
    """A layer that leaves of each sample the corner of this size, where another size comes in."""

    size: tuple[int, ...]

    def __call__(self, x: Array) -> Array:
        return x[(slice(None), *map(slice, self.size))]


def evened(x: Float[Array, "batch *size channels"] | LabelledImages) -> Float[Array, "batch *size2 channels"]:
    """One more row of zeros along each axis of an odd length; vectors are joined to the channels, for there they are 0 too."""
    if isinstance(x, LabelledImages):
        x = joined(*x)
    return jnp.pad(x, ((0, 0), *((0, side % 2) for side in x.shape[1:-1]), (0, 0)))
