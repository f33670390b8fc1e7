"""Labels that are vectors, joined and projected, against torch.cat and nn.Linear: five iterations in float64 on the same draws."""

import dataclasses

import numpy as np
import pytest

from jaxgan.data.vector_labels import vectors_of
from jaxgan.interop import to_torch
from jaxgan.settings import Config, resolve
from tests.parity.small_setups import (
    BATCH,
    LATENT,
    SHAPES,
    WIDTHS,
    compare_outcomes,
    compiled_steps,
    dataset,
    deviation,
    first_outcomes,
    loaded_state,
    movement,
    random_iterations,
    run,
    variables_of,
)

torch = pytest.importorskip("torch")
twins = pytest.importorskip("tests.parity.twins")
networks = pytest.importorskip("tests.parity.torch_networks")

K = 3
CASES = {
    "continuous joined to points": ("mlp", "wgan_gp", "continuous", "concat"),
    "multi-hot joined to the channels of pictures": ("conv", "wgan_gp", "multi_hot", "concat"),
    "multi-hot joined to flat pictures": ("fc", "lsgan", "multi_hot", "concat"),
    "continuous projected": ("mlp", "wgan_gp", "continuous", "projection"),
    "multi-hot projected": ("fc", "gan", "multi_hot", "projection"),
}


def labels_of(kind, chance, n):
    values = chance.normal(size=(n, K)) if kind == "continuous" else chance.integers(0, 2, (n, K))
    return values.astype(np.float32).astype(np.float64)


def setup_of(network, variant, kind, conditioning):
    data = dataset(SHAPES[network])
    found = vectors_of(labels_of(kind, np.random.default_rng(3), len(data.samples)), kind, "abc", "noise")
    data = dataclasses.replace(data, n_classes=0, labels=found.numbers, label_vectors=found.vectors)
    fields = {"dropout": 0.0} if network == "fc" else {}
    config = Config(
        variant=variant, dataset="noise", network=network, conditional=True, conditioning=conditioning, hidden_dim=WIDTHS[network],
        latent_dim=LATENT, batch_size=BATCH, n_critic=2, learning_rate=1e-3, steps=5, optimizer="rmsprop", **fields,
    )  # fmt: skip
    return resolve(config, data)


class Projected(torch.nn.Module):
    """score + <V y, features> about a critic that knows no labels."""

    def __init__(self, critic):
        super().__init__()
        self.critic = critic
        self.label_projection = torch.nn.Linear(K, critic.model[-1].in_features, bias=False)

    def forward(self, x, labels):
        features = self.critic.model[:-1](x.flatten(1))
        return self.critic.model[-1](features) + (self.label_projection(labels) * features).sum(1, keepdim=True)


def twins_of(setup):
    """The players whose embedding of a label is the label itself."""
    config = setup.config
    *size, channels = setup.dataset.sample_shape
    projected = config.conditioning == "projection"
    torch.manual_seed(0)
    options = {"mlp": {}, "fc": {"dropout": 0.0}, "conv": {"norm": config.critic_norm}}[config.critic]
    width = {"hidden_dim": config.hidden_dim}
    generator = networks.GENERATORS[config.generator]((channels, *size), latent_dim=LATENT, n_classes=K, **width)
    critic = networks.CRITICS[config.critic]((channels, *size), n_classes=0 if projected else K, **width, **options)
    for player in (generator, critic):
        if player.n_classes:
            player.label_embedding = torch.nn.Identity()
    return generator.double(), (Projected(critic) if projected else critic).double()


def with_labels(draw, kind, chance):
    return draw._replace(real_label=labels_of(kind, chance, BATCH), fake_label=labels_of(kind, chance, BATCH))


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("case", CASES)
def test_five_iterations_with_label_vectors(case):
    kind = CASES[case][2]
    setup, chance = setup_of(*CASES[case]), np.random.default_rng(7)
    assert setup.gan.label_dim == K and not setup.gan.n_classes
    pair = [twins.shake(twin) for twin in twins_of(setup)]
    before = [twins.arrays(twin) for twin in pair]
    iterations = [
        ([with_labels(draw, kind, chance) for draw in draws], with_labels(last, kind, chance))
        for draws, last in random_iterations(setup)
    ]
    steps, state = compiled_steps(setup), loaded_state(setup, *before)
    compare_outcomes(first_outcomes(setup, steps, state, iterations), twins.first_outcomes(setup, *pair, iterations), 1e-6)
    state = run(steps, state, iterations)
    there = [([twins.as_torch(draw) for draw in draws], twins.as_torch(last)) for draws, last in iterations]
    twins.train(*pair, twins.optimizer_of(setup.config), setup.config.learning_rate, twins.rules_of(setup), there)
    players = ((setup.gan.networks.generator, state.generator), (setup.gan.networks.critic, state.critic))
    for (module, player), twin, began in zip(players, pair, before, strict=True):
        ours, expected = to_torch(module, variables_of(player)), twins.arrays(twin)
        assert deviation(movement(ours, began), movement(expected, began)) < 1e-6
