"""FID, KID and Inception Score against torch-fidelity, on the same random features."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
torch_fidelity = pytest.importorskip("torch_fidelity")

from jaxgan.metrics.classes import inception_score  # noqa: E402
from jaxgan.metrics.frechet import fid  # noqa: E402
from jaxgan.metrics.kernel import kid  # noqa: E402


@pytest.fixture(scope="module")
def features() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    mix = rng.normal(size=(48, 48))
    return np.maximum(rng.normal(size=(700, 48)) @ mix, 0), np.maximum(rng.normal(size=(900, 48)) @ mix + 0.5, 0)


def test_fid(features):
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    stats = [fid_features_to_statistics(torch.tensor(x)) for x in features]
    theirs = fid_statistics_to_metric(*stats, verbose=False)["frechet_inception_distance"]
    np.testing.assert_allclose(fid(*features), theirs, rtol=1e-6)


def test_kid(features):
    from torch_fidelity.metric_kid import kid_features_to_metric

    theirs = kid_features_to_metric(*map(torch.tensor, features), kid_subsets=10, kid_subset_size=200, verbose=False)
    ours = kid(*features, subsets=10, subset_size=200)
    np.testing.assert_allclose(ours.mean, theirs["kernel_inception_distance_mean"], rtol=1e-6)
    np.testing.assert_allclose(ours.std, theirs["kernel_inception_distance_std"], rtol=1e-6)


def test_inception_score():
    from torch_fidelity.metric_isc import isc_features_to_metric

    logits = 3 * np.random.default_rng(1).normal(size=(1003, 10))
    theirs = isc_features_to_metric(torch.tensor(logits))
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    ours = inception_score(probabilities)
    np.testing.assert_allclose(ours.mean, theirs["inception_score_mean"], rtol=1e-9)
    np.testing.assert_allclose(ours.std, theirs["inception_score_std"], rtol=1e-6)
