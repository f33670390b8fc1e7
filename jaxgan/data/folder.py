"""A folder of pictures, its subfolders being classes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxgan.data.arrays import Labels
from jaxgan.data.dataset import OF_FILES, Dataset, Request
from jaxgan.data.fitting import Form, formed
from jaxgan.data.label_files import labels_of_pictures
from jaxgan.data.listing import list_folder
from jaxgan.data.picture_sets import read_set, with_hint
from jaxgan.data.pictures import Facts, open_picture, picture_facts, read_picture
from jaxgan.errors import UserError

if TYPE_CHECKING:
    from PIL.Image import Image


def load_folder(request: Request) -> Dataset:
    """`folder:PATH`: pictures; subfolders are the classes, as `listing.list_folder` says; without them there are no labels, but those of
    a file (`label_files`).

    Pictures come in one form, as `picture_sets.read_set` says, in memory or, where they would fill it, as records on disk.
    The data set's `notes` say what was cut, drawn over a colour and left out.

    Raises:
        NoSplitError: the folder has no such split.
        UserError: what `list_folder` refuses, or an unreadable picture.
    """
    request.takes("split", "label_file", "label_kind", "label_column", *OF_FILES)
    files, classes, notes = stored_files(request)
    labels = labels_of_pictures(request, files.paths, Labels(files.labels, len(classes), classes))
    found = read_set(files, request)
    labels = labels._replace(numbers=labels.numbers[found.rows])
    known: Any = {"notes": (*found.notes, *notes, *labels.notes), "label_vectors": labels.vectors}
    names = labels.class_names
    if found.samples is None:
        paths = [files.paths[row] for row in found.rows]
        records = FolderPictures(paths, labels.numbers, found.form, bool(labels.vectors) or names != classes)
        return Dataset(request.name, found.shape, labels.n_classes, None, None, names, records=records, **known)
    numbers = labels.numbers if labels.n_classes or labels.vectors else None
    return Dataset(request.name, found.shape, labels.n_classes, found.samples, numbers, names, **known)


def stored_files(request: Request) -> tuple["Files", tuple[str, ...], tuple[str, ...]]:
    """The pictures of the folder's split, the names of their classes, and notes."""
    names, groups, notes = list_folder(Path(request.source).expanduser(), request.split, request.name)
    labels = np.repeat(np.arange(len(groups), dtype=np.int32), [len(group) for group in groups])
    return Files([path for group in groups for path in group], labels), names, notes


@dataclass(frozen=True, eq=False)
class Files:
    """Picture files and their class numbers (`picture_sets.Stored`)."""

    paths: Sequence[Path]
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.paths)

    def name(self, row: int) -> str:
        return str(self.paths[row])

    def facts(self, row: int) -> Facts:
        return picture_facts(self.paths[row], self.name(row))

    def opened(self, row: int) -> tuple["Image", int]:
        return open_picture(self.paths[row], self.name(row))

    def label(self, row: int) -> int:
        return int(self.labels[row])


@dataclass(frozen=True, eq=False)
class FolderPictures:
    """The pictures of a folder, read as they are asked for."""

    paths: Sequence[Path]
    labels: np.ndarray
    form: Form
    of_label_file: bool = False  # whether a file says the labels, and not the pictures' folders

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, row: int) -> tuple[np.ndarray, Any]:
        path = self.paths[row]
        try:
            return formed(read_picture(path, str(path)), self.form), self.labels[row]
        except UserError as error:
            raise with_hint(error) from None
