"""`Gan` as a library: networks of one's own in every form, its steps under one's own loop, and what is refused."""

import doctest
from functools import partial

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

import jaxgan
from jaxgan import networks, objectives
from jaxgan.data import as_dataset
from jaxgan.engine.loop import Program
from jaxgan.engine.schedule import Schedule
from jaxgan.errors import UserError
from jaxgan.types import CriticOutput
from tests.tiny import plain

SHAPE, LATENT, BATCH = (3,), 2, 4


class Generator(nn.Module):
    @nn.compact
    def __call__(self, z, train: bool = False):
        x = nn.BatchNorm(use_running_average=not train)(nn.Dense(6)(z))
        return nn.Dense(SHAPE[0])(nn.relu(x))


class LabelledGenerator(nn.Module):
    @nn.compact
    def __call__(self, z, labels):
        return nn.Dense(SHAPE[0])(jnp.concatenate([z, jax.nn.one_hot(labels, 2)], axis=-1))


class Critic(nn.Module):
    """Scores (B, 1), nothing else."""

    @nn.compact
    def __call__(self, x):
        return nn.Dense(1)(nn.leaky_relu(nn.Dense(6)(x)))


class FeatureCritic(nn.Module):
    """Scores (B,) and features; dropout in training."""

    @nn.compact
    def __call__(self, x, train: bool = False):
        features = nn.Dropout(0.3, deterministic=not train)(nn.tanh(nn.Dense(6)(x)))
        return CriticOutput(score=nn.Dense(1)(features)[:, 0], features=features)


class CouplingCritic(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dense(1)(nn.Dense(6)(x - x.mean(0)))


class NnxGenerator(nnx.Module):
    def __init__(self, rngs):
        self.first, self.norm = nnx.Linear(LATENT, 6, rngs=rngs), nnx.BatchNorm(6, rngs=rngs)
        self.last = nnx.Linear(6, SHAPE[0], rngs=rngs)

    def __call__(self, z):
        return self.last(nnx.relu(self.norm(self.first(z))))


def init_pair(key, x):
    return [0.5 * jax.random.normal(key, (x.shape[-1], 1))]


def apply_pair(params, x):
    return (x @ params[0])[:, 0]


def gan_of(generator=None, critic=None, game=None, **numbers):
    """Adam on both sides, latents of two numbers."""
    game = game or objectives.gan()
    return jaxgan.Gan(
        generator or Generator(), critic or FeatureCritic(), game, optax.adam(1e-2), optax.adam(1e-2),
        **{"latent_dim": LATENT, "n_critic": 2, **numbers},
    )  # fmt: skip


def real_batch(seed=0, *lead):
    return jnp.asarray(np.random.default_rng(seed).normal(size=(*lead, BATCH, *SHAPE)), jnp.float32)


def one_iteration(gan, labels=None):
    """A state before and after one iteration, and the metrics."""
    real = real_batch(1, gan.batches_per_iteration)
    batches = real if labels is None else (real, jnp.broadcast_to(labels, real.shape[:2]))
    state = jax.jit(lambda key: gan.init(key, real[0], labels))(jax.random.key(0))
    after, metrics = jax.jit(gan.iteration)(state, batches)
    return state, after, metrics


FORMS = {
    "linen": (Generator(), Critic()),
    "linen with features": (Generator(), FeatureCritic()),
    "pair": ((lambda key, z: 0.1 * jax.random.normal(key, (LATENT, SHAPE[0])), lambda w, z: z @ w), (init_pair, apply_pair)),
    "nnx": (NnxGenerator, lambda rngs: nnx.Sequential(nnx.Linear(SHAPE[0], 6, rngs=rngs), nnx.tanh, nnx.Linear(6, 1, rngs=rngs))),
    "built in": (networks.MlpGenerator(SHAPE, LATENT, hidden_dim=6), networks.MlpCritic(SHAPE, hidden_dim=6)),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_both_players_learn_in_every_form(form):
    generator, critic = FORMS[form]
    gan = gan_of(generator, critic, objectives.wgan_gp(), ema=0.5)
    state, after, metrics = one_iteration(gan)
    chex.assert_tree_all_finite((after.generator, after.critic, after.ema, metrics))
    for player in ("generator", "critic"):
        before, moved = getattr(state, player).params, getattr(after, player).params
        assert any(np.any(a != b) for a, b in zip(jax.tree.leaves(before), jax.tree.leaves(moved), strict=True))
    assert int(after.step) == 1
    assert gan.sample(after, jax.random.key(3), 5).shape == (5, *SHAPE)
    if form in ("linen", "nnx"):  # batch norm's running mean moved
        assert any(
            np.any(a != b)
            for a, b in zip(jax.tree.leaves(state.generator.variables), jax.tree.leaves(after.generator.variables), strict=True)
        )


def test_a_module_of_ones_own_keeps_its_own_parameters():
    state, _, _ = one_iteration(gan_of())
    own = Generator().init(jax.random.key(0), jnp.zeros((1, LATENT)))
    assert jax.tree.map(jnp.shape, state.generator.params) == jax.tree.map(jnp.shape, own["params"])
    assert jax.tree.map(jnp.shape, state.generator.variables["batch_stats"]) == jax.tree.map(jnp.shape, own["batch_stats"])


REMEDIES = {
    "pac": {"pac": 2},
    "spectral norm": {"spectral_norm": True},
    "minibatch discrimination": {"minibatch_discrimination": True},
    "unroll": {"unroll": 1},
    "several generators": {"generators": 2},
    "labels joined": {"n_classes": 2},
    "projection": {"n_classes": 2, "conditioning": "projection"},
    "lazy": {"penalty_every": 2, "game": objectives.wgan_gp()},
}


@pytest.mark.parametrize("remedy", REMEDIES)
def test_every_remedy_works_on_networks_of_ones_own(remedy):
    options = REMEDIES[remedy]
    labels = jnp.arange(BATCH) % 2 if "n_classes" in options else None
    generator = LabelledGenerator() if remedy == "projection" else Generator()
    _, after, metrics = one_iteration(gan_of(generator, **options), labels)
    chex.assert_tree_all_finite((after.generator, after.critic, metrics))


def test_augmentation_works_on_a_critic_of_ones_own():
    class Draw(nn.Module):
        @nn.compact
        def __call__(self, z):
            return nn.tanh(nn.Dense(8 * 8 * 3)(z)).reshape(-1, 8, 8, 3)

    class Look(nn.Module):
        @nn.compact
        def __call__(self, x):
            return nn.Dense(1)(x.reshape(len(x), -1))

    gan = gan_of(Draw(), Look(), augment=("colour", "translation", "cutout"), n_critic=1)
    real = jnp.ones((BATCH, 8, 8, 3), jnp.uint8)
    state = gan.init(jax.random.key(0), real)
    state, metrics = jax.jit(gan.critic_step)(state, gan.draw(state.key, 0, real))
    chex.assert_tree_all_finite((state.critic, metrics))


def test_features_are_asked_for_where_a_remedy_needs_them():
    for options in ({"minibatch_discrimination": True}, {"n_classes": 2, "conditioning": "projection"}, {"generators": 2}):
        labels = jnp.zeros(BATCH, jnp.int32) if "n_classes" in options else None
        with pytest.raises(UserError, match="features"):
            one_iteration(gan_of(critic=Critic(), **options), labels)


def test_a_critic_that_couples_the_batch_is_found_by_looking_and_refused_under_a_penalty():
    assert gan_of(critic=CouplingCritic()).couples_batch(SHAPE)
    assert not gan_of(critic=FeatureCritic()).couples_batch(SHAPE)
    with pytest.raises(UserError, match="couples the samples of a batch"):
        gan_of(critic=CouplingCritic(), game=objectives.wgan_gp()).init(jax.random.key(0), real_batch())


def test_a_generator_of_another_shape_is_refused():
    class Wide(nn.Module):
        @nn.compact
        def __call__(self, z):
            return nn.Dense(7)(z)

    with pytest.raises(UserError, match=r"shape \(7,\); the real ones have \(3,\)"):
        one_iteration(gan_of(Wide()))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_critic": -1}, "n_critic=-1: must be a whole number, at least 0"),
        ({"order": "critic_frist"}, "did you mean 'critic_first'"),
        ({"ema": 1.0}, "less than 1"),
        ({"augment": ("flop",)}, "augment 'flop' is not known: did you mean 'flip'?"),
        ({"ada": True}, "augment says what is done"),
        ({"accumulate": 2, "unroll": 1}, "looks ahead are made on the whole batch"),
        ({"conditioning": "projection"}, "needs n_classes"),
        ({"penalty_every": 2}, "no penalty"),
        ({"minibatch_discrimination": True, "game": objectives.wgan_gp()}, "couples the samples"),
        ({"pac": 2, "generators": 2}, "pack mixes samples of several generators"),
        ({"game": objectives.wgan_gp}, "expected a Game"),
    ],
)
@pytest.mark.usefixtures("no_annotation_checks")
def test_what_makes_no_sense_is_refused_with_the_reason(options, words):
    with pytest.raises(UserError, match=words):
        gan_of(**options)


@pytest.mark.usefixtures("no_annotation_checks")
def test_what_is_plainly_meant_is_taken():
    gan = gan_of(
        latent_dim=np.int64(2), n_critic=1.0, ema=np.float32(0.5), pac=jnp.int32(1), spectral_norm=np.False_, augment=()
    )
    assert (gan.latent_dim, gan.n_critic, gan.ema, gan.pac, gan.spectral_norm, gan.augment) == (2, 1, 0.5, 1, False, ())
    assert {type(value) for value in (gan.latent_dim, gan.n_critic, gan.pac)} == {int}
    gan = gan_of(networks.MlpGenerator(SHAPE, LATENT, hidden_dim=4), networks.MlpCritic(SHAPE, hidden_dim=4), n_classes=2)
    real = real_batch()
    draw = gan.draw(jax.random.key(3), np.int64(4), real.tolist(), [0, 1, 1, 0])
    same = gan.draw(jax.random.PRNGKey(3), 4, np.asarray(real), np.array([0, 1, 1, 0]))
    chex.assert_trees_all_equal(*(plain(one._replace(critic_step=jnp.int32(one.critic_step))) for one in (draw, same)))
    state = jax.jit(lambda: gan.init(jax.random.PRNGKey(0), real, [0] * 4))()
    assert gan.sample(state, jax.random.key(1), np.int32(3), [1, 0, 1]).shape == (3, *SHAPE)
    assert gan.sample(state, jax.random.key(1), 3.0).shape == (3, *SHAPE)


def test_a_conditional_gan_asks_for_labels():
    gan = gan_of(n_classes=2)
    with pytest.raises(UserError, match="needs the labels"):
        gan.draw(jax.random.key(0), 0, real_batch())


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"order": "generator_first"},
        {"order": "generator_second", "generator_latent": "same"},
        {"critic_data": "same", "n_classes": 2, "fake_labels": "random"},
    ],
    ids=lambda options: "-".join(map(str, options.values())) or "plain",
)
def test_the_compiled_loop_is_ones_own_loop_and_its_iteration(options):
    """By the public names alone: a loop over draw, critic_step and gen_step; `iteration`; and the compiled program of `fit`."""
    gan = gan_of(game=objectives.wgan_gp(), ema=0.9, **options)
    gan = gan.with_numbers(generator_optimizer=optax.sgd(0.1, momentum=0.9), critic_optimizer=optax.sgd(0.1, momentum=0.9))
    samples, labels = np.asarray(real_batch(5, 6)).reshape(-1, *SHAPE), np.arange(6 * BATCH, dtype=np.int32) % 2
    data = as_dataset(samples, labels)
    program = Program(gan, data, Schedule(steps=3, batch_size=BATCH, seeds=(7,)))
    start = program.initial_state()
    looped = program.chunk(jax.tree.map(jnp.copy, start), program.zero_sums(start), 3)[0]
    step = partial(own_iteration, gan, program, jax.jit(gan.critic_step), jax.jit(gan.gen_step))
    iteration = jax.jit(gan.iteration)
    by_hand, by_iteration = start, start
    for t in range(3):
        by_hand = step(by_hand, t)
        first = int(gan.first_batch(t))
        some = [batch_of(program, start.key, max(0, i)) for i in range(first, first + gan.batches_per_iteration)]
        by_iteration, _ = iteration(by_iteration, tuple(jnp.stack(x) for x in zip(*some, strict=True)))
    chex.assert_trees_all_close(plain(looped), plain(by_hand), rtol=1e-4, atol=1e-5)
    chex.assert_trees_all_close(plain(looped), plain(by_iteration), rtol=1e-4, atol=1e-5)


def batch_of(program, key, index):
    """The batches as the compiled loop takes them, so that both see the same."""
    from jaxgan.engine.batches import real_batch as of

    return of(None, program.data, BATCH, key, jnp.int32(index))


def own_iteration(gan, program, critic_step, gen_step, state, t):
    """What a user writes: n_critic critic steps and one generator step."""
    place = {"critic_first": gan.n_critic, "generator_first": 0, "generator_second": 1}[gan.order]
    for i in range(gan.n_critic + 1):
        if i == place:
            before = max(0, gan.n_critic * t + place - 1)
            real, label = batch_of(program, state.key, gan.batch_of(before))
            state, _ = gen_step(state, gan.draw(state.key, jnp.int32(t), real, label, step="generator"))
        if i < gan.n_critic:
            index = gan.n_critic * t + i
            real, label = batch_of(program, state.key, gan.batch_of(index))
            state, _ = critic_step(state, gan.draw(state.key, jnp.int32(index), real, label))
    return state._replace(step=state.step + 1)


def test_steps_run_under_vmap_over_seeds():
    gan = gan_of(critic=Critic())
    real = real_batch()
    states = jax.vmap(lambda key: gan.init(key, real))(jax.random.split(jax.random.key(0), 3))
    after, metrics = jax.jit(jax.vmap(lambda s: gan.critic_step(s, gan.draw(s.key, 0, real))))(states)
    assert metrics["critic_loss"].shape == (3,)
    assert len({float(x) for x in metrics["critic_loss"]}) == 3
    assert after.step.shape == (3,)


def test_the_example_in_its_docstring_runs():
    runner = doctest.DocTestRunner()
    for example in doctest.DocTestFinder().find(jaxgan.Gan, "Gan"):
        runner.run(example)
    assert runner.tries > 0 and runner.failures == 0


def test_bytes_become_numbers_in_draw():
    gan = gan_of(Generator(), Critic())
    draw = gan.draw(jax.random.key(0), 0, np.full((BATCH, *SHAPE), 255, np.uint8))
    np.testing.assert_array_equal(draw.real, np.ones((BATCH, *SHAPE), np.float32))
