"""The compiled loop: whole chunks of iterations of a GAN in one program, for several replicas side by side."""

import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, UInt

from jaxgan.engine.batches import DataArrays, real_batch
from jaxgan.engine.diagnostics import diagnose
from jaxgan.engine.feed import feed_of
from jaxgan.engine.gan import BatchAt, Gan, iterate
from jaxgan.engine.placement import place
from jaxgan.engine.sampling import label_rows, picture, picture_groups
from jaxgan.engine.schedule import Schedule
from jaxgan.engine.state import step_of
from jaxgan.engine.surface import CriticSurface, critic_scores, has_surface, surface_axis
from jaxgan.memory import give_back
from jaxgan.types import GanState, Metrics, Number, Source

Numbers = Mapping[str, Any]  # numbers that compiled code takes as arguments; of several replicas arrays of one entry each
GanOf = Callable[[Mapping[str, Number]], Gan]  # called inside the traced program: its numbers may be traced


def first_numbers(numbers: Numbers) -> dict[str, float]:
    """The numbers of the first replica."""
    return {name: float(np.ravel(value)[0]) for name, value in numbers.items()}


def seldom_run() -> dict[str, Any] | None:
    """How a program is compiled that runs once or a few times: with less work on it, which gives the same numbers in half the time.

    None, so as everything is, where XLA_FLAGS names the effort.
    """
    effort = "xla_backend_optimization_level"
    return None if effort in os.environ.get("XLA_FLAGS", "") else {effort: 1}


def initial_states(gan_of: GanOf, sample_shape: tuple[int, ...], numbers: Numbers, seeds: UInt[Array, "..."]) -> GanState:
    """The state at step 0 of every seed; of several, with a leading axis, as the numbers have one."""
    example = jax.ShapeDtypeStruct((1, *sample_shape), float)

    def begin(numbers: Numbers, seed: UInt[Array, ""]) -> GanState:
        return gan_of(numbers).init(jax.random.key(seed), example)

    return jax.vmap(begin, spmd_axis_name="replica")(numbers, seeds) if seeds.ndim else begin(numbers, seeds)


def on_replicas(numbers: Numbers, seeds: tuple[int, ...]) -> tuple[dict[str, Any], np.ndarray]:
    """Numbers and seeds as compiled code takes them: of several replicas arrays of one entry each."""
    if len(seeds) == 1:
        return dict(numbers), np.asarray(seeds[0], np.uint32)
    return {name: np.broadcast_to(np.asarray(x, float), len(seeds)) for name, x in numbers.items()}, np.asarray(
        seeds, np.uint32
    )


class Program:
    """The compiled functions of a run. With several replicas the state has a leading axis and every function is vmapped over it.

    Args:
        gan: the GAN, or a function that makes it from `numbers`, which may then differ by replica. Its networks and whole
            numbers are the same for all.
        source: the real samples.
        schedule: how long, with which seeds, on which devices.
        numbers: {name: number, or one number a replica}.
        batch_statistics: draw pictures with the batch's own statistics in batch norm, in place of the running ones.
        first_state: `initial_states` of these, where someone has traced it already.

    Raises:
        UserError: a GAN that does not fit the samples, or a mesh that does not fit the devices.
    """

    def __init__(
        self,
        gan: Gan | GanOf,
        source: Source,
        schedule: Schedule,
        numbers: Numbers | None = None,
        *,
        batch_statistics: bool = False,
        first_state: Callable[..., GanState] | None = None,
    ):
        numbers = numbers or {}
        gan_of: GanOf = (lambda _: gan) if isinstance(gan, Gan) else gan
        self.source, self.schedule, self.replicas = source, schedule, schedule.replicas
        self.placement = place(schedule.mesh, schedule.replicas, schedule.batch_size)
        everywhere = self.placement.everywhere
        self.gan = gan_of(first_numbers(numbers))
        self.numbers, self.seeds = on_replicas(numbers, schedule.seeds)
        placed = everywhere if self.replicas == 1 else self.placement.by_replica

        batches = self.gan.batches_per_step
        self.feed = feed_of(source, batches, schedule.batch_size, self.seeds, self.placement, schedule.readers)

        def over_replicas(f: Callable, in_axes: int | tuple = 0) -> Callable:
            return f if self.replicas == 1 else jax.vmap(f, in_axes, spmd_axis_name="replica")

        def batch_at(data: DataArrays) -> BatchAt:
            def batch(key: Any, index: Any) -> tuple[Any, Any]:
                real, labels = real_batch(source.sampler, data, schedule.batch_size, key, index)
                unused = labels.ndim > 1 and not self.gan.label_dim  # vectors, of which this GAN sees none
                return real, jnp.zeros(len(real), jnp.int32) if unused else labels

            return batch

        def iteration(numbers: Numbers, data: DataArrays, state: GanState) -> tuple[GanState, Metrics]:
            return iterate(gan_of(numbers), state, batch_at(data), self.placement.batch)

        step = jax.jit(over_replicas(iteration, (0, self.feed.axes, 0)), inline=True)  # traced once for all that calls it

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

        first_state = first_state or partial(initial_states, gan_of, source.sample_shape)

        def begin_all(numbers: Numbers, seeds: UInt[Array, "..."]) -> GanState:
            return first_state(numbers, seeds)

        def diagnostics(numbers: Numbers, data: DataArrays, state: GanState) -> Metrics:
            return diagnose(gan_of(numbers), state, batch_at(data))

        def pictures(state: GanState) -> Any:
            draw = partial(picture, self.gan, source.sample_shape, batch_statistics=batch_statistics, rows=self._label_rows)
            return over_replicas(draw)(state)

        self._label_rows = label_rows(self.gan, source)
        self._surface_axis = surface_axis(source.samples) if has_surface(self.gan, source.sample_shape) else None

        def surface(data: DataArrays, state: GanState) -> Any:
            first = state if self.replicas == 1 else jax.tree.map(lambda leaf: leaf[0], state)
            real, _ = batch_at(data)(first.key, jnp.int32(0))
            return critic_scores(self.gan, first, self._surface_axis, self._label_rows), real

        def first_iteration(numbers: Numbers, data: DataArrays, seeds: UInt[Array, "..."]) -> Any:
            return step(numbers, data, begin_all(numbers, seeds))

        self._first_iteration = first_iteration
        self.lead = () if self.replicas == 1 else (self.replicas,)
        self._chunk = jax.jit(chunk, donate_argnums=(0, 1), out_shardings=(placed, everywhere, everywhere))
        self._initial_state = jax.jit(begin_all, out_shardings=placed, compiler_options=seldom_run())
        self._diagnose = jax.jit(over_replicas(diagnostics, (0, self.feed.axes, 0)), out_shardings=everywhere)
        self._picture = jax.jit(pictures, out_shardings=everywhere, compiler_options=seldom_run())
        self._surface = jax.jit(surface, out_shardings=everywhere, compiler_options=seldom_run())
        self._begun_anew = jax.jit(
            over_replicas(lambda numbers, state: gan_of(numbers).begun_anew(state)),
            out_shardings=placed, compiler_options=seldom_run(),
        )  # fmt: skip
        self._copy = jax.jit(partial(jax.tree.map, jnp.copy), out_shardings=placed)
        self.zero_sums = jax.jit(zero_sums, out_shardings=everywhere)  # the running sums of all metrics, empty
        self._ahead: dict[str, Future] = {}  # what `compile_ahead` has begun
        self._lowered = threading.Event()  # whether the iterations that were begun ahead are traced and lowered
        self._next: dict[str, Callable[[], None]] = {}  # what is to be begun with the first chunk

    @property
    def data(self) -> DataArrays:
        """What the first iterations read: the whole data set, or a window of it."""
        return self.feed.at(0)

    def initial_state(self) -> GanState:
        """Step 0; replica i is the lone run with the i-th seed."""
        state = self._initial_state(self.numbers, self.seeds)
        # The average starts as the weights do: donation needs buffers of its own
        return state._replace(ema=self._copy(state.ema)) if state.ema else state

    def copied(self, state: GanState) -> GanState:
        """The same in memory of its own, which `chunk` leaves as it is."""
        return jax.tree.map(lambda leaf: jax.device_put(leaf, leaf.sharding, may_alias=False), state)

    @property
    def state_like(self) -> GanState:
        """The shapes and types of a state, nothing computed."""
        return jax.eval_shape(self._initial_state, self.numbers, self.seeds)

    def with_weights(self, state: GanState, weights: Mapping[str, np.ndarray]) -> GanState:
        """The state with these arrays in place of its own; optimizers and the running mean begin anew with them.

        Args:
            state: at step 0.
            weights: by their path in the state, "critic/params/...", with a leading axis where there are several replicas.
        """

        def place(path: Any, leaf: Array) -> Array:
            new = weights.get(jax.tree_util.keystr(path, simple=True, separator="/"))
            return leaf if new is None else jax.device_put(np.asarray(new, leaf.dtype), leaf.sharding, may_alias=False)

        state = self._begun_anew(self.numbers, jax.tree_util.tree_map_with_path(place, state))
        return state._replace(ema=self._copy(state.ema)) if state.ema else state

    def compile_ahead(self) -> None:
        """Begins to compile the iterations in a thread beside this one, and the diagnostics while the first of them are made.

        `chunk` and `diagnose` wait for theirs. XLA compiles without holding Python's lock: meanwhile the first pictures are drawn. Tracing
        holds it, so that what the first step does not need is traced after it was begun. On several devices nothing is begun, for there a program
        depends on where the state lies, and processes must compile in one order.
        """
        if self.placement.mesh.size > 1:
            return
        state = jax.eval_shape(self._initial_state, self.numbers, self.seeds)

        def chunk() -> None:
            try:
                sums = jax.eval_shape(self.zero_sums, state)
                lowered = self._chunk.lower(state, sums, self.numbers, self.feed.like, np.int32(1))
            finally:
                self._lowered.set()
            lowered.compile()
            give_back()

        def diagnostics() -> None:
            self._diagnose.lower(self.numbers, self.feed.like, state).compile()
            give_back()

        self._ahead = {"chunk": _begun(chunk)}
        self._next = {"diagnose": diagnostics}

    def is_compiling(self) -> bool:
        """Whether a program that was begun ahead is still being compiled."""
        return not all(begun.done() for begun in self._ahead.values())

    def is_ready(self, within: float) -> bool:
        """Whether the iterations were begun ahead and take, once they are lowered, at most so many seconds to compile; it waits for that."""
        if "chunk" not in self._ahead:
            return False
        self._lowered.wait()
        return bool(wait([self._ahead["chunk"]], within).done)

    def _compiled(self, name: str) -> None:
        """Waits until a program that was begun ahead is compiled. What is wrong with it the call of it says again."""
        if name in self._ahead:
            wait([self._ahead.pop(name)])

    def chunk(self, state: GanState, sums: Metrics, n: int, *, begin_next: bool = True) -> tuple[GanState, Metrics, np.ndarray]:
        """n iterations: the state, the sums with n more terms, and whether all numbers of each replica are finite (a list).

        With the first of them what `compile_ahead` left for later is begun, unless `begin_next` is false: it would slow the steps down.
        """
        step = step_of(state)
        assert n <= self.feed.left(step), "a chunk reads from one window of the data"
        self._compiled("chunk")
        state, sums, finite = self._chunk(state, sums, self.numbers, self.feed.at(step), np.int32(n))
        if begin_next:
            self._ahead |= {name: _begun(self._next.pop(name)) for name in list(self._next)}
        return state, sums, np.atleast_1d(jax.device_get(finite))

    def check(self) -> None:
        """Traces one iteration, by shapes alone: what does not fit together is refused here."""
        jax.eval_shape(self._first_iteration, self.numbers, self.feed.like, self.seeds)

    def trace(self) -> Any:
        """The chunk of iterations, traced by shapes alone: its jaxpr, and `lower`, which takes any `lowering_platforms`."""
        state = jax.eval_shape(self._initial_state, self.numbers, self.seeds)
        sums = jax.eval_shape(self.zero_sums, state)
        return self._chunk.trace(state, sums, self.numbers, self.feed.like, np.int32(1))

    def lower(self, state: GanState) -> Any:
        """The chunk of iterations, lowered and not yet compiled: for its memory, cost and text."""
        return self._chunk.lower(state, self.zero_sums(state), self.numbers, self.data, np.int32(1))

    def diagnose(self, state: GanState) -> Metrics:
        self._compiled("diagnose")
        return self._diagnose(self.numbers, self.feed.at(step_of(state)), state)

    def picture(self, state: GanState) -> list[np.ndarray]:
        """One array of samples a replica."""
        samples = jax.device_get(self._picture(state))
        return [samples] if self.replicas == 1 else list(samples)

    def surface(self, state: GanState) -> CriticSurface | None:
        """The scores of the first replica's critic over the plane, and a real batch; None of samples that are no points of it."""
        if self._surface_axis is None:
            return None
        return CriticSurface(self._surface_axis, *jax.device_get(self._surface(self.data, state)))

    def picture_groups(self) -> list[np.ndarray]:
        """What the samples of `picture` are told apart by: label or generator, an array a replica."""
        return [picture_groups(self.gan, self.source.sample_shape, self._label_rows)] * self.replicas


def _begun(work: Callable[[], None]) -> Future:
    """Work that is done in a thread of its own."""
    compiler = ThreadPoolExecutor(1, thread_name_prefix="compile")
    future = compiler.submit(work)
    compiler.shutdown(wait=False)
    return future


def _finite(tree: Any, replicas: int) -> Array:
    """Whether every number is finite, for each replica."""
    leaves = [leaf for leaf in jax.tree.leaves(tree) if jnp.issubdtype(leaf.dtype, jnp.floating)]
    axes = [tuple(range(0 if replicas == 1 else 1, leaf.ndim)) for leaf in leaves]
    return jnp.stack([jnp.isfinite(leaf).all(axis) for leaf, axis in zip(leaves, axes, strict=True)]).all(0)
