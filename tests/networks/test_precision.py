"""bfloat16 for the factors of products, and for nothing else."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.engine.steps import critic_gradients, generator_gradients
from tests.tiny import plain, state_and_draws, tiny

NARROW = jnp.bfloat16


def equations(jaxpr):
    """All equations of a program, those of its inner programs too."""
    for equation in jaxpr.eqns:
        yield equation
        for inner in jax.tree.leaves(equation.params, is_leaf=lambda x: hasattr(x, "eqns") or hasattr(x, "jaxpr")):
            if hasattr(inner, "eqns") or hasattr(inner, "jaxpr"):
                yield from equations(getattr(inner, "jaxpr", inner))


def both_steps(setup):
    def run(state, critic_draw, generator_draw):
        state, first = setup.gan.critic_step(state, critic_draw)
        state, second = setup.gan.gen_step(state, generator_draw)
        return state, {**first, **second}

    return run


@pytest.mark.parametrize("network", ["mlp", "conv", "lab_conv"])
def test_every_product_has_narrow_factors_and_every_sum_root_and_parameter_is_wide(network):
    setup = tiny(network, precision="bfloat16", critic_norm=None if network != "conv" else "layer")
    inputs = state_and_draws(setup)
    kinds = {}
    for equation in equations(jax.make_jaxpr(both_steps(setup))(*inputs).jaxpr):
        types = {v.aval.dtype for v in equation.invars if jnp.issubdtype(v.aval.dtype, jnp.floating)}
        kinds.setdefault(equation.primitive.name, set()).update(types)
    assert kinds["dot_general"] == {jnp.dtype(NARROW)}
    for name in ("reduce_sum", "sqrt", "rsqrt", "log1p"):
        assert jnp.dtype(NARROW) not in kinds.get(name, set()), name
    state, metrics = jax.eval_shape(both_steps(setup), *inputs)
    types = {leaf.dtype for leaf in jax.tree.leaves((plain(state._replace(key=inputs[0].key)), metrics))}
    assert types <= {jnp.dtype(t) for t in ("float32", "int32", "uint32")}


@pytest.mark.parametrize(
    "network",
    ["mlp", "fc", "conv", *(pytest.param(n, marks=pytest.mark.slow) for n in ("lab_conv", "dcgan", "r3gan", "resnet"))],
)
def test_the_gradients_are_those_of_float32_but_for_rounding(network):
    """bfloat16 keeps 8 bits: whole gradients agree to some per cent of their norm, and not to rounding of float32."""
    gradients = []
    for precision in ("float32", "bfloat16"):
        setup = tiny(network, precision=precision, variant="gan", batch_size=32, dropout=0.0 if network == "fc" else None)
        inputs = state_and_draws(setup)

        def of_both(state, critic_draw, generator_draw, gan=setup.gan):
            return critic_gradients(gan, state, critic_draw).params, generator_gradients(gan, state, generator_draw).params

        gradients.append(np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(jax.jit(of_both)(*inputs))]))
    apart = np.linalg.norm(gradients[0] - gradients[1]) / np.linalg.norm(gradients[0])
    print(apart)
    assert 1e-5 < apart < 0.1
