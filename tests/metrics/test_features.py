"""Metrics of features, against scikit-learn, scipy, prdc, and closed forms; and what each must see."""

import warnings

import numpy as np
import pytest
import scipy.linalg
from sklearn.metrics import pairwise_distances

from jaxgan.errors import UserError
from jaxgan.metrics.arrays import Estimate
from jaxgan.metrics.classes import class_distribution, conditional_accuracy, entropy_bits, inception_score
from jaxgan.metrics.diversity import mean_ms_ssim, mean_pairwise_distance, ms_ssim, scales_of
from jaxgan.metrics.frechet import Gaussian, fid, frechet_distance, gaussian
from jaxgan.metrics.kernel import kid, squared_mmd
from jaxgan.metrics.manifold import precision_recall_density_coverage
from jaxgan.metrics.two_sample import classifier_two_sample_test, wilson


def normal(n: int, d: int = 16, shift: float = 0.0, scale: float = 1.0, seed: int = 0) -> np.ndarray:
    return shift + scale * np.random.default_rng(seed).normal(size=(n, d))


# Frechet


def test_the_frechet_distance_of_normal_distributions_that_commute():
    """Diagonal covariances: |m - m'|^2 + sum (s - s')^2."""
    s, t = np.array([0.5, 1.0, 3.0]), np.array([2.0, 1.0, 0.1])
    m = np.array([1.0, -2.0, 0.5])
    found = frechet_distance(Gaussian(m, np.diag(s**2), 100), Gaussian(np.zeros(3), np.diag(t**2), 100))
    np.testing.assert_allclose(found, m @ m + ((s - t) ** 2).sum(), rtol=1e-12)


def test_fid_is_that_of_a_matrix_root():
    rng = np.random.default_rng(0)
    real, fake = (rng.normal(size=(500, 64)) @ rng.normal(size=(64, 64)) + rng.normal(size=64) for _ in range(2))
    means, covariances = zip(*((x.mean(0), np.cov(x, rowvar=False)) for x in (real, fake)), strict=True)
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1]).real
    expected = ((means[0] - means[1]) ** 2).sum() + np.trace(covariances[0] + covariances[1] - 2 * root)
    np.testing.assert_allclose(fid(real, fake), expected, rtol=1e-6)
    np.testing.assert_allclose(fid(fake, real), expected, rtol=1e-6)
    np.testing.assert_allclose(gaussian(real).covariance, covariances[0])


def test_fid_of_the_same_is_nothing():
    x = normal(200)
    assert abs(fid(x, x)) < 1e-9
    assert fid(x, normal(200, seed=1)) < 2 < fid(x, normal(200, shift=2.0, seed=1))


def test_few_samples_and_collapsed_ones_are_finite_with_a_warning():
    real = normal(1000, d=64)
    with pytest.warns(UserWarning, match="30 fake samples for 64 dimensions"):
        few = fid(real, normal(30, d=64, seed=1))
    collapsed = fid(real, np.repeat(normal(1, d=64), 1000, axis=0))
    assert 0 < few < collapsed < np.inf
    with pytest.warns(UserWarning, match="covariance is singular"):
        assert abs(fid(np.ones((5, 8)), np.ones((5, 8)))) < 1e-9


# Kernel


def test_the_discrepancy_is_its_sums_written_out():
    x, y = normal(12, d=5), normal(12, d=5, shift=0.5, seed=1)

    def mean(a, b, same):
        values = [(a[i] @ b[j] / 5 + 1) ** 3 for i in range(12) for j in range(12) if not (same and i == j)]
        return np.mean(values)

    np.testing.assert_allclose(squared_mmd(x, y), mean(x, x, True) + mean(y, y, True) - 2 * mean(x, y, False))


def test_kid_tells_distributions_apart_and_is_unbiased_at_none():
    real = normal(3000)
    same, other = (kid(real, normal(3000, shift=s, seed=1), subsets=20, subset_size=500) for s in (0.0, 0.5))
    assert abs(same.mean) < 3 * same.std + 1e-3
    assert other.mean > 10 * other.std
    with pytest.raises(UserError, match="subsets of 5000: there are 3000 real"):
        kid(real, real, subset_size=5000)


def test_a_subset_of_all_samples_is_measured_once():
    real, fake = normal(40), normal(40, shift=0.5, seed=1)
    rounds = []
    found = kid(real, fake, subset_size=40, progress=lambda over: rounds.extend(over) or rounds)
    np.testing.assert_allclose(found, (squared_mmd(real, fake), 0.0))
    assert len(rounds) == 1


# Manifolds


def plain_manifold(real, fake, k):
    """By whole tables of distances, in float64."""
    rr, ff, rf = pairwise_distances(real), pairwise_distances(fake), pairwise_distances(real, fake)
    reach_real, reach_fake = np.sort(rr, 1)[:, k], np.sort(ff, 1)[:, k]
    inside = rf <= reach_real[:, None]
    return inside.any(0).mean(), (rf <= reach_fake).any(1).mean(), inside.sum(0).mean() / k, inside.any(1).mean()


@pytest.mark.parametrize(("n", "m", "k"), [(300, 200, 5), (1500, 2100, 3)])
def test_precision_recall_density_coverage_in_blocks_is_that_of_whole_tables(n, m, k):
    real, fake = normal(n, d=8), normal(m, d=8, shift=0.3, scale=0.8, seed=1)
    np.testing.assert_allclose(precision_recall_density_coverage(real, fake, k=k), plain_manifold(real, fake, k), atol=1e-3)


def test_precision_recall_density_coverage_is_that_of_prdc():
    from prdc import compute_prdc

    real, fake = normal(400, d=32, shift=30.0), normal(400, d=32, shift=30.2, seed=1)  # far from 0: what float32 would lose
    theirs = compute_prdc(real, fake, nearest_k=5)
    np.testing.assert_allclose(
        precision_recall_density_coverage(real, fake),
        [theirs[name] for name in ("precision", "recall", "density", "coverage")],
        atol=1e-3,
    )


def test_manifolds_see_collapse_and_noise():
    real = normal(1000, d=2)
    alike = precision_recall_density_coverage(real, normal(1000, d=2, seed=1))
    collapsed = precision_recall_density_coverage(real, normal(1000, d=2, scale=0.01, seed=1))
    noise = precision_recall_density_coverage(real, normal(1000, d=2, scale=30, seed=1))
    assert min(alike) > 0.9
    assert collapsed.precision > 0.99 and collapsed.recall < 0.1 and collapsed.coverage < 0.1
    assert noise.precision < 0.2 and noise.density < 0.2


# Classes


def test_inception_score_at_its_ends():
    np.testing.assert_allclose(inception_score(np.eye(10)[np.arange(100) % 10], splits=1).mean, 10)  # certain, and all kinds
    np.testing.assert_allclose(inception_score(np.full((100, 10), 0.1)), Estimate(1, 0), atol=1e-12)
    np.testing.assert_allclose(inception_score(np.eye(10)[np.zeros(100, int)]), Estimate(1, 0), atol=1e-12)
    with pytest.raises(UserError, match="sum to 1"):
        inception_score(normal(20, d=10))


def test_classes_and_their_entropy():
    np.testing.assert_allclose(class_distribution(np.array([0, 1, 1, 3]), 4), [0.25, 0.5, 0, 0.25])
    np.testing.assert_allclose(entropy_bits([0.25] * 4), 2)
    assert entropy_bits([1.0, 0.0]) == 0
    assert conditional_accuracy([1, 2, 3, 4], [1, 2, 0, 4]) == 0.75
    with pytest.raises(UserError, match="there are 3 classes"):
        class_distribution([3], 3)


# Diversity


def test_mean_distance_over_pairs():
    x = normal(50, d=6)
    expected = pairwise_distances(x)[np.triu_indices(50, 1)].mean()
    np.testing.assert_allclose(mean_pairwise_distance(x, block=16), expected, rtol=1e-5)
    np.testing.assert_allclose(mean_pairwise_distance(x.reshape(50, 3, 2) + 100), expected, rtol=1e-4)
    assert mean_pairwise_distance(np.repeat(x[:1], 9, axis=0)) == 0


def test_ms_ssim_of_equal_other_and_inverted_pictures():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (4, 28, 28, 1)).astype(np.float32)
    np.testing.assert_allclose(ms_ssim(x, x), 1, atol=1e-5)
    np.testing.assert_allclose(ms_ssim(x, -x), 0, atol=1e-5)  # structure turned round
    assert np.all(np.asarray(ms_ssim(x, np.clip(x + 0.1 * rng.normal(size=x.shape), -1, 1))) > 0.8)
    np.testing.assert_allclose(mean_ms_ssim(np.repeat(x[:1], 5, axis=0), pairs=10), 1, atol=1e-5)
    assert mean_ms_ssim(x, pairs=20) < 0.3
    assert [scales_of(n) for n in (11, 28, 32, 64, 176)] == [1, 2, 2, 3, 5]
    with pytest.raises(UserError, match="at least 11"):
        mean_ms_ssim(x[:, :8, :8])


def test_one_scale_of_ssim_is_the_formula_of_one_window():
    """11 pixels a side hold one window: weighted moments, written out."""
    rng = np.random.default_rng(1)
    x, y = rng.uniform(0, 1, (2, 1, 11, 11, 1))
    taps = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    weights = np.outer(taps, taps) / taps.sum() ** 2
    a, b = x[0, ..., 0], y[0, ..., 0]
    ma, mb = (weights * a).sum(), (weights * b).sum()
    va, vb, ab = (weights * a * a).sum() - ma**2, (weights * b * b).sum() - mb**2, (weights * a * b).sum() - ma * mb
    expected = (2 * ma * mb + 1e-4) * (2 * ab + 9e-4) / ((ma**2 + mb**2 + 1e-4) * (va + vb + 9e-4))
    np.testing.assert_allclose(ms_ssim(2 * x - 1, 2 * y - 1), [max(expected, 0)], rtol=1e-3, atol=1e-6)


# Two samples


@pytest.mark.parametrize("classifier", ["neighbours", "logistic"])
def test_two_samples_of_one_distribution_cannot_be_told_apart(classifier):
    real = normal(2000, d=4)
    same = classifier_two_sample_test(real, normal(2000, d=4, seed=1), classifier=classifier)
    other = classifier_two_sample_test(real, normal(3000, d=4, shift=2.0, seed=1), classifier=classifier)
    assert same.low < 0.5 < same.high
    assert other.low > 0.9 and other.held_out == 2000


def test_neighbours_see_what_a_line_cannot():
    real, wide = normal(2000, d=4), normal(2000, d=4, scale=3.0, seed=1)
    assert classifier_two_sample_test(real, wide).accuracy > 0.8
    assert classifier_two_sample_test(real, wide, classifier="logistic").accuracy < 0.55


def test_wilsons_interval():
    np.testing.assert_allclose(wilson(0.5, 100), (0.4038, 0.5962), atol=1e-4)  # as tables have it
    assert wilson(1.0, 10)[1] == pytest.approx(1) and wilson(1.0, 10)[0] < 0.8


# Bad input


@pytest.mark.parametrize("metric", [fid, kid, precision_recall_density_coverage, classifier_two_sample_test])
@pytest.mark.parametrize(
    ("fake", "words"),
    [
        (np.full((20, 16), np.nan), "fake: 20 of 20 samples are not finite"),
        (normal(20, d=8), "differ in shape"),
        (normal(20).reshape(5, 4, 16), "has 3 axes, and 2 are needed"),
        (normal(1), "1 samples, and at least"),
    ],
)
def test_bad_input_is_refused_in_one_line(metric, fake, words):
    with warnings.catch_warnings(), pytest.raises(UserError, match=words) as refused:
        metric(normal(20), fake)
    assert "\n" not in str(refused.value)
