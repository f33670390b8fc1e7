"""The Inception network of the FID: InceptionV3 with the weights of 2015, whose features and classes its authors' tools use.

Szegedy et al. 2015, arXiv 1512.00567, figures 5 to 7. Against the network of today's libraries, average pools leave the border out
of the mean, the last block pools by the maximum, and there are 1,008 classes. Attributes are named as in the public PyTorch
weights, so that `jaxgan.interop.from_torch` reads them.
"""

from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

SIZE = 299  # pixels a side
CLASSES = 1008

Maps = Float[Array, "n _h _w _c"]


class Seen(NamedTuple):
    """What the network says of a batch."""

    features: Float[Array, "n 2048"]  # those of the FID: the mean over the last block's positions
    logits: Float[Array, "n 1008"]  # without the bias, as the Inception Score is computed


class Conv(nn.Module):
    """Convolution, batch norm by its running statistics (eps 1e-3), ReLU."""

    features: int
    kernel: tuple[int, int]
    stride: int = 1
    padding: tuple[int, int] = (0, 0)

    @nn.compact
    def __call__(self, x: Maps) -> Maps:
        pads = [(p, p) for p in self.padding]
        x = nn.Conv(self.features, self.kernel, self.stride, pads, use_bias=False, name="conv")(x)
        return jax.nn.relu(nn.BatchNorm(use_running_average=True, epsilon=1e-3, name="bn")(x))


def conv(name: str, features: int, size: int | tuple[int, int], stride: int = 1, *, valid: bool = False) -> Conv:
    """Keeps height and width, but for the stride, unless it is `valid`."""
    kernel = (size, size) if isinstance(size, int) else size
    return Conv(features, kernel, stride, (0, 0) if valid else (kernel[0] // 2, kernel[1] // 2), name=name)


def largest(x: Maps) -> Maps:
    """The largest of 3x3, at every second position."""
    return nn.max_pool(x, (3, 3), (2, 2))


def around(x: Maps) -> Maps:
    """The mean of the 3x3 around each position, as far as they lie in the picture."""
    return nn.avg_pool(x, (3, 3), padding=((1, 1), (1, 1)), count_include_pad=False)


def joined(*branches: Maps) -> Maps:
    return jnp.concatenate(branches, axis=-1)


class BlockA(nn.Module):
    """Figure 5: 5x5 as two of 3x3, at 35x35."""

    pooled: int

    @nn.compact
    def __call__(self, x: Maps) -> Maps:
        five = conv("branch5x5_2", 64, 5)(conv("branch5x5_1", 48, 1)(x))
        double = conv("branch3x3dbl_2", 96, 3)(conv("branch3x3dbl_1", 64, 1)(x))
        double = conv("branch3x3dbl_3", 96, 3)(double)
        return joined(conv("branch1x1", 64, 1)(x), five, double, conv("branch_pool", self.pooled, 1)(around(x)))


class BlockB(nn.Module):
    """From 35x35 to 17x17."""

    @nn.compact
    def __call__(self, x: Maps) -> Maps:
        double = conv("branch3x3dbl_2", 96, 3)(conv("branch3x3dbl_1", 64, 1)(x))
        double = conv("branch3x3dbl_3", 96, 3, 2, valid=True)(double)
        return joined(conv("branch3x3", 384, 3, 2, valid=True)(x), double, largest(x))


class BlockC(nn.Module):
    """Figure 6: 7x7 as 1x7 and 7x1, at 17x17."""

    narrow: int

    @nn.compact
    def __call__(self, x: Maps) -> Maps:
        n, wide, high = self.narrow, (1, 7), (7, 1)
        seven = conv("branch7x7_2", n, wide)(conv("branch7x7_1", n, 1)(x))
        double = conv("branch7x7dbl_1", n, 1)(x)
        for name, features, kernel in (("2", n, high), ("3", n, wide), ("4", n, high), ("5", 192, wide)):
            double = conv(f"branch7x7dbl_{name}", features, kernel)(double)
        return joined(
            conv("branch1x1", 192, 1)(x),
            conv("branch7x7_3", 192, high)(seven),
            double,
            conv("branch_pool", 192, 1)(around(x)),
        )


class BlockD(nn.Module):
    """From 17x17 to 8x8."""

    @nn.compact
    def __call__(self, x: Maps) -> Maps:
        three = conv("branch3x3_2", 320, 3, 2, valid=True)(conv("branch3x3_1", 192, 1)(x))
        seven = conv("branch7x7x3_2", 192, (1, 7))(conv("branch7x7x3_1", 192, 1)(x))
        seven = conv("branch7x7x3_4", 192, 3, 2, valid=True)(conv("branch7x7x3_3", 192, (7, 1))(seven))
        return joined(three, seven, largest(x))


class BlockE(nn.Module):
    """Figure 7: 3x3 as 1x3 beside 3x1, at 8x8; the last of the two pools by the maximum."""

    by_maximum: bool = False

    @nn.compact
    def __call__(self, x: Maps) -> Maps:
        three = conv("branch3x3_1", 384, 1)(x)
        double = conv("branch3x3dbl_2", 384, 3)(conv("branch3x3dbl_1", 448, 1)(x))
        near = nn.max_pool(x, (3, 3), padding=((1, 1), (1, 1))) if self.by_maximum else around(x)
        return joined(
            conv("branch1x1", 320, 1)(x),
            *(conv(f"branch3x3_2{name}", 384, kernel)(three) for name, kernel in (("a", (1, 3)), ("b", (3, 1)))),
            *(conv(f"branch3x3dbl_3{name}", 384, kernel)(double) for name, kernel in (("a", (1, 3)), ("b", (3, 1)))),
            conv("branch_pool", 192, 1)(near),
        )


class Output(nn.Module):
    """The last layer; its bias is there to be read, and left out."""

    @nn.compact
    def __call__(self, x: Float[Array, "n 2048"]) -> Float[Array, "n 1008"]:
        self.param("bias", nn.initializers.zeros, (CLASSES,))
        return x @ self.param("kernel", nn.initializers.lecun_normal(), (x.shape[-1], CLASSES))


class Inception(nn.Module):
    """Pictures (n, 299, 299, 3) in [-1, 1] to features and logits; every block's output is sown as an intermediate, `taps`."""

    def example_inputs(self) -> tuple[Any, ...]:
        return (jnp.zeros((1, SIZE, SIZE, 3)),)

    @nn.compact
    def __call__(self, pictures: Maps) -> Seen:
        x = conv("Conv2d_1a_3x3", 32, 3, 2, valid=True)(pictures)
        x = conv("Conv2d_2a_3x3", 32, 3, valid=True)(x)
        x = largest(conv("Conv2d_2b_3x3", 64, 3)(x))
        self.sow("intermediates", "taps", x)
        x = conv("Conv2d_3b_1x1", 80, 1)(x)
        x = largest(conv("Conv2d_4a_3x3", 192, 3, valid=True)(x))
        self.sow("intermediates", "taps", x)
        blocks = [
            BlockA(32, name="Mixed_5b"), BlockA(64, name="Mixed_5c"), BlockA(64, name="Mixed_5d"), BlockB(name="Mixed_6a"),
            BlockC(128, name="Mixed_6b"), BlockC(160, name="Mixed_6c"), BlockC(160, name="Mixed_6d"), BlockC(192, name="Mixed_6e"),
            BlockD(name="Mixed_7a"), BlockE(name="Mixed_7b"), BlockE(by_maximum=True, name="Mixed_7c"),
        ]  # fmt: skip
        for block in blocks:
            x = block(x)
            self.sow("intermediates", "taps", x)
        features = x.mean((1, 2))
        return Seen(features, Output(name="fc")(features))


def prepared(pictures: Float[Array, "n h w c"]) -> Float[Array, "n 299 299 3"]:
    """Pictures in [-1, 1] brought to 299 pixels a side: bilinear, half-pixel centres, no smoothing; grey ones in three equal channels."""
    n, channels = len(pictures), pictures.shape[-1]
    if channels == 1:
        pictures = jnp.repeat(pictures, 3, axis=-1)
    return jax.image.resize(pictures, (n, SIZE, SIZE, 3), "bilinear", antialias=False)
