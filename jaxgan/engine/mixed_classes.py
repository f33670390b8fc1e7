"""Classes between classes: a generator whose embeddings of classes are mixtures of those that it learnt."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxgan.errors import UserError
from jaxgan.networks.order import TABLE
from jaxgan.types import GanState


def with_mixed_classes(state: GanState, weights: Float[Array, "classes classes"]) -> GanState:
    """The state with generators whose embedding of class i is sum_j weights[i, j] E_j, E the embeddings that they learnt.

    Raises:
        UserError: the generator keeps no embedding of its classes.
    """
    mixed = 0

    def mix(path: Any, leaf: Any) -> Any:
        nonlocal mixed
        name = jax.tree_util.keystr(path[-1:], simple=True) if path else ""
        if name != TABLE or leaf.ndim < 2 or leaf.shape[-2] != len(weights):
            return leaf
        mixed += 1
        return jnp.matmul(
            weights.astype(leaf.dtype), leaf, precision="highest"
        )  # of several generators, or replicas, each its own

    def mixed_params(player: Any) -> Any:
        return player._replace(params=jax.tree_util.tree_map_with_path(mix, player.params)) if player else player

    result = state._replace(generator=mixed_params(state.generator), ema=mixed_params(state.ema))
    if not mixed:
        raise UserError("labels: this generator keeps no embedding of its classes that could be mixed; a path is of one class")
    return result
