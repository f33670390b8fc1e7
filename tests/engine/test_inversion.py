"""Latents of given images: of a linear generator by hand, and of what a generator itself drew."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxgan
from jaxgan.engine.inversion import invert
from jaxgan.engine.sampling import TrainedGan
from jaxgan.errors import UserError
from tests.networks import own_networks as networks


def trained(**more):
    rule = optax.sgd(0.1)
    gan = jaxgan.Gan(networks.Linear(6), networks.Linear(), jaxgan.objectives.lsgan(), rule, rule, latent_dim=2, **more)
    return TrainedGan(gan, jax.jit(gan.init)(jax.random.key(0), jnp.zeros((2, 6))), (6,))


def test_of_a_linear_generator_the_latent_is_that_of_least_squares():
    run = trained()
    weights = run.state.generator.params["Dense_0"]["kernel"]
    targets = np.random.default_rng(0).normal(size=(3, 6)).astype(np.float32)  # which it cannot draw
    found = invert(run, targets, steps=300, starts=2)
    expected, squares, *_ = np.linalg.lstsq(np.asarray(weights).T, targets.T, rcond=None)
    np.testing.assert_allclose(found.latents, expected.T, atol=1e-3)
    np.testing.assert_allclose(found.losses, squares / 6, rtol=1e-4)
    np.testing.assert_allclose(found.images, expected.T @ weights, atol=1e-3)
    features = np.random.default_rng(1).normal(size=(6, 2)).astype(np.float32)  # in which it can
    found = invert(run, targets, features=lambda images: images @ features, steps=300, starts=2)
    np.testing.assert_allclose(found.losses, 0, atol=1e-6)
    np.testing.assert_allclose(found.images @ features, targets @ features, atol=1e-2)


@pytest.mark.parametrize("known", [False, True], ids=["sought", "given"])
def test_what_a_generator_drew_comes_back_with_its_class_and_generator(known):
    run = trained(n_classes=2, generators=2, generator_classifier_weight=0)
    seeds = range(10, 20)  # more than are moved at a time
    images, labels = run.of_seeds(seeds)
    makers = run.generators_by_number(np.asarray(seeds))
    found = invert(run, np.asarray(images), labels if known else None, steps=300)
    assert found.losses.max() < 1e-5
    np.testing.assert_allclose(found.images, images, atol=1e-2)
    again, _ = run.of_latents(found.latents, labels=found.labels, generator=found.generators)
    np.testing.assert_allclose(again, found.images, atol=1e-5)
    if known:
        np.testing.assert_array_equal(found.labels, labels)
    else:
        assert (found.labels == labels).all() and (found.generators == makers).all()


def test_what_cannot_be_sought_is_refused():
    run = trained()
    for words, given in (
        ("images of shape", {"images": np.zeros((1, 5))}),
        ("starts", {"starts": 0}),
        ("rate", {"rate": -1.0}),
        ("--generator 1", {"generator": 1}),
    ):
        with pytest.raises(UserError, match=words):
            invert(run, **{"images": np.zeros((1, 6)), **given})
