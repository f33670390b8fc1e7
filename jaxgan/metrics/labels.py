"""Whether samples show the label vectors that they were generated for, as the nearest real samples' labels tell."""

import numpy as np
from jaxtyping import Float

from jaxgan.checks import label_rows
from jaxgan.errors import UserError
from jaxgan.metrics.arrays import ArrayData, checked
from jaxgan.metrics.neighbours import nearest_neighbours

NEIGHBOURS = 5  # of whose labels the mean is taken; odd, so that a vote is never even


def label_error(
    known: ArrayData, known_labels: ArrayData, samples: ArrayData, labels: ArrayData, *, neighbours: int = NEIGHBOURS
) -> float:
    """mean |r(x) - y| / std(y), r the mean label of the nearest known samples: how far continuous labels are missed, in deviations.

    A generator that ignores its labels has about the mean distance of two labels, 1.13 where they are normal and r knows nothing of them
    but the features; held-out real samples say what r itself misses.

    Args:
        known: features (m, d) of real samples.
        known_labels: their labels (m, K).
        samples: features (n, d) of the samples that are measured.
        labels: (n, K), for which they were generated.
        neighbours: of r.

    Raises:
        UserError: arrays that do not fit each other.
    """
    predicted, known_labels, labels = _predicted(known, known_labels, samples, labels, neighbours)
    deviation = known_labels.std(0)
    varied = deviation > 0
    if not varied.any():
        raise UserError("known_labels: all samples have the same label")
    return float((np.abs(predicted - labels)[:, varied] / deviation[varied]).mean())


def label_accuracy(
    known: ArrayData, known_labels: ArrayData, samples: ArrayData, labels: ArrayData, *, neighbours: int = NEIGHBOURS
) -> float:
    """The balanced accuracy, (recall of 1 + recall of 0) / 2, with which the nearest known samples' vote finds multi-hot labels; their mean.

    .5 of samples that do not show their labels. Labels that all of `labels` have, or none, are left out.

    Args:
        known: features (m, d) of real samples.
        known_labels: their labels (m, K), 0 or 1.
        samples: features (n, d) of the samples that are measured.
        labels: (n, K), for which they were generated.
        neighbours: that vote; an odd number.

    Raises:
        UserError: arrays that do not fit each other; labels that are neither 0 nor 1, or none that some have and some have not.
    """
    predicted, known_labels, labels = _predicted(known, known_labels, samples, labels, neighbours)
    if not (np.isin(labels, (0, 1)).all() and np.isin(known_labels, (0, 1)).all()):
        raise UserError("labels: must be 0 or 1")
    voted, wanted = predicted > 0.5, labels > 0.5
    both = wanted.any(0) & ~wanted.all(0)
    if not both.any():
        raise UserError("labels: none that some samples have and some have not")
    recalls = [((voted == truth) & (wanted == truth)).sum(0)[both] / (wanted == truth).sum(0)[both] for truth in (True, False)]
    return float(np.mean(recalls))


def _predicted(
    known: ArrayData, known_labels: ArrayData, samples: ArrayData, labels: ArrayData, neighbours: int
) -> tuple[Float[np.ndarray, "n k"], Float[np.ndarray, "m k"], Float[np.ndarray, "n k"]]:
    """The mean label of each sample's nearest known ones, with both arrays of labels, checked."""
    known, samples = checked("known", known, least=1), checked("samples", samples, least=1)
    known_labels = checked("known_labels", known_labels, least=1)
    labels = label_rows("labels", labels, (len(samples), known_labels.shape[1])).astype(np.float64)
    if len(known_labels) != len(known):
        raise UserError(f"known_labels: {len(known_labels)} labels for {len(known)} samples")
    rows = nearest_neighbours(known, samples, k=neighbours).rows
    return known_labels[rows].mean(1), known_labels, labels
