"""Adaptive augmentation: its controller on given numbers, what the critic sees, and the state through steps, loops and checkpoints."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import objectives
from jaxgan.data import Dataset
from jaxgan.engine.adaptive import adapted, adjusted_probability, no_augmentation
from jaxgan.engine.checkpoints import Checkpoints, Progress
from jaxgan.engine.gan import iterate
from jaxgan.engine.steps import critic_gradients
from jaxgan.errors import UserError
from jaxgan.objectives import VARIANTS
from jaxgan.types import Augmentation, CriticOutput, CriticView
from tests.tiny import arrays, batch, initial, pictures, plain, state_and_draws, tiny

OBLONG = Dataset("digits", (8, 12, 1), 0, np.zeros((40, 8, 12, 1), np.uint8), None)
NUMBERS = dict(target=0.6, images=1000)


@pytest.mark.parametrize(
    ("p", "r_t", "samples", "after"),
    [
        (0.5, 0.7, 100, 0.6),
        (0.5, 0.5, 100, 0.4),
        (0.5, 0.6, 100, 0.5),
        (0.0, -1.0, 100, 0.0),
        (0.02, 0.0, 100, 0.0),
        (0.97, 1.0, 100, 1.0),
        (1.0, 1.0, 5000, 1.0),
    ],
)
def test_the_probability_moves_by_samples_over_images_towards_the_target_and_stays_a_probability(p, r_t, samples, after):
    np.testing.assert_allclose(adjusted_probability(p, r_t, samples, **NUMBERS), after, atol=1e-6)


def test_from_0_to_1_takes_as_many_images():
    p = 0.0
    for _ in range(10):
        p = float(adjusted_probability(p, 1.0, 100, **NUMBERS))
    np.testing.assert_allclose(p, 1, atol=1e-6)


def test_it_moves_every_so_many_critic_steps_by_the_mean_since():
    gan = tiny("fc", variant="gan", augment="flip", ada=True, ada_interval=3, ada_images=100, ada_target=0.5).gan
    state = state_of(no_augmentation()._replace(probability=jnp.asarray(0.5)))
    found = []
    for r in (1.0, 0.0, 0.9, -1.0, 0.0, 0.0):  # means .633 and -.333
        state = state._replace(augmentation=adapted(gan, state, {"overfitting_r_t": jnp.asarray(r)}, 6))
        found.append(round(float(state.augmentation.probability), 5))
    assert found == [0.5, 0.5, 0.68, 0.68, 0.68, 0.5]
    assert int(state.augmentation.steps) == 0 and float(state.augmentation.signs) == 0


def state_of(augmentation):
    from jaxgan.types import GanState

    return GanState(jnp.zeros((), jnp.int32), jax.random.key(0), (), (), (), (), augmentation)


def test_of_which_games_the_scores_have_a_sign():
    """Held by hand: the margin of scores (real 2, fake 3), by the definition of each loss; none of WGAN's family and the energies."""
    margins = {"gan": 2, "gan_minimax": 2, "dragan": 2, "hinge": 2, "sngan": 2, "lsgan": 1.5, "rpgan": -1, "r3gan": -1}
    view = CriticView(None, None, CriticOutput(jnp.full(4, 2.0)), CriticOutput(jnp.full(4, 3.0)), None)
    for name, variant in VARIANTS.items():
        margin = variant.build().objective.real_margin
        assert (margin is None) == (name not in margins), name
        if margin is not None:
            np.testing.assert_array_equal(margin(view), np.full(4, margins[name]))


def test_r_t_is_the_mean_sign_of_the_scores_of_real_samples():
    run = tiny("fc", variant="lsgan", augment="flip", ada=True, dropout=0.0, dataset=pictures(size=8))
    state, draw, _ = state_and_draws(run)
    gradients = jax.jit(lambda state: critic_gradients(run.gan, state, draw))
    metrics = gradients(state).metrics
    score = run.gan.networks.critic.apply(
        {"params": state.critic.params}, draw.real, draw.real_label
    ).score  # p = 0: as they are
    np.testing.assert_allclose(metrics["overfitting_r_t"], np.sign(np.asarray(score) - 0.5).mean(), atol=1e-6)
    always = state._replace(augmentation=state.augmentation._replace(probability=jnp.ones(())))
    assert gradients(always).metrics["score_real"] != metrics["score_real"], "nothing is augmented at p = 1"
    assert gradients(always).metrics["augment_probability"] == 1


def test_probability_0_is_no_augmentation_bit_for_bit():
    fields = dict(variant="hinge", dataset=pictures(size=8, channels=3), dropout=0.0)
    adaptive, without = (tiny("fc", **fields, **more) for more in (dict(ada=True), {}))
    state, draw, _ = state_and_draws(adaptive)
    bare = state._replace(critic=state.critic._replace(params=state.critic.params["critic"]), augmentation=())

    def side(run, state):
        return jax.jit(lambda state, draw: critic_gradients(run.gan, state, draw))(state, draw).params

    chex.assert_trees_all_equal(side(adaptive, state)["critic"], side(without, bare))


MOVING = dict(
    variant="hinge", ada=True, ada_interval=3, ada_images=60, ada_target=0.0, augment="flip,shift", optimizer="momentum", learning_rate=0.02,
    dataset=pictures(size=8),
)  # fmt: skip


def test_a_resumed_run_is_the_whole_one(tmp_path):
    """Four iterations of two critic steps, p moving every third step, of two replicas; by the engine alone."""
    run = tiny("fc", replicas=2, **MOVING)
    program = run.program()
    start = program.initial_state()
    assert start.augmentation.probability.shape == (2,)
    whole, _, _ = program.chunk(jax.tree.map(jnp.copy, start), program.zero_sums(start), 4)
    part, sums, _ = program.chunk(start, program.zero_sums(start), 2)
    probability = np.asarray(whole.augmentation.probability)
    assert 0 < probability.max() < 1 and np.all(np.asarray(whole.augmentation.steps) == 2)
    saved = Checkpoints(tmp_path)
    saved.save(2, Progress(part, sums, 0))
    restored = saved.restore(program.initial_state()).progress.state
    saved.close()
    chex.assert_trees_all_equal(plain(restored), plain(part))
    resumed, _, _ = program.chunk(restored, program.zero_sums(restored), 2)
    chex.assert_trees_all_equal(plain(resumed), plain(whole))


@pytest.mark.slow
def test_the_loop_is_the_plain_loop_and_a_replica_the_solo_run():
    program = tiny("fc", replicas=2, seed=5, **MOVING).program()
    start = program.initial_state()
    whole, sums, _ = program.chunk(start, program.zero_sums(start), 4)
    solo = tiny("fc", seed=6, **MOVING)
    state, data = initial(solo, 6), arrays(solo)
    step = jax.jit(lambda state: iterate(solo.gan, state, lambda key, index: batch(solo, data, key, index)))
    total = 0.0
    for _ in range(4):
        state, metrics = step(state)
        total += metrics["overfitting_r_t"]
    chex.assert_trees_all_close(plain(state), jax.tree.map(lambda x: x[1], plain(whole)), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(sums["overfitting_r_t"][1], total, atol=1e-5)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (dict(variant="wgan"), "ada: this game does not say by which sign"),
        (dict(variant="wgan_gp"), "any offset"),
        (dict(variant="began"), "--ada: began scores a sample by how well its critic redraws it"),
        (dict(variant="gan", ada=False, ada_target=0.5), "--ada-target has no meaning without --ada"),
        (dict(network="mlp", variant="gan"), "--ada: is for images"),
        (dict(network="mlp", variant="sinkhorn", n_critic=0), "--ada: sinkhorn compares samples without a critic"),
        (dict(variant="gan", augment="rotation", dataset=OBLONG), "--augment rotation: .* square pictures, .* of 8x12"),
    ],
)
def test_where_it_means_nothing_it_is_refused(fields, words):
    with pytest.raises(UserError, match=words):
        tiny(**{"network": "fc", "ada": True, **fields})


def test_without_a_list_of_kinds_it_takes_those_of_the_paper_that_fit_the_pictures():
    from jaxgan.networks.augmentation import adaptive_kinds

    config = tiny("fc", variant="gan", ada=True).config
    assert config.augment == "flip,rotation,shift,colour"
    assert (config.ada_target, config.ada_images, config.ada_interval) == (0.6, 100_000, 4)
    assert adaptive_kinds((28, 20, 1)) == ("flip", "shift", "colour")
    assert tiny("fc", variant="gan").config.augment is None


def test_a_game_of_ones_own_says_its_sign():
    import optax

    import jaxgan
    from jaxgan import networks

    game = objectives.score_objective(lambda real, fake: (fake - real).mean(), lambda fake: -fake.mean())
    parts = (networks.FcGenerator((8, 8, 1), 2, hidden_dim=2), networks.FcCritic((8, 8, 1), hidden_dim=2))
    how = dict(latent_dim=2, augment=("flip",), ada=True)
    with pytest.raises(UserError, match="real_margin"):
        jaxgan.Gan(*parts, jaxgan.objectives.Game(game), optax.sgd(0.1), optax.sgd(0.1), **how)
    with_sign = game._replace(real_margin=lambda view: view.real.score)
    gan = jaxgan.Gan(*parts, jaxgan.objectives.Game(with_sign), optax.sgd(0.1), optax.sgd(0.1), **how)
    state = jax.eval_shape(lambda: gan.init(jax.random.key(0), jnp.zeros((1, 8, 8, 1))))
    assert isinstance(state.augmentation, Augmentation)
    with pytest.raises(UserError, match="augment says what is done"):
        jaxgan.Gan(*parts, jaxgan.objectives.Game(with_sign), optax.sgd(0.1), optax.sgd(0.1), latent_dim=2, ada=True)
