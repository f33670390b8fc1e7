"""Pictures that stay on disk are read in this process, or by others beside it.

Python runs one thread at a time, and decoding a small picture is for the most part Python: more threads read no more of them, further
processes do.
"""

import os
import signal
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from jaxgan.errors import UserError, first_line
from jaxgan.types import Records

if TYPE_CHECKING:
    from loky import ProcessPoolExecutor

Pictures = tuple[np.ndarray, np.ndarray]  # uint8 (n, H, W, C), and their labels (n,) or (n, K)

MOST = 8  # threads or processes that read, where nobody says how many
AHEAD = 2  # batches that wait for a process to be free, so that none of them waits for a batch
IDLE_SECONDS = 60.0  # after which a process that has nothing to read ends, to be begun anew when there is
KEEP_OFF = {"JAX_PLATFORMS": "cpu"}  # the environment of a process that reads: the accelerator is not for it


class Here:
    """Reads in the thread that asks."""

    threads = max(2, min(MOST, os.cpu_count() or 1))  # that may ask at once: on two cores eight would be slower by a third

    def __init__(self, records: Records):
        self._records = records

    def begin(self) -> None:
        """There is nothing to begin."""

    def end(self) -> None:
        """Nor to end."""

    def read(self, rows: np.ndarray) -> Pictures:
        """The pictures of these rows, at least one.

        Raises:
            UserError: one cannot be read.
        """
        samples, labels = zip(*(self._records[int(row)] for row in rows), strict=True)
        return np.stack(samples), np.stack(labels)


class Beside:
    """Reads in so many further processes.

    loky begins them and not Python's own pool, whose processes run the user's script a second time where it has no
    `if __name__ == "__main__"`.
    """

    def __init__(self, records: Records, processes: int):
        self.threads = processes + AHEAD
        self._records, self._processes = records, processes
        self._pool: ProcessPoolExecutor | None = None

    def begin(self) -> None:
        """Begins the processes where there are none; before several threads ask.

        Raises:
            UserError: the data set cannot be given to another process.
        """
        if self._pool is not None:
            return
        import cloudpickle
        from loky import ProcessPoolExecutor

        try:
            reader = cloudpickle.dumps(Here(self._records))
        except Exception as error:  # whatever the parts of a data set raise
            raise UserError(
                f"the data set cannot be given to further processes ({first_line(error)}): --readers 0 reads it in this one"
            ) from error
        self._pool = ProcessPoolExecutor(
            self._processes, timeout=IDLE_SECONDS, initializer=_take, initargs=(reader,), env=KEEP_OFF
        )

    def end(self) -> None:
        """Ends them, whatever they are at; they can be begun again."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(kill_workers=True)

    def read(self, rows: np.ndarray) -> Pictures:
        """The pictures of these rows, at least one, by the next process that is free.

        Raises:
            UserError: one cannot be read, or a process ended.
        """
        pool = self._pool
        assert pool is not None, "`begin` comes first"
        try:
            return pool.submit(_read, rows).result()
        except BrokenProcessPool as error:
            raise UserError(
                "a process that reads pictures ended, maybe for want of memory: --readers 0 reads them without further processes"
            ) from error


def reader_of(records: Records, processes: int | None = None) -> Here | Beside:
    """What reads, with so many further processes. Where none are named there are none if the processor trains too, which needs its
    cores; else one for each core but one, at most MOST."""
    if processes is None:
        processes = 0 if jax.default_backend() == "cpu" else min(MOST, (os.cpu_count() or 1) - 1)
    return Beside(records, processes) if processes else Here(records)


_reader: Any = None  # of a process that reads for another


def _take(reader: bytes) -> None:
    """Begins such a process. An interrupt is for the one that trains, which ends this one."""
    import cloudpickle

    global _reader
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    _reader = cloudpickle.loads(reader)


def _read(rows: np.ndarray) -> Pictures:
    return _reader.read(rows)
