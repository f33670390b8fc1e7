"""What is added to a critic's loss to hold its gradients in bounds."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxgan.types import Critic, Draw, Labels, Metrics, Penalty, Samples, Scalar


def interpolate(real: Samples, fake: Samples, epsilon: Float[Array, " batch"]) -> Samples:
    """epsilon x + (1 - epsilon) G(z), one epsilon a sample (arXiv 1704.00028, algorithm 1, line 6)."""
    weight = epsilon.reshape(-1, *(1,) * (real.ndim - 1))  # (B,) -> (B, 1, ..., 1)
    return weight * real + (1 - weight) * fake


def gradient_norm(critic: Critic, samples: Samples, labels: Labels) -> Float[Array, " batch"]:
    """Each sample's own ||grad_x f(x, y)||_2, shape (B,).

    The sum over the batch is differentiated, which gives every sample its own gradient as long as the critic judges samples one
    by one: hence no batch norm in a critic under a penalty. The tiny term under the root keeps the gradient of the norm finite at 0.
    """
    gradients = jax.grad(lambda x: critic(x, labels).score.sum())(samples)
    squares = jnp.square(gradients).reshape(len(gradients), -1)  # (B, ...) -> (B, D)
    return jnp.sqrt(squares.sum(axis=1) + 1e-12)


def gradient_penalty(weight: Scalar | float, target: Scalar | float = 1.0) -> Penalty:
    """weight E (||grad f(x^)||_2 - target)^2 at interpolates x^ (Gulrajani et al. 2017, arXiv 1704.00028, eq. 3).

    A conditional critic is asked at the real samples' labels.
    """

    def penalty(critic: Critic, draw: Draw, fake: Samples) -> tuple[Scalar, Metrics]:
        norms = gradient_norm(critic, interpolate(draw.real, fake, draw.epsilon), draw.real_label)
        value = weight * jnp.square(norms - target).mean()
        return value, {"gradient_penalty": value, "penalty_gradient_norm": norms.mean()}

    return penalty
