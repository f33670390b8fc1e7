"""The WGAN networks of lab 000, section 2: two linear layers and two convolutions each."""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array

from jaxgan.networks.convolution import max_pool
from jaxgan.networks.layers import BatchNorm, Conv, ConvTranspose, LabelledImages, Linear, Sequential, flatten, unflatten
from jaxgan.networks.player import Critic, Generator
from jaxgan.types import CriticOutput, Samples

leaky_relu = partial(jax.nn.leaky_relu, negative_slope=0.1)


class LabConvGenerator(Generator):
    """latent-h, a quarter-size image of h/8 channels, h/16 at half size, the image; batch norm and ReLU between, tanh; h = 1024."""

    latent_dim: int = 100
    hidden_dim: int = 1024

    image_sizes = (28, 32, 64)
    hidden_multiple = 16

    def setup(self) -> None:
        super().setup()
        height, width, channels = self.sample_shape
        self.coarse = (height // 4, width // 4, self.hidden_dim // 8)
        self.fc1 = Linear(self.hidden_dim)
        self.br1 = Sequential([BatchNorm(), jax.nn.relu])
        self.fc2 = Linear(height // 4 * (width // 4) * (self.hidden_dim // 8))
        self.br2 = Sequential([BatchNorm(), jax.nn.relu])
        self.conv1 = Sequential([ConvTranspose(self.hidden_dim // 16, 4, 2, 1), BatchNorm(), jax.nn.relu])
        self.conv2 = Sequential([ConvTranspose(channels, 4, 2, 1), jnp.tanh])

    def generate(self, latent: Array, train: bool) -> Samples:
        x = self.br1(self.fc1(latent), train)
        x = self.br2(self.fc2(x), train)
        x = unflatten(x, self.coarse)
        return self.conv2(self.conv1(x, train), train)


class LabConvCritic(Critic):
    """Conv5 h/32, pool, Conv5 h/16, pool, h, 1; leaky ReLU .1; h = 1024 in the lab."""

    hidden_dim: int = 1024

    image_sizes = (28, 32, 64)
    hidden_multiple = 32
    couples_batch = False
    convolutional = True

    def setup(self) -> None:
        super().setup()
        self.conv1 = Sequential([Conv(self.hidden_dim // 32, 5), leaky_relu])
        self.conv2 = Sequential([Conv(self.hidden_dim // 16, 5), leaky_relu])
        self.fc1 = Sequential([Linear(self.hidden_dim), leaky_relu])
        self.fc2 = Linear(1)

    def score(self, samples: Array | LabelledImages, train: bool) -> CriticOutput:
        x = max_pool(self.conv1(samples, train))
        x = max_pool(self.conv2(x, train))
        features = self.fc1(flatten(x), train)
        return CriticOutput(score=self.fc2(features)[:, 0], features=features)  # (B, 1) -> (B,)
