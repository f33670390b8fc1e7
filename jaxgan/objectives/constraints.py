"""What is done to a critic's parameters after each of its updates."""

import jax
import jax.numpy as jnp

from jaxgan.types import Constraint, Params, Scalar


def unconstrained(params: Params) -> Params:
    """Leaves the parameters as they are."""
    return params


def clip(bound: Scalar | float) -> Constraint:
    """Clamps every parameter to [-bound, bound] (Arjovsky et al. 2017, arXiv 1701.07875, algorithm 1, line 7)."""
    return lambda params: jax.tree.map(lambda leaf: jnp.clip(leaf, -bound, bound), params)
