"""Folders of pictures and NumPy archives of the user's own."""

import contextlib
import io
import logging

import numpy as np
import pytest
from PIL import Image

from jaxgan.data import load
from jaxgan.data.pictures import read_picture
from jaxgan.errors import UserError


def picture(path, size=(10, 8), colour=(200, 30, 90), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path)


def test_subfolders_are_classes_in_the_order_of_their_names(tmp_path):
    for name, level in (("zebra", 10), ("ant", 200), ("Bee", 90)):
        for i in range(2):
            picture(tmp_path / name / f"{i}.png", colour=(level, i, 0))
    picture(tmp_path / ".cache" / "0.png")
    (tmp_path / "ant" / "notes.txt").write_text("not a picture")
    dataset = load(f"folder:{tmp_path}")
    assert dataset.class_names == ("Bee", "ant", "zebra")
    assert dataset.n_classes == 3
    assert dataset.labels.tolist() == [0, 0, 1, 1, 2, 2]
    assert dataset.labels.dtype == np.int32
    assert dataset.samples.shape == (6, 8, 10, 3)
    assert dataset.samples.dtype == np.uint8
    assert dataset.samples[:, 0, 0, 0].tolist() == [90, 90, 200, 200, 10, 10]


def test_without_subfolders_there_are_no_labels_and_grey_stays_grey(tmp_path):
    picture(tmp_path / "a.PNG", (12, 12), 77, "L")
    picture(tmp_path / "b.jpeg", (20, 14), (50, 50, 50))
    dataset = load(f"folder:{tmp_path}")
    assert dataset.samples.shape == (2, 12, 12, 1)
    assert dataset.labels is None
    assert dataset.n_classes == 0
    assert dataset.samples[0].min() == dataset.samples[0].max() == 77
    picture(tmp_path / "c.jpg", (9, 9), (250, 0, 0))
    assert load(f"folder:{tmp_path}", image_size=6).samples.shape == (3, 6, 6, 3)


def test_the_middle_square_is_taken_and_pictures_stand_upright(tmp_path):
    wide = np.zeros((4, 8, 3), np.uint8)
    wide[:, 2:6] = 255
    Image.fromarray(wide).save(tmp_path / "wide.png")
    assert load(f"folder:{tmp_path}", image_size=4).samples.min() == 255
    (tmp_path / "wide.png").unlink()
    half = np.zeros((8, 8, 3), np.uint8)
    half[:4] = 255  # white above; orientation 6 turns the top to the right
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(half).save(tmp_path / "turned.png", exif=exif)
    pixels = load(f"folder:{tmp_path}").samples[0, ..., 0]
    assert pixels[:, 4:].min() == 255
    assert pixels[:, :4].max() == 0


def test_transparency_lies_over_white_or_the_background(tmp_path):
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert load(f"folder:{tmp_path}").samples.min() == 255
    assert load(f"folder:{tmp_path}", background="black").samples.max() == 0


def make_empty(folder):
    folder.mkdir()


def make_empty_class(folder):
    picture(folder / "full" / "a.png")
    (folder / "hollow").mkdir()


def make_mixed(folder):
    picture(folder / "class" / "a.png")
    picture(folder / "loose.png")


def make_truncated(folder):
    folder.mkdir()
    noise = np.random.default_rng(0).integers(0, 255, (32, 32, 3), np.uint8)
    Image.fromarray(noise).save(folder / "whole.png")
    (folder / "cut.png").write_bytes((folder / "whole.png").read_bytes()[:800])


def make_cut_jpeg(folder):
    folder.mkdir()
    noise = np.random.default_rng(0).integers(0, 255, (32, 32, 3), np.uint8)
    Image.fromarray(noise).save(folder / "whole.jpg")
    (folder / "cut.jpg").write_bytes((folder / "whole.jpg").read_bytes()[:900])


def make_text(folder):
    folder.mkdir()
    (folder / "words.png").write_text("no picture")


def make_zero_bytes(folder):
    folder.mkdir()
    (folder / "nothing.jpg").write_bytes(b"")


def make_deep(folder):
    folder.mkdir()
    Image.fromarray(np.full((4, 4), 0.5, np.float32)).save(folder / "deep.tif")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: None, "no such folder"),
        (lambda folder: folder.write_text(""), "not a folder"),
        (make_empty, "holds no pictures, expected files that end in .png"),
        (make_empty_class, "hollow: holds no pictures"),
        (make_mixed, "loose.png"),
        (make_truncated, "cut.png: not readable"),
        (make_cut_jpeg, "cut.jpg: not readable"),
        (make_text, "words.png: not readable"),
        (make_zero_bytes, "nothing.jpg: not readable"),
        (make_deep, "deep.tif: more than 16 bits"),
    ],
)
def test_what_is_wrong_with_a_folder_is_said(tmp_path, refused, make, words):
    make(tmp_path / "set")
    assert words in refused(load, f"folder:{tmp_path / 'set'}")


def test_a_folder_has_no_test_split(tmp_path, refused):
    picture(tmp_path / "a.png")
    assert "no split 'test'" in refused(load, f"folder:{tmp_path}", split="test")
    assert "points=3" in refused(load, f"folder:{tmp_path}", points=3)


def saved(folder, **arrays):
    np.savez(folder / "set.npz", **arrays)
    return f"npz:{folder / 'set.npz'}"


COLOUR = np.random.default_rng(0).integers(0, 256, (6, 5, 7, 3)).astype(np.uint8)


def test_bytes_come_through_unchanged(tmp_path):
    dataset = load(saved(tmp_path, images=COLOUR, labels=np.array([0, 2, 2, 1, 0, 3])))
    np.testing.assert_array_equal(dataset.samples, COLOUR)
    assert dataset.sample_shape == (5, 7, 3)
    assert dataset.n_classes == 4 and dataset.class_names == () and dataset.notes == ()
    assert dataset.labels.dtype == np.int32
    grey = load(saved(tmp_path, images=COLOUR[..., 0], other=np.zeros(3)))
    np.testing.assert_array_equal(grey.samples, COLOUR[..., :1])
    assert grey.labels is None
    assert grey.n_classes == 0
    assert load(saved(tmp_path, images=COLOUR), image_size=4).samples.shape == (6, 4, 4, 3)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_go_back_to_the_bytes_they_came_from(tmp_path, dtype):
    images = (COLOUR.astype(np.float64) / 127.5 - 1).astype(dtype)
    result = load(saved(tmp_path, images=images)).samples
    assert result.dtype == np.uint8
    assert np.abs(result.astype(int) - COLOUR).max() <= (1 if dtype == np.float16 else 0)
    assert load(saved(tmp_path, images=np.array([-1.0, 0.0, 1.0]).reshape(1, 1, 1, 3))).samples.ravel().tolist() == [
        0,
        128,
        255,
    ]


def test_points_make_a_data_set_without_a_law(tmp_path):
    points = np.random.default_rng(0).normal(size=(9, 2))
    dataset = load(saved(tmp_path, points=points, labels=np.arange(9) % 3))
    np.testing.assert_array_equal(dataset.samples, points.astype(np.float32))
    assert dataset.is_points
    assert dataset.sample_shape == (2,)
    assert dataset.n_classes == 3
    assert dataset.distribution is None


POINTS = np.zeros((4, 2))


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"pictures": COLOUR}, "holds pictures, expected one of images, points, samples"),
        ({"images": COLOUR, "points": POINTS}, "holds images, points, expected one of images, points, samples"),
        ({"images": COLOUR[0, 0]}, "shape (7, 3), expected (N, H, W)"),
        ({"images": COLOUR.transpose(3, 0, 1, 2)}, "no axis is plainly that of the channels"),
        ({"images": COLOUR[0]}, "shape (5, 7, 3), which is one picture or 5 of 7x3"),
        ({"images": np.zeros((6, 3, 7, 4), np.uint8)}, "may be (N, H, W, C) or (N, C, H, W)"),
        ({"images": COLOUR[:0]}, "shape (0, 5, 7, 3)"),
        ({"images": COLOUR.astype(np.int32) // 16}, "int32 from 0 to 15, and which of them is white cannot be told"),
        ({"images": COLOUR.astype(np.uint16) * 16}, "uint16 from 0 to 4080, and which of them is white cannot be told"),
        ({"images": COLOUR.astype(np.int32) - 1}, "int32 from -1 to 254"),
        ({"images": COLOUR / 16.0}, "reach from 0 to 15.9375, expected floats in [-1, 1], in [0, 1] or from 0 to 255"),
        ({"images": COLOUR / 127.5 - 2}, "reach from -2 to 0"),
        ({"images": np.full((2, 4, 4), np.nan)}, "not finite"),
        ({"images": np.full((2, 4, 4), "a")}, "expected uint8"),
        ({"images": np.array([[[None]]], object)}, "not readable"),
        ({"points": np.zeros((4, 3))}, "shape (4, 3), expected (N, 2)"),
        ({"points": np.zeros((0, 2))}, "shape (0, 2)"),
        ({"points": np.array([[0, np.inf]])}, "not finite"),
        ({"points": np.array([["a", "b"]])}, "expected floats"),
        ({"images": COLOUR, "labels": np.zeros(5, int)}, "shape (5,), expected (6,)"),
        ({"images": COLOUR, "labels": np.zeros((6, 2, 2), int)}, "expected (6,)"),
        ({"images": COLOUR, "labels": np.array([0, 1, 2, -1, 0, 0])}, "labels hold -1"),
        ({"images": COLOUR, "labels": np.full(6, np.nan)}, "labels hold nan in row 0, column 0"),
        ({"images": COLOUR, "labels": np.arange(6) / 4, "label_names": ["a", "b"]}, "2 label_names for 1 columns of labels"),
        ({"points": POINTS, "labels": np.arange(5)}, "expected (4,)"),
    ],
)
def test_what_is_wrong_with_an_archive_is_said(tmp_path, refused, arrays, words):
    line = refused(load, saved(tmp_path, **arrays))
    assert "set.npz" in line
    assert words in line


def test_files_that_are_no_archives(tmp_path, refused):
    path = tmp_path / "x.npz"
    assert "no such file" in refused(load, f"npz:{path}")
    assert "not a file" in refused(load, f"npz:{tmp_path}")
    np.savez_compressed(path, images=COLOUR)
    whole = path.read_bytes()
    for content in (b"", b"words", whole[: len(whole) // 2], whole[:-10]):
        path.write_bytes(content)
        assert "x.npz" in refused(load, f"npz:{path}")
    path.write_bytes(whole[:300] + bytes(80) + whole[380:])
    assert "not readable" in refused(load, f"npz:{path}")
    with path.open("wb") as file:
        np.save(file, COLOUR)
    assert "not a NumPy archive" in refused(load, f"npz:{path}")


def test_points_take_no_image_size(tmp_path, refused):
    name = saved(tmp_path, points=POINTS)
    assert "image_size" in refused(load, name, image_size=8)
    assert "no split" in refused(load, name, split="test")


def test_libtiff_keeps_its_lines_to_itself(capfd):
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, "TIFF", compression="packbits")
    broken = bytearray(buffer.getvalue())
    broken[-32:-24] = b"\xff" * 8  # in the list of its tags
    with contextlib.suppress(UserError):
        read_picture(bytes(broken), "broken.tif")
    assert capfd.readouterr().err == ""


def test_many_pictures_leave_one_handler_with_pillows_log(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    for _ in range(3):
        read_picture(tmp_path / "a.png", "a.png")
    handlers = logging.getLogger("PIL").handlers
    assert len(handlers) == len(set(handlers)) < 3
