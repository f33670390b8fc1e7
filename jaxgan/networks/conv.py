"""Convolutional networks without biases of lab 002, section 3.2, and the code it links: at 28x28 exactly the lab's."""

from typing import Any, Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array

from jaxgan.networks.layers import BatchNorm, Conv, ConvTranspose, LabelledImages, Sequential, critic_norm, leaky_relu
from jaxgan.networks.player import Critic, Generator, scored
from jaxgan.types import CriticOutput, Samples

COARSEST = 3  # a side is halved as long as this much is left
WIDEST = 8  # in units of h, channels at the coarsest size

Size = tuple[int, ...]


def halvings(size: Size) -> int:
    """How often height and width are halved, an odd one rounded down: until one would be less than 3, once at least.

    28: 3 times, to 3; 32: 3 times, to 4; 48x80: 4 times, to 3x5.
    """
    return max(1, (min(size) // COARSEST).bit_length() - 1)


def upward(size: Size) -> tuple[Size, list[Size]]:
    """The coarsest size, and the windows of the transposed convolutions of stride 2 from there to `size`.

    A window of 4 doubles a side, one of 5 or 6 adds a row or two: the last layers add what halving left over, as the lab's do.
    28: from 3 by 4, 5 and 6 to 6, 13 and 28; 32: from 4 by 4, 4 and 4.
    """
    n = halvings(size)
    windows: list[Size] = []
    left = [side % 2**n for side in size]  # rows to be added, from the finest layer's on
    for _ in range(n):
        added = [2 if rest and rest % 2 == 0 else rest % 2 for rest in left]
        windows.append(tuple(4 + more for more in added))
        left = [(rest - more) // 2 for rest, more in zip(left, added, strict=True)]
    return tuple(side // 2**n for side in size), windows[::-1]


class ConvGenerator(Generator):
    """Latent as a 1x1 image, to the coarsest size, then twice as large with half the channels again and again, to 2h and the image.

    Batch norm and ReLU between, tanh; for pictures of any height and width from 6 pixels (`upward`). In the lab h = 128, and sizes
    and channels are 3x3 (8h), 6x6 (4h), 13x13 (2h), 28x28.
    """

    latent_dim: int = 128
    hidden_dim: int = 128

    smallest_side = 2 * COARSEST

    def setup(self) -> None:
        super().setup()
        *size, channels = self.sample_shape
        coarse, windows = upward(tuple(size))
        widths = [self.hidden_dim * min(2**i, WIDEST) for i in range(len(windows), 0, -1)]  # coarsest first
        layers: list[Any] = [ConvTranspose(widths[0], coarse, 1, 0, use_bias=False)]
        for width, window in zip((*widths[1:], channels), windows, strict=True):
            layers += [BatchNorm(), jax.nn.relu, ConvTranspose(width, window, 2, 1, use_bias=False)]
        self.model = Sequential([*layers, jnp.tanh])

    def generate(self, latent: Array, train: bool) -> Samples:
        return self.model(latent[:, None, None, :], train)  # (B, L) -> (B, 1, 1, L)


class ConvCritic(Critic):
    """Half as large with twice the channels again and again, from h of them to the coarsest size, then 1.

    Leaky ReLU .2, a norm on all but the first; for pictures of any height and width from 6 pixels (`halvings`). In the lab h = 128,
    and 28x28 goes to 14x14 (h), 7x7 (2h), 3x3 (4h), 1.
    """

    hidden_dim: int = 128
    norm: Literal["batch", "layer", "none"] = "batch"

    smallest_side = 2 * COARSEST
    convolutional = True

    def setup(self) -> None:
        super().setup()
        *size, _ = self.sample_shape
        coarse, _ = upward(tuple(size))
        layers: list[Any] = []
        for i in range(halvings(tuple(size))):
            norm = [critic_norm(self.norm)] if i else []
            layers += [Conv(self.hidden_dim * min(2**i, WIDEST), 4, 2, 1, use_bias=False), *norm, leaky_relu]
        self.model = Sequential([*layers, Conv(1, coarse, 1, 0, use_bias=False)])

    def score(self, samples: Array | LabelledImages, train: bool) -> CriticOutput:
        return scored(self.model, samples, train)
