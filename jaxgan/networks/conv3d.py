"""Convolutional networks for volumes (D, H, W, C) of any sides from 4: DCGAN's with the windows of 3D-GAN (Wu et al. 2016, arXiv 1610.07584)."""

from typing import Any, ClassVar, Literal

from jaxgan.networks.dcgan import DcganCritic, DcganGenerator


class Conv3dGenerator(DcganGenerator):
    """As `DcganGenerator`, with windows of 4x4x4; tanh or linear output; h = 16."""

    hidden_dim: int = 16
    output: Literal["tanh", "linear"] = "tanh"

    sample_kind = "volumes"
    upward: ClassVar[dict[str, Any]] = {"size": 4, "stride": 2, "padding": 1}


class Conv3dCritic(DcganCritic):
    """As `DcganCritic`, with windows of 4x4x4; h = 16."""

    hidden_dim: int = 16

    sample_kind = "volumes"
    downward: ClassVar[dict[str, Any]] = {"size": 4, "stride": 2, "padding": 1}
