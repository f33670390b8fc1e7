"""Networks of any shape, by shapes alone: what they draw and score, the default of each shape, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.data import Dataset
from jaxgan.errors import UserError
from jaxgan.networks import CRITICS, GENERATORS, PAIRS
from jaxgan.networks.conv import halvings, upward
from jaxgan.networks.dcgan import stages
from jaxgan.settings import Config, resolve
from tests.tiny import tiny

PAIRS_OF = {
    "conv": [(6, 7, 1), (28, 28, 1), (32, 32, 3), (30, 28, 4), (48, 80, 3), (6, 300, 2)],
    "fc_conv": [(30, 28, 3)],
    "dcgan": [(4, 4, 1), (9, 22, 2), (48, 80, 4), (7, 300, 3), (256, 256, 3)],
    "r3gan": [(8, 8, 1), (21, 33, 4), (128, 48, 3)],
    "conv1d": [(4, 1), (5, 2), (101, 3)],
    "conv3d": [(4, 4, 4, 1), (5, 4, 9, 2), (16, 8, 20, 1)],
    "fc": [(5, 3), (2, 3, 4, 1)],
}
CRITICS_OF = {
    "conv_autoencoder": [(4, 4, 1), (21, 33, 4), (64, 48, 3)],
    "minibatch": [(5, 7, 2), (9, 2), (4, 5, 6, 1)],
    "autoencoder": [(5, 7, 2), (9, 2), (4, 5, 6, 1)],
}


def picture_set(shape):
    return Dataset("digits", shape, 0, np.zeros((20, *shape), np.uint8), np.zeros(20, np.int32))


def outputs(module, x):
    """The shapes of what a network gives for three inputs."""
    return jax.eval_shape(lambda x: module.init_with_output(jax.random.key(0), x, jnp.zeros(3, int))[0], x)


@pytest.mark.parametrize(("network", "shape"), [(name, shape) for name, shapes in PAIRS_OF.items() for shape in shapes])
def test_a_pair_draws_and_scores_samples_of_the_shape(network, shape):
    generator, critic = (table[name] for table, name in zip((GENERATORS, CRITICS), PAIRS[network], strict=True))
    width = 8
    assert outputs(generator(shape, hidden_dim=width), jnp.zeros((3, generator.latent_dim))).shape == (3, *shape)
    for n_classes in (0, 2):
        assert outputs(critic(shape, hidden_dim=width, n_classes=n_classes), jnp.zeros((3, *shape))).score.shape == (3,)


@pytest.mark.parametrize(("critic", "shape"), [(name, shape) for name, shapes in CRITICS_OF.items() for shape in shapes])
def test_a_critic_scores_and_redraws_samples_of_the_shape(critic, shape):
    output = outputs(CRITICS[critic](shape, hidden_dim=8, n_classes=2), jnp.zeros((3, *shape)))
    assert output.score.shape == (3,)
    assert output.reconstruction is None or output.reconstruction.shape == (3, *shape)


@pytest.mark.parametrize(
    ("side", "sizes", "widths"),
    [(28, [28, 14, 7], [1, 2]), (64, [64, 32, 16, 8, 4], [1, 2, 4, 8]), (5, [5, 3], [1]), (256, [256, 128, 64, 32, 16, 8, 4], [1, 2, 4, 8, 8, 8])],
)  # fmt: skip
def test_the_sizes_and_channels_of_dcgan(side, sizes, widths):
    assert stages((side, side), 1) == ([(n, n) for n in sizes], widths)


@pytest.mark.parametrize(
    ("size", "coarsest", "windows"),
    [
        ((28, 28), (3, 3), [(4, 4), (5, 5), (6, 6)]),  # the lab's own
        ((32, 32), (4, 4), [(4, 4), (4, 4), (4, 4)]),
        ((48, 80), (3, 5), [(4, 4), (4, 4), (4, 4), (4, 4)]),
        ((30, 28), (3, 3), [(4, 4), (6, 5), (6, 6)]),
        ((6, 7), (3, 3), [(4, 5)]),
    ],
)
def test_the_sizes_and_windows_of_conv(size, coarsest, windows):
    assert upward(size) == (coarsest, windows)


def test_conv_comes_to_every_size():
    """A transposed convolution of stride 2 and padding 1 makes 2 n - 4 + window of n rows, a convolution of window 4 half of them."""
    for side in range(6, 300):
        (coarse,), windows = upward((side,))
        up, down = coarse, side
        for (window,) in windows:
            assert 4 <= window <= 6
            up, down = 2 * up - 4 + window, (down + 2 - 4) // 2 + 1
        assert (up, down) == (side, coarse) and 3 <= coarse < 6 and len(windows) == halvings((side,))


@pytest.mark.parametrize(
    ("shape", "variant", "network", "critic"),
    [
        ((40, 40, 3), "gan", "dcgan", "dcgan"),
        ((30, 17, 4), "began", "dcgan", "autoencoder"),
        ((28, 28, 1), "gan", "lab_conv", "lab_conv"),
        ((3, 30, 1), "gan", "fc", "fc"),
        ((50, 2), "wgan_gp", "conv1d", "conv1d"),
        ((50, 2), "ebgan", "conv1d", "autoencoder"),
        ((3, 2), "gan", "fc", "fc"),
        ((8, 4, 6, 1), "hinge", "conv3d", "conv3d"),
        ((8, 4, 6, 1), "began", "conv3d", "autoencoder"),
        ((7,), "gan", "mlp", "mlp"),
    ],
)
def test_the_default_network_follows_the_shape(shape, variant, network, critic):
    samples = np.random.default_rng(0).uniform(-1, 1, (20, *shape)).astype(np.float32)
    data = Dataset("mine", shape, 0, samples, np.zeros(20, np.int32))
    config = resolve(Config(variant=variant, dataset="mine", recipe="paper", batch_size=4, steps=1), data).config
    assert (config.generator, config.critic) == (network, critic)


@pytest.mark.parametrize(
    ("network", "of", "message"),
    [
        ("conv1d", "conv3d", "generator 'conv1d' is for series, and digits holds volumes of shape"),
        ("dcgan", "conv1d", "generator 'dcgan' is for images, and digits holds series of shape"),
        ("mlp", "conv1d", "generator 'mlp' is for vectors, and digits holds series of shape"),
    ],
)
def test_a_network_for_samples_of_another_kind_is_refused(network, of, message):
    with pytest.raises(UserError, match=message):
        resolve(Config(dataset="digits", network=network, recipe="paper", variant="gan"), tiny(of).dataset)


@pytest.mark.parametrize("network", ["conv", "fc_conv"])
def test_pictures_too_small_for_conv_are_refused(network):
    with pytest.raises(UserError, match="generator 'conv' takes images of at least 6 pixels a side, not 5x9: see --image-size"):
        tiny(network, dataset=picture_set((5, 9, 3)), variant="gan")


@pytest.mark.parametrize(("shape", "variant", "critic"), [((32, 32, 3), "wgan_gp", "conv"), ((30, 28, 4), "gan", "conv"), ((48, 80, 1), "began", "conv_autoencoder")])  # fmt: skip
def test_conv_is_chosen_for_pictures_of_any_size(shape, variant, critic):
    config = tiny("conv", dataset=picture_set(shape), variant=variant).config
    assert (config.generator, config.critic) == ("conv", critic)


def test_a_series_that_is_too_short_is_refused():
    data = Dataset("mine", (3, 2), 0, np.zeros((9, 3, 2), np.float32), np.zeros(9, np.int32))
    with pytest.raises(UserError, match="'conv1d' takes series of at least 4 along each axis, not 3"):
        resolve(Config(dataset="mine", network="conv1d", recipe="paper", variant="gan", batch_size=3), data)
