"""Networks: built-in ones, the transforms that wrap a critic or a generator, and the doors for networks of your own.

The critic is what GAN papers call the discriminator; here it gives raw scores, and a sigmoid stands only inside a loss. The built-in
networks are ported one to one from the labs' PyTorch classes. `as_generator` and `as_critic` take a network of your own: a Flax linen
module, an NNX module, or a pair of functions (init, apply).
"""

from jaxgan.networks.adapters import as_critic, as_generator
from jaxgan.networks.augmentation import AugmentedCritic
from jaxgan.networks.autoencoder import ConvAutoencoder, FcAutoencoder, MlpAutoencoder
from jaxgan.networks.conv import ConvCritic, ConvGenerator
from jaxgan.networks.conv1d import Conv1dCritic, Conv1dGenerator
from jaxgan.networks.conv3d import Conv3dCritic, Conv3dGenerator
from jaxgan.networks.dcgan import DcganCritic, DcganGenerator, RefinedDcganGenerator
from jaxgan.networks.fc import FcCritic, FcGenerator
from jaxgan.networks.instance_noise import NoisyCritic
from jaxgan.networks.lab_conv import LabConvCritic, LabConvGenerator
from jaxgan.networks.minibatch import MinibatchCritic, MinibatchDiscriminationCritic
from jaxgan.networks.mixture import ClassifyingCritic, MixtureGenerator, generator_index
from jaxgan.networks.mlp import MlpCritic, MlpGenerator
from jaxgan.networks.packing import PackedCritic, packed_shape
from jaxgan.networks.player import Critic, Generator
from jaxgan.networks.projected import ProjectedCritic, ProjectedMaps
from jaxgan.networks.projection import ProjectionCritic
from jaxgan.networks.r3gan import R3ganCritic, R3ganGenerator
from jaxgan.networks.resnet import ResNetCritic, ResNetGenerator
from jaxgan.networks.spectral import SpectralCritic
from jaxgan.networks.transform import CriticTransform
from jaxgan.types import CriticOutput

GENERATORS: dict[str, type[Generator]] = {
    "conv": ConvGenerator,
    "conv1d": Conv1dGenerator,
    "conv3d": Conv3dGenerator,
    "dcgan": DcganGenerator,
    "dcgan_refined": RefinedDcganGenerator,
    "fc": FcGenerator,
    "lab_conv": LabConvGenerator,
    "mlp": MlpGenerator,
    "r3gan": R3ganGenerator,
    "resnet": ResNetGenerator,
}

CRITICS: dict[str, type[Critic]] = {
    "autoencoder": FcAutoencoder,
    "conv": ConvCritic,
    "conv1d": Conv1dCritic,
    "conv3d": Conv3dCritic,
    "conv_autoencoder": ConvAutoencoder,
    "dcgan": DcganCritic,
    "fc": FcCritic,
    "lab_conv": LabConvCritic,
    "minibatch": MinibatchCritic,
    "mlp": MlpCritic,
    "mlp_autoencoder": MlpAutoencoder,
    "projected": ProjectedCritic,
    "r3gan": R3ganCritic,
    "resnet": ResNetCritic,
}

PAIRS: dict[str, tuple[str, str]] = {  # `--network`: generator, critic
    "conv": ("conv", "conv"),
    "conv1d": ("conv1d", "conv1d"),
    "conv3d": ("conv3d", "conv3d"),
    "dcgan": ("dcgan", "dcgan"),
    "fc": ("fc", "fc"),
    "fc_conv": ("conv", "fc"),
    "lab_conv": ("lab_conv", "lab_conv"),
    "mlp": ("mlp", "mlp"),
    "r3gan": ("r3gan", "r3gan"),
    "resnet": ("resnet", "resnet"),
}

__all__ = [
    "CRITICS",
    "GENERATORS",
    "PAIRS",
    "AugmentedCritic",
    "ClassifyingCritic",
    "Conv1dCritic",
    "Conv1dGenerator",
    "Conv3dCritic",
    "Conv3dGenerator",
    "ConvAutoencoder",
    "ConvCritic",
    "ConvGenerator",
    "Critic",
    "CriticOutput",
    "CriticTransform",
    "DcganCritic",
    "DcganGenerator",
    "FcAutoencoder",
    "FcCritic",
    "FcGenerator",
    "Generator",
    "LabConvCritic",
    "LabConvGenerator",
    "MinibatchCritic",
    "MinibatchDiscriminationCritic",
    "MixtureGenerator",
    "MlpAutoencoder",
    "MlpCritic",
    "MlpGenerator",
    "NoisyCritic",
    "PackedCritic",
    "ProjectedCritic",
    "ProjectedMaps",
    "ProjectionCritic",
    "R3ganCritic",
    "R3ganGenerator",
    "RefinedDcganGenerator",
    "ResNetCritic",
    "ResNetGenerator",
    "SpectralCritic",
    "as_critic",
    "as_generator",
    "generator_index",
    "packed_shape",
]
