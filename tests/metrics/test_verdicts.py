"""Data copying against SciPy's test and counts by hand, and the words that figures are put in, at and about each threshold."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from jaxgan.errors import UserError
from jaxgan.metrics import authenticity, nearest_neighbours
from jaxgan.metrics.neighbours import Neighbours, data_copying, share_of_pairs
from jaxgan.metrics.table import metric_of
from jaxgan.metrics.verdicts import (
    NOT_KNOWN,
    verdict_on_authenticity,
    verdict_on_copies,
    verdict_on_critic,
    verdict_on_likeness,
    verdict_on_modes,
    verdict_on_variety,
    verdicts,
)

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
    assert data_copying(np.full(50, 200.0), held_out)[0:3:2] == (0, 0)
    some = np.where(np.arange(100) < 30, 0, 200.0)  # three in ten copied, the others far away
    assert data_copying(some, held_out).closest == 0.3 and data_copying(some, held_out).nearer == 0.3
    with pytest.raises(UserError, match="held_out"):
        data_copying(np.zeros(5), np.zeros(19))


def test_the_interval_holds_the_true_share_as_often_as_it_says():
    """Of normal distances d apart the true share of pairs is Phi(d / sqrt 2), of exponential ones with rate r it is r / (1 + r)."""
    from scipy.stats import norm

    chance, held = np.random.default_rng(1), []
    draws = [
        (lambda n: chance.normal(size=n), lambda n: chance.normal(0.7, size=n), norm.cdf(0.7 / np.sqrt(2))),
        (lambda n: chance.exponential(0.2, size=n), chance.standard_exponential, 5 / 6),
    ]
    for ours, theirs, share in draws:
        found = [data_copying(ours(60), theirs(40)) for _ in range(200)]
        held.append(np.mean([each.low <= share <= each.high for each in found]))
        assert np.mean([each.nearer for each in found]) == pytest.approx(share, abs=0.02)
    assert all(0.9 < share < 0.99 for share in held), held
    assert share_of_pairs(1.0, 60, 40)[1] == 1 and 0.9 < share_of_pairs(1.0, 60, 40)[0] < 0.97
    low, high = share_of_pairs(0.5, 1000, 800)
    np.testing.assert_allclose(
        [high - 0.5, 0.5 - low], 1.96 * np.sqrt(1801 / (12 * 1000 * 800)), rtol=0.02
    )  # Z_U's own deviation


def test_authentic_samples_by_hand():
    training = np.array([[0.0], [1.0], [5.0], [9.0]])
    generated = np.array(
        [[0.2], [0.9], [2.5], [5.0], [13.5]]
    )  # to the nearest .2, .1, 1.5, 0 and 4.5; of those 1, 1, 1, 4 and 4
    found = authenticity(training, nearest_neighbours(training, generated))
    assert found.share == 0.4 and found.low < 0.4 < found.high
    with pytest.raises(UserError, match="rows must be from 0 to 1"):
        authenticity(training[:2], Neighbours(np.ones((1, 1)), np.array([[2]])))


@pytest.mark.parametrize(("dimensions", "expected"), [(1, 1 / 3), (2, 1 - 6 * np.pi / (8 * np.pi + 3 * np.sqrt(3)))])
def test_a_good_sampler_is_as_authentic_as_geometry_has_it_and_a_copy_and_noise_are_not(dimensions, expected):
    """A sample and its nearest neighbour are each other's in 2/3 of cases on a line, in 6 pi / (8 pi + 3 sqrt 3) of them on a plane."""
    chance = np.random.default_rng(2)
    training, fresh = chance.uniform(size=(2, 2500, dimensions))
    samplers = {"good": fresh, "copies": training[:1000] + 1e-7, "unlike": fresh + 3}
    found = {name: authenticity(training, nearest_neighbours(training, made)) for name, made in samplers.items()}
    assert found["good"].share == pytest.approx(expected, abs=0.04) and found["good"].high < 0.5
    assert found["copies"].share < 0.03 and found["unlike"].share > 0.95
    told = {name: verdict_on_authenticity(*each) for name, each in found.items()}
    assert told["copies"].startswith("copies: only ") and told["good"].startswith("no sign of copying by the training")


def test_a_copying_a_good_and_an_underfitted_sampler_are_told_apart():
    """In two dimensions: training points with little noise, fresh ones, and those of a wider normal."""
    chance = np.random.default_rng(3)
    training, held_out, fresh = chance.normal(size=(3, 1000, 2))
    samplers = {"copying": training[:500] + 0.005 * fresh[:500], "good": fresh[:500], "underfitted": 2 * fresh[:500]}
    of_held_out = nearest_neighbours(training, held_out).distances[:, 0]
    found = {
        name: data_copying(nearest_neighbours(training, made).distances[:, 0], of_held_out) for name, made in samplers.items()
    }
    assert found["copying"].low > 0.8 and found["copying"].z < -20
    assert found["good"].low < 0.5 < found["good"].high and abs(found["good"].z) < 3
    assert found["underfitted"].high < 0.5 and found["underfitted"].z > 3


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
    with_ends = {**figures, "nearer_training_lab_1k_low": 0.46, "nearer_training_lab_1k_high": 0.54}
    assert verdicts(with_ends)[0].endswith(
        "held-out pictures are: the generated one is the nearer in 50% (46% to 54%) of pairs"
    )
    authentic = {f"authentic_lab_1k{end}": number for end, number in (("", 0.1), ("_low", 0.08), ("_high", 0.12))}
    [copies] = verdicts({"nearest_training_lab_1k": 3.0, **authentic})
    assert copies.startswith("copies: only 10% (8% to 12%) of the generated pictures")
    assert verdicts({**figures, **authentic})[0].startswith("no sign of copying: generated")  # held-out pictures tell more
    for name in (*figures, *authentic):
        assert metric_of(name).name == next(row for row in ROWS if name.startswith(row))


def test_what_is_like_the_data_is_said_first():
    figures = {
        "precision_lab_1k": 0.9,
        "recall_lab_1k": 0.4,
        "c2st_lab_1k": 0.7,
        "c2st_lab_1k_low": 0.66,
        "c2st_lab_1k_high": 0.74,
    }
    told = verdicts({**figures, "modes_pacgan_2500": 8.0, "high_quality_pacgan_2500": 0.97})
    assert told == [
        "generated pictures can be told from real ones: a classifier by nearest neighbours is right in 70% of cases (66% to 74%; 50% would be"
        " chance, in lab features)",
        "generated pictures are less varied than the real ones: 90% of them lie among the real ones (precision), and 40% of the real ones"
        " among them (recall)",
        "8 modes are drawn, and 97% of the points lie near one",
    ]
    assert verdict_on_likeness(0.52, 0.49, 0.55).startswith("generated pictures cannot be told")
    assert verdict_on_variety(0.4, 0.9, "samples").startswith("many generated samples are unlike any real one: 40%")
    assert verdict_on_variety(0.8, 0.75).startswith("generated pictures are about as varied")
    assert verdict_on_variety(0.2, 0.1).startswith("generated pictures miss much")
    assert verdict_on_modes(7.0, 0.5) == "7 modes are drawn, and 50% of the points lie near one"


ROWS = ("authentic", "nearest_training", "nearer_training", "data_copying", "closest_training", "critic_train_minus_held_out")
