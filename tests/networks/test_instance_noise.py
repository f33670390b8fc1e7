"""Instance noise against its law."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import binom, chisquare, norm

from jaxgan.errors import UserError
from jaxgan.networks import NoisyCritic
from jaxgan.networks.instance_noise import almost_normal
from jaxgan.networks.mlp import MlpCritic
from jaxgan.settings import Config, resolve
from jaxgan.types import CriticOutput
from tests.tiny import tiny


def test_a_critic_without_a_score_is_refused():
    with pytest.raises(UserError, match=r"--instance-noise 0.1: began scores a sample by how well its critic redraws it"):
        resolve(Config(dataset="digits", variant="began", instance_noise=0.1))


def test_the_option_puts_the_noise_around_the_critic_and_none_where_it_is_0():
    noisy = tiny(instance_noise=0.3, spectral_norm=True).gan.networks.critic
    assert isinstance(noisy, NoisyCritic) and noisy.deviation == 0.3
    assert not isinstance(tiny(instance_noise=0.0).gan.networks.critic, NoisyCritic)
    assert not isinstance(tiny().gan.networks.critic, NoisyCritic)


def test_a_noisy_critic_scores_samples_and_noise_in_training_and_samples_alone_in_evaluation():
    critic, shape = MlpCritic((2,), hidden_dim=4), (500, 2)
    x, labels = jax.random.normal(jax.random.key(0), shape), jnp.zeros(500, jnp.int32)
    inner = critic.init(jax.random.key(1), x, labels)
    variables = {name: {"critic": tree} for name, tree in inner.items()}
    noisy = NoisyCritic(critic, 0.3)
    np.testing.assert_array_equal(noisy.apply(variables, x, labels).score, critic.apply(inner, x, labels).score)

    def added(key: int) -> np.ndarray:
        """The noise of a pass, as a critic sees it that gives its samples back."""
        seen = NoisyCritic(Mirror(), 0.3).apply({}, x, labels, train=True, rngs={"augment": jax.random.key(key)}).features
        score = noisy.apply(variables, x, labels, train=True, rngs={"augment": jax.random.key(key)}).score
        np.testing.assert_allclose(score, critic.apply(inner, seen, labels).score, rtol=1e-5, atol=1e-6)
        return np.asarray(seen - x)

    first, second = added(2), added(3)
    assert abs(first.mean()) < 4 * 0.3 / first.size**0.5
    assert abs(first.std() / 0.3 - 1) < 4 / (2 * first.size) ** 0.5
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 4 / first.size**0.5
    assert abs(np.corrcoef(first[:, 0], first[:, 1])[0, 1]) < 4 / len(first) ** 0.5


def test_the_noise_counts_heads_of_twelve_flips_and_fills_the_gaps_between_the_counts():
    noise = np.asarray(almost_normal(jax.random.key(4), (2000, 3, 67)), float)  # odd: half a word of each row is left
    heads, filled = np.meshgrid(np.arange(13), np.arange(16), indexing="ij")
    law = binom.pmf(heads, 12, 0.5) / 16
    levels = heads + filled / 16
    levels = (levels - (law * levels).sum()) / np.sqrt((law * levels**2).sum() - (law * levels).sum() ** 2)
    found = np.round((noise - levels.min()) / (levels.max() - levels.min()) * (13 * 16 - 1)).astype(int)
    np.testing.assert_allclose(noise, levels.ravel()[found], atol=1e-5)
    counted = np.bincount(found.ravel(), minlength=13 * 16)
    assert chisquare(counted.reshape(13, 16).sum(1), noise.size * law.sum(1)).pvalue > 1e-3
    assert chisquare(counted.reshape(13, 16).sum(0)).pvalue > 1e-3
    assert np.abs(np.cumsum(law.ravel()) - norm.cdf(levels.ravel() + np.diff(levels.ravel()).mean() / 2)).max() < 0.013


def test_the_noise_of_any_two_entries_is_uncorrelated():
    noise = np.asarray(almost_normal(jax.random.key(5), (4000, 7, 2)), float).reshape(4000, 14)
    apart = np.corrcoef(noise.T) - np.eye(14)
    assert np.abs(apart).max() < 5 / 4000**0.5
    assert abs(np.corrcoef(noise[:-1].ravel(), noise[1:].ravel())[0, 1]) < 5 / noise.size**0.5


class Mirror(MlpCritic):
    """Gives what it is shown back, as its features."""

    sample_shape: tuple[int, ...] = (2,)

    def setup(self) -> None:
        pass

    def __call__(self, samples, labels, *, train=False):
        return CriticOutput(samples[:, 0], samples)
