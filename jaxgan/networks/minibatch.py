"""Minibatch discrimination (Salimans et al. 2016, arXiv 1606.03498, section 3.2; lab 004, section 9.2): layer, network, transform."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxgan.networks.layers import Linear, Sequential, leaky_relu, normal, torch_uniform
from jaxgan.networks.player import Critic
from jaxgan.networks.precision import narrowed, products_in
from jaxgan.networks.transform import CriticTransform, features_of
from jaxgan.types import CriticOutput, Labels, Samples


class MinibatchDiscrimination(nn.Module):
    """Joins o to x: with M = x T seen as (B, features, kernel), o_if = sum over j != i of exp(-|M_if - M_jf|_1)."""

    features: int = 32
    kernel: int = 5

    @nn.compact
    def __call__(self, x: Float[Array, "batch inputs"]) -> Float[Array, "batch joined"]:
        weight = self.param("T", normal(1.0), (x.shape[-1], self.features * self.kernel))
        product = jnp.matmul(*narrowed(x, weight)).astype(x.dtype)
        return jnp.concatenate([x, closeness(product.reshape(len(x), self.features, self.kernel))], axis=-1)


@jax.custom_vjp
def closeness(m: Float[Array, "batch features kernel"]) -> Float[Array, "batch features"]:
    """sum over j != i of exp(-|m_if - m_jf|_1), in memory B * B * features."""
    return _similarities(m).sum(1)


def _similarities(m: Float[Array, "batch features kernel"]) -> Float[Array, "batch batch features"]:
    """exp(-|m_if - m_jf|_1), and 0 where j = i."""
    columns = (m[:, :, index] for index in range(m.shape[-1]))
    total = sum(jnp.abs(column[:, None] - column[None]) for column in columns)
    others = 1 - jnp.eye(len(m), dtype=m.dtype)
    return jnp.exp(-total) * others[:, :, None]


def _gradient_at_once(m: Array, similarities: Array, grad: Array) -> Float[Array, "batch features kernel"]:
    """- sum_j e_ijf (g_if + g_jf) sign(m_if - m_jf), as e_ijf = e_jif for the similarities e."""
    weights = similarities * (grad[:, None] + grad[None])
    columns = (m[:, :, index] for index in range(m.shape[-1]))
    return jnp.stack([-jnp.sum(weights * jnp.sign(column[:, None] - column[None]), axis=1) for column in columns], axis=-1)


def _gradient_by_rows(m: Array, similarities: Array, grad: Array) -> Float[Array, "batch features kernel"]:
    """The same, a j at a time: XLA on a CPU sums over j far more slowly in one piece."""
    by_kernel = jnp.moveaxis(m, -1, 0)  # (B, F, K) -> (K, B, F)

    def add(total: Array, row: tuple[Array, Array, Array]) -> tuple[Array, None]:
        similarity, m_j, grad_j = row
        return total - similarity * (grad + grad_j) * jnp.sign(by_kernel - m_j.T[:, None]), None

    total, _ = jax.lax.scan(add, jnp.zeros_like(by_kernel), (similarities, m, grad))
    return jnp.moveaxis(total, 0, -1)


def _closeness_forward(m: Array) -> tuple[Array, tuple[Array, Array]]:
    similarities = _similarities(m)
    return similarities.sum(1), (m, similarities)


def _closeness_backward(saved: tuple[Array, Array], grad: Array) -> tuple[Array]:
    return (jax.lax.platform_dependent(*saved, grad, cpu=_gradient_by_rows, default=_gradient_at_once),)


closeness.defvjp(_closeness_forward, _closeness_backward)


class MinibatchCritic(Critic):
    """pixels-h-h, leaky ReLU .2, minibatch discrimination, a linear score; h = 512 in the lab."""

    hidden_dim: int = 512
    minibatch_features: int = 32

    takes_also = ("series", "volumes")
    flat = True

    @property
    def couples_batch(self) -> bool:
        return True

    def setup(self) -> None:
        super().setup()
        self.features = Sequential([Linear(self.hidden_dim), leaky_relu, Linear(self.hidden_dim), leaky_relu])
        self.minibatch = MinibatchDiscrimination(self.minibatch_features)
        self.output = Linear(1)

    def score(self, samples: Array, train: bool) -> CriticOutput:
        features = self.minibatch(self.features(samples, train))
        return CriticOutput(score=self.output(features)[:, 0], features=features)  # (B, 1) -> (B,)


class MinibatchDiscriminationCritic(CriticTransform):
    """score = critic(x) + <w, o(features)>: as the score is linear in the features, the lab's linear layer on [features, o]."""

    features: int = 32
    kernel: int = 5

    @property
    def couples_batch(self) -> bool:
        return True

    @nn.compact
    def __call__(self, samples: Samples, labels: Labels, *, train: bool = False) -> CriticOutput:
        output = self.critic(samples, labels, train=train)
        with products_in(self.precision):
            joined = MinibatchDiscrimination(self.features, self.kernel, name="minibatch")(features_of(output, self))
        weight = self.param("output", torch_uniform(joined.shape[-1]), (self.features,))
        score = output.score + jnp.sum(joined[:, -self.features :] * weight, axis=-1)
        return output._replace(score=score, features=joined)
