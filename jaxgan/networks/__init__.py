"""The networks, ported one to one from the labs' PyTorch classes, and the transforms that wrap a critic."""

from jaxgan.networks.augmentation import AugmentedCritic
from jaxgan.networks.autoencoder import ConvAutoencoder, FcAutoencoder, MlpAutoencoder
from jaxgan.networks.conv import ConvCritic, ConvGenerator
from jaxgan.networks.dcgan import DcganCritic, DcganGenerator
from jaxgan.networks.fc import FcCritic, FcGenerator
from jaxgan.networks.lab_conv import LabConvCritic, LabConvGenerator
from jaxgan.networks.minibatch import MinibatchCritic, MinibatchDiscriminationCritic
from jaxgan.networks.mixture import ClassifyingCritic, MixtureGenerator, maker
from jaxgan.networks.mlp import MlpCritic, MlpGenerator
from jaxgan.networks.packing import PackedCritic, packed_shape
from jaxgan.networks.player import Critic, Generator
from jaxgan.networks.projection import ProjectionCritic
from jaxgan.networks.resnet import ResNetCritic, ResNetGenerator
from jaxgan.networks.spectral import SpectralCritic
from jaxgan.networks.transform import CriticTransform

GENERATORS: dict[str, type[Generator]] = {
    "conv": ConvGenerator,
    "dcgan": DcganGenerator,
    "fc": FcGenerator,
    "lab_conv": LabConvGenerator,
    "mlp": MlpGenerator,
    "resnet": ResNetGenerator,
}

CRITICS: dict[str, type[Critic]] = {
    "autoencoder": FcAutoencoder,
    "conv": ConvCritic,
    "conv_autoencoder": ConvAutoencoder,
    "dcgan": DcganCritic,
    "fc": FcCritic,
    "lab_conv": LabConvCritic,
    "minibatch": MinibatchCritic,
    "mlp": MlpCritic,
    "mlp_autoencoder": MlpAutoencoder,
    "resnet": ResNetCritic,
}

PAIRS: dict[str, tuple[str, str]] = {  # `--network`: generator, critic
    "conv": ("conv", "conv"),
    "dcgan": ("dcgan", "dcgan"),
    "fc": ("fc", "fc"),
    "fc_conv": ("conv", "fc"),
    "lab_conv": ("lab_conv", "lab_conv"),
    "mlp": ("mlp", "mlp"),
    "resnet": ("resnet", "resnet"),
}

__all__ = [
    "CRITICS",
    "GENERATORS",
    "PAIRS",
    "AugmentedCritic",
    "ClassifyingCritic",
    "Critic",
    "CriticTransform",
    "Generator",
    "MinibatchDiscriminationCritic",
    "MixtureGenerator",
    "PackedCritic",
    "ProjectionCritic",
    "SpectralCritic",
    "maker",
    "packed_shape",
]
