"""Gradient accumulation: the step of the whole batch, in the memory of a part; and what cannot be parted is refused with the reason."""

from functools import partial

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxgan
from jaxgan import objectives
from jaxgan.engine.accumulation import rows_in_parts
from jaxgan.engine.gan import iterate
from jaxgan.engine.steps import critic_gradients
from jaxgan.errors import UserError
from tests.tiny import arrays, batch, initial, pictures, plain, state_and_draws, tiny


def test_rows_are_dealt_out_in_blocks_that_stay_together():
    rows = jnp.arange(12)
    np.testing.assert_array_equal(rows_in_parts(rows, 2, 1), [[0, 2, 4, 6, 8, 10], [1, 3, 5, 7, 9, 11]])
    np.testing.assert_array_equal(rows_in_parts(rows, 2, 3), [[0, 1, 2, 6, 7, 8], [3, 4, 5, 9, 10, 11]])
    np.testing.assert_array_equal(rows_in_parts(rows[:, None], 3, 2)[1, :, 0], [2, 3, 8, 9])


CASES = {
    "a penalty, labels, an average": dict(variant="wgan_gp", conditional=True, ema=0.9),
    "pairs, R1 and R2, packs": dict(variant="r3gan", pac=2),
    "several generators, projection": dict(variant="hinge", generators=3, conditional=True, conditioning="projection"),
    "a state of its own": dict(variant="began"),
}


@pytest.mark.parametrize("case", CASES)
def test_an_iteration_in_parts_is_that_of_the_whole_batch(case):
    """In float64, both players' steps: parameters, optimizers, average, the objective's state and metrics to 1e-10."""
    with jax.enable_x64(True):
        fields = {"batch_size": 12, "optimizer": "momentum", "learning_rate": 0.05, **CASES[case]}
        whole, parted = (tiny("mlp", accumulate=k, **fields) for k in (1, 2))
        state, data = initial(whole), arrays(whole)
        results = [
            jax.jit(lambda state, run=run: iterate(run.gan, state, partial(batch, run, data)))(state) for run in (whole, parted)
        ]
        (one, metrics), (other, of_parts) = ((plain(state), metrics) for state, metrics in results)
        chex.assert_trees_all_close(other, one, rtol=1e-10, atol=1e-10)
        of_parts = {name: value for name, value in of_parts.items() if name != "convergence"}  # the one that is no mean of rows
        chex.assert_trees_all_close(of_parts, {name: metrics[name] for name in of_parts}, rtol=1e-10, atol=1e-10)
        assert np.abs(np.asarray(jax.tree.leaves(one.critic.params)[0]) - jax.tree.leaves(state.critic.params)[0]).max() > 1e-4


def test_a_step_in_four_parts_needs_less_memory():
    def bytes_of(parts):
        run = tiny("conv", variant="gan", critic_norm="none", generator="fc", accumulate=parts, batch_size=64, hidden_dim=16)
        state, draw, _ = jax.eval_shape(lambda: state_and_draws(run))
        step = jax.jit(partial(critic_gradients, run.gan)).lower(state, draw).compile()
        return step.memory_analysis().temp_size_in_bytes

    assert bytes_of(4) < 0.5 * bytes_of(1)


def test_each_part_has_dropout_of_its_own_and_every_row_counts_once():
    """Of a critic that is dropout alone, two parts of equal rows score apart."""

    class Dropped(nn.Module):
        @nn.compact
        def __call__(self, x, train: bool = False):
            kept = nn.Dropout(0.5, deterministic=not train)(x)
            return (kept * self.param("weight", nn.initializers.ones, x.shape[1:])).sum(1)

    class Draws(nn.Module):
        @nn.compact
        def __call__(self, z):
            return nn.Dense(64)(z)

    gan = jaxgan.Gan(Draws(), Dropped(), objectives.wgan(clip=10.0), optax.sgd(0.1), optax.sgd(0.1), latent_dim=2, accumulate=2)
    real = jnp.ones((2, 64))
    state = gan.init(jax.random.key(0), real)
    gradient = critic_gradients(gan, state, gan.draw(state.key, 0, real)).params["weight"]
    fake = gan.networks.generator.apply({"params": state.generator.params}, jnp.zeros((2, 2)), jnp.zeros(2, jnp.int32))
    assert gradient.shape == fake.shape[1:]
    one = critic_gradients(gan.with_numbers(accumulate=1), state, gan.draw(state.key, 0, real)).params["weight"]
    assert np.any(gradient != one)


class OwnBatchNorm(nn.Module):
    """A generator whose rows depend on each other, in no collection that says so."""

    @nn.compact
    def __call__(self, z):
        x = nn.Dense(6)(z)
        return nn.Dense(3)(nn.tanh(x - x.mean(0)))


class Plain(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dense(1 if x.shape[-1] == 3 else 3)(nn.tanh(nn.Dense(6)(x)))


class Coupled(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dense(1)(nn.Dense(6)(x - x.mean(0)))


@pytest.mark.parametrize(
    ("generator", "critic", "game", "words"),
    [
        (OwnBatchNorm, Plain, objectives.gan, "accumulate=2: the generator OwnBatchNorm couples the samples of a batch"),
        (Plain, Coupled, objectives.gan, "accumulate=2: the critic Coupled couples the samples of a batch"),
        (Plain, Plain, objectives.dragan, "not declared means over the samples"),
        (Plain, Plain, objectives.ebgan, "not declared means over the samples"),
    ],
)
def test_what_couples_the_samples_of_a_batch_is_refused(generator, critic, game, words):
    def init():
        gan = jaxgan.Gan(generator(), critic(), game(), optax.sgd(0.1), optax.sgd(0.1), latent_dim=2, accumulate=2)
        return gan.init(jax.random.key(0), jnp.zeros((2, 3)))

    with pytest.raises(UserError, match=words):
        jax.eval_shape(init)


@pytest.mark.parametrize(
    ("network", "fields", "words"),
    [
        ("mlp", dict(variant="gan", accumulate=4), "--accumulate 4: must divide the batch of 6"),
        ("mlp", dict(variant="gan", accumulate=3, pac=3), r"whole packs \(--pac 3\)"),
        ("mlp", dict(variant="gan", accumulate=2, unroll=1), "unroll=1 looks ahead are made on the whole batch"),
        ("mlp", dict(variant="sinkhorn", accumulate=2), "not declared means"),
        ("mlp", dict(variant="gan", accumulate=2, minibatch_discrimination=True), "the critic MlpCritic couples the samples"),
        ("dcgan", dict(variant="gan", accumulate=2, critic_norm="none"), "the generator DcganGenerator couples the samples"),
        ("dcgan", dict(variant="gan", accumulate=2), "the critic DcganCritic couples the samples"),
    ],
)  # fmt: skip
def test_it_is_refused_by_options_too(network, fields, words):
    with pytest.raises(UserError, match=words):
        tiny(network, **fields)


def test_the_diagnostics_of_parts_are_those_of_the_whole():
    from jaxgan.engine.diagnostics import diagnose

    with jax.enable_x64(True):
        whole, parted = (tiny("mlp", variant="wgan_gp", accumulate=k, pac=3, batch_size=12) for k in (1, 2))
        state, data = initial(whole), arrays(whole)
        one, other = (jax.jit(lambda s, r=r: diagnose(r.gan, s, partial(batch, r, data)))(state) for r in (whole, parted))
        chex.assert_trees_all_close(one, other, rtol=1e-9)


def test_a_batch_that_is_given_by_hand_must_divide():
    gan = tiny("mlp", variant="gan", accumulate=3).gan
    with pytest.raises(UserError, match="real: accumulate=3 must divide the batch of 4"):
        gan.draw(jax.random.key(0), 0, jnp.zeros((4, 2)))


def test_pictures_in_parts_see_their_own_augmentation():
    run = tiny("fc", variant="hinge", accumulate=2, augment="flip,shift", dataset=pictures(size=8), dropout=0.0)
    state, draw, _ = state_and_draws(run)
    same = draw._replace(real=jnp.broadcast_to(draw.real[0], draw.real.shape))
    side = jax.jit(partial(critic_gradients, run.gan))
    first, second = (side(state, same._replace(key=jax.random.key(k))).metrics["score_real"] for k in (0, 1))
    assert first != second
