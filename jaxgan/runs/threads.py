"""One thread for small networks: XLA's threads on a processor would wait for one another longer than they compute."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
from jax.extend.backend import clear_backends

from jaxgan.engine.loop import first_numbers
from jaxgan.memory import usable_cores
from jaxgan.settings.resolution import Resolved

VARIABLE = "NPROC"  # how many threads XLA computes with on a processor: read when its client is made
LARGEST = 2**24  # operations of the largest product up to which one thread was quicker: experiments/results/against_pytorch.md


class _Chosen:
    one = False  # what was chosen holds for the process


def use_one_thread_if_quicker(resolved: Resolved) -> bool:
    """Whether jax computes with one thread from here on: on a processor, where the run's networks are small.

    To be called in a process of the run's own, before it computes: jax is begun anew, and forgets what it traced and compiled. Left
    alone where NPROC says how many threads, where there are several devices, and where arrays are alive, which would be lost.
    """
    platforms = [device.platform for device in jax.devices()]
    if VARIABLE in os.environ or platforms != ["cpu"] or jax.live_arrays() or not is_small(resolved):
        return False
    with _environment(VARIABLE, "1"):
        clear_backends()
        jax.devices()
    _Chosen.one = True
    return True


def thread_count() -> int:
    """How many threads jax computes with on this process's processor."""
    if _Chosen.one:
        return 1
    with contextlib.suppress(ValueError):
        return int(os.environ.get(VARIABLE, ""))
    return usable_cores()


def is_small(resolved: Resolved) -> bool:
    """Whether all layers are dense, and the largest matrix product of an iteration takes no more than LARGEST operations.

    A dense layer (m, n) takes 2 * rows * m * n, where the critic sees a batch of real and one of generated samples at once. Metrics in
    the course of training are no small work: of runs that measure themselves none is small.
    """
    if resolved.schedule.metrics_every:
        return False
    numbers = first_numbers(resolved.numbers)
    state: Any = jax.eval_shape(resolved.first_state, numbers, jax.ShapeDtypeStruct((), np.uint32))
    shapes = [leaf.shape for player in (state.generator, state.critic) for leaf in jax.tree.leaves(player.params)]
    rows = 2 * resolved.schedule.batch_size * resolved.schedule.replicas
    return all(len(shape) <= 2 and 2 * rows * int(np.prod(shape)) <= LARGEST for shape in shapes)


@contextlib.contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    os.environ[name] = value
    try:
        yield
    finally:
        del os.environ[name]
