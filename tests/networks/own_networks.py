"""Networks as a user brings them, tiny, in every form; all take images of any shape and see them as vectors."""

from functools import partial
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax import nnx

from jaxgan.types import CriticOutput

HIDDEN = 4


def flat(x):
    return x.reshape(len(x), -1)  # (B, ...) -> (B, F)


class Linear(nn.Module):
    """(x) -> (B, out), one matrix and a bias."""

    out: int = 1

    @nn.compact
    def __call__(self, x):
        return nn.Dense(self.out)(flat(x))


class Plain(nn.Module):
    """(x) -> (B, out)."""

    out: int = 1

    @nn.compact
    def __call__(self, x):
        return nn.Dense(self.out)(jnp.tanh(nn.Dense(HIDDEN)(flat(x))))


class Labelled(nn.Module):
    """(x, labels) -> (B,)."""

    @nn.compact
    def __call__(self, x, labels):
        return nn.Dense(1)(jnp.tanh(nn.Dense(HIDDEN)(flat(x)) + nn.Embed(3, HIDDEN)(labels)))[:, 0]


class Trained(nn.Module):
    """(x, train) with batch norm and dropout, as linen's tutorials write it."""

    out: int = 1
    rate: float = 0.5

    @nn.compact
    def __call__(self, x, train: bool):
        h = nn.BatchNorm(use_running_average=not train)(nn.Dense(HIDDEN)(flat(x)))
        return nn.Dense(self.out)(nn.Dropout(self.rate, deterministic=not train)(jnp.tanh(h)))


class Full(nn.Module):
    """(x, train) -> `CriticOutput` with features; batch norm and dropout."""

    @nn.compact
    def __call__(self, x, train: bool = False):
        h = nn.BatchNorm(use_running_average=not train)(nn.Dense(HIDDEN)(flat(x)))
        h = nn.Dropout(0.5, deterministic=not train)(jnp.tanh(h))
        return CriticOutput(score=nn.Dense(1)(h)[:, 0], features=h)


class Layer(NamedTuple):
    weight: jax.Array
    bias: jax.Array


def layers(key, width, out):
    """Parameters as lists of named tuples of arrays."""
    first, last = jax.random.split(key)
    return [
        Layer(jax.random.normal(first, (width, HIDDEN)) / width**0.5, jnp.zeros(HIDDEN)),
        Layer(jax.random.normal(last, (HIDDEN, out)) / HIDDEN**0.5, jnp.zeros(out)),
    ]


def pair(out=1):
    """(init(key, x), apply(params, x))."""

    def init(key, x):
        return layers(key, flat(x).shape[1], out)

    def apply(params, x):
        return jnp.tanh(flat(x) @ params[0].weight + params[0].bias) @ params[1].weight + params[1].bias

    return init, apply


def full_pair():
    """(init, apply) with dropout in training, and features."""
    init, _ = pair()

    def apply(params, x, *, train, key=None):
        h = jnp.tanh(flat(x) @ params[0].weight + params[0].bias)
        if train:
            h = h * jax.random.bernoulli(key, 0.5, h.shape) * 2
        return CriticOutput(score=(h @ params[1].weight + params[1].bias)[:, 0], features=h)

    return init, apply


class NnxPlain(nnx.Module):
    """(x) with batch norm and dropout; its last layer lies in a list."""

    def __init__(self, width, out=1, rate=0.5, *, rngs: nnx.Rngs):
        self.first = nnx.Linear(width, HIDDEN, rngs=rngs)
        self.norm = nnx.BatchNorm(HIDDEN, rngs=rngs)
        self.dropout = nnx.Dropout(rate, rngs=rngs)
        self.rest = nnx.List([nnx.Linear(HIDDEN, out, rngs=rngs)])

    def hidden(self, x):
        return self.dropout(jnp.tanh(self.norm(self.first(flat(x)))))

    def __call__(self, x):
        return self.rest[0](self.hidden(x))


class NnxFull(NnxPlain):
    """(x) -> `CriticOutput` with features."""

    def __call__(self, x):
        h = self.hidden(x)
        return CriticOutput(score=self.rest[0](h)[:, 0], features=h)


def nnx_of(module, width, *args, **kwargs):
    return partial(module, width, *args, **kwargs)
