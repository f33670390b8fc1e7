"""Verdicts on claims, from a number a seed on either side: tests by Student's t at 5 %, and their results in words."""

import itertools
from collections.abc import Mapping

import numpy as np
from scipy.stats import t as student
from scipy.stats import ttest_ind_from_stats

SIGNIFICANCE = 0.05  # level: a difference that chance makes less often than this is called one


def verdict(less: np.ndarray, more: np.ndarray) -> str:
    """Whether the first has the smaller mean: by Welch's t-test at 5 %, else no difference is seen."""
    less, more = less[np.isfinite(less)], more[np.isfinite(more)]
    if len(less) < 2 or len(more) < 2:
        return "not told (too few seeds got there)"
    apart = float(more.mean() - less.mean())
    if not less.std() and not more.std():
        p = 0.0 if apart else 1.0
    else:
        moments = [number for values in (less, more) for number in (values.mean(), values.std(ddof=1), len(values))]
        p = float(ttest_ind_from_stats(*moments, equal_var=False).pvalue)
    if p >= SIGNIFICANCE:
        return "no difference seen"
    return "confirmed" if apart > 0 else "refuted: the other way round"


def as_good(less: np.ndarray, more: np.ndarray) -> str:
    """The verdict on a claim that two are alike, which no test confirms."""
    of_difference = verdict(less, more)
    return {
        "confirmed": "refuted: the first is less",
        "refuted: the other way round": "refuted: the first is more",
        "no difference seen": "not refuted (no difference seen)",
    }.get(of_difference, of_difference)


def trend(before: np.ndarray, after: np.ndarray) -> str:
    """Whether a value rises or falls from one time to another, the same seeds at both: by the paired t-test at 5 %."""
    change = after - before
    change = change[np.isfinite(change)]
    if len(change) < 2:
        return "is not told (too few seeds)"
    error = change.std(ddof=1) / len(change) ** 0.5
    if error:
        p = 2 * float(student.sf(abs(change.mean()) / error, len(change) - 1))
    else:
        p = 0.0 if change[0] else 1.0
    return "changes little, or not beyond chance," if p >= SIGNIFICANCE else "rises" if change.mean() > 0 else "falls"


def wobble(values: np.ndarray) -> np.ndarray:
    """How unsteady a positive metric (S, R) is over a run, a number a seed: the deviation of its logarithm from a line through it."""
    if len(values) < 3:
        return np.full(values.shape[1:], np.nan)
    logs, steps = np.log(np.maximum(values, 1e-12)), np.arange(len(values))
    line = np.stack([np.polyval(np.polyfit(steps, seed, 1), steps) if np.isfinite(seed).all() else seed for seed in logs.T], 1)
    return np.sqrt(((logs - line) ** 2).sum(0) / (len(values) - 2)) + 0 * logs.sum(0)  # NaN where a seed has no value


def steadier(less: Mapping[str, np.ndarray], more: Mapping[str, np.ndarray], metric: str) -> str:
    """Whether "wobble of METRIC" of the first is the less; where it is no better than it began, steadiness says nothing."""
    first, last, wobbles = f"first {metric}", f"last {metric}", f"wobble of {metric}"
    if first in less and trend(less[first], less[last]) != "falls":
        return "not told (it did not become better than it began)"
    return verdict(less.get(wobbles, np.array([])), more.get(wobbles, np.array([])))


def ordered(values: Mapping[str, np.ndarray]) -> str:
    """The rows of a metric, {row: values over its seeds}, from the smallest mean on; "<" where the next is the larger beyond chance, "~" where it is not.

    Neighbours alone are compared: of a ~ b ~ c nothing is said of a and c.
    """
    finite = {row: own[np.isfinite(own)] for row, own in values.items()}
    rows = sorted((row for row in finite if finite[row].size), key=lambda row: float(finite[row].mean()))
    if not rows:
        return "-"
    signs = ["<" if verdict(finite[a], finite[b]) == "confirmed" else "~" for a, b in itertools.pairwise(rows)]
    return rows[0] + "".join(f" {sign} {row}" for sign, row in zip(signs, rows[1:], strict=True))
