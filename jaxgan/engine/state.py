"""The state a run begins with."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

from jaxgan.engine.draws import Stream, stream_key
from jaxgan.engine.numbers import Numbers
from jaxgan.engine.setup import Setup
from jaxgan.engine.steps import make_optimizers
from jaxgan.types import Average, GanState, Player


def initial_state(setup: Setup, numbers: Numbers, key: Key[Array, ""]) -> GanState:
    """Step 0 of the run whose chance all comes from `key`."""
    generator_optimizer, critic_optimizer = make_optimizers(setup, numbers)

    def player(module, optimizer, index):
        variables = module.init({"params": stream_key(key, Stream.INIT, index)}, *module.example_inputs())
        params = variables.pop("params")
        return Player(params, variables, optimizer.init(params))

    generator = player(setup.generator, generator_optimizer, 0)
    return GanState(
        step=jnp.zeros((), jnp.int32),
        key=key,
        generator=generator,
        critic=player(setup.critic, critic_optimizer, 1),
        ema=Average(generator.params, generator.variables) if setup.plan.ema else (),
        objective=setup.build(**numbers.game).objective.init(),
    )


def step_of(state: GanState) -> int:
    """The generator steps made, on the host; all replicas have made as many."""
    return int(np.ravel(state.step.addressable_data(0))[0])
