"""The IDX format of the MNIST family: a magic number, big-endian sizes, then bytes."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from jaxgan.errors import UserError, first_line

UNSIGNED_BYTE = 0x08  # the third byte of the magic number: what the numbers are


def read_idx(path: Path, n_dims: int) -> UInt8[np.ndarray, "..."]:
    """The array of an IDX file, gzipped or not.

    The format: bytes 0, 0, type, n_dims; n_dims sizes of 4 bytes, big-endian; the numbers, last axis fastest.

    Raises:
        UserError: not IDX, not unsigned bytes, not `n_dims` dimensions, cut short, or longer than its sizes say.
    """
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path}: not readable ({first_line(error)}), expected a whole IDX archive") from error
    magic = bytes([0, 0, UNSIGNED_BYTE, n_dims])
    header = 4 + 4 * n_dims
    if content[:4] != magic or len(content) < header:
        raise UserError(
            f"{path}: starts with bytes {content[:4].hex() or '(none)'}, "
            f"expected {magic.hex()}, an IDX file of unsigned bytes with {n_dims} dimension{'s' if n_dims > 1 else ''}"
        )
    shape = tuple(int(size) for size in np.frombuffer(content[4:header], ">u4"))
    if len(content) - header != math.prod(shape):
        raise UserError(
            f"{path}: holds {len(content) - header} bytes of data, expected {math.prod(shape)} for its shape {shape}"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)
