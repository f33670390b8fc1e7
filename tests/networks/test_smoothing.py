"""A generator's smoothing against scipy's correlation, and instance noise against its definition."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.ndimage import correlate1d

from jaxgan.errors import UserError
from jaxgan.networks import FcGenerator, NoisyCritic
from jaxgan.networks.layers import flatten, unflatten
from jaxgan.networks.mlp import MlpCritic
from jaxgan.networks.resampling import Smoothing, binomial_filter
from jaxgan.settings import Config, resolve
from tests.tiny import tiny

BINOMIAL = {1: [1], 3: [0.25, 0.5, 0.25], 5: [0.0625, 0.25, 0.375, 0.25, 0.0625], 7: np.array([1, 6, 15, 20, 15, 6, 1]) / 64}


def by_scipy(x: np.ndarray, taps: int) -> np.ndarray:
    """Samples (B, *size, C), smoothed along each axis of their size."""
    for axis in range(1, x.ndim - 1):
        x = correlate1d(x, BINOMIAL[taps], axis=axis, mode="nearest")
    return x


@pytest.mark.parametrize("taps", BINOMIAL)
@pytest.mark.parametrize("shape", [(8, 5, 3), (9, 2), (4, 3, 5, 1), (2, 2, 1)])
def test_smoothing_is_a_binomial_filter_whose_edges_go_on(shape, taps):
    x = np.random.default_rng(0).standard_normal((3, *shape)).astype(np.float32)
    smooth = unflatten(Smoothing(shape, taps)(flatten(jnp.asarray(x))), shape)
    np.testing.assert_allclose(smooth, by_scipy(x, taps), atol=2e-6)


@pytest.mark.parametrize("taps", [0, 2, -1])
def test_taps_without_a_middle_are_refused(taps):
    with pytest.raises(ValueError, match=f"{taps} taps: must be odd"):
        binomial_filter(4, taps)


def test_the_generator_smooths_what_its_tanh_takes():
    shape, z = (6, 7, 2), jax.random.normal(jax.random.key(1), (4, 5))
    labels = jnp.zeros(4, jnp.int32)
    plain, smooth = (FcGenerator(shape, 5, hidden_dim=3, smoothing=taps) for taps in (1, 5))
    variables = plain.init(jax.random.key(0), z, labels)
    assert jax.tree.structure(variables) == jax.tree.structure(smooth.init(jax.random.key(0), z, labels))
    before = np.arctanh(np.asarray(plain.apply(variables, z, labels, train=True)))
    np.testing.assert_allclose(smooth.apply(variables, z, labels, train=True), np.tanh(by_scipy(before, 5)), atol=1e-6)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"smoothing": 4}, "--smoothing 4: must be odd"),
        ({"smoothing": 3, "network": "dcgan"}, "--smoothing has no meaning for generator 'dcgan'"),
        (
            {"instance_noise": 0.1, "variant": "began"},
            "--instance-noise 0.1: began scores a sample by how well its critic redraws it",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(fields, message):
    with pytest.raises(UserError, match=message):
        resolve(Config(**{"dataset": "digits", "variant": "gan", **fields}))


def test_other_networks_leave_the_recipes_smoothing_out_and_keep_its_noise():
    recipe = resolve(Config(dataset="digits", variant="wgan_gp", recipe="digits")).config
    assert recipe.smoothing and recipe.instance_noise
    other = resolve(Config(dataset="digits", variant="wgan_gp", recipe="digits", network="dcgan", hidden_dim=8)).config
    assert other.smoothing is None
    assert other.instance_noise == recipe.instance_noise


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
        seen = NoisyCritic(Mirror(), 0.3).apply({}, x, labels, train=True, rngs={"augment": jax.random.key(key)})
        score = noisy.apply(variables, x, labels, train=True, rngs={"augment": jax.random.key(key)}).score
        np.testing.assert_allclose(score, critic.apply(inner, seen, labels).score, rtol=1e-5, atol=1e-6)
        return np.asarray(seen - x)

    first, second = added(2), added(3)
    assert abs(first.mean()) < 4 * 0.3 / first.size**0.5
    assert abs(first.std() / 0.3 - 1) < 4 / (2 * first.size) ** 0.5
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 4 / first.size**0.5
    assert abs(np.corrcoef(first[:, 0], first[:, 1])[0, 1]) < 4 / len(first) ** 0.5


class Mirror(MlpCritic):
    """Gives what it is shown back."""

    sample_shape: tuple[int, ...] = (2,)

    def setup(self) -> None:
        pass

    def __call__(self, samples, labels, *, train=False):
        return samples
