"""CT-GAN: WGAN-GP whose critic must say the same of a real sample under two dropouts (Wei et al. 2018, arXiv 1803.01541)."""

from jaxgan.checks import NOT_NEGATIVE, numbers_in
from jaxgan.objectives.losses import wasserstein_critic_loss, wasserstein_generator_loss
from jaxgan.objectives.penalties import consistency, gradient_penalty
from jaxgan.objectives.variant import Recipe, Variant, score_objective
from jaxgan.types import Game, Number


@numbers_in(gradient_penalty_weight=NOT_NEGATIVE, consistency_weight=NOT_NEGATIVE, consistency_margin=NOT_NEGATIVE)
def ct_gan(
    *,
    gradient_penalty_weight: Number = 10.0,
    consistency_weight: Number = 2.0,
    consistency_margin: Number = 0.0,
) -> Game:
    """WGAN-GP and consistency_weight E max(0, d(x', x'') - consistency_margin) for the critic (arXiv 1803.01541, eq. 4 and 5)."""
    objective = score_objective(wasserstein_critic_loss, wasserstein_generator_loss)
    penalties = (gradient_penalty(gradient_penalty_weight), consistency(consistency_weight, consistency_margin))
    return Game(objective, penalties, row_means=True)


CT_GAN = Variant(
    ct_gan,
    "Wei et al. 2018, arXiv 1803.01541, eq. 4 and 5",
    (
        Recipe(
            "paper",
            "the authors' code for MNIST, CT_gan_mnist.py of biuyq/CT-GAN (LAMBDA 10, LAMBDA_2 2, Factor_M 0, dropout .5 after each layer)",
            dict(
                optimizer="adam", learning_rate=1e-4, beta1=0.5, beta2=0.9, gradient_penalty_weight=10.0, consistency_weight=2.0,
                consistency_margin=0.0, n_critic=5, batch_size=50,
            ),
        ),
    ),
    dropout=True,
    norm_range=(1.0, 1.0),
    equations=(
        r"L_C = \mathbb{E} f(G(z)) - \mathbb{E} f(x) + \lambda_1 \mathbb{E} (\lVert \nabla f(\hat{x}) \rVert_2 - 1)^2 + \lambda_2 \mathbb{E} \max(0, d(x', x'') - M)",
        r"L_G = -\mathbb{E} f(G(z))",
    ),
)  # fmt: skip
