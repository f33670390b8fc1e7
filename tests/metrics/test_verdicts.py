"""Data copying against SciPy's test, and the words that figures are put in, at and about each threshold."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from jaxgan.errors import UserError
from jaxgan.metrics.neighbours import data_copying
from jaxgan.metrics.table import metric_of
from jaxgan.metrics.verdicts import NOT_KNOWN, verdict_on_copies, verdict_on_critic, verdicts

CHANCE = np.random.default_rng(0)


@pytest.mark.parametrize("ties", [False, True])
def test_it_is_mann_and_whitneys_test(ties):
    generated, held_out = CHANCE.gamma(4, size=300), CHANCE.gamma(4.5, size=120)
    if ties:
        generated, held_out = generated.round(), held_out.round()
    found = data_copying(generated, held_out)
    theirs = mannwhitneyu(held_out, generated)  # counts the pairs in which the held-out distance is the larger one
    np.testing.assert_allclose(found.nearer, theirs.statistic / (300 * 120))
    if not ties:  # SciPy corrects the deviation for ties
        own = mannwhitneyu(generated, held_out, alternative="less", method="asymptotic", use_continuity=False).pvalue
        from scipy.stats import norm

        np.testing.assert_allclose(norm.cdf(found.z), own, rtol=1e-6)


def test_copies_alike_and_far_samples_by_hand():
    held_out = np.arange(1, 101, dtype=float)
    alike = data_copying(held_out, held_out)
    assert (alike.nearer, alike.z) == (0.5, 0) and alike.closest == 0.04  # 1 to 4 are nearer than 5
    assert data_copying(np.zeros(50), held_out).nearer == 1 and data_copying(np.zeros(50), held_out).z < -8
    assert data_copying(np.full(50, 200.0), held_out)[0::2] == (0, 0)
    some = np.where(np.arange(100) < 30, 0, 200.0)  # three in ten copied, the others far away
    assert data_copying(some, held_out).closest == 0.3 and data_copying(some, held_out).nearer == 0.3
    with pytest.raises(UserError, match="held_out"):
        data_copying(np.zeros(5), np.zeros(19))


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ((0.3, 9.0, 0.15), "copies: 15% of the generated pictures"),
        ((0.6, -3.0, 0.149), "leans on its training pictures: in 60% of pairs"),
        ((0.6, -2.9, 0.05), "no sign of copying: generated pictures are no nearer"),
        ((0.59, -9.0, 0.05), "no sign of copying: generated pictures are no nearer"),
        ((0.5, 0.0, 0.05), "no sign of copying: generated pictures are no nearer"),
        ((0.4, 3.0, 0.0), "no sign of copying: generated pictures are farther"),
        ((0.4, 2.0, 0.0), "no sign of copying: generated pictures are no nearer"),
    ],
)
def test_the_words_on_copies(figures, words):
    assert verdict_on_copies(*figures).startswith(words)


@pytest.mark.parametrize(
    ("gap", "samples", "words"),
    [
        (0.5, 1000, "the critic tells training pictures from held-out ones: it overfits (its mean scores are 0.50"),
        (0.49, 1000, "the critic begins to tell"),
        (0.2, 1000, "the critic begins to tell"),
        (0.19, 1000, "no sign that the critic overfits"),
        (-2.0, 1000, "no sign that the critic overfits"),
        (0.4, 100, "no sign that the critic overfits"),  # 3 sqrt(2 / 100) is .42
        (0.5, 50, "no sign that the critic overfits"),  # and of 50 it is .6
        (0.7, 50, "the critic tells training pictures from held-out ones: it overfits"),
    ],
)
def test_the_words_on_the_critic(gap, samples, words):
    assert verdict_on_critic(gap, samples).startswith(words)


def test_the_words_are_found_by_the_names_of_the_figures():
    figures = {
        "nearest_training_lab_1k": 3.0,
        "nearer_training_lab_1k": 0.5,
        "data_copying_lab_1k": 0.1,
        "closest_training_lab_1k": 0.05,
        "critic_train_minus_held_out_300": 4.0,
        "critic_train_minus_held_out_300_in_deviations": 0.9,
    }
    copies, critic = verdicts(figures)
    assert copies.startswith("no sign of copying") and critic.startswith("the critic tells")
    assert verdicts({**figures, "critic_train_minus_held_out_300_in_deviations": float("nan")}) == [copies]
    assert verdicts({"nearest_training_lab_1k": 3.0}) == [NOT_KNOWN.format("pictures")]
    assert (
        "held-out samples as it does training samples"
        in verdicts({"critic_train_minus_held_out_300_in_deviations": 0.0}, "samples")[0]
    )
    assert verdicts({"modes_pacgan_2500": 8.0}) == []
    for name in figures:
        assert metric_of(name).name == next(row for row in ROWS if name.startswith(row))


ROWS = ("nearest_training", "nearer_training", "data_copying", "closest_training", "critic_train_minus_held_out")
