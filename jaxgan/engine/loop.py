"""The compiled loop: whole chunks of iterations in one program, with everything that looks on between chunks."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, UInt

from jaxgan.engine.diagnostics import diagnose
from jaxgan.engine.draws import critic_draw, generator_draw
from jaxgan.engine.feed import feed_of
from jaxgan.engine.listeners import Listener
from jaxgan.engine.numbers import Numbers
from jaxgan.engine.placement import place
from jaxgan.engine.processes import agreed, any_of
from jaxgan.engine.sampling import picture, picture_groups
from jaxgan.engine.setup import DataArrays, Plan, Setup
from jaxgan.engine.state import initial_state, step_of
from jaxgan.engine.steps import make_steps
from jaxgan.errors import DivergedError
from jaxgan.types import Draw, GanState, Metrics

CHUNK_SECONDS = 1.0  # how long a chunk is to take: how soon an interrupt is heard and the progress bar moves


def iteration(
    setup: Setup, numbers: Numbers, data: DataArrays, state: GanState, spread: Callable[[Draw], Draw] = lambda draw: draw
) -> tuple[GanState, Metrics]:
    """n_critic critic steps and one generator step, in the configured order; metrics of critic steps are their mean.

    `spread` lays a draw over the devices, and changes no value.
    """
    steps = make_steps(setup, numbers)
    n_critic, order, t = setup.plan.n_critic, setup.plan.order, state.step

    def critic_steps(state: GanState, indices: range) -> tuple[GanState, Metrics]:
        """Critic steps in one inner loop, and their metrics stacked."""

        def body(state: GanState, i: Int[Array, ""]) -> tuple[GanState, Metrics]:
            return steps.critic_step(state, spread(critic_draw(setup, data, state.key, t * n_critic + i)))

        return jax.lax.scan(body, state, jnp.arange(indices.start, indices.stop), unroll=len(indices) == 1)

    before = {"critic_first": n_critic, "generator_first": 0, "generator_second": 1}[order]
    stacked = []
    for part in (range(before), None, range(before, n_critic)):
        if part is None:
            state, metrics = steps.gen_step(state, spread(generator_draw(setup, data, state.key, t)))
        elif part:  # an empty loop would be compiled all the same
            state, critic_metrics = critic_steps(state, part)
            stacked.append(critic_metrics)
    means = jax.tree.map(lambda *parts: jnp.concatenate(parts).mean(0), *stacked) if stacked else {}
    return state._replace(step=t + 1), {**means, **metrics}


class Program:
    """The compiled functions of a run. With several replicas the state has a leading axis and every function is vmapped over it."""

    def __init__(self, setup: Setup):
        plan = setup.plan
        self.setup, self.replicas = setup, plan.replicas
        self.placement = place(plan.mesh, plan.replicas, plan.batch_size)
        everywhere = self.placement.everywhere
        self.numbers, self.seeds = setup.numbers, np.asarray(plan.seed, np.uint32)
        placed = everywhere
        if self.replicas > 1:  # one entry a replica
            placed = self.placement.by_replica
            self.numbers = jax.tree.map(lambda x: np.broadcast_to(np.asarray(x, float), self.replicas), setup.numbers)
            following = range(plan.seed, plan.seed + self.replicas)
            self.seeds = np.asarray((setup.config.by_replica or {}).get("seed", following), np.uint32)

        self.feed = feed_of(setup, self.seeds, self.placement)

        def over_replicas(f: Callable, in_axes: int | tuple = 0) -> Callable:
            return f if self.replicas == 1 else jax.vmap(f, in_axes, spmd_axis_name="replica")

        step = over_replicas(partial(iteration, setup, spread=self.placement.batch), (0, self.feed.axes, 0))

        def chunk(state: GanState, sums: Metrics, numbers: Numbers, data: DataArrays, n: Int[Array, ""]) -> tuple:
            def body(_: Array, carry: tuple[GanState, Metrics]) -> tuple[GanState, Metrics]:
                state, sums = carry
                state, metrics = step(numbers, data, state)
                return state, jax.tree.map(jnp.add, sums, metrics)

            state, sums = jax.lax.fori_loop(0, n, body, (state, sums))  # n is traced: any length, one compilation
            return state, sums, _finite((state._replace(key=jnp.zeros(self.lead)), sums), self.replicas)

        def zero_sums(state: GanState) -> Metrics:
            _, metrics = jax.eval_shape(step, self.numbers, self.feed.like, state)
            return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), metrics)

        def begin(numbers: Numbers, seed: UInt[Array, ""]) -> GanState:
            return initial_state(setup, numbers, jax.random.key(seed))

        def begin_all(numbers: Numbers, seeds: UInt[Array, "..."]) -> GanState:
            return over_replicas(begin)(numbers, seeds)

        self.lead = () if self.replicas == 1 else (self.replicas,)
        self._chunk = jax.jit(chunk, donate_argnums=(0, 1), out_shardings=(placed, everywhere, everywhere))
        self._initial_state = jax.jit(begin_all, out_shardings=placed)
        self._diagnose = jax.jit(over_replicas(partial(diagnose, setup), (0, self.feed.axes, 0)), out_shardings=everywhere)
        self._picture = jax.jit(over_replicas(partial(picture, setup)), out_shardings=everywhere)
        self.zero_sums = jax.jit(zero_sums, out_shardings=everywhere)  # the running sums of all metrics, empty

    @property
    def data(self) -> DataArrays:
        """What the first iterations read: the whole data set, or a window of it."""
        return self.feed.at(0)

    def initial_state(self) -> GanState:
        """Step 0; replica i is the solo run with seed + i, or with the seed that `by_replica` gives it."""
        state = self._initial_state(self.numbers, self.seeds)
        return jax.tree.map(jnp.copy, state)  # the average starts as the weights do: donation needs buffers of its own

    def chunk(self, state: GanState, sums: Metrics, n: int) -> tuple[GanState, Metrics, np.ndarray]:
        """n iterations: the state, the sums with n more terms, and whether all numbers of each replica are finite (a list)."""
        step = step_of(state)
        assert n <= self.feed.left(step), "a chunk reads from one window of the data"
        state, sums, finite = self._chunk(state, sums, self.numbers, self.feed.at(step), np.int32(n))
        return state, sums, np.atleast_1d(jax.device_get(finite))

    def diagnose(self, state: GanState) -> Metrics:
        return self._diagnose(self.numbers, self.feed.at(step_of(state)), state)

    def picture(self, state: GanState) -> list[np.ndarray]:
        """One array of samples a replica."""
        samples = jax.device_get(self._picture(state))
        return [samples] if self.replicas == 1 else list(samples)


def _finite(tree: Any, replicas: int) -> Array:
    """Whether every number is finite, for each replica."""
    leaves = [leaf for leaf in jax.tree.leaves(tree) if jnp.issubdtype(leaf.dtype, jnp.floating)]
    axes = [tuple(range(0 if replicas == 1 else 1, leaf.ndim)) for leaf in leaves]
    return jnp.stack([jnp.isfinite(leaf).all(axis) for leaf, axis in zip(leaves, axes, strict=True)]).all(0)


class Pace:
    """How fast steps are made, and so how many make a chunk. The first call compiles, and is not counted where others follow."""

    def __init__(self) -> None:
        self._first: float | None = None  # steps a second, compilation included
        self._recent: tuple[int, float] = (0, 0.0)  # steps and seconds since the rate was last read
        self._latest = 0.0  # steps a second of the last chunk

    def chunk(self) -> int:
        """Steps that take about CHUNK_SECONDS; one at first, to compile, and then one to measure."""
        return max(1, round(self._latest * CHUNK_SECONDS))

    def took(self, steps: int, seconds: float) -> None:
        if self._first is None:
            self._first = steps / max(seconds, 1e-9)
            return
        self._latest = steps / max(seconds, 1e-9)
        self._recent = (self._recent[0] + steps, self._recent[1] + seconds)

    def rate(self) -> float:
        """Steps a second since the last call."""
        steps, seconds = self._recent
        self._recent = (0, 0.0)
        return steps / max(seconds, 1e-9) if steps else self._first or 0.0


def train(
    program: Program,
    state: GanState,
    listener: Listener,
    save: Callable[[int, GanState], Path],
    interrupted: Callable[[], bool] = lambda: False,
    last_safe: Path | None = None,
    measure: Callable[[int, GanState], list[dict[str, float]]] | None = None,
) -> GanState:
    """Trains to the configured step, telling the listener and saving checkpoints on the way.

    An interrupt ends it after the chunk in progress, with a checkpoint; a number that is not finite raises DivergedError: at once
    where no replica is left without one, else when the others are trained and saved.
    `last_safe` is the checkpoint that a resumed run begins from; `measure` gives the figures of each replica's samples, at
    the start, every `metrics_every` steps and at the end. What happens between chunks, and where they are cut, changes
    nothing that is computed.
    """
    plan = program.setup.plan
    step = last_log = step_of(state)
    diverged: dict[int, int] = {}  # at which step each replica was found to hold a number that is not finite
    labels = [picture_groups(program.setup)] * program.replicas
    listener.on_start(step, plan.steps)
    sums, pace = program.zero_sums(state), Pace()
    try:
        if step == 0:
            listener.on_sample(0, program.picture(state), labels)
            if measure:
                listener.on_measure(0, measure(0, state))
        while step < plan.steps:
            stops = [plan.steps, *((step // every + 1) * every for every in _intervals(plan))]
            if any_of(interrupted()):
                break
            (n,) = agreed(min(min(stops) - step, pace.chunk(), program.feed.left(step)))
            began = time.perf_counter()
            state, sums, finite = program.chunk(state, sums, n)
            pace.took(n, time.perf_counter() - began)
            step += n
            diverged |= {int(replica): step for replica in np.flatnonzero(~finite) if replica not in diverged}
            if len(diverged) == program.replicas:
                which = "" if program.replicas == 1 else " in every replica"
                safe = f"the last good checkpoint is {last_safe}" if last_safe else "there is no checkpoint yet"
                raise DivergedError(f"training diverged{which}: a number is not finite at step {step}; {safe}")
            means = _by_replica(jax.tree.map(partial(_divided, count=step - last_log), sums), program.replicas)
            listener.on_chunk(step, means)
            if step % plan.log_every == 0 or step == plan.steps:
                speed = {"steps_per_second": pace.rate()}
                extra = _by_replica(program.diagnose(state), program.replicas)
                listener.on_log(step, [{**more, **mean, **speed} for mean, more in zip(means, extra, strict=True)])
                sums, last_log = program.zero_sums(state), step
            if step % plan.sample_every == 0 or step == plan.steps:
                listener.on_sample(step, program.picture(state), labels)
            if measure and (step % plan.metrics_every == 0 or step == plan.steps):
                listener.on_measure(step, measure(step, state))
            if step % plan.checkpoint_every == 0 or step == plan.steps:
                last_safe = save(step, state)
                listener.on_checkpoint(step, last_safe)
        if step < plan.steps:
            last_safe = save(step, state)
            listener.on_checkpoint(step, last_safe)
    finally:
        listener.on_end(step)
    if diverged and step == plan.steps:
        which = ", ".join(f"{replica} (step {at})" for replica, at in diverged.items())
        raise DivergedError(
            f"training diverged in replica {which}: a number is not finite; the others are trained, {last_safe}"
        )
    return state


def _divided(total: Array, count: int) -> Array:
    return total / count


def _intervals(plan: Plan) -> list[int]:
    every = (plan.log_every, plan.sample_every, plan.checkpoint_every, plan.metrics_every)
    return [steps for steps in every if steps]


def _by_replica(metrics: Metrics, replicas: int) -> list[dict[str, float]]:
    host = {name: np.atleast_1d(value) for name, value in jax.device_get(metrics).items()}
    return [{name: float(values[i]) for name, values in host.items()} for i in range(replicas)]
