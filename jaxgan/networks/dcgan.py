"""DCGAN for square images of 28, 32, 64 and 128 pixels (Radford et al. 2015, arXiv 1511.06434, figure 1 and section 4)."""

from typing import Any, Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array

from jaxgan.networks.layers import (
    BatchNorm,
    Conv,
    ConvTranspose,
    LabelledImages,
    Linear,
    Sequential,
    critic_norm,
    flatten,
    leaky_relu,
    normal,
    unflatten,
    zeros,
)  # fmt: skip
from jaxgan.networks.player import Critic, Generator, scored
from jaxgan.types import CriticOutput, Samples

PAPER_INIT: dict[str, Any] = {"kernel_init": normal(0.02), "bias_init": zeros}


def channels_by_size(image_size: int, hidden_dim: int) -> tuple[int, list[int]]:
    """The coarsest side (4, or 7 for 28 pixels) and the channels from the finest hidden layer to the coarsest: h, 2h, 4h, 8h, 8h."""
    coarse = 7 if image_size == 28 else 4
    doublings = (image_size // coarse).bit_length() - 1
    return coarse, [hidden_dim * min(2**i, 8) for i in range(doublings)]


class DcganGenerator(Generator):
    """Project to 4x4 (8h at 64 pixels), then 5x5 convolutions of stride 1/2; batch norm and ReLU between, tanh; h = 128."""

    latent_dim: int = 100
    hidden_dim: int = 128

    image_sizes = (28, 32, 64, 128)

    def setup(self) -> None:
        super().setup()
        side, channels = channels_by_size(self.sample_shape[0], self.hidden_dim)
        self.coarse = (side, side, channels[-1])
        self.project = Linear(side * side * channels[-1], **PAPER_INIT)
        upward = [
            layer
            for width in channels[-2::-1]
            for layer in (ConvTranspose(width, 5, 2, 2, 1, **PAPER_INIT), BatchNorm(), jax.nn.relu)
        ]
        last = ConvTranspose(self.sample_shape[-1], 5, 2, 2, 1, **PAPER_INIT)
        self.model = Sequential([BatchNorm(), jax.nn.relu, *upward, last, jnp.tanh])

    def generate(self, latent: Array, train: bool) -> Samples:
        return self.model(unflatten(self.project(latent), self.coarse), train)


class DcganCritic(Critic):
    """5x5 convolutions of stride 2 from h channels to 8h, leaky ReLU .2, a norm on all but the first; a linear score; h = 128."""

    hidden_dim: int = 128
    norm: Literal["batch", "layer", "none"] = "batch"

    image_sizes = (28, 32, 64, 128)
    convolutional = True

    def setup(self) -> None:
        super().setup()
        _, (first, *rest) = channels_by_size(self.sample_shape[0], self.hidden_dim)
        downward = [
            layer for width in rest for layer in (Conv(width, 5, 2, 2, **PAPER_INIT), critic_norm(self.norm), leaky_relu)
        ]
        self.model = Sequential([Conv(first, 5, 2, 2, **PAPER_INIT), leaky_relu, *downward, flatten, Linear(1, **PAPER_INIT)])

    def score(self, samples: Array | LabelledImages, train: bool) -> CriticOutput:
        return scored(self.model, samples, train)
