"""Tables in text files, CSV: numbers, a row a sample, and maybe a column of labels."""

import array
import csv
import itertools
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxgan.data.arrays import Labels, read_labels
from jaxgan.data.dataset import Dataset, Request
from jaxgan.data.numbers import of_numbers
from jaxgan.data.vector_labels import in_labels_of, read_any_labels
from jaxgan.errors import NoSplitError, UserError, first_line, printable, shortened

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
SNIFFED = 2**16  # letters that the form of a file is told by
MISSING = frozenset(("", "na", "n/a", "nan", "null", "none", "nil", "?", "-", ".", "#n/a"))  # in small letters
MAY_BE_CLASSES = frozenset(("none", "nil"))  # of these, among labels that are words
LISTED = 10  # columns that a message names
Row = tuple[int, list[str]]  # its number in the file, from 1, and its cells
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")


class Table(NamedTuple):
    """What a file holds: numbers, and the texts of the column of labels."""

    names: tuple[str, ...]  # of the columns of numbers
    numbers: np.ndarray  # float64 (rows, columns)
    labels: tuple[str, ...] | None
    label_name: str
    notes: tuple[str, ...]


def load_csv(request: Request) -> Dataset:
    """`csv:PATH`: numbers, a row a sample, with a header line or none, between commas, semicolons or tabs.

    `--label-column` names the column of labels by its name or its number from 1: words and whole numbers are classes, other numbers (and,
    with `--label-kind continuous`, whole ones) continuous. PATH may be a folder with train.csv and test.csv: both are scaled by the
    statistics of the first.

    Raises:
        NoSplitError: a test split is wanted and there is no test.csv.
        UserError: one line that names file, row (from 1, as in the file) and column, and what was found and is expected.
    """
    request.takes("split", "kind", "scaling", "label_column", "label_kind")
    path = Path(request.source).expanduser()
    files = {"train": path / "train.csv", "test": path / "test.csv"} if path.is_dir() else {"train": path}
    split = request.split_among("train", "test")
    if split not in files or (split == "test" and not files["test"].exists()):
        raise NoSplitError(f"data set '{request.name}' has no split 'test': {path} holds no test.csv beside a train.csv")
    source = files["train"]
    table = read_table(source, request.label_column)
    labels = None if table.labels is None else read_column(table, source, request.label_kind)
    train = of_numbers(
        table.numbers, request.name, str(source), kind=request.kind, scaling=request.scaling or "standard", names=table.names,
        labels=labels, label_name=table.label_name, notes=table.notes,
    )  # fmt: skip
    if split == "train":
        return train
    other = read_table(files["test"], request.label_column)
    if other.names != table.names:
        raise UserError(f"{files['test']}: columns {_listed(other.names)}, expected {_listed(table.names)} as in {source}")
    return in_labels_of(train, of_split(train, other, files["test"]))


def of_split(train: Dataset, table: Table, path: Path) -> Dataset:
    """Another file's rows with the scaling and the classes of the training split."""
    assert train.scaling is not None
    shape = (len(table.numbers), *train.sample_shape)
    samples = train.scaling.to_model(table.numbers.reshape(shape))  # (N, columns) -> (N, *sample)
    labels: Labels | None = None
    if table.labels is not None:
        known = train.class_names or tuple(map(str, range(train.n_classes)))
        of_classes = {"known": known} if train.label_vectors is None else {}
        labels = read_column(table, path, train.label_kind, **of_classes)
    return Dataset(
        train.name,
        train.sample_shape,
        train.n_classes,
        samples,
        None if labels is None else labels.numbers,
        train.class_names,
        notes=table.notes,
        scaling=train.scaling,
        label_vectors=None if labels is None else labels.vectors,
    )


def read_table(path: Path, label_column: str | None = None) -> Table:
    """The file, each column under its name: that of the header line, or "column 3".

    Raises:
        UserError: as `load_csv`.
    """
    if not path.is_file():
        what = "not a file" if path.exists() else "no such file"
        raise UserError(f"{path}: {what}, expected a table of numbers (.csv), or a folder that holds train.csv")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.read(SNIFFED)
            file.seek(0)
            delimiter = delimiter_of(head)
            return _read(path, file, delimiter, label_column)
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: no text in UTF-8 (byte {error.start}), expected a table of numbers (.csv)") from None
    except csv.Error as error:
        raise UserError(f"{path}: not readable ({first_line(error)}), expected a table of numbers (.csv)") from None


def delimiter_of(head: str) -> str:
    """What stands between the numbers, by Python's sniffer; a comma in a file of one column. A tab or a semicolon in every line is no part of a number."""
    lines = [line for line in head.splitlines()[:50] if line.strip()]
    lines = lines[:-1] if len(lines) > 1 and len(head) == SNIFFED else lines  # the last is cut
    in_all = [delimiter for delimiter in DELIMITERS if lines and all(delimiter in line for line in lines)]
    if len(in_all) > 1:
        in_all.remove(",") if "," in in_all else None
    if len(in_all) < 2:
        return in_all[0] if in_all else ","
    try:
        return csv.Sniffer().sniff("\n".join(lines), "".join(in_all)).delimiter
    except csv.Error:
        return in_all[0]


def _read(path: Path, file: Iterable[str], delimiter: str, label_column: str | None) -> Table:
    reader = csv.reader(file, delimiter=delimiter, skipinitialspace=True)
    rows: Iterator[Row] = ((reader.line_num, row) for row in reader if row)  # without empty lines
    first = list(itertools.islice(rows, 2))
    if not first:
        raise UserError(f"{path}: empty, expected a table of numbers, a row a sample")
    has_header = is_header(*(cells for _, cells in first))
    names = _names(path, first[0][1], has_header)
    label = None if label_column is None else _place(path, names, label_column, has_header)
    numbers, labels = array.array("d"), []
    missing: list[tuple[int, str]] = []  # rows and labels that may stand for missing ones
    for row, cells in itertools.chain(first[has_header:], rows):
        if len(cells) != len(names):
            raise UserError(f"{path}: row {row} has {len(cells)} columns, expected {len(names)} as in row {first[0][0]}")
        if label is not None:
            labels.append(_label(path, row, names[label], cells.pop(label)))
            if labels[-1].lower() in MISSING:
                missing.append((row, labels[-1]))
        try:
            numbers.extend(map(_number, cells))
        except ValueError:
            raise _refusal(path, row, [name for place, name in enumerate(names) if place != label], cells) from None
    columns = [name for place, name in enumerate(names) if place != label]
    if not columns:
        raise UserError(f"{path}: holds the column {printable(names[0])} of labels alone, expected columns of numbers too")
    if not numbers:
        raise UserError(f"{path}: holds a header line alone, expected a row of numbers for each sample")
    head = (
        f"columns {_listed(columns)} by the header line" if has_header else f"no header line: {len(columns)} columns of numbers"
    )
    if label is not None and missing:
        _check_missing(path, names[label], missing, labels)
    notes = (f"{path}: {head}, between {DELIMITERS[delimiter]}",)
    table = np.frombuffer(numbers, np.float64).reshape(-1, len(columns))
    return Table(tuple(columns), table, None if label is None else tuple(labels), "" if label is None else names[label], notes)


def is_header(first: Sequence[str], second: Sequence[str] = ()) -> bool:
    """Whether the first line names columns: it holds no number, or a word above a number of the second."""
    words = [not _is_number(cell) and cell.strip().lower() not in MISSING for cell in first]
    no_number = any(words) and not any(_is_number(cell) for cell in first)
    return no_number or any(word and _is_number(below) for word, below in zip(words, second, strict=False))


def _names(path: Path, cells: Sequence[str], has_header: bool) -> tuple[str, ...]:
    """The columns' names, all different."""
    named = [cell.strip() if has_header else "" for cell in cells]
    names = [name or f"column {number}" for number, name in enumerate(named, 1)]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise UserError(
                f"{path}: columns {names.index(name) + 1} and {number + 1} are both called {printable(name)}, expected a name each"
            )
    return tuple(names)


def _place(path: Path, names: Sequence[str], label_column: str, has_header: bool) -> int:
    """Where the column of labels stands: by its name in the header line, or its number from 1."""
    if label_column in names:
        return names.index(label_column)
    if label_column.isdecimal() and 1 <= int(label_column) <= len(names):
        return int(label_column) - 1
    allowed = f"{_listed(names)}, or " if has_header else ""
    raise UserError(
        f"{path}: no column {printable(label_column)} of labels (--label-column), expected {allowed}a number from 1 to {len(names)}"
    )


def _number(cell: str) -> float:
    """The cell's number; raises ValueError for any other, and for one that is not finite."""
    value = float(cell)
    if "_" in cell or not math.isfinite(value):
        raise ValueError
    return value


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell and cell.strip().lower() not in MISSING


def _refusal(path: Path, row: int, names: Sequence[str], cells: Sequence[str]) -> UserError:
    """The error of the first cell of a row that holds no finite number."""
    wrong = next(place for place, cell in enumerate(cells) if not (_is_number(cell) and math.isfinite(float(cell))))
    name, cell = names[wrong], cells[wrong]
    where, found = f"{path}: row {row}, column {printable(name)}", cell.strip()
    if found.lower() in MISSING:
        what = f"a missing value ({found})" if found else "a missing value"
        return UserError(f"{where}: {what}, expected a number: leave such rows out, or fill them")
    if _is_number(found):
        return UserError(f"{where}: {found} is not finite, expected a finite number")
    hint = (
        ", with a point for the decimals"
        if DECIMAL_COMMA.fullmatch(found)
        else f" (as class labels: --label-column '{printable(name)}')"
    )
    return UserError(f"{where}: {shortened(found)}, expected a number{hint}")


def _label(path: Path, row: int, name: str, cell: str) -> str:
    """The label, refused where it is missing or an infinite number."""
    label, where = cell.strip(), f"{path}: row {row}, column {printable(name)}"
    if not label:
        raise UserError(f"{where}: a missing label, expected a word or a number")
    if _is_number(label) and not math.isfinite(float(label)):
        raise UserError(f"{where}: {label} is not finite, expected a word or a finite number")
    return label


def _check_missing(path: Path, name: str, missing: Sequence[tuple[int, str]], labels: Sequence[str]) -> None:
    """Refuses the first label that stands for a missing one: among numbers any, among words all but MAY_BE_CLASSES."""
    among_numbers = all(_is_number(label) for label in labels if label.lower() not in MISSING)
    for row, label in missing:
        if among_numbers or label.lower() not in MAY_BE_CLASSES:
            expected = "a number" if among_numbers else "a word or a number"
            where = f"{path}: row {row}, column {printable(name)}"
            raise UserError(f"{where}: a missing label ({label}), expected {expected}: leave such rows out, or fill them")


def read_column(table: Table, path: Path, kind: str, **of_classes: Any) -> Labels:
    """The column of labels: words and whole numbers are classes, other numbers continuous, where the kind leaves it open.

    Raises:
        UserError: the kind is that of numbers, and the column holds words; or that of several labels at once, which a column is not.
    """
    assert table.labels is not None
    what, source = f"{path}: column {printable(table.label_name)} of labels", str(path)
    if kind == "multi_hot":
        raise UserError(f"{what} is one column, and multi_hot labels are several: allowed are classes, continuous")
    words = next((text for text in table.labels if not _is_number(text)), None)
    if words is not None:
        if kind == "continuous":
            raise UserError(f"{what} holds {printable(words)}, expected numbers")
        return read_labels(np.array(table.labels), len(table.labels), source, **of_classes)
    numbers = np.array(table.labels, np.float64)
    if kind == "continuous" or (kind == "auto" and (numbers != numbers.round()).any()):
        return read_any_labels(numbers, len(numbers), source, "continuous", (table.label_name or "label",))
    wrong = np.flatnonzero(numbers != numbers.round())
    if len(wrong):
        raise UserError(f"{what} holds {table.labels[wrong[0]]}, expected words or whole numbers")
    return read_labels(numbers.astype(np.int64), len(numbers), source, **of_classes)


def _listed(names: Sequence[str]) -> str:
    """The names, of many the first."""
    shown = ", ".join(printable(name) for name in names[:LISTED])
    return shown if len(names) <= LISTED else f"{shown}, ... ({len(names):,} in all)"
