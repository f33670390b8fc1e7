"""WGAN: a critic kept Lipschitz by clipping its weights (Arjovsky et al. 2017, arXiv 1701.07875)."""

from jaxgan.checks import POSITIVE, numbers_in
from jaxgan.objectives.constraints import clip as clip_weights
from jaxgan.objectives.losses import wasserstein_critic_loss, wasserstein_generator_loss
from jaxgan.objectives.variant import Recipe, Variant, score_objective
from jaxgan.types import Game, Number


@numbers_in(clip=POSITIVE)
def wgan(*, clip: Number = 0.01) -> Game:
    """The critic parts the mean scores of real and fake as far as weights in [-clip, clip] allow (arXiv 1701.07875, algorithm 1)."""
    objective = score_objective(wasserstein_critic_loss, wasserstein_generator_loss)
    return Game(objective, (), clip_weights(clip), row_means=True)


WGAN = Variant(
    wgan,
    "Arjovsky et al. 2017, arXiv 1701.07875, algorithm 1",
    (
        Recipe(
            "paper",
            "arXiv 1701.07875, algorithm 1",
            dict(optimizer="rmsprop", learning_rate=5e-5, rmsprop_decay=0.99, clip=0.01, batch_size=64, n_critic=5),
        ),
        Recipe(
            "lab000",
            "lab 000, section 2: five critic steps on the same real batch; the lab leaves the rate open, the paper's stands",
            dict(
                optimizer="rmsprop", learning_rate=5e-5, rmsprop_decay=0.99, clip=0.01, batch_size=128, n_critic=5, epochs=30.0,
                critic_data="same", network="lab_conv", latent_dim=100, sample_every="1epoch", batch_statistics=True,
            ),
            data="images",
        ),
        Recipe(
            "lab002",
            "lab 002, sections 2.2 and 4.4; the lab leaves the clip to experience, the paper's stands",
            dict(
                optimizer="adam", learning_rate=2e-4, beta1=0.5, beta2=0.999, clip=0.01, n_critic=1, batch_size=128, epochs=50.0,
                network="fc", sample_every="10epochs", batch_statistics=True,
            ),
            data="images",
        ),
        Recipe(
            "lab003",
            "lab 003, section IV.2; clip .1, one of the two that the lab finds fit (.1 and .01); one critic step and 10,000"
            " points, as it states no other",
            dict(
                optimizer="rmsprop", learning_rate=2e-4, rmsprop_decay=0.99, clip=0.1, n_critic=1, batch_size=500, epochs=200.0,
                points=10_000, latent_dim=5, hidden_dim=256, sample_every="25%",
            ),
            data="points",
        ),
    ),
    equations=(
        r"L_C = \mathbb{E} f(G(z)) - \mathbb{E} f(x), \quad \text{each weight in } [-c, c]",
        r"L_G = -\mathbb{E} f(G(z))",
    ),
)  # fmt: skip
