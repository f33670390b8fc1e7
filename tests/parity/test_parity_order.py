"""The labs' own loops in PyTorch against jaxgan's iterations with the labs' recipes.

The latents, labels and epsilons are jaxgan's; each lab's loop takes them in its own order, as it takes random numbers.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.engine.gan import iterate
from jaxgan.interop import to_torch
from tests.parity.small_setups import (
    deviation,
    jit,
    loaded_state,
    movement,
    parameters,
    small_setup,
    statistics,
    variables_of,
)
from tests.tiny import arrays, batch, critic_draw_of, generator_draw_of

torch = pytest.importorskip("torch")
lab_loops = pytest.importorskip("tests.parity.lab_loops")
twins = pytest.importorskip("tests.parity.twins")

N = 3  # iterations; with 40 samples and batches of 6, more than one pass where each critic step takes a batch
LAB000 = ("lab_conv", "wgan", {"recipe": "lab000", "n_critic": 5})
LAB004_ORDER = {"order": "generator_second", "generator_latent": "same", "fake_labels": "random"}
LAB004 = ("fc", "wgan_gp", {"recipe": "lab004", "n_critic": 5, "learning_rate": 2e-4, "conditional": True})


def lab_setup(network, variant, options):
    """A lab's recipe on narrow networks; what the recipe does not leave open stays as it sets it."""
    return small_setup(network, variant, **{"n_critic": None, "learning_rate": None, **options})


def all_draws(setup, key):
    """Critic draws and generator draws of the first N iterations, as numpy arrays."""
    data = arrays(setup)

    def on_host(draw):
        return draw._replace(key=None, **{name: np.asarray(x) for name, x in draw._asdict().items() if name != "key"})

    n_critic = setup.config.n_critic
    critic = jit(lambda i: critic_draw_of(setup, data, key, i)._replace(key=None))
    generator = jit(lambda t: generator_draw_of(setup, data, key, t)._replace(key=None))
    critic_draws = [on_host(critic(jnp.int32(i))) for i in range(N * n_critic)]
    return critic_draws, [on_host(generator(jnp.int32(t))) for t in range(N)]


def jaxgan_iterations(setup, state):
    step = jit(lambda numbers, data, state: iterate(setup.gan_of(numbers), state, partial(batch, setup, data))[0])
    for _ in range(N):
        state = step(setup.numbers, arrays(setup), state)
    return state


def compare(setup, lab):
    """Runs jaxgan's iterations and `lab(generator, critic, critic draws, generator draws)`; all they moved agrees."""
    pair = [twins.shake(twin) for twin in twins.twins_of(setup)]
    before = [twins.arrays(twin) for twin in pair]
    state = loaded_state(setup, *before)
    critic_draws, generator_draws = all_draws(setup, state.key)
    state = jaxgan_iterations(setup, state)
    lab(*pair, list(map(twins.as_torch, critic_draws)), list(map(twins.as_torch, generator_draws)))
    for module, player, twin, began in zip(
        (setup.gan.networks.generator, setup.gan.networks.critic), (state.generator, state.critic), pair, before, strict=True
    ):
        ours, expected = to_torch(module, variables_of(player)), twins.arrays(twin)
        assert deviation(parameters(ours), parameters(expected)) < 1e-6
        assert deviation(movement(ours, began), movement(expected, began)) < 1e-6
        assert deviation(statistics(ours), statistics(expected)) < 1e-6


def batches(draws):
    return [(draw.real, draw.real_label) for draw in draws]


@pytest.mark.usefixtures("float64")
def test_lab000_five_critic_steps_on_each_batch():
    setup = lab_setup(*LAB000)
    assert setup.config.critic_data == "same"

    def lab(generator, critic, critic_draws, generator_draws):
        noise = [d.latent for t in range(N) for d in (*critic_draws[5 * t : 5 * t + 5], generator_draws[t])]
        rate = setup.config.learning_rate
        lab_loops.lab000(generator, critic, batches(critic_draws[::5]), iter(noise), learning_rate=rate)

    compare(setup, lab)


@pytest.mark.usefixtures("float64")
def test_lab002_one_step_each():
    setup = lab_setup("fc", "gan", {"recipe": "lab002"})

    def lab(generator, critic, critic_draws, generator_draws):
        noise = [d.latent for pair in zip(critic_draws, generator_draws, strict=True) for d in pair]
        lab_loops.lab002(generator, critic, batches(critic_draws), iter(noise))

    compare(setup, lab)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("order", ["critic_first", "generator_first"])
def test_lab003_either_first(order):
    latent = {"generator_latent": "fresh"} if order == "generator_first" else {}  # the critic first: the recipe's own, same
    setup = lab_setup("mlp", "gan", {"recipe": "lab003", "order": order, **latent})
    assert setup.numbers["critic_loss_scale"] == 0.5

    def lab(generator, critic, critic_draws, generator_draws):
        pairs = zip(critic_draws, generator_draws, strict=True)
        noise = [d.latent for c, g in pairs for d in ((g, c) if order == "generator_first" else (c,))]
        lab_loops.lab003(generator, critic, batches(critic_draws), iter(noise), generator_first=order == "generator_first")

    compare(setup, lab)


@pytest.mark.usefixtures("float64")
def test_lab004_section_7_a_generator_step_after_the_first_of_five():
    setup = lab_setup(*LAB004)

    def lab(generator, critic, critic_draws, generator_draws):
        labels = []
        for i, draw in enumerate(critic_draws):
            labels += [draw.fake_label] + ([generator_draws[i // 5].fake_label] if i % 5 == 0 else [])
        noise, epsilon = (d.latent for d in critic_draws), (d.epsilon for d in critic_draws)
        lab_loops.lab004_conditional(generator, critic, batches(critic_draws), noise, iter(labels), epsilon)

    compare(setup, lab)


@pytest.mark.usefixtures("float64")
def test_lab004_section_11_the_generator_meets_the_same_latents():
    setup = lab_setup("mlp", "gan", {"recipe": "lab004"})

    def lab(generator, critic, critic_draws, generator_draws):
        lab_loops.lab004_vanilla(generator, critic, batches(critic_draws), (d.latent for d in critic_draws))

    compare(setup, lab)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("conditional", [False, True], ids=["", "conditional"])
def test_lab004_section_11_fakes_get_the_real_labels(conditional):
    setup = lab_setup("mlp", "wgan_gp", {"recipe": "lab004", "conditional": conditional})

    def lab(generator, critic, critic_draws, generator_draws):
        noise = []
        for i, draw in enumerate(critic_draws):
            noise += [draw.latent] + ([generator_draws[i // 5].latent] if i % 5 == 0 else [])
        epsilon = (d.epsilon for d in critic_draws)
        lab_loops.lab004_points(generator, critic, batches(critic_draws), iter(noise), epsilon, conditional=conditional)

    compare(setup, lab)


def differ(*arrays):
    return all(not np.array_equal(a, b) for i, a in enumerate(arrays) for b in arrays[:i])


def test_what_lab000_draws_anew_and_what_it_keeps():
    critic_draws, generator_draws = all_draws(lab_setup(*LAB000), jax.random.key(3))
    for t in range(N):
        five = critic_draws[5 * t : 5 * t + 5]
        assert all(np.array_equal(draw.real, five[0].real) for draw in five)
        assert all(np.array_equal(draw.real_label, five[0].real_label) for draw in five)
    assert differ(*(draw.real for draw in critic_draws[::5]))
    assert differ(*(draw.latent for draw in (*critic_draws, *generator_draws)))
    assert differ(*(draw.epsilon for draw in critic_draws))


def test_what_lab004_draws_anew_and_what_it_keeps():
    setup = lab_setup(*LAB004)
    assert {name: getattr(setup.config, name) for name in LAB004_ORDER} == LAB004_ORDER
    critic_draws, generator_draws = all_draws(setup, jax.random.key(3))
    assert differ(*(draw.real for draw in critic_draws))
    assert differ(*(draw.latent for draw in critic_draws))
    for t, draw in enumerate(generator_draws):
        assert np.array_equal(draw.latent, critic_draws[5 * t].latent)
        assert differ(draw.fake_label, critic_draws[5 * t].fake_label)
    assert any(differ(draw.fake_label, draw.real_label) for draw in critic_draws)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(
    ("options", "order"),
    [({"critic_data": "same"}, "CCCCCG"), (LAB004_ORDER, "CGCCCC"), ({"order": "generator_first"}, "GCCCCC")],
    ids=["lab000", "lab004", "generator_first"],
)
def test_an_iteration_is_its_steps_by_hand(options, order):
    setup = small_setup("mlp", "wgan_gp", n_critic=5, conditional=True, optimizer="adam", **options)
    pair = [twins.shake(twin) for twin in twins.twins_of(setup)]
    state = by_hand = loaded_state(setup, *map(twins.arrays, pair))
    data = arrays(setup)
    state = jaxgan_iterations(setup, state)
    critic_step = jit(lambda state, i: setup.gan.critic_step(state, critic_draw_of(setup, data, state.key, i))[0])
    gen_step = jit(lambda state, t: setup.gan.gen_step(state, generator_draw_of(setup, data, state.key, t))[0])
    i = 0
    for t in range(N):
        for letter in order:
            if letter == "C":
                by_hand, i = critic_step(by_hand, jnp.int32(i)), i + 1
            else:
                by_hand = gen_step(by_hand, jnp.int32(t))
    assert state.step == N
    for module, mine, theirs in (
        (setup.gan.networks.generator, state.generator, by_hand.generator),
        (setup.gan.networks.critic, state.critic, by_hand.critic),
    ):
        assert deviation(to_torch(module, variables_of(mine)), to_torch(module, variables_of(theirs))) < 1e-9
