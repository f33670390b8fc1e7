"""A folder of generated pictures, one a sample, in subfolders by class, and the table that says of each file what it was made from."""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from jaxgan.errors import UserError, first_line, printable
from jaxgan.files import append, check_folder_writable, saying_what_cannot_be_written, write_atomically
from jaxgan.report.images import save_sample

FORMATS = ("png", "jpg", "webp")
TABLE = "samples.csv"
PICTURE = re.compile(
    rf"(seed|latent)\d{{4,}}\.({'|'.join(FORMATS)})|\.[0-9a-f]{{16}}\.tmp"
)  # also what a killed process leaves
HEADER = re.compile(r"(seed|latent),")  # how its first line begins
NO_NAME = re.compile(r'[/\\:*?"<>|]|^\.|[. ]$')  # of a folder, on some system


class SampleFolder:
    """Takes samples a part at a time: each picture becomes a file, and then each file a row of samples.csv."""

    def __init__(
        self,
        path: Path,
        *,
        ending: str = "png",
        of: str = "seed",
        n_classes: int = 0,
        class_names: Sequence[str] = (),
        label_names: Sequence[str] = (),
        generators: int = 1,
    ) -> None:
        """`of` says what the samples are numbered by, seeds or latents; `n_classes`, `class_names` and `label_names` what labels they have,
        0 and none where they have none; of several `generators` the table names the one that made each.
        """
        self._path, self._ending, self._of, self._n_classes, self._generators = path, ending, of, n_classes, generators
        self._names = list(class_names) or [str(number) for number in range(n_classes)]
        unfit = any(NO_NAME.search(name) or not name.isprintable() or len(name.encode()) > 200 for name in self._names)
        alike = len({name.lower() for name in self._names}) < len(self._names)  # to some systems
        self._folders = [str(number) for number in range(n_classes)] if unfit or alike else self._names
        self._labels = list(label_names) if not n_classes else ["class"]

    def begin(self) -> None:
        """Makes the folder, without the pictures of an earlier `sample`, and the head of its table.

        Raises:
            UserError: as `check_sample_folder`.
        """
        ours = check_sample_folder(self._path)
        with saying_what_cannot_be_written(self._path):
            for file in ours:
                file.unlink(missing_ok=True)
            for folder in {file.parent for file in ours} - {self._path}:
                folder.rmdir()
        write_atomically(self._path / TABLE, _line([self._of, *self._labels, *self._of_generators("generator"), "file"]))

    def add(self, images: Float[np.ndarray, "n h w c"], numbers: np.ndarray, labels: Any = None, makers: Any = None) -> None:
        """Writes images in [-1, 1] with the seeds (or numbers of latents) that they were made from, their labels and their generators.

        Raises:
            WriteError: they cannot be written.
        """
        rows = []
        for row, (image, number) in enumerate(zip(images, numbers, strict=True)):
            name = f"{self._of}{number:04d}.{self._ending}"
            words: list[Any] = []
            if self._n_classes:
                name, words = f"{self._folders[labels[row]]}/{name}", [self._names[labels[row]]]
            elif self._labels:
                words = [float(str(np.float32(value))) for value in labels[row]]
            save_sample(self._path / name, image)
            rows.append(_line([number, *words, *self._of_generators(None if makers is None else makers[row]), name]))
        append(self._path / TABLE, b"".join(rows))

    def _of_generators(self, word: Any) -> list[Any]:
        return [word] if self._generators > 1 else []


def check_sample_folder(path: Path, called: str = "--out") -> list[Path]:
    """The files of an earlier `sample` in this folder, which a new one may replace; none where the folder is empty or not there.

    Raises:
        UserError: it holds anything else, or cannot be written.
    """
    check_folder_writable(path, called)
    if not path.is_dir():
        return []
    found = sorted(path.iterdir())
    table = path / TABLE
    if found and not _is_table(table):
        raise UserError(_strange(path, found[0], called))
    ours = []
    for entry in found:
        inside = sorted(entry.iterdir()) if entry.is_dir() and not entry.is_symlink() else [entry]
        for file in inside:
            if file.is_symlink() or not file.is_file() or not (file == table or PICTURE.fullmatch(file.name)):
                raise UserError(_strange(path, file, called))
        ours += inside
    return ours


def _is_table(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return HEADER.match(file.readline(10)) is not None
    except (OSError, UnicodeDecodeError):
        return False


def _strange(folder: Path, file: Path, called: str) -> str:
    shown = printable(str(file.relative_to(folder)))
    return f"{called} {folder}: holds {shown}, which sample did not write; name a new folder, an empty one or one of sample's"


def _line(words: Sequence[Any]) -> bytes:
    text = io.StringIO()
    try:
        csv.writer(text, lineterminator="\n").writerow(words)
        return text.getvalue().encode()
    except UnicodeEncodeError as error:
        raise UserError(f"{TABLE}: a name that is no text ({first_line(error)})") from None
