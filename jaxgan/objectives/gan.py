"""GAN: the critic is a classifier of real against fake (Goodfellow et al. 2014, arXiv 1406.2661)."""

import math

from jaxgan.checks import POSITIVE, numbers_in
from jaxgan.objectives.losses import cross_entropy_critic_loss, minimax_generator_loss, non_saturating_generator_loss
from jaxgan.objectives.variant import Recipe, Variant, raw_score, score_objective
from jaxgan.types import Game, Number


@numbers_in(critic_loss_scale=POSITIVE)
def gan(*, critic_loss_scale: Number = 1.0) -> Game:
    """Non-saturating: the generator minimises -E log D(G(z)) (arXiv 1406.2661, section 3), as the labs do."""
    losses = cross_entropy_critic_loss, non_saturating_generator_loss
    return Game(score_objective(*losses, critic_loss_scale, raw_score), row_means=True)


@numbers_in(critic_loss_scale=POSITIVE)
def gan_minimax(*, critic_loss_scale: Number = 1.0) -> Game:
    """Minimax: the generator minimises E log(1 - D(G(z))) (arXiv 1406.2661, eq. 1)."""
    losses = cross_entropy_critic_loss, minimax_generator_loss
    return Game(score_objective(*losses, critic_loss_scale, raw_score), row_means=True)


PAPER = Recipe(
    "paper",
    "DCGAN, arXiv 1511.06434, section 4: Adam(2e-4, .5), batch 128; one critic step, as arXiv 1406.2661, algorithm 1",
    dict(optimizer="adam", learning_rate=2e-4, beta1=0.5, beta2=0.999, n_critic=1, batch_size=128),
)
LAB000 = Recipe(
    "lab000",
    "lab 000, question 2: the GAN beside its WGAN, by the Adam that section 2 names, with the rates of arXiv 1511.06434; its DCGAN is"
    " the same with --network dcgan",
    dict(
        optimizer="adam", learning_rate=2e-4, beta1=0.5, beta2=0.999, n_critic=1, batch_size=128, epochs=30.0, network="fc",
        latent_dim=100, sample_every="1epoch", batch_statistics=True,
    ),
    data="images",
)  # fmt: skip
LAB002 = Recipe(
    "lab002",
    "lab 002, sections 2.2 and 3.1; its other structures are --network fc_conv and conv",
    dict(
        optimizer="adam", learning_rate=2e-4, beta1=0.5, beta2=0.999, n_critic=1, batch_size=128, epochs=50.0, network="fc",
        sample_every="10epochs", batch_statistics=True,
    ),
    data="images",
)  # fmt: skip
LAB003 = Recipe(
    "lab003",
    "lab 003, sections III.2 (half the sum of both cross-entropies; the generator's loss is of the critic step's own samples) and IV.2;"
    " 10,000 points, as it says no number",
    dict(
        optimizer="rmsprop", learning_rate=2e-4, rmsprop_decay=0.99, n_critic=1, batch_size=500, epochs=200.0, points=10_000,
        latent_dim=5, hidden_dim=256, generator_latent="same", critic_loss_scale=0.5, sample_every="25%",
    ),
    data="points",
)  # fmt: skip
LAB004 = dict(
    optimizer="adam", learning_rate=2e-4, beta1=0.5, beta2=0.999, n_critic=1, batch_size=128, generator_latent="same",
    fake_labels="real",
)  # fmt: skip
LAB004_IMAGES = Recipe(
    "lab004",
    "lab 004: the plain GAN of section 11.1 on the pictures of section 7, for its 50 epochs",
    dict(**LAB004, epochs=50.0, sample_every="10epochs", batch_statistics=True),
    data="images",
)
LAB004_POINTS = Recipe(
    "lab004",
    "lab 004, section 11.1: the generator's step sees the critic step's latents again",
    dict(**LAB004, epochs=500.0, sample_every="100epochs", points=10_000, latent_dim=2, hidden_dim=128),
    data="points",
)

UNDECIDED = 2 * math.log(2)  # D = 1/2 everywhere (arXiv 1406.2661, section 4.1)
GAN = Variant(
    gan,
    "Goodfellow et al. 2014, arXiv 1406.2661, section 3",
    (PAPER, LAB000, LAB002, LAB003, LAB004_IMAGES, LAB004_POINTS),
    undecided_loss=UNDECIDED,
    equations=(
        r"L_C = -\mathbb{E} \, \log \, D(x) - \mathbb{E} \, \log \, (1 - D(G(z)))",
        r"L_G = -\mathbb{E} \, \log \, D(G(z)), \quad D = \sigma(f)",
    ),
)
GAN_MINIMAX = Variant(
    gan_minimax,
    "Goodfellow et al. 2014, arXiv 1406.2661, eq. 1",
    (PAPER,),
    undecided_loss=UNDECIDED,
    equations=(
        r"L_C = -\mathbb{E} \, \log \, D(x) - \mathbb{E} \, \log \, (1 - D(G(z)))",
        r"L_G = \mathbb{E} \, \log \, (1 - D(G(z))), \quad D = \sigma(f)",
    ),
)
