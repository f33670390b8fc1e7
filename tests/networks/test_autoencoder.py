"""Critics that reconstruct: shapes, scores, labels, sizes."""

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.networks import CRITICS
from jaxgan.networks.layers import flatten, unflatten

CASES = {
    "mlp_autoencoder": ("mlp_autoencoder", (2,), 8),
    "autoencoder": ("autoencoder", (6, 5, 2), 3),
    "conv_autoencoder-28": ("conv_autoencoder", (28, 28, 1), 3),
    "conv_autoencoder-32": ("conv_autoencoder", (32, 32, 3), 3),
    "conv_autoencoder-odd": ("conv_autoencoder", (9, 18, 2), 3),
    "autoencoder-series": ("autoencoder", (7, 3), 3),
}


def made(name, shape, h, **fields):
    return CRITICS[name](shape, hidden_dim=h, **fields)


@pytest.mark.parametrize(("n_classes", "dtype"), [(0, "float32"), (4, "float64")], ids=["", "conditional, float64"])
@pytest.mark.parametrize("case", CASES)
def test_the_score_is_minus_the_mean_squared_error_of_the_reconstruction(case, n_classes, dtype):
    with jax.enable_x64(dtype == "float64"):
        module = made(*CASES[case], n_classes=n_classes)
        samples = jnp.asarray(np.random.default_rng(0).uniform(-1, 1, (5, *module.sample_shape)), float)
        labels = jnp.array([0, 1, 2, 3, 0])
        variables = jax.jit(module.init)(jax.random.key(0), *module.example_inputs())
        output = jax.jit(lambda samples, labels: module.apply(variables, samples, labels, train=True))(samples, labels)
        assert output.reconstruction.shape == samples.shape
        assert {x.dtype for x in output if x is not None} == {jnp.dtype(dtype)}
        errors = np.square(np.asarray(samples - output.reconstruction)).reshape(5, -1).mean(1)
        np.testing.assert_allclose(output.score, -errors, rtol=1e-5)
        assert output.features.shape[0] == 5 and output.features.ndim == 2
        other = module.apply(variables, samples, (labels + 1) % 4)
        assert np.any(np.abs(other.score - output.score) > 1e-6) == bool(n_classes)
        assert module.reconstructs and not module.couples_batch


def test_other_critics_do_not_reconstruct():
    assert {name for name, critic in CRITICS.items() if critic.reconstructs} == {
        "autoencoder",
        "conv_autoencoder",
        "mlp_autoencoder",
    }


def test_sizes():
    def count(module):
        return sum(
            leaf.size for leaf in jax.tree.leaves(jax.eval_shape(module.init, jax.random.key(0), *module.example_inputs()))
        )

    def chain(*widths):
        return sum(a * b + b for a, b in pairwise(widths))

    def convs(*widths):
        return sum(16 * a * b + b for a, b in pairwise(widths))

    assert count(made("mlp_autoencoder", (2,), 7, code_dim=3)) == chain(2, 7, 7, 3, 7, 7, 2)
    assert count(made("autoencoder", (6, 5, 2), 7)) == chain(60, 28, 7, 28, 60)
    assert count(made("autoencoder", (6, 5, 2), 7, code_dim=3)) == chain(60, 28, 3, 28, 60)
    flat = 7 * 7 * 10
    want = convs(1, 5, 10) + chain(flat, 9, flat) + convs(10, 5, 1)
    assert count(made("conv_autoencoder", (28, 28, 1), 5, code_dim=9)) == want
    flat = 4 * 4 * 20
    want = convs(3, 5, 10, 20) + chain(flat, 9, flat) + convs(20, 10, 5, 3)
    assert count(made("conv_autoencoder", (32, 32, 3), 5, code_dim=9)) == want


def test_the_flat_autoencoder_by_hand():
    module = made("autoencoder", (3, 2, 2), 2)
    variables = module.init(jax.random.key(0), *module.example_inputs())
    samples = jax.random.uniform(jax.random.key(1), (4, 3, 2, 2))
    output = module.apply(variables, samples, jnp.zeros(4, int))

    def linear(tree, x):
        return x @ tree["kernel"] + tree["bias"]

    x = flatten(samples)
    encoder, decoder = variables["params"]["encoder"], variables["params"]["decoder"]
    code = linear(encoder["layers_2"], jax.nn.leaky_relu(linear(encoder["layers_0"], x), 0.2))
    back = jnp.tanh(linear(decoder["layers_2"], jax.nn.leaky_relu(linear(decoder["layers_0"], code), 0.2)))
    np.testing.assert_allclose(output.features, code, atol=1e-6)
    np.testing.assert_allclose(output.reconstruction, unflatten(back, (3, 2, 2)), atol=1e-6)


def test_the_gradient_of_the_score_is_that_of_the_error():
    module = made("mlp_autoencoder", (2,), 8)
    variables = module.init(jax.random.key(0), *module.example_inputs())
    samples = jax.random.normal(jax.random.key(1), (4, 2))
    labels = jnp.zeros(4, int)
    score = jax.grad(lambda x: module.apply(variables, x, labels).score.sum())(samples)
    error = jax.grad(lambda x: jnp.square(x - module.apply(variables, x, labels).reconstruction).mean(1).sum())(samples)
    np.testing.assert_allclose(score, -error, atol=1e-6)
    assert np.any(score)
