"""Files that are whole or not there: the one place through which jaxgan writes, and what it says where it cannot."""

import contextlib
import json
import math
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from jaxgan.errors import WriteError, first_line


@contextlib.contextmanager
def saying_what_cannot_be_written(path: str | Path) -> Iterator[None]:
    """Turns the system's error into one line that names the path and the reason.

    Raises:
        WriteError: the block raised an OSError.
    """
    try:
        yield
    except OSError as error:
        raise WriteError(f"{path} cannot be written: {error.strerror or first_line(error)}") from None


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[IO[bytes]]:
    """A file to write what `path` is to hold, its folder made: a reader finds the old file or the new one, never a part of one.

    What a link points to is replaced, not the link; a device (/dev/null, /dev/stdout) is written as it is.

    Raises:
        WriteError: it cannot be written; what was there before is there still.
    """
    path = Path(os.path.realpath(path)) if os.path.islink(path) else Path(path)
    with saying_what_cannot_be_written(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file() and not path.is_dir():
            with path.open("wb") as device:
                yield device
            return
        temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")  # the same folder: a rename across file systems would copy
        try:
            with temporary.open("xb") as file:
                yield file
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def without_link(path: Path) -> Path:
    """The path, from which a symbolic link or a pipe is removed: a run folder from elsewhere may hold one, which leads to what is not
    the run's, or makes whoever writes wait.

    Raises:
        WriteError: it cannot be removed.
    """
    if path.is_symlink() or path.is_fifo():
        with saying_what_cannot_be_written(path):
            path.unlink()
    return path


def write_atomically(path: str | Path, content: bytes) -> None:
    """Write `content` to `path`, as `replacing` does."""
    with replacing(path) as file:
        file.write(content)


def append(path: str | Path, content: bytes) -> None:
    """Add `content` to the end of a file, which is made with its folder; all of it or, where that fails, nothing.

    Raises:
        WriteError: it cannot be written.
    """
    path = Path(path)
    with saying_what_cannot_be_written(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            try:
                if (written := file.write(content)) != len(content):  # the disk is nearly full: the rest says so
                    file.write(content[written:])
            except OSError:
                file.truncate(size)
                raise


def check_writable(path: str | Path, what: str = "") -> None:
    """Refuses, before the work, a file that cannot be written after it. Nothing is left behind, no folder either.

    Args:
        path: of the file.
        what: the flag that named it, for the message: "--out".

    Raises:
        WriteError: a folder is in its place or a file in that of its folder, or nothing may be written there.
    """
    path = Path(path)
    shown = f"{what} {path}".strip()
    try:
        if path.is_dir():
            raise WriteError(f"{shown} is a folder; name a file")
        check_folder_writable(path.parent, what, shown)
        _check_names(path, shown)
    except OSError as error:
        raise WriteError(f"{shown} cannot be written: {error.strerror or first_line(error)}") from None


def check_folder_writable(folder: str | Path, what: str = "", shown: str = "") -> None:
    """Refuses, before the work, a folder that is not there and cannot be made, or that nothing may be written into.

    Args:
        folder: the folder.
        what: the flag that named it, for the message.
        shown: how the message begins; what and folder where not given.

    Raises:
        WriteError: as said.
    """
    folder = Path(folder)
    shown = shown or f"{what} {folder}".strip()
    try:
        _check_names(folder, shown)
        there = folder
        while not os.path.lexists(there) and there != there.parent:
            there = there.parent
        if not there.is_dir():
            raise WriteError(f"{shown} cannot be written: {there} is no folder")
        trial = there / f".{secrets.token_hex(8)}.tmp"  # tried, for permissions do not tell all: a file system may be read-only
        try:
            trial.mkdir()
        finally:
            if trial.is_dir():
                trial.rmdir()
    except OSError as error:
        raise WriteError(f"{shown} cannot be written: {error.strerror or first_line(error)}") from None


def _check_names(path: Path, shown: str) -> None:
    """Refuses a path of which a part is longer than file systems take: they say so only of parts whose folder is there."""
    for part in path.parts:
        if len(os.fsencode(part)) > 255:
            raise WriteError(
                f"{shown[:100]}... cannot be written: a name has {len(part)} characters, and 255 bytes are allowed"
            )


def json_text(value: Any) -> bytes:
    """The value as JSON, indented, to be written; null for a number that is not finite."""
    return (json.dumps(_finite(value), indent=2, allow_nan=False) + "\n").encode()


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
