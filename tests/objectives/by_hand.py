"""Critics, draws and views whose losses and penalties are worked out by hand."""

import chex
import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.types import CriticOutput, CriticView, Draw, GeneratorView

REAL = jnp.array([0.3, -1.2, 2.0])
FAKE = jnp.array([-0.5, 0.7, -1.1])
W = jnp.array([3.0, -4.0])  # norm 5
GENTLE = jnp.array([0.3, -0.4])  # norm 1/2


def softplus(x):
    return np.log1p(np.exp(np.asarray(x, np.float64)))


def linear(w):
    return lambda samples, labels, *, noise=0: CriticOutput(score=samples @ w)


def squared(samples, labels, *, noise=0):
    """0.5 (1 + y) ||x||^2, whose gradient has the norm (1 + y) ||x||."""
    return CriticOutput(score=0.5 * (1 + labels) * jnp.square(samples).sum(-1))


def draw(batch=6, shape=(2,), seed=0, **changes) -> Draw:
    keys = jax.random.split(jax.random.key(seed), 3)
    labels = jnp.zeros(batch, jnp.int32)
    return Draw(
        real=jax.random.normal(keys[0], (batch, *shape)), real_label=labels, latent=jnp.zeros((batch, 1)), fake_label=labels,
        epsilon=jax.random.uniform(keys[1], (batch,)), key=keys[2],
    )._replace(**changes)  # fmt: skip


def critic_view(fake: CriticOutput, real: CriticOutput, some: Draw, samples, critic=None, generator_index=None) -> CriticView:
    return CriticView(some, samples, real, fake, critic or linear(W), generator_index)


def generator_view(fake: CriticOutput, some: Draw, samples, critic=None, generator_index=None) -> GeneratorView:
    return GeneratorView(some, samples, fake, critic or linear(W), generator_index)


def of_generator(view: CriticView) -> GeneratorView:
    """What the generator step sees of the same samples."""
    return GeneratorView(view.draw, view.samples, view.fake, view.critic, view.generator_index)


def check_float32(tree) -> None:
    """All are finite, and in float32."""
    chex.assert_tree_all_finite(tree)
    assert all(leaf.dtype == jnp.float32 for leaf in jax.tree.leaves(tree))
