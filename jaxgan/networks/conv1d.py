"""Convolutional networks for series (T, C) of any length from 4: DCGAN's, along one axis."""

from typing import Literal

from jaxgan.networks.dcgan import DcganCritic, DcganGenerator


class Conv1dGenerator(DcganGenerator):
    """As `DcganGenerator`, with windows of 5 steps; tanh or linear output; h = 32."""

    hidden_dim: int = 32
    output: Literal["tanh", "linear"] = "tanh"

    sample_kind = "series"


class Conv1dCritic(DcganCritic):
    """As `DcganCritic`, with windows of 5 steps; h = 32."""

    hidden_dim: int = 32

    sample_kind = "series"
