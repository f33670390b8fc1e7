"""DRAGAN: the non-saturating GAN with a gradient penalty about the real samples (Kodali et al. 2017, arXiv 1705.07215)."""

import math

from jaxgan.checks import NOT_NEGATIVE, numbers_in
from jaxgan.objectives.losses import cross_entropy_critic_loss, non_saturating_generator_loss
from jaxgan.objectives.penalties import perturbed_gradient_penalty
from jaxgan.objectives.variant import Recipe, Variant, raw_score, score_objective
from jaxgan.types import Game, Number


@numbers_in(gradient_penalty_weight=NOT_NEGATIVE, perturbation=NOT_NEGATIVE)
def dragan(*, gradient_penalty_weight: Number = 10.0, perturbation: Number = 0.5) -> Game:
    """The cross-entropies of arXiv 1406.2661 and weight E (||grad f(x + noise)|| - 1)^2 for the critic (arXiv 1705.07215, section 2.3)."""
    objective = score_objective(cross_entropy_critic_loss, non_saturating_generator_loss, real_margin=raw_score)
    return Game(objective, (perturbed_gradient_penalty(gradient_penalty_weight, perturbation),))


DRAGAN = Variant(
    dragan,
    "Kodali et al. 2017, arXiv 1705.07215, section 2.3",
    (
        Recipe(
            "paper",
            "arXiv 1705.07215 and its code for the weight and the noise; Adam and batch as DCGAN, arXiv 1511.06434, as the paper trains it",
            dict(
                optimizer="adam", learning_rate=2e-4, beta1=0.5, beta2=0.999, gradient_penalty_weight=10.0, perturbation=0.5,
                n_critic=1, batch_size=64,
            ),
        ),
    ),
    undecided_loss=2 * math.log(2),
    norm_range=(1.0, 1.0),
    equations=(
        r"L_C = -\mathbb{E} \, \log \, D(x) - \mathbb{E} \, \log \, (1 - D(G(z))) + \lambda \mathbb{E} (\lVert \nabla f(x + \delta) \rVert_2 - 1)^2",
        r"L_G = -\mathbb{E} \, \log \, D(G(z)), \quad D = \sigma(f)",
    ),
)  # fmt: skip
