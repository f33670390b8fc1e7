"""What is done to a critic's parameters after each of its updates."""

import jax
import jax.numpy as jnp

from jaxgan.checks import POSITIVE, numbers_in
from jaxgan.types import Constraint, Number, Params, unconstrained

__all__ = ["clip", "unconstrained"]


@numbers_in(bound=POSITIVE)
def clip(bound: Number) -> Constraint:
    """Clamps every parameter to [-bound, bound] (Arjovsky et al. 2017, arXiv 1701.07875, algorithm 1, line 7)."""

    def clamp(params: Params) -> Params:
        return jax.tree.map(lambda leaf: jnp.clip(leaf, -bound, bound), params)

    return clamp
