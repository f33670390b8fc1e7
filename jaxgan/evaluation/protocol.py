"""What all evaluators share."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from jaxgan.checks import function
from jaxgan.data import Dataset
from jaxgan.engine.sampling import TrainedGan
from jaxgan.errors import UserError, shortened
from jaxgan.features import ShowProgress
from jaxgan.metrics import METRICS, Metric, classifier_two_sample_test, precision_recall_density_coverage

NEIGHBOURS = 5
FEWEST_TO_TELL_APART = 4  # samples that the classifier two-sample test needs
EXACT = 2000  # samples of either kind in exact transport: seconds
STACKED = 26_000  # arXiv 1712.04086, section 4.2
OwnMetrics = Mapping[str, Callable[[Any, Any], Any] | Metric]  # {name: function of (real, generated) -> number}


class Evaluator(NamedTuple):
    """What measures a trained GAN, or samples wherever they are from: on one data set, from as many samples, by one protocol."""

    of_gan: Callable[[TrainedGan, bool, ShowProgress], dict[str, float]]  # (gan, whether of its averaged weights, progress)
    of_samples: Callable[
        [Any, Any, ShowProgress], dict[str, float]
    ]  # (samples as a generator makes them, labels or None, progress)
    protocol: dict[str, Any]
    reference: Any  # real samples, as a generator would make them
    nearest: Callable[[TrainedGan, bool], tuple[np.ndarray, np.ndarray]] | None = (
        None  # samples, and those nearest in the training set
    )
    neighbours_of: Callable[[Any], tuple[np.ndarray, np.ndarray]] | None = None  # the same of the first of these pictures


def default_count(dataset: Dataset) -> int:
    """Generated samples: 26,000 of a stacked set, as its protocol has it, else 10,000."""
    return STACKED if dataset.stack_of is not None else 10_000


def count(n: int) -> str:
    """10k for 10,000."""
    return f"{n // 1000}k" if n % 1000 == 0 else str(n)


def neighbours(n: int) -> int:
    """Of how many neighbours a sample's reach is the distance to the last: 5, or as many as n samples have."""
    return max(1, min(NEIGHBOURS, n - 1))


def two_sample_metrics(real: np.ndarray, fake: np.ndarray, features: str, n: int, show: ShowProgress) -> dict[str, float]:
    """What compares two clouds (n, d), of whatever features; without the classifier's test where either has less than it needs."""
    both = precision_recall_density_coverage(real, fake, k=neighbours(len(real)), progress=show("neighbours"))
    values = {f"{name}_{features}_{count(n)}": float(value) for name, value in both._asdict().items()}
    if len(real) < FEWEST_TO_TELL_APART:
        return values
    test = classifier_two_sample_test(real, fake)
    return values | {
        f"c2st_{features}_{count(n)}": test.accuracy,
        f"c2st_{features}_{count(n)}_low": test.low,
        f"c2st_{features}_{count(n)}_high": test.high,
    }


def checked_metrics(metrics: Any) -> OwnMetrics | None:
    """The user's own metrics.

    Raises:
        UserError: they are no {name: function}, or a name is not made of letters, digits and underscores.
    """
    if metrics is not None and not isinstance(metrics, Mapping):
        raise UserError(f"metrics={shortened(metrics)}: must be a dictionary, {{name: function of (real, generated)}}")
    for name, metric in (metrics or {}).items():
        if not isinstance(name, str):
            raise UserError(f"metrics: the name {shortened(name)} is no text")
        function(f"metrics['{name}']", metric.function if isinstance(metric, Metric) else metric, "(real, generated)")
        Metric(name, "")  # refuses what is no name
    return metrics


def own_metrics(metrics: OwnMetrics | None, real: Any, fake: Any, n: int) -> dict[str, float]:
    """The user's own metrics of two arrays, real and generated samples."""
    values = {}
    for name, metric in (metrics or {}).items():
        if isinstance(metric, Metric):
            METRICS.setdefault(name, metric)
        function = metric.function if isinstance(metric, Metric) else metric
        assert function is not None
        values[f"{name}_{count(n)}"] = float(function(real, fake))
    return values
