"""EBGAN: the critic is an energy, the error of an autoencoder (Zhao et al. 2016, arXiv 1609.03126)."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxgan.checks import NOT_NEGATIVE, numbers_in
from jaxgan.objectives.variant import Recipe, Variant
from jaxgan.types import CriticOutput, CriticView, Game, GeneratorView, Metrics, Number, Objective, Samples, Scalar


def energy(samples: Samples, output: CriticOutput) -> Float[Array, " batch"]:
    """D(v) = the mean over entries of (v - Dec(Enc(v)))^2, shape (B,), where arXiv 1609.03126, section 2.3, has the norm.

    So a margin means the same for samples of any size.
    """
    assert output.reconstruction is not None, "EBGAN needs a critic that reconstructs"
    return jnp.square(samples - output.reconstruction).reshape(len(samples), -1).mean(axis=1)


def pulling_away(features: Float[Array, "batch features"]) -> Scalar:
    """1 / (B (B - 1)) sum over i != j of the squared cosine between rows i and j (arXiv 1609.03126, eq. 4); 0 for a row of zeros."""
    unit = features / jnp.sqrt(jnp.square(features).sum(axis=1, keepdims=True) + 1e-12)
    others = 1 - jnp.eye(len(features), dtype=features.dtype)  # (B, B)
    return (others * jnp.square(unit @ unit.T)).sum() / max(len(features) * (len(features) - 1), 1)


@numbers_in(margin=NOT_NEGATIVE, pulling_away_weight=NOT_NEGATIVE)
def ebgan(*, margin: Number = 1.0, pulling_away_weight: Number = 0.1) -> Game:
    """E D(x) + E max(0, margin - D(G(z))) for the critic, E D(G(z)) + weight PT for the generator (arXiv 1609.03126, eq. 1, 2 and 4).

    PT is `pulling_away` of the fake samples' code. The scores are -D, so that higher is more real.
    """

    def critic_loss(view: CriticView, state: Any) -> tuple[Scalar, Metrics]:
        real, fake = energy(view.draw.real, view.real), energy(view.samples, view.fake)
        return real.mean() + jax.nn.relu(margin - fake).mean(), {"score_real": -real.mean(), "score_fake": -fake.mean()}

    def generator_loss(view: GeneratorView, state: Any) -> tuple[Scalar, Metrics]:
        assert view.fake.features is not None, "the pulling-away term needs a critic that tells its code as features"
        likeness = pulling_away(view.fake.features)
        return energy(view.samples, view.fake).mean() + pulling_away_weight * likeness, {"pulling_away": likeness}

    return Game(Objective(critic_loss, generator_loss))


EBGAN = Variant(
    ebgan,
    "Zhao et al. 2016, arXiv 1609.03126, eq. 1, 2 and 4",
    (
        Recipe(
            "paper",
            "arXiv 1609.03126, appendix (Adam at 1e-3, weight .1); its margins (10 for MNIST) bound a norm, here 1 bounds a mean square "
            "over entries, fit for samples in [-1, 1]; Adam's first beta and the batch as DCGAN, arXiv 1511.06434",
            dict(
                optimizer="adam", learning_rate=1e-3, beta1=0.5, beta2=0.999, margin=1.0, pulling_away_weight=0.1, n_critic=1,
                batch_size=128,
            ),
        ),
    ),
    critic="autoencoder",
    equations=(
        r"L_C = \mathbb{E} D(x) + \mathbb{E} \max(0, m - D(G(z)))",
        r"L_G = \mathbb{E} D(G(z)) + w P, \quad P = \frac{1}{B (B - 1)} \sum_{i \neq j} \cos^2(s_i, s_j)",
    ),
)  # fmt: skip
