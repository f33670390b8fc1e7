"""FreezeD: the critic's first layers stay as they are, bit for bit, and the others move as they did."""

from functools import partial

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxgan
from jaxgan import networks, objectives
from jaxgan.engine.steps import generator_gradients
from jaxgan.errors import UserError
from tests.tiny import pictures, state_and_draws, tiny


def moved(before, after):
    """The layers' names whose arrays differ, by the path of each array."""
    found = {}
    for (path, a), b in zip(jax.tree_util.tree_leaves_with_path(before), jax.tree.leaves(after), strict=True):
        found[jax.tree_util.keystr(path, simple=True, separator=".")] = bool(np.any(np.asarray(a) != np.asarray(b)))
    return found


@pytest.mark.parametrize("fields", [dict(variant="wgan", clip=1e-3), dict(variant="sngan", optimizer="adam")])
def test_critic_steps_leave_the_first_layers_as_they_were(fields):
    """Also under a bound on the weights, and with spectral norm inside; the two layers behind them move."""
    run = tiny("mlp", freeze_critic=2, **fields)
    state, draw, _ = state_and_draws(run)
    step = jax.jit(run.gan.critic_step)
    after, _ = step(*(step(state, draw)[0], draw))
    for name, it_moved in moved(state.critic.params, after.critic.params).items():
        if "kernel" in name:
            assert it_moved == ("layers_4" in name or "layers_6" in name), name
        else:
            assert not (it_moved and ("layers_0" in name or "layers_2" in name)), name


def test_the_steps_looked_ahead_leave_them_too():
    """An unrolled step through a critic whose every moving layer is frozen but the last: its gradient differs from the free one's."""
    frozen, free = (tiny("mlp", variant="gan", unroll=1, freeze_critic=k, critic_learning_rate=0.1) for k in (3, 0))
    state, _, draw = state_and_draws(free)
    ours, theirs = (jax.jit(partial(generator_gradients, run.gan))(state, draw).params for run in (frozen, free))
    assert any(np.any(a != b) for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True))


def test_frozen_layers_count_in_no_norm_of_the_gradient():
    """With a bound on the gradient's norm the other layers move as if the frozen ones had no gradient."""
    parts = (networks.MlpGenerator((2,), 2, hidden_dim=4), networks.MlpCritic((2,), hidden_dim=4), objectives.gan())
    chain = optax.chain(optax.clip_by_global_norm(1e-3), optax.sgd(1.0))
    gan = jaxgan.Gan(*parts, optax.sgd(0.1), chain, latent_dim=2, freeze_critic=1)
    real = jax.random.normal(jax.random.key(1), (8, 2))
    state = gan.init(jax.random.key(0), real)
    after, _ = jax.jit(gan.critic_step)(state, gan.draw(state.key, 0, real))
    step = jax.tree.map(lambda a, b: a - b, after.critic.params, state.critic.params)
    np.testing.assert_allclose(optax.tree.norm(step), 1e-3, rtol=1e-3)
    chex.assert_trees_all_equal(step["model"]["layers_0"], jax.tree.map(jnp.zeros_like, step["model"]["layers_0"]))


def test_the_order_is_that_of_the_calls_and_not_of_the_alphabet():
    class Own(nn.Module):
        @nn.compact
        def __call__(self, x):
            for name in ("zebra", "middle", "aardvark"):
                x = nn.LayerNorm(name=f"a_norm_of_{name}")(nn.tanh(nn.Dense(3, name=name)(x)))
            return nn.Dense(1, name="also_last")(x)

    gan = jaxgan.Gan(
        networks.MlpGenerator((2,), 2), Own(), objectives.gan(), optax.sgd(0.1), optax.sgd(0.1), latent_dim=2, n_classes=2
    )
    layers = gan.critic_layers((2,))
    assert [layer.name for layer in layers] == ["zebra", "middle", "aardvark", "also_last"]
    assert ("a_norm_of_zebra", "scale") in layers[0].paths
    assert not any("label_embedding" in path for layer in layers for path in layer.paths)


def test_a_pair_of_functions_has_the_order_of_the_list_that_init_returns():
    def init(key, x):
        return [jnp.ones((x.shape[-1], 3)), jnp.zeros(3), jnp.ones((3, 1))]

    def apply(params, x):
        return ((x @ params[0] + params[1]) @ params[2])[:, 0]

    gan = jaxgan.Gan(
        networks.MlpGenerator((2,), 2), (init, apply), objectives.gan(), optax.sgd(0.1), optax.sgd(0.1), latent_dim=2
    )
    assert [[path[-1] for path in layer.paths] for layer in gan.critic_layers((2,))] == [["0", "1"], ["2"]]


@pytest.mark.parametrize("count", [4, 9])
def test_all_layers_or_more_are_refused_by_name(count):
    with pytest.raises(UserError, match=rf"freeze_critic={count}: the critic has 4 layers \(model.layers_0, .*at most 3"):
        tiny("mlp", variant="gan", freeze_critic=count)


def test_of_what_remedies_put_around_a_critic_the_inner_layers_come_first():
    run = tiny(
        "fc",
        variant="gan",
        augment="flip",
        spectral_norm=True,
        minibatch_discrimination=True,
        dataset=pictures(size=8),
        freeze_critic=1,
    )
    names = [layer.name for layer in run.gan.critic_layers((8, 8, 1))]
    assert names == ["model.layers_0", "model.layers_3", "model.layers_6", "model.layers_8", "minibatch"]
    frozen = run.gan.frozen_parameters((8, 8, 1))
    state = jax.eval_shape(lambda: run.gan.init(jax.random.key(0), jnp.zeros((1, 8, 8, 1))))
    paths = {
        tuple(jax.tree_util.keystr((entry,), simple=True) for entry in path)
        for path, _ in jax.tree_util.tree_leaves_with_path(state.critic.params)
    }
    assert len(frozen) == 2 and frozen <= paths
    assert tiny("mlp", variant="gan").gan.frozen_parameters((2,)) == frozenset()
