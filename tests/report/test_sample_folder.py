"""Folders of generated pictures: what is written, and what is left alone."""

import csv

import numpy as np
import pytest
from PIL import Image

from jaxgan.errors import UserError
from jaxgan.report.sample_folder import SampleFolder, check_sample_folder


def pictures(n, channels=3):
    return np.random.default_rng(0).uniform(-1.2, 1.2, (n, 5, 4, channels)).astype(np.float32)


def rows_of(folder):
    with (folder / "samples.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def written(folder, images, numbers, labels=None, makers=None, **about):
    writer = SampleFolder(folder, **about)
    writer.begin()
    writer.add(images, np.asarray(numbers), labels, makers)


@pytest.mark.parametrize(("ending", "channels"), [("png", 1), ("png", 3), ("png", 4), ("webp", 3)])
def test_a_file_holds_the_pixels_of_its_sample(tmp_path, ending, channels):
    images = pictures(2, channels)
    written(tmp_path / "x", images, [7, 12345], ending=ending)
    assert rows_of(tmp_path / "x") == [
        {"seed": "7", "file": f"seed0007.{ending}"},
        {"seed": "12345", "file": f"seed12345.{ending}"},
    ]
    levels = np.rint((np.clip(images, -1, 1) + 1) * 127.5)
    with Image.open(tmp_path / "x" / f"seed0007.{ending}") as opened:
        np.testing.assert_array_equal(np.asarray(opened).reshape(5, 4, channels), levels[0])


def test_classes_are_subfolders_and_the_table_names_class_and_generator(tmp_path):
    about = {"n_classes": 2, "class_names": ("cat", "dog"), "generators": 3, "ending": "jpg", "of": "latent"}
    written(tmp_path / "x", pictures(2), [0, 1], np.array([1, 0]), [2, 0], **about)
    assert rows_of(tmp_path / "x") == [
        {"latent": "0", "class": "dog", "generator": "2", "file": "dog/latent0000.jpg"},
        {"latent": "1", "class": "cat", "generator": "0", "file": "cat/latent0001.jpg"},
    ]
    assert (tmp_path / "x" / "dog" / "latent0000.jpg").is_file()


@pytest.mark.parametrize("names", [("a/b", "c"), ("..", "c"), ("A", "a"), ("a\nb", "c")])
def test_names_that_no_folder_can_have_are_numbers_there(tmp_path, names):
    written(tmp_path / "x", pictures(1), [3], np.array([0]), n_classes=2, class_names=names)
    assert rows_of(tmp_path / "x") == [{"seed": "3", "class": names[0], "file": "0/seed0003.png"}]
    assert (tmp_path / "x" / "0" / "seed0003.png").is_file()


def test_label_vectors_are_columns(tmp_path):
    written(tmp_path / "x", pictures(1), [3], np.array([[30.5, -1]], np.float32), label_names=("age", "x"))
    assert rows_of(tmp_path / "x") == [{"seed": "3", "age": "30.5", "x": "-1.0", "file": "seed0003.png"}]


def test_a_folder_of_its_own_is_written_anew_and_any_other_left_alone(tmp_path):
    folder = tmp_path / "x"
    about = {"n_classes": 2, "class_names": ("cat", "dog")}
    written(folder, pictures(2), [0, 1], np.array([0, 1]), **about)
    (folder / "dog" / f".{'a' * 16}.tmp").write_bytes(b"half")  # of a killed process
    written(folder, pictures(1), [4], np.array([0]), **about)
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*")) == ["cat", "cat/seed0004.png", "samples.csv"]
    for name in ("notes.txt", "cat/holiday.png", "dog/cat/seed0001.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("mine")
        with pytest.raises(UserError, match="which sample did not write"):
            SampleFolder(folder, **about).begin()
        assert (folder / name).read_text() == "mine" and (folder / "cat" / "seed0004.png").is_file()
        (folder / name).unlink()
        if name.startswith("dog"):
            (folder / "dog" / "cat").rmdir()
    assert check_sample_folder(folder)
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "seed0001.png").write_bytes(b"a picture")
    with pytest.raises(UserError, match=r"holds seed0001\.png, which sample did not write"):
        check_sample_folder(tmp_path / "others")
    for link, to in (("bird", tmp_path / "others"), ("cat/seed0009.png", tmp_path / "others" / "seed0001.png")):
        (folder / link).symlink_to(to)
        with pytest.raises(UserError, match=f"holds {link}, which"):
            check_sample_folder(folder)
        (folder / link).unlink()
