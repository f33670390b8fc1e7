"""What all generators and all critics have in common."""

from dataclasses import field
from typing import Any, ClassVar, Literal

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from jaxgan.networks.layers import LabelledImages, Sequential, flatten, label_layer, no_labels
from jaxgan.networks.precision import products_in
from jaxgan.types import CriticOutput, Labels, Params, Samples

SampleKind = Literal["vectors", "series", "images", "volumes", "any"]  # (features,), (T, C), (H, W, C), (D, H, W, C)


class Generator(nn.Module):
    """A map (latent (B, latent_dim), labels (B,) or (B, label_dim)) -> samples (B, *sample_shape).

    A subclass sets its layers up and defines `generate(latent, train)`; where n_classes > 0 the latent that it sees has the
    label's embedding joined to it, where label_dim > 0 the label itself.
    """

    sample_shape: tuple[int, ...]
    latent_dim: int
    n_classes: int = 0  # 0: labels are ignored
    precision: str = "float32"  # of the factors of products: `jaxgan.networks.precision`
    label_dim: int = field(default=0, kw_only=True)  # of labels that are vectors; 0: they are none

    sample_kind: ClassVar[SampleKind] = "images"  # what it draws
    takes_also: ClassVar[tuple[SampleKind, ...]] = ()
    image_sizes: ClassVar[tuple[int, ...] | None] = None  # heights = widths it can draw; None: any
    smallest_side: ClassVar[int] = 1  # height and width (or length, or depth) are at least this
    hidden_multiple: ClassVar[int] = 1  # of which hidden_dim must be a multiple

    def setup(self) -> None:
        self.label_embedding = label_layer(self.n_classes, self.label_dim)

    def example_inputs(self) -> tuple[Array, Array]:
        return jnp.zeros((1, self.latent_dim), float), no_labels(1, self.label_dim)

    def __call__(self, latent: Float[Array, "batch latent"], labels: Labels, *, train: bool = False) -> Samples:
        with products_in(self.precision):
            return self.generate(self.label_embedding(latent, labels) if self.label_embedding else latent, train)


class Critic(nn.Module):
    """A map (samples (B, *sample_shape), labels (B,) or (B, label_dim)) -> `CriticOutput`.

    A subclass sets its layers up and defines `score(samples, train)`; where n_classes > 0 the samples that it sees have the
    label's embedding joined to their features (points, or flat images where `flat`) or to their channels, where label_dim > 0 the
    label itself. One whose images meet
    a `Conv` first may declare `convolutional`: it sees images and embeddings as `LabelledImages`, for which `Conv` has a fast form.
    """

    sample_shape: tuple[int, ...]
    n_classes: int = 0  # 0: labels are ignored
    precision: str = "float32"  # of the factors of products: `jaxgan.networks.precision`
    label_dim: int = field(default=0, kw_only=True)  # of labels that are vectors; 0: they are none

    sample_kind: ClassVar[SampleKind] = "images"  # what it takes
    takes_also: ClassVar[tuple[SampleKind, ...]] = ()
    image_sizes: ClassVar[tuple[int, ...] | None] = None
    smallest_side: ClassVar[int] = 1
    hidden_multiple: ClassVar[int] = 1
    flat: ClassVar[bool] = False  # whether it sees images as vectors
    convolutional: ClassVar[bool] = False  # whether it takes `LabelledImages`
    reconstructs: ClassVar[bool] = False  # whether its output holds a reconstruction
    takes_channels: ClassVar[tuple[int, ...] | None] = None  # of images; None: any
    maps_samples: ClassVar[bool] = False  # whether it has a `seen` of its own

    def setup(self) -> None:
        self.label_embedding = label_layer(self.n_classes, self.label_dim)

    @property
    def couples_batch(self) -> bool | None:
        """Whether in training the score of one sample depends on the others (batch norm does that).

        None where a subclass does not declare it, by `norm` or by this name: then `jaxgan.networks.inspection` looks.
        """
        norm = getattr(self, "norm", None)
        return None if norm is None else norm == "batch"

    def refreshed(self, params: Params, variables: PyTree) -> PyTree:
        """The variables after what is done to them once a critic step, beside the passes: nothing, unless a wrapper does."""
        return variables

    def seen(self, samples: Array) -> Array:
        """What the critic sees of samples, by a map without parameters: they themselves, unless a subclass `maps_samples`.

        In training the engine calls it first: losses and penalties are then of what is seen, and the critic is called on that; elsewhere it
        is called on samples, so that one that `maps_samples` tells the two apart.
        """
        return samples

    def example_inputs(self) -> tuple[Array, Array]:
        return jnp.zeros((1, *self.sample_shape), float), no_labels(1, self.label_dim)

    def __call__(self, samples: Samples, labels: Labels, *, train: bool = False) -> CriticOutput:
        if self.flat and samples.ndim > 2:
            samples = flatten(samples)
        with products_in(self.precision):
            if self.label_embedding:
                join: Any = self.label_embedding.beside if self.convolutional else self.label_embedding
                samples = join(samples, labels)
            return self.score(samples, train)


def scored(model: Sequential, x: Array | LabelledImages, train: bool) -> CriticOutput:
    """The output of a critic whose last layer gives one number a sample; the features of an image are summed over positions."""
    features, score = model.last_two(x, train)
    if features.ndim > 2:
        features = features.sum(tuple(range(1, features.ndim - 1)))  # (B, H, W, C) -> (B, C)
    return CriticOutput(score=score.reshape(len(score)), features=features)  # (B, 1) or (B, 1, 1, 1) -> (B,)
