"""Multilayer perceptrons for points in the plane: labs 003 (hidden 256, latent 5) and 004, section 11.1 (hidden 128, latent 2)."""

from typing import Any, Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array

from jaxgan.networks.layers import Dropout, Linear, Sequential
from jaxgan.networks.player import Critic, Generator, scored
from jaxgan.types import CriticOutput, Samples


class MlpGenerator(Generator):
    """latent-h-h-h-2, ReLU; tanh or linear output."""

    latent_dim: int = 2
    hidden_dim: int = 128
    output: Literal["tanh", "linear"] = "tanh"

    sample_kind = "vectors"

    def setup(self) -> None:
        super().setup()
        (features,) = self.sample_shape
        hidden = [layer for _ in range(3) for layer in (Linear(self.hidden_dim), jax.nn.relu)]
        self.model = Sequential([*hidden, Linear(features), *([jnp.tanh] if self.output == "tanh" else [])])

    def generate(self, latent: Array, train: bool) -> Samples:
        return self.model(latent, train)


class MlpCritic(Critic):
    """2-h-h-h-1, ReLU; with `dropout`, each hidden layer is followed by it."""

    hidden_dim: int = 128
    dropout: float = 0.0

    sample_kind = "vectors"
    couples_batch = False

    def setup(self) -> None:
        super().setup()
        after: list[Any] = [Dropout(self.dropout)] if self.dropout else []
        hidden = [layer for _ in range(3) for layer in (Linear(self.hidden_dim), jax.nn.relu, *after)]
        self.model = Sequential([*hidden, Linear(1)])

    def score(self, samples: Array, train: bool) -> CriticOutput:
        return scored(self.model, samples, train)
