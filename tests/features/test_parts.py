"""Pictures go through a network a part at a time: each once, in order, as many at a time as the platform is told."""

import jax
import numpy as np
import pytest

from jaxgan.features.parts import by_parts


@pytest.mark.parametrize(("platform", "parts"), [("cpu", [2, 2, 2, 1]), ("gpu", [5, 2])])
def test_all_pictures_are_classified_in_order_in_parts_of_the_platforms_size(monkeypatch, platform, parts):
    monkeypatch.setattr(jax, "default_backend", lambda: platform)
    seen, shown = [], []

    def classify(pictures):
        seen.append(len(pictures))
        return pictures[:, 0, 0], 2 * pictures[:, 0, 0, 0]

    def progress(starts):
        shown.extend(starts)
        return starts

    pictures = np.arange(7 * 4 * 4 * 3).reshape(7, 4, 4, 3)
    probabilities, features = by_parts(classify, pictures, progress, on_cpu=2, elsewhere=5)
    assert seen == parts
    assert shown == list(np.cumsum([0, *parts[:-1]]))
    np.testing.assert_array_equal(probabilities, pictures[:, 0, 0])
    np.testing.assert_array_equal(features, 2 * pictures[:, 0, 0, 0])
