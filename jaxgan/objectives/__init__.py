"""What each player minimises: losses, penalties and constraints, and the variants made of them."""

from jaxgan.objectives.gan import GAN, GAN_MINIMAX
from jaxgan.objectives.lsgan import LSGAN
from jaxgan.objectives.variant import Recipe, Variant, score_objective
from jaxgan.objectives.wgan import WGAN
from jaxgan.objectives.wgan_gp import WGAN_GP

VARIANTS: dict[str, Variant] = {
    "gan": GAN,
    "gan_minimax": GAN_MINIMAX,
    "lsgan": LSGAN,
    "wgan": WGAN,
    "wgan_gp": WGAN_GP,
}

__all__ = ["VARIANTS", "Recipe", "Variant", "score_objective"]
