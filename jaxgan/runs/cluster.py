"""Trainings spread over machines by Dask: each is a task of a worker, in a run folder that all of them see.

A worker that is lost has its task done by another one, which goes on from the last checkpoint: Dask sees to the first, the run folder to
the second.
"""

import contextlib
import logging
import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

from jaxgan.cache import keep_compiled_programs
from jaxgan.engine.listeners import Listener
from jaxgan.errors import BusyError, UserError, first_line
from jaxgan.interrupts import interrupted_by, interrupts
from jaxgan.report.listeners.progress_bar import losses_in_words
from jaxgan.report.many_runs import ManyRuns

LOCAL = "local:"  # local:N starts N workers here
ANSWER = 10.0  # seconds in which a scheduler must answer
POLL = 0.2  # seconds
FLAGS = "--nthreads 1 --memory-limit 0 --no-nanny"  # of a worker
PACKAGES = ("jaxgan", "jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy", "dask", "distributed")
STOPPED: set[str] = set()  # of a worker: the work that is to stop after a checkpoint

Train = Callable[..., Any]
"""What trains or goes on with a run: called with `listeners`, `progress` and `tell`, a function of a line of text."""


def spread(address: str, work: Mapping[str, Train], shared: Path, interrupted: str) -> dict[str, Any]:
    """What each part of the work returns, done by the workers of a cluster, as many at a time as there are workers.

    Args:
        address: the scheduler's, HOST:PORT; or local:N, for N workers on this machine that end with the work.
        work: by name; each must be importable where the workers run, and go on where it was stopped.
        shared: a folder or file that all workers must see.
        interrupted: the text of the KeyboardInterrupt.

    Raises:
        UserError: no cluster there, workers of other versions or without the folder, or what a part of the work raises: one line.
        KeyboardInterrupt: on Ctrl-C, after the checkpoints are safe.
    """
    with (
        _connected(address) as client,
        ManyRuns(work) as view,
        interrupts("stopping after the steps in progress and their checkpoints; once more stops at once") as heard,
    ):
        parts = _Parts(client, work, shared, view)
        try:
            while parts.left and not heard():
                parts.advance()
                time.sleep(POLL)
        except (OSError, TimeoutError) as error:  # as Dask's own are
            raise UserError(f"--cluster {address}: the scheduler no longer answers ({first_line(error)})") from error
        finally:
            if parts.left:
                parts.stop()
        if parts.left:
            raise KeyboardInterrupt(interrupted)
        return {name: parts.results[name] for name in work}


@contextlib.contextmanager
def _connected(address: str) -> Iterator[Any]:
    """Dask's client of the scheduler at the address."""
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise UserError(f"--cluster needs Dask ({first_line(error)}): pip install 'jaxgan[cluster]'") from None
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with contextlib.ExitStack() as ending:
        if address.startswith(LOCAL):
            count = address.removeprefix(LOCAL)
            if not count.isdecimal() or not int(count):
                raise UserError(f"--cluster {address}: expected local:N, for N workers on this machine")
            # Dask would give a worker's libraries one thread each, which may change a last bit, and allow it no processes of its own
            own = {"distributed.nanny.pre-spawn-environ": {}, "distributed.worker.daemon": False}
            ending.enter_context(dask.config.set(own))
            where: Any = ending.enter_context(
                LocalCluster(
                    n_workers=int(count), threads_per_worker=1, memory_limit=0, dashboard_address=None,
                    silence_logs=logging.CRITICAL, preload=[__name__],
                )
            )  # fmt: skip
        else:
            where = address
        try:
            client = ending.enter_context(Client(where, timeout=ANSWER, set_as_default=False))
        except (OSError, ValueError) as error:
            raise UserError(
                f"--cluster {address}: no scheduler of Dask answers there ({first_line(error)}):"
                " `python -m dask scheduler` starts one and prints its address; local:2 starts two workers here"
            ) from None
        yield client


def dask_setup(worker: Any) -> None:
    """Called by Dask as a worker of local:N starts: Ctrl-C goes to all processes of a terminal, and the first of them speaks for all."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)


class _Parts:
    """The work: what is left, what is at the workers, what came back."""

    def __init__(self, client: Any, work: Mapping[str, Train], shared: Path, view: ManyRuns) -> None:
        self.client, self.work, self.shared, self.view = client, work, shared, view
        self.left = list(work)  # without a result
        self.results: dict[str, Any] = {}
        self.waiting = list(work)  # not at a worker
        self.futures: dict[str, Any] = {}  # at a worker
        self.reached: dict[str, int] = {}  # the last checkpoint of each that was begun
        self.before: dict[str, int] = {}  # that checkpoint when it was last handed out
        self.topic = f"jaxgan-{uuid.uuid4()}"
        self.told_to_wait = False
        client.subscribe_topic(self.topic, lambda event: self._hear(**event[1]))

    def advance(self) -> None:
        """Takes what has come back, and hands out as much as there are free workers."""
        for name, future in list(self.futures.items()):
            if future.done():
                del self.futures[name]
                self._take(name, future)
        places = self.client.nthreads() if self.waiting else {}
        if not places and self.waiting and not self.told_to_wait:
            self.told_to_wait = True
            self.view.print(f"waiting for workers: `python -m dask worker {self.client.scheduler.address} {FLAGS}`")
        while self.waiting and len(self.futures) < len(places):
            name = self.waiting.pop(0)
            self.before[name] = self.reached.get(name, 0)
            self.futures[name] = self.client.submit(
                perform, self.work[name], name, self.topic, _versions(), self.shared, key=f"{self.topic}-{name}-{uuid.uuid4()}"
            )

    def stop(self) -> None:
        """Lets what is trained save a checkpoint and stop, and waits for that."""
        with contextlib.suppress(OSError, TimeoutError):
            while self.client.nthreads() and not all(future.done() for future in self.futures.values()):
                self.client.run(stop, self.topic, on_error="ignore")  # of those too that came meanwhile
                time.sleep(POLL)

    def _take(self, name: str, future: Any) -> None:
        from distributed import KilledWorker

        try:
            result = future.result()
        except KilledWorker as error:
            if self.reached.get(name) == self.before[name]:  # it was begun, and each time in vain
                raise UserError(
                    f"{name}: {error.allowed_failures + 1} workers were lost over it, and none came further than step"
                    f" {self.before[name]}: does it fit into a worker's memory?"
                ) from None
            result = None
        except UserError as error:
            raise type(error)(f"{name}: {error}") from error
        except OSError as error:
            raise UserError(f"{name}: {error}") from error
        except Exception as error:
            if type(error).__name__ in ("CancelledError", "FutureCancelledError"):
                raise OSError(f"{name} was cancelled") from error
            if _missing(error):
                raise UserError(
                    f"{name}: the cluster lacks a module ({_missing(error)}): start scheduler and workers in the"
                    " environment and the directory of this command"
                ) from error
            raise
        if result is None:  # its worker was ended in order
            self.waiting.insert(0, name)
            return
        self.left.remove(name)
        (self.results[name],) = result
        self.view.on_finish(name)

    def _hear(self, name: str, worker: str, what: str, value: Any) -> None:
        """What a worker tells, in a thread of Dask's."""
        if what == "begin":
            self.reached.setdefault(name, 0)
        elif what == "start":
            step, total = value
            self.view.on_start(name, step, total, worker)
        elif what == "chunk":
            self.view.on_chunk(name, *value)
        elif what == "checkpoint":
            self.reached[name] = value
        else:
            self.view.print(value if value.startswith(name) else f"{name}: {value}")


def _missing(error: BaseException | None) -> str:
    """The line of a module that was not found where the error came from; nothing where that is not the reason."""
    while error is not None:
        if isinstance(error, ModuleNotFoundError):
            return first_line(error)
        error = error.__cause__ or error.__context__
    return ""


def _versions() -> dict[str, str]:
    """What the numbers of a run depend on, and the packages by which client and workers talk."""
    import platform

    return {"Python": platform.python_version()} | {name: metadata.version(name) for name in PACKAGES}


# What follows runs at a worker


def stop(topic: str) -> None:
    """Lets what this worker trains for a client save a checkpoint and stop."""
    STOPPED.add(topic)


def perform(train: Train, name: str, topic: str, versions: Mapping[str, str], shared: Path) -> tuple[Any] | None:
    """Does a part of the work; None where it was interrupted."""
    from distributed import get_worker
    from distributed.worker import WORKER_ANY_RUNNING

    worker = get_worker()
    where = worker.address
    _check_worker(where, worker.state.nthreads, worker.memory_manager.memory_limit, versions, shared)
    keep_compiled_programs()

    def tell(what: str, value: Any) -> None:
        worker.log_event(topic, {"name": name, "worker": where, "what": what, "value": value})

    def stopped() -> bool:
        return topic in STOPPED or worker.status not in WORKER_ANY_RUNNING

    tell("begin", None)
    with interrupted_by(stopped):
        while not stopped():
            try:
                return (train(listeners=[_Teller(tell)], progress=False, tell=partial(tell, "line")),)
            except BusyError as error:  # by a worker that Dask takes for lost
                tell("line", f"waits: {error}")
                time.sleep(5)
            except KeyboardInterrupt:
                break
    return None


def _check_worker(where: str, threads: int, memory: int | None, versions: Mapping[str, str], shared: Path) -> None:
    """Refuses a worker that cannot do the work, or may come to other numbers."""
    own = _versions()
    if other := [f"{name} {own[name]} and not {version}" for name, version in versions.items() if own[name] != version]:
        raise UserError(f"the worker {where} has {', '.join(other)}: start it in the environment of this command")
    if threads != 1:
        raise UserError(f"the worker {where} does {threads} tasks at a time: start it with {FLAGS}")
    if memory is not None:  # of which Dask counts a share for each thread; a worker beyond it begins nothing new
        raise UserError(
            f"the worker {where} may use {memory / 2**30:.1f} GiB alone, and would wait beyond that: start it with {FLAGS}"
        )
    if not shared.exists() or not os.access(shared, os.W_OK):
        raise UserError(
            f"the worker {where} does not see {shared}, or may not write there: --out must be a folder that all machines share"
        )


class _Teller(Listener):
    """Tells the client how far a run is."""

    def __init__(self, tell: Callable[[str, Any], None]) -> None:
        self.tell = tell

    def on_start(self, step: int, total: int) -> None:
        self.tell("start", [step, total])

    def on_chunk(self, step: int, metrics: Sequence[dict[str, float]]) -> None:
        self.tell("chunk", [step, losses_in_words(metrics)])

    def on_checkpoint(self, step: int, path: Path) -> None:
        self.tell("checkpoint", step)
