"""The projection critic (Miyato and Koyama 2018, arXiv 1802.05637, eq. 3), as a transform of any critic with features."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxgan.networks.layers import no_labels
from jaxgan.networks.transform import CriticTransform, features_of
from jaxgan.types import CriticOutput, Labels, Samples

glorot = nn.initializers.glorot_uniform()  # as the authors' code has it: with N(0, 1) the inner product would drown the score


class LabelProjection(nn.Module):
    """V y, a linear map without bias of labels that are vectors, y (B, label_dim), to the features' space."""

    features: int

    @nn.compact
    def __call__(self, labels: Labels) -> Float[Array, "batch features"]:
        return jnp.matmul(labels, self.param("kernel", glorot, (labels.shape[-1], self.features), float))


class ProjectionCritic(CriticTransform):
    """score(x, y) = critic(x) + <v_y, features(x)>, with one learnt vector v_y a class; the critic is unconditional.

    With `label_dim` labels are vectors and v_y = V y, a linear map without bias: the paper's eq. 3 itself, of which the vectors of
    classes are the columns.
    """

    n_classes: int = 0
    label_dim: int = 0

    def example_inputs(self) -> tuple[Array, Array]:
        samples, labels = self.critic.example_inputs()
        return samples, no_labels(len(samples), self.label_dim) if self.label_dim else labels

    @nn.compact
    def __call__(self, samples: Samples, labels: Labels, *, train: bool = False) -> CriticOutput:
        output = self.critic(samples, labels, train=train)
        features = features_of(output, self)
        if self.label_dim:
            vectors = LabelProjection(features.shape[-1], name="label_projection")(labels)
        else:
            vectors = self.param("embedding", glorot, (self.n_classes, features.shape[-1]), float)[labels]
        return output._replace(score=output.score + jnp.sum(vectors * features, axis=-1))
