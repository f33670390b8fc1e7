"""The networks, ported one to one from the labs' PyTorch classes, and the transforms that wrap a critic."""

from jaxgan.networks.conv import ConvCritic, ConvGenerator
from jaxgan.networks.dcgan import DcganCritic, DcganGenerator
from jaxgan.networks.fc import FcCritic, FcGenerator
from jaxgan.networks.lab_conv import LabConvCritic, LabConvGenerator
from jaxgan.networks.mlp import MlpCritic, MlpGenerator
from jaxgan.networks.player import Critic, Generator
from jaxgan.networks.projection import ProjectionCritic

GENERATORS: dict[str, type[Generator]] = {
    "conv": ConvGenerator,
    "dcgan": DcganGenerator,
    "fc": FcGenerator,
    "lab_conv": LabConvGenerator,
    "mlp": MlpGenerator,
}

CRITICS: dict[str, type[Critic]] = {
    "conv": ConvCritic,
    "dcgan": DcganCritic,
    "fc": FcCritic,
    "lab_conv": LabConvCritic,
    "mlp": MlpCritic,
}

PAIRS: dict[str, tuple[str, str]] = {  # `--network`: generator, critic
    "conv": ("conv", "conv"),
    "dcgan": ("dcgan", "dcgan"),
    "fc": ("fc", "fc"),
    "fc_conv": ("conv", "fc"),
    "lab_conv": ("lab_conv", "lab_conv"),
    "mlp": ("mlp", "mlp"),
}

__all__ = ["CRITICS", "GENERATORS", "PAIRS", "Critic", "Generator", "ProjectionCritic"]
