"""The classifier two-sample test (Lopez-Paz and Oquab 2017, arXiv 1610.06545, section 3)."""

from typing import NamedTuple

import numpy as np

from jaxgan.errors import UserError
from jaxgan.metrics.arrays import ArrayData, checked_pair


class TwoSample(NamedTuple):
    """Held-out accuracy of telling generated from real, and its 95 % interval: .5 where none can, 1 where all can."""

    accuracy: float
    low: float
    high: float
    held_out: int


def classifier_two_sample_test(real: ArrayData, fake: ArrayData, *, classifier: str = "neighbours", seed: int = 0) -> TwoSample:
    """A classifier learns half of both kinds, as many of each, and is tried on the other half.

    `neighbours`: the majority of the nearest sqrt(n) neighbours, the paper's choice beside a network, sees any difference
    there is; `logistic`: logistic regression on standardized features sees differences of means. The interval is Wilson's.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    real, fake = checked_pair(real, fake, least=4)
    chance = np.random.default_rng(seed)
    n = min(len(real), len(fake)) // 2 * 2
    kinds = [x[chance.permutation(len(x))[:n]] for x in (real, fake)]
    learned, tried = (np.concatenate([x[part] for x in kinds]) for part in (slice(n // 2), slice(n // 2, n)))
    answers = np.repeat([0, 1], n // 2)
    match classifier:
        case "neighbours":
            k = int(np.sqrt(n)) // 2 * 2 + 1  # odd: no ties
            model = KNeighborsClassifier(min(k, n), n_jobs=-1)
        case "logistic":
            model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        case _:
            raise UserError(f"classifier {classifier!r}: allowed are neighbours, logistic")
    accuracy = float((model.fit(learned, answers).predict(tried) == answers).mean())
    return TwoSample(accuracy, *wilson(accuracy, n), n)


def wilson(share: float, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's interval of a share among n trials: it stays within [0, 1], also at the ends."""
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return float(max(middle - reach, 0)), float(min(middle + reach, 1))
