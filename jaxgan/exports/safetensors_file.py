"""Arrays by name as a file in the format safetensors."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jaxtyping import PyTree

from jaxgan.errors import UserError, first_line
from jaxgan.exports.needed import needed


def safetensors_bytes(arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None = None) -> bytes:
    """The bytes of a file that holds these arrays, and texts beside them.

    Raises:
        UserError: safetensors is not installed.
    """
    numpy_form = needed("safetensors.numpy", "writing weights")
    contiguous = {name: np.ascontiguousarray(array).reshape(np.shape(array)) for name, array in arrays.items()}
    content: bytes = numpy_form.save(contiguous, dict(metadata or {}) or None)
    return content


def read_safetensors(path: Path) -> dict[str, np.ndarray]:
    """{name: array} of such a file.

    Raises:
        UserError: safetensors is not installed, there is no such file, or it is damaged.
    """
    numpy_form = needed("safetensors.numpy", "reading weights")
    try:
        arrays: dict[str, np.ndarray] = numpy_form.load_file(path)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or first_line(error)}") from None
    except Exception as error:  # the package has errors of its own
        raise UserError(f"{path} cannot be read as safetensors: {first_line(error)}") from None
    return arrays


def by_path(tree: PyTree[Any]) -> dict[str, Any]:
    """{path: leaf} of a tree of arrays, as "params/model/layers_0/kernel"."""
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {jax.tree_util.keystr(path, simple=True, separator="/"): leaf for path, leaf in leaves}


def filled(like: PyTree[Any], arrays: Mapping[str, np.ndarray], source: str) -> PyTree[Any]:
    """The tree of shapes `like` with the arrays of these paths.

    Raises:
        UserError: an array is missing, or has another shape.
    """
    values = []
    for name, leaf in by_path(like).items():
        if name not in arrays or arrays[name].shape != leaf.shape:
            has = f"has shape {arrays[name].shape}" if name in arrays else "is missing"
            raise UserError(f"{source}: {name} {has}; expected is {tuple(leaf.shape)}")
        values.append(jax.numpy.asarray(arrays[name].astype(leaf.dtype)))
    return jax.tree_util.tree_unflatten(jax.tree_util.tree_structure(like), values)
