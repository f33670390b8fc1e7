"""Pictures of 12 and 16 bits a channel, and grey ones of 1, 2 and 4: files written byte by byte, read level by level."""

import numpy as np
import pytest

from jaxgan.data import load
from jaxgan.data.pictures import open_picture, picture_facts, read_picture
from jaxgan.errors import UserError
from tests.data.raw_pictures import png, tiff, turned

CHANCE = np.random.default_rng(1)
DEEP = CHANCE.integers(0, 2**16, (5, 7, 4)).astype(np.uint16)
DEEP[0, 0] = 0x00FF, 0xFF00, 0x7FFF, 0xFFFF  # where a division by 257 is not the high byte
COLOUR, GREY, LEVELS_12 = DEEP[..., :3], DEEP[..., 0], DEEP[..., 0] >> 4
WIDE = CHANCE.integers(0, 2**16, (19, 37, 3)).astype(np.uint16)  # more than a tile each way
GREY_AND_ALPHA = CHANCE.integers(1, 256, (5, 7, 2), dtype=np.uint8)
MULTIPLIED = np.concatenate([(COLOUR * (DEEP[..., 3:] / 65535)).round(), DEEP[..., 3:]], -1).astype(np.uint16)


def in_8_bits(levels, most=65535):
    return (levels / most * 255).round().astype(np.uint8)


def grey(pixels):
    return np.stack([pixels] * 3, -1)


def grey_and_alpha(pixels):
    eight = in_8_bits(pixels)
    return np.concatenate([grey(eight[..., 0]), eight[..., 1:2]], -1)


def divided(pixels):
    """Colours that were multiplied by alpha, as they were."""
    alpha = pixels[..., 3:] / 65535
    return np.concatenate([np.minimum((pixels[..., :3] / alpha).round(), 65535), pixels[..., 3:]], -1)


def ink_on_paper(ink):
    return ((255 - ink[..., :3].astype(int)) * (255 - ink[..., 3:]) / 255).round()


FILES = {  # content, and the picture
    "RGB": (tiff(COLOUR, 2), in_8_bits(COLOUR)),
    "RGB, large end first": (tiff(COLOUR, 2, order=">"), in_8_bits(COLOUR)),
    "RGB, in strips": (tiff(COLOUR, 2, rows=2), in_8_bits(COLOUR)),
    "RGB, compressed": (tiff(COLOUR, 2, deflated=True, rows=3), in_8_bits(COLOUR)),
    "RGB, compressed, large end first": (tiff(COLOUR, 2, deflated=True, order=">"), in_8_bits(COLOUR)),
    "RGB, in planes": (tiff(COLOUR, 2, planes=True, rows=2), in_8_bits(COLOUR)),
    "RGB, in planes, large end first": (tiff(COLOUR, 2, planes=True, order=">"), in_8_bits(COLOUR)),
    "RGB and nothing known": (tiff(DEEP, 2, extra=0), in_8_bits(COLOUR)),
    "RGBA": (tiff(DEEP, 2, extra=2), in_8_bits(DEEP)),
    "RGBA, in planes": (tiff(DEEP, 2, extra=2, planes=True), in_8_bits(DEEP)),
    "RGBA, multiplied": (tiff(MULTIPLIED, 2, extra=1), in_8_bits(divided(MULTIPLIED))),
    "RGB, compressed planes": (tiff(COLOUR, 2, planes=True, deflated=True, rows=2), in_8_bits(COLOUR)),
    "RGB, compressed planes, large end first": (tiff(COLOUR, 2, planes=True, deflated=True, order=">"), in_8_bits(COLOUR)),
    "RGB, differences": (tiff(COLOUR, 2, deflated=True, differences=True), in_8_bits(COLOUR)),
    "RGB, differences, large end first": (tiff(COLOUR, 2, deflated=True, differences=True, order=">"), in_8_bits(COLOUR)),
    "RGB, differences in planes": (tiff(COLOUR, 2, deflated=True, differences=True, planes=True), in_8_bits(COLOUR)),
    "RGB, in tiles": (tiff(WIDE, 2, deflated=True, tile=16), in_8_bits(WIDE)),
    "RGB, differences in tiles": (tiff(WIDE, 2, deflated=True, differences=True, tile=16), in_8_bits(WIDE)),
    "RGB, differences in tiles of planes": (tiff(WIDE, 2, deflated=True, differences=True, tile=16, planes=True), in_8_bits(WIDE)),
    "CMYK, in planes": (tiff(DEEP, 5, planes=True), ink_on_paper(in_8_bits(DEEP))),
    "CMYK, compressed planes": (tiff(DEEP, 5, planes=True, deflated=True), ink_on_paper(in_8_bits(DEEP))),
    "grey and alpha": (tiff(DEEP[..., :2], 1, extra=2), grey_and_alpha(DEEP)),
    "grey and alpha, large end first": (tiff(DEEP[..., :2], 1, extra=2, order=">"), grey_and_alpha(DEEP)),
    "grey and alpha, compressed": (tiff(DEEP[..., :2], 1, extra=2, deflated=True, differences=True), grey_and_alpha(DEEP)),
    "grey and alpha, compressed planes": (tiff(DEEP[..., :2], 1, extra=2, deflated=True, planes=True), grey_and_alpha(DEEP)),
    "grey and alpha, multiplied": (tiff(MULTIPLIED[..., 2:], 1, extra=1), grey_and_alpha(divided(MULTIPLIED)[..., 2:])),
    "grey and nothing known": (tiff(DEEP[..., :2], 1, extra=0), grey(in_8_bits(GREY))),
    "CMYK": (tiff(DEEP, 5), ink_on_paper(in_8_bits(DEEP))),
    "grey whose zero is white": (tiff(GREY, 0), grey(in_8_bits(65535 - GREY))),
    "grey whose zero is white, compressed": (tiff(GREY, 0, deflated=True), grey(in_8_bits(65535 - GREY))),
    "grey of 12 bits": (tiff(LEVELS_12, 1, bits=12), grey(in_8_bits(LEVELS_12, 4095))),
    "grey of 12 bits, compressed": (tiff(LEVELS_12, 1, bits=12, deflated=True), grey(in_8_bits(LEVELS_12, 4095))),
}  # fmt: skip


@pytest.mark.parametrize("kind", FILES)
def test_a_tiff_is_read_level_by_level(kind):
    content, expected = FILES[kind]
    picture, facts = np.asarray(read_picture(content, "x")), picture_facts(content, "x")
    assert picture.shape == expected.shape and np.abs(picture - expected.astype(int)).max() <= (kind == "CMYK")
    assert (
        facts.size == expected.shape[:2]
        and facts.transparent == (expected.shape[-1] == 4)
        and facts.grey == kind.startswith("grey")
    )


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_the_first_of_several_pages_is_read_and_all_are_counted(channels):
    pixels = DEEP[..., :channels]
    content = tiff(pixels, 2 if channels == 3 else 1, pages=3, **({"extra": 2} if channels == 2 else {}))
    picture, frames = open_picture(content, "x")
    assert frames == picture_facts(content, "x").frames == 3
    np.testing.assert_array_equal(np.asarray(picture)[..., 0], in_8_bits(pixels[..., 0]))


@pytest.mark.parametrize("options", [{}, {"deflated": True}, {"planes": True}], ids=str)
@pytest.mark.parametrize(
    ("pixels", "photometric"), [(COLOUR, 2), (GREY, 1), (DEEP[..., :2], 1)], ids=["RGB", "grey", "grey and alpha"]
)
def test_a_turned_tiff_stands_upright(pixels, photometric, options):
    options = {**options, "extra": 2} if pixels.shape[-1] == 2 else options
    upright = grey_and_alpha(pixels) if pixels.shape[-1] == 2 else in_8_bits(pixels if photometric == 2 else grey(pixels))
    for orientation in range(1, 9):
        content = tiff(pixels, photometric, orientation=orientation, **options)
        np.testing.assert_array_equal(read_picture(content, "x"), turned(upright, orientation))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("pixels", [DEEP, in_8_bits(DEEP)], ids=["16 bits", "8 bits"])
def test_an_interlaced_png_is_the_plain_one(pixels, channels):
    plain, interlaced = (read_picture(png(pixels[..., :channels], interlaced=how), "x") for how in (False, True))
    np.testing.assert_array_equal(interlaced, plain)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_a_level_of_few_bits_that_is_transparent(bits):
    most = 2**bits - 1
    pixels = CHANCE.integers(0, most + 1, (5, 7), dtype=np.uint8)
    colour, clear = grey(in_8_bits(pixels, most)), in_8_bits(pixels != most, 1)[..., None]
    np.testing.assert_array_equal(read_picture(png(pixels, bits=bits), "x"), colour)
    found = read_picture(png(pixels, bits=bits, transparent=bytes([0, most])), "x")
    np.testing.assert_array_equal(found, np.concatenate([colour, clear], -1))


def test_a_colour_of_16_bits_that_is_transparent():
    alike = DEEP.copy()
    alike[1, 1], alike[2, 2] = alike[3, 3], alike[3, 3] ^ 1  # the same, and one that differs by its low byte alone
    found = np.asarray(read_picture(png(alike[..., :3], transparent=alike[3, 3, :3].astype(">u2").tobytes()), "x"))
    np.testing.assert_array_equal(found[..., :3], in_8_bits(alike[..., :3]))
    assert list(zip(*np.nonzero(found[..., 3] == 0), strict=True)) == [(1, 1), (3, 3)]


def test_alpha_that_is_multiplied_into_grey():
    colour, alpha = GREY_AND_ALPHA[..., 0], np.full((5, 7), 255, np.uint8)
    alpha[0], colour[0] = 128, 64  # half there: 64 of 128
    found = np.asarray(read_picture(tiff(np.stack([colour, alpha], -1), 1, extra=1), "x"))
    np.testing.assert_array_equal(found[1:, :, :3], grey(colour)[1:])
    np.testing.assert_array_equal(found[0], [[127, 127, 127, 128]] * 7)


def test_a_folder_of_them(tmp_path):
    """Through the command's own door: pictures of 16 bits, of each kind one, in one set."""
    for name, content in {"a.tif": tiff(COLOUR, 2), "b.tiff": tiff(COLOUR, 2, deflated=True), "c.png": png(COLOUR)}.items():
        (tmp_path / name).write_bytes(content)
    samples = load(f"folder:{tmp_path}").samples
    assert samples.dtype == np.uint8
    np.testing.assert_array_equal(samples, [in_8_bits(COLOUR)] * 3)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (tiff(GREY, 1, signed=True), "a TIFF of signed levels, expected unsigned ones"),
        (tiff(GREY.astype(np.uint32), 1), "more than 16 bits a channel (mode I), expected 8 or 16"),
        (tiff(DEEP, 8), "a TIFF that is damaged or of a form not read here, expected grey, grey and alpha, RGB, RGBA or CMYK"),
        (tiff(DEEP[..., :2], 1, extra=2)[:-40], "a TIFF that is damaged"),
        (tiff(DEEP[..., :2], 1, extra=2, deflated=True).replace(b"\x78\x9c", b"\0\0"), "not readable as a picture"),
    ],
    ids=["signed", "32 bits", "CIE L*a*b*", "cut short", "compressed pixels that are none"],
)
def test_what_is_not_read_is_said_in_one_line(content, words):
    with pytest.raises(UserError) as caught:
        read_picture(content, "folder/x.tif")
    assert str(caught.value).startswith("folder/x.tif: ") and words in str(caught.value) and "\n" not in str(caught.value)
