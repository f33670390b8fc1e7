"""Image data sets of TensorFlow Datasets, read without TensorFlow.

tensorflow-datasets is imported within the functions, so only where such a set is asked for. Prepared sets
(`array_record` files) are read through its data sources; the pictures in them are decoded here, as those of a folder
are. Preparing one takes TensorFlow.
"""

import difflib
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from jaxgan.data.dataset import Dataset, Request, checked_labels
from jaxgan.data.download import answers
from jaxgan.data.pictures import first_line, read_picture, square
from jaxgan.errors import UserError

FILE_FORMAT = "array_record"  # the one that is read without TensorFlow


def is_prepared(name: str, data_dir: Path) -> bool:
    """Whether TFDS has prepared a set of this name under the data directory; answered without importing it."""
    return any((data_dir / name).glob("*/dataset_info.json"))


def load_tfds(request: Request) -> Dataset:
    """`tfds:NAME` (or `NAME/CONFIG`, `NAME:VERSION`): an image data set with or without a `label`.

    Images become square by a centre crop, `image_size` pixels a side, or as many as the first has on its shorter
    side; grey where the set says so, else colour.

    Raises:
        UserError: an unknown name or split; a set without images of 8 bits; one that has yet to be prepared where
            TensorFlow is missing or its server silent; unreadable records.
    """
    request.takes("split", "image_size")
    builder = builder_of(request)
    info = builder.info
    if request.split not in info.splits:
        raise UserError(
            f"data set '{request.name}' has no split '{request.split}': allowed are {', '.join(sorted(info.splits))}"
        )
    image_key, channels = image_feature(request.name, info.features)
    label: Any = dict(info.features.items()).get("label")
    labelled = getattr(label, "num_classes", None) is not None
    images: list[np.ndarray] = []
    labels: list[int] = []
    for number, example in enumerate(records(request.name, builder, request.split, image_key)):
        picture = read_picture(example[image_key], f"{request.name}, image {number} of split '{request.split}'")
        size = request.image_size or (images[0].shape[0] if images else min(picture.size))
        images.append(square(picture.convert("L") if channels == 1 else picture, size).reshape(size, size, channels))
        if labelled:
            labels.append(example["label"])
    if not images:
        raise UserError(f"data set '{request.name}': split '{request.split}' is empty")
    samples = np.stack(images)
    if not labelled or min(labels) < 0:  # -1 is TFDS's sign for labels that are withheld
        return Dataset(request.name, samples.shape[1:], 0, samples, None)
    n_classes = int(label.num_classes)
    checked = checked_labels(np.asarray(labels, np.int64), len(samples), request.name, n_classes)
    return Dataset(request.name, samples.shape[1:], n_classes, samples, checked, tuple(label.names))


def image_feature(name: str, features: Any) -> tuple[str, int]:
    """The key of the images among a set's features, and their channels (1 or 3)."""
    from tensorflow_datasets.core.features import Image

    items = dict(features.items()) if hasattr(features, "items") else {}
    keys = [key for key, feature in items.items() if isinstance(feature, Image)]
    if not keys:
        raise UserError(f"data set '{name}' holds no images: its features are {', '.join(sorted(items)) or features}")
    key = "image" if "image" in keys else keys[0]
    if items[key].np_dtype != np.uint8:
        raise UserError(f"data set '{name}' holds images of {np.dtype(items[key].np_dtype)}, expected uint8")
    return key, 1 if items[key].shape[-1] == 1 else 3


def records(name: str, builder: Any, split: str, image_key: str) -> Iterator[dict[str, Any]]:
    """Yields the examples of a prepared set, in its order, their images as encoded bytes."""
    import tensorflow_datasets

    try:
        source = builder.as_data_source(split=split, decoders={image_key: tensorflow_datasets.decode.SkipDecoding()})
        for index in range(len(source)):
            example = source[index]
            if not isinstance(example[image_key], bytes):  # what a file that was cut short gives
                raise OSError(f"record {index} of split '{split}' holds no image")
            yield example
    except NotImplementedError as error:
        raise UserError(
            f"data set '{name}' is prepared at {builder.data_path} as {builder.info.file_format.value}, expected "
            f"{FILE_FORMAT}: prepare it again with file_format='{FILE_FORMAT}'"
        ) from error
    except Exception as error:  # the reader's C++ part raises whatever it likes for a broken file
        raise UserError(f"data set '{name}' at {builder.data_path} is not readable ({first_line(error)})") from error


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
        pass  # not prepared: the rest of this function
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
