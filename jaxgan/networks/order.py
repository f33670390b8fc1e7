"""The layers of a network in their order, as freezing the first of them needs it."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any, NamedTuple

import flax.linen as nn
import jax
from jaxtyping import Array, Key

from jaxgan.types import Labels

Path = tuple[str, ...]  # of a parameter, from the network's outermost module
TABLE = "embedding"  # parameters of this name are tables of classes, and belong to no layer


class Layer(NamedTuple):
    """A kernel with what goes with it: its bias, and the norms behind it."""

    name: str  # of the module that has the kernel
    paths: tuple[Path, ...]


def layers_in_order(module: nn.Module, inputs: Any, labels: Any) -> tuple[Layer, ...]:
    """The layers of a network in the order in which its parameters are made, which is that of its calls.

    A layer begins with each parameter of two axes or more and holds those made after it up to the next; what is made before the first
    belongs to the first. Parameters named `embedding` are in none. Of a pair of functions (init, apply) and of an NNX module lists are in
    their order, and what has names by name, as jax orders a tree. Nothing is computed.

    Args:
        module: as `as_generator` and `as_critic` return it.
        inputs: latents or samples, or their shapes (`jax.ShapeDtypeStruct`).
        labels: their labels, or shapes.
    """
    found: list[tuple[Path, int]] = []

    def init(x: Array, labels: Labels, key: Key[Array, ""]) -> int:
        params = module.init({"params": key, "dropout": key, "augment": key}, x, labels).get("params", {})
        found.extend((path, leaf.ndim) for path, leaf in _leaves(params) if path[-1] != TABLE)
        return 0

    jax.eval_shape(init, inputs, labels, jax.random.key(0))
    layers: list[list[Path]] = []
    begun = False  # whether the last layer has its kernel
    for paths, has_kernel in _units(found):
        if not layers or (has_kernel and begun):
            layers.append([])
            begun = False
        layers[-1] += paths
        begun = begun or has_kernel
    return tuple(Layer(_name(paths, dict(found)), tuple(paths)) for paths in layers)


def _units(found: list[tuple[Path, int]]) -> Iterator[tuple[list[Path], bool]]:
    """The parameters of each module, and whether a kernel is among them; where there are several, each begins a part of its own."""
    for _, of_module in groupby(found, lambda leaf: leaf[0][:-1]):
        leaves = list(of_module)
        if sum(ndim >= 2 for _, ndim in leaves) < 2:
            yield [path for path, _ in leaves], any(ndim >= 2 for _, ndim in leaves)
        else:
            yield from (([path], ndim >= 2) for path, ndim in leaves)


def _name(paths: list[Path], ndims: Mapping[Path, int]) -> str:
    kernel = next((path for path in paths if ndims[path] >= 2), paths[0])
    parts = [part for part in kernel if part not in ("critic", "network")]
    return ".".join(parts[:-1] or parts)


def _leaves(tree: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every array with its path, in the order in which a mapping holds them; jax would sort them by name."""
    if isinstance(tree, Mapping):
        for name, branch in tree.items():
            yield from _leaves(branch, (*path, str(name)))
    else:
        for inner, leaf in jax.tree_util.tree_leaves_with_path(tree):
            yield (*path, *(jax.tree_util.keystr((entry,), simple=True) for entry in inner)), leaf
