"""The remedies against mode collapse, as steps: what each paper says of its own, and what makes no sense together."""

import dataclasses
from functools import partial

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxgan
from jaxgan import runs
from jaxgan.engine import steps
from jaxgan.engine.steps import critic_gradients, generator_gradients
from jaxgan.errors import UserError
from jaxgan.networks import generator_index
from jaxgan.objectives.losses import wasserstein_critic_loss, wasserstein_generator_loss
from jaxgan.settings import Config, resolve
from tests.tiny import pictures, plain, state_and_draws, tiny

REMEDIES = {
    "minibatch discrimination": dict(variant="gan", minibatch_discrimination=True),
    "pac": dict(variant="wgan_gp", pac=2, conditional=True),
    "pac, projected": dict(variant="wgan_gp", pac=3, conditional=True, conditioning="projection"),
    "unrolled": dict(variant="gan", unroll=2),
    "several generators": dict(variant="hinge", generators=3),
    "a mixture of generators": dict(variant="wgan_gp", generators=2, generator_classifier_weight=0.0),
    "spectral norm": dict(variant="sngan"),
    "lazy penalty": dict(variant="r3gan", penalty_every=2),
    "a frozen layer": dict(variant="lsgan", freeze_critic=1),
    "in parts": dict(variant="wgan_gp", accumulate=3),
    "began": dict(variant="began"),
    "ebgan": dict(variant="ebgan"),
    "sinkhorn": dict(variant="sinkhorn", n_critic=0),
    "consistency": dict(variant="ct_gan"),
}


def flat(tree) -> np.ndarray:
    return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(tree)])


def critic_side(run):
    """Compiled: (state, draw) -> the gradients of the critic's loss, with its metrics."""
    return jax.jit(partial(critic_gradients, run.gan))


def generator_side(run):
    """Compiled: (state, draw) -> the gradients of the generator's loss."""
    return jax.jit(partial(generator_gradients, run.gan))


# Unrolled GAN


def test_the_unrolled_gradient_is_that_of_a_critic_step_written_out():
    """K = 1, plain gradient descent: d/dG of L_G(C - rate dL_C/dC(G), G), C's step depending on G (arXiv 1611.02163, eq. 12)."""
    setup = tiny("mlp", variant="wgan", unroll=1, optimizer="sgd", critic_learning_rate=0.1, clip=10.0)
    state, _, draw = state_and_draws(setup)

    def score_of(params, samples):
        return setup.gan.networks.critic.apply({"params": params}, samples, draw.fake_label, train=True).score

    def by_hand(generator):
        fake = setup.gan.networks.generator.apply({"params": generator}, draw.latent, draw.fake_label, train=True)
        step = jax.grad(lambda c: wasserstein_critic_loss(score_of(c, draw.real), score_of(c, fake)))(state.critic.params)
        ahead = jax.tree.map(lambda c, g: c - 0.1 * g, state.critic.params, step)
        return wasserstein_generator_loss(score_of(ahead, fake))

    expected = jax.jit(jax.grad(by_hand))(state.generator.params)
    ours = generator_side(setup)(state, draw).params
    blind = generator_side(tiny("mlp", variant="wgan"))(state, draw).params  # whatever the critic's rate and bound
    chex.assert_trees_all_close(ours, expected, rtol=1e-4, atol=1e-7)
    assert np.linalg.norm(flat(ours) - flat(blind)) > 1e-2 * np.linalg.norm(flat(blind)), "looking ahead changes nothing"


def test_looking_ahead_with_the_samples_of_the_generators_own_step_changes_nothing(monkeypatch):
    """Of a generator without dropout all steps ahead have the same samples; with it each draws its own."""
    setup = tiny("mlp", variant="gan", unroll=2)
    state, _, draw = state_and_draws(setup)
    shared = generator_side(setup)(state, draw).params
    monkeypatch.setattr(steps, "has_dropout", lambda *_: True)
    apart = generator_side(tiny("mlp", variant="gan", unroll=2))(state, draw).params
    chex.assert_trees_all_close(shared, apart, rtol=1e-4, atol=1e-7)


def test_not_unrolled_is_the_plain_step_and_what_was_looked_at_ahead_is_forgotten():
    unrolled, unmoved, without = (tiny("mlp", variant="gan", **fields) for fields in (dict(unroll=3), dict(unroll=0), {}))
    state, _, draw = state_and_draws(without)
    chex.assert_trees_all_equal(*(plain(jax.jit(run.gan.gen_step)(state, draw)) for run in (unmoved, without)))
    after, _ = jax.jit(unrolled.gan.gen_step)(state, draw)
    chex.assert_trees_all_equal(after.critic, state.critic)


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "adagrad"])
def test_looking_ahead_is_differentiable_where_units_are_dead(optimizer):
    """A unit that no sample reaches has a gradient of exactly 0, where a root of its square has no derivative."""
    setup = tiny("mlp", variant="gan", unroll=2, optimizer=optimizer)
    state, _, draw = state_and_draws(setup)
    dead = jax.tree.map(lambda x: x - 100.0 if x.shape == (8,) else x, state.critic.params)
    state = state._replace(critic=state.critic._replace(params=dead))
    chex.assert_tree_all_finite(generator_side(setup)(state, draw).params)


# Lazy penalty


def test_a_lazy_penalty_comes_every_kth_step_k_times_as_heavy():
    lazy, often, never = (
        tiny("mlp", variant="wgan_gp", **f) for f in (dict(penalty_every=3), {}, dict(gradient_penalty_weight=0.0))
    )
    state, draw, _ = state_and_draws(often)

    def gradients(setup, index):
        return flat(critic_side(setup)(state, draw._replace(critic_step=jnp.int32(index))).params)

    base, full = gradients(never, 0), gradients(often, 0)
    np.testing.assert_allclose(gradients(lazy, 3) - base, 3 * (full - base), rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(gradients(lazy, 4), base, rtol=1e-5, atol=1e-6)


# PacGAN


def test_the_penalty_of_a_pack_is_that_of_its_joint_gradient():
    setup = tiny("mlp", variant="wgan_gp", pac=3, conditional=True)
    state, draw, _ = state_and_draws(setup)
    np.testing.assert_array_equal(draw.epsilon[0::3], draw.epsilon[1::3])
    assert len(np.unique(draw.epsilon)) == len(draw.epsilon) // 3
    fake = setup.gan.networks.generator.apply({"params": state.generator.params}, draw.latent, draw.fake_label, train=True)
    between = draw.epsilon[:, None] * draw.real + (1 - draw.epsilon[:, None]) * fake

    def score(x):
        return setup.gan.networks.critic.apply({"params": state.critic.params}, x, draw.real_label, train=True).score

    assert score(between).shape == (2,)
    norms = []
    for pack in range(2):  # each pack's own gradient, by its own score
        gradient = jax.jacrev(score)(between)[pack]
        assert not np.any(np.delete(np.asarray(gradient), range(3 * pack, 3 * pack + 3), axis=0))
        norms.append(np.linalg.norm(np.ravel(gradient)))
    metrics = critic_side(setup)(state, draw).metrics
    np.testing.assert_allclose(metrics["penalty_gradient_norm"], np.mean(norms), rtol=1e-4)
    np.testing.assert_allclose(metrics["gradient_penalty"], 10 * np.mean((np.asarray(norms) - 1) ** 2), rtol=1e-4)


# Spectral norm


def test_spectral_vectors_make_one_power_iteration_a_critic_step_and_none_a_generator_step():
    setup = tiny("mlp", variant="sngan", n_critic=1)
    state, draw, generator_draw = state_and_draws(setup)
    assert jax.tree.leaves(state.critic.variables["spectral"])
    expected = setup.gan.networks.critic.refreshed(state.critic.params, state.critic.variables)
    after, _ = jax.jit(setup.gan.critic_step)(state, draw)
    chex.assert_trees_all_close(after.critic.variables, expected, rtol=1e-5, atol=1e-6)
    last, _ = jax.jit(setup.gan.gen_step)(after, generator_draw)
    chex.assert_trees_all_equal(last.critic.variables, after.critic.variables)


# Several generators


def test_several_generators_are_told_apart_and_sampled_by_number(tmp_path):
    config = Config(dataset="ring8", variant="hinge", generators=3, hidden_dim=8, batch_size=12, steps=3, latent_dim=2, out=tmp_path / "run",
                    log_every=1)  # fmt: skip
    result = runs.fit(config, progress=False)
    assert 0 <= result.metrics[-1]["generator_classification"] <= 1
    run = jaxgan.load(tmp_path / "run")
    together, _ = run.sample(9, seed=4)
    for k in range(3):
        alone, _ = run.sample(9, seed=4, generator=k)
        np.testing.assert_allclose(alone[k::3], together[k::3], rtol=1e-5, atol=1e-6)
        assert np.abs(alone[(k + 1) % 3 :: 3] - together[(k + 1) % 3 :: 3]).max() > 1e-3
    with pytest.raises(UserError, match="--generator 3: allowed are 0 to 2"):
        run.sample(9, generator=3)


def test_the_classifier_is_shown_who_made_what():
    """The critic's loss holds the cross-entropy of its logits against sample i's generator, i mod M (arXiv 1708.02556, eq. 2)."""
    setup = tiny("mlp", variant="wgan", generators=2, clip=10.0)
    state, draw, _ = state_and_draws(setup)
    variables = {"params": state.generator.params}
    fake = setup.gan.networks.generator.apply(variables, draw.latent, draw.fake_label, train=True)
    output = setup.gan.networks.critic.apply({"params": state.critic.params}, fake, draw.fake_label, train=True)
    real = setup.gan.networks.critic.apply({"params": state.critic.params}, draw.real, draw.real_label, train=True)
    chosen = jax.nn.log_softmax(output.class_logits)[jnp.arange(len(fake)), generator_index(len(fake), 2)]
    metrics = critic_side(setup)(state, draw).metrics
    np.testing.assert_allclose(
        metrics["critic_loss"], wasserstein_critic_loss(real.score, output.score) - chosen.mean(), rtol=1e-4
    )


# BEGAN


def test_begans_balance_is_carried_in_the_state(tmp_path):
    setup = tiny("mlp", variant="began", balance_rate=0.5, n_critic=1)
    state, draw, _ = state_and_draws(setup)
    after, metrics = jax.jit(setup.gan.critic_step)(state, draw)
    balance = 0.5 * -metrics["score_real"] + metrics["score_fake"]  # gamma L(x) - L(G(z)), gamma = .5
    np.testing.assert_allclose(jax.tree.leaves(after.objective)[0], np.clip(0.5 * balance, 0, 1), rtol=1e-4, atol=1e-6)


# Together with the engine


QUICK = {"several generators", "spectral norm"}  # of a kind with the others


@pytest.mark.parametrize(
    "fields", [pytest.param(f, id=name, marks=() if name in QUICK else pytest.mark.slow) for name, f in REMEDIES.items()]
)
def test_a_replica_with_a_remedy_is_the_solo_run(fields):
    """Two iterations side by side and alone, to 1e-4 of the parameters' norm."""
    fields = {"n_critic": 2, "latent_dim": 2, "seed": 5, **fields}
    together = tiny("mlp", replicas=2, **fields).program()
    state = together.initial_state()
    state, _, finite = together.chunk(state, together.zero_sums(state), 2)
    assert finite.all()
    alone = tiny("mlp", **{**fields, "seed": 6}).program()
    solo = alone.initial_state()
    solo, _, _ = alone.chunk(solo, alone.zero_sums(solo), 2)
    ours, theirs = (flat(plain(s._replace(key=s.step))) for s in (jax.tree.map(lambda x: x[1], state), solo))
    assert np.linalg.norm(ours - theirs) < 1e-4 * np.linalg.norm(theirs)


@pytest.mark.slow
def test_remedies_resume_bit_for_bit(tmp_path):
    """Spectral vectors and several generators' weights are in the checkpoint (k_t of BEGAN: test_resume.py)."""
    config = Config(
        dataset="ring8", variant="sngan", generators=2, unroll=1, hidden_dim=8, batch_size=8, latent_dim=2, n_critic=1,
        log_every=1, sample_every=4, checkpoint_every=2,
    )  # fmt: skip
    whole = runs.fit(dataclasses.replace(config, steps=4, out=tmp_path / "whole"), progress=False)
    runs.fit(dataclasses.replace(config, steps=2, out=tmp_path / "parts"), progress=False)
    parts = runs.fit(Config(out=tmp_path / "parts", resume=True, steps=4), progress=False)
    chex.assert_trees_all_equal(plain(parts.state), plain(whole.state))


# What makes no sense


@pytest.mark.parametrize(
    ("network", "fields", "words"),
    [
        ("mlp", dict(variant="wgan_gp", minibatch_discrimination=True), "couples the samples of a batch"),
        ("mlp", dict(pac=4), "--pac 4: must divide the batch of 6"),
        ("mlp", dict(generators=4), "--generators 4: must divide the batch of 6"),
        ("mlp", dict(generators=2, pac=2), "has no one generator to name"),
        ("mlp", dict(generator_classifier_weight=1.0), "it needs --generators"),
        ("mlp", dict(variant="gan", penalty_every=2), "gan has no penalty"),
        ("mlp", dict(augment="colour"), "is for images"),
        ("fc", dict(augment="colours"), "did you mean 'colour'"),
        ("mlp", dict(variant="ebgan", pac=2), "a pack is scored as one"),
        ("mlp", dict(variant="began", conditional=True, conditioning="projection"), "acts on a score"),
        ("mlp", dict(variant="ebgan", critic="mlp"), "how well its critic redraws them; allowed are"),
        ("mlp", dict(variant="sinkhorn", n_critic=0, unroll=1), "without a critic"),
        ("mlp", dict(variant="sinkhorn", n_critic=1), "has no critic; allowed is 0"),
        ("mlp", dict(variant="sinkhorn", n_critic=0, conditional=True), "without a critic"),
        ("mlp", dict(n_critic=0), "--n-critic 0: must be at least 1"),
        ("conv", dict(variant="ct_gan"), "compares passes with dropout, which this one has not; allowed are"),
        ("fc", dict(variant="ct_gan", dropout=0.0), "--dropout 0"),
        ("fc", dict(critic="minibatch"), "this critic couples the samples"),
    ],
)  # fmt: skip
def test_a_combination_that_makes_no_sense_is_refused_with_its_reason(network, fields, words):
    with pytest.raises(UserError, match=words):
        tiny(network, **fields)


def test_augmentation_sees_real_and_fake_pictures_and_trains():
    setup = tiny("fc", variant="hinge", augment="colour,translation,cutout", dataset=pictures(channels=3))
    state, draw, generator_draw = state_and_draws(setup)
    gradients = critic_side(setup)
    first, second = (gradients(state, draw._replace(key=jax.random.key(k))).metrics["score_real"] for k in (1, 2))
    assert first != second, "pictures are not changed by chance"
    after, _ = jax.jit(setup.gan.gen_step)(state, generator_draw)
    assert np.abs(flat(after.generator.params) - flat(state.generator.params)).max() > 0


def test_what_is_resolved_again_is_the_same():
    for fields in REMEDIES.values():
        config = tiny("mlp", **fields).config
        assert resolve(config).config == config
