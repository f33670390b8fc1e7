"""Faults that users of other GAN libraries report, one test each: here they are impossible, or refused."""

import inspect

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.engine.steps import critic_gradients
from jaxgan.errors import UserError
from jaxgan.objectives.penalties import gradient_norm, gradient_penalty, interpolate
from jaxgan.optimizers import OPTIMIZERS
from jaxgan.settings import Config, resolve
from jaxgan.types import CriticOutput, Draw, GanState
from tests.tiny import pictures, state_and_draws, tiny


def draw_of(real, labels=None, epsilon=0.5) -> Draw:
    n = len(real)
    labels = jnp.zeros(n, jnp.int32) if labels is None else labels
    return Draw(real, labels, jnp.zeros((n, 1)), labels, jnp.full(n, epsilon), jax.random.key(0))


def test_fault_gradient_norm_taken_over_the_whole_batch_or_the_wrong_axis():
    """caogang/wgan-gp #27, torchgan: two samples of gradient norm 1 and 7 are penalised by (0 + 36) / 2, not by their joint norm."""
    slopes = jnp.array([1.0, 7.0])
    critic = lambda x, y: CriticOutput(score=x[:, 0, 0, 0] * slopes)  # noqa: E731
    value, _ = gradient_penalty(1.0)(critic, draw_of(jnp.zeros((2, 3, 3, 1))), jnp.zeros((2, 3, 3, 1)))
    chex.assert_trees_all_close(value, jnp.asarray(18.0), rtol=1e-5)


def test_fault_interpolation_weight_per_pixel_per_batch_or_from_a_normal():
    """keras-io #624: on the line between a real 1 and a fake 0, all pixels of a sample are its own weight, which is in [0, 1]."""
    setup = tiny("fc", batch_size=500, variant="wgan_gp")
    _, draw, _ = state_and_draws(setup)
    between = interpolate(jnp.ones((500, 4, 4, 1)), jnp.zeros((500, 4, 4, 1)), draw.epsilon).reshape(500, -1)
    np.testing.assert_array_equal(between.min(1), between.max(1))
    assert len(np.unique(between[:, 0])) > 490
    assert 0 <= float(between.min()) < 0.05
    assert 0.95 < float(between.max()) <= 1


def test_fault_square_root_at_zero_gives_nan_gradients():
    """keras-io #910, jax #3058: a critic that is flat everywhere."""

    def penalty(w):
        return gradient_penalty(10.0)(lambda x, y: CriticOutput(score=x @ w), draw_of(jnp.ones((3, 2))), jnp.zeros((3, 2)))[0]

    chex.assert_tree_all_finite(jax.grad(penalty)(jnp.zeros(2)))


def test_fault_penalty_computed_but_not_differentiated_or_never_added():
    """mlpack #3063, pix2pix #1201: without the penalty the loss is smaller by just its value, and the gradient another one."""
    with_it, without = (tiny("mlp", variant=v, n_critic=1, critic_optimizer="sgd") for v in ("wgan_gp", "wgan"))
    state, draw, _ = state_and_draws(with_it)
    full, bare = (critic_gradients(setup.gan, state, draw) for setup in (with_it, without))
    loss = bare.metrics["critic_loss"] + full.metrics["gradient_penalty"]
    chex.assert_trees_all_close(full.metrics["critic_loss"], loss, rtol=1e-4)
    difference = jax.tree.map(jnp.subtract, full.params, bare.params)
    assert min(float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(difference) if leaf.ndim == 2) > 1e-4


def test_fault_penalty_ignores_the_label_of_a_conditional_critic():
    """dirmeier/wgan-gp, WassersteinGAN #16."""
    critic = lambda x, y: CriticOutput(score=x.sum(-1) * (1.0 + y))  # noqa: E731
    labels = jnp.array([0, 1, 2], jnp.int32)
    norms = gradient_norm(critic, jnp.ones((3, 2)), labels)
    chex.assert_trees_all_close(norms, jnp.sqrt(2.0) * jnp.array([1.0, 2.0, 3.0]), rtol=1e-5)
    _, metrics = gradient_penalty(1.0)(critic, draw_of(jnp.ones((3, 2)), labels), jnp.zeros((3, 2)))
    chex.assert_trees_all_close(metrics["penalty_gradient_norm"], jnp.sqrt(2.0) * 2.0, rtol=1e-5)


@pytest.mark.parametrize("network", ["conv", "dcgan"])
def test_fault_batch_norm_in_a_critic_under_a_gradient_penalty(network):
    """caogang #17; arXiv 1704.00028, section 4: refused, and left out by default."""
    with pytest.raises(UserError, match="couples the samples of a batch"):
        resolve(Config(network=network, variant="wgan_gp", critic_norm="batch"), pictures())
    assert resolve(Config(network=network, variant="wgan_gp"), pictures()).gan.critic.norm == "none"
    assert resolve(Config(network=network, variant="gan"), pictures()).gan.critic.norm == "batch"


def test_fault_rmsprops_eps_inside_the_root_or_its_decay_point_nine():
    """pytorch #23796, optax #532: PyTorch's first step on a gradient g is rate g / (sqrt(.01 g^2) + 1e-8)."""
    optimizer = OPTIMIZERS["rmsprop"](1.0, {"rmsprop_decay": tiny(optimizer="rmsprop").numbers["rmsprop_decay"]})
    for g in (1.0, 1e-6):
        updates, _ = optimizer.update(jnp.array([g]), optimizer.init(jnp.zeros(1)))
        np.testing.assert_allclose(updates, [-g / (0.1 * g + 1e-8)], rtol=1e-4)


def test_fault_a_resumed_run_loses_part_of_its_state():
    """stylegan2-ada #108, torchgan #147: the state that is stored names them all, and tests/engine/test_resume.py compares bits."""
    assert GanState._fields == ("step", "key", "generator", "critic", "ema", "objective", "augmentation")
    from jaxgan.engine.checkpoints import storable

    setup = tiny("conv", variant="gan", ema=0.9, ada=True)
    state = state_and_draws(setup)[0]
    stored = storable(state)
    assert len(stored) == len(jax.tree.leaves(state))
    for part in (
        "generator/opt_state",
        "critic/opt_state",
        "ema/params",
        "ema/variables",
        "generator/variables",
        "augmentation/probability",
        "key",
        "step",
    ):
        assert any(name.startswith(part) for name in stored), part


def test_fault_averaged_weights_without_their_batch_statistics():
    """OASIS #21, FastGAN #4: samples from the average do not change when the plain generator's statistics do."""
    setup = tiny("conv", variant="gan", ema=0.9)
    state = state_and_draws(setup)[0]
    spoilt = state._replace(
        generator=state.generator._replace(variables=jax.tree.map(lambda x: x + 5, state.generator.variables))
    )
    z, y = jnp.ones((2, 3)), jnp.zeros(2, jnp.int32)
    generate = setup.gan.generate
    chex.assert_trees_all_equal(generate(state, z, y), generate(spoilt, z, y))
    assert jnp.any(generate(state, z, y, average=False) != generate(spoilt, z, y, average=False))


def test_fault_no_way_to_draw_images_of_one_class():
    """StudioGAN #189, igul222 #64: `sample --label` and `load(run).sample(label=)`; run in tests/commands/test_train.py."""
    from jaxgan.runs import Run
    from jaxgan.sample import Options

    assert "label" in inspect.signature(Run.sample).parameters
    assert "label" in inspect.signature(Options).parameters


def test_fault_a_critics_loss_labelled_a_distance():
    """arXiv 2103.01678, 2206.07767: no metric of training bears such a name."""
    program = tiny("mlp").program()
    state = program.initial_state()
    names = {*program.zero_sums(state), *program.diagnose(state)}
    assert "critic_loss" in names
    assert not any(word in name for name in names for word in ("distance", "wasserstein", "emd"))


def test_fault_reverse_mode_through_while_loop():
    """diffrax #419: a penalty inside the compiled loop runs and moves the critic (the loop is not differentiated, the step is)."""
    program = tiny("mlp", variant="wgan_gp").program()
    state = program.initial_state()
    before = jax.tree.map(jnp.copy, state.critic.params)
    after, sums, _ = program.chunk(state, program.zero_sums(state), 2)
    assert float(sums["gradient_penalty"]) > 0
    assert any(jnp.any(a != b) for a, b in zip(jax.tree.leaves(before), jax.tree.leaves(after.critic.params), strict=True))
