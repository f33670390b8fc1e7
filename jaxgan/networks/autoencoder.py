"""Critics that reconstruct, for EBGAN (Zhao et al. 2016, arXiv 1609.03126) and BEGAN (Berthelot et al. 2017, arXiv 1703.10717)."""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array

from jaxgan.networks.layers import Conv, ConvTranspose, LabelledImages, Linear, Sequential, flatten, leaky_relu, unflatten
from jaxgan.networks.player import Critic
from jaxgan.types import CriticOutput


class AutoencoderCritic(Critic):
    """score(x) = -mean (x - Dec(Enc(x)))^2, features = Enc(x); a label joined to x is seen by Enc and not reconstructed.

    A subclass sets up `encoder` (to the code) and `decoder` (from the code to a sample, flat where `flat`).
    """

    reconstructs = True
    couples_batch = False

    def score(self, samples: Array | LabelledImages, train: bool) -> CriticOutput:
        code = self.encoder(samples, train)
        decoded = self.decoder(code, train)
        images = (
            samples.images if isinstance(samples, LabelledImages) else samples[..., : decoded.shape[-1]]
        )  # labels come last
        error = jnp.square(images - decoded)
        unflat = self.flat and len(self.sample_shape) == 3
        return CriticOutput(
            score=-error.mean(tuple(range(1, error.ndim))),
            features=code,
            reconstruction=unflatten(decoded, self.sample_shape) if unflat else decoded,
        )


class MlpAutoencoder(AutoencoderCritic):
    """2-h-h-code-h-h-2, ReLU, linear code and output."""

    hidden_dim: int = 128
    code_dim: int = 2

    sample_kind = "vectors"

    def setup(self) -> None:
        super().setup()
        (features,) = self.sample_shape
        h = self.hidden_dim
        self.encoder = Sequential([Linear(h), jax.nn.relu, Linear(h), jax.nn.relu, Linear(self.code_dim)])
        self.decoder = Sequential([Linear(h), jax.nn.relu, Linear(h), jax.nn.relu, Linear(features)])


class FcAutoencoder(AutoencoderCritic):
    """pixels-4h-h-4h-pixels, leaky ReLU .2, linear code, tanh."""

    hidden_dim: int = 64

    flat = True

    def setup(self) -> None:
        super().setup()
        h = self.hidden_dim
        self.encoder = Sequential([Linear(4 * h), leaky_relu, Linear(h)])
        self.decoder = Sequential([Linear(4 * h), leaky_relu, Linear(math.prod(self.sample_shape)), jnp.tanh])


class ConvAutoencoder(AutoencoderCritic):
    """4x4 convolutions of stride 2 to 7x7 or 4x4 (h, 2h, 4h), a linear code, and back; leaky ReLU .2, tanh; no norm."""

    hidden_dim: int = 64
    code_dim: int = 64

    image_sizes = (28, 32)
    convolutional = True

    def setup(self) -> None:
        super().setup()
        size, _, channels = self.sample_shape
        h = self.hidden_dim
        side, widths = (7, [h, 2 * h]) if size == 28 else (4, [h, 2 * h, 4 * h])
        coarse = (side, side, widths[-1])
        downward = [layer for width in widths for layer in (Conv(width, 4, 2, 1), leaky_relu)]
        upward = [layer for width in widths[-2::-1] for layer in (ConvTranspose(width, 4, 2, 1), leaky_relu)]
        self.encoder = Sequential([*downward, flatten, Linear(self.code_dim)])
        self.decoder = Sequential([
            Linear(math.prod(coarse)), leaky_relu, lambda x: unflatten(x, coarse),
            *upward, ConvTranspose(channels, 4, 2, 1), jnp.tanh,
        ])  # fmt: skip
