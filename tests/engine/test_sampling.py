"""Samples of a trained GAN, with the running statistics of batch norm or with each batch's own."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxgan
from jaxgan.engine import sampling
from jaxgan.engine.listeners import Listener
from jaxgan.engine.sampling import TrainedGan


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
