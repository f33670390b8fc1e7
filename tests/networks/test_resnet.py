"""The residual networks of the WGAN-GP paper: sizes, initial distributions, a block by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.networks import CRITICS, GENERATORS
from jaxgan.networks.resnet import mean_pool, upsample

H, COLOURS, LATENT = 6, 3, 5


def count(params):
    return sum(leaf.size for leaf in jax.tree.leaves(params))


def conv(size, inputs, outputs):
    return size * size * inputs * outputs + outputs


def shapes_of(module):
    return jax.eval_shape(module.init, jax.random.key(0), *module.example_inputs())


@pytest.mark.parametrize(("h", "latent"), [(128, 128), (H, LATENT)])
def test_the_generator_has_as_many_parameters_as_the_papers(h, latent):
    module = GENERATORS["resnet"]((32, 32, COLOURS), hidden_dim=h, latent_dim=latent)
    block = 2 * conv(3, h, h) + conv(1, h, h) + 2 * 2 * h
    want = latent * 16 * h + 16 * h + 3 * block + 2 * h + conv(3, h, COLOURS)
    assert count(shapes_of(module)["params"]) == want


@pytest.mark.parametrize("norm", ["layer", "none"])
@pytest.mark.parametrize("h", [128, H])
def test_the_critic_has_as_many_parameters_as_the_papers(h, norm):
    module = CRITICS["resnet"]((32, 32, COLOURS), hidden_dim=h, norm=norm)
    norms = 2 * 2 * h if norm == "layer" else 0
    first = conv(3, COLOURS, h) + conv(3, h, h) + conv(1, COLOURS, h)
    down = 2 * conv(3, h, h) + conv(1, h, h) + norms
    same = 2 * conv(3, h, h) + norms
    assert count(shapes_of(module)["params"]) == first + down + 2 * same + h + 1


def test_the_defaults_are_the_papers():
    generator, critic = GENERATORS["resnet"]((32, 32, 3)), CRITICS["resnet"]((32, 32, 3))
    assert (generator.latent_dim, generator.hidden_dim, critic.hidden_dim, critic.norm) == (128, 128, 128, "layer")
    assert not critic.couples_batch


def test_pooling_and_upsampling():
    x = jnp.arange(16.0).reshape(1, 4, 4, 1)
    np.testing.assert_array_equal(mean_pool(x)[0, :, :, 0], [[2.5, 4.5], [10.5, 12.5]])
    np.testing.assert_array_equal(upsample(x)[0, ::2, 1::2, 0], x[0, :, :, 0])
    np.testing.assert_array_equal(mean_pool(upsample(x)), x)


def test_initial_distributions_are_those_of_the_authors_code():
    module = CRITICS["resnet"]((32, 32, COLOURS), hidden_dim=48)
    params = jax.jit(module.init)(jax.random.key(0), *module.example_inputs())["params"]
    block = params["blocks_1"]
    for kernel, gain, fans in (
        (block["residual_2"]["kernel"], 4, 2 * 9 * 48),
        (block["shortcut_0"]["kernel"], 2, 2 * 48),
    ):
        bound = np.sqrt(3 * gain / fans)
        assert 0.98 * bound < np.abs(kernel).max() <= bound
        np.testing.assert_allclose(np.var(kernel), gain / fans, rtol=0.1)
    assert not np.any(params["output"]["bias"]) and not np.any(block["residual_2"]["bias"])


@pytest.mark.parametrize(("dtype", "n_classes"), [("float32", 0), ("float64", 4)])
def test_passes_and_their_gradients(dtype, n_classes):
    with jax.enable_x64(dtype == "float64"):
        generator = GENERATORS["resnet"]((32, 32, COLOURS), hidden_dim=H, latent_dim=LATENT, n_classes=n_classes)
        critic = CRITICS["resnet"]((32, 32, COLOURS), hidden_dim=H, n_classes=n_classes)
        latent, labels = jax.random.normal(jax.random.key(1), (3, LATENT), float), jnp.array([0, 3, 1])

        @jax.jit
        def loss_and_gradients():
            mine = generator.init(jax.random.key(0), *generator.example_inputs())
            theirs = critic.init(jax.random.key(0), *critic.example_inputs())

            def loss(params, latent):
                samples, moved = generator.apply({**mine, "params": params}, latent, labels, train=True, mutable="batch_stats")
                output = critic.apply(theirs, samples, labels, train=True)
                return output.score.sum(), (samples, output, moved)

            return jax.grad(loss, argnums=(0, 1), has_aux=True)(mine["params"], latent)

        gradients, (samples, output, moved) = loss_and_gradients()
        assert samples.shape == (3, 32, 32, COLOURS) and samples.dtype == dtype and np.abs(samples).max() <= 1
        assert output.score.shape == (3,) and output.features.shape == (3, H) and output.score.dtype == dtype
        assert all(np.any(leaf) for leaf in jax.tree.leaves(gradients[0]["project"])) and np.any(gradients[1])
        assert {int(leaf) for leaf in jax.tree.leaves(moved) if leaf.dtype == np.int32} == {1}


def test_a_block_without_norm_or_resampling_adds_its_convolutions_to_its_input():
    """With the second convolution at zero the block is the identity."""
    module = CRITICS["resnet"]((32, 32, COLOURS), hidden_dim=H, norm="none")
    variables = jax.jit(module.init)(jax.random.key(0), *module.example_inputs())
    x = jax.random.normal(jax.random.key(1), (2, 32, 32, COLOURS))
    silent = jax.tree.map(lambda leaf: leaf, variables)
    for block in ("blocks_1", "blocks_2", "blocks_3"):
        silent["params"][block]["residual_5"] = jax.tree.map(jnp.zeros_like, silent["params"][block]["residual_5"])
    found = module.apply(silent, x, jnp.zeros(2, int)).features
    first = module.bind(silent).blocks[0](x, False)
    shortcut = silent["params"]["blocks_1"]["shortcut_0"]
    want = jax.nn.relu(mean_pool(first @ shortcut["kernel"][0, 0] + shortcut["bias"])).mean((1, 2))
    np.testing.assert_allclose(found, want, atol=1e-5)
