"""Spectral normalisation (Miyato et al. 2018, arXiv 1802.05957, eq. 5-9 and appendix A), as a transform of any critic."""

from collections.abc import Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.traverse_util import flatten_dict, unflatten_dict
from jaxtyping import Array, Float, Key, PyTree

from jaxgan.networks.transform import CriticTransform
from jaxgan.types import CriticOutput, Labels, Params, Samples

Path = tuple[str, ...]
Vector = Float[Array, " _size"]

INITIAL_ITERATIONS = 5  # of the power method, so that the first steps already divide by about the right number


class SpectralCritic(CriticTransform):
    """The critic with each kernel W replaced by W / sigma, sigma = u^T W v for the vectors of the collection `spectral`.

    Kernels are the parameters of that name. In a network of the user's own that has none, they are all parameters of two axes or
    more whose name is not `embedding`. A pass never moves the vectors; `refreshed` does, once a critic step.
    """

    @nn.compact
    def __call__(self, samples: Samples, labels: Labels, *, train: bool = False) -> CriticOutput:
        if self.is_initializing():  # makes the parameters whose vectors are wanted next; of this output only the shape is used
            output = self.critic(samples, labels, train=train)
            params = self.critic.variables["params"]
            kernels = _kernels(params, _transforms(self.critic))
            self.variable("spectral", "vectors", lambda: _first(self.make_rng("params"), params, kernels))
            return output
        vectors: PyTree = self.get_variable("spectral", "vectors")

        def normalise(collections: PyTree) -> PyTree:
            return {**collections, "params": normalised(collections["params"], vectors)}

        return nn.map_variables(lambda critic: critic(samples, labels, train=train), "params", normalise)(self.critic)

    def refreshed(self, params: Params, variables: PyTree) -> PyTree:
        """The variables after one power iteration of every kernel."""
        variables = super().refreshed(params, variables)
        vectors = iterated(params["critic"], variables["spectral"]["vectors"])
        return {**variables, "spectral": {**variables["spectral"], "vectors": vectors}}


def normalised(params: Params, vectors: PyTree) -> Params:
    """Each kernel over its sigma (eq. 8); gradients reach sigma through the kernel and not through u and v (eq. 9)."""
    flat, pairs = _flat(params), flatten_dict(jax.lax.stop_gradient(vectors))
    for path in flat:
        if (*path, "u") in pairs:
            sigma = pairs[(*path, "u")] @ _matrix(flat[path]) @ pairs[(*path, "v")]
            flat[path] = flat[path] / sigma
    return jax.tree_util.tree_map_with_path(lambda path, _: flat[_names(path)], params)


def iterated(params: Params, vectors: PyTree) -> PyTree:
    """One power iteration: v <- W^T u / |W^T u|, then u <- W v / |W v| (appendix A, algorithm 1)."""
    pairs = flatten_dict(vectors)
    for path, kernel in _flat(params).items():
        if (*path, "u") in pairs:
            matrix = jax.lax.stop_gradient(_matrix(kernel))
            v = _unit(matrix.T @ pairs[(*path, "u")])
            pairs[(*path, "u")], pairs[(*path, "v")] = _unit(matrix @ v), v
    return unflatten_dict(pairs)


def _first(key: Key[Array, ""], params: Params, kernels: Mapping[Path, Array]) -> PyTree:
    """Random unit vectors, some iterations on."""
    vectors = {}
    for index, (path, kernel) in enumerate(kernels.items()):
        for name, size in zip("uv", _matrix(kernel).shape, strict=True):
            key_of_vector = jax.random.fold_in(jax.random.fold_in(key, index), ord(name))
            vectors[(*path, name)] = _unit(jax.random.normal(key_of_vector, (size,), kernel.dtype))
    nested = unflatten_dict(vectors)
    for _ in range(INITIAL_ITERATIONS):
        nested = iterated(params, nested)
    return nested


def _kernels(params: Params, transforms: int) -> dict[Path, Array]:
    """What is normalised of the parameters of a critic inside so many transforms."""
    flat = _flat(params)
    kernels = {path: leaf for path, leaf in flat.items() if path[-1] == "kernel"}
    innermost = ("critic",) * transforms
    if any(path[:transforms] == innermost for path in kernels):
        return kernels
    matrices = {
        path: leaf
        for path, leaf in flat.items()
        if path[:transforms] == innermost
        and path[-1] != "embedding"
        and leaf.ndim >= 2
        and jnp.issubdtype(leaf.dtype, jnp.floating)
    }
    return {**kernels, **matrices}


def _transforms(critic: nn.Module) -> int:
    """How many transforms lie around the innermost critic."""
    return 1 + _transforms(critic.critic) if isinstance(critic, CriticTransform) else 0


def _flat(params: Params) -> dict[Path, Array]:
    """{path: array}, in the order of nested dicts as they are; lists and other containers inside them are taken in jax's order."""
    return {
        (*map(str, path), *_names(inner)): leaf
        for path, tree in flatten_dict(params).items()
        for inner, leaf in jax.tree_util.tree_flatten_with_path(tree)[0]
    }


def _names(path: tuple[Any, ...]) -> Path:
    return tuple(jax.tree_util.keystr((entry,), simple=True) for entry in path)


def _matrix(kernel: Array) -> Float[Array, "_outputs _inputs"]:
    """W of section 2.1: (in, out) or (height, width, in, out) -> (out, height * width * in)."""
    return kernel.reshape(-1, kernel.shape[-1]).T


def _unit(x: Vector) -> Vector:
    return x / jnp.maximum(jnp.sqrt(jnp.sum(jnp.square(x))), 1e-12)
