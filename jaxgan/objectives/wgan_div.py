"""WGAN-div: a power of the gradient's norm in place of a bound on it (Wu et al. 2017, arXiv 1712.01026)."""

from jaxgan.checks import NOT_NEGATIVE, Range, numbers_in
from jaxgan.objectives.losses import wasserstein_critic_loss, wasserstein_generator_loss
from jaxgan.objectives.penalties import wasserstein_divergence
from jaxgan.objectives.variant import Recipe, Variant, score_objective
from jaxgan.types import Game, Number


@numbers_in(gradient_penalty_weight=NOT_NEGATIVE, gradient_penalty_power=Range(at_least=1))
def wgan_div(*, gradient_penalty_weight: Number = 2.0, gradient_penalty_power: Number = 6.0) -> Game:
    """E f(G(z)) - E f(x) + k E ||grad f(x^)||^p for the critic, -E f(G(z)) for the generator (arXiv 1712.01026, eq. 5 and 6)."""
    objective = score_objective(wasserstein_critic_loss, wasserstein_generator_loss)
    penalty = wasserstein_divergence(gradient_penalty_weight, gradient_penalty_power)
    return Game(objective, (penalty,), row_means=True)


WGAN_DIV = Variant(
    wgan_div,
    "Wu et al. 2017, arXiv 1712.01026, eq. 5 and 6",
    (
        Recipe(
            "paper",
            "arXiv 1712.01026 for k = 2 and p = 6; the rest as WGAN-GP, beside which it stands there: arXiv 1704.00028, algorithm 1",
            dict(
                optimizer="adam", learning_rate=1e-4, beta1=0.0, beta2=0.9, gradient_penalty_weight=2.0, gradient_penalty_power=6.0,
                n_critic=5, batch_size=64,
            ),
        ),
    ),
    equations=(
        r"L_C = \mathbb{E} f(G(z)) - \mathbb{E} f(x) + k \mathbb{E} \lVert \nabla f(\hat{x}) \rVert_2^p",
        r"L_G = -\mathbb{E} f(G(z))",
    ),
)  # fmt: skip
