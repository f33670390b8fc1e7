"""Samples of two origins brought into one form, so that the one can be measured against the other."""

import dataclasses
import os
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxgan.checks import choice
from jaxgan.data import DATASETS, Dataset, as_dataset, load, read_into_memory
from jaxgan.data.fitting import RESIZES, Form, fitted_arrays
from jaxgan.data.memory import MOST_BYTES
from jaxgan.errors import UserError
from jaxgan.picture_options import in_words, read_size, size_of

Shape = tuple[int, int, int]  # height, width and channels

COLOUR = 3  # channels in which pictures of different channels are compared
CONVERTED = (1, 3, 4)  # channels of which others can be made


class Reading(NamedTuple):
    """How samples are read that a name or a path stands for."""

    data_dir: Path | None = None
    resize: str = "crop"  # what becomes of pictures of another shape
    skip_unreadable: bool = False
    label_column: int | str | None = None  # of tables


def opened(source: Any, reading: Reading) -> Dataset:
    """What a name, a path, an array or a `Dataset` stands for; picture files are looked at and not yet read.

    Raises:
        UserError: what `load` or `as_dataset` refuses.
    """
    if not isinstance(source, str | Path):
        return as_dataset(source)
    choice("resize", reading.resize, RESIZES)
    options: Any = {"skip_unreadable": reading.skip_unreadable} if _of_files(source) else {}
    options |= {"label_column": reading.label_column} if _is_table(source) else {}
    return load(str(source), data_dir=reading.data_dir, memory=0, **options)


def common_form(judged: Dataset, against: Dataset, image_size: Any = None) -> Shape | None:
    """Height, width and channels that pictures of both are compared in; None where they are no pictures.

    The size is the one that is asked for, else the smaller of both; where the channels differ they become three, colour.

    Raises:
        UserError: a size that is none, or one of what are no pictures; channels of which no colours can be made.
    """
    size = size_of(read_size(image_size, "--image-size"))
    if not (judged.is_images and against.is_images):
        if size is not None:
            raise UserError(f"--image-size {image_size}: for pictures, and these samples are none")
        return None
    if size is not None and min(size) < 1:
        raise UserError(f"--image-size {image_size} is not possible: expected 1 or more")
    sizes = [(each.sample_shape[0], each.sample_shape[1]) for each in (judged, against)]
    size = size or min(sizes, key=lambda size: size[0] * size[1])
    channels = [each.sample_shape[2] for each in (judged, against)]
    if channels[0] == channels[1]:
        return (*size, channels[0])
    for count in channels:
        if count not in CONVERTED:
            raise UserError(
                f"'{judged.name}' has {channels[0]} channels and '{against.name}' {channels[1]}: of {count} no colours can be made"
            )
    return (*size, COLOUR)


def read(source: Any, looked_at: Dataset, form: Shape | None, reading: Reading) -> Dataset:
    """The samples of what was `opened`, in memory, pictures in this form: those in files are read in its size, so that they are resized once."""
    if form is None:
        return read_into_memory(looked_at)
    if looked_at.records is not None and isinstance(source, str | Path):
        how: dict[str, Any] = {"image_size": in_words(form[:2]), "resize": reading.resize, "memory": MOST_BYTES}
        looked_at = load(
            str(source), data_dir=reading.data_dir, skip_unreadable=reading.skip_unreadable and _of_files(source), **how
        )
    return in_form(read_into_memory(looked_at), form, reading.resize)


def in_form(dataset: Dataset, form: Shape, resize: str = "crop") -> Dataset:
    """Pictures in memory with this height, width and channels; what was changed joins the notes.

    Raises:
        UserError: channels of which those cannot be made.
    """
    if dataset.samples is None or dataset.sample_shape == form:
        return dataset
    channels = form[2] if form[2] != dataset.sample_shape[2] else None
    samples, notes = fitted_arrays(dataset.samples, Form(form[:2], channels, resize), dataset.name)
    return dataclasses.replace(dataset, samples=samples, sample_shape=samples.shape[1:], notes=dataset.notes + notes)


def check_alike(judged: Dataset, against: Dataset) -> None:
    """Refuses samples that cannot be compared: pictures beside what is none, numbers of other shapes or other names.

    Raises:
        UserError: one line that names both shapes, or the names.
    """
    if judged.is_images and against.is_images:
        return
    shapes = ["x".join(map(str, each.sample_shape)) or "one number" for each in (judged, against)]
    if judged.sample_shape != against.sample_shape:
        raise UserError(
            f"'{judged.name}' holds samples of {shapes[0]} and '{against.name}' of {shapes[1]}: they cannot be compared"
        )
    names = [each.scaling.names if each.scaling else () for each in (judged, against)]
    if names[0] and names[1] and names[0] != names[1]:
        apart = next((a, b) for a, b in zip(*names, strict=False) if a != b) if len(names[0]) == len(names[1]) else names
        raise UserError(
            f"'{judged.name}' and '{against.name}' name their numbers differently ({apart[0]} and {apart[1]}): bring them into one order"
        )


def in_units_of(against: Dataset, judged: Dataset) -> Dataset:
    """Numbers as the networks of `against` see them.

    Those without units of their own are taken for numbers in its units; points of the plane for points in its model coordinates, as
    archives hold them.
    """
    if judged.samples is None:
        return judged
    samples = judged.samples
    if judged.scaling is not None:
        samples = judged.scaling.to_units(samples)
    elif judged.distribution is not None and (against.scaling or against.distribution):
        samples = np.asarray(judged.distribution.to_units(samples))
    if against.scaling is not None:
        samples = against.scaling.to_model(samples)
    elif against.distribution is not None and (judged.scaling or judged.distribution):
        samples = np.asarray(against.distribution.to_model(samples.astype(np.float32)))
    return dataclasses.replace(
        judged, samples=samples.astype(np.float32), scaling=against.scaling, distribution=against.distribution
    )


def drawn_afresh(dataset: Dataset, n: int, seed: int) -> Dataset:
    """The data set with n samples where it draws them as they are asked for; else as it is.

    Raises:
        UserError: its samples are not at hand.
    """
    if dataset.samples is not None or dataset.records is not None:
        return dataset
    if dataset.sampler is None:
        raise UserError(f"data set '{dataset.name}': its samples are not at hand")
    samples, labels = jax.jit(dataset.sampler, static_argnums=1)(jax.random.key(seed), n)
    known = np.asarray(labels) if dataset.n_classes or dataset.label_vectors else None
    return dataclasses.replace(dataset, samples=np.asarray(samples, np.float32), labels=known, sampler=None)


def _is_table(source: Any) -> bool:
    """Whether a name stands for a table."""
    return str(source).startswith("csv:") or str(source).lower().endswith(".csv")


def _of_files(source: Any) -> bool:
    """Whether a name stands for picture files, of which some may be left out."""
    name = str(source)
    return name.partition(":")[0] in ("folder", "tfds") or (name not in DATASETS and os.path.isdir(os.path.expanduser(name)))
