"""What is found by looking at a network, against what is known of it."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import pytest
from flax import nnx

from jaxgan.errors import UserError
from jaxgan.networks import (
    CRITICS,
    AugmentedCritic,
    Critic,
    MinibatchDiscriminationCritic,
    MlpGenerator,
    PackedCritic,
    SpectralCritic,
    as_critic,
    as_generator,
    inspection,
)
from jaxgan.networks.layers import BatchNorm, Linear
from jaxgan.types import CriticOutput
from tests.networks import own_networks as own

SHAPE, WIDTH = (8, 8, 2), 8 * 8 * 2
SAMPLES, LABELS = jnp.zeros((2, *SHAPE)), jnp.zeros(2, jnp.int32)


# Built-in critics: what is found is what is declared


NORMS = {
    **dict.fromkeys(("conv", "dcgan", "conv1d"), ("batch", "layer", "none")),
    "conv3d": ("batch", "layer"),
    "resnet": ("layer", "none"),
}
SHAPES = {"resnet": (32, 32, 1), "conv1d": (17, 1), "conv3d": (16, 17, 16, 1)}


@pytest.mark.parametrize(
    ("name", "norm"), [(name, norm) for name in sorted(set(CRITICS) - {"projected"}) for norm in NORMS.get(name, (None,))]
)
def test_of_every_built_in_critic_looking_finds_what_it_declares(name, norm):
    kind = CRITICS[name]
    shape = (2,) if kind.sample_kind == "vectors" else SHAPES.get(name, (28, 28, 1))
    widths = {"hidden_dim": max(2, kind.hidden_multiple), **({"minibatch_features": 3} if name == "minibatch" else {})}
    critic = kind(shape, **widths, **({} if norm is None else {"norm": norm}))
    samples = jnp.zeros((1, *shape))
    assert critic.couples_batch in (True, False)
    assert inspection.finds_coupling(critic, None, samples, LABELS[:1]) == critic.couples_batch == inspection.couples_batch(
        critic, None, samples, LABELS[:1]
    )  # fmt: skip
    assert inspection.has_dropout(critic, samples, LABELS[:1]) == (getattr(critic, "dropout", 0) > 0)
    output = inspection.abstract_output(critic, samples, LABELS[:1])
    assert (output.reconstruction is not None) == critic.reconstructs == inspection.reconstructs(critic, samples, LABELS[:1])
    assert inspection.has_features(critic, samples, LABELS[:1])
    assert inspection.collections(critic, samples, LABELS[:1]) == (
        ("batch_stats", "params") if norm == "batch" else ("params",)
    )


# Coupling


def of(function):
    """A critic that gives the sum of what a function makes of flat samples, each times a weight."""
    return (
        lambda key, x: jax.random.normal(key, (own.flat(x).shape[1],)),
        lambda params, x: jnp.sum(function(own.flat(x)) * params, 1),
    )


class Attention(nn.Module):
    """Self-attention among the samples, behind a gate that begins at 0."""

    @nn.compact
    def __call__(self, x):
        h = nn.Dense(4)(own.flat(x))
        gate = self.param("gate", nn.initializers.zeros, ())
        return nn.Dense(1)(h + gate * jax.nn.softmax(h @ h.T) @ h)


class ZeroLast(nn.Module):
    """Batch norm before a last layer that begins at 0."""

    @nn.compact
    def __call__(self, x, train=False):
        return nn.Dense(1, kernel_init=nn.initializers.zeros)(
            nn.BatchNorm(use_running_average=not train)(nn.Dense(4)(own.flat(x)))
        )


class Images(nn.Module):
    """Convolution, layer norm, group norm, max pool, dropout: nothing that couples samples."""

    @nn.compact
    def __call__(self, x, train=False):
        x = nn.GroupNorm(2)(nn.Conv(4, (3, 3))(x))
        x = nn.max_pool(nn.LayerNorm()(nn.relu(x)), (2, 2), (2, 2))
        x = nn.Dropout(0.5, deterministic=not train)(x)
        return CriticOutput(score=nn.Dense(1)(own.flat(x))[:, 0], features=own.flat(x))


class Undeclared(Critic):
    """Made like a built-in critic, with a batch norm that it does not declare."""

    flat = True

    def setup(self):
        super().setup()
        self.norm_layer, self.output = BatchNorm(), Linear(1)

    def score(self, samples, train):
        return CriticOutput(score=self.output(self.norm_layer(samples, train))[:, 0])


COUPLING = {
    "batch norm": own.Trained(),
    "nnx batch norm": own.nnx_of(own.NnxPlain, WIDTH),
    "batch norm before zeros": ZeroLast(),
    "the mean subtracted": of(lambda x: x - x.mean(0)),
    "divided by the largest": of(lambda x: x / jnp.abs(x).max()),
    "attention": Attention(),
    "minibatch discrimination": MinibatchDiscriminationCritic(as_critic(Images())),
    "undeclared": Undeclared(SHAPE),
    "augmented": AugmentedCritic(own.Trained(), ("translation",)),
    "spectral": SpectralCritic(own.Trained()),
}

APART = {
    "linear": of(lambda x: x),
    "perceptron": own.Plain(),
    "pair with dropout": own.full_pair(),
    "images": Images(),
    "nnx dropout": lambda rngs: nnx.Sequential(own.flat, nnx.Linear(WIDTH, 4, rngs=rngs), nnx.Dropout(0.5, rngs=rngs), nnx.Linear(4, 1, rngs=rngs)),
    "augmented": AugmentedCritic(Images(), ("colour", "translation", "cutout")),
    "spectral": SpectralCritic(Images()),
}  # fmt: skip


@pytest.mark.parametrize("name", COUPLING)
def test_coupling_is_found(name):
    critic = as_critic(COUPLING[name])
    assert inspection.finds_coupling(critic, jax.random.key(1), SAMPLES, LABELS)
    assert inspection.couples_batch(critic, None, SAMPLES, LABELS)


@pytest.mark.parametrize("name", APART)
def test_what_couples_nothing_is_not_accused(name):
    critic = as_critic(APART[name])
    assert critic.couples_batch is None
    for samples in (SAMPLES, jax.random.normal(jax.random.key(1), SAMPLES.shape)):
        assert not inspection.couples_batch(critic, None, samples, LABELS)


@pytest.mark.parametrize("inner", [own.Plain(), own.Trained()])
def test_the_samples_of_one_pack_are_one_and_packs_are_apart(inner):
    critic = as_critic(PackedCritic(inner, 3))
    assert inspection.couples_batch(critic, None, SAMPLES, LABELS, rows_per_score=3) == isinstance(inner, own.Trained)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_samples_of_any_scale_will_do(scale):
    samples = scale * jax.random.normal(jax.random.key(1), SAMPLES.shape)
    assert inspection.couples_batch(as_critic(own.Trained()), None, samples, LABELS)
    assert not inspection.couples_batch(as_critic(Images()), None, samples, LABELS)


def test_variables_that_are_given_are_those_looked_at():
    gated = as_critic(
        (
            lambda key: {"gate": jnp.ones(2)},
            lambda params, x: own.flat(x).sum(1) + jnp.where(params["gate"][0] > 2, x.mean(), 0),
        )
    )
    for gate, found in ((1.0, False), (3.0, True)):
        variables = {"params": {"network": {"gate": jnp.full(2, gate)}}}
        assert inspection.couples_batch(gated, variables, SAMPLES, LABELS) == found


def test_looking_works_inside_a_trace():
    answers = []

    def look(key, samples, labels):
        for critic in (as_critic(own.Trained()), as_critic(own.Plain()), as_critic(own.nnx_of(own.NnxPlain, WIDTH))):
            variables = critic.init({"params": key, "dropout": key}, samples, labels)
            answers.append((
                inspection.couples_batch(critic, variables, samples, labels),
                inspection.couples_batch(critic, key, samples, labels),
                inspection.has_dropout(critic, samples, labels),
            ))  # fmt: skip
        return samples.sum()

    jax.eval_shape(jax.grad(look, argnums=1), jax.random.key(0), SAMPLES, LABELS)
    jax.eval_shape(jax.vmap(look, in_axes=(0, None, None)), jax.random.split(jax.random.key(0)), SAMPLES, LABELS)
    assert answers == 2 * [(True, True, True), (False, False, False), (True, True, True)]


# Dropout, collections, outputs


def test_dropout_is_found_in_every_form():
    for network, expected in (
        (own.Trained(), True), (own.Trained(rate=0.0), False), (own.Plain(), False), (own.pair(), False), (own.full_pair(), True),
        (own.nnx_of(own.NnxPlain, WIDTH), True), (own.nnx_of(own.NnxPlain, WIDTH, rate=0.0), False),
        (SpectralCritic(own.Trained()), True), (AugmentedCritic(own.Plain(), ("cutout",)), False),
    ):  # fmt: skip
        assert inspection.has_dropout(as_critic(network), SAMPLES, LABELS) == expected
    assert not inspection.has_dropout(MlpGenerator((2,)), jnp.zeros((2, 2)), LABELS)
    assert inspection.has_dropout(as_generator(own.Trained(out=2)), jnp.zeros((2, 5)), LABELS)


def test_a_stream_that_training_does_not_give_is_refused():
    class Noisy(nn.Module):
        @nn.compact
        def __call__(self, x, train=False):
            return own.flat(x)[:, 0] + (jax.random.normal(self.make_rng("noise"), ()) if train else 0)

    with pytest.raises(UserError, match="random stream that training does not give; allowed is 'dropout'"):
        inspection.has_dropout(as_critic(Noisy()), SAMPLES, LABELS)


def test_collections_features_and_reconstructions_are_found():
    plain, full = as_critic(own.Plain()), as_critic(own.Full())
    assert inspection.collections(plain, SAMPLES, LABELS) == ("params",)
    assert inspection.collections(as_critic(SpectralCritic(own.Trained())), SAMPLES, LABELS) == (
        "batch_stats",
        "params",
        "spectral",
    )
    assert inspection.collections(as_critic(own.nnx_of(own.NnxPlain, WIDTH)), SAMPLES, LABELS) == ("batch_stats", "params")
    assert not inspection.has_features(plain, SAMPLES, LABELS) and inspection.has_features(full, SAMPLES, LABELS)
    redrawing = as_critic((lambda key: {}, lambda params, x: CriticOutput(own.flat(x).sum(1), reconstruction=x / 2)))
    assert inspection.reconstructs(redrawing, SAMPLES, LABELS) and not inspection.reconstructs(full, SAMPLES, LABELS)
