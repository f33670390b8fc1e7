"""The critic's scores over the plane."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxgan
from jaxgan.engine.surface import critic_scores, has_surface, surface_axis
from jaxgan.networks import MlpGenerator


class Sloping(nn.Module):
    """x + 10 y, and 100 more for each class."""

    @nn.compact
    def __call__(self, samples, labels):
        return samples @ jnp.array([1.0, 10.0]) + 100.0 * labels


def gan_with(**fields) -> jaxgan.Gan:
    sgd = optax.sgd(0.1)
    return jaxgan.Gan(MlpGenerator((2,), 2, 4), Sloping(), jaxgan.objectives.lsgan(), sgd, sgd, latent_dim=2, **fields)


@pytest.mark.parametrize(("classes", "mean"), [(0, 0.0), (3, 100.0)])
def test_rows_are_y_columns_are_x_and_classes_are_averaged(classes, mean):
    gan, axis = gan_with(n_classes=classes), np.array([-1.0, 0.0, 2.0])
    state = gan.init(jax.random.key(0), jnp.zeros((1, 2)), jnp.zeros(1, jnp.int32) if classes else None)
    expected = mean + axis[None, :] + 10 * axis[:, None]
    np.testing.assert_allclose(critic_scores(gan, state, axis), expected, rtol=1e-6)


def test_only_critics_of_single_points_have_one():
    assert has_surface(gan_with(), (2,))
    assert not has_surface(gan_with(), (28, 28, 1))
    assert not has_surface(gan_with(pac=2), (2,))
    assert not has_surface(gan_with(n_critic=0), (2,))


def test_the_axis_reaches_beyond_the_points_and_the_tanh():
    assert surface_axis()[[0, -1]].tolist() == pytest.approx([-1.1, 1.1])
    assert surface_axis(np.array([[0.0, -30.0], [np.nan, 1.0]]))[-1] == pytest.approx(33)
