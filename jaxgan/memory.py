"""How much memory and how many cores there are, and one line for what cannot fit into the memory (layer 0)."""

import contextlib
import ctypes
import functools
import os
from pathlib import Path
from typing import Any

from jaxgan.errors import UserError

CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")  # what a container may take


def usable_cores() -> int:
    """The cores that this process may use: of a machine that several share, those that it was given."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@functools.cache  # asked for every picture that is read
def host_memory() -> int:
    """The bytes that a process may take: of the machine, or of the container or limit that it runs under."""
    limits = [_machine_memory()]
    for path in CGROUPS:
        with contextlib.suppress(OSError, ValueError):  # not there, or "max"
            limits.append(int(Path(path).read_text()))
    with contextlib.suppress(ImportError, OSError):
        import resource  # POSIX alone

        if (allowed := resource.getrlimit(resource.RLIMIT_AS)[0]) != resource.RLIM_INFINITY:
            limits.append(allowed)
    return min(limits)


def _machine_memory() -> int:
    """The bytes of the machine's memory; more than there can be where the system does not tell."""
    if hasattr(os, "sysconf"):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    status = _WindowsMemory(length=ctypes.sizeof(_WindowsMemory))
    with contextlib.suppress(AttributeError, OSError):
        windll: Any = getattr(ctypes, "windll")  # noqa: B009 (mypy knows it on Windows alone)
        if windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
            return int(status.physical)
    return 2**63


class _WindowsMemory(ctypes.Structure):
    """MEMORYSTATUSEX of the Windows API."""

    _fields_ = (
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        ("physical", ctypes.c_uint64),
        ("others", ctypes.c_uint64 * 6),
    )


def give_back() -> None:
    """Lets the system have the memory that was freed: glibc keeps it, and a compilation may leave hundreds of megabytes. Elsewhere nothing."""
    with contextlib.suppress(OSError, TypeError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def check_fits(size: int, what: str) -> None:
    """Refuses, before it is made, an array that could never fit: the system would grant it, and end the process when it is filled.

    Args:
        size: in bytes.
        what: the array, as the message begins: "--n 10: samples".

    Raises:
        UserError: one line with what it takes and what there is.
    """
    if size > (there := host_memory()):
        raise UserError(
            f"{what}: would take {in_words(size)} of memory, and this machine has {in_words(there)}: {in_words(size - there)} too much"
        )


def in_words(size: int) -> str:
    """Bytes as "512 B", "1.5 GB", "8,000 TB"."""
    for unit, factor in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            value = size / factor
            return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.1f} {unit}"
    return f"{size} B"
