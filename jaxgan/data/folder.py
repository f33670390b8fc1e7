"""A folder of pictures, its subfolders being classes."""

from pathlib import Path

import numpy as np

from jaxgan.data.dataset import Dataset, Request
from jaxgan.data.pictures import read_picture, square
from jaxgan.errors import UserError

SUFFIXES = (".png", ".jpg", ".jpeg")


def load_folder(request: Request) -> Dataset:
    """`folder:PATH`: PNG and JPEG; subfolders, sorted by name, are the classes; without them there are no labels.

    Pictures become square by a centre crop, `image_size` pixels a side, or as many as the first has on its shorter
    side. They are grey (one channel) if every one of them is, else colour. What starts with a dot is left out.

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
    images: list[np.ndarray] = []
    for path in (path for group in groups for path in group):
        picture = read_picture(path, str(path))
        images.append(square(picture, request.image_size or (len(images[0]) if images else min(picture.size))))
    samples = np.stack(images)  # (N, S, S, 3)
    if (samples == samples[..., :1]).all():  # red, green and blue alike everywhere: grey
        samples = np.ascontiguousarray(samples[..., :1])  # (N, S, S, 3) -> (N, S, S, 1)
    if not classes:
        return Dataset(request.name, samples.shape[1:], 0, samples, None)
    labels = np.repeat(np.arange(len(classes), dtype=np.int32), [len(group) for group in groups])
    return Dataset(request.name, samples.shape[1:], len(classes), samples, labels, tuple(entry.name for entry in classes))


def pictures_in(folder: Path, pattern: str) -> list[Path]:
    """The pictures of a folder, sorted, so that every machine reads them in one order."""
    return sorted(
        path
        for path in folder.glob(pattern)
        if path.suffix.lower() in SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
