"""A picture as it goes to the browser: a head in JSON and arrays of float32 behind it, in one binary message.

4 bytes   length of the head, little-endian
the head  UTF-8, filled up with spaces to a multiple of 4 bytes
arrays    float32, little-endian; the head says of each its shape and where it begins, in numbers from the first array on
"""

import json
import struct
from typing import Any

import numpy as np


class Arrays:
    """Arrays that go behind a head."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.count = 0

    def add(self, values: np.ndarray | None) -> dict[str, Any] | None:
        """Keeps an array; what the head says of it. None of none."""
        if values is None:
            return None
        placed = {"at": self.count, "shape": list(values.shape)}
        self.parts.append(np.ascontiguousarray(values, "<f4").tobytes())
        self.count += values.size
        return placed


def packed(head: dict[str, Any], arrays: Arrays) -> bytes:
    """The message."""
    text = json.dumps(head, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    return b"".join([struct.pack("<I", len(text)), text, *arrays.parts])


def unpacked(message: bytes) -> tuple[dict[str, Any], np.ndarray]:
    """Head and numbers of a message, as the page reads them."""
    (length,) = struct.unpack_from("<I", message)
    return json.loads(message[4 : 4 + length]), np.frombuffer(message, "<f4", offset=4 + length)
