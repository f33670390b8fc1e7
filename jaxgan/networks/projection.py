"""The projection critic (Miyato and Koyama 2018, arXiv 1802.05637, eq. 3), as a transform of any critic with features."""

import flax.linen as nn
import jax.numpy as jnp

from jaxgan.networks.transform import CriticTransform, features_of
from jaxgan.types import CriticOutput, Labels, Samples


class ProjectionCritic(CriticTransform):
    """score(x, y) = critic(x) + <v_y, features(x)>, with one learnt vector v_y a class; the critic is unconditional."""

    n_classes: int

    @nn.compact
    def __call__(self, samples: Samples, labels: Labels, *, train: bool = False) -> CriticOutput:
        output = self.critic(samples, labels, train=train)
        features = features_of(output, self)
        glorot = (
            nn.initializers.glorot_uniform()
        )  # as the authors' code has it: with N(0, 1) the inner product would drown the score
        table = self.param("embedding", glorot, (self.n_classes, features.shape[-1]), float)
        return output._replace(score=output.score + jnp.sum(table[labels] * features, axis=-1))
