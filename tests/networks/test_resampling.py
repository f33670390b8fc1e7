"""Bilinear resampling against `lax`'s convolutions with its kernel, gradients of gradients too."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from jaxgan.networks.resampling import downsample, upsample

KERNEL = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64


@pytest.fixture(autouse=True)
def _float64():
    with jax.enable_x64(True):
        yield


def depthwise(x, pads, strides=(1, 1), dilation=(1, 1)):
    """Each channel by itself convolved with the bilinear kernel."""
    channels = x.shape[-1]
    kernel = jnp.broadcast_to(KERNEL[:, :, None, None], (4, 4, 1, channels))
    dims = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(
        x, kernel, strides, (pads, pads), dilation, dimension_numbers=dims, feature_group_count=channels
    )


FORMS = {
    "upsample": (upsample, lambda x: 4 * depthwise(x, (2, 2), dilation=(2, 2))),
    "downsample": (downsample, lambda x: depthwise(x, (1, 1), strides=(2, 2))),
}


@pytest.mark.parametrize("shape", [(2, 4, 6, 3), (1, 2, 2, 1)])
@pytest.mark.parametrize("name", FORMS)
def test_the_shifts_equal_a_convolution_with_gradients_of_gradients(name, shape):
    x = jnp.asarray(np.random.default_rng(0).normal(size=shape))

    def penalty(function, x):
        return jnp.sum(jax.grad(lambda x: jnp.sum(jnp.tanh(function(x)) ** 3))(x) ** 2)

    @partial(jax.jit, static_argnums=0)
    def everything(function, x):
        return function(x), jax.grad(lambda x: jnp.sum(jnp.sin(function(x))))(x), jax.grad(partial(penalty, function))(x)

    fast, plain = (everything(function, x) for function in FORMS[name])
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-12), fast, plain)


def test_a_plane_is_kept_but_for_the_border():
    """Bilinear: of a linear function the values between the pixels are its own."""
    rows, columns = jnp.meshgrid(jnp.arange(6.0), jnp.arange(8.0), indexing="ij")
    x = (2 * rows - 3 * columns + 1)[None, :, :, None]
    finer = upsample(x)[0, 1:-1, 1:-1, 0]
    fine_rows, fine_columns = jnp.meshgrid(jnp.arange(12.0), jnp.arange(16.0), indexing="ij")
    want = 2 * (fine_rows / 2 - 0.25) - 3 * (fine_columns / 2 - 0.25) + 1
    np.testing.assert_allclose(finer, want[1:-1, 1:-1], atol=1e-12)
    np.testing.assert_allclose(downsample(upsample(x))[0, 1:-1, 1:-1], x[0, 1:-1, 1:-1], atol=1e-12)


def test_an_odd_size_has_no_half():
    with pytest.raises(ValueError, match="5x4 have no half"):
        downsample(jnp.zeros((1, 5, 4, 1)))
