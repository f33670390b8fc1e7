"""Initial distributions and dropout against PyTorch's."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from jaxgan import networks
from jaxgan.interop import from_torch, to_torch
from jaxgan.networks import layers
from tests.parity.small_setups import jit

torch = pytest.importorskip("torch")
twins = pytest.importorskip("tests.parity.twins")
torch_networks = pytest.importorskip("tests.parity.torch_networks")

LAYERS = {  # a linen layer, its twin, the shape of an input, the fan-in that PyTorch counts
    "linear": (lambda: layers.Linear(300), lambda: torch.nn.Linear(70, 300), (1, 70), 70),
    "conv": (lambda: layers.Conv(60, 5), lambda: torch.nn.Conv2d(12, 60, 5), (1, 8, 8, 12), 12 * 25),
    "conv_transpose": (
        lambda: layers.ConvTranspose(60, 4, 2, 1),
        lambda: torch.nn.ConvTranspose2d(12, 60, 4, 2, 1),
        (1, 8, 8, 12),
        60 * 16,  # the outputs: PyTorch reads it off the weight's second axis
    ),
}


@pytest.mark.parametrize("name", LAYERS)
def test_uniform_weights_and_biases(name):
    linen, there, shape, fan_in = LAYERS[name]
    seeds = range(20)
    keys = jax.vmap(jax.random.key)(jnp.arange(len(seeds)))
    params = jax.vmap(lambda key: linen().init(key, jnp.zeros(shape))["params"])(keys)
    torch.manual_seed(0)
    twins_there = [there() for _ in seeds]
    for mine, theirs in (("kernel", "weight"), ("bias", "bias")):
        sample = np.asarray(params[mine]).ravel()
        expected = np.concatenate([getattr(twin, theirs).detach().numpy().ravel() for twin in twins_there])
        assert sample.size == expected.size
        bound = 1 / math.sqrt(fan_in)
        for values in (sample, expected):
            assert np.abs(values).max() <= bound * (1 + 1e-6)
            assert np.abs(values).max() > bound * (1 - 20 / values.size)
        assert stats.ks_2samp(sample, expected).pvalue > 1e-3
        assert stats.kstest(sample, stats.uniform(-bound, 2 * bound).cdf).pvalue > 1e-3


def test_embeddings_are_standard_normal():
    params = layers.LabelEmbedding(100).init(jax.random.key(0), jnp.zeros((1, 2)), jnp.zeros(1, jnp.int32))["params"]
    sample = np.asarray(params["embedding"]).ravel()
    torch.manual_seed(0)
    assert stats.ks_2samp(sample, torch.nn.Embedding(100, 100).weight.detach().numpy().ravel()).pvalue > 1e-3
    assert stats.kstest(sample, "norm").pvalue > 1e-3


def initial(module, seed):
    return to_torch(module, jit(module.init)(jax.random.key(seed), *module.example_inputs()))


@pytest.mark.parametrize("name", torch_networks.GENERATORS)
def test_every_weight_of_every_network_starts_as_its_twins(name):
    """Constants (batch norm, DCGAN's biases) agree exactly, all else in distribution."""
    shape = {"mlp": (2,), "conv1d": (28, 1), "conv3d": (8, 8, 8, 1)}.get(name, (28, 28, 1))
    width = {"mlp": 32, "lab_conv": 128, "conv": 8}.get(name, 16)
    pairs = [
        (networks.GENERATORS[name](shape, latent_dim=20, hidden_dim=width, n_classes=10),
         torch_networks.GENERATORS[name]((shape[-1], *shape[:-1]), latent_dim=20, hidden_dim=width, n_classes=10)),
        (networks.CRITICS[name](shape, hidden_dim=width, n_classes=10),
         torch_networks.CRITICS[name]((shape[-1], *shape[:-1]), hidden_dim=width, n_classes=10)),
    ]  # fmt: skip
    for module, twin in pairs:
        ours, expected = initial(module, 0), twins.arrays(twin)
        for key, theirs in expected.items():
            mine = ours[key]
            constant = np.ptp(theirs) == 0 and (theirs.size > 1 or not theirs.any())
            if constant:
                np.testing.assert_array_equal(mine, theirs, err_msg=key)
            elif theirs.size >= 30:
                assert stats.ks_2samp(mine.ravel(), theirs.ravel()).pvalue > 1e-5, key
                assert 0.5 < mine.std() / theirs.std() < 2, key
            else:
                assert np.abs(mine).max() > 0, key


def test_players_and_seeds_start_apart():
    module = networks.MlpGenerator((2,), latent_dim=4, hidden_dim=16)
    weights = [initial(module, seed)["model.2.weight"] for seed in (0, 1)]
    assert np.abs(weights[0] - weights[1]).max() > 0.01
    one = initial(module, 0)
    assert np.abs(one["model.2.weight"] - one["model.4.weight"]).max() > 0.01


def test_dropout_keeps_the_mean_as_pytorchs_does():
    """Over many masks: a share of .3 is zero, the rest is scaled by 1 / .7, and in evaluation nothing happens."""
    x = jnp.arange(1.0, 9.0)
    layer = layers.Dropout(0.3)
    keys = jax.random.split(jax.random.key(0), 20_000)
    outputs = np.asarray(jax.vmap(lambda key: layer.apply({}, x, True, rngs={"dropout": key}))(keys))
    torch.manual_seed(0)
    there = torch.nn.functional.dropout(torch.tensor(np.tile(x, (20_000, 1))), 0.3).numpy()
    for sample, rtol in (
        (outputs, 1e-5),
        (there, 1e-6),
    ):  # ours: 16 bits come to within 1e-5 of a rate of .3, and the scale goes with them
        kept = sample != 0
        np.testing.assert_allclose(sample[kept], np.broadcast_to(x / 0.7, sample.shape)[kept], rtol=rtol)
        assert abs(kept.mean() - 0.7) < 5 * math.sqrt(0.3 * 0.7 / sample.size)
        np.testing.assert_allclose(sample.mean(0), x, rtol=0.03)
        assert np.abs(np.corrcoef(kept.T) - np.eye(8)).max() < 0.05
    np.testing.assert_array_equal(layer.apply({}, x, False), x)
    np.testing.assert_array_equal(layers.Dropout(0.0).apply({}, x, True, rngs={"dropout": keys[0]}), x)


def test_the_fc_critic_drops_where_the_lab_does():
    """With the weights of its twin, scores have the same mean and standard deviation over masks."""
    module = networks.FcCritic((4, 4, 1), hidden_dim=8)
    twin = torch_networks.FcCritic((1, 4, 4), hidden_dim=8)
    assert module.dropout == 0.3
    assert [type(layer).__name__ for layer in twin.model] == [
        {"Linear": "Linear", "Dropout": "Dropout"}.get(type(layer).__name__, "LeakyReLU")
        for layer in module.bind(module.init(jax.random.key(0), *module.example_inputs())).model.layers
    ]
    variables = from_torch(module, twins.arrays(twin))
    x = np.random.RandomState(0).uniform(-1, 1, (4, 4, 4, 1)).astype(np.float32)
    keys = jax.random.split(jax.random.key(1), 4000)
    labels = jnp.zeros(4, int)

    def score_of(key):
        return module.apply(variables, jnp.asarray(x), labels, train=True, rngs={"dropout": key}).score

    mine = np.asarray(jax.jit(jax.vmap(score_of))(keys))
    torch.manual_seed(0)
    with torch.no_grad():
        many = twins.tensor(np.tile(x, (len(keys), 1, 1, 1)), torch.float32)
        theirs = twin(many).numpy().reshape(len(keys), 4)
    error = np.sqrt((mine.var(0) + theirs.var(0)) / len(keys))
    assert np.all(np.abs(mine.mean(0) - theirs.mean(0)) < 5 * error)
    np.testing.assert_allclose(mine.std(0), theirs.std(0), rtol=0.15)
