"""Minibatch discrimination's own gradient, in the form of each platform, equals that of its formula, of second order too."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.networks import minibatch


@pytest.mark.parametrize("form", [minibatch._gradient_by_rows, minibatch._gradient_at_once])
def test_gradients_equal_those_of_the_formula(form, monkeypatch):
    monkeypatch.setattr(jax.lax, "platform_dependent", lambda *arrays, cpu, default: form(*arrays))

    def formula(m):
        distances = jnp.abs(m[:, None] - m[None]).sum(-1)
        return jnp.sum(jnp.exp(-distances) * (1 - jnp.eye(len(m)))[:, :, None], axis=1)

    def first_and_second(function):
        gradient = jax.grad(lambda m: jnp.sum(jnp.sin(function(m))))
        return function(m), gradient(m), jax.grad(lambda m: jnp.sum(gradient(m) ** 2))(m)

    with jax.enable_x64(True):
        m = jnp.asarray(np.random.default_rng(0).normal(size=(6, 3, 2)))
        m = m.at[1].set(m[0])  # of equal samples the distance has a derivative of 0
        ours, expected = jax.device_get((first_and_second(minibatch.closeness), first_and_second(formula)))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-12), ours, expected)
