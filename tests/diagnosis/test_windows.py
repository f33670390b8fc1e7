"""Over which lines a rule looks, by hand."""

import numpy as np
import pytest

from jaxgan.diagnosis.records import Series
from jaxgan.diagnosis.windows import averaged, holds, noise, since, tail


def series(values, every=10):
    return Series(every * np.arange(1, len(values) + 1), np.array(values, float))


@pytest.mark.parametrize(("lines", "looked_at"), [(0, 0), (9, 0), (10, 5), (25, 5), (100, 20)])
def test_the_last_fifth_and_no_fewer_than_five_lines_are_looked_at(lines, looked_at):
    assert tail(series(np.arange(lines))).values.tolist() == list(range(lines - looked_at, lines))


def test_one_odd_line_in_ten_neither_makes_a_finding_nor_ends_it():
    wrong = np.zeros(100, bool)
    wrong[80:] = True
    wrong[[85, 90]] = False  # 18 of the last 20
    assert holds(series(np.zeros(100)), wrong)
    wrong[95] = False
    assert not holds(series(np.zeros(100)), wrong)
    assert not holds(series(np.zeros(9)), np.ones(9, bool))


def test_since_is_the_first_line_from_which_on_nine_in_ten_are_wrong():
    wrong = np.zeros(100, bool)
    wrong[[3, 4]] = True  # an early spell that ended
    wrong[60:] = True
    wrong[70] = False
    assert since(series(np.zeros(100)), wrong) == 610


def test_averages_of_three_stand_at_the_middle_one():
    means = averaged(series([1, 2, 6, 4]))
    assert means.steps.tolist() == [20, 30]
    assert means.values == pytest.approx([3, 4])
    assert not len(averaged(series([1, 2])).values)


def test_noise_is_that_of_the_draws_whatever_the_trend_and_a_few_jumps():
    rng = np.random.default_rng(0)
    values = rng.normal(0, 0.5, 4000) + 0.01 * np.arange(4000)
    values[2000:] += 100
    assert noise(series(values)) == pytest.approx(0.5, rel=0.05)
    assert noise(series([1.0])) == noise(series([])) == 0
