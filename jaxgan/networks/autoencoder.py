"""Critics that reconstruct, for EBGAN (Zhao et al. 2016, arXiv 1609.03126) and BEGAN (Berthelot et al. 2017, arXiv 1703.10717)."""

import math
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array

from jaxgan.networks.layers import (
    Conv,
    ConvTranspose,
    Crop,
    LabelledImages,
    Linear,
    Sequential,
    evened,
    flatten,
    leaky_relu,
    unflatten,
)  # fmt: skip
from jaxgan.networks.player import Critic
from jaxgan.networks.stages import halved_sizes
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
        unflat = self.flat and len(self.sample_shape) > 1
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
    """pixels-4h-code-4h-pixels, leaky ReLU .2, linear code, tanh; a code of h numbers where `code_dim` is None."""

    hidden_dim: int = 64
    code_dim: int | None = None

    takes_also = ("series", "volumes")
    flat = True

    def setup(self) -> None:
        super().setup()
        h = self.hidden_dim
        self.encoder = Sequential([Linear(4 * h), leaky_relu, Linear(self.code_dim or h)])
        self.decoder = Sequential([Linear(4 * h), leaky_relu, Linear(math.prod(self.sample_shape)), jnp.tanh])


class ConvAutoencoder(AutoencoderCritic):
    """4x4 convolutions of stride 2 to 7x7 or 4x4 (h, 2h, 4h, 4h, ...), a linear code, and back; leaky ReLU .2, tanh; no norm.

    An odd side is filled up by zeros on the way down, and cropped on the way back.
    """

    hidden_dim: int = 64
    code_dim: int = 64

    smallest_side = 4
    convolutional = True

    def setup(self) -> None:
        super().setup()
        *image, channels = self.sample_shape
        sizes = halved_sizes(tuple(image), least=1)
        widths = [self.hidden_dim * min(2**i, 4) for i in range(len(sizes) - 1)]
        coarse = (*sizes[-1], widths[-1])
        downward: list[Any] = []
        upward: list[Any] = []
        for width, narrower, size in zip(widths, [channels, *widths], sizes[:-1], strict=False):
            odd = any(side % 2 for side in size)
            downward += [*([evened] if odd else []), Conv(width, 4, 2, 1), leaky_relu]
            upward = [leaky_relu, ConvTranspose(narrower, 4, 2, 1), *([Crop(size)] if odd else []), *upward]
        self.encoder = Sequential([*downward, flatten, Linear(self.code_dim)])
        self.decoder = Sequential([Linear(math.prod(coarse)), upward[0], lambda x: unflatten(x, coarse), *upward[1:], jnp.tanh])
