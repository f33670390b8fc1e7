"""The Swiss roll of the WGAN-GP authors' toy experiments (arXiv 1704.00028, figure 2; `gan_toy.py`).

Their distribution: scikit-learn's `make_swiss_roll(noise=.25)`, axes 0 and 2, over 7.5. With t uniform on [1.5 pi, 4.5 pi],

    x = (t cos t, t sin t) / 7.5 + N(0, std^2 I),    std = .25 / 7.5 = 1/30.

These are its units here; it reaches 1.89 in them, and `scale` = .45 brings that to .85.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxgan.data.distributions import Distribution, log_normal_sum

START, END = 1.5 * np.pi, 4.5 * np.pi  # of the roll's angle t
DIVISOR = 7.5
STD = 0.25 / DIVISOR
NODES = 768


@functools.cache
def quadrature() -> tuple[Float[np.ndarray, "nodes 2"], Float[np.ndarray, " nodes"]]:
    """Points c_k on the roll and log weights log w_k with p(x) = sum_k w_k N(x; c_k, std^2 I), the integral over t.

    Gauss-Legendre in t^2, which spreads the nodes evenly over the roll's length (its speed grows with t). Against
    3,000 nodes, 768 leave an error of log p below 1e-10 on the roll and below 1e-6 anywhere in [-2.2, 2.2]^2, in
    float64.
    """
    node, weight = np.polynomial.legendre.leggauss(NODES)  # on [-1, 1]
    half = (END**2 - START**2) / 2
    angle = np.sqrt((END**2 + START**2) / 2 + half * node)
    weight = weight * half / (2 * angle) / (END - START)  # dt = d(t^2) / 2t, and t's density
    return np.stack([angle * np.cos(angle), angle * np.sin(angle)], axis=1) / DIVISOR, np.log(weight)


def draw(key, n, dtype=float):
    """Points (n, 2) in units, and zeros (n,) for labels."""
    angle_key, noise_key = jax.random.split(key)
    angle = jax.random.uniform(angle_key, (n,), dtype, START, END)
    curve = jnp.stack([angle * jnp.cos(angle), angle * jnp.sin(angle)], axis=1) / DIVISOR  # (n, 2)
    return curve + STD * jax.random.normal(noise_key, (n, 2), dtype), jnp.zeros(n, jnp.int32)


def log_density(points: Float[Array, "n 2"]) -> Float[Array, " n"]:
    """log p at points (n, 2) in units; it takes n * 768 numbers of memory."""
    nodes, log_weights = quadrature()
    return log_normal_sum(points, nodes, log_weights, STD)


swiss_roll = Distribution(
    name="swiss_roll",
    scale=np.array([0.45, 0.45]),
    centres=np.zeros((0, 2)),
    std=STD,
    draw=draw,
    log_density_in_units=log_density,
)
