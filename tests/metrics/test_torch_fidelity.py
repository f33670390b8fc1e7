"""FID, KID and Inception Score against what torch-fidelity 0.4.0 (PyTorch 2.15.0) gives for the same random features.

Its figures are kept here, for it needs a torchvision that fits PyTorch. Where both are installed they are computed anew.
"""

import numpy as np
import pytest

from jaxgan.metrics.arrays import Estimate
from jaxgan.metrics.classes import inception_score
from jaxgan.metrics.frechet import fid
from jaxgan.metrics.kernel import kid

FID = 28.317784258696747
KID = Estimate(74.37448317926473, 20.048591399520056)  # 10 subsets of 200
INCEPTION_SCORE = Estimate(3.8164205451393753, 0.17461964686730805)


def features() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    mix = rng.normal(size=(48, 48))
    return np.maximum(rng.normal(size=(700, 48)) @ mix, 0), np.maximum(rng.normal(size=(900, 48)) @ mix + 0.5, 0)


def logits() -> np.ndarray:
    return 3 * np.random.default_rng(1).normal(size=(1003, 10))


def test_ours_are_theirs():
    np.testing.assert_allclose(fid(*features()), FID, rtol=1e-6)
    np.testing.assert_allclose(kid(*features(), subsets=10, subset_size=200), KID, rtol=1e-6)
    probabilities = np.exp(logits()) / np.exp(logits()).sum(1, keepdims=True)
    np.testing.assert_allclose(inception_score(probabilities), INCEPTION_SCORE, rtol=1e-6)


def test_the_figures_kept_are_theirs():
    torch = pytest.importorskip("torch")
    try:
        from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
        from torch_fidelity.metric_isc import isc_features_to_metric
        from torch_fidelity.metric_kid import kid_features_to_metric
    except (ImportError, RuntimeError):  # RuntimeError: a torchvision made for another PyTorch
        pytest.skip("no torch-fidelity that loads")
    both = [torch.tensor(x) for x in features()]
    stats = [fid_features_to_statistics(x) for x in both]
    np.testing.assert_allclose(fid_statistics_to_metric(*stats, verbose=False)["frechet_inception_distance"], FID)
    theirs = kid_features_to_metric(*both, kid_subsets=10, kid_subset_size=200, verbose=False)
    np.testing.assert_allclose(list(theirs.values()), KID)
    np.testing.assert_allclose(list(isc_features_to_metric(torch.tensor(logits())).values()), INCEPTION_SCORE)
