"""Which samples make the index-th batch of a run: a function of the run's key and the index alone."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key, UInt

from jaxgan.engine.draws import Stream, stream_key
from jaxgan.labels import class_shares
from jaxgan.pixels import to_model_range
from jaxgan.types import Labels, Samples


class Classes(NamedTuple):
    """The rows of a data set by their classes, and in which shares the classes are drawn."""

    rows: Int[Any, " samples"]  # class by class
    first: Int[Any, " classes"]  # the place in `rows` where each begins
    sizes: Int[Any, " classes"]
    ends: Float[Any, " classes"]  # the sum of the shares up to each, itself included


class DataArrays(NamedTuple):
    """The part of a data set that lies on the device: all of it, or a window of n batches in their order."""

    samples: Any  # uint8 or floats (N, *sample_shape); None where samples are drawn afresh; of a window (n, B, *sample_shape)
    labels: Any  # int32 (N,), or (n, B); of vectors floats (N, K), or (n, B, K)
    first: Any = None  # the index of a window's first batch
    classes: Classes | None = None  # where classes are drawn in other shares than they have; never of a window


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


def classes_of(labels: np.ndarray, balance: float) -> Classes:
    """What `class_rows` draws from, of a data set with these class numbers (N,)."""
    sizes = np.bincount(labels)
    ends = np.cumsum(class_shares(sizes, balance)).astype(np.float32)
    ends[len(np.trim_zeros(sizes, "b")) - 1 :] = 1  # whatever was rounded
    first = np.cumsum(sizes) - sizes
    rows = np.argsort(labels, kind="stable")
    return Classes(
        rows=jnp.asarray(rows, jnp.int32),
        first=jnp.asarray(first, jnp.int32),
        sizes=jnp.asarray(sizes, jnp.int32),
        ends=jnp.asarray(ends),
    )


def class_rows(key: Key[Array, ""], batch_size: int, classes: Classes) -> Int[Array, " batch"]:
    """The rows of a batch, each drawn by itself: first its class, by the classes' shares, then one of that class, all alike."""
    of_class, of_row = jax.random.split(key)
    chosen = jnp.searchsorted(classes.ends, jax.random.uniform(of_class, (batch_size,), jnp.float32), side="right")
    return classes.rows[classes.first[chosen] + jax.random.randint(of_row, (batch_size,), 0, classes.sizes[chosen])]


@jax.named_scope("draw")
def real_batch(
    sampler: Callable[..., Any] | None, data: DataArrays, batch_size: int, key: Key[Array, ""], index: Int[Array, ""]
) -> tuple[Samples, Labels]:
    """The index-th batch: drawn afresh, or by `batch_rows` or `class_rows` from the data set, or out of a window of its batches.

    Bytes leave as numbers in [-1, 1].
    """
    if data.samples is None or data.labels is None:
        assert sampler is not None
        samples, labels = sampler(stream_key(key, Stream.DATA, index), batch_size)
        return samples, labels
    if data.classes is not None:
        place: Array = class_rows(stream_key(key, Stream.DATA, index), batch_size, data.classes)
    elif data.first is None:
        place = batch_rows(stream_key(key, Stream.DATA), index, batch_size, len(data.samples))
    else:
        place = index - data.first
    return to_model_range(data.samples[place]), data.labels[place]
