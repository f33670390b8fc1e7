"""What each player minimises: losses, penalties and constraints, and the variants made of them.

A variant is a function of its numbers that returns a `Game`: `wgan_gp(gradient_penalty_weight=10.0)`. One of your own is a few
lines, of a pair of losses on scores (`score_objective`), penalties and a constraint; `Game` and `Objective` have defaults.
"""

from jaxgan.objectives.began import BEGAN, began
from jaxgan.objectives.constraints import clip, unconstrained
from jaxgan.objectives.ct_gan import CT_GAN, ct_gan
from jaxgan.objectives.dragan import DRAGAN, dragan
from jaxgan.objectives.ebgan import EBGAN, ebgan
from jaxgan.objectives.gan import GAN, GAN_MINIMAX, gan, gan_minimax
from jaxgan.objectives.hinge import HINGE, SNGAN, hinge, sngan
from jaxgan.objectives.lsgan import LSGAN, lsgan
from jaxgan.objectives.penalties import (
    consistency,
    gradient_norm,
    gradient_penalty,
    interpolate,
    one_sided_gradient_penalty,
    perturbed_gradient_penalty,
    r1,
    r2,
    scheduled_penalty,
    wasserstein_divergence,
)
from jaxgan.objectives.rpgan import R3GAN, RPGAN, r3gan, rpgan
from jaxgan.objectives.several_generators import with_generator_classifier
from jaxgan.objectives.sinkhorn import SINKHORN, sinkhorn
from jaxgan.objectives.variant import Recipe, Variant, score_objective
from jaxgan.objectives.wgan import WGAN, wgan
from jaxgan.objectives.wgan_div import WGAN_DIV, wgan_div
from jaxgan.objectives.wgan_gp import WGAN_GP, wgan_gp
from jaxgan.objectives.wgan_lp import WGAN_LP, wgan_lp
from jaxgan.types import Game, Objective

VARIANTS: dict[str, Variant] = {
    "gan": GAN,
    "gan_minimax": GAN_MINIMAX,
    "lsgan": LSGAN,
    "wgan": WGAN,
    "wgan_gp": WGAN_GP,
    "wgan_lp": WGAN_LP,
    "wgan_div": WGAN_DIV,
    "dragan": DRAGAN,
    "hinge": HINGE,
    "sngan": SNGAN,
    "rpgan": RPGAN,
    "r3gan": R3GAN,
    "ct_gan": CT_GAN,
    "began": BEGAN,
    "ebgan": EBGAN,
    "sinkhorn": SINKHORN,
}

__all__ = [
    "VARIANTS",
    "Game",
    "Objective",
    "Recipe",
    "Variant",
    "began",
    "clip",
    "consistency",
    "ct_gan",
    "dragan",
    "ebgan",
    "gan",
    "gan_minimax",
    "gradient_norm",
    "gradient_penalty",
    "hinge",
    "interpolate",
    "lsgan",
    "one_sided_gradient_penalty",
    "perturbed_gradient_penalty",
    "r1",
    "r2",
    "r3gan",
    "rpgan",
    "scheduled_penalty",
    "score_objective",
    "sinkhorn",
    "sngan",
    "unconstrained",
    "wasserstein_divergence",
    "wgan",
    "wgan_div",
    "wgan_gp",
    "wgan_lp",
    "with_generator_classifier",
]
