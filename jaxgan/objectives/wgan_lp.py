"""WGAN-LP: a penalty on gradients that are too steep, and on no others (Petzka et al. 2017, arXiv 1709.08894)."""

from jaxgan.checks import NOT_NEGATIVE, numbers_in
from jaxgan.objectives.losses import wasserstein_critic_loss, wasserstein_generator_loss
from jaxgan.objectives.penalties import one_sided_gradient_penalty
from jaxgan.objectives.variant import Recipe, Variant, score_objective
from jaxgan.types import Game, Number


@numbers_in(gradient_penalty_weight=NOT_NEGATIVE)
def wgan_lp(*, gradient_penalty_weight: Number = 10.0) -> Game:
    """E f(G(z)) - E f(x) + weight E max(0, ||grad f(x^)|| - 1)^2 for the critic, -E f(G(z)) for the generator (arXiv 1709.08894, eq. 8)."""
    objective = score_objective(wasserstein_critic_loss, wasserstein_generator_loss)
    return Game(objective, (one_sided_gradient_penalty(gradient_penalty_weight),), row_means=True)


WGAN_LP = Variant(
    wgan_lp,
    "Petzka et al. 2017, arXiv 1709.08894, eq. 8",
    (
        Recipe(
            "paper",
            "arXiv 1709.08894 puts its penalty in the place of WGAN-GP's: the settings are those of arXiv 1704.00028, algorithm 1",
            dict(
                optimizer="adam", learning_rate=1e-4, beta1=0.0, beta2=0.9, gradient_penalty_weight=10.0, n_critic=5, batch_size=64,
            ),
        ),
    ),
    norm_range=(0.0, 1.0),
    equations=(
        r"L_C = \mathbb{E} f(G(z)) - \mathbb{E} f(x) + \lambda \mathbb{E} \max(0, \lVert \nabla f(\hat{x}) \rVert_2 - 1)^2",
        r"L_G = -\mathbb{E} f(G(z))",
    ),
)  # fmt: skip
