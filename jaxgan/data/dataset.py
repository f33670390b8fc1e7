"""What every loader returns and takes, and the checks that all of them make."""

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxgan.checks import Range, number
from jaxgan.data.distributions import Distribution
from jaxgan.data.kinds import kind_of
from jaxgan.data.scaling import Scaling
from jaxgan.errors import NoSplitError, UserError
from jaxgan.labels import LabelVectors, class_shares
from jaxgan.picture_options import Size, in_words
from jaxgan.types import Records

Sampler = Callable[
    [Any, int], tuple[Any, Any]
]  # (key, n) -> samples (n, *sample_shape), labels (n,): plain JAX, for `jit` and `vmap`


@dataclass(frozen=True, eq=False)
class Dataset:
    """Real samples in the host's memory or, too many for it, on disk; or a sampler that draws them afresh on the device.

    Bytes (uint8) stay bytes; whoever feeds them to a network scales them to [-1, 1] on the device (`jaxgan.pixels`). Floats are
    in model coordinates already, which `scaling.to_units`, and for points `distribution.to_units`, undoes. Exactly one of `samples`, `records` and
    `sampler` is there, or none, where a data set is described without its samples.
    """

    name: str
    sample_shape: tuple[int, ...]  # (H, W, C) of images, (2,) of points, or any other
    n_classes: int  # 0 where there are no labels
    samples: np.ndarray | None  # uint8 or float32 (N, *sample_shape); None where they are drawn afresh or streamed
    labels: (
        np.ndarray | None
    )  # int32 (N,) in [0, n_classes); or float32 (N, K) as the networks see them, where there are `label_vectors`
    class_names: tuple[str, ...] = ()  # n_classes of them, or none
    distribution: Distribution | None = None  # that points come from, where it is known
    records: Records | None = None  # the pictures, where they stay on disk
    stack_of: str | None = None  # the set of whose pictures each channel shows one
    sampler: Sampler | None = None  # where samples are drawn afresh
    notes: tuple[str, ...] = ()  # what a reader of the files took them for, and what it left out: a line each
    scaling: Scaling | None = None  # of vectors, series and volumes that have units of their own
    label_vectors: LabelVectors | None = None  # names, units and statistics of labels that are vectors, and no classes
    class_balance: float = 0.0  # how far training evens out the shares of the classes: see `balanced`

    @property
    def size(self) -> int | None:
        """The number of samples; None where there is no end of them."""
        stored = self.samples if self.records is None else self.records
        return None if stored is None else len(stored)

    @property
    def is_images(self) -> bool:
        """Whether a sample has three axes: height, width and channels."""
        return len(self.sample_shape) == 3

    @property
    def is_vectors(self) -> bool:
        """Whether a sample has one axis: a point of the plane, or a vector of any other length."""
        return len(self.sample_shape) == 1

    @property
    def is_series(self) -> bool:
        """Whether a sample has two axes: time and channels."""
        return len(self.sample_shape) == 2

    @property
    def is_volumes(self) -> bool:
        """Whether a sample has four axes: depth, height, width and channels."""
        return len(self.sample_shape) == 4

    @property
    def kind(self) -> str:
        """ "vectors", "series", "images" or "volumes", by the axes of a sample; "other" of any other."""
        return kind_of(self.sample_shape)

    @property
    def is_points(self) -> bool:
        """Whether the samples are points of the plane."""
        return self.sample_shape == (2,)

    def rescaled(self, scaling: Scaling | None) -> "Dataset":
        """The data set with another scaling: that of a run that was trained on other samples. One without units, and none, stay as they are.

        Raises:
            UserError: the scaling is of other features.
        """
        if scaling is None or self.scaling in (None, scaling) or self.samples is None:
            return self
        assert self.scaling is not None
        if len(scaling.offset) != self.sample_shape[-1]:
            raise UserError(f"{self.name}: samples of {self.sample_shape[-1]} features, expected {len(scaling.offset)}")
        return dataclasses.replace(self, samples=scaling.to_model(self.scaling.to_units(self.samples)), scaling=scaling)

    @property
    def label_kind(self) -> str:
        """ "classes", "multi_hot" (several labels at once, 0 or 1 each) or "continuous" (numbers)."""
        return "classes" if self.label_vectors is None else self.label_vectors.kind

    @property
    def class_numbers(self) -> np.ndarray | None:
        """The class of every sample; None where there are no classes, where samples are drawn afresh, and where records say it only one by one."""
        if not self.n_classes:
            return None
        numbers: np.ndarray | None = self.labels if self.records is None else getattr(self.records, "labels", None)
        return numbers

    @property
    def label_dim(self) -> int:
        """The entries of a label that is a vector; 0 where labels are classes, or there are none."""
        return 0 if self.label_vectors is None else self.label_vectors.dim

    @property
    def label_names(self) -> tuple[str, ...]:
        """The names of the entries of a label that is a vector."""
        return () if self.label_vectors is None else self.label_vectors.names

    def select(self, rows: np.ndarray) -> "Dataset":
        """The data set of these samples alone, in this order; for one whose samples lie in memory."""
        assert self.samples is not None
        labels = None if self.labels is None else self.labels[rows]
        return dataclasses.replace(self, samples=self.samples[rows], labels=labels)

    def balanced(self, balance: float) -> "Dataset":
        """The data set whose classes training sees in shares that go by n^(1 - balance), n their numbers of samples.

        Each sample of a batch is then drawn by itself: its class by these shares, then one of that class, all alike. Metrics take the data as they
        are.

        Args:
            balance: 0: shares as they are, in shuffled passes over all samples; 1: all classes equally often.

        Raises:
            UserError: a balance that is not from 0 to 1; samples that are not in classes, or whose classes are known only once they are read.
        """
        balance = number("class_balance", balance, Range(at_least=0, at_most=1))
        described = self.samples is None and self.records is None and self.sampler is None  # of a run that is sampled from
        if not balance or described:
            return dataclasses.replace(self, class_balance=balance)
        if not self.n_classes:
            raise UserError(f"class_balance={balance}: the samples of {self.name} are in no classes")
        if self.sampler is not None:
            raise UserError(
                f"class_balance={balance}: {self.name} is drawn afresh, and has no samples of a class to choose from"
            )
        classes = self.class_numbers
        if classes is None:
            raise UserError(
                f"class_balance={balance}: the classes of {self.name} are known only once its pictures are read; --stream never holds them in memory"
            )
        sizes = np.bincount(classes, minlength=self.n_classes)
        there = sizes > 0
        ends = [(shares.min(), shares.max()) for shares in (100 * class_shares(sizes, some)[there] for some in (balance, 0))]
        after, before = (
            f"{low:.2g} to {high:.2g} %" if f"{low:.2g}" != f"{high:.2g}" else f"{low:.2g} %" for low, high in ends
        )
        note = f"classes are seen evened out (class_balance {balance:g}): {after} of the samples each, where they have {before}"
        return dataclasses.replace(self, class_balance=balance, notes=(*self.notes, note))


OF_FILES = ("image_size", "resize", "channels", "background", "skip_unreadable")  # the options of a set of picture files
OF_ARRAYS = ("image_size", "resize", "channels", "background", "pixel_range")  # and of one of arrays of pictures
OF_PICTURES = {
    "resize": "pictures",
    "channels": "pictures of one's own",
    "background": "pictures",
    "pixel_range": "arrays of pictures",
    "skip_unreadable": "picture files",
    "kind": "arrays of numbers (csv:PATH, or `samples` of npz:PATH)",
    "scaling": "vectors, series and volumes (csv:PATH, or `samples` of npz:PATH)",
    "label_column": "csv:PATH and the files of labels of folder:PATH",
}  # and for whom they are, as a message says


class Request(NamedTuple):
    """The arguments of `jaxgan.data.load`, as a loader gets them."""

    name: str  # as it was typed
    source: str  # what stands behind the prefix; the name where there is none
    data_dir: Path
    split: str = "train"
    points: int | None = None
    image_size: Size | None = None  # height and width
    memory: int | None = None  # bytes that pictures may take before they are left on disk; no limit where None
    resize: str = "crop"  # what becomes of pictures of another shape: crop, pad or squeeze
    channels: int | None = None  # 1, 3 or 4; found where None
    background: str | None = None  # the colour behind what is transparent, and around what is padded; white where None
    pixel_range: tuple[float, float] | None = None  # the numbers of black and white in arrays; found where None
    skip_unreadable: bool = False  # files that cannot be read are left out
    kind: str = "auto"  # what a sample is, where its shape leaves it open: `jaxgan.data.kinds.KINDS`
    scaling: str | None = None  # of numbers with units: standard, minmax or none; standard where None
    label_column: str | None = None  # of a table, or of a file of labels, by its name or its number from 1
    label_file: Path | None = None  # the labels of a folder's pictures
    label_kind: str = "auto"  # what labels are where that is open: "classes", "multi_hot" or "continuous"
    largest: int | None = None  # pixels of the longer side that pictures are brought down to where no size is asked for

    def too_many(self, n: int, shape: tuple[int, ...]) -> bool:
        """Whether n pictures of this shape outgrow the memory that they may take."""
        return self.memory is not None and n * math.prod(shape) > self.memory

    def takes(self, *options: str) -> None:
        """Refuses an option that is set and not among `options`, for it would have no effect.

        Raises:
            NoSplitError: the split is another than "train", and the data set has no other.
            UserError: one line that names the option.
        """
        if self.points is not None and "points" not in options:
            raise UserError(
                f"points={self.points} means a fixed sample of a 2-D distribution (ring8, mixture8, ...): "
                f"data set '{self.name}' has samples of its own"
            )
        if self.image_size is not None and "image_size" not in options:
            size = self.image_size[0] if self.image_size[0] == self.image_size[1] else in_words(self.image_size)
            raise UserError(f"image_size={size} is for pictures, and has no meaning for data set '{self.name}'")
        if self.label_file is not None and "label_file" not in options:
            raise UserError(f"label_file={self.label_file} is for pictures of folder:PATH: data set '{self.name}' is none")
        if self.label_kind != "auto" and "label_kind" not in options:
            raise UserError(
                f"label_kind={self.label_kind} is for labels of folder:PATH, npz:PATH and your own: those of '{self.name}' are known"
            )
        for option, whom in OF_PICTURES.items():
            value = getattr(self, option)
            if value != self._field_defaults[option] and option not in options:
                raise UserError(f"{option}={value} is for {whom}, and has no meaning for data set '{self.name}'")
        if self.split != "train" and "split" not in options:
            raise NoSplitError(f"data set '{self.name}' has no split '{self.split}': it has 'train' alone")

    def split_among(self, *allowed: str) -> str:
        """The split, if it is one of `allowed`; else raises NoSplitError, which names them."""
        if self.split not in allowed:
            raise NoSplitError(f"data set '{self.name}' has no split '{self.split}': allowed are {', '.join(allowed)}")
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
