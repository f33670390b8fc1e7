"""One setting of the page in training: the numbers are those of the public loop, and what is shown is what they say."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxgan
from jaxgan import metrics, networks, objectives
from jaxgan.engine.draws import Stream, stream_key
from jaxgan.errors import UserError
from jaxgan.play.data import load_points, real_points
from jaxgan.play.options import QUICK_SETTINGS
from jaxgan.play.setting import POINTS, SIDE, Setting

SMALL = {"hidden_dim": 8, "batch_size": 16}
RING = load_points("ring8")
RATE = QUICK_SETTINGS["wgan_gp"]["learning_rate"]


@pytest.fixture(scope="module")
def small():
    """The default, small; three iterations made."""
    setting = Setting({**SMALL, "n_critic": 2}, RING, 3, 1)
    setting.advance(3)
    return setting


def by_hand(seed, iterations, batch_size=16):
    """The same by jaxgan's public names."""
    adam = optax.adam(RATE, 0.5, 0.9)
    generator, critic = networks.MlpGenerator((2,), 2, hidden_dim=8), networks.MlpCritic((2,), hidden_dim=8)
    gan = jaxgan.Gan(generator, critic, objectives.wgan_gp(gradient_penalty_weight=0.1), adam, adam, latent_dim=2, n_critic=2)
    state, every = gan.init(jax.random.key(seed), jax.ShapeDtypeStruct((1, 2), float)), []

    @jax.jit
    def iteration(state, step):
        keys = [stream_key(state.key, Stream.DATA, 2 * step + i) for i in range(2)]
        return gan.iteration(state, jnp.stack([RING.sampler(key, batch_size)[0] for key in keys]))

    for step in range(iterations):
        state, of_step = iteration(state, step)
        every.append(of_step)
    return state, every


def weights(state):
    return jax.tree.leaves((state.generator.params, state.critic.params))


def apart(ours, theirs):
    """The distance of two trees, as a share of the norm of the whole."""
    norm = lambda leaves: np.sqrt(sum(np.square(leaf).sum() for leaf in leaves))  # noqa: E731
    return norm([np.asarray(a) - np.asarray(b) for a, b in zip(ours, theirs, strict=True)]) / norm(theirs)


def test_training_gives_the_numbers_of_the_public_loop(small):
    state, every = by_hand(3, 3)
    assert small.iteration == 3 and int(small.state.step) == 3
    assert apart(weights(small.state), weights(state)) < 1e-4
    assert apart(weights(small.state), weights(by_hand(3, 2)[0])) > 1e-3  # an iteration is more than that
    for name in ("critic_loss", "generator_loss"):
        assert small.metrics[name] == [pytest.approx(np.mean([of[name] for of in every]), abs=1e-4)]


def test_each_of_several_seeds_trains_as_it_would_alone(small):
    both = Setting({**SMALL, "n_critic": 2}, RING, 2, 2)
    both.advance(3)
    assert apart([leaf[1] for leaf in weights(both.state)], weights(small.state)) < 1e-3  # Adam makes much of rounding
    assert apart([leaf[0] for leaf in weights(both.state)], weights(small.state)) > 1e-1
    assert both.look().points.shape == (2, POINTS, 2)


def test_what_is_shown_is_of_the_state_and_w1_that_of_the_metrics(small):
    seen, gan, state = small.look(), small.gan, small.state
    assert seen.points.shape == seen.arrows.shape == (1, POINTS, 2) and seen.surface.shape == (1, SIDE, SIDE)

    def score(point):
        point = jnp.asarray(point)[None]
        return gan.networks.critic.apply({"params": state.critic.params}, point, jnp.zeros(1, jnp.int32)).score[0]

    np.testing.assert_allclose(seen.arrows[0, 7], jax.grad(score)(jnp.asarray(seen.points[0, 7])), atol=1e-6)
    column, row = 5, 30
    assert seen.surface[0, row, column] == pytest.approx(
        float(score(jnp.asarray([small.axis[column], small.axis[row]]))), abs=1e-5
    )
    real = real_points(RING, POINTS)
    of_all, slope = jax.vmap(score), jax.vmap(jax.grad(score))
    assert seen.score_gap[0] == pytest.approx(float(of_all(real).mean() - of_all(seen.points[0]).mean()), abs=1e-5)
    slopes = np.concatenate([slope(real), slope(seen.points[0])])  # (2 * POINTS, 2)
    assert seen.steepest[0] == pytest.approx(max(np.hypot(x, y) for x, y in slopes), abs=1e-5)
    measured = small.distances(seen.points)
    assert measured.w1 == [pytest.approx(metrics.wasserstein1(real, seen.points[0]))]
    covered = metrics.mode_coverage(RING.distribution.to_units(real), RING.distribution.centres, RING.distribution.std)
    assert small.distances(real[None]).modes == [int(covered.modes)] == [8]


def test_a_number_goes_into_the_running_program_and_nothing_is_compiled():
    setting = Setting({**SMALL, "n_critic": 1}, RING, 0, 1)
    setting.advance(2)
    setting.look()
    compiled = []
    jax.monitoring.register_event_duration_secs_listener(
        lambda name, *_, **__: compiled.append(name) if "backend_compile" in name else None
    )
    try:
        program = setting.program
        for name, value in {"learning_rate": 1e-30, "critic_learning_rate": 1e-30, "gradient_penalty_weight": 2.0}.items():
            assert setting.change(name, value) is setting
        before = [np.array(leaf) for leaf in weights(setting.state)]
        setting.advance(2)
        assert setting.program is program and not compiled
    finally:
        jax.monitoring.clear_event_listeners()
    for old, new in zip(before, weights(setting.state), strict=True):
        np.testing.assert_array_equal(old, new)  # at such a rate nothing moves
    assert {field.name: field.value for field in setting.fields}["gradient_penalty_weight"] == 2.0


def test_another_number_of_critic_steps_goes_on_and_another_width_begins_anew(small):
    more = small.change("n_critic", 1)
    assert more is not small and more.iteration == 3 and more.state is small.state and more.gan.n_critic == 1
    wider = small.change("hidden_dim", 16)
    assert wider.iteration == 0 and wider.state is None
    other = small.change("variant", "wgan")
    assert other.given == {**SMALL, "variant": "wgan"} or "batch_size" not in other.given
    assert {field.name for field in other.fields} >= {"clip", "rmsprop_decay"}
    assert "gradient_penalty_weight" not in {field.name for field in other.fields}


def test_a_number_that_is_not_finite_is_said_of_its_seed():
    setting = Setting({**SMALL, "variant": "lsgan", "learning_rate": 1e30}, RING, 0, 1)
    setting.advance(4)
    seen = setting.look()
    assert setting.diverged == [4]
    assert setting.distances(np.full_like(seen.points, np.nan)).w1 == [None]
    setting.begin()
    assert setting.diverged == [None] and setting.iteration == 0


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"pac": 3}, "must divide the batch of 16"),
        ({"minibatch_discrimination": True}, "under a gradient penalty"),
        ({"variant": "sinkhorn", "pac": 2}, "without a critic"),
    ],
)
def test_what_makes_no_sense_together_is_refused_in_one_line(given, why):
    with pytest.raises(UserError, match=why) as refused:
        Setting({**SMALL, **given}, RING, 0, 1)
    assert "\n" not in str(refused.value)


@pytest.mark.slow
@pytest.mark.parametrize("variant", objectives.VARIANTS)
def test_every_variant_trains_and_is_shown(variant):
    setting = Setting({"variant": variant}, RING, 0, 1)
    setting.advance(2)
    seen = setting.look()
    assert np.isfinite(seen.points).all()
    assert (seen.surface is None) == (variant == "sinkhorn")


@pytest.mark.slow
@pytest.mark.parametrize(
    "given",
    [{"pac": 3, "batch_size": 24}, {"minibatch_discrimination": True}, {"generators": 3, "batch_size": 24}, {"unroll": 2}, {"spectral_norm": True}],
    ids=lambda given: next(iter(given)),
)  # fmt: skip
def test_every_remedy_trains_and_is_shown(given):
    setting = Setting({"variant": "gan", **SMALL, **given}, RING, 0, 2)
    setting.advance(2)
    seen = setting.look()
    assert np.isfinite(seen.points).all() and np.isfinite(seen.arrows).all()
    alone = not {"pac", "minibatch_discrimination"} & given.keys()
    assert (seen.surface is not None) == alone


@pytest.mark.slow
def test_the_default_finds_the_ring():
    setting = Setting({}, RING, 0, 1)
    setting.advance(1000)
    measured = setting.distances(setting.look().points)
    assert measured.modes[0] >= 6 and measured.w1[0] < 0.15
