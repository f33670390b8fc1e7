"""The two steps: what moves, what does not, and that the compiled loop does what the plain one does."""

import inspect
import threading
from functools import partial

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.engine.gan import iterate
from jaxgan.engine.steps import critic_gradients, critic_step, gen_step, generator_gradients
from jaxgan.objectives import VARIANTS
from tests.tiny import (
    arrays,
    batch,
    critic_draw_of,
    generator_draw_of,
    initial,
    on_disk,
    pictures,
    plain,
    state_and_draws,
    tiny,
)


def steps_of(setup):
    return jax.jit(setup.gan.critic_step), jax.jit(setup.gan.gen_step)


def test_each_step_moves_its_own_players_parameters_and_both_players_statistics():
    setup = tiny("conv", variant="gan")
    state, critic_draw, generator_draw = state_and_draws(setup)
    critic_step, gen_step = steps_of(setup)
    after_critic, _ = critic_step(state, critic_draw)
    chex.assert_trees_all_equal(after_critic.generator.params, state.generator.params)
    assert counts(after_critic.generator.variables) == {1}
    assert counts(after_critic.critic.variables) == {2}  # real, then fake
    after_both, _ = gen_step(after_critic, generator_draw)
    chex.assert_trees_all_equal(after_both.critic.params, after_critic.critic.params)
    assert counts(after_both.generator.variables) == {2}
    assert counts(after_both.critic.variables) == {3}


def counts(variables) -> set[int]:
    return {int(leaf) for leaf in jax.tree.leaves(variables) if leaf.dtype == jnp.int32}


def test_the_penaltys_gradient_reaches_the_critics_parameters():
    light, heavy = (tiny("mlp", gradient_penalty_weight=w) for w in (0.0, 10.0))
    state, draw, _ = state_and_draws(light)
    without, full = (jax.jit(partial(critic_gradients, run.gan))(state, draw).params for run in (light, heavy))
    for path, difference in jax.tree_util.tree_leaves_with_path(jax.tree.map(lambda a, b: jnp.abs(a - b).max(), without, full)):
        if "kernel" in jax.tree_util.keystr(path):
            assert difference > 1e-4, path


def test_the_critics_loss_falls_along_its_gradient_and_the_generators_along_its_own():
    setup = tiny("mlp", variant="gan", batch_size=64, optimizer="sgd", learning_rate=0.05)
    state, critic_draw, generator_draw = state_and_draws(setup)
    critic_step, gen_step = steps_of(setup)
    stepped, before = critic_step(state, critic_draw)
    _, after = critic_step(stepped, critic_draw)
    assert after["critic_loss"] < before["critic_loss"]
    stepped, before = gen_step(state, generator_draw)
    _, after = gen_step(stepped, generator_draw)
    assert after["generator_loss"] < before["generator_loss"]


def test_clipping_holds_after_every_critic_step():
    setup = tiny("lab_conv", variant="wgan", clip=0.01)
    state, draw, _ = state_and_draws(setup)
    stepped, _ = steps_of(setup)[0](state, draw)
    assert max(float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(stepped.critic.params)) <= np.float32(0.01)


def test_the_same_draw_gives_the_same_numbers_and_another_key_another_dropout():
    setup = tiny("fc", variant="gan")
    state, draw, _ = state_and_draws(setup)
    critic_step, _ = steps_of(setup)
    first, again = critic_step(state, draw)[0], critic_step(state, draw)[0]
    chex.assert_trees_all_equal(plain(first), plain(again))
    other = critic_step(state, draw._replace(key=jax.random.key(99)))[0]
    assert any(
        jnp.any(a != b) for a, b in zip(jax.tree.leaves(first.critic.params), jax.tree.leaves(other.critic.params), strict=True)
    )


def test_real_and_fake_share_a_pass_only_where_that_changes_nothing():
    """A critic without batch norm scores both in one pass as it would apart."""
    setup = tiny("mlp", variant="wgan")
    state, draw, _ = state_and_draws(setup)
    metrics = steps_of(setup)[0](state, draw)[1]
    variables = {"params": state.critic.params}
    real = setup.gan.networks.critic.apply(variables, draw.real, draw.real_label).score.mean()
    fake = setup.gan.networks.critic.apply(
        variables,
        setup.gan.networks.generator.apply({"params": state.generator.params}, draw.latent, draw.fake_label),
        draw.fake_label,
    ).score.mean()
    np.testing.assert_allclose(metrics["critic_loss"], fake - real, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("more", "share"),  # of batch norm's own pace: 4 (1 - ema) / .1, at most 1
    [({"ema": 0.9}, 1), ({"ema": 0.99, "conditional": True}, 0.4), ({"ema": 0.999, "generators": 2}, 0.04)],
    ids=str,
)
def test_the_average_follows_the_weights_and_has_batch_statistics_of_its_own(more, share):
    """Of the averaged generator's passes (PyTorch's `swa_utils.update_bn`): a mean of the generator's would not fit its weights."""
    setup = tiny("conv", variant="gan", **more)
    state, _, draw = state_and_draws(setup)
    gen_step = steps_of(setup)[1]
    before, _ = gen_step(state, draw)
    stepped, _ = gen_step(before, draw)
    decay = more["ema"]
    expected = jax.tree.map(lambda old, new: decay * old + (1 - decay) * new, before.ema.params, stepped.generator.params)
    chex.assert_trees_all_close(stepped.ema.params, expected, rtol=1e-4, atol=1e-7)
    average = {"params": stepped.ema.params, **before.ema.variables}
    _, passed = setup.gan.networks.generator.apply(average, draw.latent, draw.fake_label, train=True, mutable=["batch_stats"])

    def moved(old, new, of_generator):
        return (1 - share) * old + share * new if jnp.issubdtype(old.dtype, jnp.floating) else of_generator

    expected = jax.tree.map(moved, before.ema.variables, passed, stepped.generator.variables)
    chex.assert_trees_all_close(stepped.ema.variables, expected, rtol=1e-5, atol=1e-7)
    of_generator = jax.tree.map(
        lambda old, new: decay * old + (1 - decay) * new, before.ema.variables, stepped.generator.variables
    )
    assert not jax.tree.all(jax.tree.map(jnp.allclose, stepped.ema.variables, of_generator))


@pytest.mark.parametrize(
    ("variant", "order"),
    [*((v, "critic_first") for v in sorted(VARIANTS)), ("wgan_gp", "generator_first"), ("wgan_gp", "generator_second")],
)
def test_the_compiled_loop_is_the_plain_loop(variant, order):
    """With momentum, whose state is kept between steps and which, unlike Adam, does not blow up rounding near 0."""
    n_critic = 0 if variant == "sinkhorn" else 3
    setup = tiny("mlp", variant=variant, order=order, n_critic=n_critic, ema=0.9, optimizer="momentum")
    program = setup.program()
    state = program.initial_state()
    looped, sums, finite = program.chunk(jax.tree.map(jnp.copy, state), program.zero_sums(state), 3)
    assert finite.all()
    critic_step, gen_step = steps_of(setup)
    data, total = arrays(setup), 0.0
    for t in range(3):
        place = {"critic_first": n_critic, "generator_first": 0, "generator_second": 1}[order]
        for i in range(n_critic + 1):
            if i == place:
                state, metrics = gen_step(state, generator_draw_of(setup, data, state.key, jnp.int32(t)))
                total += metrics["generator_loss"]
            if i < n_critic:
                state, _ = critic_step(state, critic_draw_of(setup, data, state.key, jnp.int32(n_critic * t + i)))
        state = state._replace(step=state.step + 1)
    chex.assert_trees_all_close(plain(looped), plain(state), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(sums["generator_loss"], total, rtol=1e-4)


def test_chunks_of_any_length_compile_once_and_cutting_them_changes_nothing():
    program = tiny("mlp").program()
    state = program.initial_state()
    whole = program.chunk(jax.tree.map(jnp.copy, state), program.zero_sums(state), 5)
    part = program.chunk(jax.tree.map(jnp.copy, state), program.zero_sums(state), 2)
    rest = program.chunk(part[0], part[1], 3)
    chex.assert_trees_all_equal(plain(whole[0]), plain(rest[0]))
    chex.assert_trees_all_equal(whole[1], rest[1])
    assert program._chunk._cache_size() == 1


@pytest.mark.parametrize("replicas", [1, 2])
@pytest.mark.parametrize("data", ["drawn afresh", "on the device", "streamed"])
def test_what_is_compiled_ahead_is_what_is_called(data, replicas):
    """The iterations and the diagnostics are compiled once, by the thread that begins with them."""
    by: dict[str, list[str]] = {}

    def note(event: str, seconds: float, **about: str) -> None:
        if event.endswith("backend_compile_duration"):
            by.setdefault(about["fun_name"], []).append(threading.current_thread().name)

    dataset = {"drawn afresh": None, "on the device": pictures(), "streamed": on_disk(pictures())}[data]
    program = tiny("mlp" if data == "drawn afresh" else "fc", dataset=dataset, replicas=replicas, seed=3).program()
    jax.monitoring.register_event_duration_secs_listener(note)
    program.compile_ahead()
    state = program.initial_state()
    state, _, _ = program.chunk(state, program.zero_sums(state), 2)
    program.diagnose(state)
    program.chunk(state, program.zero_sums(state), 1)
    jax.monitoring.unregister_event_duration_listener(note)
    for name in ("jit(chunk)", "jit(diagnostics)"):
        (thread,) = by[name]
        assert thread.startswith("compile")


def test_what_cannot_be_compiled_ahead_is_said_where_it_is_called(monkeypatch):
    program = tiny("mlp").program()
    monkeypatch.setattr(program, "_chunk", jax.jit(lambda *_: 1 / 0))
    program.compile_ahead()
    state = program.initial_state()
    with pytest.raises(ZeroDivisionError):
        program.chunk(state, program.zero_sums(state), 1)


def test_replica_i_is_the_solo_run_with_seed_plus_i():
    solo = tiny("mlp", seed=6).program()
    many = tiny("mlp", seed=5, replicas=3).program()
    alone, together = solo.initial_state(), many.initial_state()
    chex.assert_trees_all_equal(plain(alone), jax.tree.map(lambda x: x[1], plain(together)))
    alone, _, _ = solo.chunk(alone, solo.zero_sums(alone), 5)
    together, _, finite = many.chunk(together, many.zero_sums(together), 5)
    assert finite.shape == (3,)
    chex.assert_trees_all_close(plain(alone), jax.tree.map(lambda x: x[1], plain(together)), rtol=1e-4, atol=1e-5)


def test_step_functions_take_gan_then_state_then_draw():
    for step in (critic_step, gen_step, critic_gradients, generator_gradients):
        assert list(inspect.signature(step).parameters) == ["gan", "state", "draw"]


def test_a_number_can_be_traced():
    setup = tiny("mlp")
    state, data = initial(setup), arrays(setup)

    def after(numbers):
        return iterate(setup.gan_of(numbers), state, partial(batch, setup, data))[0].critic.params

    numbers = {name: jnp.stack([jnp.float32(x), jnp.float32(x) * 0.5]) for name, x in setup.numbers.items()}
    swept, single = jax.jit(jax.vmap(after))(numbers), jax.jit(after)(setup.numbers)
    chex.assert_trees_all_close(jax.tree.map(lambda x: x[0], swept), single, rtol=1e-4, atol=1e-6)
    assert any(jnp.any(leaf[0] != leaf[1]) for leaf in jax.tree.leaves(swept))
