"""Bytes to numbers and back: every byte comes back, in numpy and in jax, and dtypes are as stated."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.pixels import to_bytes, to_model_range

EVERY = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)


def test_the_darkest_byte_is_minus_one_and_the_brightest_one():
    np.testing.assert_array_equal(to_model_range(np.array([0, 51, 255], np.uint8)), np.array([-1, -0.6, 1], np.float32))


@pytest.mark.parametrize("asarray", [np.asarray, jnp.asarray, lambda x: jax.jit(lambda y: y)(x)])
def test_every_byte_comes_back(asarray):
    numbers = to_model_range(asarray(EVERY))
    back = to_bytes(numbers)
    assert type(numbers) is type(back) is type(asarray(EVERY))
    assert numbers.dtype == np.float32 and back.dtype == np.uint8
    np.testing.assert_array_equal(back, EVERY)


def test_traced_pictures_are_scaled_as_those_at_hand():
    np.testing.assert_array_equal(jax.jit(to_model_range)(EVERY), jax.jit(lambda x: x.astype(float) / 127.5 - 1)(EVERY))
    np.testing.assert_array_equal(to_model_range(EVERY), EVERY.astype(np.float32) / 127.5 - 1)


def test_jax_arrays_are_double_under_x64_and_numpy_arrays_single():
    with jax.enable_x64(True):
        assert to_model_range(jnp.asarray(EVERY)).dtype == jnp.float64
        assert to_model_range(EVERY).dtype == np.float32


def test_numbers_are_left_as_they_are():
    numbers = np.array([-3.0, 0.5])
    assert to_model_range(numbers) is numbers


def test_what_lies_outside_is_clipped_and_the_rest_goes_to_the_nearest_byte():
    numbers = np.array([-9, -1 - 1e-6, -1 + 0.4 / 127.5, -1 + 0.6 / 127.5, 1 - 0.6 / 127.5, 2], np.float32)
    np.testing.assert_array_equal(to_bytes(numbers), [0, 0, 0, 1, 254, 255])
    np.testing.assert_array_equal(to_bytes(jnp.asarray(numbers)), [0, 0, 0, 1, 254, 255])
