"""Convolutions and pooling against PyTorch in float64: outputs and gradients, in both forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.networks import convolution

torch = pytest.importorskip("torch")

CONVS = [
    (12, 5, 1, 0, 1, 3),
    (12, 5, 1, 0, 4, 3),
    (9, 4, 2, 1, 2, 4),
    (3, 3, 1, 0, 4, 1),
    (9, 3, 1, 1, 2, 3),
    (8, 5, 2, 2, 3, 4),
]
TRANSPOSES = [
    (7, 4, 2, 1, 0, 3, 4),
    (1, 3, 1, 0, 0, 3, 4),
    (6, 5, 2, 1, 0, 3, 4),
    (5, 6, 2, 1, 0, 3, 1),
    (7, 5, 2, 2, 1, 3, 4),
]


@pytest.fixture(autouse=True, params=["matrix", "lax"])
def _form(request, monkeypatch):
    chosen = ["matrix", "lax"].index(request.param)
    monkeypatch.setattr(
        convolution, "_by_platform", lambda *forms_and_arguments: forms_and_arguments[chosen](*forms_and_arguments[2:])
    )
    with jax.enable_x64(True):
        yield


def assert_parity(ours, theirs, *arrays):
    """`ours` takes NHWC and HWIO, `theirs` NCHW and OIHW: the same axes moved by hand on PyTorch's side."""
    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    want = theirs(*tensors)
    want_grads = torch.autograd.grad(want.sin().sum(), tensors)
    function = lambda *arrays: (lambda y: (jnp.sin(y).sum(), y))(ours(*arrays))  # noqa: E731
    grads, got = jax.grad(function, argnums=tuple(range(len(arrays))), has_aux=True)(*map(jnp.asarray, arrays))
    for a, b in zip((got, *grads), (want, *want_grads), strict=True):
        np.testing.assert_allclose(a, b.detach().numpy(), atol=1e-10)


@pytest.mark.parametrize(("size", "kernel", "stride", "padding", "ci", "co"), CONVS)
def test_conv_is_pytorchs(size, kernel, stride, padding, ci, co):
    generator = np.random.default_rng(0)
    assert_parity(
        lambda x, k: convolution.conv(x, k, stride=stride, padding=padding),
        lambda x, k: torch.nn.functional.conv2d(
            x.permute(0, 3, 1, 2), k.permute(3, 2, 0, 1).contiguous(), stride=stride, padding=padding
        ).permute(0, 2, 3, 1),
        generator.normal(size=(2, size, size + 1, ci)),
        generator.normal(size=(kernel, kernel, ci, co)),
    )


@pytest.mark.parametrize(("size", "kernel", "stride", "padding", "output_padding", "ci", "co"), TRANSPOSES)
def test_conv_transpose_is_pytorchs(size, kernel, stride, padding, output_padding, ci, co):
    generator = np.random.default_rng(0)
    options = {"stride": stride, "padding": padding, "output_padding": output_padding}
    assert_parity(
        lambda x, k: convolution.conv_transpose(x, k, **options),
        lambda x, k: torch.nn.functional.conv_transpose2d(
            x.permute(0, 3, 1, 2), k.permute(3, 2, 0, 1).contiguous(), **options
        ).permute(0, 2, 3, 1),
        generator.normal(size=(2, size, size, ci)),
        generator.normal(size=(kernel, kernel, co, ci)),
    )


@pytest.mark.parametrize(("height", "width"), [(6, 8), (7, 5)])
def test_max_pool_is_pytorchs_ties_included(height, width):
    assert_parity(
        convolution.max_pool,
        lambda x: torch.nn.functional.max_pool2d(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1),
        np.random.default_rng(0).integers(0, 3, size=(2, height, width, 3)).astype("float64"),
    )
