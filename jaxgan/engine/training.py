"""Training: chunks of the compiled loop, and what looks on between them."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array

from jaxgan.engine.checkpoints import Progress
from jaxgan.engine.listeners import Listener
from jaxgan.engine.loop import Program
from jaxgan.engine.processes import agreed, any_of
from jaxgan.engine.state import step_of
from jaxgan.errors import DivergedError
from jaxgan.types import GanState, Metrics

READY_SECONDS = 1.0  # in which compiled iterations are read again; while others are compiled, pictures are drawn
CHUNK_SECONDS = 1.0  # how long a chunk is to take: how soon an interrupt is heard and the progress bar moves


class Good(NamedTuple):
    """A checkpoint, and the replicas whose numbers in it are all finite."""

    path: Path
    replicas: list[int]

    def __str__(self) -> str:
        return str(self.path)


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
    begin: Progress,
    listener: Listener,
    save: Callable[[int, Progress], "Future[Path]"],
    interrupted: Callable[[], bool] = lambda: False,
    last_good: Good | None = None,
    measure: Callable[[int, GanState], list[dict[str, float]]] | None = None,
) -> GanState:
    """Trains to the configured step, telling the listener and saving checkpoints on the way.

    An interrupt ends it after the chunk in progress, with a checkpoint and a picture; a number that is not finite raises DivergedError: at once
    where no replica is left without one, else when the others are trained and saved.
    What happens between chunks, and where they are cut, changes nothing that is computed or logged.

    Args:
        program: the compiled functions of the run.
        begin: where the run begins, or was stopped.
        listener: told of what happens.
        save: begins to write a checkpoint and returns its path to come; training goes on meanwhile, until the next checkpoint.
        interrupted: whether an interrupt has come.
        last_good: the checkpoint that the run begins from, where a replica's numbers in it are finite.
        measure: gives the metrics of each replica's samples, at the start, every `metrics_every` steps and at the end.
    """
    schedule = program.schedule
    state = begin.state
    step = begun_at = step_of(state)
    # Of checkpoints that know of no sums, the mean begins anew: a line logged after them is of fewer steps
    sums, last_log = (begin.sums, begin.logged) if begin.sums is not None else (program.zero_sums(state), step)
    diverged: dict[int, int] = {}  # the step after which each replica had a number that is not finite
    labels = program.picture_groups()
    listener.on_start(step, schedule.steps)
    pace = Pace()

    saving: tuple[int, list[int], Future[Path]] | None = None  # a checkpoint in progress: step, finite replicas, the writing

    def save_here() -> None:
        nonlocal saving
        saved(wait=True)
        finite = [replica for replica in range(program.replicas) if replica not in diverged]
        saving = step, finite, save(step, Progress(state, sums, last_log))

    def saved(*, wait: bool) -> None:
        """Tells of the checkpoint in progress once it is written; raises what went wrong with it."""
        nonlocal saving, last_good
        if saving is None or not (wait or saving[2].done()):
            return
        (at, finite, writing), saving = saving, None
        path = writing.result()
        listener.on_checkpoint(at, path)
        last_good = Good(path, finite)

    drawn = -1  # the step whose samples were drawn last
    undrawn: list[GanState] = []  # of step 0, which is drawn after the first step where that need not be compiled

    def draw(step: int, state: GanState) -> None:
        nonlocal drawn
        drawn = step
        samples = program.picture(state)
        listener.on_sample(step, samples, labels)
        if (surface := program.surface(state)) is not None:
            listener.on_surface(step, surface, samples[0])

    def draw_first() -> None:
        if undrawn:
            draw(0, undrawn.pop())

    try:
        if step == 0:
            if program.is_ready(READY_SECONDS):
                undrawn.append(program.copied(state))
            else:
                draw(step, state)
            if measure:
                listener.on_measure(0, measure(0, state))
        while step < schedule.steps:
            if any_of(interrupted()):
                break
            (n,) = agreed(min(schedule.next_stop(step) - step, pace.chunk(), program.feed.left(step)))
            began = time.perf_counter()
            state, sums, finite = program.chunk(state, sums, n)
            pace.took(n, time.perf_counter() - began)
            step += n
            saved(wait=False)
            diverged |= {int(replica): step for replica in np.flatnonzero(~finite) if replica not in diverged}
            if len(diverged) == program.replicas:
                saved(wait=True)
                draw_first()
                means = _by_replica(jax.tree.map(partial(_divided, count=step - last_log), sums), program.replicas)
                listener.on_log(step, means)  # so that the metrics say it too
                which = "" if program.replicas == 1 else " in every replica"
                safe = f"the last good checkpoint is {last_good}" if last_good else "there is no good checkpoint yet"
                if last_good and len(last_good.replicas) < program.replicas:
                    safe += f", of replica {', '.join(map(str, last_good.replicas))} alone"
                raise DivergedError(f"training diverged{which}: a number is not finite at step {step}; {safe}")
            means = _by_replica(jax.tree.map(partial(_divided, count=step - last_log), sums), program.replicas)
            listener.on_chunk(step, means)
            draw_first()
            if step % schedule.log_every == 0 or step == schedule.steps:
                speed = {"steps_per_second": pace.rate()}
                extra = _by_replica(program.diagnose(state), program.replicas)
                listener.on_log(step, [{**more, **mean, **speed} for mean, more in zip(means, extra, strict=True)])
                sums, last_log = program.zero_sums(state), step
            if step % schedule.sample_every == 0 or step == schedule.steps:
                draw(step, state)
            if measure and (step % schedule.metrics_every == 0 or step == schedule.steps):
                listener.on_measure(step, measure(step, state))
            if step % schedule.checkpoint_every == 0 or step == schedule.steps:
                save_here()
        draw_first()
        if step < schedule.steps:
            save_here()
        saved(wait=True)
        if drawn != step and step > begun_at:
            draw(step, state)  # of an interrupted run, once its checkpoint is safe
    finally:
        program.feed.end()
        listener.on_end(step)
    if diverged and step == schedule.steps:
        which = ", ".join(f"{replica} (step {at})" for replica, at in diverged.items())
        raise DivergedError(
            f"training diverged in replica {which}: a number is not finite; the others are trained, {last_good}"
        )
    return state


def _divided(total: Array, count: int) -> Array:
    return total / count


def _by_replica(metrics: Metrics, replicas: int) -> list[dict[str, float]]:
    host = {name: np.atleast_1d(value) for name, value in jax.device_get(metrics).items()}
    return [{name: float(values[i]) for name, values in host.items()} for i in range(replicas)]
