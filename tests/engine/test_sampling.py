"""Samples of a trained GAN, with the running statistics of batch norm or with each batch's own."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxgan
from jaxgan.engine import sampling
from jaxgan.engine.draws import draw_latents
from jaxgan.engine.listeners import Listener
from jaxgan.engine.sampling import TrainedGan
from jaxgan.errors import UserError


class Generator(nn.Module):
    @nn.compact
    def __call__(self, latent, train: bool = False):
        return nn.Dense(2)(nn.BatchNorm(use_running_average=not train)(nn.Dense(4)(latent)))


class Critic(nn.Module):
    @nn.compact
    def __call__(self, samples):
        return nn.Dense(1)(samples)


GAN = jaxgan.Gan(Generator(), Critic(), jaxgan.objectives.lsgan(), optax.sgd(0.1), optax.sgd(0.1), latent_dim=3)


class Pictures(Listener):
    def __init__(self):
        self.samples = {}

    def on_sample(self, step, samples, labels):
        self.samples[step] = samples[0]


@pytest.fixture(scope="module")
def trained():
    return TrainedGan(GAN, GAN.init(jax.random.key(0), jnp.zeros((1, 2))), (2,))


def test_batch_statistics_are_those_of_equal_parts_with_all_classes_in_each(trained, monkeypatch):
    monkeypatch.setattr(sampling, "PART", 4)
    z = jax.random.normal(jax.random.key(1), (10, 3))
    zeros = jnp.zeros(10, jnp.int32)
    made = trained.generate(z, zeros, batch_statistics=True)
    for part in range(3):
        rows = slice(part, None, 3)
        expected = GAN.generate(trained.state, z[rows], zeros[rows], batch_statistics=True)
        np.testing.assert_allclose(made[rows], expected, atol=1e-6)
    np.testing.assert_allclose(trained.generate(z, zeros), GAN.generate(trained.state, z, zeros), atol=1e-6)


def test_a_run_with_batch_statistics_draws_and_measures_with_them(tmp_path):
    data, pictures = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32), Pictures()
    run = jaxgan.fit(
        GAN, data, steps=1, batch_size=8, out=tmp_path / "run", batch_statistics=True, listeners=[pictures], progress=False
    )
    assert run.config.batch_statistics
    labels = jnp.zeros(len(pictures.samples[1]), jnp.int32)
    z = sampling.draw_latents(sampling.stream_key(run.state.key, sampling.Stream.PICTURE), len(labels), 3)
    drawn = GAN.generate(run.state, z, labels, batch_statistics=True)
    np.testing.assert_allclose(pictures.samples[1], drawn, atol=1e-5)
    np.testing.assert_array_equal(run.sample(20)[0], run.sample(20, batch_statistics=True)[0])
    assert abs(np.asarray(run.sample(20)[0]) - np.asarray(run.sample(20, batch_statistics=False)[0])).max() > 1e-3
    own, running = (jaxgan.evaluate(run, data, n=100, batch_statistics=asked) for asked in (None, False))
    assert own["protocol"]["batch_norm"] == "each batch's own statistics"
    assert "batch_norm" not in running["protocol"]
    name = "sliced_wasserstein1_100"
    assert own["mean"][name] != running["mean"][name]


# Of seeds


@pytest.fixture(scope="module")
def by_class():
    gan = jaxgan.Gan(
        Generator(), Critic(), jaxgan.objectives.lsgan(), optax.sgd(0.1), optax.sgd(0.1),
        latent_dim=3, n_classes=2, generators=3, generator_classifier_weight=0,
    )  # fmt: skip
    return TrainedGan(gan, jax.jit(gan.init)(jax.random.key(0), jnp.zeros((6, 2)), jnp.zeros(6, jnp.int32)), (2,))


def test_a_sample_of_a_seed_is_the_same_to_the_last_bit_whatever_the_others_are(by_class):
    many, labels = by_class.of_seeds(range(100, 200))
    np.testing.assert_array_equal(labels, np.arange(100) % 2)
    for rows in ([0], [99, 3, 50], list(range(65, 100))):
        some, _ = by_class.of_seeds([100 + row for row in rows])
        np.testing.assert_array_equal(some, many[np.asarray(rows)])


def test_class_and_generator_go_by_the_seed_and_each_generator_makes_every_class(by_class):
    samples, labels = by_class.of_seeds(range(12))
    z = sampling.seed_latents(range(12), 3)
    makers = np.arange(12) // 2 % 3
    assert {*zip(makers.tolist(), np.asarray(labels).tolist(), strict=True)} == {(g, k) for g in range(3) for k in range(2)}
    for row in range(12):
        every = by_class.generate(jnp.repeat(z[row : row + 1], 3, axis=0), jnp.full(3, labels[row]))
        np.testing.assert_allclose(samples[row], every[makers[row]], atol=1e-6)
    one, _ = by_class.of_seeds([5], label=0, generator=2)
    given, _ = by_class.of_latents(z[5:6], labels=[0], generator=[2])
    np.testing.assert_array_equal(one, given)
    with pytest.raises(UserError, match="--generator 3: allowed are 0 to 2"):
        by_class.of_seeds([5], generator=3)


def test_truncated_samples_are_those_of_shorter_latents(trained):
    z = draw_latents(jax.random.key(3), 4, 3)
    zeros = jnp.zeros(4, jnp.int32)
    np.testing.assert_allclose(trained.sample(4, seed=3, truncation=0.5)[0], trained.generate(z / 2, zeros), atol=1e-6)
    short = trained.of_seeds([3], truncation=0.5)[0]
    np.testing.assert_allclose(short, trained.generate(sampling.seed_latents([3], 3) / 2, zeros[:1]), atol=1e-6)


def test_a_walk_and_a_path_through_seeds_are_samples_of_their_latents(trained):
    path = trained.interpolate(4, seeds=[5, 6, 5])
    np.testing.assert_allclose(path[jnp.array([0, 3, 6])], trained.of_seeds([5, 6, 5])[0], atol=1e-6)
    assert path.shape == (7, 2) and trained.walk(6).shape == (6, 2)
    assert trained.interpolate(4).shape == (4, 2)
