"""Directions of most change: SeFa's of the first layer by numpy, and by derivatives where no first layer takes the latent."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxgan
from jaxgan.engine.directions import JACOBIAN, SEFA, directions, first_layer
from jaxgan.engine.sampling import TrainedGan
from jaxgan.errors import UserError
from tests.networks import own_networks as networks
from tests.tiny import initial, tiny


def own_matrix():
    """A linear generator whose matrix jaxgan does not know for one: A z, A (6, 4)."""
    return (lambda key, z: {"A": jax.random.normal(key, (6, z.shape[1]))}, lambda params, z: z @ params["A"].T)


def trained(generator, **more):
    rule = optax.sgd(0.1)
    gan = jaxgan.Gan(generator, networks.Linear(), jaxgan.objectives.lsgan(), rule, rule, latent_dim=4, **more)
    return TrainedGan(gan, jax.jit(gan.init)(jax.random.key(0), jnp.zeros((3, 6))), (6,))


def assert_eigenvectors(found, matrix):
    """By the singular values of A, whose right vectors are the eigenvectors of A^T A."""
    _, singular, right = np.linalg.svd(np.asarray(matrix, np.float64))
    np.testing.assert_allclose(found.strengths, singular[: len(found.strengths)], rtol=1e-4)
    for vector, expected in zip(found.vectors, right, strict=False):
        np.testing.assert_allclose(vector, expected * np.sign(expected[np.abs(expected).argmax()]), atol=1e-3)


def test_of_a_linear_generator_they_are_the_eigenvectors_by_hand_in_both_ways():
    run = trained(networks.Linear(6))
    found = directions(run, 3)
    assert found.found_by == SEFA
    assert_eigenvectors(found, run.state.generator.params["Dense_0"]["kernel"].T)
    step = run.of_latents(np.stack([np.zeros(4, np.float32), found.vectors[0]]))[0]
    np.testing.assert_allclose(np.linalg.norm(step[1] - step[0]), found.strengths[0], rtol=1e-4)
    own = trained(own_matrix())
    found = directions(own, 4)
    assert found.found_by == JACOBIAN
    assert_eigenvectors(found, own.state.generator.params["network"]["A"])


def test_of_several_generators_and_of_classes_it_is_the_part_that_takes_the_latent():
    run = trained(networks.Linear(6), n_classes=3, generators=2, generator_classifier_weight=0)
    kernel = run.state.generator.params["generator"]["Dense_0"]["kernel"]
    assert kernel.shape == (2, 7, 6)
    assert_eigenvectors(directions(run, 2, generator=1), kernel[1, :4].T)
    for words, given in (("directions", {"k": 5}), ("directions", {"k": 0}), ("--generator 2", {"k": 1, "generator": 2})):
        with pytest.raises(UserError, match=words):
            directions(run, **given)


@pytest.mark.parametrize("network", ["fc", "conv", "lab_conv", "dcgan", "r3gan"])
def test_the_first_layer_of_every_generator_is_how_its_first_values_depend_on_the_latent(network):
    """What the layer gives, less what it gives of the latent 0, is A z."""
    setup = tiny(network, conditional=True)
    run = TrainedGan(setup.gan, initial(setup), setup.dataset.sample_shape)
    matrix = first_layer(run)
    assert matrix is not None and matrix.shape[1] == 3
    z = jnp.array([[0.3, -1.0, 2.0], [0.0, 0.0, 0.0]])
    inputs = {"params": run.state.generator.params, **run.state.generator.variables}
    seen = []

    def spy(call, args, kwargs, context):
        made = call(*args, **kwargs)
        if type(context.module).__name__ in ("Linear", "ConvTranspose") and context.method_name == "__call__":
            seen.append(made)
        return made

    with nn.intercept_methods(spy):
        run.gan.networks.generator.apply(inputs, z, jnp.zeros(2, jnp.int32), train=False)
    first = np.asarray(seen[0][0] - seen[0][1]).ravel()
    np.testing.assert_allclose(np.sort(first), np.sort(matrix @ z[0]), atol=1e-4)
