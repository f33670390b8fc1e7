"""Differentiable augmentation of all that a critic sees in training.

Colour, translation and cutout are those of Zhao et al. 2020, arXiv 2006.10738, section 3; the others are of Karras et al. 2020,
arXiv 2006.06676, appendix B: flip, rotation and shift its pixel blitting, geometry its general geometric transformations, luma and
hue of its colour transformations those that colour lacks, noise of its corruptions the one that is not cutout. Its filtering of
frequency bands is not here: section 3.1 leaves it out. All take pictures of any height, width and number of channels.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key

from jaxgan.errors import UserError, unknown
from jaxgan.networks.transform import CriticTransform
from jaxgan.types import CriticOutput, Labels, Samples

Images = Float[Array, "batch height width channels"]
WITH_ALPHA = (2, 4)  # channels of pictures whose last one is alpha: grey with alpha, RGBA


def colour(key: Key[Array, ""], images: Images) -> Images:
    """Brightness + U(-.5, .5), saturation * U(0, 2) (not for one channel), contrast * U(.5, 1.5), each drawn once a sample.

    Alpha, the last of two or four channels, is left as it is.
    """
    return _of_colours(lambda colours: _coloured(key, colours), images)


def _coloured(key: Key[Array, ""], images: Images) -> Images:
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


def flip(key: Key[Array, ""], images: Images) -> Images:
    """Left and right exchanged with probability 1/2."""
    return _where(jax.random.bernoulli(key, shape=(len(images),)), images[:, :, ::-1], images)


def rotation(key: Key[Array, ""], images: Images) -> Images:
    """A turn by 0, 90, 180 or 270 degrees, each with probability 1/4.

    Raises:
        UserError: the pictures are not square, and would change their shape.
    """
    height, width = images.shape[1:3]
    if height != width:
        raise UserError(f"augmentation 'rotation' turns square pictures, and these are of {height}x{width}")
    quarters = jax.random.randint(key, (len(images),), 0, 4)
    images = _where(quarters >= 2, images[:, ::-1, ::-1], images)
    return _where(quarters % 2 == 1, jnp.rot90(images, axes=(1, 2)), images)


def shift(key: Key[Array, ""], images: Images) -> Images:
    """A shift by a whole number of pixels, of up to 1/8 of height and width either way; what moves in is reflected at the edge."""
    shape = images.shape[1:]
    most = tuple(int(size / 8 + 0.5) for size in shape[:2])
    padded = jnp.pad(images, ((0, 0), (most[0], most[0]), (most[1], most[1]), (0, 0)), mode="reflect")
    starts = [
        reach + jnp.round(jax.random.uniform(each, (len(images),), images.dtype, -size / 8, size / 8)).astype(int)
        for each, size, reach in zip(jax.random.split(key), shape[:2], most, strict=True)
    ]
    return jax.vmap(lambda image, top, left: jax.lax.dynamic_slice(image, (top, left, 0), shape))(padded, *starts)


def geometry(key: Key[Array, ""], images: Images) -> Images:
    """A scale, a turn, a stretch and a shift by fractions of a pixel at once; what moves in is reflected at the edge.

    Scale and stretch are 2^N(0, .2^2), the angles before and after the stretch U(-pi, pi), the shift N(0, .125^2) of height and
    width. Between pixels is interpolated linearly, where the authors filter, and all four are applied to a picture or none.
    """
    n, height, width, _ = images.shape
    of_scales, of_angles, of_shifts = jax.random.split(key, 3)
    scale, stretch = jnp.exp2(0.2 * jax.random.normal(of_scales, (2, n), images.dtype))
    before, after = jax.random.uniform(of_angles, (2, n), images.dtype, -jnp.pi, jnp.pi)
    stretched = jnp.stack([scale * stretch, scale / stretch], -1)[:, None, :]  # (B, 1, 2): along the columns of a matrix
    matrix = jnp.matmul(_turn(after) * stretched, _turn(before))  # (B, 2, 2)
    middle = (jnp.array([height, width], images.dtype) - 1) / 2
    places = jnp.stack(jnp.meshgrid(jnp.arange(height), jnp.arange(width), indexing="ij"), -1) - middle  # (H, W, 2)
    shifts = 0.125 * jnp.array([height, width], images.dtype) * jax.random.normal(of_shifts, (n, 2), images.dtype)
    sources = jnp.einsum("bij,hwj->bihw", matrix, places) + (middle + shifts)[:, :, None, None]  # (B, 2, H, W)

    def warped(image: Array, source: Array) -> Array:  # one channel (H, W)
        return jax.scipy.ndimage.map_coordinates(image, tuple(source), order=1, mode="mirror")

    return jax.vmap(jax.vmap(warped, (2, None), 2))(images, sources)


def luma(key: Key[Array, ""], images: Images) -> Images:
    """Light and dark exchanged with probability 1/2, the hue kept: x - 2 mean(x) over the channels, but for alpha."""

    def flipped(images: Images) -> Images:
        return images - 2 * images.mean(3, keepdims=True)

    return _where(jax.random.bernoulli(key, shape=(len(images),)), _of_colours(flipped, images), images)


def hue(key: Key[Array, ""], images: Images) -> Images:
    """The colours turned about the axis of grey by U(-pi, pi); pictures of other than three colours are left as they are."""
    if images.shape[-1] - (images.shape[-1] in WITH_ALPHA) != 3:
        return images
    angle = jax.random.uniform(key, (len(images), 1, 1), images.dtype, -jnp.pi, jnp.pi)
    axis = jnp.full(3, 3**-0.5, images.dtype)
    across = jnp.cross(jnp.eye(3, dtype=images.dtype), axis)  # v -> v x axis, of rows v
    along = jnp.outer(axis, axis)
    turn = jnp.cos(angle) * (jnp.eye(3) - along) + jnp.sin(angle) * across + along  # (B, 3, 3): Rodrigues' formula
    return _of_colours(lambda colours: jnp.einsum("bhwc,bcd->bhwd", colours, turn.astype(images.dtype)), images)


def noise(key: Key[Array, ""], images: Images) -> Images:
    """N(0, s^2) added to every number, s drawn once a sample as |N(0, .1^2)|."""
    of_size, of_each = jax.random.split(key)
    size = 0.1 * jnp.abs(jax.random.normal(of_size, (len(images), 1, 1, 1), images.dtype))
    return images + size * jax.random.normal(of_each, images.shape, images.dtype)


KINDS: dict[str, Callable[[Key[Array, ""], Images], Images]] = {
    "colour": colour,
    "translation": translation,
    "cutout": cutout,
    "flip": flip,
    "rotation": rotation,
    "shift": shift,
    "geometry": geometry,
    "luma": luma,
    "hue": hue,
    "noise": noise,
}
ADAPTIVE = "adaptive_augmentation"  # the collection by which a pass is told its probability


def adaptive_kinds(sample_shape: tuple[int, ...]) -> tuple[str, ...]:
    """What of ADA's pipeline is done where nothing is named, for pictures of this shape: pixel blitting and colour.

    Section 3.1 of arXiv 2006.06676 keeps geometry, luma and hue too; these are named by hand.
    """
    square = sample_shape[0] == sample_shape[1]
    return ("flip", *(("rotation",) if square else ()), "shift", "colour")


def with_probability(probability: Array | None) -> dict[str, dict[str, Array]]:
    """The variables that tell an `AugmentedCritic` with which probability each kind is applied to each sample; None: always."""
    return {} if probability is None else {ADAPTIVE: {"probability": probability}}


class AugmentedCritic(CriticTransform):
    """critic(T(x)) in training, T drawn afresh for each sample (random stream `augment`); critic(x) in evaluation.

    A pass whose variables hold `with_probability` applies each kind to each sample with that probability alone. Of a critic that
    `maps_samples` what is `seen` is augmented, before it is mapped, and not what the critic is called on.
    """

    kinds: tuple[str, ...]

    def __call__(self, samples: Samples, labels: Labels, *, train: bool = False) -> CriticOutput:
        if not self.maps_samples:
            samples = self._augmented(samples, train)
        return self.critic(samples, labels, train=train)

    def seen(self, samples: Array) -> Array:
        """What the critic inside sees of samples, augmented where the stream `augment` is given."""
        if self.maps_samples:
            samples = self._augmented(samples, self.has_rng("augment"))
        return super().seen(samples)

    def _augmented(self, samples: Samples, train: bool) -> Samples:
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
                samples = self._augmented_by(kind, key, samples)
        return samples

    def _augmented_by(self, kind: str, key: Key[Array, ""], samples: Images) -> Images:
        if not self.has_variable(ADAPTIVE, "probability"):
            return KINDS[kind](key, samples)
        of_kind, of_choice = jax.random.split(key)
        chosen = jax.random.uniform(of_choice, (len(samples),), float) < self.get_variable(ADAPTIVE, "probability")
        return _where(chosen, KINDS[kind](of_kind, samples), samples)


def _of_colours(function: Callable[[Images], Images], images: Images) -> Images:
    """A function of the colours alone, alpha as it was."""
    if images.shape[-1] in WITH_ALPHA:
        return jnp.concatenate([function(images[..., :-1]), images[..., -1:]], axis=-1)
    return function(images)


def _turn(angles: Float[Array, " batch"]) -> Float[Array, "batch 2 2"]:
    """Turns of the plane."""
    cos, sin = jnp.cos(angles), jnp.sin(angles)
    return jnp.stack([jnp.stack([cos, -sin], -1), jnp.stack([sin, cos], -1)], -2)


def _where(chosen: Bool[Array, " batch"], images: Images, otherwise: Images) -> Images:
    """Image by image, one of two."""
    return jnp.where(chosen[:, None, None, None], images, otherwise)  # (B,) -> (B, 1, 1, 1)


def _stretched(images: Images, factor: Float[Array, "batch 1 1 1"], axes: tuple[int, ...]) -> Images:
    """The distances from the mean over `axes`, times a factor."""
    mean = images.mean(axes, keepdims=True)
    return (images - mean) * factor + mean
