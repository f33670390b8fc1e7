"""Held-out data: none where a set has no test split, an error where it has one that cannot be read; and what a run folder records."""

import json

import numpy as np
import pytest
from PIL import Image

from jaxgan import data
from jaxgan.data import Dataset, describe, form_of, from_description, load, load_held_out, read_into_memory
from jaxgan.errors import NoSplitError, UserError
from tests.tiny import on_disk, pictures


def test_the_test_split_is_loaded(offline):
    held_out = load_held_out("digits", image_size=9)
    np.testing.assert_array_equal(held_out.samples, load("digits", split="test", image_size=9).samples)


def test_sets_without_one_give_none(tmp_path):
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    np.savez(tmp_path / "a.npz", points=np.zeros((3, 2)))
    for name in ("ring8", f"folder:{tmp_path}", f"npz:{tmp_path / 'a.npz'}"):
        with pytest.raises(NoSplitError, match="no split 'test'"):
            load(name, split="test")
        assert load_held_out(name) is None
    with pytest.raises(NoSplitError, match="allowed are train, test"):
        load("digits", split="validation")


def test_a_broken_archive_under_a_path_that_contains_split_is_an_error(tmp_path, offline):
    """What has the word in its message is not by that a set without test data."""
    folder = tmp_path / "splits" / "mnist"
    folder.mkdir(parents=True)
    for name in ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        (folder / name).write_bytes(b"broken")
    with pytest.raises(UserError, match="split") as caught:
        load_held_out("mnist", data_dir=tmp_path / "splits")
    assert not isinstance(caught.value, NoSplitError)


def test_streamed_pictures_are_brought_into_memory(monkeypatch):
    dataset = pictures(n=30, size=8)
    whole = read_into_memory(on_disk(dataset))
    np.testing.assert_array_equal(whole.samples, dataset.samples)
    np.testing.assert_array_equal(whole.labels, dataset.labels)
    assert read_into_memory(dataset) is dataset
    monkeypatch.setattr("jaxgan.data.memory.MOST_BYTES", 64 * 10)
    part = read_into_memory(on_disk(dataset))
    assert part.samples.shape == (10, 8, 8, 1) and part.records is None
    assert len({picture.tobytes() for picture in part.samples}) == 10


def test_selected_samples_keep_their_labels():
    dataset = pictures(n=10, size=4)
    part = dataset.select(np.array([7, 1]))
    np.testing.assert_array_equal(part.samples, dataset.samples[[7, 1]])
    assert part.labels.tolist() == dataset.labels[[7, 1]].tolist() and part.n_classes == dataset.n_classes
    assert Dataset("x", (2,), 0, np.eye(2, dtype=np.float32), None).select(np.array([1])).samples.tolist() == [[0, 1]]


def test_a_data_set_is_described_as_json_and_known_again_without_its_samples(monkeypatch):
    monkeypatch.setattr("jaxgan.data.stacks.TRIPLES", {"train": 5, "test": 5})
    for name in ("digits", "stacked_digits"):
        dataset = load(name)
        values = json.loads(json.dumps(describe(dataset)))
        known = from_description(values)
        assert values["size"] == dataset.size and known.samples is None
        for field in ("name", "sample_shape", "n_classes", "class_names", "stack_of"):
            assert getattr(known, field) == getattr(dataset, field)
        del values["stack_of"]  # as older run folders have it
        assert from_description(values).stack_of == dataset.stack_of


@pytest.mark.parametrize("name", ["ring8", "swiss_roll"])
def test_points_are_drawn_afresh_by_the_sampler_and_fixed_ones_have_none(name):
    assert load(name).sampler == load(name).distribution.sample
    assert load(name, points=5).sampler is None and load(name, points=5).size == 5


def test_all_public_names_are_there():
    assert {"load", "as_dataset", "Dataset", "Distribution", "DATASETS", "gaussian_mixture"} <= set(data.__all__)
    assert all(hasattr(data, name) for name in data.__all__)


def test_another_split_comes_in_the_form_of_the_first(tmp_path):
    for split, size, mode in (("train", (8, 6), "RGB"), ("test", (9, 12), "L")):
        (tmp_path / split).mkdir()
        for i in range(2):
            Image.new(mode, size, (i, 2, 3) if mode == "RGB" else i).save(tmp_path / split / f"{i}.png")
    train = load(f"folder:{tmp_path}")
    assert train.sample_shape == (6, 8, 3) and load_held_out(train.name).sample_shape == (12, 9, 1)
    assert load_held_out(train.name, **form_of(train.name, train.sample_shape)).sample_shape == train.sample_shape
    assert form_of("digits", (28, 28, 1)) == form_of("npz:x", (28, 28, 1)) == form_of("", ()) == {}
