"""A critic on frozen features (Projected GANs, Sauer et al. 2021, arXiv 2111.01007), with several heads, each with a score of its own.

It sees a picture as the maps of a classifier of natural pictures at four depths, mixed by random convolutions that are never trained, and
as its pixels. Penalties on gradients are taken at what it sees (`Critic.seen`), so that they never pass through the classifier.
"""

import dataclasses
import math
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxgan.errors import UserError
from jaxgan.networks.convolution import conv
from jaxgan.networks.efficientnet import STAGES, Maps
from jaxgan.networks.efficientnet_maps import FoldedNetwork, folded, stage_maps
from jaxgan.networks.layers import Conv, Linear, Sequential, flatten, leaky_relu, normal, scaled_normal, zeros
from jaxgan.networks.player import Critic
from jaxgan.networks.precision import products_in
from jaxgan.networks.projection import LabelProjection
from jaxgan.types import CriticOutput, Labels, Samples

DEPTHS = (1, 2, 4, 6)  # the stages whose maps are taken: on the way their sides are a 4th, 8th, 16th and 32nd of the picture's
CHANNELS = 64  # of every mixed map
# Deviations of maps mixed across channels, and then across scales, on 512 emoji at 32 pixels; at 64 and 128 pixels within a factor of 2.1.
DEVIATIONS = (17.3, 17.0, 15.0, 2.5)
MIXED_DEVIATIONS = (2.03, 1.94, 2.14, 1.51)
WEIGHT = 2.0  # of maps beside pixels: a penalty on squared gradients weighs those in the maps a quarter of those in the pixels
AT_ONCE = 16  # pictures
HE: dict[str, Any] = {"kernel_init": scaled_normal(math.sqrt(2)), "bias_init": zeros}


@dataclasses.dataclass(frozen=True, eq=False)
class ProjectedMaps:
    """Pictures to maps of four sizes, `CHANNELS` channels each and of a deviation near 1; nothing of it is trained.

    Args:
        network: the classifier.
        mixes: across channels, one matrix a depth (arXiv 2111.01007, section 3.2, "cross-channel mixing").
        smooths: 3x3 kernels that take in the next coarser map too, from the coarsest up ("cross-scale mixing").
    """

    network: FoldedNetwork
    mixes: tuple[Array, ...]
    smooths: tuple[Array, ...]

    @classmethod
    def of(cls, variables: dict[str, Any]) -> "ProjectedMaps":
        """Of EfficientNet-Lite0's variables; the random weights are the same every time."""
        keys = jax.random.split(jax.random.key(0, impl="threefry2x32"), 2 * len(DEPTHS))
        wide = [STAGES[depth].features for depth in DEPTHS]
        mixes = [
            jax.random.normal(key, (n, CHANNELS), jnp.float32) * math.sqrt(2 / n) / deviation
            for key, n, deviation in zip(keys[: len(DEPTHS)], wide, DEVIATIONS, strict=True)
        ]
        smooths = [
            jax.random.normal(key, (3, 3, CHANNELS, CHANNELS), jnp.float32) * math.sqrt(2 / (9 * CHANNELS)) / deviation
            for key, deviation in zip(keys[len(DEPTHS) :], MIXED_DEVIATIONS, strict=True)
        ]
        return cls(folded(variables), tuple(mixes), tuple(smooths))

    def __call__(self, pictures: Maps) -> list[Maps]:
        """The maps of pictures (n, h, w, 1 or 3) in [-1, 1], the finest first.

        On a CPU a multiple of `AT_ONCE` pictures passes as many at a time, as its caches hold.
        """
        if pictures.shape[-1] == 1:
            pictures = jnp.repeat(pictures, 3, axis=-1)
        if len(pictures) <= AT_ONCE or len(pictures) % AT_ONCE:
            return self._maps(pictures)
        return jax.lax.platform_dependent(pictures, cpu=self._maps_by_parts, default=self._maps)

    def _maps_by_parts(self, pictures: Maps) -> list[Maps]:
        parts = jax.lax.map(self._maps, pictures.reshape(-1, AT_ONCE, *pictures.shape[1:]))
        return [x.reshape(-1, *x.shape[2:]) for x in parts]

    def _maps(self, pictures: Maps) -> list[Maps]:
        stages = stage_maps(self.network, (127.5 * (pictures + 1) - 127) / 128)
        mixed: list[Maps] = []
        for depth, mix, smooth in reversed(list(zip(DEPTHS, self.mixes, self.smooths, strict=True))):
            x = stages[depth] @ mix
            if mixed:
                _, height, width, _ = x.shape
                x = x + mixed[-1].repeat(2, axis=1).repeat(2, axis=2)[:, :height, :width]
            mixed.append(conv(jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge"), smooth))
        return mixed[::-1]


def map_shapes(size: tuple[int, ...]) -> list[tuple[int, int, int]]:
    """The shapes of the maps of pictures of this height and width, the finest first."""
    return [(math.ceil(size[0] / side), math.ceil(size[1] / side), CHANNELS) for side in (4, 8, 16, 32)]


class ClassVectors(nn.Module):
    """One learnt vector a class, (B,) -> (B, features)."""

    n_classes: int
    features: int

    @nn.compact
    def __call__(self, labels: Labels) -> Float[Array, "batch features"]:
        init = normal(1 / math.sqrt(self.features))
        return self.param("embedding", init, (self.n_classes, self.features))[labels]


class ProjectedCritic(Critic):
    """Five heads: one on each of four maps, one on the pixels; each gives a score, so that scores are (B, 5).

    A head: convolutions (leaky ReLU .2), the mean over positions (of pixels all positions), a linear score; of a conditional critic
    plus <v_y, features> / sqrt(dim) with vectors v_y of its own (arXiv 1802.05637, eq. 3).

    Args:
        maps: what pictures become, of `jaxgan.features.projected_maps()`.
    """

    maps: Any = None  # a function of pictures (B, H, W, 1 or 3)

    smallest_side = 16
    takes_channels = (1, 3)
    couples_batch = False
    maps_samples = True

    def setup(self) -> None:
        if self.maps is None:
            raise UserError("ProjectedCritic: give it maps=jaxgan.features.projected_maps(), what it sees in place of pictures")
        h = CHANNELS
        layers: list[list[Any]] = [
            [Conv(h, 4, 2, 1, **HE), leaky_relu, Conv(h, 4, 2, 1, **HE), leaky_relu, Conv(h, 3, 1, 1, **HE), leaky_relu],
            [Conv(h, 4, 2, 1, **HE), leaky_relu, Conv(h, 3, 1, 1, **HE), leaky_relu],
            [Conv(h, 3, 1, 1, **HE), leaky_relu, Conv(h, 3, 1, 1, **HE), leaky_relu],
            [Conv(h, 3, 1, 1, **HE), leaky_relu],
            [layer for width in (h // 2, h, 2 * h) for layer in (Conv(width, 5, 2, 2, **HE), leaky_relu)],
        ]
        self.heads = [Sequential(head) for head in layers]
        self.scores = [Linear(1) for _ in layers]
        positions = math.prod(math.ceil(side / 8) for side in self.sample_shape[:2])
        widths = [h, h, h, h, 2 * h * positions]
        if self.label_dim:
            self.label_vectors: Any = [LabelProjection(width) for width in widths]
        else:
            self.label_vectors = [ClassVectors(self.n_classes, width) for width in widths] if self.n_classes else []

    def seen(self, samples: Samples) -> Float[Array, "batch numbers"]:
        """The maps, `WEIGHT` times as large as they are, and the pixels, flat and side by side."""
        assert self.maps is not None
        maps = [WEIGHT * x for x in self.maps(samples)]
        return jnp.concatenate([x.reshape(len(x), -1) for x in (*maps, samples)], axis=1)

    def __call__(self, samples: Samples, labels: Labels, *, train: bool = False) -> CriticOutput:
        """Of pictures (B, H, W, C), or of what is `seen` of them (B, numbers)."""
        shapes = [*map_shapes(self.sample_shape[:2]), self.sample_shape]
        *ends, total = [sum(math.prod(shape) for shape in shapes[: i + 1]) for i in range(len(shapes))]
        flat = samples
        if self.is_initializing():  # of which no number depends on what is seen: to sample from a saved run no maps are needed
            flat = jnp.zeros((len(samples), total), samples.dtype)
        elif samples.ndim > 2:
            flat = self.seen(samples)
        parts = [part.reshape(-1, *shape) for part, shape in zip(jnp.split(flat, ends, axis=1), shapes, strict=True)]
        with products_in(self.precision):
            inputs = [*(part / WEIGHT for part in parts[:-1]), parts[-1]]
            scores = [self._head(place, x, labels, train) for place, x in enumerate(inputs)]
        return CriticOutput(jnp.stack(scores, axis=1))

    def _head(self, place: int, x: Maps, labels: Labels, train: bool) -> Float[Array, " batch"]:
        x = self.heads[place](x, train)
        features = flatten(x) if place == len(DEPTHS) else x.mean((1, 2))
        score = self.scores[place](features)[:, 0]
        if not self.label_vectors:
            return score
        return score + jnp.sum(self.label_vectors[place](labels) * features, axis=-1) / math.sqrt(features.shape[-1])
