"""Files that are whole or not there."""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_atomically(path: str | Path, content: bytes) -> None:
    """Write `content` to `path`, making its folder; a reader finds the old file or the new one, never a part of one."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")  # the same folder: a rename across file systems would copy
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def json_text(value: Any) -> bytes:
    """The value as JSON, indented, to be written; null for a number that is not finite."""
    return (json.dumps(_finite(value), indent=2, allow_nan=False) + "\n").encode()


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
