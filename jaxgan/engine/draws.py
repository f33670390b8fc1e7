"""All the chance of training, made here: a step's `Draw` is a function of the run's key and the step's number alone.

So a resumed run draws what the uninterrupted one would have drawn, and the place in the data needs no state of its own. Every
purpose has a stream, the key of its index-th use is `fold_in(fold_in(run key, stream), index)`, and one that serves several draws is
split: no key is used twice.
"""

from enum import IntEnum

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, Key, UInt

from jaxgan.engine.setup import DataArrays, Setup
from jaxgan.types import Draw, Labels, Samples


class Stream(IntEnum):
    """What a key is for."""

    INIT = 0
    DATA = 1
    CRITIC_STEP = 2
    GENERATOR_STEP = 3
    PICTURE = 4


def stream_key(key: Key[Array, ""], stream: Stream, index: Int[Array, ""] | int = 0) -> Key[Array, ""]:
    """The key of the index-th draw of a stream."""
    return jax.random.fold_in(jax.random.fold_in(key, stream), index)


def shuffled(
    key: Key[Array, ""], epoch: UInt[Array, " batch"], position: UInt[Array, " batch"], size: int
) -> UInt[Array, " batch"]:
    """Where a keyed permutation of range(size), another one each epoch, sends each position.

    A swap-or-not shuffle (Hoang, Morris and Rogaway 2012, figure 1): each round pairs x with K - x mod size and swaps the pair
    or not by a coin that both see. It is a bijection whatever the coins, and finds one batch's places without the whole order.
    """
    rounds = jax.random.bits(key, (32, 2), jnp.uint32)

    def step(x: UInt[Array, " batch"], keys: UInt[Array, " 2"]) -> tuple[UInt[Array, " batch"], None]:
        offset = _mixed(keys[0] ^ _mixed(epoch)) % size
        partner = (offset + size - x) % size
        coin = _mixed(jnp.maximum(x, partner) ^ _mixed(keys[1] + epoch)) & 1
        return jnp.where(coin == 1, partner, x), None

    return jax.lax.scan(step, position, rounds)[0]


def _mixed(x: UInt[Array, "*shape"]) -> UInt[Array, "*shape"]:
    """The finalizer of MurmurHash3: every bit of 32 depends on every other."""
    x = (x ^ (x >> 16)) * jnp.uint32(0x85EBCA6B)
    x = (x ^ (x >> 13)) * jnp.uint32(0xC2B2AE35)
    return x ^ (x >> 16)


def batch_rows(key: Key[Array, ""], index: Int[Array, ""], batch_size: int, size: int) -> UInt[Array, " batch"]:
    """The rows of the index-th batch in an endless row of shuffled passes over `size` samples, none left out."""
    turn, within = jnp.divmod(index.astype(jnp.uint32), jnp.uint32(size))  # index B = turn size B + within B; size B < 2^32
    place = within * batch_size + jnp.arange(batch_size, dtype=jnp.uint32)
    return shuffled(key, turn * batch_size + place // size, place % size, size)


def real_batch(setup: Setup, data: DataArrays, key: Key[Array, ""], index: Int[Array, ""]) -> tuple[Samples, Labels]:
    """The index-th batch: drawn afresh, or by `batch_rows`, from the data set or out of a window of its batches.

    Images come as uint8 and leave as x / 127.5 - 1 in [-1, 1].
    """
    batch_size = setup.plan.batch_size
    if data.samples is None or data.labels is None:
        assert setup.dataset.distribution is not None
        return setup.dataset.distribution.sample(stream_key(key, Stream.DATA, index), batch_size)
    if data.first is None:
        place: Array = batch_rows(stream_key(key, Stream.DATA), index, batch_size, len(data.samples))
    else:
        place = index - data.first
    samples = data.samples[place]
    if samples.dtype == jnp.uint8:
        samples = samples.astype(float) / 127.5 - 1
    return samples, data.labels[place]


def critic_draw(setup: Setup, data: DataArrays, key: Key[Array, ""], index: Int[Array, ""]) -> Draw:
    """The draw of the index-th critic step of the run."""
    plan = setup.plan
    batch = index if plan.critic_data == "fresh" else index // max(1, plan.n_critic)
    real, real_label = real_batch(setup, data, key, batch)
    latent, label, epsilon, step = jax.random.split(stream_key(key, Stream.CRITIC_STEP, index), 4)
    return Draw(
        real=real,
        real_label=real_label,
        latent=_latent(setup, latent),
        fake_label=_fake_label(setup, real_label, label),
        epsilon=jnp.repeat(jax.random.uniform(epsilon, (plan.batch_size // plan.pac,), float), plan.pac),  # one a pack
        key=step,
        critic_step=index,
    )


def generator_draw(setup: Setup, data: DataArrays, key: Key[Array, ""], step: Int[Array, ""]) -> Draw:
    """The draw of generator step `step`; its real batch is that of the critic step before it, a new one where there are none."""
    plan = setup.plan
    n_critic = max(1, plan.n_critic)
    offset = {"critic_first": n_critic - 1, "generator_first": -1, "generator_second": 0}[plan.order]
    before = critic_draw(setup, data, key, jnp.maximum(step * n_critic + offset, 0))
    latent, label, own = jax.random.split(stream_key(key, Stream.GENERATOR_STEP, step), 3)
    return before._replace(
        latent=_latent(setup, latent) if plan.generator_latent == "fresh" else before.latent,
        fake_label=_fake_label(setup, before.real_label, label),
        key=own,
    )


def _latent(setup: Setup, key: Key[Array, ""]) -> Array:
    return jax.random.normal(key, (setup.plan.batch_size, setup.plan.latent_dim), float)


def _fake_label(setup: Setup, real_label: Labels, key: Key[Array, ""]) -> Labels:
    if setup.plan.fake_labels == "real" or not setup.plan.conditional:
        return real_label
    return jax.random.randint(key, real_label.shape, 0, setup.dataset.n_classes, jnp.int32)
