"""Latents as a user asks for them: one a seed, nearer to their mean, on a path from one to the next, on a closed walk."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from jaxgan.checks import Range, choice, number, whole_number
from jaxgan.checks import seed as checked_seed
from jaxgan.engine.draws import draw_latents
from jaxgan.errors import UserError
from jaxgan.metrics import slerp

TURNS = 3  # frequencies of a closed walk: how often it goes to and fro on its way round
AT_MOST = 2  # of a truncation: beyond, a generator has seen next to no latent


def _smooth(t: Array) -> Array:
    """3 t^2 - 2 t^3: sets off and arrives without a jerk."""
    return t * t * (3 - 2 * t)


EASINGS: dict[str, Callable[[Array], Array]] = {"linear": lambda t: t, "smooth": _smooth}


def seed_latents(seeds: Int[np.ndarray, " n"] | Sequence[int], latent_dim: int) -> Float[Array, "n latent"]:
    """The latent of each seed from 0 to 2**32 - 1: the first that `draw_latents` draws from its key, whatever the other seeds are."""
    keys = jax.vmap(jax.random.key)(jnp.asarray(np.asarray(seeds, np.uint32)))
    return jax.vmap(lambda key: draw_latents(key, 1, latent_dim)[0])(keys)


def truncated(latent: Float[Array, "n latent"], truncation: float) -> Float[Array, "n latent"]:
    """Latents brought nearer to their mean, which is 0: psi z (arXiv 1812.04948, appendix B, in z for want of a mapping network).

    Raises:
        UserError: psi is no number from 0 (all are the mean) by 1 (all are as they were) to 2.
    """
    return latent * number("truncation", truncation, Range(at_least=0, at_most=AT_MOST))


def path_through(latent: Float[Array, "stations latent"], n: int, easing: str = "linear") -> Float[Array, "frames latent"]:
    """Latents on the great circles from each station to the next, n from one to the next with both: (stations - 1) (n - 1) + 1.

    `easing` is a row of EASINGS: how the share of the way goes by.
    """
    legs, share = path_shares(len(latent), n, easing)
    return slerp(latent[legs], latent[legs + 1], share)


def path_shares(stations: int, n: int, easing: str = "linear") -> tuple[Int[np.ndarray, " frames"], Float[Array, " frames"]]:
    """Of each frame of a path the station that it comes from, and the share of the way to the next."""
    n, ease = whole_number("n", n, at_least=2), EASINGS[choice("easing", easing, EASINGS)]
    steps = n - 1
    legs = np.append(np.repeat(np.arange(stations - 1), steps), stations - 2)
    share = np.append(np.tile(np.arange(steps), stations - 1), steps) / steps
    return legs, ease(jnp.asarray(share, float))


def stations_of(
    seed: int, seeds: Sequence[int] | None, labels: Sequence[Any] | None, latent_dim: int
) -> Float[Array, "stations latent"]:
    """The latents that a path goes through: those of the seeds, or two of `seed` where neither seeds nor labels are given.

    With several labels and one seed, or `seed` alone, it is the same latent at each.

    Raises:
        UserError: fewer than two stations, or seeds and labels of different numbers.
    """
    if seeds is None and labels is None:
        return draw_latents(jax.random.key(checked_seed("seed", seed)), 2, latent_dim)
    given = [checked_seed("seeds", one) for one in seeds] if seeds is not None else [checked_seed("seed", seed)]
    counts = {"seeds": len(given), "labels": 1 if labels is None else len(labels)}
    count = max(counts.values())
    if count < 2 or not {*counts.values()} <= {1, count}:
        shown = " and ".join(f"{number} {what}" for what, number in counts.items() if what == "seeds" or labels is not None)
        raise UserError(f"{shown}: a path goes through at least two, and where both are given through as many of each")
    return jnp.broadcast_to(seed_latents(given, latent_dim), (count, latent_dim))


def closed_walk(seed: int, n: int, latent_dim: int) -> Float[Array, "n latent"]:
    """n latents of a smooth random walk that comes back to where it began: after the last comes the first.

    z(t) = sum_k (a_k cos 2 pi k t + b_k sin 2 pi k t) / sqrt(K), k = 1 .. K, with standard normal a_k and b_k: each latent is standard
    normal by itself, as in training.
    """
    a, b = draw_latents(jax.random.key(seed), 2 * TURNS, latent_dim).reshape(2, TURNS, latent_dim)  # (2 K, d) -> (2, K, d)
    angle = 2 * np.pi * np.arange(n)[:, None] / n * np.arange(1, TURNS + 1)  # (n, K)
    return (jnp.cos(angle) @ a + jnp.sin(angle) @ b) / np.sqrt(TURNS)
