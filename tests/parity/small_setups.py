"""Small setups and jaxgan's side of a comparison: no PyTorch here.

Arrays that both sides share are numpy's, images (B, H, W, C).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jaxtyping import PyTree

from jaxgan.data import Dataset
from jaxgan.engine.loop import Numbers
from jaxgan.engine.steps import critic_gradients, generator_gradients
from jaxgan.interop import from_torch, to_torch
from jaxgan.settings import Config, Resolved, resolve
from jaxgan.types import Draw, GanState, Player

BATCH = 6
LATENT = 4
N_CLASSES = 3
SHAPES = {
    "mlp": (2,),
    "fc": (6, 5, 3),
    "conv1d": (18, 3),
    "conv3d": (8, 5, 9, 2),
    "r3gan": (16, 16, 3),
    **dict.fromkeys(("lab_conv", "conv", "dcgan", "fc_conv"), (28, 28, 1)),
}
WIDTHS = {"mlp": 8, "fc": 4, "lab_conv": 32, "conv": 2, "dcgan": 2, "fc_conv": 2, "r3gan": 16, "conv1d": 2, "conv3d": 2}

Arrays = Mapping[str, np.ndarray]


def dataset(shape: tuple[int, ...], size: int = 40, seed: int = 0) -> Dataset:
    """Noise with labels."""
    chance = np.random.default_rng(seed)
    labels = chance.integers(0, N_CLASSES, size).astype(np.int32)
    samples = chance.uniform(-1, 1, (size, *shape)).astype(np.float32)
    if len(shape) == 3:
        samples = ((samples + 1) * 127.5).astype(np.uint8)
    return Dataset("noise", shape, N_CLASSES, samples, labels)


def small_setup(network: str, variant: str, *, shape: tuple[int, ...] | None = None, **fields: Any) -> Resolved:
    """A run of narrow networks on noise; dropout is 0 where there is any."""
    given = {
        "hidden_dim": WIDTHS[network],
        "latent_dim": LATENT,
        "batch_size": BATCH,
        "n_critic": 2,
        "learning_rate": 1e-3,
        "steps": 5,
        **({"dropout": 0.0} if network in ("fc", "fc_conv") else {}),
        **fields,
    }
    config = Config(variant=variant, dataset="noise", network=network, **given)
    return resolve(config, dataset(shape or SHAPES[network]))


def random_draw(chance: np.random.RandomState, shape: tuple[int, ...]) -> Draw:
    """One step's chance in numpy; numbers that float32 holds exactly, so that both precisions see the same."""

    def exact(x: np.ndarray) -> np.ndarray:
        return x.astype(np.float32).astype(np.float64)

    return Draw(
        real=exact(chance.uniform(-1, 1, (BATCH, *shape))),
        real_label=chance.randint(0, N_CLASSES, BATCH).astype(np.int32),
        latent=exact(chance.normal(size=(BATCH, LATENT))),
        fake_label=chance.randint(0, N_CLASSES, BATCH).astype(np.int32),
        epsilon=exact(chance.uniform(size=BATCH)),
        key=np.zeros(()),
    )


def random_iterations(setup: Resolved, n: int = 5, seed: int = 1) -> list[tuple[list[Draw], Draw]]:
    """The draws of n iterations: those of n_critic critic steps, then that of the generator step."""
    chance = np.random.RandomState(seed)  # whose numbers no version of numpy changes: stored outputs depend on them
    shape = setup.dataset.sample_shape

    def draws(size: int) -> list[Draw]:
        return [random_draw(chance, shape) for _ in range(size)]

    return [(draws(setup.config.n_critic), *draws(1)) for _ in range(n)]


def as_jax(draw: Draw) -> Draw:
    """The draw in jax's default float type; no dropout here, so any key serves."""
    floats = {name: jnp.asarray(getattr(draw, name), float) for name in ("real", "latent", "epsilon")}
    labels = {name: _label(getattr(draw, name)) for name in ("real_label", "fake_label")}
    return Draw(**floats, **labels, key=jax.random.key(0))


def _label(label: np.ndarray) -> jax.Array:
    """Class numbers, or vectors of floats."""
    return jnp.asarray(label, float if label.ndim == 2 else jnp.int32)


def loaded_state(setup: Resolved, generator: Arrays, critic: Arrays) -> GanState:
    """The state at step 0 with the weights of two PyTorch state dicts, in jax's default float type."""

    def player(module, optimizer, state_dict: Arrays) -> Player:
        variables = from_torch(module, {name: with_default_floats(array) for name, array in state_dict.items()})
        params = variables.pop("params")
        return Player(params, variables, optimizer.init(params))

    gan = setup.gan
    return GanState(
        step=jnp.zeros((), jnp.int32),
        key=jax.random.key(3),
        generator=player(gan.networks.generator, gan.generator_optimizer, generator),
        critic=player(gan.networks.critic, gan.critic_optimizer, critic),
        ema=(),
        objective=gan.objective.init(),
    )


def with_default_floats(array: np.ndarray) -> np.ndarray:
    return np.asarray(array, jnp.zeros((), float).dtype) if array.dtype.kind == "f" else array


Steps = tuple[Callable, Callable]
FAST_TO_COMPILE = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
jit = partial(jax.jit, compiler_options=FAST_TO_COMPILE)
"""Compiles fast and runs slowly: each of these programs runs a few times only."""


def compiled_steps(setup: Resolved, gradients: bool = True) -> Steps:
    """The critic's step and the generator's, (state, draw) -> (state, metrics, gradients), with traced numbers.

    Without `gradients` they are empty, and compiling takes half the time.
    """

    def critic(numbers: Numbers, state: GanState, draw: Draw):
        gan = setup.gan_of(numbers)
        return *gan.critic_step(state, draw), critic_gradients(gan, state, draw).params if gradients else {}

    def generator(numbers: Numbers, state: GanState, draw: Draw):
        gan = setup.gan_of(numbers)
        return *gan.gen_step(state, draw), generator_gradients(gan, state, draw).params if gradients else {}

    return partial(jit(critic), setup.numbers), partial(jit(generator), setup.numbers)


def compiled_gradients(setup: Resolved) -> Steps:
    """As `compiled_steps`, for the metrics and gradients alone; the state comes back as it was."""

    def critic(numbers: Numbers, state: GanState, draw: Draw):
        gradients = critic_gradients(setup.gan_of(numbers), state, draw)
        return state, gradients.metrics, gradients.params

    def generator(numbers: Numbers, state: GanState, draw: Draw):
        gradients = generator_gradients(setup.gan_of(numbers), state, draw)
        return state, gradients.metrics, gradients.params

    return partial(jit(critic), setup.numbers), partial(jit(generator), setup.numbers)


def run(steps: Steps, state: GanState, iterations: Sequence[tuple[Sequence[Draw], Draw]]) -> GanState:
    """For each iteration the critic steps and then the generator step, each on the draw given."""
    critic_step, generator_step = steps
    for critic_draws, generator_draw in iterations:
        for draw in critic_draws:
            state, *_ = critic_step(state, as_jax(draw))
        state, *_ = generator_step(state, as_jax(generator_draw))
    return state


def first_outcomes(setup: Resolved, steps: Steps, state: GanState, iterations: Sequence) -> dict[str, Any]:
    """Losses, penalty and gradients (by PyTorch's names) of the first critic and generator draw, at one state."""
    ([critic_draw, *_], generator_draw), *_ = iterations
    outcomes = {}
    for player, module, step, draw in (
        ("critic", setup.gan.networks.critic, steps[0], critic_draw),
        ("generator", setup.gan.networks.generator, steps[1], generator_draw),
    ):
        _, metrics, gradients = step(state, as_jax(draw))
        outcomes[f"{player}/loss"] = metrics[f"{player}_loss"]
        if player == "critic" and "gradient_penalty" in metrics:
            outcomes["critic/penalty"] = metrics["gradient_penalty"]
        outcomes[f"{player}/gradients"] = gradients_of(module, gradients, getattr(state, player).variables)
    return outcomes


def variables_of(player: Player) -> dict[str, Any]:
    return {"params": player.params, **player.variables}


def gradients_of(module: nn.Module, gradients: PyTree, variables: PyTree) -> dict[str, np.ndarray]:
    """Gradients by PyTorch's names; `variables` are any batch statistics of the network."""
    return parameters(to_torch(module, {"params": gradients, **variables}))


def parameters(state_dict: Arrays) -> dict[str, np.ndarray]:
    return {name: array for name, array in state_dict.items() if not is_statistic(name)}


def statistics(state_dict: Arrays) -> dict[str, np.ndarray]:
    return {name: array for name, array in state_dict.items() if is_statistic(name)}


def movement(after: Arrays, before: Arrays) -> dict[str, np.ndarray]:
    """What training changed in the weights: a stricter thing to compare than the weights."""
    return {name: array - before[name] for name, array in parameters(after).items()}


def compare_outcomes(ours: Mapping[str, Any], expected: Mapping[str, Any], tolerance: float) -> None:
    """Losses and penalty one by one, gradients as whole trees."""
    assert ours.keys() == expected.keys()
    for name, value in expected.items():
        if name.endswith("gradients"):
            assert deviation(ours[name], value) < tolerance, name
        else:
            np.testing.assert_allclose(ours[name], value, rtol=tolerance, err_msg=name)


def is_statistic(name: str) -> bool:
    return name.endswith(("running_mean", "running_var", "num_batches_tracked"))


def deviation(ours: Arrays, expected: Arrays) -> float:
    """||ours - expected|| / ||expected|| over whole trees, in float64; names must agree."""
    assert ours.keys() == expected.keys()
    if not expected:
        return 0.0
    pairs = [(np.asarray(ours[name], np.float64), np.asarray(expected[name], np.float64)) for name in expected]
    assert all(a.shape == b.shape for a, b in pairs)
    difference = sum(np.square(a - b).sum() for a, b in pairs)
    return float(np.sqrt(difference / sum(np.square(b).sum() for _, b in pairs)))


STORED: dict[str, tuple[str, str, dict[str, Any]]] = {  # (network, variant, fields of Config) of the outputs in stored/
    "mlp-wgan_gp-conditional": (
        "mlp",
        "wgan_gp",
        {"optimizer": "adam", "beta1": 0.0, "beta2": 0.9, "conditional": True, "n_critic": 5},
    ),
    "fc-gan": ("fc", "gan", {"optimizer": "adam", "n_critic": 1}),
    "lab_conv-wgan": ("lab_conv", "wgan", {"optimizer": "rmsprop"}),
    "conv-lsgan": ("conv", "lsgan", {"optimizer": "rmsprop", "n_critic": 1}),
}
