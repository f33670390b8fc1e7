"""RpGAN: scores of real and fake samples compared in pairs; R3GAN: the same with R1 and R2 (Huang et al. 2025, arXiv 2501.05441)."""

import math
from typing import Any

from jaxgan.checks import NOT_NEGATIVE, numbers_in
from jaxgan.objectives.losses import Scores, relativistic_critic_loss, relativistic_generator_loss
from jaxgan.objectives.penalties import r1, r2
from jaxgan.objectives.variant import Recipe, Variant
from jaxgan.types import CriticView, Game, GeneratorView, Metrics, Number, Objective, Scalar


def relativistic_objective() -> Objective:
    """Both players compare row i of the fake batch with row i of the real one; the generator step asks the critic about the latter.

    Its scores may have any offset: what tells real from fake is the difference within a pair, which the loss is of.
    """

    def critic_loss(view: CriticView, state: Any) -> tuple[Scalar, Metrics]:
        real, fake = view.real.score, view.fake.score
        return relativistic_critic_loss(real, fake), {"score_real": real.mean(), "score_fake": fake.mean()}

    def generator_loss(view: GeneratorView, state: Any) -> tuple[Scalar, Metrics]:
        real = view.critic(view.draw.real, view.draw.real_label).score
        return relativistic_generator_loss(real, view.fake.score), {}

    def real_margin(view: CriticView) -> Scores:
        return view.real.score - view.fake.score

    return Objective(critic_loss, generator_loss, real_margin=real_margin)


def rpgan() -> Game:
    """E softplus(f(G(z)) - f(x)) for the critic, E softplus(f(x) - f(G(z))) for the generator (arXiv 1807.00734, section 4.1)."""
    return Game(relativistic_objective(), row_means=True)


@numbers_in(r1_weight=NOT_NEGATIVE, r2_weight=NOT_NEGATIVE)
def r3gan(*, r1_weight: Number = 1.0, r2_weight: Number = 1.0) -> Game:
    """RpGAN with R1 on real and R2 on fake samples, which together make its training converge locally (arXiv 2501.05441, section 2)."""
    return Game(relativistic_objective(), (r1(r1_weight), r2(r2_weight)), row_means=True)


RPGAN = Variant(
    rpgan,
    "Jolicoeur-Martineau 2018, arXiv 1807.00734, section 4.1",
    (
        Recipe(
            "paper",
            "arXiv 1807.00734, section 5 (Adam(2e-4, .5, .999), one critic step), and the batch of 32 of the author's code",
            dict(optimizer="adam", learning_rate=2e-4, beta1=0.5, beta2=0.999, n_critic=1, batch_size=32),
        ),
    ),
    undecided_loss=math.log(2),
    equations=(
        r"L_C = -\mathbb{E} \, \log \, \sigma(f(x) - f(G(z)))",
        r"L_G = -\mathbb{E} \, \log \, \sigma(f(G(z)) - f(x))",
    ),
)
R3GAN = Variant(
    r3gan,
    "Huang et al. 2025, arXiv 2501.05441, eq. 2 and section 2",
    (
        Recipe(
            "paper",
            "arXiv 2501.05441, the start of its schedules for Stacked MNIST: they let rate and weights fall, which stand still here",
            dict(
                optimizer="adam", learning_rate=2e-4, beta1=0.0, beta2=0.9, r1_weight=1.0, r2_weight=1.0, n_critic=1, batch_size=512,
            ),
        ),
        Recipe(
            "pictures",
            "arXiv 2501.05441, section 4 (config E) and the authors' schedules for ImageNet at 32 pixels: rates fall to a quarter, penalty"
            " weights from .5 to .05; smaller networks and batches, an average that fits short runs, and beta2 stands still",
            dict(
                network="r3gan", optimizer="adam", learning_rate=2e-4, beta1=0.0, beta2=0.9, schedule="cosine", schedule_end=0.25,
                r1_weight=0.5, r2_weight=0.5, penalty_schedule_end=0.1, n_critic=1, batch_size=64, ema=0.995,
            ),
            data="images",
        ),
        Recipe(
            "projected",
            "a critic on frozen features (Projected GANs, arXiv 2111.01007), measured on colour pictures of 32 pixels: experiments/colour_pictures.py",
            dict(
                generator="dcgan_refined", critic="projected", hidden_dim=48, optimizer="adam", learning_rate=4e-4, beta1=0.0, beta2=0.99,
                schedule="cosine", schedule_end=0.1, warmup_steps=400, r1_weight=1.0, r2_weight=1.0, n_critic=1, batch_size=32, ema=0.999,
                steps=16_000, sample_every=200, class_balance=0.75,
            ),
            data="images",
        ),
    ),
    undecided_loss=math.log(2),
    equations=(
        r"L_C = -\mathbb{E} \, \log \, \sigma(f(x) - f(G(z))) + \frac{\gamma_1}{2} \mathbb{E} \lVert \nabla f(x) \rVert_2^2 + \frac{\gamma_2}{2} \mathbb{E} \lVert \nabla f(G(z)) \rVert_2^2",
        r"L_G = -\mathbb{E} \, \log \, \sigma(f(G(z)) - f(x))",
    ),
)  # fmt: skip
