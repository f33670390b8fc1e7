"""Gradients and five iterations of both players against PyTorch, in float64, on the same draws."""

import numpy as np
import pytest

from jaxgan.interop import to_torch
from jaxgan.networks import convolution
from tests.parity.small_setups import (
    compare_outcomes,
    compiled_gradients,
    compiled_steps,
    deviation,
    first_outcomes,
    loaded_state,
    movement,
    parameters,
    random_iterations,
    run,
    small_setup,
    statistics,
    variables_of,
)

torch = pytest.importorskip("torch")
twins = pytest.importorskip("tests.parity.twins")

WIDE = 32  # a critic so narrow as others has a gradient near 0, of which the term under the penalty's root (1e-12) makes a part
ADAM_0_9 = {"optimizer": "adam", "beta1": 0.0, "beta2": 0.9}
CASES = {
    **{
        f"mlp-{v}-{o}": ("mlp", v, {"optimizer": o})
        for v in ("gan", "gan_minimax", "lsgan", "wgan", "wgan_gp")
        for o in ("rmsprop", "adam")
    },
    **{f"mlp-lsgan-{o}": ("mlp", "lsgan", {"optimizer": o}) for o in ("sgd", "momentum", "nesterov", "adagrad")},
    "mlp-gan-conditional": ("mlp", "gan", {"optimizer": "rmsprop", "conditional": True, "n_critic": 1}),
    "mlp-gan-lab003": (
        "mlp",
        "gan",
        {"optimizer": "rmsprop", "critic_loss_scale": 0.5, "output": "linear", "n_critic": 1},
    ),
    "mlp-wgan_gp-conditional": ("mlp", "wgan_gp", {**ADAM_0_9, "conditional": True, "n_critic": 5}),
    "mlp-wgan-clip": ("mlp", "wgan", {"optimizer": "rmsprop", "clip": 0.1, "n_critic": 5, "conditional": True}),
    "fc-gan": ("fc", "gan", {"optimizer": "adam", "n_critic": 1}),
    "fc-wgan_gp-conditional": (
        "fc",
        "wgan_gp",
        {"optimizer": "rmsprop", "conditional": True, "gradient_penalty_weight": 0.1},
    ),
    "lab_conv-wgan": ("lab_conv", "wgan", {"optimizer": "rmsprop", "n_critic": 5}),
    "lab_conv-gan_minimax-conditional": ("lab_conv", "gan_minimax", {"optimizer": "adam", "conditional": True}),
    "lab_conv-wgan_gp": ("lab_conv", "wgan_gp", ADAM_0_9),
    "conv-gan": ("conv", "gan", {"optimizer": "adam", "n_critic": 1}),
    "conv-lsgan-conditional": ("conv", "lsgan", {"optimizer": "rmsprop", "conditional": True}),
    "conv-wgan": ("conv", "wgan", {"optimizer": "rmsprop"}),
    "conv-wgan_gp": ("conv", "wgan_gp", ADAM_0_9),
    "conv-wgan_gp-layer-conditional": (
        "conv",
        "wgan_gp",
        {"optimizer": "rmsprop", "critic_norm": "layer", "conditional": True},
    ),
    "fc_conv-lsgan": ("fc_conv", "lsgan", {"optimizer": "adam"}),
    "dcgan-gan": ("dcgan", "gan", {"optimizer": "adam"}),
    "conv1d-gan-conditional": ("conv1d", "gan", {"optimizer": "adam", "conditional": True, "n_critic": 1}),
    "conv1d-wgan_gp-conditional": (
        "conv1d",
        "wgan_gp",
        {"optimizer": "rmsprop", "conditional": True, "n_critic": 1, "hidden_dim": WIDE},
    ),
    "conv1d-wgan_gp-layer": ("conv1d", "wgan_gp", {**ADAM_0_9, "critic_norm": "layer", "n_critic": 1}),
    "conv-oblong-wgan_gp": ("conv", "wgan_gp", {"optimizer": "rmsprop", "shape": (30, 17, 3), "n_critic": 1}),
    "conv3d-wgan_gp": ("conv3d", "wgan_gp", {**ADAM_0_9, "n_critic": 1}),
    "r3gan-wgan_gp-conditional": ("r3gan", "wgan_gp", {**ADAM_0_9, "conditional": True, "n_critic": 1}),
}

WITHOUT_GRADIENTS = (  # those of the same network and another variant are compared
    "lab_conv-wgan",
    "lab_conv-gan_minimax-conditional",
    "conv-lsgan-conditional",
    "conv-wgan",
    "conv-wgan_gp",
    "fc_conv-lsgan",
)


def check_five_iterations(network, variant, options, gradients=True):
    """Losses, penalty and gradients at the first weights, where wanted, and then all that five iterations move."""
    setup = small_setup(network, variant, **options)
    config = setup.config
    pair = [twins.shake(twin) for twin in twins.twins_of(setup)]
    before = [twins.arrays(twin) for twin in pair]
    iterations = random_iterations(setup)
    steps, state = compiled_steps(setup, gradients), loaded_state(setup, *before)
    if gradients:
        expected = twins.first_outcomes(setup, *pair, iterations)
        compare_outcomes(first_outcomes(setup, steps, state, iterations), expected, 1e-6)
    state = run(steps, state, iterations)
    there = [([twins.as_torch(draw) for draw in draws], twins.as_torch(last)) for draws, last in iterations]
    twins.train(*pair, twins.optimizer_of(config), config.learning_rate, twins.rules_of(setup), there)
    players = ((setup.gan.networks.generator, state.generator), (setup.gan.networks.critic, state.critic))
    for (module, player), twin, began in zip(players, pair, before, strict=True):
        ours, expected = to_torch(module, variables_of(player)), twins.arrays(twin)
        assert deviation(parameters(ours), parameters(expected)) < 1e-6
        assert deviation(movement(ours, began), movement(expected, began)) < 1e-6
        assert deviation(statistics(ours), statistics(expected)) < 1e-6
        for name, count in ours.items():
            if name.endswith("num_batches_tracked"):
                assert count == expected[name]
                critic_passes = 2 if module is setup.gan.networks.critic else 1  # a critic step shows it real and fake
                assert count == 3 + 5 * (config.n_critic * critic_passes + 1)
        assert any(np.abs(step).max() > 1e-5 for step in movement(ours, began).values())


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("case", CASES)
def test_five_iterations(case):
    check_five_iterations(*CASES[case], gradients=case not in WITHOUT_GRADIENTS)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("network", ["lab_conv", "conv1d", "conv3d"])
def test_the_penaltys_gradients_in_the_form_of_accelerators(network, monkeypatch):
    """Second derivatives of convolution as GPU and TPU take them, and transposed convolution, along one axis, two and three."""
    monkeypatch.setattr(convolution, "_by_platform", lambda _, form, *arguments: form(*arguments))
    setup = small_setup(network, "wgan_gp", conditional=True, **({"hidden_dim": WIDE} if network == "conv1d" else {}))
    pair = [twins.shake(twin) for twin in twins.twins_of(setup)]
    state, iterations = loaded_state(setup, *map(twins.arrays, pair)), random_iterations(setup, n=1)
    expected = twins.first_outcomes(setup, *pair, iterations)
    compare_outcomes(first_outcomes(setup, compiled_gradients(setup), state, iterations), expected, 1e-6)


@pytest.mark.usefixtures("float64")
def test_players_with_optimizers_and_rates_of_their_own():
    options = {"optimizer": "sgd", "critic_optimizer": "rmsprop", "critic_learning_rate": 3e-4}
    setup = small_setup("mlp", "lsgan", **options)
    pair = [twins.shake(twin) for twin in twins.twins_of(setup)]
    before = [twins.arrays(twin) for twin in pair]
    iterations = random_iterations(setup)
    state = run(compiled_steps(setup, gradients=False), loaded_state(setup, *before), iterations)
    generator, critic = pair
    optimizer_g, optimizer_d = (
        torch.optim.SGD(generator.parameters(), 1e-3),
        torch.optim.RMSprop(critic.parameters(), 3e-4),
    )
    for draws, last in iterations:
        for draw in draws:
            twins.critic_step(generator, critic, optimizer_d, twins.rules_of(setup), twins.as_torch(draw))
        twins.generator_step(generator, critic, optimizer_g, twins.rules_of(setup), twins.as_torch(last))
    for module, player, twin, began in zip(
        (setup.gan.networks.generator, setup.gan.networks.critic), (state.generator, state.critic), pair, before, strict=True
    ):
        ours = to_torch(module, variables_of(player))
        assert deviation(movement(ours, began), movement(twins.arrays(twin), began)) < 1e-6
