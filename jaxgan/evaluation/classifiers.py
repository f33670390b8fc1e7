"""The classifier that stands for a labelled data set, trained once and kept."""

import dataclasses
from pathlib import Path

import numpy as np

from jaxgan import data
from jaxgan.data.dataset import Dataset
from jaxgan.engine.classifier import StackedClassifier, TrainedClassifier, trained_classifier
from jaxgan.errors import UserError
from jaxgan.evaluation.protocol import Show, unseen

FEWEST = 100  # labelled pictures


def classifiers_folder() -> Path:
    """Where trained classifiers are kept: in the user's cache directory."""
    return data.default_data_dir() / "classifiers"


def lab_classifier(
    dataset: str,
    *,
    data_dir: Path | None = None,
    image_size: int | None = None,
    updates: int | None = None,
    memory: int | None = None,
    show: Show = unseen,
) -> TrainedClassifier | StackedClassifier:
    """The classifier of a labelled data set, kept in the user's cache directory by a hash of the pictures.

    It is tried on the test split; where there is none, on a tenth of the pictures, held out. Of a stacked set it is that of one
    channel's pictures, asked channel by channel. Of a set that outgrows `memory` bytes a part is learned.
    """
    train = in_memory(data.load(dataset, data_dir=data_dir, image_size=image_size, memory=memory))
    if train.stack_of is not None:
        single = lab_classifier(train.stack_of, data_dir=data_dir, image_size=image_size, updates=updates, show=show)
        assert isinstance(single, TrainedClassifier)
        return StackedClassifier(single, train.sample_shape[-1])
    test = held_out(dataset, data_dir, image_size, memory)
    if test is None or test.labels is None:
        if train.samples is None or train.labels is None or len(train.samples) < FEWEST:
            raise UserError(f"data set '{dataset}' holds no labelled pictures for a classifier, or fewer than {FEWEST}")
        rows = np.random.default_rng(0).permutation(len(train.samples))
        test, train = (chosen(train, part) for part in (rows[: len(rows) // 10], rows[len(rows) // 10 :]))
    return trained_classifier(
        train, test, classifiers_folder(), updates=updates, progress=show(f"training the classifier of {dataset}")
    )


def held_out(dataset: str, data_dir: Path | None, image_size: int | None, memory: int | None = None) -> Dataset | None:
    """The test split, in memory; None where there is none. One that is there and cannot be read is an error, as everywhere."""
    try:
        return in_memory(data.load(dataset, data_dir=data_dir, split="test", image_size=image_size, memory=memory))
    except UserError as error:
        if "split" in str(error):
            return None
        raise


def chosen(dataset: Dataset, rows: np.ndarray) -> Dataset:
    """These samples of a data set that lies in memory."""
    assert dataset.samples is not None
    labels = None if dataset.labels is None else dataset.labels[rows]
    return dataclasses.replace(dataset, samples=dataset.samples[rows], labels=labels)


MOST_BYTES = 2**30  # of the pictures of a streamed set that are taken into memory


def in_memory(dataset: Dataset) -> Dataset:
    """The data set itself, or of one that is streamed as many random pictures as fill 1 GiB."""
    if dataset.records is None:
        return dataset
    most = max(1, MOST_BYTES // int(np.prod(dataset.sample_shape)))
    rows = np.sort(np.random.default_rng(0).permutation(len(dataset.records))[:most])
    read = [dataset.records[int(row)] for row in rows]
    labels = np.array([label for _, label in read], np.int32) if dataset.n_classes else None
    return dataclasses.replace(dataset, samples=np.stack([picture for picture, _ in read]), labels=labels, records=None)
