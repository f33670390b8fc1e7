"""The IDX format of the MNIST family: a magic number, big-endian sizes, then bytes."""

import gzip
import math
import os
import zlib
from io import BufferedIOBase
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from jaxgan.errors import UserError, first_line
from jaxgan.unpacking import check_size

UNSIGNED_BYTE = 0x08  # the third byte of the magic number: what the numbers are
SOME = 2**16  # bytes beyond the end that are counted


def read_idx(path: Path, n_dims: int) -> UInt8[np.ndarray, "..."]:
    """The array of an IDX file, gzipped or not.

    The format: bytes 0, 0, type, n_dims; n_dims sizes of 4 bytes, big-endian; the numbers, last axis fastest.

    Raises:
        UserError: not IDX, not unsigned bytes, not `n_dims` dimensions, cut short, longer than its sizes say, or sizes that no file of
            this length can hold.
    """
    try:
        with path.open("rb") as plain:
            stored = os.fstat(plain.fileno()).st_size
            if path.suffix != ".gz":
                return _read(plain, path, n_dims, stored)
            with gzip.GzipFile(fileobj=plain) as unpacked:
                return _read(unpacked, path, n_dims, stored)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path}: not readable ({first_line(error)}), expected a whole IDX archive") from error


def _read(file: BufferedIOBase, path: Path, n_dims: int, stored: int) -> UInt8[np.ndarray, "..."]:
    magic = bytes([0, 0, UNSIGNED_BYTE, n_dims])
    header = file.read(4 + 4 * n_dims)
    if header[:4] != magic or len(header) < 4 + 4 * n_dims:
        raise UserError(
            f"{path}: starts with bytes {header[:4].hex() or '(none)'}, "
            f"expected {magic.hex()}, an IDX file of unsigned bytes with {n_dims} dimension{'s' if n_dims > 1 else ''}"
        )
    shape = tuple(int(size) for size in np.frombuffer(header[4:], ">u4"))
    promised = math.prod(shape)
    check_size(promised, stored, f"{path}: {shape} by its header")
    content = file.read(promised)
    beyond = len(file.read(SOME)) if len(content) == promised else 0
    if len(content) < promised or beyond:
        amount = f"{len(content) + beyond}{' or more' if beyond == SOME else ''}"
        raise UserError(f"{path}: holds {amount} bytes of data, expected {promised} for its shape {shape}")
    return np.frombuffer(content, np.uint8).reshape(shape)
