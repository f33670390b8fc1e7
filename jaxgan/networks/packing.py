"""PacGAN (Lin et al. 2017, arXiv 1712.04086, section 3): a critic that scores several samples at once, as a transform."""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxgan.errors import UserError
from jaxgan.networks.layers import label_layer, no_labels
from jaxgan.networks.projection import LabelProjection, glorot
from jaxgan.networks.transform import CriticTransform, features_of
from jaxgan.types import CriticOutput, Labels, Samples


def packed_shape(sample_shape: tuple[int, ...], pac: int, n_classes: int = 0) -> tuple[int, ...]:
    """The sample shape of the critic inside: (H, W, pac (C + n_classes)), or (pac (2 + n_classes),); of vectors their length for n_classes."""
    *outer, last = sample_shape
    return (*outer, pac * (last + n_classes))


def packed(samples: Samples, pac: int) -> Float[Array, "packs *rest"]:
    """Each `pac` consecutive rows side by side along the last axis: (B, ..., C) -> (B / pac, ..., pac C)."""
    size, *outer, last = samples.shape
    if size % pac:
        raise ValueError(f"{size} samples do not make packs of {pac}")
    parted = jnp.moveaxis(samples.reshape(-1, pac, *outer, last), 1, -2)  # (B / pac, pac, ..., C) -> (B / pac, ..., pac, C)
    return parted.reshape(-1, *outer, pac * last)


class PackedCritic(CriticTransform):
    """B samples, B / pac scores: score(x_1, ..., x_pac) = critic([x_1, ..., x_pac]).

    The critic inside is unconditional and has the `packed_shape`. With `n_classes` each sample has its own label's embedding
    joined to it before packing, or where `projected` the score gains sum_i <v_{y_i}, features> (arXiv 1802.05637, eq. 3); with
    `label_dim` it is the label itself that is joined, and v_y = V y.
    """

    pac: int
    n_classes: int = 0
    projected: bool = False
    label_dim: int = 0

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """That of one sample."""
        *outer, last = self.critic.sample_shape
        return (*outer, last // self.pac - (0 if self.projected else self.n_classes or self.label_dim))

    def example_inputs(self) -> tuple[Array, Array]:
        return jnp.zeros((self.pac, *self.sample_shape), float), no_labels(self.pac, self.label_dim)

    @nn.compact
    def __call__(self, samples: Samples, labels: Labels, *, train: bool = False) -> CriticOutput:
        labelled = self.n_classes or self.label_dim
        if labelled and self.takes_labels:
            raise UserError("PackedCritic: a pack has several labels, and this critic takes one; give a critic of samples alone, to"
                            " which the labels are joined")  # fmt: skip
        join: Any = None if self.projected else label_layer(self.n_classes, self.label_dim, "label_embedding")
        if join:
            samples = join(samples, labels)
        output = self.critic(packed(samples, self.pac), labels[:: self.pac], train=train)
        if not (labelled and self.projected):
            return output
        features = features_of(output, self)
        width = features.shape[-1]
        if self.label_dim:
            vectors = LabelProjection(width, name="label_projection")(labels)
        else:
            vectors = self.param("embedding", glorot, (self.n_classes, width), float)[labels]
        vectors = vectors.reshape(-1, self.pac, width).sum(1)  # (B, F) -> (B / pac, pac, F) -> (B / pac, F)
        return output._replace(score=output.score + jnp.sum(vectors * features, axis=-1))
