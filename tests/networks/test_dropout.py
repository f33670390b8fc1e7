"""Dropout's masks: the share that is kept, independence, and what a layer makes of them."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from jaxgan.networks.dropout import NEAR, bits_of, kept, share_kept
from jaxgan.networks.layers import Dropout

RATES = [0.5, 0.25, 0.3, 0.1, 0.9, 0.01]
SHAPE = (400, 333)  # the last axis is no multiple of the neighbours that share a word


def masks(rate: float, keys: int) -> np.ndarray:
    return np.stack([kept(jax.random.key(key), SHAPE, rate) for key in range(keys)])


@pytest.mark.parametrize(
    ("rate", "bits", "dropped"), [(0.5, 1, 1), (0.25, 2, 1), (0.75, 2, 3), (0.125, 4, 2), (0.3, 16, 19661), (0.1, 16, 6554)]
)
def test_the_fewest_bits_that_say_the_rate(rate, bits, dropped):
    assert bits_of(rate) == (bits, dropped)


@pytest.mark.parametrize("rate", [1e-7, 1e-4, 0.003, *np.linspace(0.01, 0.99, 99), 1 - 1e-6])
def test_the_share_kept_is_what_is_asked_for_to_a_ten_thousandth(rate):
    assert abs(share_kept(rate) - (1 - rate)) <= max(NEAR * min(rate, 1 - rate), 2**-33)


@pytest.mark.parametrize("rate", RATES)
def test_the_share_kept_is_binomial(rate):
    """Of all entries, and of each place along the last axis: so of each bit of a word."""
    drawn = masks(rate, 3)
    assert stats.binomtest(int(drawn.sum()), drawn.size, share_kept(rate)).pvalue > 1e-3
    columns = drawn.sum((0, 1))
    expected = share_kept(rate) * len(drawn) * len(drawn[0])
    chi = ((columns - expected) ** 2).sum() / (expected * rate)
    assert 1e-3 < stats.chi2(len(columns)).sf(chi) < 1 - 1e-3


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(("axis", "by"), [(2, 1), (2, 2), (2, 16), (2, 32), (1, 1), (0, 1)])
def test_entries_are_independent(rate, axis, by):
    """The correlation of an entry with its neighbour, with those that share its word or come in the next, in other rows, and of another key."""
    drawn = masks(rate, 3).astype(float) - share_kept(rate)
    one, other = (np.take(drawn, range(*part), axis) for part in ((0, drawn.shape[axis] - by), (by, drawn.shape[axis])))
    correlation = (one * other).mean() / (rate * (1 - rate))
    assert abs(correlation) < 4 / np.sqrt(one.size)


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 1), (2, 3, 5, 33)])
def test_masks_have_the_shape_asked_for(shape):
    assert kept(jax.random.key(0), shape, 0.5).shape == shape
    assert kept(jax.random.key(0), shape, 1e-7).all()


def test_one_word_serves_all_the_neighbours_that_it_has_bits_for():
    def words(rate):
        jaxpr = jax.make_jaxpr(lambda key: kept(key, (8, 64), rate))(jax.random.key(0))
        (drawn,) = [equation.outvars[0].aval.shape for equation in jaxpr.eqns if equation.primitive.name == "random_bits"]
        return drawn

    assert words(0.5) == (8, 2)
    assert words(0.3) == (8, 32)
    assert words(0.01) == (8, 64)


class Two(nn.Module):
    """The masks of two layers in turn."""

    @nn.compact
    def __call__(self, x):
        return Dropout(0.5)(x, True), Dropout(0.5)(x, True)


def test_a_layer_scales_what_it_keeps_and_keeps_the_mean():
    layer, x = Dropout(0.3), jnp.linspace(1, 2, 40_000).reshape(200, 200)
    out = layer.apply({}, x, True, rngs={"dropout": jax.random.key(1)})
    there = np.asarray(out != 0)
    np.testing.assert_allclose(out[there], np.asarray(x)[there] / share_kept(0.3), rtol=1e-6)
    assert float(out.mean()) == pytest.approx(float(x.mean()), abs=4 * float(jnp.square(x).mean() * 0.3 / 0.7 / x.size) ** 0.5)
    assert layer.apply({}, x, False) is x
    assert Dropout(0.0).apply({}, x, True) is x


def test_no_two_layers_and_no_two_passes_share_their_chance():
    x = jnp.ones((100, 100))
    passes = [Two().apply({}, x, rngs={"dropout": jax.random.key(key)}) for key in (0, 1)]
    drawn = [np.asarray(out).ravel() for both in passes for out in both]
    correlations = np.corrcoef(drawn)[np.triu_indices(4, 1)]
    assert np.abs(correlations).max() < 4 / np.sqrt(x.size)
