"""Pictures as bytes and as the numbers that networks see, x / 127.5 - 1; for numpy and jax arrays alike (layer 0)."""

from typing import Any

import numpy as np


def to_model_range(samples: Any) -> Any:
    """Bytes (uint8) as floats x / 127.5 - 1 in [-1, 1]; samples of another type as they are.

    Of a numpy array the result is a float32 numpy array; of a jax array, also one that is traced, a jax array of the default
    float type (float32, or float64 under x64).
    """
    if samples.dtype != np.uint8:
        return samples
    return samples.astype(np.float32 if isinstance(samples, np.ndarray) else float) / 127.5 - 1


def to_bytes(samples: Any) -> Any:
    """Floats x as the nearest of the bytes (x + 1) * 127.5, uint8; what lies outside [-1, 1] is clipped.

    The result is of the kind that comes in, numpy or jax. Numbers that are not finite have no byte: the caller sees to them.
    """
    return ((samples.clip(-1, 1) + 1) * 127.5).round().astype(np.uint8)
