"""Image data sets of TensorFlow Datasets, read without TensorFlow.

tensorflow-datasets is imported within the functions, so only where such a set is named. Prepared sets
(`array_record` files) are read through its data sources; the pictures in them are decoded here, as those of a folder
are. Preparing one takes TensorFlow.
"""

import contextlib
import difflib
import importlib.util
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxgan.data.dataset import OF_FILES, Dataset, Request
from jaxgan.data.download import answers
from jaxgan.data.fitting import Form, formed
from jaxgan.data.picture_sets import read_set, with_hint
from jaxgan.data.pictures import Facts, open_picture, picture_facts, read_picture
from jaxgan.errors import NoSplitError, UserError, first_line

if TYPE_CHECKING:
    from PIL.Image import Image

FILE_FORMAT = "array_record"  # the one that is read without TensorFlow


RECORDS = ("*.array_record*", "*.tfrecord*", "features.json", "dataset_info.json")  # what a prepared set consists of


def is_prepared(name: str, data_dir: Path) -> bool:
    """Whether TFDS has prepared a set of this name under the data directory, damaged or not; answered without importing it."""
    return bool(prepared_files(data_dir / name, "*"))


def prepared_files(folder: Path, version: str) -> list[Path]:
    """What lies of a prepared set in the folders of its versions.

    Raises:
        UserError: a folder that cannot be read.
    """
    try:
        if folder.is_dir():
            for place in [folder, *(path for path in folder.iterdir() if path.is_dir())]:
                os.listdir(place)  # `glob` takes a folder that cannot be read for an empty one
        return [path for pattern in RECORDS for path in folder.glob(f"{version}/{pattern}")]
    except OSError as error:
        raise UserError(
            f"{error.filename or folder}: not readable ({error.strerror}), expected a set that TFDS prepared"
        ) from error


def load_tfds(request: Request) -> Dataset:
    """`tfds:NAME` (or `NAME/CONFIG`, `NAME:VERSION`): an image data set with or without a `label`.

    Images come in one form, as `picture_sets.read_set` says; grey where the set says so, else colour.

    Raises:
        NoSplitError: the set has no such split, or nothing in it.
        UserError: an unknown name; a set without images of 8 or 16 bits; one that has yet to be prepared where
            TensorFlow is missing or its server silent; unreadable records.
    """
    request.takes("split", *OF_FILES)
    stored = stored_pictures(request)
    first = stored.example(0)
    n_classes = (
        stored.n_classes if stored.n_classes and first["label"] >= 0 else 0
    )  # -1 is TFDS's sign for labels that are withheld
    names = stored.names if n_classes else ()
    found = read_set(stored, request, stored.channels)
    if found.samples is None:
        records = TfdsRecords(stored, found.rows, found.form)
        return Dataset(request.name, found.shape, n_classes, None, None, names, records=records, notes=found.notes)
    labels = np.array([stored.label(int(row)) for row in found.rows], np.int32) if n_classes else None
    return Dataset(request.name, found.shape, n_classes, found.samples, labels, names, notes=found.notes)


def stored_pictures(request: Request) -> "TfdsPictures":
    """The pictures of the set's split.

    Raises:
        NoSplitError: the set has no such split, or nothing in it.
        UserError: as `load_tfds`.
    """
    builder = builder_of(request)
    info = builder.info
    if not info.splits:
        raise UserError(f"data set '{request.name}' at {builder.data_path} is damaged: its dataset_info.json names no split")
    if request.split not in info.splits:
        raise NoSplitError(
            f"data set '{request.name}' has no split '{request.split}': allowed are {', '.join(sorted(info.splits))}"
        )
    image_key, channels = image_feature(request.name, info.features)
    stored = TfdsPictures(request.name, builder, request.split, image_key, channels)
    if len(stored) != info.splits[request.split].num_examples:
        raise UserError(
            f"data set '{request.name}' at {builder.data_path} is damaged: split '{request.split}' holds {len(stored):,} records, expected"
            f" {info.splits[request.split].num_examples:,}"
        )
    if not len(stored):
        raise NoSplitError(f"data set '{request.name}': split '{request.split}' is empty")
    return stored


@dataclass(frozen=True, eq=False)
class TfdsRecords:
    """The pictures of a prepared set in one form, read as they are asked for."""

    stored: "TfdsPictures"
    rows: np.ndarray
    form: Form

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, row: int) -> tuple[np.ndarray, int]:
        row = int(self.rows[row])
        example = self.stored.example(row)
        try:
            image = formed(read_picture(example[self.stored.image_key], self.stored.name(row)), self.form)
        except UserError as error:
            raise with_hint(error) from None
        return image, self.stored.label_of(example)


class TfdsPictures:
    """The pictures of a prepared set, in its order (`picture_sets.Stored`)."""

    def __init__(self, set_name: str, builder: Any, split: str, image_key: str, channels: int):
        import tensorflow_datasets

        self.set_name, self.builder, self.split = set_name, builder, split
        self.image_key, self.channels = image_key, channels
        label: Any = dict(builder.info.features.items()).get("label")
        self.n_classes = int(getattr(label, "num_classes", None) or 0)
        self.names = tuple(label.names) if self.n_classes else ()
        with self._readable():
            self.source = builder.as_data_source(split=split, decoders={image_key: tensorflow_datasets.decode.SkipDecoding()})
            self.length = len(self.source)

    def __len__(self) -> int:
        return self.length

    def name(self, row: int) -> str:
        return f"{self.set_name}, image {row} of split '{self.split}'"

    def facts(self, row: int) -> Facts:
        return picture_facts(self.example(row)[self.image_key], self.name(row))

    def opened(self, row: int) -> tuple["Image", int]:
        return open_picture(self.example(row)[self.image_key], self.name(row))

    def label(self, row: int) -> int:
        return self.label_of(self.example(row))

    def label_of(self, example: dict[str, Any]) -> int:
        """Its class number, 0 where the set has no labels."""
        label = example["label"] if self.n_classes else 0
        if not -1 <= label < max(1, self.n_classes):
            raise UserError(f"{self.set_name}: labels hold {label}, expected class numbers below {self.n_classes}")
        return max(0, int(label))

    def example(self, row: int) -> dict[str, Any]:
        """The record, its image as encoded bytes."""
        with self._readable():
            example: dict[str, Any] = self.source[row]
            if not isinstance(example[self.image_key], bytes):  # what a file that was cut short gives
                raise OSError(f"record {row} of split '{self.split}' holds no image")
            return example

    @contextlib.contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except NotImplementedError as error:  # which TFDS raises of a file format that it cannot read row by row
            raise UserError(
                f"data set '{self.set_name}' is prepared at {self.builder.data_path} as {self.builder.info.file_format.value}, expected "
                f"{FILE_FORMAT}: prepare it again with file_format='{FILE_FORMAT}'"
            ) from error
        except Exception as error:  # the reader's C++ part raises whatever it likes for a broken file
            raise UserError(
                f"data set '{self.set_name}' at {self.builder.data_path} is not readable ({first_line(error)})"
            ) from error


def image_feature(name: str, features: Any) -> tuple[str, int]:
    """The key of the images among a set's features, and their channels (1 or 3)."""
    from tensorflow_datasets.core.features import Image

    items = dict(features.items()) if hasattr(features, "items") else {}
    keys = [key for key, feature in items.items() if isinstance(feature, Image)]
    if not keys:
        raise UserError(f"data set '{name}' holds no images: its features are {', '.join(sorted(items)) or features}")
    key = "image" if "image" in keys else keys[0]
    if items[key].np_dtype not in (np.uint8, np.uint16):
        raise UserError(f"data set '{name}' holds images of {np.dtype(items[key].np_dtype)}, expected uint8 or uint16")
    return key, 1 if items[key].shape[-1] == 1 else 3


def builder_of(request: Request) -> Any:
    """The builder of a prepared set; prepares it first where TensorFlow is there to do so."""
    try:
        import tensorflow_datasets
        from tensorflow_datasets.core import read_only_builder
    except ImportError as error:
        raise UserError(
            f"data set '{request.name}' needs tensorflow-datasets ({first_line(error)}): pip install 'jaxgan[tfds]'"
        ) from error
    not_found = tensorflow_datasets.core.DatasetNotFoundError
    data_dir = str(request.data_dir)
    try:
        return read_only_builder.builder_from_files(request.source, data_dir=data_dir)
    except not_found:
        check_absent(request)  # not prepared: the rest of this function
    except Exception as error:  # a name or a folder that TFDS cannot make sense of
        raise UserError(f"data set '{request.name}' cannot be opened in {data_dir} ({first_line(error)})") from error
    try:
        builder = tensorflow_datasets.builder(request.source, data_dir=data_dir, file_format=FILE_FORMAT)
    except not_found as error:
        raise unknown_name(request) from error
    except Exception as error:  # builders import their own needs and raise their own errors
        raise UserError(f"data set '{request.name}' cannot be opened ({first_line(error)})") from error
    if importlib.util.find_spec("tensorflow") is None:
        raise UserError(
            f"data set '{request.name}' is not prepared in {data_dir}, and preparing it takes TensorFlow: "
            "pip install 'jaxgan[tfds]', or name the directory that has it (--data-dir)"
        )
    return prepared(request, builder)


def check_absent(request: Request) -> None:
    """Refuses a set of which a part is there: it is damaged, and not to be prepared as if nothing were there."""
    name, _, version = request.source.partition(":")
    files = prepared_files(request.data_dir / name, version or "*")
    if files:
        raise UserError(
            f"data set '{request.name}' at {files[0].parent} is damaged: it holds {files[0].name} and no whole dataset_info.json;"
            " delete the folder, or name another directory (--data-dir)"
        )


def prepared(request: Request, builder: Any) -> Any:
    """Downloads and prepares a set, but asks its server first: without network TFDS alone would try for minutes."""
    urls = list(getattr(builder, "url_infos", None) or ())
    if urls and not answers(urls[0]):
        raise UserError(
            f"data set '{request.name}' is not prepared in {request.data_dir} and cannot be downloaded: "
            f"no answer from {urls[0]}"
        )
    try:
        builder.download_and_prepare()
    except Exception as error:  # every builder fails in its own way
        raise UserError(f"data set '{request.name}' cannot be prepared ({first_line(error)})") from error
    return builder


def unknown_name(request: Request) -> UserError:
    """The error for a name that TFDS does not have; it has some hundreds, so that only the nearest is named."""
    import tensorflow_datasets

    names = tensorflow_datasets.list_builders(with_community_datasets=False)
    near = difflib.get_close_matches(request.source, names, n=1, cutoff=0.5)
    guess = f"did you mean 'tfds:{near[0]}'? " if near else ""
    return UserError(
        f"data set '{request.name}' is not known: {guess}tensorflow_datasets.list_builders() names all {len(names)}, "
        f"and none of this name is prepared in {request.data_dir}"
    )
