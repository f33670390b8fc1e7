"""Several processes, on one host or many, that train one run together: jax.distributed, and what they must agree on."""

import ctypes
import math
import os
import re
import signal
import socket
import sys
import tempfile
import threading
import time
from typing import Any

import jax
import numpy as np

from jaxgan.errors import NO_SPACE, UserError, first_line

TIMEOUT = 60.0  # seconds
LOST = "--distributed: another process of the run has ended or does not answer"
STATUS = r"(?:UNKNOWN|UNAVAILABLE|INTERNAL|ABORTED|CANCELLED|DEADLINE_EXCEEDED): [^\n]*"  # as errors of jax's runtime begin


def join(
    coordinator: str | None = None, process_count: int | None = None, process_id: int | None = None, timeout: float = TIMEOUT
) -> None:
    """Joins the processes of the run; where the program has joined already, does nothing.

    What is not given jax finds in the environment: Slurm, Open MPI, GKE and TPU pods.

    Args:
        coordinator: HOST:PORT where process 0 listens.
        process_count: how many processes there are.
        process_id: which one this is.
        timeout: seconds until a process that does not answer counts as ended: now, and later, when jax ends this process for it.
            Where the others do not come within that time this process ends, with one line and exit code 2; only where the coordinator
            is named and does not answer it can be an error.

    Raises:
        UserError: no answer from the coordinator, or names and numbers that cannot be.
    """
    if jax.distributed.is_initialized():
        return
    began = time.monotonic()
    if coordinator is not None:
        host, port = _address(coordinator)
        if process_id and process_id < (process_count or math.inf):
            _wait_for(host, port, timeout)
    left = max(1.0, timeout - (time.monotonic() - began))
    others = f"--distributed: the processes did not all come within {timeout:g} s (--distributed-timeout)"
    too_late = threading.Timer(left, _end, [others])  # jax would take seconds longer, and end in a trace
    too_late.daemon = True
    too_late.start()
    whole = max(1, round(timeout))
    try:
        jax.distributed.initialize(
            coordinator,
            process_count,
            process_id,
            initialization_timeout=whole,
            heartbeat_timeout_seconds=whole,
            shutdown_timeout_seconds=whole,
        )
    except (ValueError, RuntimeError) as error:
        raise UserError(
            f"--distributed: {first_line(error)}; name --coordinator HOST:PORT, --process-count N and --process-id I, the last from 0 to N - 1"
        ) from error
    finally:
        too_late.cancel()


def _address(coordinator: str) -> tuple[str, int]:
    host, _, port = coordinator.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 2**16:
        raise UserError(f"--coordinator {coordinator}: expected HOST:PORT, the port from 1 to 65535")
    return host.strip("[]"), int(port)


def _wait_for(host: str, port: int, timeout: float) -> None:
    """Waits until something listens there: jax's own waiting ends in a trace.

    Raises:
        UserError: nothing does within `timeout` seconds.
    """
    end = time.monotonic() + timeout
    while True:
        try:
            socket.create_connection((host, port), max(0.1, end - time.monotonic())).close()
            return
        except OSError as error:
            if time.monotonic() >= end:
                reason = error.strerror or first_line(error)
                raise UserError(
                    f"--coordinator {host}:{port}: no answer within {timeout:g} s (--distributed-timeout): {reason}"
                ) from None
            time.sleep(min(0.2, max(0.0, end - time.monotonic())))


def _end(reason: str) -> None:
    """Ends the process with one line and exit code 2, where nobody is left to catch an error, or an exit in order would wait."""
    print(f"error: {reason}", file=sys.stderr, flush=True)
    os._exit(UserError.exit_code)


def end_if_lost(error: BaseException) -> None:
    """Ends this process with one line and exit code 2 where the error, or its cause, says that another one has left it; else does nothing."""
    cause: BaseException | None = error
    while cause is not None and jax.distributed.is_initialized():
        if NO_SPACE not in str(cause) and (reason := re.match(STATUS, str(cause))):
            _end(f"{LOST} ({reason[0][:200]})")
        cause = cause.__cause__


def end_in_one_line() -> None:
    """From here on, what jax's runtime ends this process for is said in one line, with exit code 2 (of a command, on POSIX).

    Where another process is lost, the runtime writes a trace and aborts, from a thread of its own that no `except` reaches. What the
    libraries beneath write to the standard error goes to a file, for the reason to be found there; Python's own words go where they
    went.
    """
    if os.name != "posix" or _KEPT:
        return
    sys.stderr.flush()
    terminal, log = os.dup(2), tempfile.TemporaryFile()  # noqa: SIM115 (open until the process ends)
    os.dup2(log.fileno(), 2)
    sys.stderr = os.fdopen(terminal, "w", buffering=1, errors="backslashreplace")

    def aborted(number: int) -> None:
        log.seek(0)
        text = log.read().decode(errors="replace")
        reason = re.search(STATUS, text)
        _end(f"{LOST} ({reason[0][:200]})" if reason else f"jax's runtime has aborted: {text[:200].splitlines()}")

    handler = ctypes.CFUNCTYPE(None, ctypes.c_int)(aborted)  # Python's own handlers wait for the main thread
    libc = ctypes.CDLL(None)
    libc.signal.argtypes, libc.signal.restype = [ctypes.c_int, ctypes.c_void_p], ctypes.c_void_p
    libc.signal(signal.SIGABRT, ctypes.cast(handler, ctypes.c_void_p))
    _KEPT.extend([handler, log])


_KEPT: list[object] = []  # the handler, which C holds by its address, and the file


def is_first() -> bool:
    """Whether this process is the one that writes files and talks."""
    return jax.process_index() == 0


def whole(array: Any) -> np.ndarray:
    """The numbers of an array in the host's memory, also of one whose parts lie with several processes."""
    if isinstance(array, jax.Array) and not (array.is_fully_addressable or array.is_fully_replicated):
        from jax.experimental import multihost_utils

        return np.asarray(multihost_utils.process_allgather(array, tiled=True))
    return np.asarray(array)


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
