"""The type in which matrix products and convolutions are taken; all else stays in the type of the parameters.

Chosen while tracing, in one place, as `jax.default_matmul_precision` is: that one knows no bfloat16 products on a GPU, and leaves
`lax`'s convolutions out.
"""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

import jax.numpy as jnp
from jaxtyping import Array

_chosen: ContextVar[str] = ContextVar("precision", default="float32")


@contextlib.contextmanager
def products_in(precision: str) -> Iterator[None]:
    """Within it, `narrowed` rounds the factors of products: `float32` leaves them, `bfloat16` rounds them to 8 bits of mantissa."""
    before = _chosen.set(precision)
    try:
        yield
    finally:
        _chosen.reset(before)


def narrowed(*factors: Array) -> tuple[Array, ...]:
    """The factors of a product in the chosen type. Accelerators add such products up in float32 and round the sum."""
    return tuple(x.astype(jnp.bfloat16) for x in factors) if _chosen.get() == "bfloat16" else factors
