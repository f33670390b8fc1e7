"""Metrics of features one by one and in pairs, against scipy, numpy and closed forms."""

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from jaxgan.data import as_dataset
from jaxgan.errors import UserError
from jaxgan.evaluation import evaluator_of
from jaxgan.features import show_nothing
from jaxgan.metrics import better, correlation_difference, marginal_wasserstein, meaning_of, metric_of
from tests.tiny import tiny

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("m", [200, 130])
def test_marginals_are_scipys(m):
    x, y = RNG.normal(size=(200, 70)) * np.arange(1, 71), RNG.gamma(2, size=(m, 70)) * 30
    found = marginal_wasserstein(x, y)
    theirs = np.array([wasserstein_distance(x[:, j], y[:, j]) / x[:, j].std() for j in range(70)])
    assert np.allclose(found.distances, theirs, rtol=1e-4)
    assert np.isclose(found.mean, theirs.mean(), rtol=1e-4) and np.isclose(found.worst, theirs.max(), rtol=1e-4)
    assert found.feature == theirs.argmax()


def test_a_shift_is_counted_in_standard_deviations_whatever_the_units():
    """Also where the units are far from 0 and large; a constant feature counts in its own units."""
    x = np.stack([RNG.normal(size=500), RNG.normal(1.7e9, 3600, 500), np.full(500, 3.0)], 1)
    shift = np.array([0.5, 7200, 0.25])
    found = marginal_wasserstein(x, x + shift)
    assert np.allclose(found.distances, [0.5 / x[:, 0].std(), 7200 / x[:, 1].std(), 0.25], rtol=1e-3)
    assert marginal_wasserstein(x, x).worst == 0 and found.feature == 1


def test_correlations_are_numpys():
    mix = RNG.normal(size=(6, 6))
    x, y = RNG.normal(size=(300, 6)) @ mix * 10.0 ** np.arange(6), RNG.normal(size=(200, 6)) + 5
    apart = np.abs(np.corrcoef(x, rowvar=False) - np.corrcoef(y, rowvar=False))[np.triu_indices(6, 1)]
    found = correlation_difference(x, y)
    assert np.isclose(found.mean, apart.mean()) and np.isclose(found.largest, apart.max())
    i, j = found.pair
    assert i < j and np.isclose(abs(np.corrcoef(x[:, i], x[:, j])[0, 1] - np.corrcoef(y[:, i], y[:, j])[0, 1]), found.largest)


def test_correlation_of_opposite_and_of_constant_features():
    """Features in step against features in opposition: 1 and -1. What is constant among the real is left out, among the generated 0."""
    a, b = RNG.normal(size=(2, 100))
    assert np.isclose(correlation_difference(np.stack([a, 2 * a], 1), np.stack([a, -a], 1)).largest, 2)
    found = correlation_difference(np.stack([np.ones(100), a, a], 1), np.stack([a, a, np.full(100, 0.1)], 1))
    assert np.isclose(found.largest, 1) and found.pair == (1, 2)
    with pytest.raises(UserError, match="1 of 2 features vary, and correlations need 2"):
        correlation_difference(np.stack([a, np.ones(100)], 1), np.stack([a, b], 1))


def test_rows_of_the_table():
    names = ("marginal_wasserstein1_10k", "marginal_wasserstein1_worst_10k", "marginal_wasserstein1_feature_low_10k")
    assert [metric_of(name).name for name in names] == [
        "marginal_wasserstein1", "marginal_wasserstein1_worst", "marginal_wasserstein1_feature",
    ]  # fmt: skip
    assert {better(name) for name in (*names, "correlation_difference_10k", "correlation_difference_largest_500")} == {"lower"}
    assert "worst pair" in meaning_of("correlation_difference_largest_500")


def test_what_is_measured_of_a_table_by_name():
    """Two columns whose names no metric's name can hold; the user's own metric gets numbers in the data's own units."""
    rows = RNG.normal([10, -5, 0], [2, 3, 1], (150, 3)).astype(np.float32)
    dataset = as_dataset(rows, scaling="standard", names=("mass (kg)", "mass [kg]", "z"))
    seen = {}

    def mean(real, fake):
        seen["means"] = np.concatenate([real.mean(0), fake.mean(0)])
        return 0.0

    measured = evaluator_of(dataset, tiny("mlp").gan, n=150, metrics={"mean": mean}, held_out=dataset)
    shifted = dataset.samples + np.array([0, 0.5, 0], np.float32)
    values = measured.of_samples(shifted, None, show_nothing)
    by_name = {
        name.removeprefix("marginal_wasserstein1_feature_"): value for name, value in values.items() if "_feature_" in name
    }
    assert by_name.keys() == {"mass_kg_1_150", "mass_kg_2_150", "z_150"}
    assert np.allclose([*by_name.values()], [0, 0.5, 0], atol=1e-3)
    assert np.isclose(values["marginal_wasserstein1_150"], 0.5 / 3, atol=1e-3)
    assert values["correlation_difference_largest_150"] < 1e-6 and values["kid_samples_150"] is not None
    assert np.isclose(values["wasserstein1_exact_150"], 0.5, atol=1e-3)
    assert all(metric_of(name) is not None for name in values if not name.startswith("mean"))
    assert np.allclose(seen["means"], [*rows.mean(0), *(rows.mean(0) + np.array([0, 0.5 * rows[:, 1].std(), 0]))], atol=1e-3)
    assert measured.protocol["features"] == "the samples' numbers, scaled by standard" and measured.protocol["held_out"] == 150
