"""Sets of TensorFlow Datasets, prepared here without TensorFlow."""

import importlib.util
import io
import shutil
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from jaxgan.data import load, tfds
from jaxgan.engine import reading
from jaxgan.errors import NoSplitError, UserError

tensorflow_datasets = pytest.importorskip("tensorflow_datasets")


def png(height, width, channels, level):
    pixels = np.full((height, width, channels), level, np.uint8)
    pixels[0] = 0  # a black top row
    buffer = io.BytesIO()
    Image.fromarray(pixels[..., 0] if channels == 1 else pixels).save(buffer, "PNG")
    return buffer.getvalue()


def encoded(examples):
    """Numbered examples, their pictures as open files: TFDS takes the bytes of those, without TensorFlow."""
    for number, example in enumerate(examples):
        yield number, {key: io.BytesIO(value) if isinstance(value, bytes) else value for key, value in example.items()}


def prepare(folder, set_name, features, examples, file_format="array_record"):
    core = tensorflow_datasets.core
    # A set whose code no one has registered: it is found by its files alone.
    with core.registered.skip_registration():

        class Tiny(core.GeneratorBasedBuilder):
            VERSION = core.Version("1.0.0")
            name = set_name

            def _info(self):
                return core.DatasetInfo(builder=self, features=tensorflow_datasets.features.FeaturesDict(features))

            def _split_generators(self, _):
                return {"train": encoded(examples), "test": encoded(examples[:2])}

            def _generate_examples(self):
                raise NotImplementedError

    Tiny(data_dir=str(folder), file_format=file_format).download_and_prepare()
    return folder


LABEL = tensorflow_datasets.features.ClassLabel(names=["cat", "dog", "eel"])


def image(height, width, channels):
    return tensorflow_datasets.features.Image(shape=(height, width, channels))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tfds")
    shades = [{"image": png(8, 8, 1, 40 * i), "label": i % 3} for i in range(6)]
    prepare(folder, "tiny_shades", {"image": image(8, 8, 1), "label": LABEL}, shades)
    prepare(
        folder,
        "tiny_scenes",
        {"scene": image(None, None, 3), "caption": tensorflow_datasets.features.Text()},
        [{"scene": png(6 + i, 10, 3, 100), "caption": "a scene"} for i in range(3)],
    )
    prepare(folder, "tiny_words", {"text": tensorflow_datasets.features.Text()}, [{"text": "hello"}] * 2)
    prepare(folder, "mnist", {"image": image(28, 28, 1), "label": LABEL}, [{"image": png(28, 28, 1, 9), "label": 2}] * 3)
    return folder


def test_a_labelled_set_is_read(prepared, offline):
    dataset = load("tfds:tiny_shades", data_dir=prepared)
    assert dataset.samples.shape == (6, 8, 8, 1)
    assert dataset.samples.dtype == np.uint8
    assert dataset.n_classes == 3
    assert dataset.class_names == ("cat", "dog", "eel")
    assert dataset.labels.dtype == np.int32
    shade = dataset.samples[:, -1, 0, 0].astype(int) // 40
    assert sorted(shade) == list(range(6))  # TFDS shuffles once, when it prepares
    np.testing.assert_array_equal(dataset.labels, shade % 3)
    assert dataset.samples[:, 0].max() == 0
    assert dataset.name == "tfds:tiny_shades"
    assert load("tfds:tiny_shades", data_dir=prepared, split="test", image_size=4).samples.shape == (2, 4, 4, 1)
    assert load("tfds:tiny_shades:1.0.0", data_dir=prepared).size == 6
    assert "tensorflow" not in sys.modules
    assert not offline


def test_a_set_without_labels_and_of_many_sizes_is_read(prepared):
    dataset = load("tfds:tiny_scenes", data_dir=prepared)
    side = dataset.samples.shape[1]
    assert dataset.samples.shape == (3, side, side, 3)
    assert side in (6, 7, 8)
    assert dataset.labels is None
    assert dataset.n_classes == 0
    assert dataset.class_names == ()


@pytest.mark.parametrize("name", ["tiny_shades", "tiny_scenes"])
def test_further_processes_read_it_too(prepared, name):
    records = load(f"tfds:{name}", data_dir=prepared, memory=1).records
    reader, rows = reading.ProcessReader(records, 1), np.array([2, 0, 2])
    reader.start()
    try:
        for theirs, ours in zip(reader.read(rows), reading.ThreadReader(records).read(rows), strict=True):
            np.testing.assert_array_equal(theirs, ours)
    finally:
        reader.stop()


def test_a_prepared_mnist_is_found_under_its_plain_name(prepared, offline):
    dataset = load("mnist", data_dir=prepared)
    assert dataset.samples.shape == (3, 28, 28, 1)
    assert dataset.labels.tolist() == [2, 2, 2]
    assert dataset.name == "mnist"
    assert not offline


def test_what_cannot_be_read_is_said(prepared, refused, offline):
    assert "allowed are test, train" in refused(load, "tfds:tiny_shades", data_dir=prepared, split="validation")
    assert "holds no images: its features are text" in refused(load, "tfds:tiny_words", data_dir=prepared)
    assert "points=2" in refused(load, "tfds:tiny_shades", data_dir=prepared, points=2)


def test_an_unknown_name_and_one_that_is_no_name(tmp_path, refused, offline):
    assert "did you mean 'tfds:cifar10" in refused(load, "tfds:cifar11", data_dir=tmp_path)
    assert "tfds:Bad Name!" in refused(load, "tfds:Bad Name!", data_dir=tmp_path)
    assert not offline


def test_an_unprepared_set_says_at_once_which_extra_to_install(tmp_path, refused, offline, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "tensorflow" else find(name, *rest))
    start = time.monotonic()
    line = refused(load, "tfds:cifar10", data_dir=tmp_path)
    assert time.monotonic() - start < 10
    assert "pip install 'jaxgan[tfds]'" in line
    assert "TensorFlow" in line
    assert str(tmp_path) in line
    assert not offline


def test_with_tensorflow_but_without_network_it_gives_up_soon(tmp_path, refused, offline, monkeypatch):
    find = importlib.util.find_spec
    present = SimpleNamespace(name="tensorflow")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: present if name == "tensorflow" else find(name, *rest))
    start = time.monotonic()
    line = refused(load, "tfds:cifar10", data_dir=tmp_path)
    assert time.monotonic() - start < 10
    assert "no answer from http" in line


def test_a_set_in_another_format_is_named(prepared, refused, tmp_path):
    source = prepared / "tiny_shades" / "1.0.0"
    target = tmp_path / "tiny_shades" / "1.0.0"
    target.mkdir(parents=True)
    for path in source.iterdir():
        content = path.read_bytes()
        if path.name == "dataset_info.json":
            content = content.replace(b'"array_record"', b'"tfrecord"')
        (target / path.name.replace("array_record", "tfrecord")).write_bytes(content)
    line = refused(load, "tfds:tiny_shades", data_dir=tmp_path)
    assert "tfrecord" in line
    assert "file_format='array_record'" in line


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def exchanged(path):
    path.write_bytes(next(path.parent.glob("*test*")).read_bytes())  # 2 records, and 6 are expected


def without_splits(path):
    path.write_text("{}")


@pytest.mark.parametrize(
    ("part", "damage"),
    [
        ("train", cut),
        ("train", Path.unlink),
        ("train", exchanged),
        ("dataset_info", Path.unlink),
        ("dataset_info", cut),
        ("dataset_info", without_splits),
        ("features", cut),
        ("features", Path.unlink),
    ],
)
@pytest.mark.parametrize("name", ["tiny_shades", "mnist"])
def test_a_damaged_set_is_named_and_not_start_workern_for_an_absent_one(
    prepared, refused, tmp_path, offline, part, damage, name
):
    """`mnist` would else be downloaded. What hurts one split only leaves the other."""
    target = tmp_path / name / "1.0.0"
    shutil.copytree(prepared / "tiny_shades" / "1.0.0", target)
    for path in target.iterdir():
        if part in path.name:
            damage(path)
    for split in ("train",) if part == "train" else ("train", "test"):
        with pytest.raises(UserError) as caught:
            load(name if name == "mnist" else f"tfds:{name}", data_dir=tmp_path, split=split)
        assert not isinstance(caught.value, NoSplitError)
        line = str(caught.value)
        assert "\n" not in line and str(tmp_path) in line and "download" not in line
    assert not offline


def test_is_prepared_needs_no_import(prepared, tmp_path):
    assert tfds.is_prepared("tiny_shades", prepared)
    assert not tfds.is_prepared("tiny_shades", tmp_path)
