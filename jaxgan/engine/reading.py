"""Pictures that stay on disk are read in this process, or by others beside it.

Python runs one thread at a time, and decoding a small picture is for the most part Python: more threads read no more of them, further
processes do.
"""

import signal
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from jaxgan.errors import UserError, first_line
from jaxgan.memory import usable_cores
from jaxgan.types import Records

if TYPE_CHECKING:
    from loky import ProcessPoolExecutor

Pictures = tuple[np.ndarray, np.ndarray]  # uint8 (n, H, W, C), and their labels (n,) or (n, K)

MOST = 8  # threads or processes that read, where nobody says how many
AHEAD = 2  # batches that wait for a process to be free, so that none of them waits for a batch
IDLE_SECONDS = 60.0  # after which a process that has nothing to read ends, to be begun anew when there is
WORKER_ENVIRONMENT = {"JAX_PLATFORMS": "cpu"}  # the environment of a process that reads: the accelerator is not for it


class ThreadReader:
    """Reads in the thread that asks."""

    threads = max(2, min(MOST, usable_cores()))  # that may ask at once: on two cores eight would be slower by a third

    def __init__(self, records: Records):
        self._records = records

    def start(self) -> None:
        """There is nothing to start."""

    def stop(self) -> None:
        """Nor to stop."""

    def read(self, rows: np.ndarray) -> Pictures:
        """The pictures of these rows, at least one.

        Raises:
            UserError: one cannot be read.
        """
        samples, labels = zip(*(self._records[int(row)] for row in rows), strict=True)
        return np.stack(samples), np.stack(labels)


class ProcessReader:
    """Reads in so many further processes.

    loky starts them and not Python's own pool, whose processes run the user's script a second time where it has no
    `if __name__ == "__main__"`.
    """

    def __init__(self, records: Records, processes: int):
        self.threads = processes + AHEAD
        self._records, self._processes = records, processes
        self._pool: ProcessPoolExecutor | None = None

    def start(self) -> None:
        """Starts the processes where there are none; before several threads ask.

        Raises:
            UserError: the data set cannot be given to another process.
        """
        if self._pool is not None:
            return
        import cloudpickle
        from loky import ProcessPoolExecutor

        try:
            reader = cloudpickle.dumps(ThreadReader(self._records))
        except Exception as error:  # whatever the parts of a data set raise
            raise UserError(
                f"the data set cannot be given to further processes ({first_line(error)}): --readers 0 reads it in this one"
            ) from error
        self._pool = ProcessPoolExecutor(
            self._processes, timeout=IDLE_SECONDS, initializer=_start_worker, initargs=(reader,), env=WORKER_ENVIRONMENT
        )

    def stop(self) -> None:
        """Ends them, whatever they are at; they can be started again."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(kill_workers=True)

    def read(self, rows: np.ndarray) -> Pictures:
        """The pictures of these rows, at least one, by the next process that is free.

        Raises:
            UserError: one cannot be read, or a process ended.
        """
        pool = self._pool
        assert pool is not None, "`start` comes first"
        try:
            return pool.submit(_read, rows).result()
        except BrokenProcessPool as error:
            raise UserError(
                "a process that reads pictures ended, maybe for want of memory: --readers 0 reads them without further processes"
            ) from error


def reader_of(records: Records, processes: int | None = None) -> ThreadReader | ProcessReader:
    """What reads, with so many further processes. Where none are named there are none if the processor trains too, which needs its
    cores; else one for each core but one, at most MOST."""
    if processes is None:
        processes = 0 if jax.default_backend() == "cpu" else min(MOST, usable_cores() - 1)
    return ProcessReader(records, processes) if processes else ThreadReader(records)


_reader: Any = None  # of a process that reads for another


def _start_worker(reader: bytes) -> None:
    """Starts such a process. An interrupt is for the one that trains, which ends this one."""
    import cloudpickle

    global _reader
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    _reader = cloudpickle.loads(reader)


def _read(rows: np.ndarray) -> Pictures:
    return _reader.read(rows)
