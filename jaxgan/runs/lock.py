"""One process, or one group of processes, trains a run at a time."""

import contextlib
from collections.abc import Iterator

from filelock import FileLock, Timeout

from jaxgan.engine import processes
from jaxgan.errors import BusyError
from jaxgan.folder import RunFolder


@contextlib.contextmanager
def locked(files: RunFolder) -> Iterator[None]:
    """Holds the run's lock; the system gives it back when the process ends, however it ends.

    Of several processes that train together the first one holds it.

    Raises:
        BusyError: another process holds it; in every process of a group.
    """
    lock = FileLock(files.lock, timeout=0)
    refused = ""
    if processes.is_first():
        try:
            lock.acquire()
        except Timeout:
            refused = f"{files.path} is being trained by another process: wait for it, or name another folder with --out"
    if refused := processes.agreed_text(refused):
        raise BusyError(refused)
    try:
        yield
    finally:
        lock.release()
