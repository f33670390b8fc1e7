"""State dicts of networks, built-in and the user's own, without PyTorch."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from jaxgan.errors import UserError
from jaxgan.interop import from_torch, to_torch
from jaxgan.networks import LabConvGenerator, MlpCritic, SpectralCritic, as_critic, as_generator
from jaxgan.types import Average, Player
from tests.networks import own_networks as own

LABELS = jnp.zeros(2, jnp.int32)


def initial(module, *inputs):
    return dict(module.init({"params": jax.random.key(0), "dropout": jax.random.key(1)}, *inputs))


def equal(a, b):
    return jax.tree.structure(a) == jax.tree.structure(b) and all(map(np.array_equal, jax.tree.leaves(a), jax.tree.leaves(b)))


def test_a_player_an_average_and_variables_give_the_same_state_dict():
    generator = LabConvGenerator((28, 28, 1), latent_dim=3, hidden_dim=16)
    variables = initial(generator, *generator.example_inputs())
    rest = {name: tree for name, tree in variables.items() if name != "params"}
    expected = to_torch(generator, variables)
    assert expected["br1.0.num_batches_tracked"].dtype == np.int64
    for record in (Player(variables["params"], rest, ()), Average(variables["params"], rest)):
        found = to_torch(generator, record)
        assert found.keys() == expected.keys() and all(np.array_equal(found[name], expected[name]) for name in found)
    back = from_torch(generator, expected)
    assert equal(back, variables)
    assert generator.apply(back, jnp.zeros((2, 3)), LABELS).shape == (2, 28, 28, 1)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ((), r"the variables are \(\), as state.ema is where no average is kept"),
        (3, "the variables are a int; allowed are"),
        ({"model": {}}, "a dict of model; allowed are"),
    ],
)
def test_other_variables_are_refused_in_one_line(variables, words):
    with pytest.raises(UserError, match=words) as caught:
        to_torch(MlpCritic((2,)), variables)
    assert "\n" not in str(caught.value)


def test_variables_of_several_replicas_are_refused():
    critic = MlpCritic((2,), hidden_dim=3)
    variables = initial(critic, *critic.example_inputs())
    with pytest.raises(UserError, match="take those of one replica"):
        to_torch(critic, jax.tree.map(lambda leaf: jnp.stack([leaf, leaf]), variables))


class Convolutions(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.Conv(3, (5, 4))(x)
        return nn.Dense(2)(nn.Conv(4, (3,))(x.mean(1)).mean(1))


def test_a_module_of_the_users_own_is_named_by_its_variables():
    module, x = Convolutions(), jnp.zeros((2, 8, 8, 1))
    variables = initial(module, x)
    state_dict = to_torch(module, variables)
    shapes = {name: array.shape for name, array in state_dict.items()}
    assert shapes == {
        "Conv_0.weight": (3, 1, 5, 4), "Conv_0.bias": (3,), "Conv_1.weight": (4, 3, 3), "Conv_1.bias": (4,),
        "Dense_0.weight": (2, 4), "Dense_0.bias": (2,),
    }  # fmt: skip
    for example in (x, (x,)):
        assert equal(from_torch(module, state_dict, example=example), variables)
    with pytest.raises(UserError, match="the shapes of Convolutions are not known; give what it is called with"):
        from_torch(module, state_dict)
    with pytest.raises(UserError, match="allowed is a linen module"):
        from_torch(own.pair(), state_dict)


@pytest.mark.parametrize(
    "module",
    [
        as_critic(own.Full()),
        as_critic(own.pair(), 3),
        as_critic(own.nnx_of(own.NnxFull, 12)),
        as_critic(SpectralCritic(own.Plain())),
    ],
    ids=["linen", "pair", "nnx", "spectral"],
)
def test_adapted_networks_go_and_come_back(module):
    x = jnp.ones((2, 2, 2, 3))
    variables = initial(module, x, LABELS)
    assert equal(from_torch(module, to_torch(module, variables), example=(x, LABELS)), variables)


def test_two_variables_of_one_name_are_refused():
    module = as_generator(
        (lambda key: {"scale": jnp.ones((2, 2)), "kernel": jnp.ones((2, 2))}, lambda p, x: x @ p["kernel"] @ p["scale"])
    )
    with pytest.raises(
        UserError, match=r"params/network/kernel and params/network/scale would both be called 'network\.weight'"
    ):
        to_torch(module, initial(module, jnp.ones((2, 2)), LABELS))
