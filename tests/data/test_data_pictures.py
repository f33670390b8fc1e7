"""Pictures of any height, width, channels and file type: each reader against files that are written here byte by byte."""

from functools import partial

import numpy as np
import pytest
from PIL import Image

from jaxgan import data
from jaxgan.data import load
from jaxgan.data.pictures import picture_facts, read_picture
from jaxgan.picture_options import read_size, size_of
from tests.data.raw_pictures import bmp, png, tiff, turned, webp

CHANCE = np.random.default_rng(0)
COLOUR = CHANCE.integers(0, 256, (5, 7, 3), dtype=np.uint8)
ALPHA = np.concatenate([COLOUR, CHANCE.integers(0, 256, (5, 7, 1), dtype=np.uint8)], -1)
GREY = CHANCE.integers(0, 256, (5, 7), dtype=np.uint8)
BITS = CHANCE.integers(0, 2, (5, 7), dtype=np.uint8)
DEEP = CHANCE.integers(0, 2**16, (5, 7, 4)).astype(np.uint16)
DEEP[0, 0] = 0x00FF, 0xFF00, 0x7FFF, 0xFFFF  # where a division by 257 is not the high byte
PALETTE = CHANCE.integers(0, 256, (16, 3), dtype=np.uint8)
INDEX = CHANCE.integers(0, 16, (5, 7), dtype=np.uint8)
TWO = np.where(CHANCE.integers(0, 2, (5, 7, 4)), [250, 140, 60, 255], [10, 20, 30, 0]).astype(np.uint8)
INK = CHANCE.integers(0, 256, (5, 7, 4), dtype=np.uint8)


def grey(pixels):
    return np.stack([pixels] * 3, -1)


def with_alpha(pixels, alpha):
    return np.concatenate([pixels, np.broadcast_to(np.asarray(alpha, np.uint8), pixels.shape[:2])[..., None]], -1)


def in_8_bits(levels):
    return (levels / 257).round().astype(np.uint8)


OPAQUE = [0, 85, 170, *[255] * 13]
FILES = {  # content, and the picture: (H, W, 3), or (H, W, 4) where something is transparent
    "colour": (png(COLOUR), COLOUR),
    "colour and alpha": (png(ALPHA), ALPHA),
    "grey": (png(GREY), grey(GREY)),
    "grey and alpha": (png(np.stack([GREY, ALPHA[..., 3]], -1)), with_alpha(grey(GREY), ALPHA[..., 3])),
    "one bit": (png(BITS, bits=1), grey(255 * BITS)),
    "palette": (png(INDEX, palette=PALETTE), PALETTE[INDEX]),
    "palette with transparency": (png(INDEX, palette=PALETTE, transparent=bytes(OPAQUE[:3])), with_alpha(PALETTE[INDEX], np.array(OPAQUE)[INDEX])),
    "a colour that is transparent": (png(COLOUR, transparent=b"".join(b"\0" + bytes([c]) for c in COLOUR[2, 3])),
                                     with_alpha(COLOUR, 255 * (COLOUR[2, 3] != COLOUR).any(-1))),
    "16 bits grey": (png(DEEP[..., 0]), grey(in_8_bits(DEEP[..., 0]))),
    "16 bits grey, a level transparent": (png(DEEP[..., 0], transparent=DEEP[2, 3, :1].astype(">u2").tobytes()),
                                          with_alpha(grey(in_8_bits(DEEP[..., 0])), 255 * (DEEP[..., 0] != DEEP[2, 3, 0]))),
    "16 bits grey and alpha": (png(DEEP[..., :2]), with_alpha(grey(in_8_bits(DEEP[..., 0])), in_8_bits(DEEP[..., 1]))),
    "16 bits colour": (png(DEEP[..., :3]), in_8_bits(DEEP[..., :3])),
    "16 bits colour and alpha": (png(DEEP), in_8_bits(DEEP)),
    "BMP": (bmp(COLOUR), COLOUR),
    "WebP": (webp(TWO[..., :3]), TWO[..., :3]),
    "WebP and alpha": (webp(TWO), TWO),
    "TIFF": (tiff(COLOUR, 2), COLOUR),
    "TIFF of 16 bits": (tiff(DEEP[..., 0], 1), grey(in_8_bits(DEEP[..., 0]))),
    "TIFF of 16 bits, large end first": (tiff(DEEP[..., 0], 1, order=">"), grey(in_8_bits(DEEP[..., 0]))),
    "CMYK": (tiff(INK, 5), ((255 - INK[..., :3].astype(int)) * (255 - INK[..., 3:]) / 255).round().astype(np.uint8)),
}  # fmt: skip


@pytest.mark.parametrize("kind", FILES)
def test_a_file_is_read_pixel_by_pixel(kind):
    content, expected = FILES[kind]
    picture, facts = np.asarray(read_picture(content, "x")), picture_facts(content, "x")
    assert picture.shape == expected.shape and np.abs(picture.astype(int) - expected).max() <= (kind == "CMYK")
    assert facts.size == (5, 7) and facts.transparent == (expected.shape[-1] == 4)
    assert not facts.grey or (expected == expected[..., :1])[..., :3].all()


@pytest.mark.parametrize(
    ("write", "pixels"),
    [
        (png, COLOUR),
        (png, DEEP[..., :3]),
        (png, DEEP[..., :2]),
        (partial(png, exif_last=True), COLOUR),
        (partial(tiff, photometric=2), COLOUR),
    ],
    ids=["PNG", "PNG of 16 bits", "PNG of 16 bits, grey and alpha", "PNG that says it at its end", "TIFF"],
)
def test_a_turned_picture_stands_upright(write, pixels):
    for orientation in range(1, 9):
        content = write(pixels, orientation=orientation)
        expected = turned(COLOUR if pixels is COLOUR else in_8_bits(pixels), orientation)
        picture = np.asarray(read_picture(content, "x"))[..., -pixels.shape[-1] :]  # of grey and alpha the last two
        np.testing.assert_array_equal(picture, expected)
        assert picture_facts(content, "x").size == expected.shape[:2]


# Channels and what is behind


def folder(path, **contents):
    path.mkdir(exist_ok=True)
    for name, content in contents.items():
        (path / f"{name}.png").write_bytes(content)
    return f"folder:{path}"


def over(pixels, colour):
    share = pixels[..., 3:] / 255
    return (pixels[..., :3] * share + np.array(colour) * (1 - share)).round()


@pytest.mark.parametrize("memory", [None, 0], ids=["in memory", "streamed"])
def test_transparency_is_drawn_over_a_colour_or_kept(tmp_path, memory):
    name = folder(tmp_path / "set", a=png(ALPHA), b=png(COLOUR), c=png(GREY))
    for options, expected, words in (
        ({}, over(ALPHA, (255, 255, 255)), "1 of 3 pictures have transparency, drawn over white"),
        ({"background": "#ff8000"}, over(ALPHA, (255, 128, 0)), "drawn over #ff8000"),
        ({"channels": 4}, ALPHA, "kept as the fourth channel"),
    ):
        dataset = load(name, memory=memory, **options)
        pictures = all_of(dataset)
        assert np.abs(pictures[0].astype(int) - expected).max() <= 1
        np.testing.assert_array_equal(
            pictures[1:], [with_alpha(each, 255)[..., : expected.shape[-1]] for each in (COLOUR, grey(GREY))]
        )
        assert any(words in note for note in dataset.notes)
    luma = all_of(load(name, memory=memory, channels="1"))
    np.testing.assert_allclose(luma[1, ..., 0], COLOUR @ [0.299, 0.587, 0.114], atol=1)
    np.testing.assert_array_equal(luma[2, ..., 0], GREY)


def all_of(dataset):
    """The pictures, in memory or not."""
    return dataset.samples if dataset.records is None else np.stack([dataset.records[row][0] for row in range(dataset.size)])


@pytest.mark.parametrize("memory", [None, 0], ids=["in memory", "streamed"])
def test_pictures_are_grey_where_all_are(tmp_path, memory):
    faint = with_alpha(grey(GREY), ALPHA[..., 3])
    name = folder(tmp_path / "set", a=png(GREY), b=png(grey(GREY)), c=png(faint))
    dataset = load(name, memory=memory)
    assert dataset.sample_shape == (5, 7, 1) and (dataset.records is None) == (memory is None)
    np.testing.assert_array_equal(all_of(dataset)[:2, ..., 0], [GREY, GREY])
    assert load(name, memory=memory, background="red").sample_shape == (5, 7, 3), "red shows through"
    assert load(name, memory=memory, channels=3).sample_shape == (5, 7, 3)
    folder(tmp_path / "set", d=png(COLOUR))
    assert load(name, memory=memory).sample_shape == (5, 7, 3)


# Height and width


@pytest.mark.parametrize("memory", [None, 0], ids=["in memory", "streamed"])
def test_pictures_of_one_shape_keep_it_and_others_become_squares(tmp_path, memory):
    name = folder(tmp_path / "set", a=png(COLOUR), b=png(COLOUR[::-1]))
    dataset = load(name, memory=memory)
    np.testing.assert_array_equal(all_of(dataset), [COLOUR, COLOUR[::-1]])
    assert dataset.notes == ("all pictures are 5x7, height x width, and stay so (--image-size says another)",)
    folder(tmp_path / "set", c=png(COLOUR[:, :6]))
    dataset = load(name, memory=memory)
    assert dataset.sample_shape == (5, 5, 3) and "3 of 3 are cut" in dataset.notes[0] and "the first one's" in dataset.notes[0]
    np.testing.assert_array_equal(all_of(dataset)[0], COLOUR[:, 1:6])


WIDE = CHANCE.integers(0, 256, (8, 24, 3), dtype=np.uint8)


@pytest.mark.parametrize("memory", [None, 0], ids=["in memory", "streamed"])
def test_crop_pad_and_squeeze(tmp_path, memory):
    """Against means of blocks of one level, which any smoothing keeps, and against places that are not resized."""
    name = folder(tmp_path / "set", a=png(WIDE))
    cut = all_of(load(name, memory=memory, image_size="8x11"))[0]
    np.testing.assert_array_equal(cut, WIDE[:, 6:17])
    padded = all_of(load(name, memory=memory, image_size=(12, 24), resize="pad", background="#102030"))[0]
    np.testing.assert_array_equal(padded[2:10], WIDE)
    assert (padded[[0, 1, 10, 11]] == [0x10, 0x20, 0x30]).all()
    halves = np.where(np.arange(24)[:, None] < 12, [[250, 10, 90]], [[20, 30, 200]]).astype(np.uint8)[None].repeat(8, 0)
    name = folder(tmp_path / "set", a=png(halves))
    squeezed = all_of(load(name, memory=memory, image_size="8x6", resize="squeeze"))[0]
    assert squeezed.shape == (8, 6, 3) and (squeezed[:, 0] == halves[0, 0]).all() and (squeezed[:, -1] == halves[0, -1]).all()


def test_shrinking_is_smoothed(tmp_path):
    stripes = np.zeros((32, 64), np.uint8)
    stripes[:, ::2] = 255
    small = load(folder(tmp_path / "set", a=png(stripes)), image_size="8x16").samples
    assert small.min() > 110 and small.max() < 145, "every second column alone would be all white or all black"


def test_padding_of_pictures_with_transparency_is_transparent(tmp_path):
    name = folder(tmp_path / "set", a=png(ALPHA))
    picture = load(name, image_size=(7, 7), resize="pad", channels=4, background="red").samples[0]
    assert (picture[[0, -1]] == [255, 0, 0, 0]).all()
    np.testing.assert_array_equal(picture[1:6], ALPHA)


def test_the_colour_of_what_is_transparent_does_not_bleed(tmp_path):
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[:, :4] = 255, 0, 0, 255
    pixels[:, 4:] = 0, 255, 0, 0
    small = load(folder(tmp_path / "set", a=png(pixels)), image_size=4, channels=4).samples[0]
    assert (small[small[..., 3] > 0][:, 1] == 0).all()


@pytest.mark.parametrize("given", ["48x80", "48 X 80", (48, 80), [48, 80], np.array([48, 80])[()]], ids=str)
def test_a_size_is_height_and_width(given):
    if isinstance(given, np.ndarray):
        given = tuple(given)
    assert size_of(read_size(given, "image_size")) == (48, 80)
    assert size_of(read_size("64", "x")) == size_of(read_size("64x64", "x")) == size_of(64) == (64, 64)


@pytest.mark.parametrize("name", ["digits", "stacked_digits"])
def test_sets_known_by_name_take_a_height_and_a_width(name, monkeypatch):
    monkeypatch.setattr("jaxgan.data.stacks.TRIPLES", {"train": 5, "test": 5})
    square, wide = load(name, image_size=24), load(name, image_size="16x24")
    assert wide.sample_shape == (16, 24, square.sample_shape[-1])
    np.testing.assert_array_equal(wide.samples, square.samples[:, 4:20])
    assert "are cut: 33.3 %" in wide.notes[0]


# Files that cannot be read


@pytest.mark.parametrize("memory", [None, 0], ids=["in memory", "streamed"])
def test_unreadable_files_are_named_or_left_out(tmp_path, refused, memory):
    place = tmp_path / "set"
    for label, kind in enumerate(("ant", "bee")):
        (place / kind).mkdir(parents=True)
        for i in range(3):
            (place / kind / f"{i}.png").write_bytes(png(np.full((5, 7), 100 * label + i, np.uint8)))
    (place / "ant" / "1.png").write_bytes(png(COLOUR)[:60])  # its head is whole
    (place / "bee" / "0.png").write_bytes(b"words")
    name = f"folder:{place}"

    def read(**options):
        dataset = load(name, memory=memory, **options)
        return dataset, all_of(dataset)

    line = refused(read)
    assert "1.png: not readable" in line or "0.png: not readable" in line
    assert line.endswith("; --skip-unreadable leaves such files out")
    dataset, pictures = read(skip_unreadable=True)
    assert pictures[:, 0, 0, 0].tolist() == [0, 2, 101, 102] and dataset.sample_shape == (5, 7, 1)
    labels = dataset.labels if dataset.records is None else dataset.records.labels
    assert labels.tolist() == [0, 0, 1, 1] and dataset.class_names == ("ant", "bee")
    assert any(note == "left out: 2 that cannot be read (1.png, 0.png)" for note in dataset.notes)


def test_every_unreadable_file_is_listed(tmp_path, refused):
    name = folder(tmp_path / "set", a=png(COLOUR), b=b"words", c=png(COLOUR)[:60], d=png(GREY))
    found = data.unreadable(name)
    assert [one.file.rsplit("/", 1)[-1] for one in found] == ["b.png", "c.png"]
    assert all(one.reason.startswith("not readable as a picture") for one in found)
    assert data.unreadable(name.removeprefix("folder:"), progress=list) == found
    assert data.unreadable("digits") == []
    for bad in "ad":
        (tmp_path / "set" / f"{bad}.png").unlink()
    for memory in (None, 0):
        assert "none of 2 pictures can be read" in refused(load, name, skip_unreadable=True, memory=memory)


# Paths without a prefix


def test_a_path_by_itself_is_known(tmp_path, refused, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder(tmp_path / "own", a=png(COLOUR))
    np.savez(tmp_path / "set.npz", images=COLOUR[None])
    for name, full in (("own", "folder:own"), (str(tmp_path / "own"), f"folder:{tmp_path}/own"), ("set.npz", "npz:set.npz")):
        dataset = load(name)
        np.testing.assert_array_equal(dataset.samples, [COLOUR])
        assert dataset.name == full and dataset.notes[-1] == f"{name} is taken for {full}"
    assert "own/none: no such file or folder" in refused(load, "own/none")
    assert "own/a.png: a file, and no data set: expected a folder of pictures" in refused(load, "own/a.png")
    (tmp_path / "digits").mkdir()
    assert load("digits").size == 1497
    assert "did you mean 'mixture8'" in refused(load, "mixtur8")


# Arrays


def archive(path, **arrays):
    np.savez(path / "set.npz", **arrays)
    return f"npz:{path / 'set.npz'}"


SPECTRAL = CHANCE.integers(0, 256, (4, 9, 11, 6), dtype=np.uint8)


@pytest.mark.parametrize("channels", [2, 4, 6])
def test_arrays_of_any_channels(tmp_path, channels):
    images = SPECTRAL[..., :channels]
    for given, said in ((images, False), (images.transpose(0, 3, 1, 2), True)):
        dataset = load(archive(tmp_path, images=given))
        np.testing.assert_array_equal(dataset.samples, images)
        assert any("taken for (N, C, H, W)" in note for note in dataset.notes) == said
        assert data.as_dataset(given).samples.shape == images.shape
    cut = load(archive(tmp_path, images=images), image_size=(9, 9)).samples
    np.testing.assert_array_equal(cut, images[:, :, 1:10])
    small = load(archive(tmp_path, images=images), image_size=(3, 5), resize="squeeze").samples
    if channels != 4:  # there the fourth says how much is seen of the others
        alone = load(archive(tmp_path, images=images[..., :1]), image_size=(3, 5), resize="squeeze").samples
        np.testing.assert_array_equal(small[..., :1], alone)


def test_channels_of_arrays_are_kept_unless_others_are_asked_for(tmp_path, refused):
    name = archive(tmp_path, images=ALPHA[None])
    assert load(name).sample_shape == (5, 7, 4)
    drawn = load(name, channels=3, background="#ff8000")
    assert np.abs(drawn.samples[0].astype(int) - over(ALPHA, (255, 128, 0))).max() <= 1
    assert "transparency is drawn over #ff8000" in drawn.notes[0]
    name = archive(tmp_path, images=COLOUR[None])
    np.testing.assert_array_equal(load(name, channels="4").samples[0], with_alpha(COLOUR, 255))
    name = archive(tmp_path, images=SPECTRAL)
    assert "have 6 channels, of which --channels 3 cannot be made" in refused(load, name, channels=3)


def test_a_range_is_named_where_it_cannot_be_found(tmp_path, refused):
    levels = np.arange(0, 4096, 91, dtype=np.uint16)[:42].reshape(1, 6, 7)
    name = archive(tmp_path, images=levels)
    assert "--range=BLACK,WHITE names another" in refused(load, name)
    dataset = load(name, pixel_range="0,4095")
    np.testing.assert_array_equal(dataset.samples[..., 0], (levels / 4095 * 255).round())
    assert "0 is black and 4095 white" in dataset.notes[0]
    inverted = load(name, pixel_range=(4095, 0)).samples[..., 0]
    np.testing.assert_array_equal(inverted, ((4095 - levels.astype(int)) / 4095 * 255).round())
    window = load(name, pixel_range=(1000, 2000))
    assert window.samples.min() == 0 and window.samples.max() == 255 and "lie beyond" in window.notes[0]
    name = archive(tmp_path, images=np.linspace(-1000, 400, 30).reshape(1, 5, 6))
    assert "reach from -1000 to 400" in refused(load, name)
    np.testing.assert_array_equal(load(name, pixel_range="-1000,400").samples.ravel(), (np.arange(30) / 29 * 255).round())


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("digits", {"channels": 3}, "channels=3 is for pictures of one's own"),
        ("digits", {"pixel_range": (0, 9)}, "is for arrays of pictures"),
        ("digits", {"skip_unreadable": True}, "skip_unreadable=True is for picture files"),
        ("ring8", {"background": "red"}, "background=red is for pictures"),
        ("ring8", {"image_size": "4x5"}, "image_size=4x5 is for pictures"),
        ("digits", {"resize": "croop"}, "did you mean 'crop'"),
        ("digits", {"channels": 2}, "allowed are 1, 3, 4, auto"),
        ("digits", {"background": "rouge"}, "must be a colour's name or #rrggbb"),
        ("digits", {"background": "#11223344"}, "must be an opaque colour"),
        ("digits", {"image_size": "4x"}, "must be a number of pixels, as 64, or height x width, as 48x80"),
        ("digits", {"image_size": (4, 0)}, "must be a number of pixels"),
        ("digits", {"pixel_range": "3"}, "must be two different numbers"),
        ("digits", {"pixel_range": (3, 3)}, "must be two different numbers"),
    ],
)
@pytest.mark.usefixtures("no_annotation_checks")
def test_what_cannot_be_asked_for_is_said(refused, name, options, words):
    assert words in refused(load, name, **options)


def test_pillow_and_these_writers_agree(tmp_path):
    """The other way round: what is written here is what Pillow writes, so that a mistake in both is unlikely."""
    Image.fromarray(ALPHA).save(tmp_path / "a.png")
    np.testing.assert_array_equal(np.asarray(read_picture(tmp_path / "a.png", "x")), np.asarray(read_picture(png(ALPHA), "x")))
