"""R3GAN's networks (Huang et al. 2025, arXiv 2501.05441, section 4, config E), for images of any size that can be halved.

A stage a size, from about 4x4 (28 pixels: 7x7) up, twice as large each; each has residual blocks of a 1x1 convolution to twice the
channels, a 3x3 convolution in groups of 16 channels and a 1x1 convolution back, with biased leaky ReLUs .2 between. Nothing is
normalised: what begins a residual branch has variance scaled by the number of blocks, what ends it is 0 (Fixup, arXiv 1901.09321).
Stages are joined by bilinear resampling; an odd size is the crop of the next even one.
"""

import math
from collections.abc import Sequence
from typing import Any, Literal

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxgan.networks.layers import (
    Conv,
    Crop,
    LabelledImages,
    Linear,
    Sequential,
    evened,
    leaky_relu,
    normal,
    scaled_normal,
    zeros,
)  # fmt: skip
from jaxgan.networks.player import Critic, Generator, scored
from jaxgan.networks.resampling import downsample, upsample
from jaxgan.networks.stages import halved_sizes
from jaxgan.types import CriticOutput, Samples

Size = tuple[int, ...]
Images = Float[Array, "batch _height _width _channels"]

EXPANSION = 2  # channels within a block, over those of its stage
GROUP = 16  # channels of a group of the 3x3 convolution
MULTIPLE = GROUP // EXPANSION  # of which every width is one
GAIN = math.sqrt(2 / (1 + 0.2**2))  # before a leaky ReLU .2
LINEAR_LAYERS = 3  # of a block


def stage_widths(sizes: Sequence[Size], hidden_dim: int, wide_until: int) -> list[int]:
    """The channels of each stage: `hidden_dim` up to so many pixels a side, half as many at each doubling beyond; multiples of 8."""
    beyond = [max(0, math.ceil(math.log2(max(size) / wide_until))) for size in sizes]
    return [max(1, hidden_dim // 2**halvings // MULTIPLE) * MULTIPLE for halvings in beyond]


class ResidualBlock(nn.Module):
    """x + conv1(act(conv3(act(conv1(x))))), and at first x: the last convolution begins at 0.

    `n_blocks` is their number L in the whole network: the first two convolutions begin L^(-1/4) times as large (section 4.2).
    """

    features: int
    n_blocks: int

    def setup(self) -> None:
        wide = EXPANSION * self.features
        init: dict[str, Any] = {
            "kernel_init": scaled_normal(GAIN * self.n_blocks ** (-1 / (2 * LINEAR_LAYERS - 2))),
            "bias_init": zeros,
        }
        self.conv1 = Conv(wide, 1, **init)
        self.conv2 = Conv(wide, 3, padding=1, groups=wide // GROUP, **init)
        self.conv3 = Conv(self.features, 1, use_bias=False, kernel_init=zeros)

    def __call__(self, x: Images) -> Images:
        return x + self.conv3(leaky_relu(self.conv2(leaky_relu(self.conv1(x)))))


class Upsample(nn.Module):
    """A 1x1 convolution where the channels change, then twice the size, cropped to `size`."""

    features: int
    size: Size

    @nn.compact
    def __call__(self, x: Images) -> Images:
        if x.shape[-1] != self.features:
            x = Conv(self.features, 1, use_bias=False, kernel_init=scaled_normal(), name="conv")(x)
        return Crop(self.size)(upsample(x))


class Downsample(nn.Module):
    """Half the size, an odd one filled up by zeros, then a 1x1 convolution where the channels change."""

    features: int

    @nn.compact
    def __call__(self, x: Images) -> Images:
        x = downsample(evened(x))
        if x.shape[-1] != self.features:
            x = Conv(self.features, 1, use_bias=False, kernel_init=scaled_normal(), name="conv")(x)
        return x


class GenerativeBasis(nn.Module):
    """Learnt images, one a channel, each times a number that is linear in the latent."""

    features: int
    size: Size

    @nn.compact
    def __call__(self, latent: Float[Array, "batch latent"]) -> Images:
        basis = self.param("basis", normal(1.0), (self.features, *self.size))  # (C, H, W), as PyTorch's images lie
        weights = Linear(self.features, use_bias=False, kernel_init=scaled_normal(), name="linear")(latent)
        return weights[:, None, None] * basis.transpose(1, 2, 0)  # (B, 1, 1, C), (H, W, C)


class DiscriminativeBasis(nn.Module):
    """The inner product of each channel with a learnt image: a depthwise convolution to 1x1."""

    @nn.compact
    def __call__(self, x: Images) -> Float[Array, "batch _channels"]:
        _, height, width, channels = x.shape
        kernel = self.param("kernel", scaled_normal(), (height, width, 1, channels))  # whose fan-in is height * width
        return (x * kernel[:, :, 0]).sum((1, 2))


class R3ganGenerator(Generator):
    """The basis at the coarsest size, then blocks and upsampling to the image's, a 1x1 convolution; linear output as in the paper.

    Where `hidden_dim` is 768 and `latent_dim` 64, the paper's for 32 and 64 pixels.
    """

    latent_dim: int = 64
    hidden_dim: int = 64  # of the widest stages
    blocks: int = 2  # a stage
    wide_until: int = 32  # pixels a side up to which stages are the widest
    output: Literal["tanh", "linear"] = "linear"

    smallest_side = 8
    hidden_multiple = MULTIPLE

    def setup(self) -> None:
        super().setup()
        *image, channels = self.sample_shape
        sizes = halved_sizes(tuple(image))
        widths = stage_widths(sizes, self.hidden_dim, self.wide_until)
        layers: list[Any] = [GenerativeBasis(widths[-1], sizes[-1])]
        for size, width in zip(reversed(sizes), reversed(widths), strict=True):
            if size != sizes[-1]:
                layers.append(Upsample(width, size))
            layers += [ResidualBlock(width, self.blocks * len(sizes)) for _ in range(self.blocks)]
        layers.append(Conv(channels, 1, use_bias=False, kernel_init=scaled_normal()))
        self.model = Sequential(layers + ([jnp.tanh] if self.output == "tanh" else []))

    def generate(self, latent: Array, train: bool) -> Samples:
        return self.model(latent, train)


class R3ganCritic(Critic):
    """The generator's mirror image: a 1x1 convolution, blocks and downsampling to the coarsest size, the basis, a linear score."""

    hidden_dim: int = 64
    blocks: int = 2
    wide_until: int = 32

    smallest_side = 8
    hidden_multiple = MULTIPLE
    couples_batch = False
    convolutional = True

    def setup(self) -> None:
        super().setup()
        sizes = halved_sizes(tuple(self.sample_shape[:2]))
        widths = stage_widths(sizes, self.hidden_dim, self.wide_until)
        layers: list[Any] = [Conv(widths[0], 1, use_bias=False, kernel_init=scaled_normal())]
        for width, next_width in zip(widths, [*widths[1:], None], strict=True):
            layers += [ResidualBlock(width, self.blocks * len(sizes)) for _ in range(self.blocks)]
            layers.append(DiscriminativeBasis() if next_width is None else Downsample(next_width))
        self.model = Sequential([*layers, Linear(1, use_bias=False, kernel_init=scaled_normal())])

    def score(self, samples: Array | LabelledImages, train: bool) -> CriticOutput:
        return scored(self.model, samples, train)
