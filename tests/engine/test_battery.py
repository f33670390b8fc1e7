"""Every variant with every network, with labels or without, under every remedy: finite, right shapes, both players move, one compilation."""

import dataclasses
from functools import partial
from itertools import product

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.data import as_dataset
from jaxgan.errors import UserError
from jaxgan.metrics import metric_of
from jaxgan.networks import CRITICS, PAIRS
from jaxgan.objectives import VARIANTS
from jaxgan.settings import Config, resolve
from tests.tiny import arrays, critic_draw_of, generator_draw_of, initial, pictures, plain, takes_pictures, tiny

LABELS = {"plain": {}, "joined": {"conditional": True}, "projected": {"conditional": True, "conditioning": "projection"}}
REMEDIES = {
    "none": {},
    "minibatch": {"minibatch_discrimination": True},
    "pac": {"pac": 2},
    "unroll": {"unroll": 1},
    "generators": {"generators": 2},
    "spectral": {"spectral_norm": True},
    "noise": {"instance_noise": 0.3},
    "augment": {"augment": "colour,translation,cutout"},
    "lazy": {"penalty_every": 2},
    "ada": {"augment": "flip,shift", "ada": True, "ada_interval": 1},
    "frozen": {"freeze_critic": 1},
    "parts": {"accumulate": 2},
    "grid": {"working_size": 3},
    "nearest": {"upsampling": "nearest"},
}
COST = {
    "mlp": 1,
    "fc": 2,
    "lab_conv": 3,
    "conv": 3,
    "fc_conv": 4,
    "dcgan": 2,
    "r3gan": 3,
    "resnet": 6,
    "conv1d": 2,
    "conv3d": 2,
}  # of compiling
ONCE = ("noise", "ada", "frozen", "parts", "grid", "nearest")  # of these the quick tests run one case each
SIGNED = {"gan", "gan_minimax", "dragan", "hinge", "sngan", "lsgan", "rpgan", "r3gan"}  # a score's sign says real or fake
PENALISED = {"wgan_gp", "wgan_lp", "wgan_div", "dragan", "r3gan", "ct_gan"}


def sensible(variant: str, network: str, labels: str, remedy: str) -> bool:
    """What goes together: said here once more, and held against what is refused."""
    if remedy in ("augment", "ada") and not takes_pictures(network):
        return False
    if remedy == "ada" and variant not in SIGNED:
        return False
    if remedy == "parts" and (variant in ("dragan", "ebgan") or network not in ("mlp", "fc", "r3gan")):
        return False  # these compare the samples of a batch, and the other generators have batch norm
    if remedy == "grid" and (network != "fc" or variant in ("began", "ebgan")):
        return False
    if remedy == "nearest" and network not in ("dcgan", "conv1d", "conv3d"):
        return False
    if variant == "sinkhorn":
        return labels == "plain" and remedy in ("none", "generators")  # there is no critic
    if variant in ("began", "ebgan") and (labels == "projected" or remedy in ("minibatch", "pac", "noise", "augment")):
        return False  # these act on a score, or on what is redrawn
    if variant == "ct_gan" and not hasattr(CRITICS[PAIRS[network][1]], "dropout"):
        return False
    return remedy != ("minibatch" if variant in PENALISED else "lazy")


IN_PAIRS = ("mlp", "conv")  # one for points and one for pictures; of the other networks the quick tests run one case each
EVERY = list(product(sorted(VARIANTS), sorted(PAIRS), LABELS, REMEDIES))
PRODUCT = [case for case in EVERY if sensible(*case)]
# All of it would take hours: the slow tests take every variant with every network and labels, and with every remedy on points.


def pairs(case: tuple) -> set:
    """What the quick cases are to hold of a case: its variant, its network, and every two of its other values.

    A variant with each network, with labels and with each remedy, is left to the slow tests, and so are networks not `IN_PAIRS`.
    """
    variant, network, labels, remedy = case
    if remedy in ONCE:
        return {remedy}
    others = {(network, labels), (network, remedy)} if network in IN_PAIRS else set()
    return {("variant", variant), ("network", network), (labels, remedy), *others}


def covering(cases: list[tuple]) -> list[tuple]:
    """A few of the cases that hold between them all `pairs` of all of them (greedy, cheap networks first)."""
    left = set().union(*map(pairs, cases))
    held = {case: pairs(case) for case in cases}
    chosen = []
    while left:
        best = max(held, key=lambda case: len(held[case] & left) / COST.get(case[1], 3))
        chosen.append(best)
        left -= held.pop(best)
    return chosen


QUICK = covering(PRODUCT)
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
    start, critic_draw, generator_draw = jax.device_put(made_up(setup))
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
    assert all(metric_of(name) for name in metrics), "a row of the table of metrics says what each means"
    assert all(value.shape == () and value.dtype == jnp.float32 for value in metrics.values())
    assert all(moved(start.generator.params, state.generator.params))
    if case[0] != "sinkhorn":
        still = setup.gan.freeze_critic
        assert [not m for m in moved(start.critic.params, state.critic.params)].count(True) == still


@pytest.mark.parametrize("network", ["resnet"])
@pytest.mark.parametrize("variant", sorted(VARIANTS))
def test_an_iteration_is_traced_of(variant, network):
    """Shapes and types alone: what it gives back is what it took, with the losses as scalars (the slow tests run these)."""
    setup_of = (variant, network, "plain", "none")
    if setup_of not in PRODUCT:
        pytest.skip("makes no sense together, and is refused")
    setup = tiny(**fields_of(setup_of))
    state, *both = jax.eval_shape(partial(first, setup))
    after, metrics = jax.eval_shape(partial(critic_then_generator, setup), setup.numbers, state, *both)
    assert jax.tree.structure(after) == jax.tree.structure(state)
    assert [(x.shape, x.dtype) for x in jax.tree.leaves(after)] == [(x.shape, x.dtype) for x in jax.tree.leaves(state)]
    assert "generator_loss" in metrics and all(value.shape == () for value in metrics.values())


def first(setup):
    """Step 0, and the draws of its two steps."""
    state = initial(setup)
    data, index = arrays(setup), jnp.int32(0)
    return state, critic_draw_of(setup, data, state.key, index), generator_draw_of(setup, data, state.key, index)


def made_up(setup) -> tuple:
    """A state and draws of the right shapes and any numbers: half the time of compiling what makes the true ones."""
    chance = np.random.default_rng(0)

    def filled(leaf, signed):
        if jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            return jax.random.key(1)
        if not np.issubdtype(leaf.dtype, np.floating):
            return np.zeros(leaf.shape, leaf.dtype)
        numbers = 0.3 * chance.normal(size=leaf.shape)
        return np.asarray(numbers if signed else np.abs(numbers), leaf.dtype)

    def player(like):
        return like._replace(
            params=jax.tree.map(lambda x: filled(x, True), like.params),
            variables=jax.tree.map(lambda x: filled(x, False), like.variables),
            opt_state=jax.tree.map(lambda x: np.zeros(x.shape, x.dtype), like.opt_state),
        )

    state, *both = jax.eval_shape(partial(first, setup))
    generator, critic = player(state.generator), player(state.critic)
    rest = jax.tree.map(lambda x: filled(x, False), state._replace(generator=(), critic=()))
    made = [jax.tree.map(lambda x: filled(x, True), draw) for draw in both]
    return rest._replace(generator=generator, critic=critic), *(d._replace(epsilon=np.abs(d.epsilon)) for d in made)


def critic_then_generator(setup, numbers, state, critic_draw, generator_draw):
    gan = setup.gan_of(numbers)
    critic_metrics = {}
    if gan.n_critic:
        state, critic_metrics = gan.critic_step(state, critic_draw)
    state, metrics = gan.gen_step(state, generator_draw)
    return state, {**critic_metrics, **metrics}


def moved(old, new) -> list[bool]:
    """Whether each kernel moved; biases are left out, for some have no gradient (before batch norm, or the last of a WGAN critic)."""
    before = jax.tree_util.tree_leaves_with_path(old)
    after = jax.tree.leaves(new)
    return [not np.array_equal(a, b) for (path, a), b in zip(before, after, strict=True) if "kernel" in str(path[-1])]


def test_what_is_left_out_is_what_is_refused():
    """One case in 29, and every reason: prepared where it is sensible, refused where it is not."""
    for case in EVERY[::29]:
        try:
            tiny(**fields_of(case))
        except UserError:
            assert not sensible(*case), case
        else:
            assert sensible(*case), case


def test_the_quick_cases_hold_every_variant_network_and_pair():
    assert {c[0] for c in QUICK} == set(VARIANTS)
    assert {c[1] for c in QUICK} == set(PAIRS)
    for i, j in ((1, 2), (1, 3), (2, 3)):
        there = {(c[i], c[j]) for c in PRODUCT if c[1] in IN_PAIRS and c[3] not in ONCE}
        assert there <= {(c[i], c[j]) for c in QUICK}
    assert len(QUICK) < len(WHOLE) < len(PRODUCT)


SHAPES = {"of another height than width": (6, 10, 1), "of four channels": (5, 5, 4)}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_two_iterations_on_pictures(shape):
    """Of a shape that no lab has, with labels."""
    height, width, channels = shape
    square = pictures(size=max(height, width), channels=channels)
    dataset = dataclasses.replace(square, samples=square.samples[:, :height, :width], sample_shape=shape)
    setup = tiny("fc", dataset=dataset, variant="lsgan", ema=0.5, conditional=True)
    start, critic_draw, generator_draw = jax.device_put(made_up(setup))
    iteration, state = jax.jit(partial(critic_then_generator, setup)), start
    for _ in range(2):
        state, metrics = iteration(setup.numbers, state, critic_draw, generator_draw)
    assert iteration._cache_size() == 1
    chex.assert_tree_all_finite((metrics, state.generator, state.critic))
    assert all(moved(start.generator.params, state.generator.params) + moved(start.critic.params, state.critic.params))
    drawn = jax.eval_shape(lambda state: setup.gan.sample(state, jax.random.key(0), 3), state)
    assert drawn.shape == (3, *shape)


NUMBERS = {"a vector": (5,), "a series": (6, 2), "a volume": (3, 4, 2, 1)}
OWN = {role: f"tests.commands.test_numbers:{role.capitalize()}" for role in ("generator", "critic")}


@pytest.mark.parametrize("shape", NUMBERS.values(), ids=NUMBERS)
def test_two_iterations_on_numbers(shape):
    """In units of their own, far from those that networks see, under a gradient penalty, with labels and an average of the weights."""
    rows = np.random.default_rng(0).normal(1e6, 3e4, (20, *shape))
    dataset = as_dataset(rows, np.arange(20) % 2, scaling="standard")
    networks = {"network": "mlp", "hidden_dim": 8} if len(shape) == 1 else OWN
    settings = Config(variant="wgan_gp", steps=4, batch_size=6, n_critic=2, conditional=True, ema=0.5, **networks)
    setup = resolve(settings, dataset)
    start, critic_draw, generator_draw = jax.device_put(made_up(setup))
    iteration, state = jax.jit(partial(critic_then_generator, setup)), start
    for _ in range(2):
        state, metrics = iteration(setup.numbers, state, critic_draw, generator_draw)
    assert iteration._cache_size() == 1
    chex.assert_tree_all_finite((metrics, state.generator, state.critic, state.ema))
    assert all(moved(start.generator.params, state.generator.params) + moved(start.critic.params, state.critic.params))
    drawn = jax.eval_shape(lambda state: setup.gan.sample(state, jax.random.key(0), 3), state)
    assert drawn.shape == (3, *shape)
