"""Files that give the pictures of a folder their labels: CSV, or JSON.

CSV: the first column is the file's name, or its path in the folder; then one column of words or whole numbers (classes), of words
separated by ; or | (several labels a picture), or one or more columns of numbers (continuous; of 0 and 1, or -1 and 1, several labels a
picture). A first row that names no picture names the columns. The files may be named in another column than the first: it is known by its
cells, or called `file_name`, `filename`, ... Of samples.csv, which `jaxgan sample` writes into a folder, seeds and generators are no labels.
`label_column` takes one column alone.

JSON: an object of file name to label, StyleGAN's {"labels": [[file name, label], ...]}, or a list of objects with a file name and a label
(of several keys, the one that `label_column` names);
a label is a word, a number, a list of words (several labels a picture), a list of numbers, or an object of name to number.
"""

import csv
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np

from jaxgan.data.arrays import Labels
from jaxgan.data.dataset import Request
from jaxgan.data.vector_labels import read_any_labels
from jaxgan.errors import UserError, first_line, printable, shortened

BY_THEMSELVES = (
    "labels.csv",
    "metadata.csv",
    "dataset.json",
    "labels.json",
)  # taken where they lie in a folder without classes
SEPARATORS = ";|"  # of several words in one column
FILE_KEYS = ("file_name", "filename", "file", "path", "image", "name")  # of an object in a list, the first that is there
LABEL_KEYS = ("label", "labels", "class", "category", "tags")
OF_SAMPLES = ("seed", "latent")  # how the first column of jaxgan's samples.csv may be called
FILE = "file"  # and its last one
MAKER = "generator"  # and, where there are several, that of the generators
LARGEST = 2**30  # bytes of a file
Label = str | float | tuple[str, ...] | tuple[float, ...]


class Entry(NamedTuple):
    """The label of one file."""

    name: str  # as it stands there
    label: Label
    place: str  # "row 3", for messages


class LabelFile(NamedTuple):
    """What a file of labels holds."""

    path: Path
    entries: Sequence[Entry]
    columns: tuple[str, ...] = ()  # the names of a label's numbers, where they have some
    notes: tuple[str, ...] = ()  # what was left out of it


def labels_of_pictures(request: Request, paths: Sequence[Path], classes: Labels) -> Labels:
    """The labels of a folder's pictures, in their order: of the file that the request names; of a folder without classes, of one that lies
    in it under a usual name; else the `classes` of the subfolders.

    Raises:
        UserError: the named file cannot be read, or does not fit the pictures: it names file, row or key, what was found and what is allowed.
    """
    folder, column = Path(request.source).expanduser(), request.label_column
    names, bare = {path.name for path in paths}, Labels(np.zeros(len(paths), np.int32), 0)
    if request.label_file is not None:
        file = read_label_file(request.label_file, paths, folder, column)
        if request.split != "train" and not _names(file) & names:  # it labels the training split alone
            return bare
        return _labels(file, paths, folder, request.label_kind)
    there = next((folder / name for name in BY_THEMSELVES if (folder / name).is_file()), None)
    if column is not None and (there is None or classes.n_classes):
        why = "and none is there" if there is None else f"and the classes of {folder} are its subfolders"
        raise UserError(f"label_column={column} needs a file of labels, {why}: name one by --label-file")
    if there is None:
        return classes
    if classes.n_classes:
        note = f"{there.name} is there and not read, for the subfolders are the classes: --label-file {there} reads it"
        return classes._replace(notes=(*classes.notes, note))
    try:
        file = read_label_file(there, paths, folder, column)
        if column is not None and request.split != "train" and not _names(file) & names:
            return bare
        found = _labels(file, paths, folder, request.label_kind)
    except UserError as error:
        if column is not None:
            raise
        return classes._replace(notes=(*classes.notes, f"{there.name} is there and was not read: {error}"))
    return found._replace(notes=(f"labels read from {there.name}", *found.notes))


def read_label_file(path: Path, paths: Sequence[Path], folder: Path, column: str | None = None) -> LabelFile:
    """What the file holds, of several columns that one where it is named; `paths` of the folder's pictures tell a row of labels from one of
    names."""
    if not path.is_file():
        raise UserError(f"{path}: {'not a file' if path.exists() else 'no such file'}, expected labels as .csv or .json")
    if path.stat().st_size > LARGEST:
        raise UserError(f"{path}: holds {path.stat().st_size:,} bytes, expected labels in at most {LARGEST:,}")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not readable ({first_line(error)}), expected labels as text in UTF-8") from None
    match path.suffix.lower():
        case ".csv" | ".tsv" | ".txt":
            return _of_csv(path, text, {picture.name for picture in paths}, column)
        case ".json":
            return _of_json(path, text, column)
    raise UserError(f"{path}: expected a file of labels that ends in .csv, .tsv or .json")


# Rows and objects


def _of_csv(path: Path, text: str, pictures: set[str], column: str | None) -> LabelFile:
    first = text.split("\n", 1)[0]
    delimiter = "\t" if "\t" in first and "," not in first else ","
    try:
        numbered = [(reader.line_num, row) for reader in [csv.reader(text.splitlines(), delimiter=delimiter)] for row in reader]
    except csv.Error as error:
        raise UserError(f"{path}: no CSV ({first_line(error)})") from None
    rows = [(number, [cell.strip() for cell in row]) for number, row in numbered if any(cell.strip() for cell in row)]
    if not rows:
        raise UserError(f"{path}: holds no rows, expected a file name and its label in each")
    width = len(rows[0][1])
    if width < 2:
        raise UserError(f"{path}: row {rows[0][0]} has one column, expected a file name and its label, separated by commas")
    for number, row in rows:
        if len(row) != width:
            raise UserError(f"{path}: row {number} has {len(row)} columns, and row {rows[0][0]} has {width}")
    header: tuple[str, ...] = ()
    top = rows[0][1]
    if "." not in top[0] and not any(_plain(cell).name in pictures for cell in top):
        header, rows = tuple(top), rows[1:]
    named = _place_of_names(header, [row for _, row in rows], width, pictures)
    labels = _places_of_labels(path, header, width, named, column)
    notes: tuple[str, ...] = ()
    if header and not header[0] and labels[:1] == [0] and column is None:
        labels, notes = labels[1:], (f"the first column of {path.name} has no name, as that of row numbers: it was left out",)
    for name in (header[place] for place in labels if header):
        if list(header).count(name) > 1 or not name:
            raise UserError(
                f"{path}: {list(header).count(name)} columns are called '{printable(name)}', expected a name for each"
            )
    if not labels:
        raise UserError(f"{path}: has no column of labels beside that of the files' names")
    columns = tuple(header[place] for place in labels) if header else ()
    rows = [(number, [row[place] for place in (named, *labels)]) for number, row in rows]
    width = 1 + len(labels)
    if width == 2:
        return LabelFile(path, [Entry(row[0], row[1], f"row {number}") for number, row in rows], columns, notes)
    entries = []
    for number, row in rows:
        for place, cell in enumerate(row[1:]):
            if _as_number(cell) is None:
                name = printable(columns[place]) if columns else str(labels[place] + 1)
                raise UserError(
                    f"{path}: row {number}, column {repr(name) if columns else name} holds {shortened(cell)}: several columns of labels must be"
                    f" numbers; --label-column {name} takes this one alone"
                )
        entries.append(Entry(row[0], tuple(map(float, row[1:])), f"row {number}"))
    return LabelFile(path, entries, columns, notes)


def _place_of_names(header: Sequence[str], rows: Sequence[Sequence[str]], width: int, pictures: set[str]) -> int:
    """The column that names the files: of jaxgan's samples.csv the last, else that whose cells name most pictures, else one called so."""
    if _is_of_samples(header):
        return width - 1
    found = [sum(_plain(row[place]).name in pictures for row in rows) for place in range(width)]
    called = sorted((FILE_KEYS.index(name.lower()), place) for place, name in enumerate(header) if name.lower() in FILE_KEYS)
    if any(found):
        best = [place for place in range(width) if found[place] == max(found)]
        return next((place for _, place in called if place in best), best[0])
    return called[0][1] if called else 0


def _is_of_samples(header: Sequence[str]) -> bool:
    return bool(header) and header[0] in OF_SAMPLES and header[-1] == FILE


def _places_of_labels(path: Path, header: Sequence[str], width: int, named: int, column: str | None) -> list[int]:
    """The columns that hold labels: all but that of the files' names, or the one that is asked for."""
    labels = [place for place in range(width) if place != named]
    if column is not None:
        place = list(header).index(column) if column in header else int(column) - 1 if column.isdecimal() else -1
        if place == named:
            raise UserError(
                f"{path}: --label-column {printable(column)} is the column that names the files, expected one of labels"
            )
        if place not in labels:
            names = f"one of {shortened([header[place] for place in labels])}, or " if header else ""
            raise UserError(
                f"{path}: no column {printable(column)} of labels (--label-column), expected {names}a number from 1 to {width}, but for"
                f" {named + 1}, which names the files"
            )
        return [place]
    if _is_of_samples(header):
        labels = [place for place in labels if place and header[place] != MAKER]
        if not labels:
            raise UserError(f"{path}: says of samples what they were made from, and has no labels")
    return labels


def _of_json(path: Path, text: str, column: str | None) -> LabelFile:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: no JSON ({first_line(error)})") from None
    if isinstance(content, dict) and set(content) == {"labels"}:
        content = content["labels"]
        if not isinstance(content, list):
            raise UserError(f"{path}: labels is {shortened(content)}, expected a list of [file name, label]")
    if isinstance(content, dict):
        triples = [(name, label, f"key '{printable(name)}'") for name, label in content.items()]
        return _with_columns(
            path, [(name, _chosen(path, label, column, place), place) for name, label, place in triples], column
        )
    if not isinstance(content, list):
        raise UserError(f"{path}: holds {shortened(content)}, expected an object of file name to label, or a list")
    triples = []
    for number, item in enumerate(content):
        place = f"entry {number}"
        if isinstance(item, list) and len(item) == 2 and isinstance(item[0], str):
            triples.append((item[0], _chosen(path, item[1], column, place), place))
            continue
        file_key = next((key for key in FILE_KEYS if isinstance(item, dict) and isinstance(item.get(key), str)), None)
        if file_key is None:
            raise UserError(
                f"{path}: {place} is {shortened(item)}, expected [file name, label], or an object with {' or '.join(FILE_KEYS[:3])}"
            )
        rest = {key: value for key, value in item.items() if key != file_key}
        label_key = column or next((key for key in LABEL_KEYS if key in item), None)
        _chosen(path, rest, column, place)  # refused where it is not there
        triples.append((item[file_key], item[label_key] if label_key else rest, place))
    return _with_columns(path, triples, column)


def _chosen(path: Path, label: Any, column: str | None, place: str) -> Any:
    """Of a label that is an object the value of the key that is asked for; the label itself where none is."""
    if column is None:
        return label
    if not isinstance(label, dict) or column not in label:
        keys = f"the keys {shortened(list(label))}" if isinstance(label, dict) else f"label {shortened(label)}"
        raise UserError(f"{path}: {place} has {keys}, and --label-column {printable(column)} is none of them")
    return label[column]


def _with_columns(path: Path, triples: Iterable[tuple[str, Any, str]], column: str | None) -> LabelFile:
    """The labels as words, numbers, or rows of either; objects of name to number as rows whose columns have names, as the one that was
    asked for has."""
    entries: list[Entry] = []
    columns = () if column is None else (column,)
    for name, label, place in triples:
        if isinstance(label, dict):
            if entries and tuple(label) != columns and set(label) != set(columns):
                raise UserError(f"{path}: {place} has labels {shortened(list(label))}, expected {shortened(list(columns))}")
            columns = columns or tuple(label)
            label = [label.get(column) for column in columns]
        entries.append(Entry(name, _label(label, path, place), place))
    if not entries:
        raise UserError(f"{path}: holds no labels")
    return LabelFile(path, entries, columns)


def _label(label: Any, path: Path, place: str) -> Label:
    if isinstance(label, str):
        return label
    if isinstance(label, int | float):
        return float(label)
    if isinstance(label, list) and all(isinstance(item, str) for item in label):
        return tuple(label)
    if isinstance(label, list) and all(isinstance(item, int | float) for item in label):
        return tuple(map(float, label))
    raise UserError(f"{path}: {place} has label {shortened(label)}, expected a word, a number, or a list of either")


# Labels of pictures


def _labels(file: LabelFile, paths: Sequence[Path], folder: Path, kind: str) -> Labels:
    """The labels in the order of the pictures. Classes and names are those of the whole file, so that splits agree; statistics those of
    the pictures."""
    rows, notes = _rows_of_pictures(file, paths, folder)
    notes = (*file.notes, *notes)
    labels, names, kind = _array(file, kind)
    if labels.dtype.kind == "U" or kind == "classes" or (labels.ndim == 1 and kind == "auto" and _whole(labels)):
        found = read_any_labels(labels, len(labels), str(file.path), "classes", names if labels.ndim == 2 else ())
        return found._replace(numbers=found.numbers[rows], notes=found.notes + notes)
    if kind == "multi_hot" and (odd := ~np.isin(labels.reshape(len(labels), -1), (0, 1)).all(1)).any():
        entry = file.entries[int(odd.argmax())]
        raise UserError(f"{file.path}: {entry.place} has label {shortened(entry.label)}, and multi-hot labels are 0 or 1 each")
    found = read_any_labels(labels[rows], len(rows), str(file.path), kind, names)
    return found._replace(notes=found.notes + notes)


def _array(file: LabelFile, kind: str) -> tuple[np.ndarray, Sequence[str], str]:
    """The labels of all entries as an array, words or numbers, the names of its columns, and their kind."""
    shapes = [_form(entry.label) for entry in file.entries]
    words = [entry.label for entry in file.entries if isinstance(entry.label, str)]
    if len(words) == len(shapes):
        return _of_texts(file, words, kind)
    odd = next((i for i, shape in enumerate(shapes) if shape != shapes[0] and "no labels" not in (shape, shapes[0])), None)
    if odd is not None:
        raise UserError(
            f"{file.path}: {file.entries[odd].place} has {shapes[odd]}, and {file.entries[0].place} {shapes[0]}: expected one kind of label"
        )
    if "words" in shapes or set(shapes) == {"no labels"}:
        return (*_of_words([entry.label for entry in file.entries if isinstance(entry.label, tuple)], file, kind), "multi_hot")
    if "no labels" in shapes:
        raise UserError(f"{file.path}: {file.entries[shapes.index('no labels')].place} has no labels, and others are numbers")
    values = np.array([entry.label for entry in file.entries], np.float64)
    if file.columns and kind == "auto" and values.ndim == 2:
        kind = "vectors"
    if values.ndim == 2 and kind in ("auto", "vectors", "multi_hot") and np.isin(values, (-1, 1)).all() and (values < 0).any():
        return (values + 1) / 2, file.columns, "multi_hot"
    return values, file.columns if values.ndim == 2 else file.columns[:1], kind


def _form(label: Label) -> str:
    if isinstance(label, tuple):
        if not label:
            return "no labels"
        return "words" if isinstance(label[0], str) else f"{len(label)} numbers"
    return "a word" if isinstance(label, str) else "a number"


def _of_texts(file: LabelFile, texts: Sequence[str], kind: str) -> tuple[np.ndarray, Sequence[str], str]:
    """A column of texts: numbers where all are, sets of words where one is separated, else words."""
    several = kind == "multi_hot" or (kind == "auto" and any(mark in text for text in texts for mark in SEPARATORS))
    numbers = [_as_number(text) for text in texts]
    if None not in numbers:
        return np.array(numbers, np.float64), file.columns[:1], kind
    if several:
        separated = [text.replace("|", ";").split(";") for text in texts]
        sets = [tuple(word.strip() for word in words if word.strip()) for words in separated]
        return (*_of_words(sets, file, kind), "multi_hot")
    if kind not in ("auto", "classes"):
        place = next(entry.place for entry, number in zip(file.entries, numbers, strict=True) if number is None)
        raise UserError(f"{file.path}: {place} has label {shortened(texts[numbers.index(None)])}, expected a number")
    for entry in file.entries:
        if not entry.label:
            raise UserError(f"{file.path}: {entry.place} has no label")
    return np.array(texts), (), "classes"


def _of_words(sets: Sequence[tuple[Any, ...]], file: LabelFile, kind: str) -> tuple[np.ndarray, Sequence[str]]:
    """Sets of words as rows of 0 and 1, a column a word in the order of their letters."""
    if kind in ("classes", "continuous"):
        raise UserError(f"{file.path}: {file.entries[0].place} has several words, which are no label_kind={kind}")
    names = sorted({word for words in sets for word in words})
    if not names:
        raise UserError(f"{file.path}: no entry has a label")
    place = {name: column for column, name in enumerate(names)}
    values = np.zeros((len(sets), len(names)))
    for row, words in enumerate(sets):
        values[row, [place[word] for word in words]] = 1
    return values, names


def _as_number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def _whole(values: np.ndarray) -> bool:
    return bool((values == np.round(values)).all())


def _names(file: LabelFile) -> set[str]:
    """The names of the files, without their folders."""
    return {_plain(entry.name).name for entry in file.entries}


def _plain(name: str) -> PurePosixPath:
    return PurePosixPath(name.replace("\\", "/"))


def _rows_of_pictures(file: LabelFile, paths: Sequence[Path], folder: Path) -> tuple[np.ndarray, tuple[str, ...]]:
    """The entry of each picture, found by its path in the folder or by the end of it that the file names."""
    ends: dict[PurePosixPath, list[int]] = {}
    for number, path in enumerate(paths):
        parts = path.relative_to(folder).parts
        for start in range(len(parts)):
            ends.setdefault(PurePosixPath(*parts[start:]), []).append(number)
    whole = {PurePosixPath(*path.relative_to(folder).parts): number for number, path in enumerate(paths)}
    entry_of: dict[int, int] = {}
    twice, unknown = [], []
    for row, entry in enumerate(file.entries):
        name = _plain(entry.name)
        pictures = [whole[name]] if name in whole else ends.get(name, [])
        if len(pictures) > 1:
            shown = ", ".join(str(paths[number].relative_to(folder)) for number in pictures[:2])
            raise UserError(
                f"{file.path}: {entry.place} names {printable(entry.name)}, and {len(pictures)} pictures are called so ({shown}): give paths"
            )
        if not pictures:
            unknown.append(entry.name)
        elif pictures[0] in entry_of:
            twice.append(entry.name)
        else:
            entry_of[pictures[0]] = row
    if twice:
        raise UserError(f"{file.path}: {_counted(twice)} there twice, expected one label for each picture")
    elsewhere = _files_below(folder) if unknown else set()
    missing = [name for name in unknown if _plain(name).name not in elsewhere]
    if missing:
        raise UserError(f"{file.path}: {_counted(missing)} labelled and in no place of {folder}")
    bare = [path.name for number, path in enumerate(paths) if number not in entry_of]
    if bare:
        raise UserError(f"{file.path}: of {len(paths):,} pictures {_counted(bare)} without a label")
    notes = (f"{len(unknown):,} labels in {file.path.name} are of files that are not among these pictures",) if unknown else ()
    return np.array([entry_of[number] for number in range(len(paths))], np.int64), notes


def _files_below(folder: Path) -> set[str]:
    return {name for _, _, files in os.walk(folder, followlinks=True) for name in files}


def _counted(names: Sequence[str]) -> str:
    """ "3 (a.png, b.png, c.png) are", "1 (a.png) is" """
    shown = ", ".join(printable(name) for name in names[:3]) + (", ..." if len(names) > 3 else "")
    return f"{len(names):,} ({shown}) {'is' if len(names) == 1 else 'are'}"
