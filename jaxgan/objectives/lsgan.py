"""LSGAN: least squares in place of cross-entropy (Mao et al. 2016, arXiv 1611.04076)."""

from jaxgan.objectives.losses import Scores, least_squares_critic_loss, least_squares_generator_loss
from jaxgan.objectives.variant import Recipe, Variant, score_objective
from jaxgan.types import Game


def lsgan() -> Game:
    """Scores are drawn to 1 on real and 0 on fake samples, and the generator draws its own to 1 (arXiv 1611.04076, eq. 9)."""

    def margin(real: Scores, fake: Scores) -> Scores:
        return real - 0.5  # halfway between

    objective = score_objective(least_squares_critic_loss, least_squares_generator_loss, real_margin=margin)
    return Game(objective, row_means=True)


LSGAN = Variant(
    lsgan,
    "Mao et al. 2016, arXiv 1611.04076, eq. 9",
    (
        Recipe(
            "paper",
            "arXiv 1611.04076, section 4: Adam with beta1 .5 after DCGAN; the rate and batch are DCGAN's, arXiv 1511.06434",
            dict(optimizer="adam", learning_rate=2e-4, beta1=0.5, beta2=0.999, n_critic=1, batch_size=128),
        ),
        Recipe(
            "lab002",
            "lab 002, sections 2.2 and 4.2",
            dict(
                optimizer="adam", learning_rate=2e-4, beta1=0.5, beta2=0.999, n_critic=1, batch_size=128, epochs=50.0,
                network="fc", sample_every="10epochs", batch_statistics=True,
            ),
            data="images",
        ),
    ),
    undecided_loss=0.25,
    equations=(
        r"L_C = \frac{1}{2} \mathbb{E} (f(x) - 1)^2 + \frac{1}{2} \mathbb{E} f(G(z))^2",
        r"L_G = \frac{1}{2} \mathbb{E} (f(G(z)) - 1)^2",
    ),
)  # fmt: skip
