"""The classifier two-sample test (Lopez-Paz and Oquab 2017, arXiv 1610.06545, section 3)."""

from typing import NamedTuple

import numpy as np

from jaxgan.checks import POSITIVE, Range, choice, number, whole_number
from jaxgan.checks import seed as checked_seed
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
    seed, classifier = checked_seed("seed", seed), choice("classifier", classifier, ("neighbours", "logistic"))
    real, fake = checked_pair(real, fake, least=4)
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    chance = np.random.default_rng(seed)
    n = min(len(real), len(fake)) // 2 * 2
    kinds = [x[chance.permutation(len(x))[:n]] for x in (real, fake)]
    learned, tried = (np.concatenate([x[part] for x in kinds]) for part in (slice(n // 2), slice(n // 2, n)))
    answers = np.repeat([0, 1], n // 2)
    if classifier == "neighbours":
        k = int(np.sqrt(n)) // 2 * 2 + 1  # odd: no ties
        model = KNeighborsClassifier(min(k, n), n_jobs=-1)
    else:
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    accuracy = float((model.fit(learned, answers).predict(tried) == answers).mean())
    return TwoSample(accuracy, *wilson(accuracy, n), n)


def wilson(share: float, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's interval of a share among n trials: it stays within [0, 1], also at the ends."""
    share, n, z = number("share", share, Range(at_least=0, at_most=1)), whole_number("n", n), number("z", z, POSITIVE)
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return float(max(middle - reach, 0)), float(min(middle + reach, 1))
