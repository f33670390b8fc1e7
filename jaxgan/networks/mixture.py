"""Several generators in one, and a critic that tells them apart (Hoang et al. 2017, arXiv 1708.02556, section 3)."""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from jaxgan.networks.layers import Linear, no_labels
from jaxgan.networks.precision import products_in
from jaxgan.networks.transform import CriticTransform, features_of
from jaxgan.types import CriticOutput, Labels, Samples


def generator_index(batch: int, number: int) -> Int[Array, " batch"]:
    """Which of `number` generators makes each of `batch` samples: 0, 1, ..., number - 1, 0, 1, ..."""
    return jnp.arange(batch, dtype=jnp.int32) % number


class MixtureGenerator(nn.Module):
    """Sample i = G_{i mod number}(z_i): `number` generators alike, their variables along a first axis."""

    generator: Any  # a generator; `as_generator` adapts one of the user's own
    number: int

    @property
    def latent_dim(self) -> int:
        return self.generator.latent_dim

    @property
    def hidden_dim(self) -> int:
        return self.generator.hidden_dim

    @property
    def sample_shape(self) -> tuple[int, ...]:
        return self.generator.sample_shape

    @property
    def precision(self) -> str:
        return self.generator.precision

    def example_inputs(self) -> tuple[Array, Array]:
        label_dim = getattr(self.generator, "label_dim", 0)
        return jnp.zeros((self.number, self.latent_dim), float), no_labels(self.number, label_dim)

    @nn.compact
    def __call__(self, latent: Float[Array, "batch latent"], labels: Labels, *, train: bool = False) -> Samples:
        size = latent.shape[0]  # no number yet where a program is exported for any
        each = (size + self.number - 1) // self.number
        if train and each * self.number != size:  # the rows that fill up would count in the batch statistics
            raise ValueError(f"{size} latents do not divide among {self.number} generators")
        rows = jnp.arange(each * self.number)
        rows = jnp.where(rows < size, rows, 0)  # fills up with row 0
        several = nn.vmap(
            lambda generator, latent, labels: generator(latent, labels, train=train),
            in_axes=1,
            out_axes=1,
            axis_size=self.number,
            variable_axes={True: 0},  # of every collection
            split_rngs={"params": True, "dropout": True},
        )
        latent, labels = (
            x[rows].reshape(each, self.number, *x.shape[1:]) for x in (latent, labels)
        )  # (B, ...) -> (B / n, n, ...)
        made = several(self.generator, latent, labels)  # (B / n, n, *sample)
        return made.reshape(each * self.number, *made.shape[2:])[:size]  # (B / n, n, *sample) -> (B, *sample)


class ClassifyingCritic(CriticTransform):
    """The critic with logits beside its score, linear in its features: which of `number` generators made the sample."""

    number: int

    @nn.compact
    def __call__(self, samples: Samples, labels: Labels, *, train: bool = False) -> CriticOutput:
        output = self.critic(samples, labels, train=train)
        with products_in(self.precision):
            return output._replace(class_logits=Linear(self.number, name="classes")(features_of(output, self)))
