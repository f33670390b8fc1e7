"""Residual networks for 32x32 images: Gulrajani et al. 2017, arXiv 1704.00028, appendix F, and its `gan_cifar_resnet.py`.

Weights are uniform of variance 4 / (fan_in + fan_out) in the residual 3x3 convolutions (what the authors' code calls He's),
of variance 2 / (fan_in + fan_out) (Glorot's) in all else; biases are 0.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxgan.networks.layers import BatchNorm, Conv, LabelledImages, Linear, Sequential, critic_norm, unflatten, zeros
from jaxgan.networks.player import Critic, Generator
from jaxgan.types import CriticOutput, Samples

he = nn.initializers.variance_scaling(2.0, "fan_avg", "uniform", dtype=float)
glorot = nn.initializers.variance_scaling(1.0, "fan_avg", "uniform", dtype=float)
Conv3 = partial(Conv, size=3, padding=1, kernel_init=he, bias_init=zeros)
Conv1 = partial(Conv, size=1, kernel_init=glorot, bias_init=zeros)
GlorotLinear = partial(Linear, kernel_init=glorot, bias_init=zeros)


def upsample(x: Float[Array, "batch height width channels"]) -> Float[Array, "batch height2 width2 channels"]:
    """Each pixel twice along height and width."""
    return x.repeat(2, axis=1).repeat(2, axis=2)


def mean_pool(x: Any) -> Any:
    """The mean of each 2x2 block, of an array or of `LabelledImages`, whose vectors stay as they are."""
    if isinstance(x, LabelledImages):
        return x._replace(images=mean_pool(x.images))
    batch, height, width, channels = x.shape
    return x.reshape(batch, height // 2, 2, width // 2, 2, channels).mean((2, 4))  # (B, H, W, C) -> (B, H / 2, W / 2, C)


class Residual(nn.Module):
    """shortcut(x) + residual(x)."""

    residual: Sequence[Callable[..., Any]]
    shortcut: Sequence[Callable[..., Any]] = ()

    def setup(self) -> None:
        self.far = Sequential(self.residual)
        self.near = Sequential(self.shortcut)

    def __call__(self, x: Float[Array, "batch _h _w _c"] | LabelledImages, train: bool) -> Float[Array, "batch _h2 _w2 _c2"]:
        return self.near(x, train) + self.far(x, train)


class ResNetGenerator(Generator):
    """Linear to 4x4 (h), three residual blocks up, each (BN-ReLU-upsample-conv3-BN-ReLU-conv3), BN-ReLU-conv3, tanh; h = 128."""

    latent_dim: int = 128
    hidden_dim: int = 128

    image_sizes = (32,)

    def setup(self) -> None:
        super().setup()
        h = self.hidden_dim
        self.project = GlorotLinear(4 * 4 * h)
        self.blocks = [
            Residual([BatchNorm(), jax.nn.relu, upsample, Conv3(h), BatchNorm(), jax.nn.relu, Conv3(h)], [upsample, Conv1(h)])
            for _ in range(3)
        ]
        self.last = Sequential([BatchNorm(), jax.nn.relu, Conv3(self.sample_shape[-1], kernel_init=glorot), jnp.tanh])

    def generate(self, latent: Array, train: bool) -> Samples:
        x = unflatten(self.project(latent), (4, 4, self.hidden_dim))
        for block in self.blocks:
            x = block(x, train)
        return self.last(x, train)


class ResNetCritic(Critic):
    """Residual blocks 32x32 to 16x16, to 8x8, two at 8x8 (norm-ReLU-conv3-norm-ReLU-conv3), ReLU, mean, linear; h = 128.

    The first block has no norm and pools before its shortcut's convolution; `layer` is the paper's norm for critics under a
    gradient penalty (section 4), which the authors' code for these networks leaves out (`none`).
    """

    hidden_dim: int = 128
    norm: Literal["layer", "none"] = "layer"

    image_sizes = (32,)
    convolutional = True

    def setup(self) -> None:
        super().setup()
        h = self.hidden_dim

        def inner(*last: Callable[..., Any]) -> list[Callable[..., Any]]:
            return [critic_norm(self.norm), jax.nn.relu, Conv3(h), critic_norm(self.norm), jax.nn.relu, Conv3(h), *last]

        self.blocks = [
            Residual([Conv3(h), jax.nn.relu, Conv3(h), mean_pool], [mean_pool, Conv1(h)]),
            Residual(inner(mean_pool), [Conv1(h), mean_pool]),
            Residual(inner()),
            Residual(inner()),
        ]
        self.output = GlorotLinear(1)

    def score(self, samples: Array | LabelledImages, train: bool) -> CriticOutput:
        x: Any = samples
        for block in self.blocks:
            x = block(x, train)
        features = jax.nn.relu(x).mean((1, 2))  # (B, 8, 8, h) -> (B, h)
        return CriticOutput(score=self.output(features)[:, 0], features=features)  # (B, 1) -> (B,)
