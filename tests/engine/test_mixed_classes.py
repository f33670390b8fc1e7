"""Ways from class to class."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxgan
from jaxgan.engine.latents import seed_latents
from jaxgan.engine.mixed_classes import with_mixed_classes
from jaxgan.engine.sampling import TrainedGan
from jaxgan.errors import UserError


class OfClasses(nn.Module):
    """A generator that knows its classes by more than an embedding."""

    @nn.compact
    def __call__(self, latent, labels):
        return nn.Dense(2)(jnp.concatenate([latent, jax.nn.one_hot(labels, 3)], axis=1))


class Generator(nn.Module):
    @nn.compact
    def __call__(self, latent):
        return nn.Dense(2)(nn.tanh(nn.Dense(4)(latent)))


class Critic(nn.Module):
    @nn.compact
    def __call__(self, samples):
        return nn.Dense(1)(samples)


def trained(generator, **more):
    rule = optax.sgd(0.1)
    gan = jaxgan.Gan(generator, Critic(), jaxgan.objectives.lsgan(), rule, rule, latent_dim=3, n_classes=3, **more)
    return TrainedGan(gan, jax.jit(gan.init)(jax.random.key(0), jnp.zeros((1, 2))), (2,))


@pytest.mark.parametrize("generators", [1, 2])
def test_between_two_classes_their_embeddings_are_mixed(generators):
    run = trained(Generator(), generators=generators, generator_classifier_weight=0)
    way = np.asarray(run.interpolate(5, seed=4, labels=[0, 2, 1], generator=generators - 1))
    assert way.shape == (9, 2)
    params = run.state.generator.params
    if generators > 1:
        params = jax.tree.map(lambda leaf: leaf[1], params["generator"])
    table = np.asarray(params["label_embedding"]["embedding"])
    z = np.asarray(seed_latents([4], 3))[0]
    first, last = (params[name] for name in ("Dense_1", "Dense_0"))
    for frame, (a, b, share) in ((0, (0, 2, 0.0)), (1, (0, 2, 0.25)), (4, (2, 1, 0.0)), (7, (2, 1, 0.75)), (8, (2, 1, 1.0))):
        joined = np.concatenate([z, (1 - share) * table[a] + share * table[b]])
        expected = np.tanh(joined @ first["kernel"] + first["bias"]) @ last["kernel"] + last["bias"]
        np.testing.assert_allclose(way[frame], expected, atol=1e-5)


def test_classes_without_an_embedding_cannot_be_mixed():
    run = trained(OfClasses())
    with pytest.raises(UserError, match="keeps no embedding of its classes"):
        run.interpolate(3, labels=[0, 1])
    with pytest.raises(UserError, match="keeps no embedding"):
        with_mixed_classes(run.state, jnp.eye(3))
    assert np.isfinite(run.interpolate(3, label=1)).all()
