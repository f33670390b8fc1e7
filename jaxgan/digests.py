"""Digests of arrays, and records that know of damage to themselves (layer 0)."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import xxhash


def digest(content: Any) -> str:
    """The digest of bytes, or of an array's numbers: their XXH3 of 128 bits, which finds damage, not forgery, as fast as memory is read."""
    return xxhash.xxh3_128_hexdigest(content)


def describe_array(array: np.ndarray) -> dict[str, Any]:
    """Shape, type and digest of an array, as JSON values."""
    return {"shape": list(array.shape), "type": array.dtype.name, "digest": digest(np.ascontiguousarray(array))}


def seal(record: Mapping[str, Any]) -> str:
    """The record as text: the digest of what follows, and JSON."""
    text = json.dumps(record)
    return f"{digest(text.encode())} {text}"


def unseal(text: str) -> dict[str, Any]:
    """The record that `seal` wrote.

    Raises:
        ValueError: the text is not what was written.
    """
    before, _, content = text.partition(" ")
    if digest(content.encode()) != before:
        raise ValueError("the record is not what was written")
    record: dict[str, Any] = json.loads(content)
    return record
