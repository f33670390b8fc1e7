"""EfficientNet-Lite0: a small classifier of natural pictures (ImageNet's 1,000 classes), for features of pictures in colour.

Tan and Le 2019, arXiv 1905.11946, table 1, in its form for small devices (github.com/tensorflow/tpu, efficientnet/lite): without squeeze
and excitation, with ReLU6, stem and head not scaled. In evaluation mode only. Attributes are named as in the public PyTorch weights but for
the underscores that those begin with, so that `jaxgan.interop.from_torch` reads them.
"""

from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxgan.networks.depthwise import depthwise_conv, same_pads

SIZE = 224  # pixels a side
CLASSES = 1000
STEM, HEAD = 32, 1280

Maps = Float[Array, "n _h _w _c"]


class Stage(NamedTuple):
    """A row of the paper's table 1: blocks that are alike but for the first one's stride."""

    blocks: int
    kernel: int
    stride: int
    expansion: int
    features: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


class Recognised(NamedTuple):
    """What the network says of a batch."""

    features: Float[Array, "n 1280"]  # the mean over the last layer's positions
    logits: Float[Array, "n 1000"]


def conv(name: str, features: int, size: int = 1, stride: int = 1) -> nn.Conv:
    """A convolution that keeps height and width but for the stride; at an even size it pads below and to the right first, as TensorFlow does."""
    return nn.Conv(features, (size, size), (stride, stride), padding="SAME", use_bias=False, name=name)


class DepthwiseConv(nn.Module):
    """Each channel by itself, padded as by `conv`."""

    kernel_size: int
    stride: int

    @nn.compact
    def __call__(self, x: Maps) -> Maps:
        window = (self.kernel_size, self.kernel_size)
        kernel = self.param("kernel", nn.initializers.lecun_normal(), (*window, 1, x.shape[-1]))
        return depthwise_conv(x, kernel, stride=self.stride, pads=same_pads(x.shape[1:3], window, self.stride))


def norm(name: str) -> nn.BatchNorm:
    """Batch norm by its running statistics."""
    return nn.BatchNorm(use_running_average=True, epsilon=1e-3, name=name)


class Block(nn.Module):
    """Sandler et al. 2018, arXiv 1801.04381, table 1: wider, each channel by itself, narrower; the input is added where the shapes agree."""

    features: int
    kernel: int
    stride: int
    expansion: int

    @nn.compact
    def __call__(self, x: Maps) -> Maps:
        y, wide = x, x.shape[-1] * self.expansion
        if self.expansion > 1:
            y = jax.nn.relu6(norm("bn0")(conv("expand_conv", wide)(y)))
        y = jax.nn.relu6(norm("bn1")(DepthwiseConv(self.kernel, self.stride, name="depthwise_conv")(y)))
        y = norm("bn2")(conv("project_conv", self.features)(y))
        return x + y if self.stride == 1 and x.shape[-1] == self.features else y


class Blocks(nn.Module):
    """All stages, their blocks numbered through."""

    @nn.compact
    def __call__(self, x: Maps) -> Maps:
        number = 0
        for stage in STAGES:
            for place in range(stage.blocks):
                stride = stage.stride if place == 0 else 1
                x = Block(stage.features, stage.kernel, stride, stage.expansion, name=f"layers_{number}")(x)
                number += 1
        return x


class EfficientNetLite0(nn.Module):
    """Pictures (n, 224, 224, 3) as `prepared` gives them to features and logits."""

    def example_inputs(self) -> tuple[Any, ...]:
        return (jnp.zeros((1, SIZE, SIZE, 3)),)

    @nn.compact
    def __call__(self, pictures: Maps) -> Recognised:
        x = jax.nn.relu6(norm("bn0")(conv("conv_stem", STEM, 3, 2)(pictures)))
        x = Blocks(name="blocks")(x)
        x = jax.nn.relu6(norm("bn1")(conv("conv_head", HEAD)(x)))
        features = x.mean((1, 2))
        return Recognised(features, nn.Dense(CLASSES, name="fc")(features))


def prepared(pictures: Float[Array, "n h w c"]) -> Float[Array, "n 224 224 3"]:
    """Pictures in [-1, 1] as the network was trained on them: (level - 127) / 128 at 224 pixels a side, bilinear, smoothed where they shrink;
    grey ones in three equal channels."""
    if pictures.shape[-1] == 1:
        pictures = jnp.repeat(pictures, 3, axis=-1)
    sized = jax.image.resize(pictures, (len(pictures), SIZE, SIZE, 3), "bilinear", antialias=True)
    return (127.5 * (sized + 1) - 127) / 128
