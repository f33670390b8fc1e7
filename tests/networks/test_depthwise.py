"""Depthwise convolution by shifted pictures is `lax`'s own, gradients of gradients too; the platform that is lowered for decides."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from jaxgan.networks.depthwise import depthwise_conv, same_pads

CASES = [  # height, width, window, stride, pads
    (6, 5, 3, 1, ((1, 1), (1, 1))),
    (6, 7, 3, 2, ((0, 1), (1, 1))),
    (4, 9, 5, 2, ((2, 2), (1, 2))),
    (1, 2, 5, 2, ((2, 2), (2, 1))),
    (8, 5, 3, 3, ((0, 0), (0, 0))),  # a row that no window sees
]


@pytest.fixture(autouse=True)
def _float64():
    with jax.enable_x64(True):
        yield


def plain(x, kernel, stride, pads):
    dims = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(x, kernel, (stride, stride), pads, dimension_numbers=dims, feature_group_count=x.shape[-1])


@pytest.mark.parametrize(("height", "width", "window", "stride", "pads"), CASES)
def test_values_gradients_and_gradients_of_gradients_are_those_of_lax(height, width, window, stride, pads):
    random = np.random.default_rng(height)
    x, kernel = jnp.asarray(random.normal(size=(2, height, width, 3))), jnp.asarray(random.normal(size=(window, window, 1, 3)))

    def first(conv):
        return jax.grad(lambda x, kernel: jnp.sin(conv(x, kernel)).sum(), argnums=(0, 1))

    def second(conv):
        return jax.grad(lambda *args: sum(jnp.square(part).sum() for part in first(conv)(*args)), argnums=(0, 1))

    def ours(x, kernel):
        return depthwise_conv(x, kernel, stride=stride, pads=pads)

    def theirs(x, kernel):
        return plain(x, kernel, stride, pads)

    for made, want in ((ours, theirs), (first(ours), first(theirs)), (second(ours), second(theirs))):
        for one, other in zip(jax.tree.leaves(made(x, kernel)), jax.tree.leaves(want(x, kernel)), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("side", [1, 2, 7, 8])
@pytest.mark.parametrize("window", [3, 5])
@pytest.mark.parametrize("stride", [1, 2])
def test_same_is_what_lax_calls_same(side, window, stride):
    assert list(same_pads((side, side + 1), (window,) * 2, stride)) == lax.padtype_to_pads(
        (side, side + 1), (window,) * 2, (stride,) * 2, "SAME"
    )


@pytest.mark.parametrize(("platform", "convolutions"), [("cpu", 0), ("cuda", 1), ("tpu", 1)])
def test_accelerators_keep_the_convolution_of_lax(platform, convolutions):
    shapes = jax.ShapeDtypeStruct((2, 8, 8, 4), jnp.float32), jax.ShapeDtypeStruct((3, 3, 1, 4), jnp.float32)
    traced = jax.jit(lambda x, kernel: depthwise_conv(x, kernel, stride=2, pads=((0, 1), (0, 1)))).trace(*shapes)
    assert traced.lower(lowering_platforms=(platform,)).as_text().count("stablehlo.convolution") == convolutions
