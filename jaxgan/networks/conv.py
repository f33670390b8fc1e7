"""Convolutional networks without biases for 28x28 images: lab 002, section 3.2, and the code it links."""

from typing import Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array

from jaxgan.networks.layers import BatchNorm, Conv, ConvTranspose, LabelledImages, Sequential, critic_norm, leaky_relu
from jaxgan.networks.player import Critic, Generator, scored
from jaxgan.types import CriticOutput, Samples


class ConvGenerator(Generator):
    """Latent as a 1x1 image, to 3x3 (8h), 6x6 (4h), 13x13 (2h), 28x28; batch norm and ReLU between, tanh; h = 128 in the lab."""

    latent_dim: int = 128
    hidden_dim: int = 128

    image_sizes = (28,)

    def setup(self) -> None:
        super().setup()
        h = self.hidden_dim
        self.model = Sequential([
            ConvTranspose(8 * h, 3, 1, 0, use_bias=False), BatchNorm(), jax.nn.relu,
            ConvTranspose(4 * h, 4, 2, 1, use_bias=False), BatchNorm(), jax.nn.relu,
            ConvTranspose(2 * h, 5, 2, 1, use_bias=False), BatchNorm(), jax.nn.relu,
            ConvTranspose(self.sample_shape[-1], 6, 2, 1, use_bias=False), jnp.tanh,
        ])  # fmt: skip

    def generate(self, latent: Array, train: bool) -> Samples:
        return self.model(latent[:, None, None, :], train)  # (B, L) -> (B, 1, 1, L)


class ConvCritic(Critic):
    """28x28 to 14x14 (h), 7x7 (2h), 3x3 (4h), 1; leaky ReLU .2, a norm on the second and third; h = 128 in the lab."""

    hidden_dim: int = 128
    norm: Literal["batch", "layer", "none"] = "batch"

    image_sizes = (28,)
    convolutional = True

    def setup(self) -> None:
        super().setup()
        h = self.hidden_dim
        self.model = Sequential([
            Conv(h, 4, 2, 1, use_bias=False), leaky_relu,
            Conv(2 * h, 4, 2, 1, use_bias=False), critic_norm(self.norm), leaky_relu,
            Conv(4 * h, 4, 2, 1, use_bias=False), critic_norm(self.norm), leaky_relu,
            Conv(1, 3, 1, 0, use_bias=False),
        ])  # fmt: skip

    def score(self, samples: Array | LabelledImages, train: bool) -> CriticOutput:
        return scored(self.model, samples, train)
