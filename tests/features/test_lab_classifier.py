"""The lab's classifier: of any labelled pictures, trained once and kept; of a data set by its name; of stacked pictures."""

import dataclasses

import numpy as np
import pytest

from jaxgan import data
from jaxgan.data import as_dataset
from jaxgan.errors import UserError
from jaxgan.features import StackedClassifier, classifier_of, lab_classifier, train_classifier
from tests.tiny import on_disk, pictures

TRAIN, TEST = pictures(n=30, size=8), pictures(n=12, size=8)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of its own for classifiers, and few updates."""
    monkeypatch.setattr("jaxgan.features.classifier.UPDATES", 2)
    monkeypatch.setattr("jaxgan.features.classifier.classifiers_folder", lambda: tmp_path / "classifiers")
    return tmp_path / "classifiers"


def test_a_classifier_is_kept_and_read_again(tmp_path):
    first = classifier_of(TRAIN, TEST, tmp_path, updates=2)
    [kept] = tmp_path.iterdir()
    written = kept.stat().st_mtime_ns
    again = classifier_of(TRAIN, TEST, tmp_path, updates=2)
    assert (again.weights_hash, again.accuracy, again.held_out) == (first.weights_hash, first.accuracy, 12)
    assert kept.stat().st_mtime_ns == written
    probabilities, features = again.classify(TEST.samples)
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-5)
    assert probabilities.shape == (12, 3) and features.shape == (12, 128) and (features >= 0).all()
    assert first.accuracy == (probabilities.argmax(1) == TEST.labels).mean()
    assert classifier_of(TRAIN, TEST, tmp_path, updates=3).weights_hash != first.weights_hash
    for content in (b"broken", b"PK\x03\x04broken", kept.read_bytes()[:200]):
        kept.write_bytes(content)
        with pytest.raises(UserError, match="delete it") as caught:
            classifier_of(TRAIN, TEST, tmp_path, updates=2)
        assert "\n" not in str(caught.value)


def test_kept_files_are_known_by_pictures_labels_length_and_name(tmp_path):
    """The name of the file is what it was before this module: classifiers that users have keep their worth."""
    classifier_of(TRAIN, TEST, tmp_path, updates=2)
    assert [path.name for path in tmp_path.iterdir()] == ["b4f93373570db0e5.npz"]
    other = dataclasses.replace(TRAIN, labels=TRAIN.labels[::-1].copy())
    for train, updates, seed in ((other, 2, 0), (TRAIN, 3, 0), (TRAIN, 2, 1), (dataclasses.replace(TRAIN, name="x"), 2, 0)):
        classifier_of(train, TEST, tmp_path, updates=updates, seed=seed)
    assert len(list(tmp_path.iterdir())) == 5


def test_training_alone_writes_nothing_and_gives_the_same(folder):
    trained = train_classifier(TRAIN, TEST, updates=2)
    assert not folder.exists()
    assert trained.weights_hash == classifier_of(TRAIN, TEST, folder, updates=2).weights_hash


def test_arrays_of_the_users_own_have_one(folder):
    """Bytes, or floats in [-1, 1]; without test data a tenth is left out of the training."""
    whole = pictures(n=120, size=8)
    own = as_dataset(whole.samples, whole.labels)
    classifier = classifier_of(own)
    assert classifier.held_out == 12 and classifier.n_classes == 3 and len(list(folder.iterdir())) == 1
    floats = as_dataset(whole.samples / 127.5 - 1, whole.labels)
    same = classifier_of(floats)
    theirs = (classifier.classify(own.samples[:5])[0], same.classify(floats.samples[:5])[0])
    np.testing.assert_allclose(*theirs, rtol=1e-3)
    streamed = classifier_of(dataclasses.replace(on_disk(own), name="own"))
    assert streamed.weights_hash == classifier.weights_hash and len(list(folder.iterdir())) == 2


def test_a_data_set_by_name_is_tried_on_its_test_split(folder):
    classifier = lab_classifier("digits", image_size=8)
    assert classifier.held_out == 300
    by_records = classifier_of(data.load("digits", image_size=8), data.load("digits", split="test", image_size=8))
    assert by_records.weights_hash == classifier.weights_hash and len(list(folder.iterdir())) == 1


def test_a_stacked_set_is_classified_by_the_classifier_of_one_picture(folder, monkeypatch):
    monkeypatch.setattr("jaxgan.data.stacks.TRIPLES", {"train": 20, "test": 5})
    stacked = lab_classifier("stacked_digits", image_size=8)
    assert isinstance(stacked, StackedClassifier) and stacked.channels == 3 and stacked.n_classes == 1000
    assert stacked.weights_hash == lab_classifier("digits", image_size=8).weights_hash
    with pytest.raises(UserError, match="stacked: its classifier is made of that of 'digits'"):
        classifier_of(data.load("stacked_digits", image_size=8))


def test_what_a_classifier_cannot_be_trained_on_is_refused(folder):
    ring, few = data.load("ring8", points=200), pictures(n=30, size=8)
    for train, test, words in (
        (ring, ring, "labelled pictures"),
        (ring, None, "labelled pictures"),
        (few, None, "fewer than 100"),
        (dataclasses.replace(few, labels=None), few, "labelled pictures"),
        (dataclasses.replace(few, n_classes=1), few, "at least two classes"),
        (pictures(n=30, size=3), pictures(n=30, size=3), "too small"),
    ):
        with pytest.raises(UserError, match=words):
            classifier_of(train, test)
    assert not folder.exists()


def test_a_classifier_that_cannot_be_kept_serves_all_the_same(tmp_path, capsys):
    """Its folder lies under a file: one line says that it is not kept."""
    (tmp_path / "file").write_text("")
    kept = classifier_of(TRAIN, TEST, tmp_path / "folder", updates=2)
    capsys.readouterr()
    assert classifier_of(TRAIN, TEST, tmp_path / "file" / "folder", updates=2).weights_hash == kept.weights_hash
    said = capsys.readouterr().err
    assert said.startswith("the classifier is not kept for the next time: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("updates", [0, -1])
def test_no_updates_are_no_classifier(updates, tmp_path):
    with pytest.raises(UserError, match=f"updates={updates} is not possible: expected 1 or more"):
        classifier_of(TRAIN, TEST, tmp_path, updates=updates)
    with pytest.raises(UserError, match="not possible"):
        train_classifier(TRAIN, TEST, updates=updates)


def test_pictures_of_any_shape_and_channels_are_classified():
    whole = pictures(n=40, size=8, channels=4)
    wide = dataclasses.replace(whole, samples=whole.samples[:, :5], sample_shape=(5, 8, 4))
    classifier = train_classifier(wide, wide, updates=2)
    probabilities, features = classifier.classify(wide.samples)
    assert probabilities.shape == (40, 3) and features.shape == (40, 128) and np.isfinite(features).all()
