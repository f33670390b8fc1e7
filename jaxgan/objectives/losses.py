"""Losses as functions of raw critic scores; a sigmoid stands only here, inside its stable logarithm.

Throughout, log sigmoid(s) = -softplus(-s) and log(1 - sigmoid(s)) = -softplus(s). `real` and `fake` are scores of shape (B,), or (B, L) of a
critic of L heads, whose losses are averaged (arXiv 2111.01007, eq. 2, which adds them up).
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxgan.types import Scalar

Scores = Float[Array, "scores *heads"]


def cross_entropy_critic_loss(real: Scores, fake: Scores) -> Scalar:
    """-E log D(x) - E log(1 - D(G(z))), the sum of both cross-entropies (Goodfellow et al. 2014, arXiv 1406.2661, eq. 1)."""
    return jax.nn.softplus(-real).mean() + jax.nn.softplus(fake).mean()


def non_saturating_generator_loss(fake: Scores) -> Scalar:
    """-E log D(G(z)), which keeps a gradient where the critic is sure (arXiv 1406.2661, section 3)."""
    return jax.nn.softplus(-fake).mean()


def minimax_generator_loss(fake: Scores) -> Scalar:
    """E log(1 - D(G(z))), the other side of the critic's own loss (arXiv 1406.2661, eq. 1)."""
    return -jax.nn.softplus(fake).mean()


def least_squares_critic_loss(real: Scores, fake: Scores) -> Scalar:
    """1/2 E (D(x) - 1)^2 + 1/2 E D(G(z))^2 (Mao et al. 2016, arXiv 1611.04076, eq. 9: a = 0, b = 1)."""
    return 0.5 * jnp.square(real - 1).mean() + 0.5 * jnp.square(fake).mean()


def least_squares_generator_loss(fake: Scores) -> Scalar:
    """1/2 E (D(G(z)) - 1)^2 (arXiv 1611.04076, eq. 9: c = 1)."""
    return 0.5 * jnp.square(fake - 1).mean()


def wasserstein_critic_loss(real: Scores, fake: Scores) -> Scalar:
    """E f(G(z)) - E f(x) (Arjovsky et al. 2017, arXiv 1701.07875, algorithm 1). No estimate of a distance: see arXiv 2103.01678."""
    return fake.mean() - real.mean()


def wasserstein_generator_loss(fake: Scores) -> Scalar:
    """-E f(G(z)) (arXiv 1701.07875, algorithm 1)."""
    return -fake.mean()


def hinge_critic_loss(real: Scores, fake: Scores) -> Scalar:
    """E max(0, 1 - f(x)) + E max(0, 1 + f(G(z))) (Lim and Ye 2017, arXiv 1705.02894; Miyato et al. 2018, arXiv 1802.05957, eq. 16).

    Its generator loss is `wasserstein_generator_loss` (arXiv 1802.05957, eq. 17).
    """
    return jax.nn.relu(1 - real).mean() + jax.nn.relu(1 + fake).mean()


def relativistic_critic_loss(real: Scores, fake: Scores) -> Scalar:
    """-E log sigmoid(f(x) - f(G(z))) over row-wise pairs (Jolicoeur-Martineau 2018, arXiv 1807.00734; arXiv 2501.05441, eq. 2)."""
    assert real.shape == fake.shape, f"pairs need as many real scores as fake ones: {real.shape} and {fake.shape}"
    return jax.nn.softplus(fake - real).mean()


def relativistic_generator_loss(real: Scores, fake: Scores) -> Scalar:
    """-E log sigmoid(f(G(z)) - f(x)) over row-wise pairs, the critic's loss with the sides exchanged (arXiv 1807.00734)."""
    return relativistic_critic_loss(fake, real)
