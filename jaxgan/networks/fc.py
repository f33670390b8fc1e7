"""Fully connected networks for images: lab 002, section 2.2."""

import math
from typing import Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array

from jaxgan.networks.layers import Dropout, Linear, Sequential, leaky_relu, unflatten
from jaxgan.networks.player import Critic, Generator, scored
from jaxgan.networks.resampling import Enlargement, Projection, clipped
from jaxgan.types import CriticOutput, Samples


class FcGenerator(Generator):
    """latent-h-2h-4h-pixels, ReLU, tanh or linear output; h = 256 in the lab.

    With a `working_size` it draws on a grid of so many points along the longest axis; that is enlarged by cubic interpolation (`Enlargement`),
    which overshoots beside an edge, and behind a tanh clipped to [-1, 1]. None, as in the lab: on the pixels.
    """

    latent_dim: int = 100
    hidden_dim: int = 256
    working_size: int | None = None
    output: Literal["tanh", "linear"] = "tanh"

    takes_also = ("series", "volumes")

    def setup(self) -> None:
        super().setup()
        h = self.hidden_dim
        hidden = [layer for width in (h, 2 * h, 4 * h) for layer in (Linear(width), jax.nn.relu)]
        grid = Enlargement(self.sample_shape, self.working_size or max(self.sample_shape))
        bounded = self.output == "tanh"
        enlarged = () if grid.holds_all else (grid, clipped) if bounded else (grid,)
        self.model = Sequential([*hidden, Linear(grid.features), *([jnp.tanh] if bounded else []), *enlarged])

    def generate(self, latent: Array, train: bool) -> Samples:
        return unflatten(self.model(latent, train), self.sample_shape)


class FcCritic(Critic):
    """pixels-4h-2h-h-1, leaky ReLU .2, dropout after the first two; h = 256 in the lab.

    With a `working_size` it sees as much of a sample as a grid of so many points along the longest axis can hold (`Projection`).
    """

    hidden_dim: int = 256
    dropout: float = 0.3
    working_size: int | None = None

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
        grid = Projection(self.sample_shape, self.working_size or max(self.sample_shape))
        if not grid.holds_all:
            pixels = math.prod(self.sample_shape)
            held = grid(samples[:, :pixels])
            samples = jnp.concatenate([held, samples[:, pixels:]], -1)  # behind the pixels is the label's embedding
        return scored(self.model, samples, train)
