"""A GAN that is conditional on label vectors: its draws, its remedies, and every way in which it is run."""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxgan
from jaxgan import Gan, networks, objectives
from jaxgan.data import as_dataset
from jaxgan.engine.loop import Program
from jaxgan.engine.sampling import TrainedGan
from jaxgan.engine.schedule import Schedule
from jaxgan.errors import UserError
from tests.tiny import on_disk

K = 3
CHANCE = np.random.default_rng(0)
POINTS, SHADES = CHANCE.normal(size=(48, 2)).astype(np.float32), CHANCE.integers(0, 256, (48, 4, 4, 1), dtype=np.uint8)
NUMBERS, SEVERAL = CHANCE.normal(30, 5, (48, K)), CHANCE.integers(0, 2, (48, K))


def gan_of(shape=(2,), **fields):
    pictures = len(shape) == 3
    generator = networks.FcGenerator(shape, 3, hidden_dim=4) if pictures else networks.MlpGenerator(shape, 3, hidden_dim=4)
    critic = networks.FcCritic(shape, hidden_dim=4) if pictures else networks.MlpCritic(shape, hidden_dim=4)
    return Gan(
        generator, critic, fields.pop("game", objectives.lsgan()), optax.sgd(0.01), optax.sgd(0.01),
        **{"latent_dim": 3, "label_dim": K, **fields},
    )  # fmt: skip


def program_of(gan, data, steps=3, seeds=(0,), **facts):
    return Program(gan, data, Schedule(steps=steps, batch_size=6, seeds=seeds, **facts))


def trained(program, steps=3, begin=None):
    state = program.initial_state() if begin is None else begin
    while steps:
        n = min(steps, program.feed.left(int(np.ravel(state.step)[0])))
        state, _, finite = program.chunk(state, program.zero_sums(state), n)
        steps -= n
    assert finite.all()
    return jax.device_get((state.generator.params, state.critic.params))


def assert_equal(ours, theirs, atol=1e-6):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=atol), ours, theirs)


def test_random_labels_are_the_real_batchs_rows_in_another_order_and_a_function_of_the_draw():
    gan = gan_of(fake_labels="random")
    labels = jnp.arange(6 * K, dtype=float).reshape(6, K)
    one, again, other = (gan.draw(jax.random.key(0), index, jnp.zeros((6, 2)), labels).fake_label for index in (4, 4, 5))
    np.testing.assert_array_equal(one, again)
    assert (one != labels).any() and (one != other).any()
    np.testing.assert_array_equal(jnp.sort(one, axis=0), labels)  # whole rows, each once
    assert (jnp.diff(one, axis=1) == 1).all()
    np.testing.assert_array_equal(gan_of().draw(jax.random.key(0), 4, jnp.zeros((6, 2)), labels).fake_label, labels)


def test_one_hot_vectors_through_a_projection_are_the_classes_with_the_same_numbers():
    """score + <V y, features> with V y a row of the table: eq. 3 of arXiv 1802.05637 with either form of y."""
    inner, samples = networks.MlpCritic((2,), hidden_dim=5), jnp.asarray(POINTS[:6])
    classes, labels = jnp.arange(6, dtype=jnp.int32) % K, jnp.eye(K)[jnp.arange(6) % K]
    for by_class, by_vector in (
        (networks.ProjectionCritic(inner, K), networks.ProjectionCritic(inner, label_dim=K)),
        (
            networks.PackedCritic(inner.clone(sample_shape=(4,)), 2, K, True),
            networks.PackedCritic(inner.clone(sample_shape=(4,)), 2, 0, True, K),
        ),
    ):
        params = by_class.init(jax.random.key(0), samples, classes)["params"]
        moved = {"critic": params["critic"], "label_projection": {"kernel": params["embedding"]}}
        theirs, ours = by_class.apply({"params": params}, samples, classes), by_vector.apply({"params": moved}, samples, labels)
        np.testing.assert_allclose(ours.score, theirs.score, atol=1e-6)
        assert jax.tree.structure(by_vector.init(jax.random.key(0), samples, labels)["params"]) == jax.tree.structure(moved)
        assert by_vector.example_inputs()[1].shape[1:] == (K,) and by_vector.sample_shape == (2,)


def test_a_pack_has_each_samples_own_label_beside_it():
    inner = networks.MlpCritic((2 * (2 + K),), hidden_dim=5)
    module, labels = networks.PackedCritic(inner, 2, label_dim=K), jnp.asarray(SEVERAL[:6], float)
    samples = jnp.asarray(POINTS[:6])
    variables = module.init(jax.random.key(0), samples, labels)
    packs = jnp.concatenate([samples, labels], axis=1).reshape(3, -1)
    expected = inner.apply({"params": variables["params"]["critic"]}, packs, jnp.zeros(3, jnp.int32)).score
    np.testing.assert_allclose(module.apply(variables, samples, labels).score, expected, atol=1e-6)
    assert module.sample_shape == (2,)


REMEDIES = {
    "unrolled, packed, random labels": {"unroll": 1, "pac": 2, "fake_labels": "random"},
    "several generators, projected": {"generators": 2, "conditioning": "projection", "game": objectives.wgan_gp()},
    "packed, projected, normalised": {"pac": 3, "conditioning": "projection", "spectral_norm": True},
    "ct-gan": {"game": objectives.ct_gan(), "critic": networks.MlpCritic((2,), hidden_dim=4, dropout=0.5)},
}


@pytest.mark.parametrize(
    "case", [next(iter(REMEDIES)), *(pytest.param(name, marks=pytest.mark.slow) for name in [*REMEDIES][1:])]
)
def test_remedies_train_and_their_weights_move(case):
    fields = dict(REMEDIES[case])
    gan = gan_of(**{name: value for name, value in fields.items() if name != "critic"})
    gan = dataclasses.replace(gan, critic=fields["critic"]) if "critic" in fields else gan
    program = program_of(gan, as_dataset(POINTS, NUMBERS))
    begin = jax.device_get(program.initial_state())
    after = trained(program)
    for name, old, new in zip(("generator", "critic"), (begin.generator.params, begin.critic.params), after, strict=True):
        moved = jax.tree.map(lambda a, b: bool((a != b).any()), old, new)
        assert sum(jax.tree.leaves(moved)) > 2, name


def test_replicas_streams_and_a_resumed_run_are_the_run_itself():
    gan, data = gan_of((4, 4, 1), fake_labels="random"), as_dataset(SHADES, NUMBERS)
    whole = trained(program_of(gan, data))
    program = program_of(gan, data)
    half, _, _ = program.chunk(program.initial_state(), program.zero_sums(program.initial_state()), 1)
    assert_equal(trained(program, 2, half), whole, atol=0)
    both = trained(program_of(gan, on_disk(data), seeds=(4, 0)))
    assert_equal(jax.tree.map(lambda leaf: leaf[1], both), whole)
    other = as_dataset(SHADES, NUMBERS[::-1])  # the same program: labels matter
    assert any((a != b).any() for a, b in zip(*map(jax.tree.leaves, (trained(program_of(gan, other)), whole)), strict=True))


def test_a_gan_without_labels_takes_data_that_have_vectors():
    gan = gan_of(label_dim=0)
    (_, with_vectors), (_, without) = (
        jax.eval_shape(program._first_iteration, program.numbers, program.feed.like, program.seeds)
        for program in (program_of(gan, as_dataset(POINTS, NUMBERS)), program_of(gan, as_dataset(POINTS)))
    )
    assert jax.tree.map(lambda leaf: leaf.shape, with_vectors) == jax.tree.map(lambda leaf: leaf.shape, without)


def test_networks_of_ones_own_take_vectors_or_have_them_joined():
    class Generator(nn.Module):
        @nn.compact
        def __call__(self, latent, labels):
            assert labels.shape[1:] == (K,) and jnp.issubdtype(labels.dtype, jnp.floating)
            return nn.Dense(2)(jnp.concatenate([latent, labels], 1))

    class Critic(nn.Module):
        @nn.compact
        def __call__(self, samples):
            assert samples.shape[1:] == (2 + K,)
            return nn.Dense(1)(samples)

    gan = dataclasses.replace(gan_of(), generator=Generator(), critic=Critic())
    state = gan.init(jax.random.key(0), POINTS[:6])
    assert state.generator.params["Dense_0"]["kernel"].shape == (3 + K, 2)
    state, metrics = gan.critic_step(state, gan.draw(state.key, 0, POINTS[:6], jnp.asarray(NUMBERS[:6])))
    assert np.isfinite(metrics["critic_loss"]) and not gan.couples_batch((2,))
    assert gan.sample(state, jax.random.key(0), 4, jnp.asarray(NUMBERS[:4])).shape == (4, 2)


class Named(TrainedGan):
    class_names = ("cat", "dog")


def test_a_class_is_drawn_by_its_name():
    gan = gan_of(label_dim=0, n_classes=2)
    trained = Named(gan, gan.init(jax.random.key(0), POINTS[:6]), (2,))
    assert trained.sample(2, label="dog")[1].tolist() == [1, 1] and trained.sample(2, label=0)[1].tolist() == [0, 0]
    with pytest.raises(UserError, match="--label 'dgo' is not known: did you mean 'dog'"):
        trained.sample(2, label="dgo")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: gan_of(n_classes=2), "n_classes=2 and label_dim=3: labels are classes or vectors: give one"),
        (lambda: gan_of(label_dim=0, conditioning="projection"), "it needs n_classes or label_dim"),
        (lambda: gan_of().draw(jax.random.key(0), 0, POINTS[:6]), r"conditional \(label_dim=3\) and needs the labels"),
        (lambda: gan_of().draw(jax.random.key(0), 0, POINTS[:6], jnp.zeros((6, 2))), r"label: shape \(6, 2\); must be \(6, 3\), 3 numbers"),
        (lambda: gan_of().draw(jax.random.key(0), 0, POINTS[:6], jnp.full((6, 3), jnp.nan)), "not finite"),
        (lambda: gan_of().sample_labels(4), "needs the labels of the samples: give labels"),
        (lambda: jaxgan.fit(gan_of(), (POINTS, NUMBERS[:, :2]), steps=1), r"\(label_dim=3\), and the data's labels are vectors of 2"),
        (lambda: jaxgan.fit(gan_of(), POINTS, steps=1), "and the data's labels are none"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call, words):
    with pytest.raises(UserError, match=words):
        call()


def test_frozen_layers_and_parts_of_a_batch_know_of_vectors():
    """One critic step in three parts is that of the whole batch, and the first layer stays; both look at the networks with labels first."""
    whole, parts = (gan_of(freeze_critic=1, accumulate=n) for n in (1, 3))
    real, label = POINTS[:6], jnp.asarray(NUMBERS[:6] / 30, float)
    state = whole.init(jax.random.key(0), real, label)
    assert parts.init(jax.random.key(0), real, label).step == 0
    draw = whole.draw(state.key, 0, real, label)
    (after, _), (after_parts, _) = (jax.jit(gan.critic_step)(state, draw) for gan in (whole, parts))
    before, moved = state.critic.params, after.critic.params
    first = {path[0] for path in whole.frozen_parameters((2,))}
    assert first == {"model"} and len(whole.frozen_parameters((2,))) == 2
    still = jax.tree.map(lambda a, b: bool((a == b).all()), before, moved)
    assert sorted(jax.tree.leaves(still)) == [False] * 6 + [True] * 2  # four linear layers of two arrays
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7), moved, after_parts.critic.params)
