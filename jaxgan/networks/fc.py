"""Fully connected networks for images: lab 002, section 2.2."""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array

from jaxgan.networks.layers import Dropout, Linear, Sequential, leaky_relu, unflatten
from jaxgan.networks.player import Critic, Generator, scored
from jaxgan.networks.resampling import Smoothing
from jaxgan.types import CriticOutput, Samples


class FcGenerator(Generator):
    """latent-h-2h-4h-pixels, ReLU, tanh; h = 256 in the lab.

    What the tanh takes is smoothed by a binomial filter of `smoothing` taps, an odd number; 1, as in the lab, leaves it as it is.
    """

    latent_dim: int = 100
    hidden_dim: int = 256
    smoothing: int = 1

    takes_also = ("series", "volumes")

    def setup(self) -> None:
        super().setup()
        h = self.hidden_dim
        hidden = [layer for width in (h, 2 * h, 4 * h) for layer in (Linear(width), jax.nn.relu)]
        smoothing = (Smoothing(self.sample_shape, self.smoothing),) if self.smoothing > 1 else ()
        self.model = Sequential([*hidden, Linear(math.prod(self.sample_shape)), *smoothing, jnp.tanh])

    def generate(self, latent: Array, train: bool) -> Samples:
        return unflatten(self.model(latent, train), self.sample_shape)


class FcCritic(Critic):
    """pixels-4h-2h-h-1, leaky ReLU .2, dropout after the first two; h = 256 in the lab."""

    hidden_dim: int = 256
    dropout: float = 0.3

    takes_also = ("series", "volumes")
    flat = True
    couples_batch = False

    def setup(self) -> None:
        super().setup()
        h = self.hidden_dim
        self.model = Sequential([
            Linear(4 * h), leaky_relu, Dropout(self.dropout),
            Linear(2 * h), leaky_relu, Dropout(self.dropout),
            Linear(h), leaky_relu,
            Linear(1),
        ])  # fmt: skip

    def score(self, samples: Array, train: bool) -> CriticOutput:
        return scored(self.model, samples, train)
