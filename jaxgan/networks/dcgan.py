"""DCGAN for images of any height and width from 4 pixels (Radford et al. 2015, arXiv 1511.06434, figure 1 and section 4)."""

import math
from dataclasses import field
from typing import Any, ClassVar, Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array

from jaxgan.networks.layers import (
    BatchNorm,
    Conv,
    ConvTranspose,
    Crop,
    LabelledImages,
    Linear,
    Sequential,
    UpsampledConv,
    critic_norm,
    evened,
    flatten,
    leaky_relu,
    normal,
    unflatten,
    zeros,
)  # fmt: skip
from jaxgan.networks.player import Critic, Generator, scored
from jaxgan.networks.stages import halved_sizes
from jaxgan.types import CriticOutput, Samples

PAPER_INIT: dict[str, Any] = {"kernel_init": normal(0.02), "bias_init": zeros}


def stages(size: tuple[int, ...], hidden_dim: int) -> tuple[list[tuple[int, ...]], list[int]]:
    """The sizes from the samples' down (`halved_sizes`), and the channels of all but the first: h, 2h, 4h, 8h, 8h, ..."""
    sizes = halved_sizes(size, least=1)
    return sizes, [hidden_dim * min(2**i, 8) for i in range(len(sizes) - 1)]


class DcganGenerator(Generator):
    """Project to 4x4 (8h at 64 pixels), then 5x5 convolutions of stride 1/2; batch norm and ReLU between, tanh; h = 128.

    With `upsampling="nearest"` each of these is an `UpsampledConv` in their place. An odd size is the crop of the next even one.
    """

    latent_dim: int = 100
    hidden_dim: int = 128
    upsampling: Literal["transposed", "nearest"] = field(default="transposed", kw_only=True)

    smallest_side = 4
    refines: ClassVar[bool] = False
    upward: ClassVar[dict[str, Any]] = {"size": 5, "stride": 2, "padding": 2, "output_padding": 1}

    def setup(self) -> None:
        super().setup()
        *size, channels = self.sample_shape
        sizes, widths = stages(tuple(size), self.hidden_dim)
        self.coarse = (*sizes[-1], widths[-1])
        self.project = Linear(math.prod(self.coarse), **PAPER_INIT)
        layers: list[Any] = [BatchNorm(), jax.nn.relu]
        last = max(1, self.hidden_dim // 2) if self.refines else channels
        for width, before, after in zip((*widths[-2::-1], last), sizes[:0:-1], sizes[-2::-1], strict=True):
            transposed = self.upsampling == "transposed"
            layers.append(
                ConvTranspose(width, **self.upward, **PAPER_INIT) if transposed else UpsampledConv(width, **PAPER_INIT)
            )
            if any(2 * side != wanted for side, wanted in zip(before, after, strict=True)):
                layers.append(Crop(after))
            layers += [BatchNorm(), jax.nn.relu]
        end = [*layers, Conv(channels, 3, 1, 1, **PAPER_INIT)] if self.refines else layers[:-2]
        self.model = Sequential([*end, *([jnp.tanh] if getattr(self, "output", "tanh") == "tanh" else [])])

    def generate(self, latent: Array, train: bool) -> Samples:
        return self.model(unflatten(self.project(latent), self.coarse), train)


class RefinedDcganGenerator(DcganGenerator):
    """DCGAN's, whose last stage draws h / 2 channels, which batch norm, ReLU and a 3x3 convolution at full size make a picture of."""

    upsampling: Literal["transposed", "nearest"] = field(default="nearest", kw_only=True)
    refines = True


class DcganCritic(Critic):
    """5x5 convolutions of stride 2 from h channels to 8h, leaky ReLU .2, a norm on all but the first; a linear score; h = 128."""

    hidden_dim: int = 128
    norm: Literal["batch", "layer", "none"] = "batch"

    smallest_side = 4
    convolutional = True
    downward: ClassVar[dict[str, Any]] = {"size": 5, "stride": 2, "padding": 2}

    def setup(self) -> None:
        super().setup()
        *size, _ = self.sample_shape
        sizes, widths = stages(tuple(size), self.hidden_dim)
        layers: list[Any] = []
        for width, before in zip(widths, sizes[:-1], strict=True):
            odd = any(side % 2 for side in before)
            if odd and self.downward["size"] % 2 == 0:  # an odd window halves an odd side by itself
                layers.append(evened)
            norm = [critic_norm(self.norm, len(size))] if before != sizes[0] else []
            layers += [Conv(width, **self.downward, **PAPER_INIT), *norm, leaky_relu]
        self.model = Sequential([*layers, flatten, Linear(1, **PAPER_INIT)])

    def score(self, samples: Array | LabelledImages, train: bool) -> CriticOutput:
        return scored(self.model, samples, train)
