"""PyTorch state dicts to linen variables and back.

The networks bear the attribute names of the labs' classes, so a name of one side is a name of the other: `br1.0.running_mean`
is `batch_stats / br1 / layers_0 / mean`. Kernels are stored such that one permutation serves convolutions of both kinds:

    weight (out, in) of a linear layer              -> kernel (in, out)
    weight (out, in, h, w) of a convolution         -> kernel (h, w, in, out)
    weight (in, out, h, w) of a transposed one      -> kernel (h, w, out, in)
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import flax.linen as nn
import jax
import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict
from jaxtyping import Array, PyTree

from jaxgan.errors import UserError

LEAVES = {  # the last name in linen -> in PyTorch
    "kernel": "weight",
    "scale": "weight",
    "embedding": "weight",
    "bias": "bias",
    "mean": "running_mean",
    "var": "running_var",
    "count": "num_batches_tracked",
}


def from_torch(module: nn.Module, state_dict: Mapping[str, np.ndarray]) -> PyTree[Array]:
    """The variables of a generator or critic of `jaxgan.networks` that a PyTorch state dict holds.

    Args:
        module: the network that the state dict is for, with the sizes it was made with.
        state_dict: {name: array}, as `{k: v.numpy() for k, v in torch_module.state_dict().items()}`; numbers take the type that the
            module's own variables have (jax's default float).

    Raises:
        UserError: names are missing or unknown (all of them in one line), or a shape does not fit (the first).
    """
    expected = dict(_names(module))
    missing, unknown = sorted(expected.keys() - state_dict.keys()), sorted(state_dict.keys() - expected.keys())
    if missing or unknown:
        raise UserError(
            f"the state dict does not fit {type(module).__name__}:"
            f" missing {', '.join(missing) or 'nothing'}; unknown {', '.join(unknown) or 'nothing'}"
        )
    flat = {}
    for name, (path, abstract) in expected.items():
        value = _to_linen(path, np.asarray(state_dict[name]))
        if value.shape != abstract.shape:
            raise UserError(
                f"'{name}' has shape {np.shape(state_dict[name])}; {type(module).__name__} expects"
                f" {_to_torch(path, np.empty(abstract.shape)).shape}"
            )
        flat[path] = jax.numpy.asarray(value.astype(abstract.dtype))
    return unflatten_dict(flat)


def to_torch(module: nn.Module, variables: PyTree[Array]) -> dict[str, np.ndarray]:
    """The PyTorch state dict of a network's variables, the inverse of `from_torch`; counters come back as int64."""
    flat = flatten_dict(variables)
    missing = [name for name, (path, _) in _names(module) if path not in flat]
    if missing:
        raise UserError(f"the variables do not fit {type(module).__name__}: missing what PyTorch calls {', '.join(missing)}")
    arrays = {name: _to_torch(path, np.asarray(flat[path])) for name, (path, _) in _names(module)}
    return {name: a.astype(np.int64) if name.endswith("num_batches_tracked") else a for name, a in arrays.items()}


def _names(module: nn.Module) -> Iterator[tuple[str, tuple[tuple[str, ...], Any]]]:
    """PyTorch's name, the path in the linen variables and the shape of each variable."""
    variables = jax.eval_shape(module.init, jax.random.key(0), *module.example_inputs())
    for path, abstract in flatten_dict(variables).items():
        scopes = [re.sub(r"^layers_", "", scope) for scope in path[1:-1]]  # Sequential numbers its layers layers_0, ...
        yield ".".join([*scopes, LEAVES.get(path[-1], path[-1])]), (path, abstract)


def _to_linen(path: tuple[str, ...], array: np.ndarray) -> np.ndarray:
    if path[-1] != "kernel":
        return array
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T


def _to_torch(path: tuple[str, ...], array: np.ndarray) -> np.ndarray:
    if path[-1] != "kernel":
        return array
    return array.transpose(3, 2, 0, 1) if array.ndim == 4 else array.T
