"""What arrays of pictures, points and labels plainly mean: one place for archives and for arrays of the user's own.

Where one reading is plainly meant it is taken, and a note of one line says so; where there are two, a `UserError` says what to give.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxgan.errors import UserError, printable
from jaxgan.labels import LabelVectors
from jaxgan.pixels import to_bytes

ROUNDING = 1e-3  # how far floats may leave the range they are given in
CHANNELS = (1, 3)  # which plainly are channels
FEW = 4  # that an axis of channels may have, whatever the size of a picture
MIDDLE = 127  # levels from 0 that do not pass it may be counts, or pictures in the dark
DEEP_MIDDLE = 65535 // 2  # likewise of levels to 65,535
OTHER_RANGE = "--range=BLACK,WHITE names another range (pixel_range=(BLACK, WHITE))"
LAST, FIRST, AT_THE_END = "(N, H, W, C)", "(N, C, H, W)", "(H, W, C, N)"  # orders of axes; the last with the number at the end


class Read(NamedTuple):
    """An array as the rest of jaxgan has it, and what was done to it, a line each."""

    values: np.ndarray
    notes: tuple[str, ...] = ()


class Labels(NamedTuple):
    """Class numbers from 0 and what they are called."""

    numbers: np.ndarray  # int32 (N,) in [0, n_classes); or label vectors
    n_classes: int
    class_names: tuple[str, ...] = ()  # n_classes of them, or none
    notes: tuple[str, ...] = ()
    vectors: LabelVectors | None = None  # of labels that are vectors: `numbers` are float32 (N, K) then, and n_classes is 0


# Pictures


def read_pictures(images: np.ndarray, source: str, pixel_range: tuple[float, float] | None = None) -> Read:
    """Pictures of any usual type, range and order of axes, as uint8 (N, H, W, C) with any number of channels C.

    Args:
        images: the pictures.
        source: what messages begin with.
        pixel_range: the numbers of black and white (a, b): x becomes 255 (x - a) / (b - a). Found where None.

    Raises:
        UserError: another shape, type or range, or one that could mean two things.
    """
    ordered = channels_last(images, source)
    if pixel_range is not None:
        levels = stretched(ordered.values, source, pixel_range)
    else:
        levels = read_levels(ordered.values, source)
    return Read(levels.values, ordered.notes + levels.notes)


def channels_last(images: np.ndarray, source: str) -> Read:
    """(N, H, W), (N, H, W, C), (N, C, H, W) or (H, W, C, N) as (N, H, W, C).

    A last axis of 1 or 3 is that of the channels. Of other shapes the second or the last axis is, where only one of them is short:
    up to 4, or less than both sides of a picture.

    Raises:
        UserError: no picture, or a shape that could mean two things.
    """
    expected = "expected (N, H, W) or (N, H, W, C)"
    if not images.size or images.ndim not in (3, 4):
        raise UserError(f"{source} have shape {images.shape}, {expected}")
    if images.ndim == 3:
        if images.shape[-1] in CHANNELS:
            raise UserError(
                f"{source} have shape {images.shape}, which is one picture or {images.shape[0]} of {images.shape[1]}x{images.shape[2]}: {expected}"
            )
        return Read(images[..., None])  # (N, H, W) -> (N, H, W, 1)
    orders = readings(images.shape)
    if len(orders) > 1:
        raise UserError(
            f"{source} have shape {images.shape}, which may be (N, H, W, C) or (N, C, H, W), and cannot be told: give (N, H, W, C) with"
            " 1 or 3 channels, or pictures larger than they have channels"
        )
    if not orders:
        raise UserError(f"{source} have shape {images.shape}, of which no axis is plainly that of the channels: {expected}")
    [order] = orders
    if order == LAST:
        return Read(images)
    moved = {FIRST: (1, -1), AT_THE_END: (-1, 0)}[order]
    ordered = np.ascontiguousarray(np.moveaxis(images, *moved))
    return Read(ordered, (f"{source} of shape {images.shape} are taken for {order}: their axes are put in order",))


def readings(shape: tuple[int, ...]) -> list[str]:
    """The orders of axes that pictures of this shape, of four axes, may have."""
    _, second, third, last = shape
    if last in CHANNELS:
        return [LAST]
    found = [
        order
        for order, channels, sides in ((LAST, last, (second, third)), (FIRST, second, (third, last)))
        if channels <= FEW or channels < min(sides)
    ]
    return found or ([AT_THE_END] if third in CHANNELS else [])


def read_levels(images: np.ndarray, source: str) -> Read:
    """Pictures as levels from 0 to 255, uint8, the range found and said.

    Of bytes, truth values, whole numbers to 255 or 65,535, or floats in [-1, 1], in [0, 1] or to 255 or 65,535.
    """
    _check_numbers(images, source)
    kind, low, high = images.dtype.kind, images.min(), images.max()
    span = f"{source} are {images.dtype} from {low:g} to {high:g}" if kind != "b" else f"{source} are truth values"
    if kind == "f":
        low, high = float(low), float(high)
        if low >= -ROUNDING and high <= 1 + ROUNDING:
            return Read(to_bytes(images.astype(np.float32) * 2 - 1), (f"{span}: taken for 0 (black) to 1 (white)",))
        if low >= -1 - ROUNDING and high <= 1 + ROUNDING:
            return Read(to_bytes(images.astype(np.float32)), (f"{span}: taken for -1 (black) to 1 (white)",))
    elif low >= 0 and high <= 1:
        return black_and_white(images, source)
    elif images.dtype == np.uint8:
        return Read(images)
    if low >= -ROUNDING and MIDDLE < high <= 255.5:
        return Read(_in_bytes(images, 1), (f"{span}: taken for levels from 0 to 255",))
    if low >= -ROUNDING and DEEP_MIDDLE < high <= 65535.5:
        return Read(_in_bytes(images, 257), (f"{span}: taken for levels from 0 to 65535",))
    if kind == "f":
        raise UserError(
            f"{source} reach from {low:g} to {high:g}, expected floats in [-1, 1], in [0, 1] or from 0 to 255 or 65535, or uint8; {OTHER_RANGE}"
        )
    raise UserError(
        f"{span}, and which of them is white cannot be told: expected uint8 from 0 to 255, or floats in [-1, 1]; {OTHER_RANGE}"
    )


def stretched(images: np.ndarray, source: str, pixel_range: tuple[float, float]) -> Read:
    """Numbers x as the nearest levels to 255 (x - a) / (b - a), uint8; what lies beyond black or white is that, and said."""
    _check_numbers(images, source)
    black, white = pixel_range
    numbers: Any = images.astype(np.float32 if images.dtype.itemsize <= 2 else np.float64)
    shares = (numbers - black) / (white - black)
    outside = float(((shares < -ROUNDING) | (shares > 1 + ROUNDING)).mean())
    beyond = f", and {outside:.2%} of the numbers that lie beyond are that".replace("%", " %") if outside else ""
    note = (
        f"{source} are {images.dtype} from {images.min():g} to {images.max():g}: {black:g} is black and {white:g} white{beyond}"
    )
    return Read((shares.clip(0, 1) * 255).round().astype(np.uint8), (note,))


def _check_numbers(images: np.ndarray, source: str) -> None:
    if images.dtype.kind not in "buif":
        raise UserError(f"{source} are {images.dtype}, expected uint8, or floats in [-1, 1]")
    if images.dtype.kind == "f" and not np.isfinite(images).all():
        raise UserError(f"{source} hold numbers that are not finite, expected floats in [-1, 1]")


def _in_bytes(images: np.ndarray, levels_a_level: int) -> np.ndarray:
    """Levels as the nearest of 0 to 255."""
    if images.dtype.kind != "f":
        return ((images.astype(np.int64) + levels_a_level // 2) // levels_a_level).astype(np.uint8)
    return (images / levels_a_level).round().clip(0, 255).astype(np.uint8)


def black_and_white(samples: np.ndarray, source: str) -> Read:
    """Truth values, or whole numbers of which none is above 1, as bytes 0 and 255."""
    if samples.dtype == np.uint8 and not samples.max():
        return Read(samples)  # all black, whichever it is
    return Read(
        samples.astype(np.uint8) * np.uint8(255), (f"{source} hold 0 and 1 alone: taken for black and white, 0 and 255",)
    )


# Samples of any shape


def read_samples(samples: np.ndarray, source: str) -> Read:
    """Samples of any shape, as uint8 or float32 (N, ...).

    Bytes and whole numbers of three or four axes are pictures. Floats keep their numbers, whatever their range is: they are in the
    coordinates that the generator draws.

    Raises:
        UserError: no numbers, numbers that are not finite, too few axes, or whole numbers that could mean two things.
    """
    if samples.ndim < 2:
        raise UserError(f"{source}: samples have shape {samples.shape}, expected (N, ...): single numbers as (N, 1)")
    if not samples.size:
        raise UserError(f"{source}: samples have shape {samples.shape}, which holds none")
    if samples.dtype.kind in "bui" and looks_like_pictures(samples):
        return read_pictures(samples, f"{source}: samples")
    if samples.dtype == np.uint8:
        if samples.max() == 1:
            return black_and_white(samples, f"{source}: samples")
        return Read(samples[..., None] if samples.ndim == 3 else samples)  # (N, H, W) -> (N, H, W, 1)
    check_dtype(samples.dtype, source)
    with np.errstate(over="ignore"):  # what outgrows float32 becomes infinite, and is refused
        samples = samples.astype(np.float32)
    finite = np.isfinite(samples)
    if not finite.all():
        raise UserError(
            f"{source}: {finite.size - np.count_nonzero(finite):,} of {finite.size:,} numbers are not finite in float32"
        )
    notes: tuple[str, ...] = ()
    if samples.ndim == 4 and samples.shape[1] in (*CHANNELS, FEW) and readings(samples.shape) == [FIRST]:
        samples, notes = channels_last(samples, f"{source}: samples")
    return Read(samples, notes + range_of_floats(samples, source) + two_rows(samples, source))


def looks_like_pictures(samples: np.ndarray) -> bool:
    """Whether bytes or whole numbers of this shape are pictures: (N, H, W), or four axes of which one can be that of the channels."""
    if samples.ndim != 4:
        return samples.ndim == 3
    return len(readings(samples.shape)) == 1 or bool(set(samples.shape[1:]) & set(CHANNELS))


def check_dtype(dtype: Any, source: str) -> None:
    """Refuses samples that are neither bytes nor floats."""
    import jax.numpy as jnp

    if dtype != np.uint8 and not jnp.issubdtype(dtype, jnp.floating):
        raise UserError(
            f"{source}: samples are {dtype}, and whether those are levels of grey or coordinates cannot be told: expected uint8,"
            " or floats in the coordinates that the generator is to draw (images in [-1, 1])"
        )


def range_of_floats(samples: np.ndarray, source: str) -> tuple[str, ...]:
    """A note of the range of pictures in floats, which they keep: a generator of one's own may draw just that."""
    if samples.ndim != 4 or samples.shape[-1] not in (*CHANNELS, FEW):
        return ()
    low, high = float(samples.min()), float(samples.max())
    if low >= 0 and 0 < high <= 1:
        return (
            f"{source}: samples lie in [0, 1] and stay as they are; jaxgan's generators draw [-1, 1], where -1 is black: for them give"
            " 2 x - 1, or uint8",
        )
    if low >= -1 and high <= 1:
        return (f"{source}: samples from {low:g} to {high:g} are taken for pictures in [-1, 1], where -1 is black",)
    return (
        f"{source}: samples from {low:g} to {high:g} stay as they are; as pictures they are drawn from -1, black, to 1, white",
    )


def two_rows(samples: np.ndarray, source: str) -> tuple[str, ...]:
    """A note where samples may be points of the plane with their axes the other way round."""
    if samples.ndim != 2 or samples.shape[0] != 2 or samples.shape[1] < 3:
        return ()
    return (f"{source}: 2 samples of {samples.shape[1]} numbers; if those are points of the plane, give them as (N, 2)",)


# Points


def read_points(points: np.ndarray, source: str) -> Read:
    """Points (N, 2) or (2, N) as float32 (N, 2)."""
    notes: tuple[str, ...] = ()
    if points.ndim == 2 and points.shape[0] == 2 and points.shape[1] > 2:
        notes = (f"{source} of shape {points.shape} are taken for (2, N): their axes are put in order",)
        points = np.ascontiguousarray(points.T)
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise UserError(f"{source} have shape {points.shape}, expected (N, 2)")
    if points.dtype.kind not in "fiu":
        raise UserError(f"{source} are {points.dtype}, expected floats")
    with np.errstate(over="ignore"):  # what outgrows float32 becomes infinite, and is refused
        points = points.astype(np.float32)
    if not np.isfinite(points).all():
        raise UserError(f"{source} hold numbers that are not finite")
    return Read(points, notes)


# Labels


def read_labels(
    labels: np.ndarray,
    n_samples: int,
    source: str,
    *,
    n_classes: int | None = None,
    class_names: Sequence[str] = (),
    known: Sequence[str] = (),
    keep_below: int = 0,
) -> Labels:
    """Labels of any usual form as class numbers from 0: whole numbers (N,) or (N, 1), rows of one 1 (N, K), or words.

    Numbers with gaps, or from 1, are renumbered in their order, and the classes are called by what they were; so are words. Where
    `n_classes` or as many `class_names` say that there are gaps, the numbers stay.

    Args:
        labels: one for each of `n_samples`.
        n_samples: how many.
        source: what messages begin with.
        n_classes: the number of classes, where it is known.
        class_names: their names, or none.
        keep_below: numbers that are all below it stay as they are, gaps and all: a GAN's own number of classes.
        known: the classes of the training split by what they were called there, where this is another split of it.

    Raises:
        UserError: another shape or type, negative numbers, or numbers that are not below `n_classes`.
    """
    labels, notes = _one_a_sample(labels, n_samples, source)
    values, numbers = np.unique(labels, return_inverse=True)
    numbers = numbers.reshape(-1).astype(np.int32)
    names = tuple(str(value) for value in values)
    if known:
        strange = [name for name in names if name not in known]
        if strange:
            raise UserError(
                f"{source}: labels hold {strange[0]}, expected one of {', '.join(known[:20])}, as in the training split"
            )
        order = np.array([known.index(name) for name in names], np.int32)
        return Labels(order[numbers], len(known), tuple(known), notes)
    if labels.dtype.kind == "U":
        if n_classes not in (None, len(names)):
            raise UserError(f"{source}: labels are {len(names)} words, and n_classes={n_classes}")
        return Labels(numbers, len(names), tuple(class_names) or names, notes)
    if values[0] < 0:
        raise UserError(f"{source}: labels hold {values[0]}, expected class numbers from 0")
    largest = int(values[-1])
    if n_classes is not None:
        if largest >= n_classes:
            raise UserError(f"{source}: labels hold {largest}, expected class numbers below {n_classes}")
        return Labels(labels.astype(np.int32), n_classes, tuple(class_names), notes)
    if largest + 1 in (len(values), len(class_names)) or largest < keep_below:
        return Labels(labels.astype(np.int32), largest + 1, tuple(class_names), notes)
    note = f"{source}: labels {shortened(names)} make {len(names)} classes, numbered from 0 and called by these numbers"
    return Labels(numbers, len(names), tuple(class_names) or names, (*notes, note))


def _one_a_sample(labels: np.ndarray, n_samples: int, source: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """The labels as whole numbers or words (N,)."""
    kind = labels.dtype.kind
    if kind == "S":
        labels, kind = np.char.decode(labels, "utf-8", "replace"), "U"
    if labels.ndim == 2 and len(labels) == n_samples and labels.shape[1] > 1 and _rows_of_one(labels):
        return labels.argmax(1), (f"{source}: labels of shape {labels.shape} are rows of one 1: its place is the class",)
    if labels.shape not in ((n_samples,), (n_samples, 1)) or not n_samples:
        raise UserError(
            f"{source}: labels have shape {labels.shape}, expected ({n_samples},), one for each of {n_samples} samples"
        )
    labels = labels.reshape(-1)
    if kind == "f" and np.isfinite(labels).all() and (labels == labels.round()).all() and np.abs(labels).max() < 2**53:
        labels, kind = labels.astype(np.int64), "i"
    if kind == "b":
        labels, kind = labels.astype(np.int64), "i"
    if kind not in "iuU":
        raise UserError(f"{source}: labels are {labels.dtype}, expected integers")
    return labels, ()


def _rows_of_one(labels: np.ndarray) -> bool:
    """Whether each row holds one 1, and zeros."""
    return labels.dtype.kind in "buif" and bool(np.isin(labels, (0, 1)).all() and (labels.sum(1) == 1).all())


def shortened(names: Sequence[str], most: int = 10) -> str:
    """The names in one line, the first of them where there are many."""
    shown = ", ".join(printable(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} ... ({len(names):,} in all)"
