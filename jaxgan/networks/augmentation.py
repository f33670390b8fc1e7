"""Differentiable augmentation of all that a critic sees in training (Zhao et al. 2020, arXiv 2006.10738, section 3)."""

from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from jaxgan.errors import UserError, unknown
from jaxgan.networks.transform import CriticTransform
from jaxgan.types import CriticOutput, Labels, Samples

Images = Float[Array, "batch height width channels"]


def colour(key: Key[Array, ""], images: Images) -> Images:
    """Brightness + U(-.5, .5), saturation * U(0, 2) (not for one channel), contrast * U(.5, 1.5), each drawn once a sample."""
    brightness, saturation, contrast = (
        jax.random.uniform(each, (len(images), 1, 1, 1), images.dtype) for each in jax.random.split(key, 3)
    )
    images = images + (brightness - 0.5)
    if images.shape[-1] > 1:
        images = _stretched(images, 2 * saturation, (3,))
    return _stretched(images, contrast + 0.5, (1, 2, 3))


def translation(key: Key[Array, ""], images: Images) -> Images:
    """A shift by up to 1/8 of height and width either way, zeros moving in."""
    shape = images.shape[1:]
    most = tuple(int(size / 8 + 0.5) for size in shape[:2])
    padded = jnp.pad(images, ((0, 0), (most[0], most[0]), (most[1], most[1]), (0, 0)))
    starts = [
        jax.random.randint(each, (len(images),), 0, 2 * shift + 1)
        for each, shift in zip(jax.random.split(key), most, strict=True)
    ]
    return jax.vmap(lambda image, top, left: jax.lax.dynamic_slice(image, (top, left, 0), shape))(padded, *starts)


def cutout(key: Key[Array, ""], images: Images) -> Images:
    """Zeros in a box half as high and half as wide, its centre anywhere: what lies over the edge is lost, as in the authors' code."""

    def inside(key: Key[Array, ""], size: int) -> Array:
        length = int(size / 2 + 0.5)
        first = jax.random.randint(key, (len(images), 1), 0, size + 1 - length % 2) - length // 2
        return (jnp.arange(size) >= first) & (jnp.arange(size) < first + length)  # (B, size)

    rows, columns = (inside(each, size) for each, size in zip(jax.random.split(key), images.shape[1:3], strict=True))
    box = rows[:, :, None, None] & columns[:, None, :, None]  # (B, H, 1, 1) and (B, 1, W, 1) -> (B, H, W, 1)
    return jnp.where(box, 0, images)


KINDS: dict[str, Callable[[Key[Array, ""], Images], Images]] = {
    "colour": colour,
    "translation": translation,
    "cutout": cutout,
}


class AugmentedCritic(CriticTransform):
    """critic(T(x)) in training, T drawn afresh for each sample (random stream `augment`); critic(x) in evaluation."""

    kinds: tuple[str, ...]

    @nn.compact
    def __call__(self, samples: Samples, labels: Labels, *, train: bool = False) -> CriticOutput:
        for kind in self.kinds:
            if kind not in KINDS:
                raise unknown("augmentation", kind, KINDS)
        if self.kinds and samples.ndim != 4:
            raise UserError(
                f"AugmentedCritic is for images (batch, height, width, channels), not samples of shape {samples.shape[1:]}"
            )
        if train and self.kinds:
            keys = jax.random.split(self.make_rng("augment"), len(self.kinds))
            for kind, key in zip(self.kinds, keys, strict=True):
                samples = KINDS[kind](key, samples)
        return self.critic(samples, labels, train=train)


def _stretched(images: Images, factor: Float[Array, "batch 1 1 1"], axes: tuple[int, ...]) -> Images:
    """The distances from the mean over `axes`, times a factor."""
    mean = images.mean(axes, keepdims=True)
    return (images - mean) * factor + mean
