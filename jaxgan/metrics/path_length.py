"""Perceptual path length: how far features move when the latent moves a little (Karras et al. 2018, arXiv 1812.04948, section 4.1)."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from jaxgan.checks import POSITIVE, array, function, number, whole_number
from jaxgan.errors import UserError
from jaxgan.metrics.arrays import Estimate, Progress, check_key, checked, chunks, silent


def slerp(a: Float[Array, "n d"], b: Float[Array, "n d"], t: Float[Array, " n"]) -> Float[Array, "n d"]:
    """Along the great circle from a to b, lengths in proportion; t in [0, 1]. Where both point one way, the straight line."""
    a, b, t = (x if isinstance(x, jax.Array) else array(name, x) for name, x in (("a", a), ("b", b), ("t", t)))
    if a.ndim != 2 or a.shape != b.shape or t.shape != (len(a),):
        raise UserError(f"a, b and t have shape {a.shape}, {b.shape} and {t.shape}; must be (n, d), (n, d) and (n,)")
    a, b, t = (jnp.asarray(x, float) for x in (a, b, t))
    lengths = [jnp.linalg.norm(v, axis=1, keepdims=True) for v in (a, b)]
    ahead, behind = (v / jnp.maximum(length, 1e-12) for v, length in zip((a, b), lengths, strict=True))
    angle = jnp.arccos(jnp.clip(jnp.sum(ahead * behind, 1, keepdims=True), -1, 1))
    t = t[:, None]
    bent = jnp.sin(angle) > 1e-4
    sine = jnp.where(bent, jnp.sin(angle), 1.0)
    direction = jnp.where(
        bent, (jnp.sin((1 - t) * angle) * ahead + jnp.sin(t * angle) * behind) / sine, (1 - t) * ahead + t * behind
    )
    return direction * ((1 - t) * lengths[0] + t * lengths[1])


def path_length(
    generate: Callable[[Float[Array, "n d"]], Array],
    features: Callable[[Array], Float[Array, "n f"]],
    key: Key[Array, ""],
    latent_dim: int,
    *,
    samples: int = 10_000,
    epsilon: float = 1e-4,
    batch: int = 500,
    progress: Progress = silent,
) -> Estimate:
    """Mean and deviation of |f(G(z_t)) - f(G(z_(t + eps)))|^2 / eps^2, z_t on the great circle between two normal latents.

    As the paper's code does, the lowest and the highest hundredth are left out. The features say what perception is:
    values in different features do not compare.
    """
    function("generate", generate, "latents (n, d)")
    function("features", features, "samples")
    check_key(key)
    latent_dim, samples, batch = (
        whole_number("latent_dim", latent_dim),
        whole_number("samples", samples, at_least=2),
        whole_number("batch", batch),
    )
    epsilon = number("epsilon", epsilon, POSITIVE)

    @jax.jit
    def lengths(key):
        ends, where = jax.random.split(key)
        a, b = jax.random.normal(ends, (2, batch, latent_dim))
        t = jax.random.uniform(where, (batch,))
        with jax.default_matmul_precision("highest"):  # small differences are divided by a smaller one
            here, there = (features(generate(slerp(a, b, s))) for s in (t, t + epsilon))
        return jnp.sum((here - there).reshape(batch, -1) ** 2, 1) / epsilon**2

    numbers = range(len(chunks(samples, batch)))
    measured = np.concatenate([np.asarray(lengths(jax.random.fold_in(key, i))) for i in progress(numbers)])[:samples]
    measured = checked("path lengths", measured, ndim=1)
    low, high = np.percentile(measured, 1, method="lower"), np.percentile(measured, 99, method="higher")
    within = measured[(measured >= low) & (measured <= high)]
    return Estimate(float(within.mean()), float(within.std()))
