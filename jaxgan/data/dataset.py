"""What every loader hands over, what it is asked with, and the checks that all of them make."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from jaxgan.data.distributions import Distribution
from jaxgan.errors import UserError


@runtime_checkable
class Records(Protocol):
    """Pictures on disk, read one by one; several threads ask at once."""

    def __len__(self) -> int: ...

    def __getitem__(self, row: int) -> tuple[np.ndarray, int]:
        """The picture, uint8 (H, W, C), and its label, 0 where there are none. Raises UserError where it cannot be read."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Real samples in the host's memory or, too many for it, on disk, or a distribution that is drawn from afresh on the device.

    Images stay uint8; whoever feeds them to a network scales them to [-1, 1] on the device (x / 127.5 - 1). Points
    are in model coordinates already, which `distribution.to_units` undoes.
    """

    name: str
    sample_shape: tuple[int, ...]  # (H, W, C), or (2,)
    n_classes: int  # 0 where there are no labels
    samples: np.ndarray | None  # uint8 (N, H, W, C), or float32 (N, 2); None where points are drawn afresh or pictures streamed
    labels: np.ndarray | None  # int32 (N,) in [0, n_classes)
    class_names: tuple[str, ...] = ()  # n_classes of them, or none
    distribution: Distribution | None = None  # the law that points come from, where it is known
    records: Records | None = None  # the pictures, where they stay on disk
    stack_of: str | None = None  # the set of whose pictures each channel shows one

    @property
    def size(self) -> int | None:
        """The number of samples; None where there is no end of them."""
        held = self.samples if self.records is None else self.records
        return None if held is None else len(held)

    @property
    def is_points(self) -> bool:
        """Whether the samples are points of the plane, and not images."""
        return len(self.sample_shape) == 1


class Request(NamedTuple):
    """What the caller asked of `jaxgan.data.load`."""

    name: str  # as it was typed
    source: str  # what stands behind the prefix; the name where there is none
    data_dir: Path
    split: str = "train"
    points: int | None = None
    image_size: int | None = None
    memory: int | None = None  # bytes that pictures may take before they are left on disk; no limit where None

    def too_many(self, n: int, size: int, channels: int) -> bool:
        """Whether n square pictures of `size` pixels a side outgrow the memory that they may take."""
        return self.memory is not None and n * size * size * channels > self.memory

    def takes(self, *options: str) -> None:
        """Refuses what was asked for and is not among `options`, for it would have no effect.

        Raises:
            UserError: one line that names the option.
        """
        if self.points is not None and "points" not in options:
            raise UserError(
                f"points={self.points} means a fixed sample of a 2-D distribution (ring8, mixture8, ...): "
                f"data set '{self.name}' has samples of its own"
            )
        if self.image_size is not None and "image_size" not in options:
            raise UserError(f"image_size={self.image_size} is for images: data set '{self.name}' holds points")
        if self.split != "train" and "split" not in options:
            raise UserError(f"data set '{self.name}' has no split '{self.split}': it has 'train' alone")

    def split_among(self, *allowed: str) -> str:
        """The split asked for, or a UserError that names those there are."""
        if self.split not in allowed:
            raise UserError(f"data set '{self.name}' has no split '{self.split}': allowed are {', '.join(allowed)}")
        return self.split


def checked_labels(labels: np.ndarray, n_samples: int, source: str, n_classes: int | None = None) -> np.ndarray:
    """The labels as int32 (n_samples,), if they are class numbers that match the samples.

    Raises:
        UserError: they are not whole numbers, not one a sample, negative, or not below `n_classes`.
    """
    if labels.dtype.kind not in "iu":
        raise UserError(f"{source}: labels are {labels.dtype}, expected integers")
    if labels.shape != (n_samples,):
        raise UserError(
            f"{source}: labels have shape {labels.shape}, expected ({n_samples},), one for each of {n_samples} samples"
        )
    if n_samples and labels.min() < 0:
        raise UserError(f"{source}: labels hold {labels.min()}, expected class numbers from 0")
    limit = n_classes if n_classes is not None else np.iinfo(np.int32).max
    if n_samples and labels.max() >= limit:
        raise UserError(f"{source}: labels hold {labels.max()}, expected class numbers below {limit}")
    return labels.astype(np.int32)
