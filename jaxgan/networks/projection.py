"""The projection critic (Miyato and Koyama 2018, arXiv 1802.05637, eq. 3), as a transform of any critic with features."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array

from jaxgan.types import CriticOutput, Labels, Samples


class ProjectionCritic(nn.Module):
    """score(x, y) = critic(x) + <v_y, features(x)>, with one learnt vector v_y a class."""

    critic: nn.Module  # unconditional, with features
    n_classes: int

    @property
    def couples_batch(self) -> bool:
        return self.critic.couples_batch

    def example_inputs(self) -> tuple[Array, Array]:
        return self.critic.example_inputs()

    @nn.compact
    def __call__(self, samples: Samples, labels: Labels, *, train: bool = False) -> CriticOutput:
        output = self.critic(samples, labels, train=train)
        glorot = (
            nn.initializers.glorot_uniform()
        )  # as the authors' code has it: with N(0, 1) the inner product would drown the score
        table = self.param("embedding", glorot, (self.n_classes, output.features.shape[-1]), float)
        return output._replace(score=output.score + jnp.sum(table[labels] * output.features, axis=-1))
