"""Over which lines a rule looks, and since when what it sees is so."""

import numpy as np

from jaxgan.diagnosis.records import Series

FEWEST = 10  # logged lines, below which a rule on them says nothing
TAIL = 5  # a rule looks at the last fifth of the lines, and at no fewer than this many
MOSTLY = 0.9  # of the lines in it that have to show a fault: one odd line neither makes a finding nor ends it
WINDOW = 3  # measurements that are averaged: one alone is of few samples


def tail(series: Series) -> Series:
    """The last fifth of the lines; nothing of too few."""
    count = max(TAIL, len(series.steps) // 5) if len(series.steps) >= FEWEST else 0
    return Series(series.steps[len(series.steps) - count :], series.values[len(series.steps) - count :])


def holds(series: Series, wrong: np.ndarray) -> bool:
    """Whether nine in ten of the last fifth of the lines are wrong; `wrong` tells it of each line of the series."""
    count = len(tail(series).steps)
    return count > 0 and float(wrong[-count:].mean()) >= MOSTLY


def since(series: Series, wrong: np.ndarray) -> int:
    """The first wrong line from which on nine in ten are wrong."""
    from_here_on = wrong[::-1].cumsum()[::-1] / np.arange(len(wrong), 0, -1)
    first = np.flatnonzero(wrong & (from_here_on >= MOSTLY))
    return int(series.steps[first[0]])


def averaged(series: Series) -> Series:
    """Means of each three measurements in a row, at the step of the one in the middle."""
    if len(series.values) < WINDOW:
        return Series(series.steps[:0], series.values[:0])
    return Series(series.steps[1:-1], np.convolve(series.values, np.full(WINDOW, 1 / WINDOW), "valid"))


def noise(series: Series) -> float:
    """The standard deviation of one measurement about the mean of the two beside it, over sqrt 1.5, which makes it that of a measurement.

    From the median size of these distances, so that neither a trend nor a few jumps count.
    """
    apart = series.values[1:-1] - (series.values[:-2] + series.values[2:]) / 2
    return float(1.4826 * np.median(np.abs(apart)) / np.sqrt(1.5)) if len(apart) else 0.0
