"""What each player minimises: losses, penalties and constraints, and the variants made of them."""

from jaxgan.objectives.began import BEGAN
from jaxgan.objectives.ct_gan import CT_GAN
from jaxgan.objectives.dragan import DRAGAN
from jaxgan.objectives.ebgan import EBGAN
from jaxgan.objectives.gan import GAN, GAN_MINIMAX
from jaxgan.objectives.hinge import HINGE, SNGAN
from jaxgan.objectives.lsgan import LSGAN
from jaxgan.objectives.rpgan import R3GAN, RPGAN
from jaxgan.objectives.several_generators import with_generator_classifier
from jaxgan.objectives.sinkhorn import SINKHORN
from jaxgan.objectives.variant import Recipe, Variant, score_objective
from jaxgan.objectives.wgan import WGAN
from jaxgan.objectives.wgan_div import WGAN_DIV
from jaxgan.objectives.wgan_gp import WGAN_GP
from jaxgan.objectives.wgan_lp import WGAN_LP

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

__all__ = ["VARIANTS", "Recipe", "Variant", "score_objective", "with_generator_classifier"]
