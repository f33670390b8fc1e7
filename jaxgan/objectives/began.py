"""BEGAN: the critic is an autoencoder, and a running weight balances both players (Berthelot et al. 2017, arXiv 1703.10717)."""

import jax.numpy as jnp

from jaxgan.checks import NOT_NEGATIVE, POSITIVE, numbers_in
from jaxgan.objectives.variant import Recipe, Variant
from jaxgan.types import CriticOutput, CriticView, Game, GeneratorView, Metrics, Number, Objective, Samples, Scalar


def absolute_error(samples: Samples, output: CriticOutput) -> Scalar:
    """L(v) = E |v - D(v)|, a mean over entries and samples (arXiv 1703.10717, section 3.1, eta = 1)."""
    assert output.reconstruction is not None, "BEGAN needs a critic that reconstructs"
    return jnp.abs(samples - output.reconstruction).mean()


@numbers_in(diversity_ratio=POSITIVE, balance_rate=NOT_NEGATIVE)
def began(*, diversity_ratio: Number = 0.5, balance_rate: Number = 0.001) -> Game:
    """L(x) - k L(G(z)) for the critic, L(G(z)) for the generator, and a step of k in [0, 1] after each critic step, from k = 0.

    k <- k + balance_rate (diversity_ratio L(x) - L(G(z))), which drives E L(G(z)) / E L(x) to diversity_ratio (arXiv 1703.10717,
    section 3.4; there L(G(z)) is the generator step's, here the critic step's own). Samples like the data have L(G(z)) = L(x), so that
    a ratio below 1 asks for samples that are easier to redraw than the data: fewer of them (experiments/results/began.md). The metric `convergence` is L(x) +
    |diversity_ratio L(x) - L(G(z))| (section 3.4.1). Its scores are -L, so that higher is more real.
    """

    def critic_loss(view: CriticView, state: Scalar) -> tuple[Scalar, Metrics]:
        real, fake = absolute_error(view.draw.real, view.real), absolute_error(view.samples, view.fake)
        k = state.astype(real.dtype)
        convergence = real + jnp.abs(diversity_ratio * real - fake)
        return real - k * fake, {"score_real": -real, "score_fake": -fake, "convergence": convergence, "k": k}

    def generator_loss(view: GeneratorView, state: Scalar) -> tuple[Scalar, Metrics]:
        return absolute_error(view.samples, view.fake), {}

    def update(state: Scalar, metrics: Metrics) -> Scalar:
        real, fake = -metrics["score_real"], -metrics["score_fake"]
        return jnp.clip(state + balance_rate * (diversity_ratio * real - fake), 0, 1).astype(state.dtype)

    return Game(Objective(critic_loss, generator_loss, init=lambda: jnp.zeros(()), update=update), row_means=True)


BEGAN = Variant(
    began,
    "Berthelot et al. 2017, arXiv 1703.10717, sections 3.3 and 3.4",
    (
        Recipe(
            "paper",
            "arXiv 1703.10717, section 4.1 (Adam at 1e-4, batch 16; the rate stands still here); Adam's own betas, as it names none",
            dict(
                optimizer="adam", learning_rate=1e-4, beta1=0.9, beta2=0.999, diversity_ratio=0.5, balance_rate=0.001, n_critic=1,
                batch_size=16,
            ),
        ),
    ),
    critic="autoencoder",
    equations=(
        r"L_C = L(x) - k L(G(z)), \quad L_G = L(G(z)), \quad L(v) = \mathbb{E} \lvert v - D(v) \rvert",
        r"k \leftarrow k + \lambda_k (\gamma L(x) - L(G(z)))",
    ),
)  # fmt: skip
