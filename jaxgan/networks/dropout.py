"""Masks of dropout from few random bits."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Key

NEAR = 1e-4  # how far the share that is dropped may be from the one that is asked for, as a part of it and of what is kept
WORD = 32  # bits that a random word has


def bits_of(rate: float) -> tuple[int, int]:
    """(b, n): the fewest bits, a divisor of 32, of which n of the 2^b values make up a share `rate`, to a ten-thousandth of it and of 1 - rate."""
    for bits in (1, 2, 4, 8, 16):
        dropped = round(rate * 2**bits)
        if abs(dropped / 2**bits - rate) <= NEAR * min(rate, 1 - rate):
            return bits, dropped
    return WORD, round(rate * 2**WORD)


def share_kept(rate: float) -> float:
    """The probability with which `kept` keeps an entry: 1 - rate, but for a ten-thousandth of it."""
    bits, dropped = bits_of(rate)
    return 1 - dropped / 2**bits


def kept(key: Key[Array, ""], shape: tuple[int, ...], rate: float) -> Bool[Array, "*shape"]:
    """Which entries dropout keeps, each with probability `share_kept(rate)` and independently of all others.

    A random word of 32 bits is shared by as many neighbours along the last axis as it has bits for: 32 at rate 1/2, two at most other rates.
    """
    bits, dropped = bits_of(rate)
    *lead, last = shape or (1,)
    neighbours = WORD // bits
    words = jax.random.bits(key, (*lead, -(-last // neighbours)), jnp.uint32)
    shifts = np.arange(neighbours, dtype=np.uint32) * np.uint32(bits)
    values = (words[..., None] >> shifts) & np.uint32(2**bits - 1)
    values = values.reshape(*lead, -1)[..., :last]  # (..., W, neighbours) -> (..., last)
    return (values >= np.uint32(dropped)).reshape(shape)
