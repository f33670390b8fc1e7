"""Arrays, files and distributions in, a `Dataset` out.

`load("mnist")` gives one by name, `as_dataset(array)` makes one of data of your own. A new data set is one file and one row here: its
loader takes a `Request` and gives a `Dataset`, or raises a `UserError` of one line.
"""

import difflib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jaxgan.cache import cache_folder as default_data_dir  # where data sets lie by default
from jaxgan.checks import choice, text, whole_number
from jaxgan.data import mixtures
from jaxgan.data.account import account, value_range
from jaxgan.data.dataset import Dataset, Records, Request, Sampler
from jaxgan.data.digits import load_digits
from jaxgan.data.distributions import Distribution, gaussian_mixture
from jaxgan.data.folder import load_folder
from jaxgan.data.identity import differences, identity
from jaxgan.data.memory import read_into_memory
from jaxgan.data.mnist import load_mnist
from jaxgan.data.npz import load_npz
from jaxgan.data.own import as_dataset, load_own
from jaxgan.data.points import drawn_from
from jaxgan.data.stacks import stacked
from jaxgan.data.swiss_roll import swiss_roll
from jaxgan.data.tfds import load_tfds
from jaxgan.data.vector_labels import in_labels_of
from jaxgan.errors import NoSplitError, UserError, shortened, unknown
from jaxgan.imports import is_import_path
from jaxgan.labels import KINDS
from jaxgan.labels import from_description as vectors_from_description
from jaxgan.memory import check_fits

__all__ = [
    "DATASETS",
    "PREFIXES",
    "Dataset",
    "Distribution",
    "Records",
    "Request",
    "Sampler",
    "account",
    "as_dataset",
    "default_data_dir",
    "describe",
    "differences",
    "from_description",
    "gaussian_mixture",
    "in_labels_of",
    "load",
    "load_held_out",
    "read_into_memory",
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
}


def load(
    name: str,
    *,
    data_dir: Path | None = None,
    split: str = "train",
    points: int | None = None,
    image_size: int | None = None,
    memory: int | None = None,
    label_file: Path | None = None,
    label_kind: str = "auto",
) -> Dataset:
    """The data set of this name: a row of DATASETS, `tfds:NAME`, `folder:PATH`, `npz:PATH`, or your own as `package.module:function`.

    Args:
        name: as above; of your own, `jaxgan.data.own.load_own` says how the function is called.
        data_dir: where downloaded and prepared sets lie; the user's cache directory for jaxgan where None.
        split: "train", or "test" where there is one.
        points: the size of a fixed sample of a 2-D distribution; drawn afresh where None.
        image_size: pixels a side that images are brought to; their own where None.
        memory: bytes; the pictures of a folder or a TFDS set that would take more stay on disk (`Dataset.records`). No limit where None.
        label_file: the labels of a folder's pictures, CSV or JSON: `jaxgan.data.label_files` says in which form.
        label_kind: what labels are where that is open: "classes", "multi_hot" or "continuous"; "auto" by what they look like.

    Returns:
        the data set; what its files were taken for, and what was left out, is in its `notes`.

    Raises:
        NoSplitError: the data set has no such split.
        UserError: one line that names what is wrong and what is expected.
    """
    for option, value in (("points", points), ("image_size", image_size)):
        if value is not None and value < 1:
            raise UserError(f"{option}={value} is not possible: expected 1 or more")
    check_fits(16 * (image_size or 0) ** 2, f"a picture of {image_size}x{image_size} pixels")  # as floats of four channels
    prefix, colon, source = name.partition(":")
    if colon and prefix in PREFIXES and not source:
        raise UserError(f"data set '{name}' names nothing behind the colon: expected {prefix}:SOURCE")
    directory = default_data_dir() if data_dir is None else Path(data_dir).expanduser()
    label_file = None if label_file is None else Path(label_file).expanduser()
    choice("label_kind", label_kind, ("auto", *KINDS))
    request = Request(
        name, source if prefix in PREFIXES else name, directory, split, points, image_size, memory, label_file, label_kind
    )
    loader = PREFIXES.get(prefix) if colon else DATASETS.get(name)
    if loader is not None:
        return loader(request)
    if is_import_path(name):
        near = difflib.get_close_matches(prefix, PREFIXES, n=1)
        return load_own(request, f"; did you mean '{near[0]}:{source}'?" if near else "")
    raise unknown("data set", name, DATASETS, ", tfds:NAME, folder:PATH, npz:PATH, or your own as package.module:function")


def load_held_out(
    name: str, *, data_dir: Path | None = None, image_size: int | None = None, memory: int | None = None
) -> Dataset | None:
    """The test split, in memory; None where the data set has none. One that is there and cannot be read is an error, as in `load`."""
    try:
        return read_into_memory(load(name, data_dir=data_dir, split="test", image_size=image_size, memory=memory))
    except NoSplitError:
        return None


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
        label_vectors=None if values.get("labels") is None else vectors_from_description(values["labels"]),
    )
