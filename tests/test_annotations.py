"""The shapes that annotations state are checked while the tests run (tests/conftest.py)."""

import jax.numpy as jnp
import pytest
from jaxtyping import TypeCheckError

from jaxgan.networks.layers import flatten, unflatten


def test_a_shape_that_is_not_the_annotated_one_is_refused():
    assert flatten(jnp.zeros((2, 3, 4, 5))).shape == (2, 60)
    with pytest.raises(TypeCheckError, match=r"batch \*size channels"):
        flatten(jnp.zeros(2))
    with pytest.raises(TypeCheckError, match="batch features"):
        unflatten(jnp.zeros((2, 3, 4)), (3, 4, 1))
