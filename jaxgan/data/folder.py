"""A folder of pictures, its subfolders being classes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from jaxgan.data.dataset import OF_FILES, Dataset, Request
from jaxgan.data.fitting import Form, formed
from jaxgan.data.listing import list_folder
from jaxgan.data.picture_sets import read_set, with_hint
from jaxgan.data.pictures import Facts, open_picture, picture_facts, read_picture
from jaxgan.errors import UserError

if TYPE_CHECKING:
    from PIL.Image import Image


def load_folder(request: Request) -> Dataset:
    """`folder:PATH`: pictures; subfolders are the classes, as `listing.list_folder` says; without them there are no labels.

    Pictures come in one form, as `picture_sets.read_set` says, in memory or, where they would fill it, as records on disk.
    The data set's `notes` say what was cut, drawn over a colour and left out.

    Raises:
        NoSplitError: the folder has no such split.
        UserError: what `list_folder` refuses, or an unreadable picture.
    """
    request.takes("split", *OF_FILES)
    files, names, notes = stored_files(request)
    found = read_set(files, request)
    labels, notes = files.labels[found.rows], (*found.notes, *notes)
    if found.samples is None:
        records = FolderPictures([files.paths[row] for row in found.rows], labels, found.form)
        return Dataset(request.name, found.shape, len(names), None, None, names, records=records, notes=notes)
    return Dataset(request.name, found.shape, len(names), found.samples, labels if names else None, names, notes=notes)


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

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, row: int) -> tuple[np.ndarray, int]:
        path = self.paths[row]
        try:
            return formed(read_picture(path, str(path)), self.form), int(self.labels[row])
        except UserError as error:
            raise with_hint(error) from None
