"""A folder of pictures, its subfolders being classes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jaxgan.data.dataset import Dataset, Request
from jaxgan.data.pictures import read_picture, square
from jaxgan.errors import UserError

SUFFIXES = (".png", ".jpg", ".jpeg")


def load_folder(request: Request) -> Dataset:
    """`folder:PATH`: PNG and JPEG; subfolders, sorted by name, are the classes; without them there are no labels.

    Pictures become square by a centre crop, `image_size` pixels a side, or as many as the first has on its shorter
    side. They are grey (one channel) if every one of them is, else colour; where they stay on disk, the first one decides.
    What starts with a dot is left out.

    Raises:
        UserError: no such folder, a folder or class without pictures, pictures beside classes, an unreadable picture.
    """
    request.takes("image_size")
    folder = Path(request.source).expanduser()
    if not folder.is_dir():
        raise UserError(f"{folder}: {'not a folder' if folder.exists() else 'no such folder'}, expected one of PNG or JPEG")
    classes = sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    loose = pictures_in(folder, "*")
    if classes and loose:
        raise UserError(f"{folder}: holds both subfolders (classes) and pictures ({loose[0].name}), expected one or the other")
    groups = [pictures_in(entry, "**/*") for entry in classes] if classes else [loose]
    for entry, group in zip(classes or [folder], groups, strict=True):
        if not group:
            raise UserError(f"{entry}: holds no pictures, expected files that end in {', '.join(SUFFIXES)}")
    paths = [path for group in groups for path in group]
    labels = np.repeat(np.arange(len(groups), dtype=np.int32), [len(group) for group in groups])
    names, n_classes = tuple(entry.name for entry in classes), len(classes)
    first = read_picture(paths[0], str(paths[0]))
    size = request.image_size or min(first.size)
    if request.too_many(len(paths), size, 3):
        channels = 1 if is_grey(square(first, size)) else 3
        records = FolderPictures(paths, labels, size, channels)
        return Dataset(request.name, (size, size, channels), n_classes, None, None, names, records=records)
    samples = np.stack([square(read_picture(path, str(path)), size) for path in paths])  # (N, S, S, 3)
    if is_grey(samples):
        samples = np.ascontiguousarray(samples[..., :1])  # (N, S, S, 3) -> (N, S, S, 1)
    return Dataset(request.name, samples.shape[1:], n_classes, samples, labels if classes else None, names)


@dataclass(frozen=True, eq=False)
class FolderPictures:
    """The pictures of a folder, read as they are asked for."""

    paths: Sequence[Path]
    labels: np.ndarray
    size: int
    channels: int

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, row: int) -> tuple[np.ndarray, int]:
        path = self.paths[row]
        image = square(read_picture(path, str(path)), self.size)
        if self.channels == 1 and not is_grey(image):
            raise UserError(
                f"{path}: in colour, and the first picture of its set is grey: pictures read from disk must be alike"
            )
        return image[..., : self.channels], int(self.labels[row])


def is_grey(pixels: np.ndarray) -> bool:
    """Whether red, green and blue (the last axis) are alike everywhere."""
    return bool((pixels == pixels[..., :1]).all())


def pictures_in(folder: Path, pattern: str) -> list[Path]:
    """The pictures of a folder, sorted, so that every machine reads them in one order."""
    return sorted(
        path
        for path in folder.glob(pattern)
        if path.suffix.lower() in SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
