"""Arrays, files and distributions in, a `Dataset` out.

`load("mnist")` gives one by name, `as_dataset(array)` makes one of data of your own. A new data set is one file and one row here: its
loader takes a `Request` and gives a `Dataset`, or raises a `UserError` of one line.
"""

import dataclasses
import difflib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jaxgan.cache import cache_folder as default_data_dir  # where data sets lie by default
from jaxgan.checks import choice, text, whole_number
from jaxgan.data import mixtures
from jaxgan.data.account import account, value_range
from jaxgan.data.csv_table import load_csv
from jaxgan.data.dataset import Dataset, Records, Request, Sampler
from jaxgan.data.digits import load_digits
from jaxgan.data.distributions import Distribution, gaussian_mixture
from jaxgan.data.fitting import RESIZES
from jaxgan.data.folder import load_folder, stored_files
from jaxgan.data.identity import differences, identity
from jaxgan.data.kinds import KINDS
from jaxgan.data.memory import read_into_memory
from jaxgan.data.mnist import load_mnist
from jaxgan.data.npz import load_npz
from jaxgan.data.own import as_dataset, load_own
from jaxgan.data.picture_sets import Unreadable
from jaxgan.data.picture_sets import unreadable as unreadable_of
from jaxgan.data.points import drawn_from
from jaxgan.data.scaling import SCALINGS, Scaling
from jaxgan.data.scaling import from_description as scaling_from_description
from jaxgan.data.stacks import stacked
from jaxgan.data.swiss_roll import swiss_roll
from jaxgan.data.tfds import load_tfds, stored_pictures
from jaxgan.data.vector_labels import in_labels_of
from jaxgan.errors import NoSplitError, UserError, printable, shortened, unknown
from jaxgan.imports import is_import_path
from jaxgan.labels import KINDS as LABEL_KINDS
from jaxgan.labels import from_description as vectors_from_description
from jaxgan.memory import check_fits
from jaxgan.picture_options import channels_of, colour_of, in_words, range_of, read_channels, read_range, read_size, size_of

__all__ = [
    "DATASETS",
    "PREFIXES",
    "Dataset",
    "Distribution",
    "Records",
    "Request",
    "Sampler",
    "Scaling",
    "Unreadable",
    "account",
    "as_dataset",
    "default_data_dir",
    "describe",
    "differences",
    "form_of",
    "from_description",
    "gaussian_mixture",
    "in_labels_of",
    "load",
    "load_held_out",
    "name_without_path",
    "names_own_files",
    "read_into_memory",
    "unreadable",
    "value_range",
]

Loader = Callable[[Request], Dataset]

STACKS: dict[str, tuple[str, Loader]] = {  # each by the set whose pictures it stacks
    "stacked_mnist": ("mnist", load_mnist),
    "stacked_digits": ("digits", load_digits),
}

DATASETS: dict[str, Loader] = {
    "digits": load_digits,
    "mnist": load_mnist,
    "fashion_mnist": load_mnist,
    **{name: stacked(single, loader) for name, (single, loader) in STACKS.items()},
    "ring8": drawn_from(mixtures.ring8),
    "grid25": drawn_from(mixtures.grid25),
    "mixture4": drawn_from(mixtures.mixture4, mixtures.lab_sample),
    "mixture8": drawn_from(mixtures.mixture8, mixtures.lab_sample),
    "mixture9": drawn_from(mixtures.mixture9, mixtures.lab_sample),
    "mixture16": drawn_from(mixtures.mixture16, mixtures.lab_sample),
    "mixture32": drawn_from(mixtures.mixture32, mixtures.lab_sample),
    "swiss_roll": drawn_from(swiss_roll),
    "gaussian": drawn_from(mixtures.gaussian),
}

PREFIXES: dict[str, Loader] = {  # PREFIX:SOURCE
    "tfds": load_tfds,
    "folder": load_folder,
    "npz": load_npz,
    "csv": load_csv,
}

FILE_ENDINGS = {
    ".npz": "npz",
    ".csv": "csv",
}  # of files that are known without a prefix, where there is a loader of that prefix
CHANNELS = ("auto", "1", "3", "4")  # that pictures may be asked for


def load(
    name: str,
    *,
    data_dir: Path | None = None,
    split: str = "train",
    points: int | None = None,
    image_size: int | str | Sequence[int] | None = None,
    memory: int | None = None,
    resize: str | None = None,
    channels: int | str | None = None,
    background: str | None = None,
    pixel_range: str | Sequence[float] | None = None,
    skip_unreadable: bool = False,
    kind: str = "auto",
    scaling: str | None = None,
    label_column: int | str | None = None,
    label_file: Path | None = None,
    label_kind: str = "auto",
    largest: int | None = None,
) -> Dataset:
    """The data set of this name: a row of DATASETS, `tfds:NAME`, `folder:PATH`, `npz:PATH`, `csv:PATH`, or your own as
    `package.module:function`.

    The path of a folder of pictures, of an .npz or of a .csv file by itself is taken for `folder:PATH`, `npz:PATH` or `csv:PATH`.

    Args:
        name: as above; of your own, `jaxgan.data.own.load_own` says how the function is called.
        data_dir: where downloaded and prepared sets lie; the user's cache directory for jaxgan where None.
        split: "train", or "test" where there is one.
        points: the size of a fixed sample of a 2-D distribution; drawn afresh where None.
        image_size: pixels that pictures are brought to: 64, "48x80" or (48, 80), the height first; their own where None.
        memory: bytes; the pictures of a folder or a TFDS set that would take more stay on disk (`Dataset.records`). No limit where None.
        resize: what becomes of pictures of another shape: "crop" (the largest middle part; where None), "pad" or "squeeze".
        channels: 1, 3 or 4 (colour and transparency); None or "auto": of a folder 1 where all are grey, else 3; of arrays their own.
        background: the colour behind what is transparent and around what is padded, a name or #rrggbb; white where None.
        pixel_range: of arrays of pictures the numbers that are black and white, (0, 4095) or "0,4095"; found where None.
        skip_unreadable: leaves out picture files that cannot be read.
        kind: what a sample of `csv:` or of `samples` in an archive is, where its shape leaves that open: "vectors", "series", "images",
            "volumes"; "auto" takes (N, T) for vectors.
        scaling: of each feature of vectors, series and volumes: "standard" (where None), "minmax" or "none".
        label_column: of a table, the column of class labels: its name, or its number from 1; of a file of labels the one that is taken.
        label_file: the labels of a folder's pictures, CSV or JSON: `jaxgan.data.label_files` says in which form.
        label_kind: what labels are where that is open: "classes", "multi_hot" or "continuous"; "auto" by what they look like.
        largest: where no size is given, pixels that the longer side of pictures in files is brought down to.

    Returns:
        the data set; what its files were taken for, what was cut, and what was left out, is in its `notes`.

    Raises:
        NoSplitError: the data set has no such split.
        UserError: one line that names what is wrong and what is expected.
    """
    size = size_of(read_size(image_size, "image_size"))
    for option, value in (("points", points), ("image_size", None if size is None else min(size))):
        if value is not None and value < 1:
            raise UserError(f"{option}={value} is not possible: expected 1 or more")
    if size is not None:
        check_fits(16 * size[0] * size[1], f"a picture of {in_words(size)} pixels")  # as floats of four channels
    if background is not None:
        colour_of(background)
    known, source, notes = _source(name)
    loader = PREFIXES.get(known.partition(":")[0]) if ":" in known else DATASETS.get(known)
    if channels is not None:
        channels = choice("channels", read_channels(channels, "channels"), CHANNELS)
    request = Request(
        name=known,
        source=source,
        data_dir=default_data_dir() if data_dir is None else Path(data_dir).expanduser(),
        split=split,
        points=points,
        image_size=size,
        memory=memory,
        resize="crop" if resize is None else choice("resize", resize, RESIZES),
        channels=channels_of(channels),
        background=background,
        pixel_range=range_of(read_range(pixel_range, "pixel_range")),
        skip_unreadable=skip_unreadable,
        kind=choice("kind", kind, KINDS),
        scaling=None if scaling is None else choice("scaling", scaling, SCALINGS),
        label_column=None if label_column is None else str(label_column),
        label_file=None if label_file is None else Path(label_file).expanduser(),
        label_kind=choice("label_kind", label_kind, ("auto", *LABEL_KINDS)),
        largest=largest,
    )
    if loader is not None:
        loaded = loader(request)
        return dataclasses.replace(loaded, notes=(*loaded.notes, *notes)) if notes else loaded
    if is_import_path(known):
        prefix = known.partition(":")[0]
        near = difflib.get_close_matches(prefix, PREFIXES, n=1)
        return load_own(request, f"; did you mean '{near[0]}:{known.partition(':')[2]}'?" if near else "")
    raise _unknown(known)


def _source(name: str) -> tuple[str, str, tuple[str, ...]]:
    """A data set's name with its prefix, what stands behind that, and a note where a path alone was given.

    Raises:
        UserError: nothing behind the colon; a path of what is neither a folder nor an archive.
    """
    prefix, colon, source = name.partition(":")
    if colon and prefix in PREFIXES:
        if not source:
            raise UserError(f"data set '{name}' names nothing behind the colon: expected {prefix}:SOURCE")
        return name, source, ()
    if name in DATASETS or is_import_path(name):
        return name, name, ()
    path = os.path.expanduser(name)  # these take any text, also one that is no path
    is_file = os.path.isfile(path)
    found = "folder" if os.path.isdir(path) else FILE_ENDINGS.get(Path(path).suffix.lower()) if is_file else None
    if found in PREFIXES:
        return f"{found}:{name}", name, (f"{printable(name)} is taken for {found}:{printable(name)}",)
    if is_file:
        endings = " or ".join(ending for ending, reader in FILE_ENDINGS.items() if reader in PREFIXES)
        raise UserError(f"{name}: a file, and no data set: expected a folder of pictures, or a file that ends in {endings}")
    return name, name, ()


def _unknown(name: str) -> UserError:
    """The error of a name that is no data set's; of a path, that there is nothing."""
    if "/" in name or os.sep in name or Path(name).suffix.lower() in FILE_ENDINGS:
        return UserError(
            f"{name}: no such file or folder, expected a folder of pictures, an .npz or a .csv file, or a data set by its name"
        )
    return unknown(
        "data set", name, DATASETS, ", tfds:NAME, folder:PATH, npz:PATH, csv:PATH, or your own as package.module:function"
    )


def names_own_files(name: str) -> bool:
    """Whether a data set is the user's own files, or TFDS's: PREFIX:SOURCE, or the path of a folder, an archive or a table."""
    try:
        return _source(name)[0].partition(":")[0] in PREFIXES
    except UserError:
        return False


def name_without_path(name: str) -> str:
    """A data set's name for other people's eyes: of PREFIX:PATH the path's last part alone."""
    prefix, colon, source = name.partition(":")
    return f"{prefix}:{Path(source).name}" if colon and prefix in PREFIXES else name


def load_held_out(name: str, **options: Any) -> Dataset | None:
    """The test split, in memory; None where the data set has none. One that is there and cannot be read is an error, as in `load`.

    Args:
        name: of the data set.
        options: of `load`, but for the split.
    """
    try:
        return read_into_memory(load(name, split="test", **options))
    except NoSplitError:
        return None


def form_of(name: str, sample_shape: Sequence[int]) -> dict[str, Any]:
    """The options of `load` by which picture files of this name come in this form, as another split or before; none of other sets."""
    if name.partition(":")[0] not in ("folder", "tfds") or len(sample_shape) != 3:
        return {}
    height, width, channels = sample_shape
    return {"image_size": in_words((height, width)), "channels": str(channels)}


def unreadable(
    name: str,
    *,
    data_dir: Path | None = None,
    split: str = "train",
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> list[Unreadable]:
    """Every picture file of a folder, or record of a TFDS set, that cannot be read, with the reason; all are decoded.

    Args:
        name: of the data set, as in `load`; others than folders and TFDS sets have none.
        data_dir: as in `load`.
        split: as in `load`.
        progress: shows how far it is, given the numbers of the files.

    Raises:
        UserError: the data set itself cannot be read.
    """
    known, source, _ = _source(name)
    prefix = known.partition(":")[0]
    directory = default_data_dir() if data_dir is None else Path(data_dir).expanduser()
    request = Request(known, source, directory, split)
    if prefix == "folder":
        return unreadable_of(stored_files(request)[0], progress)
    if prefix == "tfds":
        return unreadable_of(stored_pictures(request), progress)
    return []


def describe(dataset: Dataset) -> dict[str, Any]:
    """What a run folder records of its data set, as JSON values."""
    return {
        "name": dataset.name,
        "sample_shape": list(dataset.sample_shape),
        "n_classes": dataset.n_classes,
        "class_names": list(dataset.class_names),
        "size": dataset.size,
        "stack_of": dataset.stack_of,
        "notes": list(dataset.notes),
        **identity(dataset),
        **({} if dataset.scaling is None else {"scaling": dataset.scaling.described()}),
        **({} if dataset.label_vectors is None else {"labels": dataset.label_vectors.described()}),
    }


def from_description(values: Mapping[str, Any]) -> Dataset:
    """The data set without its samples, from what `describe` gave, which in older run folders lacks `stack_of` and `notes`.

    Raises:
        KeyError: there is no name, sample_shape, n_classes or class_names.
        UserError: one of them is of a wrong type.
    """
    name, n_classes = text("name", values["name"]), whole_number("n_classes", values["n_classes"], at_least=0)
    shape, class_names = values["sample_shape"], values["class_names"]
    for field, value in (("sample_shape", shape), ("class_names", class_names)):
        if not isinstance(value, list | tuple):
            raise UserError(f"{field}={shortened(value)}: must be a list")
    stack_of = values.get("stack_of", STACKS[name][0] if name in STACKS else None)
    return Dataset(
        name=name,
        sample_shape=tuple(whole_number("sample_shape", side) for side in shape),
        n_classes=n_classes,
        samples=None,
        labels=None,
        class_names=tuple(text("class_names", one) for one in class_names),
        stack_of=None if stack_of is None else text("stack_of", stack_of),
        notes=tuple(values.get("notes", ())),
        scaling=None if values.get("scaling") is None else scaling_from_description(values["scaling"]),
        label_vectors=None if values.get("labels") is None else vectors_from_description(values["labels"]),
    )
