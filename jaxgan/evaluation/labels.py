"""Figures of GANs that are conditional on label vectors, beside the same of real samples that the regressor has not seen."""

from typing import Any, NamedTuple

import numpy as np

from jaxgan.data import Dataset
from jaxgan.engine.gan import Gan
from jaxgan.engine.sampling import TrainedGan
from jaxgan.errors import UserError
from jaxgan.evaluation.protocol import count
from jaxgan.metrics import label_accuracy, label_error
from jaxgan.metrics.labels import NEIGHBOURS

HELD_OUT = 10  # one in so many real samples is held out
FEWEST = HELD_OUT * (NEIGHBOURS + 1)  # real samples


class Conditioning(NamedTuple):
    """What an evaluator asks of a GAN; by itself it stands for samples that no GAN at hand has made."""

    n_classes: int = 0
    label_dim: int = 0

    @property
    def is_conditional(self) -> bool:
        """Whether labels are asked for."""
        return bool(self.n_classes or self.label_dim)


def labels_for(gan: Gan | Conditioning, dataset: Dataset, labels: np.ndarray) -> np.ndarray:
    """A data set's labels as this GAN's networks take them: zeros where they are vectors and it sees none."""
    return np.zeros(len(labels), np.int32) if labels.ndim > 1 and not gan.label_dim else labels


def in_units(trained: TrainedGan, labels: Any) -> Any:
    """Label vectors as `trained.sample` takes them; class numbers as they are."""
    vectors = trained.label_vectors
    return labels if vectors is None or labels is None or not trained.gan.label_dim else vectors.to_units(labels)


def label_metrics(
    dataset: Dataset,
    real: tuple[np.ndarray, np.ndarray],
    fake: tuple[np.ndarray, np.ndarray],
    features: str,
    n: int,
) -> dict[str, float]:
    """How well features of generated samples show the label vectors that they were made for, by the labels of real ones near them.

    Both are pairs of features and labels. Nothing of fewer than 60 real samples, and of labels that never vary.
    """
    (theirs, their_labels), (ours, our_labels) = real, fake
    if len(theirs) < FEWEST:
        return {}
    held = len(theirs) // HELD_OUT
    known = theirs[held:], their_labels[held:]
    name, figure = ("label_accuracy", label_accuracy) if dataset.label_kind == "multi_hot" else ("label_error", label_error)
    try:
        return {
            f"{name}_{features}_{count(n)}": figure(*known, ours, our_labels),
            f"{name}_{features}_{count(n)}_of_held_out": figure(*known, theirs[:held], their_labels[:held]),
        }
    except UserError:
        return {}
