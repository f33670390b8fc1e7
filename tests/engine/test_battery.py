"""Every variant with every network, conditional or not: finite, right shapes, both players move, nothing compiles twice."""

from functools import partial
from itertools import product

import chex
import jax
import jax.numpy as jnp
import pytest

from jaxgan.engine.steps import make_steps
from jaxgan.networks import PAIRS
from jaxgan.objectives import VARIANTS
from tests.tiny import plain, state_and_draws, tiny

PRODUCT = list(product(sorted(VARIANTS), sorted(PAIRS), (False, True)))


def pairwise(cases: list[tuple]) -> set[tuple]:
    """A few of the cases that hold between them every pair of values of any two factors (greedy)."""

    def pairs(case: tuple) -> set:
        return {(i, case[i], j, case[j]) for i in range(len(case)) for j in range(i)}

    left = set().union(*map(pairs, cases))
    chosen = set()
    while left:
        best = max(cases, key=lambda case: len(pairs(case) & left))
        chosen.add(best)
        left -= pairs(best)
    return chosen


QUICK = pairwise(PRODUCT)


def label(case: tuple) -> str:
    variant, network, conditional = case
    return f"{variant}-{network}-{'conditional' if conditional else 'plain'}"


@pytest.mark.parametrize("case", [pytest.param(c, id=label(c), marks=() if c in QUICK else pytest.mark.slow) for c in PRODUCT])
def test_two_iterations_of(case):
    variant, network, conditional = case
    setup = tiny(network, variant=variant, conditional=conditional, ema=0.5)
    start, critic_draw, generator_draw = state_and_draws(setup)
    state, metrics = start, {}
    iteration = jax.jit(partial(critic_then_generator, setup))
    for _ in range(2):
        before = state
        state, metrics = iteration(setup.numbers, state, critic_draw, generator_draw)
        chex.assert_trees_all_equal_shapes_and_dtypes(plain(state), plain(before))
    assert iteration._cache_size() == 1
    chex.assert_tree_all_finite((metrics, state.generator, state.critic, state.ema))
    assert {"critic_loss", "generator_loss", "score_real", "score_fake"} <= set(metrics)
    assert all(value.shape == () and value.dtype == jnp.float32 for value in metrics.values())
    for player, old in ((state.generator, start.generator), (state.critic, start.critic)):
        assert all(moved(old.params, player.params))


def critic_then_generator(setup, numbers, state, critic_draw, generator_draw):
    steps = make_steps(setup, numbers)
    state, critic_metrics = steps.critic_step(state, critic_draw)
    state, metrics = steps.gen_step(state, generator_draw)
    return state, {**critic_metrics, **metrics}


def moved(old, new) -> list[bool]:
    """Whether each weight moved; biases are left out, for some have no gradient (before batch norm, or the last of a WGAN critic)."""
    return [bool(jnp.any(a != b)) for a, b in zip(jax.tree.leaves(old), jax.tree.leaves(new), strict=True) if a.ndim > 1]


def test_the_quick_cases_cover_every_pair():
    for i, j in ((0, 1), (0, 2), (1, 2)):
        assert {(c[i], c[j]) for c in QUICK} == {(c[i], c[j]) for c in PRODUCT}
    assert len(QUICK) < len(PRODUCT)
