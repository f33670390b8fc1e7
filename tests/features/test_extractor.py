"""What makes features of pictures: pixels, a function of the user's own, the lab's classifier."""

import jax
import numpy as np
import pytest

from jaxgan.errors import UserError
from jaxgan.features import FEATURES, extract_by, make_extractor, named_features, train_classifier
from tests.tiny import pictures

PICTURES = np.random.default_rng(0).integers(0, 256, (1201, 4, 4, 1), dtype=np.uint8)


def test_pixels_are_the_numbers_that_a_network_sees():
    extractor = make_extractor("pixels", "x", None, None)
    probabilities, features = extractor.extract(PICTURES, iter)
    assert probabilities is None and extractor.name == "pixels" and extractor.name in FEATURES
    np.testing.assert_allclose(features, PICTURES.reshape(1201, 16) / 127.5 - 1, atol=1e-6)


def test_a_function_sees_pictures_in_the_model_range_a_part_at_a_time():
    sizes = []

    def brightness(images):
        assert isinstance(images, jax.Array) and images.min() >= -1 and images.max() <= 1
        sizes.append(len(images))
        return images.mean((1, 2))

    extractor = make_extractor(brightness, "x", None, None)
    features = extractor.extract(PICTURES, iter)[1]
    assert extractor.name == "brightness" and sizes == [500, 500, 201]
    np.testing.assert_allclose(features, PICTURES.mean((1, 2)) / 127.5 - 1, atol=1e-5)
    numbers = PICTURES.astype(np.float32) / 127.5 - 1
    np.testing.assert_allclose(extractor.extract(numbers, iter)[1], features, atol=1e-6)


def test_names_of_functions_without_one():
    assert extract_by(lambda x: x).name == "lambda"


def test_the_lab_classifier_gives_probabilities_beside_features():
    small = pictures(n=20, size=8)
    classifier = train_classifier(small, small, updates=1)
    extractor = make_extractor("lab", "x", classifier, None)
    for ours, theirs in zip(extractor.extract(small.samples, iter), classifier.classify(small.samples), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(UserError, match="'x' has no labels"):
        make_extractor("lab", "x", None, None)


def of_a_module(images):
    return images.mean((1, 2))


def test_a_function_by_its_name_is_the_function():
    extractor = make_extractor("tests.features.test_extractor:of_a_module", "x", None, None)
    assert extractor.name == "of_a_module"
    np.testing.assert_allclose(extractor.extract(PICTURES[:3], iter)[1], PICTURES[:3].mean((1, 2)) / 127.5 - 1, atol=1e-5)


@pytest.mark.parametrize(
    ("features", "words"),
    [
        ("pixel", r"features 'pixel' is not known: did you mean 'pixels'\? allowed are .*package.module:function"),
        ("tests.features.test_extractor:nothing", "module 'tests.features.test_extractor' has no 'nothing'"),
        ("tests.features.test_extractor:PICTURES", "a ndarray, expected a function of pictures"),
        (3, "features=3: must be a function of"),
    ],
)
def test_what_names_no_features_is_refused(features, words):
    with pytest.raises(UserError, match=words):
        named_features(features)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (
            lambda images: images,
            r"features 'lambda': float32 of shape \(5, 4, 4, 1\) for 5 pictures, expected numbers \(5, d\)",
        ),
        (lambda images: images.mean((0, 1)), r"for 5 pictures, expected"),
        (lambda images: images.no, "features 'lambda': the function fails: AttributeError: "),
    ],
)
def test_a_function_that_gives_no_features_is_refused_in_one_line(function, words):
    with pytest.raises(UserError, match=words):
        extract_by(function).extract(PICTURES[:5], iter)
