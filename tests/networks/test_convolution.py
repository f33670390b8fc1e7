"""The forms of each platform equal `lax`'s own, gradients of gradients too; the platform that is lowered for decides."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from jaxgan.networks import convolution
from jaxgan.networks.convolution import conv, conv_transpose, max_pool
from jaxgan.networks.layers import UpsampledConv

QUICK_COMPILATION = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
CONVS = [  # height, width, kernel height, kernel width, stride, padding, input channels, output channels
    (9, 9, 5, 5, 1, 0, 1, 2),
    (8, 7, 5, 5, 1, 0, 3, 2),
    (8, 8, 4, 4, 2, 1, 1, 3),
    (7, 9, 4, 4, 2, 1, 2, 3),
    (3, 3, 3, 3, 1, 0, 4, 1),
    (6, 5, 3, 3, 1, 1, 2, 3),
    (7, 8, 5, 5, 2, 2, 2, 3),
    (8, 7, 3, 2, 3, 0, 2, 2),
    (5, 5, 1, 1, 2, 0, 2, 3),
]
TRANSPOSES = [  # height, width, kernel height, kernel width, stride, padding, output padding, input and output channels
    (4, 5, 4, 4, 2, 1, 0, 3, 2),
    (1, 1, 3, 3, 1, 0, 0, 4, 3),
    (3, 4, 5, 5, 2, 1, 0, 2, 3),
    (5, 4, 6, 6, 2, 1, 0, 3, 1),
    (3, 4, 5, 5, 2, 2, 1, 2, 3),
    (3, 3, 2, 3, 3, 0, 2, 2, 2),
    (3, 3, 1, 1, 2, 0, 1, 2, 2),
    (4, 4, 3, 3, 1, 1, 0, 2, 3),
]


OTHER_RANKS = [
    ((7,), 5, 2, 2, 1),
    ((9,), 3, 1, 0, 0),
    ((3, 5, 4), 4, 2, 1, 0),
    ((2, 1, 3), 3, 2, 1, 1),
]  # size, window along each axis, stride, padding, output padding
GROUPED = [
    (6, 5, 3, 3, 1, 3, 2, 4),
    (7, 8, 4, 3, 2, 2, 3, 1),
    (5, 5, 1, 1, 0, 4, 1, 1),
]  # height, width, kernel height and width, padding, groups, input and output channels of each


@pytest.fixture(autouse=True)
def _float64():
    with jax.enable_x64(True):
        yield


def normal(*shape):
    return jnp.asarray(np.random.default_rng(sum(shape)).normal(size=shape))


def penalty(function, x, kernel):
    """The squared distance from 1 of the norm of the gradient of a nonlinear critic made with `function`."""
    grad = jax.grad(lambda x: jnp.sum(jnp.tanh(function(x, kernel))))(x)
    return (jnp.sqrt(jnp.sum(grad**2)) - 1) ** 2


def assert_forms_agree(fast, plain, x, kernel):
    """Outputs, the gradient of a first-order loss, and that of a penalty on a gradient."""

    def everything(function):
        def loss(x, kernel, weight):
            y = function(x, kernel)
            return weight[0] * jnp.sum(jnp.sin(y)) + weight[1] * penalty(function, x, kernel), y

        @partial(jax.jit, compiler_options=QUICK_COMPILATION)
        def gradients(weight):
            return jax.grad(loss, argnums=(0, 1), has_aux=True)(x, kernel, weight)

        return gradients(jnp.array([1.0, 0.0])), gradients(jnp.array([0.0, 1.0]))

    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-10), everything(fast), everything(plain))


@pytest.fixture(params=["matrix", "matrix in parts", "lax"])
def _form(request, monkeypatch):
    """The form of a CPU, with the batch in one part or in several, or that of the other platforms."""
    if request.param == "matrix in parts":
        monkeypatch.setattr(convolution, "_parts", lambda batch, *_: batch // 2)
    if request.param == "lax":
        monkeypatch.setattr(convolution, "_by_platform", lambda _, form, *arguments: form(*arguments))


@pytest.mark.usefixtures("_form")
@pytest.mark.parametrize("shape", CONVS)
def test_conv_and_its_gradients_equal_lax(shape):
    height, width, kh, kw, stride, padding, ci, co = shape
    assert_forms_agree(
        lambda x, kernel: conv(x, kernel, stride=stride, padding=padding),
        lambda x, kernel: convolution._convolve_lax(x, kernel, stride, padding),
        normal(4, height, width, ci),
        normal(kh, kw, ci, co),
    )


@pytest.mark.usefixtures("_form")
@pytest.mark.parametrize("shape", TRANSPOSES)
def test_conv_transpose_and_its_gradients_equal_lax(shape):
    height, width, kh, kw, stride, padding, output_padding, ci, co = shape

    def plain(x, kernel):
        pads = [(size - 1 - padding, size - 1 - padding + output_padding) for size in (kh, kw)]
        dims, dilation = ("NHWC", "HWOI", "NHWC"), (stride, stride)
        return lax.conv_general_dilated(x, kernel[::-1, ::-1], (1, 1), pads, lhs_dilation=dilation, dimension_numbers=dims)

    assert_forms_agree(
        lambda x, kernel: conv_transpose(x, kernel, stride=stride, padding=padding, output_padding=output_padding),
        plain,
        normal(4, height, width, ci),
        normal(kh, kw, co, ci),
    )


@pytest.mark.usefixtures("_form")
@pytest.mark.parametrize("shape", OTHER_RANKS)
def test_convolutions_of_series_and_volumes_and_their_gradients_equal_lax(shape):
    """Both ways: of the size given, and back to it or beyond."""
    size, window, stride, padding, output_padding = shape
    axes, ones, strides = "DHW"[: len(size)], (1,) * len(size), (stride,) * len(size)
    ahead, back = ((f"N{axes}C", f"{axes}{channels}", f"N{axes}C") for channels in ("IO", "OI"))

    def plain(x, kernel):
        return lax.conv_general_dilated(x, kernel, strides, [(padding, padding)] * len(size), dimension_numbers=ahead)

    def plain_transpose(x, kernel):
        pads = [(window - 1 - padding, window - 1 - padding + output_padding)] * len(size)
        turned = jnp.flip(kernel, range(len(size)))
        return lax.conv_general_dilated(x, turned, ones, pads, lhs_dilation=strides, dimension_numbers=back)

    options = {"stride": stride, "padding": padding}
    x, kernel = normal(4, *size, 2), normal(*(window,) * len(size), 2, 3)
    if min(size) + 2 * padding >= window:
        assert_forms_agree(lambda x, kernel: conv(x, kernel, **options), plain, x, kernel)
    assert_forms_agree(
        lambda x, kernel: conv_transpose(x, kernel, output_padding=output_padding, **options), plain_transpose, x, kernel.swapaxes(-1, -2)
    )  # fmt: skip


@pytest.mark.usefixtures("_form")
@pytest.mark.parametrize("size", [(5,), (4, 3), (1, 6), (2, 3, 4)])
def test_an_upsampled_convolution_equals_repeating_then_convolving(size):
    """With its gradients, to the border, of series, images and volumes."""
    axes = "DHW"[: len(size)]
    layer = UpsampledConv(3)

    def plain(x, kernel):
        for axis in range(1, 1 + len(size)):
            x = jnp.repeat(x, 2, axis)
        numbers = (f"N{axes}C", f"{axes}IO", f"N{axes}C")
        return lax.conv_general_dilated(x, kernel, (1,) * len(size), "SAME", dimension_numbers=numbers)

    assert_forms_agree(
        lambda x, kernel: layer.apply({"params": {"kernel": kernel, "bias": jnp.zeros(3)}}, x),
        plain,
        normal(4, *size, 2),
        normal(*(3,) * len(size), 2, 3),
    )
    x = normal(4, *size, 2)
    params = layer.init(jax.random.key(0), x)["params"]
    moved = {**params, "bias": params["bias"] + jnp.arange(3)}
    np.testing.assert_allclose(
        layer.apply({"params": moved}, x), layer.apply({"params": params}, x) + jnp.arange(3), rtol=1e-5, atol=1e-5
    )


@pytest.mark.usefixtures("_form")
@pytest.mark.parametrize("shape", GROUPED)
def test_grouped_conv_and_its_gradients_equal_lax(shape):
    height, width, kh, kw, padding, groups, ci, co = shape

    def plain(x, kernel):
        pads, dims = ((padding, padding), (padding, padding)), ("NHWC", "HWIO", "NHWC")
        return lax.conv_general_dilated(x, kernel, (1, 1), pads, dimension_numbers=dims, feature_group_count=groups)

    assert_forms_agree(
        lambda x, kernel: convolution.grouped_conv(x, kernel, groups=groups, padding=padding),
        plain,
        normal(4, height, width, groups * ci),
        normal(kh, kw, ci, groups * co),
    )


def test_grouped_conv_refuses_groups_that_do_not_fit():
    with pytest.raises(ValueError, match="2 groups do not fit 6 channels and a kernel of 2"):
        convolution.grouped_conv(normal(1, 4, 4, 6), normal(3, 3, 2, 4), groups=2)
    with pytest.raises(ValueError, match="3 groups do not fit"):
        convolution.grouped_conv(normal(1, 4, 4, 6), normal(3, 3, 2, 4), groups=3)


@pytest.mark.parametrize("shape", [(9, 8, 5, 5, 1, 0, 1, 2), (7, 9, 5, 4, 2, 2, 2, 3), (2, 3, 5, 5, 1, 2, 1, 2)])
def test_constant_channels_equal_planes_that_are_joined(shape):
    height, width, kh, kw, stride, padding, ci, co = shape

    def apart(x, labelled):
        constant, kernel = labelled
        return conv(x, kernel, stride=stride, padding=padding, constant=constant)

    def joined(x, labelled):
        constant, kernel = labelled
        planes = jnp.broadcast_to(constant[:, None, None], (*x.shape[:3], constant.shape[-1]))
        return conv(jnp.concatenate([x, planes], axis=-1), kernel, stride=stride, padding=padding)

    assert_forms_agree(apart, joined, normal(4, height, width, ci), (normal(4, 3), normal(kh, kw, ci + 3, co)))


def test_the_batch_is_cut_into_parts_where_its_patches_overflow_the_cache():
    assert convolution._parts(128, 2**18, 2**10) == 16
    assert convolution._parts(96, 2**18, 2**10) == 12
    assert convolution._parts(128, 2**18, 2**24) == 1  # a kernel that outweighs the patches is read once
    assert convolution._parts(1, 2**30, 1) == 1


def test_vmap_over_kernels_equals_each_alone():
    x, kernels = normal(3, 2, 7, 6, 2), normal(3, 4, 4, 2, 3)

    def value_and_gradients(x, kernel):
        function = lambda x, kernel: jnp.sum(jnp.sin(conv(x, kernel, stride=2, padding=1)))  # noqa: E731
        return jax.value_and_grad(function, argnums=(0, 1))(x, kernel)

    together = jax.jit(jax.vmap(value_and_gradients))(x, kernels)
    solo = jax.jit(value_and_gradients)
    alone = [solo(*pair) for pair in zip(x, kernels, strict=True)]
    alone = jax.tree.map(lambda *leaves: jnp.stack(leaves), *alone)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-12), together, alone)


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
def test_max_pool_gives_a_tie_to_the_first_in_row_major_order(dtype):
    x = jnp.array([[1, 1, 0, 2, 9], [1, 1, 2, 2, 9], [0, 0, -1, -3, 9], [0, 5, -1, -1, 9], [9, 9, 9, 9, 9]], dtype)
    out, back = jax.vjp(max_pool, x[None, :, :, None])
    np.testing.assert_array_equal(out[0, :, :, 0].astype("float64"), [[1, 2], [5, -1]])
    grad = back(jnp.array([[1, 2], [3, 4]], dtype)[None, :, :, None])[0][0, :, :, 0]
    want = [[1, 0, 0, 2, 0], [0, 0, 0, 0, 0], [0, 0, 4, 0, 0], [0, 3, 0, 0, 0], [0, 0, 0, 0, 0]]
    np.testing.assert_array_equal(grad.astype("float64"), want)


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
def test_the_dtype_is_the_callers(dtype):
    x, kernel = normal(4, 6, 6, 2).astype(dtype), normal(4, 4, 2, 2).astype(dtype)
    function = lambda x, kernel: jnp.sum(max_pool(conv_transpose(conv(x, kernel, padding=1), kernel, stride=2)))  # noqa: E731
    value, grads = jax.eval_shape(jax.value_and_grad(function, argnums=(0, 1)), x, kernel)
    assert {value.dtype, *(grad.dtype for grad in grads)} == {jnp.dtype(dtype)}


def test_conv_transpose_refuses_an_output_padding_that_pytorch_refuses():
    with pytest.raises(ValueError, match="output_padding 2"):
        conv_transpose(normal(1, 3, 3, 1), normal(3, 3, 1, 1), stride=2, output_padding=2)


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="GPU and TPU take lax's convolutions")
def test_no_convolution_stays_in_a_compiled_loop_on_a_cpu():
    def network(x, kernel):
        return jnp.sum(jnp.tanh(max_pool(conv_transpose(conv(x, kernel, stride=2, padding=1), kernel, stride=2))))

    def step(_, carry):
        grads = jax.grad(lambda x, kernel: penalty(lambda *a: network(*a), x, kernel), argnums=(0, 1))(*carry)
        return jax.tree.map(lambda value, grad: value - 1e-3 * grad, carry, grads)

    loop = jax.jit(lambda x, kernel: lax.fori_loop(0, 3, step, (x, kernel)))
    text = loop.lower(normal(4, 8, 8, 2), normal(4, 4, 2, 2)).compile().as_text()
    assert " while(" in text
    assert " dot(" in text
    assert "convolution(" not in text
    assert "case(" not in text
    assert "conditional(" not in text


@pytest.mark.parametrize("platform", ["cpu", "cuda", "tpu"])
def test_the_platform_that_a_program_is_lowered_for_decides_whatever_machine_traces_it(platform):
    def gradients(x, kernel):
        return jax.grad(lambda x, kernel: penalty(lambda x, k: conv_transpose(conv(x, k), k), x, kernel), argnums=(0, 1))(
            x, kernel
        )

    traced = jax.jit(gradients).trace(normal(2, 6, 6, 2), normal(3, 3, 2, 2))
    text = traced.lower(lowering_platforms=(platform,)).as_text()
    assert ("stablehlo.dot_general" in text) == (platform == "cpu")
    assert ("stablehlo.convolution" in text) == (platform != "cpu")


def test_passes_of_one_shape_are_traced_once(monkeypatch):
    traced = []
    plain = convolution._convolve_matrix

    def counted(*arguments):
        traced.append(arguments[0].shape)
        return plain(*arguments)

    monkeypatch.setattr(convolution, "_convolve_matrix", counted)
    kernel = jnp.ones((3, 3, 2, 4))
    jax.make_jaxpr(lambda x, y, wide: (conv(x, kernel), conv(y, kernel), conv(wide, kernel)))(
        jnp.ones((2, 5, 5, 2)), jnp.zeros((2, 5, 5, 2)), jnp.ones((4, 5, 5, 2))
    )
    assert traced == [(2, 5, 5, 2), (4, 5, 5, 2)]
