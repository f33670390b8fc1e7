"""Every variant with every network, with labels or without, under every remedy: finite, right shapes, both players move, one compilation."""

from functools import partial
from itertools import combinations, product

import chex
import jax
import jax.numpy as jnp
import pytest

from jaxgan.engine.steps import make_steps
from jaxgan.errors import UserError
from jaxgan.networks import PAIRS
from jaxgan.objectives import VARIANTS
from tests.tiny import plain, state_and_draws, tiny

LABELS = {"plain": {}, "joined": {"conditional": True}, "projected": {"conditional": True, "conditioning": "projection"}}
REMEDIES = {
    "none": {},
    "minibatch": {"minibatch_discrimination": True},
    "pac": {"pac": 2},
    "unroll": {"unroll": 1},
    "generators": {"generators": 2},
    "spectral": {"spectral_norm": True},
    "augment": {"augment": "colour,translation,cutout"},
    "lazy": {"penalty_every": 2},
}
PENALISED = {"wgan_gp", "wgan_lp", "wgan_div", "dragan", "r3gan", "ct_gan"}


def sensible(variant: str, network: str, labels: str, remedy: str) -> bool:
    """What goes together: said here once more, and held against what is refused."""
    if remedy == "augment" and network == "mlp":
        return False  # points are no pictures
    if variant == "sinkhorn":
        return labels == "plain" and remedy in ("none", "generators")  # there is no critic
    if variant in ("began", "ebgan") and (labels == "projected" or remedy in ("minibatch", "pac", "augment")):
        return False  # these act on a score, or on what is redrawn
    if variant == "ct_gan" and network not in ("mlp", "fc", "fc_conv"):
        return False  # no dropout
    return remedy != ("minibatch" if variant in PENALISED else "lazy")


EVERY = list(product(sorted(VARIANTS), sorted(PAIRS), LABELS, REMEDIES))
PRODUCT = [case for case in EVERY if sensible(*case)]
# The whole of it would take a day: three factors at a time for the slow tests, two for the quick ones.


def covering(cases: list[tuple], strength: int) -> list[tuple]:
    """A few of the cases that hold between them every combination of values of any `strength` factors that the cases hold (greedy)."""

    def parts(case: tuple) -> set:
        return set(combinations(enumerate(case), strength))

    left = set().union(*map(parts, cases))
    held = {case: parts(case) for case in cases}
    chosen = []
    while left:
        best = max(held, key=lambda case: len(held[case] & left))
        chosen.append(best)
        left -= held.pop(best)
    return chosen


QUICK = covering(PRODUCT, 2)
WHOLE = list(
    dict.fromkeys(
        [*QUICK, *(c for c in PRODUCT if c[3] == "none"), *(c for c in PRODUCT if c[1] == "mlp" and c[2] != "joined")]
    )
)


def fields_of(case: tuple) -> dict:
    variant, network, labels, remedy = case
    return {"network": network, "variant": variant, "ema": 0.5, **LABELS[labels], **REMEDIES[remedy]}


@pytest.mark.parametrize("case", [pytest.param(c, id="-".join(c), marks=() if c in QUICK else pytest.mark.slow) for c in WHOLE])
def test_two_iterations_of(case):
    setup = tiny(**fields_of(case))
    start, critic_draw, generator_draw = state_and_draws(setup)
    state, metrics = start, {}
    iteration = jax.jit(partial(critic_then_generator, setup))
    for _ in range(2):
        before = state
        state, metrics = iteration(setup.numbers, state, critic_draw, generator_draw)
        chex.assert_trees_all_equal_shapes_and_dtypes(plain(state), plain(before))
    assert iteration._cache_size() == 1
    chex.assert_tree_all_finite((metrics, state.generator, state.critic, state.ema))
    expected = {"generator_loss"} if case[0] == "sinkhorn" else {"critic_loss", "generator_loss", "score_real", "score_fake"}
    assert expected <= set(metrics)
    assert all(value.shape == () and value.dtype == jnp.float32 for value in metrics.values())
    assert all(moved(start.generator.params, state.generator.params))
    if case[0] != "sinkhorn":
        assert all(moved(start.critic.params, state.critic.params))


def critic_then_generator(setup, numbers, state, critic_draw, generator_draw):
    steps = make_steps(setup, numbers)
    critic_metrics = {}
    if setup.plan.n_critic:
        state, critic_metrics = steps.critic_step(state, critic_draw)
    state, metrics = steps.gen_step(state, generator_draw)
    return state, {**critic_metrics, **metrics}


def moved(old, new) -> list[bool]:
    """Whether each weight moved; biases are left out, for some have no gradient (before batch norm, or the last of a WGAN critic)."""
    return [bool(jnp.any(a != b)) for a, b in zip(jax.tree.leaves(old), jax.tree.leaves(new), strict=True) if a.ndim > 1]


def test_what_is_left_out_is_what_is_refused():
    """A tenth of all cases, and every reason: prepared where it is sensible, refused where it is not."""
    for case in EVERY[::10]:
        try:
            tiny(**fields_of(case))
        except UserError:
            assert not sensible(*case), case
        else:
            assert sensible(*case), case


def test_the_quick_cases_cover_every_pair():
    for i, j in combinations(range(4), 2):
        assert {(c[i], c[j]) for c in QUICK} == {(c[i], c[j]) for c in PRODUCT}
    assert len(QUICK) < len(WHOLE) < len(PRODUCT)
