"""How much a file may become in memory: what promises too much is refused by size, before it is unpacked (layer 0)."""

import zipfile
from collections.abc import Iterable
from pathlib import Path

from jaxgan.errors import UserError
from jaxgan.memory import host_memory

UNQUESTIONED = 2**26  # bytes that any file, however small, may become
MOST_PACKED = 200  # times its own size that a larger one may: photographs reach 30, drawings 100, and bombs 1,000


def check_size(promised: int, stored: int, source: str) -> None:
    """Refuses to unpack `stored` bytes into `promised` where that is a decompression bomb, or more than half of the memory.

    Raises:
        UserError: one line that begins with `source`.
    """
    if promised > max(UNQUESTIONED, MOST_PACKED * stored):
        raise UserError(
            f"{source}: {stored:,} bytes that would become {promised:,}, expected at most {MOST_PACKED} times as many:"
            " broken, or a decompression bomb"
        )
    if promised > host_memory() // 2:
        raise UserError(
            f"{source}: would take {promised / 2**30:.1f} GiB, expected at most half of this machine's {host_memory() / 2**30:.1f} GiB"
        )


def check_members(members: Iterable[zipfile.ZipInfo], path: Path) -> None:
    """Refuses to unpack these members of the zip archive at the path, as `check_size` does, or where they say to be larger than it.

    Raises:
        UserError: one line that begins with the path.
    """
    members, stored = list(members), path.stat().st_size
    for member in members:
        if member.compress_size > stored:
            raise UserError(f"{path}: {stored:,} bytes, and one of its members says to have {member.compress_size:,}: broken")
    check_size(sum(member.file_size for member in members), min(stored, sum(m.compress_size for m in members)), str(path))
