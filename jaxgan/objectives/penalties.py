"""What is added to a critic's loss to hold its gradients in bounds."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from jaxgan.checks import NOT_NEGATIVE, Range, function, numbers_in
from jaxgan.types import Critic, Draw, Labels, Metrics, Number, Penalty, Samples, Scalar, StepStream


def interpolate(real: Samples, fake: Samples, epsilon: Float[Array, " batch"]) -> Samples:
    """epsilon x + (1 - epsilon) G(z), one epsilon a sample (arXiv 1704.00028, algorithm 1, line 6)."""
    weight = epsilon.reshape(-1, *(1,) * (real.ndim - 1))  # (B,) -> (B, 1, ..., 1)
    return weight * real + (1 - weight) * fake


def squared_gradient_norm(critic: Critic, samples: Samples, labels: Labels) -> Float[Array, " scores"]:
    """Each score's own ||grad_x f(x, y)||_2^2, shape (scores,).

    A critic gives a score a sample, or one for each pack of M consecutive samples, so B / M of them. The sum of scores is
    differentiated, which gives every score its own gradient as long as it depends on its own samples alone: hence no batch norm in
    a critic under a penalty. Of a critic of several heads it is the norm of the gradient of their sum.
    """

    def total(x: Samples) -> tuple[Scalar, Array]:
        scores = critic(x, labels).score
        return scores.sum(), scores

    gradients, scores = jax.grad(total, has_aux=True)(samples)
    return jnp.square(gradients).reshape(len(scores), -1).sum(axis=1)  # (B, ...) -> (B / M, M D) -> (B / M,)


def gradient_norm(critic: Critic, samples: Samples, labels: Labels) -> Float[Array, " scores"]:
    """Each score's own ||grad_x f(x, y)||_2, shape (scores,): see `squared_gradient_norm`.

    The tiny term under the root keeps the gradient of the norm finite at 0.
    """
    return jnp.sqrt(squared_gradient_norm(critic, samples, labels) + 1e-12)


def scheduled_penalty(penalty: Penalty, factor: Callable[[Any], Number]) -> Penalty:
    """The penalty times factor(critic steps made before), and so its metrics that hold its weight, whose names end in "penalty".

    Raises:
        UserError: one of both is no function.
    """
    function("penalty", penalty, "a critic, a draw and fake samples")
    function("factor", factor, "the number of critic steps made before")

    def scaled(critic: Critic, draw: Draw, fake: Samples) -> tuple[Scalar, Metrics]:
        share = factor(draw.critic_step)
        value, metrics = penalty(critic, draw, fake)
        return share * value, {name: share * x if name.endswith("penalty") else x for name, x in metrics.items()}

    return scaled


def _at_interpolates(cost: Callable[[Array], Array]) -> Penalty:
    """E cost(||grad f(x^)||_2) at interpolates x^; a conditional critic takes the real samples' labels."""

    def penalty(critic: Critic, draw: Draw, fake: Samples) -> tuple[Scalar, Metrics]:
        norms = gradient_norm(critic, interpolate(draw.real, fake, draw.epsilon), draw.real_label)
        value = cost(norms).mean()
        return value, {"gradient_penalty": value, "penalty_gradient_norm": norms.mean()}

    return penalty


@numbers_in(weight=NOT_NEGATIVE, target=NOT_NEGATIVE)
def gradient_penalty(weight: Number, target: Number = 1.0) -> Penalty:
    """weight E (||grad f(x^)||_2 - target)^2 at interpolates x^ (Gulrajani et al. 2017, arXiv 1704.00028, eq. 3)."""
    return _at_interpolates(lambda norms: weight * jnp.square(norms - target))


@numbers_in(weight=NOT_NEGATIVE)
def one_sided_gradient_penalty(weight: Number) -> Penalty:
    """weight E max(0, ||grad f(x^)||_2 - 1)^2 at interpolates x^ (Petzka et al. 2017, arXiv 1709.08894, eq. 8)."""
    return _at_interpolates(lambda norms: weight * jnp.square(jax.nn.relu(norms - 1)))


@numbers_in(weight=NOT_NEGATIVE, power=Range(at_least=1))
def wasserstein_divergence(weight: Number, power: Number) -> Penalty:
    """weight E ||grad f(x^)||_2^power at interpolates x^ (Wu et al. 2017, arXiv 1712.01026, eq. 5 and 6: weight k, power p)."""
    return _at_interpolates(lambda norms: weight * norms**power)


def perturb(real: Samples, key: Key[Array, ""], perturbation: Number) -> Samples:
    """x + perturbation std(x) U[0, 1], one draw an entry, one deviation for the whole batch (the authors' code of arXiv 1705.07215)."""
    return real + perturbation * real.std() * jax.random.uniform(key, real.shape, real.dtype)


@numbers_in(weight=NOT_NEGATIVE, perturbation=NOT_NEGATIVE)
def perturbed_gradient_penalty(weight: Number, perturbation: Number) -> Penalty:
    """weight E (||grad f(x + noise)||_2 - 1)^2 about real samples at their labels (Kodali et al. 2017, arXiv 1705.07215, section 2.3).

    The noise is that of `perturb`.
    """

    def penalty(critic: Critic, draw: Draw, fake: Samples) -> tuple[Scalar, Metrics]:
        points = perturb(draw.real, jax.random.fold_in(draw.key, StepStream.PERTURBATION), perturbation)
        norms = gradient_norm(critic, points, draw.real_label)
        value = weight * jnp.square(norms - 1).mean()
        return value, {"gradient_penalty": value, "penalty_gradient_norm": norms.mean()}

    return penalty


@numbers_in(weight=NOT_NEGATIVE)
def r1(weight: Number) -> Penalty:
    """weight / 2 E ||grad f(x)||_2^2 on real samples at their labels (Mescheder et al. 2018, arXiv 1801.04406, eq. 9)."""

    def penalty(critic: Critic, draw: Draw, fake: Samples) -> tuple[Scalar, Metrics]:
        value = weight / 2 * squared_gradient_norm(critic, draw.real, draw.real_label).mean()
        return value, {"r1_penalty": value}

    return penalty


@numbers_in(weight=NOT_NEGATIVE)
def r2(weight: Number) -> Penalty:
    """weight / 2 E ||grad f(G(z))||_2^2 on fake samples at their labels (arXiv 1801.04406, section 4.1)."""

    def penalty(critic: Critic, draw: Draw, fake: Samples) -> tuple[Scalar, Metrics]:
        value = weight / 2 * squared_gradient_norm(critic, fake, draw.fake_label).mean()
        return value, {"r2_penalty": value}

    return penalty


@numbers_in(weight=NOT_NEGATIVE, margin=NOT_NEGATIVE)
def consistency(weight: Number, margin: Number) -> Penalty:
    """weight E max(0, d(f(x'), f(x'')) + .1 d(h(x'), h(x'')) - margin), x' and x'' two dropout passes of one real batch.

    f are scores and h the features under them (Wei et al. 2018, arXiv 1803.01541, eq. 4 and 5); d is the squared difference, its mean
    over features, as in the authors' code.
    """

    def penalty(critic: Critic, draw: Draw, fake: Samples) -> tuple[Scalar, Metrics]:
        one, two = (critic(draw.real, draw.real_label, noise=noise) for noise in (1, 2))
        assert one.features is not None and two.features is not None, (
            "the consistency term needs a critic that tells its features"
        )
        distance = jnp.square(one.score - two.score) + 0.1 * jnp.square(one.features - two.features).mean(axis=1)
        value = weight * jax.nn.relu(distance - margin).mean()
        return value, {"consistency_penalty": value, "consistency": distance.mean()}

    return penalty
