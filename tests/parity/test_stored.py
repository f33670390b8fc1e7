"""jaxgan against stored outputs of PyTorch, for where PyTorch is not installed (`store.py` makes them)."""

from pathlib import Path

import jax
import numpy as np
import pytest

from jaxgan.interop import to_torch
from tests.parity.small_setups import (
    STORED,
    as_jax,
    compare_outcomes,
    compiled_steps,
    deviation,
    first_outcomes,
    jit,
    loaded_state,
    movement,
    random_iterations,
    run,
    small_setup,
    statistics,
    variables_of,
)

FOLDER = Path(__file__).parent / "stored"


class Stored:
    """One setup with jaxgan's state at PyTorch's weights; `stored(prefix)` are the arrays whose names begin so."""

    def __init__(self, name):
        network, variant, options = STORED[name]
        with np.load(FOLDER / f"{name}.npz") as file:
            self.arrays = dict(file)
        self.setup = small_setup(network, variant, **options)
        self.before = [
            {key: a.astype(np.float64) if a.dtype.kind == "f" else a for key, a in self(f"{player}/before/").items()}
            for player in ("generator", "critic")
        ]
        self.state = loaded_state(self.setup, *self.before)
        self.iterations = random_iterations(self.setup)

    def __call__(self, prefix):
        return {key.removeprefix(prefix): array for key, array in self.arrays.items() if key.startswith(prefix)}

    def players(self, state):
        return (
            ("generator", self.setup.gan.networks.generator, state.generator),
            ("critic", self.setup.gan.networks.critic, state.critic),
        )


@pytest.fixture(params=STORED)
def stored(request):
    with jax.enable_x64(True):
        yield Stored(request.param)


def test_every_file_is_read_and_all_are_small():
    files = {path.stem: path.stat().st_size for path in FOLDER.glob("*.npz")}
    assert files.keys() == STORED.keys()
    assert sum(files.values()) < 2**20


def test_forward_passes(stored):
    draw = as_jax(stored.iterations[0][0][0])
    inputs = {"generator": (draw.latent, draw.fake_label), "critic": (draw.real, draw.real_label)}

    def passes(module, variables, x, labels):
        collections = [name for name in variables if name != "params"]
        rngs = {"dropout": jax.random.key(0)}
        trained, moved = module.apply(variables, x, labels, train=True, mutable=collections, rngs=rngs)
        variables = {**variables, **moved}
        return trained, module.apply(variables, x, labels, train=False), variables

    for name, module, player in stored.players(stored.state):
        trained, evaluated, variables = jit(passes, static_argnums=0)(module, variables_of(player), *inputs[name])
        for mode, output in (("train", trained), ("eval", evaluated)):
            output = {"samples": output} if name == "generator" else {"score": output.score}
            assert deviation(output, stored(f"{name}/{mode}/")) < 1e-6
        assert deviation(statistics(to_torch(module, variables)), stored(f"{name}/statistics/")) < 1e-6


def test_gradients_and_five_iterations(stored):
    steps = compiled_steps(stored.setup)
    ours = first_outcomes(stored.setup, steps, stored.state, stored.iterations)
    expected = {name: stored.arrays[name] for name in ours if name in stored.arrays}
    for player in ("generator", "critic"):
        name = f"{player}/gradients"
        ours[name] = {key: np.linalg.norm(gradient) for key, gradient in ours[name].items()}
        expected[name] = stored(f"{name}/")
    compare_outcomes(ours, expected, 1e-6)
    state = run(steps, stored.state, stored.iterations)
    for (name, module, player), before in zip(stored.players(state), stored.before, strict=True):
        after = to_torch(module, variables_of(player))
        assert deviation(movement(after, before), stored(f"{name}/movement/")) < 1e-6
        assert deviation(statistics(after), stored(f"{name}/after/")) < 1e-6
