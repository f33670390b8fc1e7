"""What is measured at a logged step beside the losses."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.engine.diagnostics import sparsity


@pytest.mark.parametrize("factor", [1.0, 1e-9, 1e6])
def test_sparsity_is_on_the_gradients_own_scale(factor):
    entries = factor * jnp.array(
        [0.0, 0.0, -1e-5, 1.0, -2.0, 3.0, 0.1, -0.002]
    )  # between a thousandth of the mean and of the largest lies the last
    np.testing.assert_allclose(sparsity(entries), 3 / 8)


def test_a_gradient_of_zeros_is_sparse_and_an_even_one_is_not():
    assert sparsity(jnp.zeros(4)) == 1
    assert sparsity(jnp.full(4, -1e-12)) == 0
