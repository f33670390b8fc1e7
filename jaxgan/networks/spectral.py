"""Spectral normalisation (Miyato et al. 2018, arXiv 1802.05957, eq. 5-9 and appendix A), as a transform of any critic."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.traverse_util import flatten_dict, unflatten_dict
from jaxtyping import Array, Float, Key, PyTree

from jaxgan.networks.transform import CriticTransform
from jaxgan.types import CriticOutput, Labels, Params, Samples

Vector = Float[Array, " _size"]

INITIAL_ITERATIONS = 5  # of the power method, so that the first steps already divide by about the right number


class SpectralCritic(CriticTransform):
    """The critic with each kernel W replaced by W / sigma, sigma = u^T W v for the vectors of the collection `spectral`.

    A pass never moves the vectors; `refreshed` does, once a critic step.
    """

    @nn.compact
    def __call__(self, samples: Samples, labels: Labels, *, train: bool = False) -> CriticOutput:
        if self.is_initializing():  # makes the parameters whose vectors are wanted next; of this output only the shape is used
            output = self.critic(samples, labels, train=train)
            self.variable("spectral", "vectors", lambda: _first(self.make_rng("params"), self.critic.variables["params"]))
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
    flat, pairs = flatten_dict(params), flatten_dict(jax.lax.stop_gradient(vectors))
    for path in _kernels(params):
        sigma = pairs[(*path, "u")] @ _matrix(flat[path]) @ pairs[(*path, "v")]
        flat[path] = flat[path] / sigma
    return unflatten_dict(flat)


def iterated(params: Params, vectors: PyTree) -> PyTree:
    """One power iteration: v <- W^T u / |W^T u|, then u <- W v / |W v| (appendix A, algorithm 1)."""
    pairs = flatten_dict(vectors)
    for path, kernel in _kernels(params).items():
        matrix = jax.lax.stop_gradient(_matrix(kernel))
        v = _unit(matrix.T @ pairs[(*path, "u")])
        pairs[(*path, "u")], pairs[(*path, "v")] = _unit(matrix @ v), v
    return unflatten_dict(pairs)


def _first(key: Key[Array, ""], params: Params) -> PyTree:
    """Random unit vectors, some iterations on."""
    vectors = {}
    for index, (path, kernel) in enumerate(_kernels(params).items()):
        for name, size in zip("uv", _matrix(kernel).shape, strict=True):
            key_of_vector = jax.random.fold_in(jax.random.fold_in(key, index), ord(name))
            vectors[(*path, name)] = _unit(jax.random.normal(key_of_vector, (size,), kernel.dtype))
    nested = unflatten_dict(vectors)
    for _ in range(INITIAL_ITERATIONS):
        nested = iterated(params, nested)
    return nested


def _kernels(params: Params) -> dict[tuple[str, ...], Array]:
    return {path: leaf for path, leaf in flatten_dict(params).items() if path[-1] == "kernel"}


def _matrix(kernel: Array) -> Float[Array, "_outputs _inputs"]:
    """W of section 2.1: (in, out) or (height, width, in, out) -> (out, height * width * in)."""
    return kernel.reshape(-1, kernel.shape[-1]).T


def _unit(x: Vector) -> Vector:
    return x / jnp.maximum(jnp.sqrt(jnp.sum(jnp.square(x))), 1e-12)
