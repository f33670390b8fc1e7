"""Hinge GAN, and SNGAN: the same game with a critic of spectrally normalised layers (Miyato et al. 2018, arXiv 1802.05957)."""

from jaxgan.objectives.losses import hinge_critic_loss, wasserstein_generator_loss
from jaxgan.objectives.variant import Recipe, Variant, raw_score, score_objective
from jaxgan.types import Game


def hinge() -> Game:
    """E max(0, 1 - f(x)) + E max(0, 1 + f(G(z))) for the critic, -E f(G(z)) for the generator (arXiv 1802.05957, eq. 16 and 17)."""
    objective = score_objective(hinge_critic_loss, wasserstein_generator_loss, real_margin=raw_score)
    return Game(objective, row_means=True)


def sngan() -> Game:
    """The hinge game; what bounds the critic is the norm of its layers, a setting of the network (arXiv 1802.05957, section 2.1)."""
    return hinge()


HINGE = Variant(
    hinge,
    "Lim and Ye 2017, arXiv 1705.02894; Miyato et al. 2018, arXiv 1802.05957, eq. 16 and 17",
    (
        Recipe(
            "paper",
            "the settings of SNGAN, arXiv 1802.05957, section 4, without its norm",
            dict(optimizer="adam", learning_rate=2e-4, beta1=0.0, beta2=0.9, n_critic=5, batch_size=64),
        ),
    ),
    undecided_loss=2.0,
    equations=(
        r"L_C = \mathbb{E} \max(0, 1 - f(x)) + \mathbb{E} \max(0, 1 + f(G(z)))",
        r"L_G = -\mathbb{E} f(G(z))",
    ),
)
SNGAN = Variant(
    sngan,
    "Miyato et al. 2018, arXiv 1802.05957, eq. 16 and 17",
    (
        Recipe(
            "paper",
            "arXiv 1802.05957, section 4 and appendix B",
            dict(optimizer="adam", learning_rate=2e-4, beta1=0.0, beta2=0.9, n_critic=5, batch_size=64, spectral_norm=True),
        ),
    ),
    undecided_loss=2.0,
    equations=(
        r"L_C = \mathbb{E} \max(0, 1 - f(x)) + \mathbb{E} \max(0, 1 + f(G(z)))",
        r"L_G = -\mathbb{E} f(G(z))",
    ),
)
