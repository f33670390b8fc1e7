"""A folder of pictures, its subfolders being classes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jaxgan.data.arrays import Labels
from jaxgan.data.dataset import Dataset, Request
from jaxgan.data.label_files import labels_of_pictures
from jaxgan.data.listing import list_folder
from jaxgan.data.pictures import open_picture, read_picture, square
from jaxgan.errors import UserError


def load_folder(request: Request) -> Dataset:
    """`folder:PATH`: pictures; subfolders are the classes, as `listing.list_folder` says; without them there are no labels, but those of
    a file (`label_files`).

    Pictures become square by a centre crop, `image_size` pixels a side, or as many as the first has on its shorter
    side. They are grey (one channel) if every one of them is, else colour; where they stay on disk, the first one decides.
    The data set's `notes` say what was left out.

    Raises:
        NoSplitError: the folder has no such split.
        UserError: what `list_folder` refuses, or an unreadable picture.
    """
    request.takes("image_size", "split", "label_file", "label_kind")
    names, groups, notes = list_folder(Path(request.source).expanduser(), request.split, request.name)
    paths = [path for group in groups for path in group]
    numbers = np.repeat(np.arange(len(groups), dtype=np.int32), [len(group) for group in groups])
    found = labels_of_pictures(request, paths, Labels(numbers, len(names), names))
    labels, names, notes = found.numbers, found.class_names, notes + found.notes
    first = read_picture(paths[0], str(paths[0]))
    size = request.image_size or min(first.size)
    if request.too_many(len(paths), size, 3):
        channels = 1 if is_grey(square(first, size)) else 3
        records = FolderPictures(paths, labels, size, channels, found.numbers is not numbers)
        return Dataset(
            request.name, (size, size, channels), found.n_classes, None, None, names, records=records, notes=notes, label_vectors=found.vectors
        )  # fmt: skip
    samples, sizes, several = np.empty((len(paths), size, size, 3), np.uint8), set(), 0
    for row, path in enumerate(paths):
        picture, frames = open_picture(path, str(path))
        samples[row] = square(picture, size)
        sizes.add(picture.size)
        several += frames > 1
    if is_grey(samples):
        samples = np.ascontiguousarray(samples[..., :1])  # (N, S, S, 3) -> (N, S, S, 1)
    notes += (*_of_sizes(sizes, size, request.image_size is None), *_of_frames(several))
    labelled = found.n_classes or found.vectors
    return Dataset(
        request.name, samples.shape[1:], found.n_classes, samples, labels if labelled else None, names, notes=notes, label_vectors=found.vectors
    )  # fmt: skip


def _of_sizes(sizes: set[tuple[int, int]], size: int, by_the_first: bool) -> tuple[str, ...]:
    """A note where pictures were cropped or resized."""
    if sizes == {(size, size)}:
        return ()
    width, height = min(sizes, key=np.prod)
    widest, highest = max(sizes, key=np.prod)
    span = f"{width}x{height}" if len(sizes) == 1 else f"{len(sizes):,} sizes, {width}x{height} to {widest}x{highest}"
    why = ", as the first one's shorter side is (--image-size says another)" if by_the_first else ""
    return (f"pictures of {span}: the middle square of each is brought to {size}x{size}{why}",)


def _of_frames(several: int) -> tuple[str, ...]:
    return (f"{several:,} of the files hold several pictures: the first of each is taken",) if several else ()


@dataclass(frozen=True, eq=False)
class FolderPictures:
    """The pictures of a folder, read as they are asked for."""

    paths: Sequence[Path]
    labels: np.ndarray
    size: int
    channels: int
    of_label_file: bool = False  # whether a file says the labels, and not the pictures' folders

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, row: int) -> tuple[np.ndarray, Any]:
        path = self.paths[row]
        image = square(read_picture(path, str(path)), self.size)
        if self.channels == 1 and not is_grey(image):
            raise UserError(
                f"{path}: in colour, and the first picture of its set is grey: pictures read from disk must be alike"
            )
        return image[..., : self.channels], self.labels[row]


def is_grey(pixels: np.ndarray) -> bool:
    """Whether red, green and blue (the last axis) are alike everywhere."""
    return bool((pixels == pixels[..., :1]).all())
