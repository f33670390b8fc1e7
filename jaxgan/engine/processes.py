"""Several processes, on one host or many, that train one run together: jax.distributed, and what they must agree on."""

import jax
import numpy as np

from jaxgan.errors import UserError


def join(coordinator: str | None = None, process_count: int | None = None, process_id: int | None = None) -> None:
    """Joins the processes of the run; where the program has joined already, does nothing.

    What is not given jax finds in the environment: Slurm, Open MPI, GKE and TPU pods.
    """
    if jax.distributed.is_initialized():
        return
    try:
        jax.distributed.initialize(coordinator, process_count, process_id)
    except (ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            f"--distributed: {reason}; name --coordinator HOST:PORT, --process-count N and --process-id I, the last from 0 to N - 1"
        ) from error


def is_first() -> bool:
    """Whether this process is the one that writes files and talks."""
    return jax.process_index() == 0


def agreed(*values: int) -> tuple[int, ...]:
    """The first process's numbers, in every process: what a clock decides must be the same in all."""
    if jax.process_count() == 1:
        return values
    from jax.experimental import multihost_utils

    return tuple(int(value) for value in multihost_utils.broadcast_one_to_all(np.asarray(values, np.int32)))


def any_of(flag: bool) -> bool:
    """Whether the flag is up in any of the processes."""
    if jax.process_count() == 1:
        return flag
    from jax.experimental import multihost_utils

    return bool(multihost_utils.process_allgather(np.asarray(flag)).any())


def agreed_text(text: str) -> str:
    """The first process's text, in every process."""
    if jax.process_count() == 1:
        return text
    from jax.experimental import multihost_utils

    room = np.zeros(4096, np.uint8)
    data = np.frombuffer(text.encode()[:4096], np.uint8)
    room[: len(data)] = data
    return bytes(np.asarray(multihost_utils.broadcast_one_to_all(room))).rstrip(b"\0").decode()
