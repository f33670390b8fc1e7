"""Whether samples show their labels, against scikit-learn's regressor and balanced accuracy."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score
from sklearn.neighbors import KNeighborsRegressor

from jaxgan.errors import UserError
from jaxgan.metrics import label_accuracy, label_error

CHANCE = np.random.default_rng(0)
KNOWN, FAKE = CHANCE.normal(size=(300, 4)), CHANCE.normal(size=(80, 4))


def predicted(labels):
    return KNeighborsRegressor(5).fit(KNOWN, labels).predict(FAKE)


def test_the_error_of_continuous_labels_is_that_of_scikit_learns_regressor_in_deviations():
    labels, wanted = KNOWN[:, :2] * (3, 50) + 7, FAKE[:, :2] * (3, 50) + 7
    expected = (np.abs(predicted(labels) - wanted) / labels.std(0)).mean()
    assert label_error(KNOWN, labels, FAKE, wanted) == pytest.approx(expected, rel=1e-5)
    assert label_error(KNOWN, labels, KNOWN, labels, neighbours=1) < 1e-6
    assert label_error(KNOWN, labels, FAKE, wanted[::-1]) > 1.5 * expected  # labels that are not the samples'


def test_the_accuracy_of_several_labels_is_scikit_learns_balanced_accuracy():
    labels, wanted = (np.stack([x[:, 0] > 0.8, x[:, 1] > 0, np.ones(len(x))], 1).astype(float) for x in (KNOWN, FAKE))
    votes = predicted(labels) > 0.5
    expected = np.mean([balanced_accuracy_score(wanted[:, i], votes[:, i]) for i in (0, 1)])  # the third never varies
    assert label_accuracy(KNOWN, labels, FAKE, wanted) == pytest.approx(expected)
    assert label_accuracy(KNOWN, labels, KNOWN, labels, neighbours=1) == 1


def test_what_does_not_fit_is_refused():
    zeros = np.zeros((300, 1))
    for function, arguments, words in (
        (label_error, (KNOWN, zeros, FAKE, np.zeros((80, 1))), "all samples have the same label"),
        (label_accuracy, (KNOWN, zeros, FAKE, np.zeros((80, 1))), "none that some samples have"),
        (label_accuracy, (KNOWN, zeros + 0.5, FAKE, np.zeros((80, 1))), "must be 0 or 1"),
        (label_error, (KNOWN, zeros, FAKE, np.zeros((79, 1))), r"shape \(79, 1\); must be \(80, 1\)"),
        (label_error, (KNOWN, zeros[1:], FAKE, np.zeros((80, 1))), "299 labels for 300 samples"),
    ):
        with pytest.raises(UserError, match=words):
            function(*arguments)
