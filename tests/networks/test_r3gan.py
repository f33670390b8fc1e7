"""R3GAN's networks: the paper's sizes, how they begin, which images they take. What they compute, `tests/parity` holds to PyTorch."""

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.errors import UserError
from jaxgan.networks import CRITICS, GENERATORS
from jaxgan.networks.r3gan import ResidualBlock, stage_widths
from jaxgan.networks.stages import halved_sizes
from tests.tiny import pictures, tiny

GENERATOR, CRITIC = GENERATORS["r3gan"], CRITICS["r3gan"]


def count(module):
    return sum(leaf.size for leaf in jax.tree.leaves(jax.eval_shape(module.init, jax.random.key(0), *module.example_inputs())))


@pytest.mark.parametrize("side", [7, 28, 30, 32, 128])
def test_sizes_are_halved_until_a_side_is_less_than_eight(side):
    want = {7: [7], 28: [28, 14, 7], 30: [30, 15, 8, 4], 32: [32, 16, 8, 4], 128: [128, 64, 32, 16, 8, 4]}[side]
    assert halved_sizes((side, side)) == [(n, n) for n in want]
    assert halved_sizes((side, 2 * side)) == [
        (n, m) for n, m in zip(want, [m for (m,) in halved_sizes((2 * side,))], strict=False)
    ]


@pytest.mark.parametrize(
    ("side", "widths"), [(32, [768] * 4), (64, [384, *[768] * 4]), (256, [96, 192, 384, *[768] * 4])], ids=["32", "64", "256"]
)
def test_the_papers_widths_and_parameters(side, widths):
    """Its presets for CIFAR-10, FFHQ-64 and FFHQ-256: two blocks a stage, groups of 16; parameters counted by hand."""
    sizes = halved_sizes((side, side))
    assert stage_widths(sizes, 768, 32) == widths
    blocks = sum(2 * (2 * w * w + 2 * w + 2 * w * 16 * 9 + 2 * w + 2 * w * w) for w in widths)
    changes = sum(a * b for a, b in pairwise(widths) if a != b)
    ends = 16 * widths[-1] + 3 * widths[0]  # the basis; from or to three colours
    assert count(GENERATOR((side, side, 3), hidden_dim=768)) == blocks + changes + ends + 64 * widths[-1]
    assert count(CRITIC((side, side, 3), hidden_dim=768)) == blocks + changes + ends + widths[-1]


def test_narrow_widths_are_multiples_of_a_group():
    assert stage_widths([(128, 96), (64, 48), (32, 24), (16, 12)], 40, 32) == [8, 16, 40, 40]


def test_a_block_begins_as_the_identity_with_scaled_weights():
    block = ResidualBlock(32, n_blocks=16)
    x = jax.random.normal(jax.random.key(1), (2, 4, 4, 32))
    params = jax.jit(block.init)(jax.random.key(0), x)["params"]
    np.testing.assert_array_equal(block.apply({"params": params}, x), x)
    assert not np.any(params["conv3"]["kernel"]) and params["conv2"]["kernel"].shape == (3, 3, 16, 64)
    for name, fan_in in (("conv1", 32), ("conv2", 16 * 9)):
        np.testing.assert_allclose(np.std(params[name]["kernel"]), np.sqrt(2 / 1.04 / fan_in) / 2, rtol=0.05)  # 16^(-1/4) = 1/2
        assert not np.any(params[name]["bias"])


@pytest.mark.parametrize("shape", [(28, 28, 1), (9, 22, 4)])
def test_samples_scores_and_gradients_of_any_shape(shape):
    generator, critic = GENERATOR(shape, hidden_dim=8, blocks=1, output="tanh"), CRITIC(shape, hidden_dim=8, blocks=1)

    @jax.jit
    def run(latent):
        mine = generator.init(jax.random.key(0), *generator.example_inputs())
        theirs = critic.init(jax.random.key(0), *critic.example_inputs())

        def loss(params):
            samples = generator.apply(params, latent, jnp.zeros(3, int), train=True)
            output = critic.apply(theirs, samples, jnp.zeros(3, int), train=True)
            return output.score.sum(), (samples, output)

        return jax.grad(loss, has_aux=True)(mine)

    gradients, (samples, output) = run(jax.random.normal(jax.random.key(1), (3, 64)))
    assert samples.shape == (3, *shape) and np.abs(samples).max() <= 1
    assert output.score.shape == (3,) and output.features.shape == (3, 8)
    assert all(np.any(leaf) for leaf in jax.tree.leaves(gradients["params"]["model"]["layers_0"]))


def test_what_does_not_fit_is_refused():
    with pytest.raises(UserError, match="at least 8 pixels a side, not 7x7"):
        tiny("r3gan", dataset=pictures(size=7))
    with pytest.raises(UserError, match="must be a multiple of 8"):
        tiny("r3gan", hidden_dim=12)
