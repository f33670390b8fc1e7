"""Streamed sets brought into memory."""

import dataclasses

import numpy as np

from jaxgan.data.dataset import Dataset

MOST_BYTES = 2**30  # of the pictures of a streamed set that are taken into memory


def read_into_memory(dataset: Dataset) -> Dataset:
    """The data set itself, or of one that is streamed as many random pictures as fill 1 GiB."""
    if dataset.records is None:
        return dataset
    most = max(1, MOST_BYTES // int(np.prod(dataset.sample_shape)))
    rows = np.sort(np.random.default_rng(0).permutation(len(dataset.records))[:most])
    pictures, labels = zip(*(dataset.records[int(row)] for row in rows), strict=True)
    kind = np.float32 if dataset.label_dim else np.int32
    labelled = dataset.n_classes or dataset.label_dim
    return dataclasses.replace(
        dataset, samples=np.stack(pictures), labels=np.array(labels, kind) if labelled else None, records=None
    )
