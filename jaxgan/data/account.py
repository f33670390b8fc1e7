"""What was read, in lines that a run begins with: how many samples, their range, their classes, and what was left out or taken for what."""

import numpy as np

from jaxgan.data.dataset import Dataset
from jaxgan.errors import printable

LISTED = 10  # classes that are listed with their counts


def account(dataset: Dataset) -> tuple[str, ...]:
    """The lines; none for data that are drawn afresh."""
    if dataset.size is None:
        return dataset.notes
    parts = [f"{dataset.size:,} samples read", *_range(dataset), *_classes(dataset)]
    return ("data: " + ", ".join(parts), *(f"  {note}" for note in dataset.notes))


def value_range(dataset: Dataset) -> tuple[float, float] | None:
    """The smallest and the largest number of samples that lie in memory; None of others."""
    if dataset.samples is None or not dataset.samples.size:
        return None
    return float(dataset.samples.min()), float(dataset.samples.max())


def _range(dataset: Dataset) -> list[str]:
    found = value_range(dataset)
    if found is None or dataset.samples is None:
        return []
    if dataset.samples.dtype == np.uint8:
        return [f"levels {found[0]:.0f} to {found[1]:.0f} of 0 to 255"]
    if dataset.scaling is not None:
        features = dataset.samples.reshape(-1, dataset.sample_shape[-1])
        ends = dataset.scaling.to_units(np.stack([features.min(0), features.max(0)]))
        ends = np.where(np.abs(ends) < 1e-6 * np.array(dataset.scaling.scale), 0, ends)  # what float32 makes of 0
        found = float(ends.min()), float(ends.max())
    return [f"numbers {found[0]:.4g} to {found[1]:.4g}"]


def _classes(dataset: Dataset) -> list[str]:
    """Names and counts, of many classes the first of them and the smallest and largest count."""
    if dataset.label_vectors is not None:
        return [dataset.label_vectors.summary()]
    if not dataset.n_classes:
        return ["no labels"]
    labels = dataset.class_numbers
    names = [printable(name) for name in dataset.class_names] or [str(number) for number in range(dataset.n_classes)]
    if labels is None:
        return [f"{dataset.n_classes:,} classes"]
    counts = np.bincount(labels, minlength=dataset.n_classes)
    shown = ", ".join(f"{name} ({count:,})" for name, count in list(zip(names, counts, strict=True))[:LISTED])
    rest = f", ... of {counts.min():,} to {counts.max():,} each" if len(names) > LISTED else ""
    return [f"{dataset.n_classes:,} class{'es' if dataset.n_classes > 1 else ''}: {shown}{rest}"]
