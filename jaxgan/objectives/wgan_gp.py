"""WGAN-GP: a critic kept Lipschitz by a penalty on its gradient (Gulrajani et al. 2017, arXiv 1704.00028)."""

from jaxgan.checks import NOT_NEGATIVE, numbers_in
from jaxgan.objectives.losses import wasserstein_critic_loss, wasserstein_generator_loss
from jaxgan.objectives.penalties import gradient_penalty
from jaxgan.objectives.variant import Recipe, Variant, score_objective
from jaxgan.types import Game, Number


@numbers_in(gradient_penalty_weight=NOT_NEGATIVE)
def wgan_gp(*, gradient_penalty_weight: Number = 10.0) -> Game:
    """E f(G(z)) - E f(x) + weight E (||grad f(x^)|| - 1)^2 for the critic, -E f(G(z)) for the generator (arXiv 1704.00028, eq. 3).

    Example:
        >>> from jaxgan import objectives
        >>> game = objectives.wgan_gp(gradient_penalty_weight=10.0)
        >>> len(game.penalties)
        1
    """
    objective = score_objective(wasserstein_critic_loss, wasserstein_generator_loss)
    return Game(objective, (gradient_penalty(gradient_penalty_weight),), row_means=True)


WGAN_GP = Variant(
    wgan_gp,
    "Gulrajani et al. 2017, arXiv 1704.00028, eq. 3 and algorithm 1",
    (
        Recipe(
            "paper",
            "arXiv 1704.00028, algorithm 1",
            dict(
                optimizer="adam", learning_rate=1e-4, beta1=0.0, beta2=0.9, gradient_penalty_weight=10.0, n_critic=5, batch_size=64,
            ),
        ),
        Recipe(
            "digits",
            "tuned here on scikit-learn's digits for two CPU cores and two minutes: experiments/results/digits_quality.md",
            dict(
                optimizer="adam", learning_rate=5e-4, beta1=0.5, beta2=0.9, gradient_penalty_weight=10.0, n_critic=2, batch_size=64,
                hidden_dim=64, ema=0.995, dropout=0.0, network="fc", working_size=10, steps=18_000,
            ),
            data="images",
        ),
        Recipe(
            "toy",
            "the authors' code for 2-D data, gan_toy.py: width 512 and a weight of .1, as the plane is small beside an image",
            dict(
                optimizer="adam", learning_rate=1e-4, beta1=0.5, beta2=0.9, gradient_penalty_weight=0.1, n_critic=5, batch_size=256,
                hidden_dim=512, latent_dim=2,
            ),
            data="points",
        ),
        Recipe(
            "lab001",
            "lab 001: the penalty on pictures with weight 10 and several critic steps; what the lab leaves open is as arXiv 1704.00028,"
            " algorithm 1",
            dict(
                optimizer="adam", learning_rate=1e-4, beta1=0.0, beta2=0.9, gradient_penalty_weight=10.0, n_critic=5, batch_size=64,
            ),
            data="images",
        ),
        Recipe(
            "lab002",
            "lab 002, sections 2.2 and 4.5",
            dict(
                optimizer="adam", learning_rate=2e-4, beta1=0.5, beta2=0.999, gradient_penalty_weight=10.0, n_critic=1,
                batch_size=128, epochs=50.0, network="fc", sample_every="10epochs", batch_statistics=True,
            ),
            data="images",
        ),
        Recipe(
            "lab003",
            "lab 003, section IV.2; one critic step and 10,000 points, as it states no other",
            dict(
                optimizer="rmsprop", learning_rate=2e-4, rmsprop_decay=0.99, gradient_penalty_weight=0.001, n_critic=1,
                batch_size=500, epochs=200.0, points=10_000, latent_dim=5, hidden_dim=256, sample_every="25%",
            ),
            data="points",
        ),
        Recipe(
            "lab004",
            "lab 004, section 7: a generator step in batches 0, 5, 10, ...; new labels for the same latents",
            dict(
                optimizer="adam", learning_rate=2e-4, beta1=0.0, beta2=0.9, gradient_penalty_weight=10.0, n_critic=5,
                batch_size=128, epochs=50.0, sample_every="10epochs", batch_statistics=True, order="generator_second",
                generator_latent="same", fake_labels="random",
            ),
            data="images",
        ),
        Recipe(
            "lab004",
            "lab 004, section 11.1: a generator step in batches 0, 5, 10, ...; fakes get the real labels",
            dict(
                optimizer="adam", learning_rate=2e-4, beta1=0.0, beta2=0.9, gradient_penalty_weight=10.0, n_critic=5,
                batch_size=128, epochs=500.0, sample_every="100epochs", points=10_000, latent_dim=2, hidden_dim=128,
                order="generator_second", fake_labels="real",
            ),
            data="points",
        ),
    ),
    norm_range=(1.0, 1.0),
    equations=(
        r"L_C = \mathbb{E} f(G(z)) - \mathbb{E} f(x) + \lambda \mathbb{E} (\lVert \nabla f(\hat{x}) \rVert_2 - 1)^2",
        r"L_G = -\mathbb{E} f(G(z))",
    ),
)  # fmt: skip
