"""The shapes that annotations state are checked while the tests run (tests/conftest.py)."""

import numpy as np
import pytest
from jaxtyping import TypeCheckError

from jaxgan.networks.layers import flatten, unflatten


def test_a_shape_that_is_not_the_annotated_one_is_refused():
    assert flatten(np.zeros((2, 3, 4, 5), np.float32)).shape == (2, 60)
    with pytest.raises(TypeCheckError, match="batch height width channels"):
        flatten(np.zeros((2, 3), np.float32))
    with pytest.raises(TypeCheckError, match="batch features"):
        unflatten(np.zeros((2, 3, 4), np.float32), (3, 4, 1))
