"""What all evaluators share."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from jaxgan.data import Dataset
from jaxgan.engine.sampling import TrainedGan
from jaxgan.features import ShowProgress
from jaxgan.metrics import METRICS, Metric, classifier_two_sample_test, precision_recall_density_coverage

NEIGHBOURS = 5
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


def default_count(dataset: Dataset) -> int:
    """Generated samples: 26,000 of a stacked set, as its protocol has it, else 10,000."""
    return STACKED if dataset.stack_of is not None else 10_000


def count(n: int) -> str:
    """10k for 10,000."""
    return f"{n // 1000}k" if n % 1000 == 0 else str(n)


def two_sample_metrics(real: np.ndarray, fake: np.ndarray, features: str, n: int, show: ShowProgress) -> dict[str, float]:
    """What compares two clouds (n, d), of whatever features."""
    both = precision_recall_density_coverage(real, fake, k=NEIGHBOURS, progress=show("neighbours"))
    values = {f"{name}_{features}_{count(n)}": float(value) for name, value in both._asdict().items()}
    test = classifier_two_sample_test(real, fake)
    return values | {
        f"c2st_{features}_{count(n)}": test.accuracy,
        f"c2st_{features}_{count(n)}_low": test.low,
        f"c2st_{features}_{count(n)}_high": test.high,
    }


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
