"""Which process of this machine trains a run, as the system itself knows it, and Ctrl-C for that process.

A run's lock (`jaxgan.runs.lock`) is a lock of the operating system, which Linux lists with the process that took it. Nothing here takes
or tries the lock, so a run that begins is never in its way.
"""

import os
import signal
from pathlib import Path

from jaxgan.errors import UserError

PROCESSES = Path("/proc")

Place = tuple[int, int, int]  # of a file: major and minor number of its device, and its inode


class NotStopped(UserError):
    """A run cannot be stopped from here; the message says why, in a line."""


def holders() -> dict[Place, int]:
    """The locked files of this machine, each with the process that locked it; {} on a system that does not tell."""
    found: dict[Place, int] = {}
    try:
        lines = (PROCESSES / "locks").read_text().splitlines()
    except OSError:
        return {}
    for line in lines:
        match line.split():
            case [_, "FLOCK", _, "WRITE", process, file, *_]:
                major, minor, inode = file.split(":")
                found[int(major, 16), int(minor, 16), int(inode)] = int(process)
    return found


def place_of(path: Path) -> Place | None:
    """Where a file lies, as `holders` names it, on a system where it names any; None where there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return os.major(status.st_dev), os.minor(status.st_dev), status.st_ino


def interrupt(lock: Path) -> int:
    """Sends SIGINT, as Ctrl-C does, to the process that holds the run's lock, and returns its number.

    The process is held by a descriptor while it is looked at, so that no other one that was given its number meanwhile can be meant.

    Raises:
        NotStopped: no process of this machine holds the lock, or it belongs to someone else.
    """
    held = holders()
    place = place_of(lock) if held else None
    process = held.get(place) if place else None
    if not process:  # 0: one that this system's view of processes does not hold
        raise NotStopped("no process on this machine trains this run")
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        raise NotStopped("the process that trained this run has ended") from None
    try:
        if not _holds(process, lock):
            raise NotStopped(f"process {process} is not known for certain to train this run, and is left alone")
        signal.pidfd_send_signal(descriptor, signal.SIGINT)
    except PermissionError:
        raise NotStopped(f"process {process}, which trains this run, belongs to another user") from None
    except ProcessLookupError:
        raise NotStopped("the process that trained this run has ended") from None
    finally:
        os.close(descriptor)
    return process


def _holds(process: int, lock: Path) -> bool:
    """Whether the process has the file open and locked it itself, by what the system says of its open files."""
    wanted = lock.stat()
    own = PROCESSES / str(process)
    for link in (own / "fd").iterdir():
        try:
            if not os.path.samestat(link.stat(), wanted):
                continue
            lines = (own / "fdinfo" / link.name).read_text().splitlines()
        except FileNotFoundError:  # closed meanwhile, or no file
            continue
        words = [line.split() for line in lines if line.startswith("lock:")]
        if any({"FLOCK", "WRITE"} <= set(line) and line[5] == str(process) for line in words if len(line) > 5):
            return True
    return False
