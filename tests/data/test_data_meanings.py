"""What numbers, labels and folders are taken for: right where one reading is plainly meant, and said; else refused in one line."""

import os
import sys

import numpy as np
import pytest
from PIL import Image

from jaxgan.data import Dataset, account, as_dataset, describe, from_description, load, load_held_out, unreadable
from jaxgan.data.arrays import read_labels, read_pictures
from jaxgan.errors import NoSplitError, UserError

BYTES = np.random.default_rng(0).integers(0, 256, (6, 5, 7, 3), dtype=np.uint8)
BYTES[0, 0, 0] = 0, 255, 255
BITS = (BYTES > 127).astype(np.uint8)


@pytest.mark.parametrize(
    ("images", "expected", "words"),
    [
        (BYTES, BYTES, None),
        (BYTES / 127.5 - 1, BYTES, "taken for -1 (black) to 1 (white)"),
        (BYTES.astype(np.uint16) * 257, BYTES, "taken for levels from 0 to 65535"),
        (BYTES.astype(np.int32) * 257 - 128 * (BYTES > 0), BYTES, "taken for levels from 0 to 65535"),
        (BYTES * 257.0, BYTES, "taken for levels from 0 to 65535"),
        (BYTES / 255, BYTES, "taken for 0 (black) to 1 (white)"),
        ((BYTES / 255).astype(np.float16).astype(np.float64).clip(0, 1), BYTES, "taken for 0 (black) to 1 (white)"),
        (BYTES.astype(np.float32), BYTES, "taken for levels from 0 to 255"),
        (BYTES.astype(np.int64), BYTES, "taken for levels from 0 to 255"),
        (BITS, BITS * 255, "taken for black and white"),
        (BITS.astype(np.int32), BITS * 255, "taken for black and white"),
        (BITS.astype(bool), BITS * 255, "taken for black and white"),
        (BITS.astype(float), BITS * 255, "taken for 0 (black) to 1 (white)"),
        (BYTES.transpose(0, 3, 1, 2), BYTES, "taken for (N, C, H, W)"),
        (BYTES.transpose(1, 2, 3, 0), BYTES, "taken for (H, W, C, N)"),
        (BYTES[..., :1].transpose(0, 3, 1, 2), BYTES[..., :1], "taken for (N, C, H, W)"),
        (BYTES.transpose(0, 3, 1, 2) / 255, BYTES, "taken for (N, C, H, W)"),
        (np.zeros((2, 4, 4, 1), np.uint8), np.zeros((2, 4, 4, 1)), None),
    ],
)
def test_pictures_of_any_usual_form_become_the_same_bytes(images, expected, words):
    pictures, notes = read_pictures(images, "x.npz: images")
    assert pictures.dtype == np.uint8
    assert np.abs(pictures.astype(int) - expected).max() <= (1 if images.dtype.kind == "f" else 0)
    assert bool(notes) == (words is not None)
    assert words is None or any(words in note and note.startswith("x.npz: images") for note in notes)


@pytest.mark.parametrize("asarray", [np.asarray, lambda x: x.astype(np.int64)])
def test_arrays_of_ones_own_are_read_as_archives_are(asarray):
    for images in (BYTES, BYTES.transpose(0, 3, 1, 2)):
        np.testing.assert_array_equal(as_dataset(asarray(images)).samples, BYTES)
    np.testing.assert_array_equal(as_dataset(asarray(BITS)).samples, BITS * 255)
    vectors = as_dataset(BITS.reshape(6, -1))
    np.testing.assert_array_equal(vectors.samples, BITS.reshape(6, -1) * 255)
    assert "0 and 1 alone" in vectors.notes[0]


def test_floats_of_ones_own_keep_their_numbers_and_what_may_be_wrong_is_said():
    """A generator of the user's own may draw just these."""
    unit = as_dataset(BYTES / 255)
    np.testing.assert_array_equal(unit.samples, (BYTES / 255).astype(np.float32))
    assert "samples lie in [0, 1] and stay as they are" in unit.notes[0]
    assert "are taken for pictures in [-1, 1], where -1 is black" in as_dataset(BYTES / 127.5 - 1).notes[0]
    assert "from 0 to 255 stay as they are" in as_dataset(BYTES.astype(float)).notes[0]
    square = np.random.default_rng(0).normal(size=(5, 3, 8, 8))
    turned = as_dataset(square)
    np.testing.assert_array_equal(turned.samples, square.transpose(0, 2, 3, 1).astype(np.float32))
    assert "(N, C, H, W)" in turned.notes[0]
    assert as_dataset(square[..., :7]).sample_shape == (8, 7, 3)
    assert as_dataset(square[:, :2, :, :7]).sample_shape == (2, 8, 7)  # may be anything
    assert "give them as (N, 2)" in as_dataset(np.zeros((2, 50))).notes[0]


def test_points_with_their_axes_the_other_way_round(tmp_path):
    points = np.random.default_rng(0).normal(size=(9, 2)).astype(np.float32)
    np.savez(tmp_path / "x.npz", points=points.T)
    dataset = load(f"npz:{tmp_path / 'x.npz'}")
    np.testing.assert_array_equal(dataset.samples, points)
    assert "taken for (2, N)" in dataset.notes[0]


@pytest.mark.parametrize(
    ("labels", "numbers", "names", "said"),
    [
        ([0, 1, 2, 1], [0, 1, 2, 1], (), False),
        ([1, 2, 3, 1], [0, 1, 2, 0], ("1", "2", "3"), True),
        ([0, 9, 9, 4], [0, 2, 2, 1], ("0", "4", "9"), True),
        ([2**40, 7, 7, 7], [1, 0, 0, 0], ("7", str(2**40)), True),
        ([0.0, 1.0, 1.0, 0.0], [0, 1, 1, 0], (), False),
        ([[0], [1], [0], [1]], [0, 1, 0, 1], (), False),
        ([[0, 1], [1, 0], [0, 1], [0, 1]], [1, 0, 1, 1], (), True),
        ([True, False, True, True], [1, 0, 1, 1], (), False),
        (["dog", "cat", "dog", "eel"], [1, 0, 1, 2], ("cat", "dog", "eel"), False),
        ([b"dog", b"cat", b"dog", b"eel"], [1, 0, 1, 2], ("cat", "dog", "eel"), False),
        (np.array([1, 2, 3, 1], np.uint8), [0, 1, 2, 0], ("1", "2", "3"), True),
    ],
)
def test_labels_of_any_usual_form_become_numbers_from_0(labels, numbers, names, said):
    found = read_labels(np.asarray(labels), 4, "x.npz")
    assert found.numbers.tolist() == numbers and found.numbers.dtype == np.int32
    assert found.class_names == names and found.n_classes == max(numbers) + 1
    assert bool(found.notes) == said


def test_labels_keep_their_numbers_where_the_classes_are_known():
    gaps = np.array([0, 9, 9, 4])
    for options in ({"n_classes": 10}, {"class_names": tuple("abcdefghij")}):
        found = as_dataset(BYTES[:4], gaps, **options)
        assert found.labels.tolist() == gaps.tolist() and found.n_classes == 10 and not found.notes
    found = as_dataset(BYTES[:4], gaps, keep_below=10)
    assert found.labels.tolist() == gaps.tolist() and found.n_classes == 10
    assert as_dataset(BYTES[:4], gaps, class_names=("a", "b", "c")).class_names == ("a", "b", "c")
    assert as_dataset(BYTES[:4], gaps, keep_below=9).labels.tolist() == [0, 2, 2, 1]


MODULE = """
import numpy as np
def split_labels(split):
    return np.zeros((3, 2)), np.array([1, 5, 7] if split == "train" else [7, 7, 1])
def strange(split):
    return np.zeros((3, 2)), np.array([1, 5, 7] if split == "train" else [7, 8, 1])
"""


def test_another_split_has_the_class_numbers_of_the_training_split(tmp_path, monkeypatch):
    (tmp_path / "meant_data.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    test = load_held_out("meant_data:split_labels")
    assert test.labels.tolist() == [2, 2, 0] and test.class_names == ("1", "5", "7") and test.n_classes == 3
    with pytest.raises(UserError, match="labels hold 8, expected one of 1, 5, 7, as in the training split"):
        load_held_out("meant_data:strange")
    sys.modules.pop("meant_data", None)


# Folders


def picture(path, level=90, size=(8, 8), **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (level, 0, 0)).save(path, **options)


def test_every_ending_that_pillow_reads_is_read_and_the_rest_is_counted(tmp_path):
    names = ["a.png", "b.JPG", "c.webp", "d.bmp", "e.tif", "f.TIFF", "g.gif", "h.jfif", "i.jpe", "j.ppm", "k.tga"]
    for name in names:
        Image.new("RGB", (8, 8)).save(tmp_path / name, "JPEG" if name[2:] in ("jfif", "jpe", "JPG") else None)
    for name in ("notes.txt", "labels.csv", ".DS_Store", "Thumbs.db", "desktop.ini"):
        (tmp_path / name).write_text("x")
    for name in ("__MACOSX", "@eaDir", ".cache", "hollow"):
        (tmp_path / name).mkdir()
    picture(tmp_path / "@eaDir" / "thumb.png")
    dataset = load(f"folder:{tmp_path}")
    assert dataset.size == len(names) and dataset.n_classes == 0
    note, unread = dataset.notes
    assert "labels.csv is there and was not read" in unread  # for what it holds are no labels
    assert "6 hidden or of the system (.DS_Store, .cache, @eaDir, ...)" in note
    assert "2 not pictures by their ending (labels.csv, notes.txt)" in note
    assert "1 folders without pictures (hollow)" in note
    assert note in account(dataset)[1]


def test_classes_named_by_numbers_are_sorted_as_numbers(tmp_path):
    for name in ("10", "2", "1"):
        picture(tmp_path / name / "a.png", level=int(name))
    dataset = load(f"folder:{tmp_path}")
    assert dataset.class_names == ("1", "2", "10") and dataset.samples[:, 0, 0, 0].tolist() == [1, 2, 10]
    picture(tmp_path / "b" / "a.png")
    assert load(f"folder:{tmp_path}").class_names == ("1", "10", "2", "b")


def test_links_are_followed_and_a_link_to_nothing_is_a_picture_that_cannot_be_read(tmp_path):
    picture(tmp_path / "elsewhere" / "sub" / "a.png")
    picture(tmp_path / "set" / "one" / "b.png")
    (tmp_path / "set" / "two").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "set" / "one" / "c.png").symlink_to(tmp_path / "set" / "one" / "b.png")
    (tmp_path / "elsewhere" / "round").symlink_to(tmp_path / "elsewhere")
    dataset = load(f"folder:{tmp_path / 'set'}")
    assert dataset.labels.tolist() == [0, 0, 1]
    assert any("1 links to folders that were read already (round)" in note for note in dataset.notes)
    assert any("1 pictures lie in folders below" in note for note in dataset.notes)
    (tmp_path / "set" / "one" / "lost.png").symlink_to(tmp_path / "nowhere.png")
    with pytest.raises(UserError, match=r"lost\.png: a link to nothing"):
        load(f"folder:{tmp_path / 'set'}")
    (tmp_path / "set" / "one" / "broken.png").write_bytes(b"x")
    lost = {each.file.rpartition("/")[2] for each in unreadable(f"folder:{tmp_path / 'set'}")}
    assert lost == {"broken.png", "lost.png"}
    assert load(f"folder:{tmp_path / 'set'}", skip_unreadable=True).size == 3


def splits(folder, *names, classes=("cat", "dog")):
    for name in names:
        for label, kind in enumerate(classes):
            picture(folder / name / kind / "a.png", level=len(name) * 10 + label)
    return f"folder:{folder}"


@pytest.mark.parametrize(("train", "test"), [("train", "test"), ("Training", "val"), ("train", "validation")])
def test_a_root_of_splits_is_read_split_by_split(tmp_path, train, test):
    name = splits(tmp_path, train, test)
    (tmp_path / "labels.csv").write_text("x")
    dataset, held_out = load(name), load_held_out(name)
    assert dataset.class_names == held_out.class_names == ("cat", "dog")
    assert dataset.samples[:, 0, 0, 0].tolist() == [10 * len(train), 10 * len(train) + 1]
    assert held_out.samples[:, 0, 0, 0].tolist() == [10 * len(test), 10 * len(test) + 1]
    assert dataset.notes[0] == f"read from {train}/, beside {test}/" and "labels.csv" in dataset.notes[1]


def test_the_test_split_has_the_classes_of_the_training_split(tmp_path):
    name = splits(tmp_path, "train", classes=("ant", "bee", "cat"))
    picture(tmp_path / "test" / "cat" / "a.png")
    held_out = load_held_out(name)
    assert held_out.labels.tolist() == [2] and held_out.n_classes == 3 and held_out.class_names == ("ant", "bee", "cat")
    picture(tmp_path / "test" / "dog" / "a.png")
    with pytest.raises(UserError, match="dog: no class of the training split"):
        load_held_out(name)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: splits(folder, "test", "val"), "expected train and test: name one folder, folder:"),
        (lambda folder: splits(folder, "train", "test", "more"), "holds the splits test, train beside more"),
        (lambda folder: splits(folder, "train", "training"), "expected train and test"),
        (
            lambda folder: splits(folder, "cat", classes=("train", "test")) and splits(folder, "dog"),
            "expected splits above classes",
        ),
        (lambda folder: splits(folder, "trainA", "trainB"), "two sets of pictures: name one"),
        (lambda folder: (splits(folder, "train", "test"), picture(folder / "x.png")), "beside pictures (x.png)"),
    ],
)
def test_splits_that_could_be_meant_otherwise_are_refused(tmp_path, refused, make, words):
    make(tmp_path)
    assert words in refused(load, f"folder:{tmp_path}")


def test_train_alone_has_no_test_split_and_may_be_a_class_among_others(tmp_path):
    name = splits(tmp_path / "a", "train")
    assert load(name).class_names == ("cat", "dog")
    with pytest.raises(NoSplitError, match="no split 'test'"):
        load(name, split="test")
    for kind in ("train", "plane"):
        picture(tmp_path / "b" / kind / "a.png")
    assert load(f"folder:{tmp_path / 'b'}").class_names == ("plane", "train")


def test_a_folder_around_the_classes_is_opened(tmp_path):
    splits(tmp_path / "unpacked", "cats-and-dogs")
    dataset = load(f"folder:{tmp_path / 'unpacked'}")
    assert dataset.class_names == ("cat", "dog") and "the only folder there" in dataset.notes[0]
    picture(tmp_path / "celeba" / "img_align" / "a.png")
    assert load(f"folder:{tmp_path / 'celeba'}").class_names == ("img_align",)


def test_a_folder_that_cannot_be_read_is_not_an_empty_one(tmp_path, refused, monkeypatch):
    picture(tmp_path / "one" / "a.png")
    picture(tmp_path / "two" / "a.png")
    scan = os.scandir

    def guarded(path):
        if str(path).endswith("two"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", guarded)
    assert "two: not readable (Permission denied)" in refused(load, f"folder:{tmp_path}")


def test_sizes_and_frames_are_said(tmp_path):
    picture(tmp_path / "a.png", size=(10, 8))
    picture(tmp_path / "b.png", size=(20, 30))
    frames = [Image.new("RGB", (8, 8), (level, 0, 0)) for level in (9, 200)]
    frames[0].save(tmp_path / "c.gif", save_all=True, append_images=frames[1:])
    notes = load(f"folder:{tmp_path}").notes
    assert "3 sizes, 8x8 to 30x20 become 8x8, as the first one's shorter side is (--image-size" in notes[0]
    assert "2 of 3 are cut: 26.7 % on average and 33.3 % at most of their area is lost" in notes[0]
    assert notes[1] == "1 of the files hold several pictures: the first of each is taken"
    assert "--image-size" not in load(f"folder:{tmp_path}", image_size=4).notes[0]
    assert "2 of 3 are padded: 31.2 % on average" in load(f"folder:{tmp_path}", image_size=8, resize="pad").notes[0]
    assert (
        "2 of 3 are squeezed: one side to the other changes by 37.5 %"
        in load(f"folder:{tmp_path}", image_size=8, resize="squeeze").notes[0]
    )


# What is said of all that


def test_a_run_begins_with_what_was_read():
    labels = np.repeat(np.arange(12), 2)
    dataset = as_dataset(np.full((24, 4, 4), 7, np.uint8), labels, class_names=[f"c{i}\n" for i in range(12)])
    [line] = account(dataset)
    assert line.startswith("data: 24 samples read, levels 7 to 7 of 0 to 255, 12 classes: c0\\n (2), c1\\n (2)")
    assert line.endswith(", ... of 2 to 2 each") and "c10" not in line and "\n" not in line
    assert account(as_dataset(np.array([[0.5, -2.0]]))) == ("data: 1 samples read, numbers -2 to 0.5, no labels",)
    assert account(load("ring8")) == ()


def test_notes_are_kept_in_the_record_of_a_run():
    dataset = Dataset("x", (2,), 0, np.zeros((3, 2), np.float32), None, notes=("taken for this",))
    values = describe(dataset)
    assert values["notes"] == ["taken for this"] and from_description(values).notes == ("taken for this",)
    del values["notes"]
    assert from_description(values).notes == ()


# What is there and broken is not absent


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_an_archive_that_cannot_be_read_is_not_downloaded(tmp_path, refused, offline, kind):
    path = tmp_path / "mnist" / "train-images-idx3-ubyte.gz"
    path.parent.mkdir()
    path.mkdir() if kind == "folder" else path.symlink_to(tmp_path / "nowhere")
    (path.parent / "train-labels-idx1-ubyte.gz").write_bytes(b"")
    assert f"{path}: not readable" in refused(load, "mnist", data_dir=tmp_path)
    assert not offline
