"""What all judges share."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxgan.data import Dataset
from jaxgan.metrics.manifold import precision_recall_density_coverage
from jaxgan.metrics.two_sample import classifier_two_sample_test
from jaxgan.trained import TrainedRun

NEIGHBOURS = 5
EXACT = 2000  # samples of either kind in exact transport: seconds
STACKED = 26_000  # arXiv 1712.04086, section 4.2
Show = Callable[[str], Callable[[Sequence[Any]], Iterable[Any]]]  # what is being done -> progress over its parts


def unseen(what: str) -> Callable[[Sequence[Any]], Iterable[Any]]:
    return iter


class Judge(NamedTuple):
    """What gives figures of a run, or of samples wherever they are from: on one data set, from as many samples, by one protocol."""

    figures: Callable[[TrainedRun, bool, Show], dict[str, float]]  # (run, whether of the averaged weights, progress)
    of_samples: Callable[[Any, Any, Show], dict[str, float]]  # (samples as a generator gives them, labels or None, progress)
    protocol: dict[str, Any]
    reference: Any  # the real samples, as a generator would give them
    nearest: Callable[[TrainedRun, bool], tuple[np.ndarray, np.ndarray]] | None = None  # samples, and those of the training set


def default_count(dataset: Dataset) -> int:
    """Generated samples: 26,000 of a stacked set, as its protocol has it, else 10,000."""
    return STACKED if dataset.stack_of is not None else 10_000


def count(n: int) -> str:
    """10k for 10,000."""
    return f"{n // 1000}k" if n % 1000 == 0 else str(n)


def two_kinds(real: np.ndarray, fake: np.ndarray, features: str, n: int, show: Show) -> dict[str, float]:
    """What compares two clouds, of whatever features."""
    both = precision_recall_density_coverage(real, fake, k=NEIGHBOURS, progress=show("neighbours"))
    figures = {f"{name}_{features}_{count(n)}": float(value) for name, value in both._asdict().items()}
    told = classifier_two_sample_test(real, fake)
    return figures | {
        f"c2st_{features}_{count(n)}": told.accuracy,
        f"c2st_{features}_{count(n)}_low": told.low,
        f"c2st_{features}_{count(n)}_high": told.high,
    }
