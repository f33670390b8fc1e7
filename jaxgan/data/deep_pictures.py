"""Pictures of 12 or 16 bits a channel: of several channels Pillow by itself gives the high byte of each level alone."""

import io
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxgan.errors import UserError

if TYPE_CHECKING:
    from PIL.Image import Image

MOST, MOST_OF_12 = 65535, 4095  # levels of 16 bits, and of 12
BITS, PHOTOMETRIC, PLANES, SAMPLE_FORMAT = 258, 262, 284, 339  # tags of TIFF
WHITE_IS_ZERO, SIGNED = 0, 2  # of PHOTOMETRIC, of SAMPLE_FORMAT
OTHER_ORDER = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}  # Pillow's letters for orders of bytes


def picture_of_deep(opened: Any, content: bytes, source: str) -> "Image | None":
    """The picture, upright, of 8 bits a channel in RGB or RGBA, of a file of 12 or 16 bits a channel; None of one of 8 or fewer.

    A level is divided by the largest one, times 255, and rounded; only of a compressed TIFF in planes is it the high byte.

    Args:
        opened: the picture as Pillow opened it, nothing of it decoded.
        content: the file's bytes.
        source: what messages call it.

    Raises:
        UserError: it has more than 16 bits a channel, or signed levels.
    """
    from PIL import Image

    tags = opened.tag_v2 if opened.format == "TIFF" else {}
    if SIGNED in tags.get(SAMPLE_FORMAT, ()):
        raise UserError(f"{source}: a TIFF of signed levels, expected unsigned ones of 8 or 16 bits: save it so")
    raw = _raw_mode(opened)
    if raw == "LA;16B" or (opened.mode in ("RGB", "RGBA", "CMYK") and ";16" in raw):
        levels, most = _levels_of_channels(opened, content, raw), MOST
    elif opened.mode.startswith("I;16") or (opened.mode == "I" and opened.format in ("PNG", "PPM")):
        unpacked = (
            _read_as(content, opened.format, opened.mode) if _in_planes(opened) else opened
        )  # of one plane Pillow knows no mode
        levels = np.asarray(upright(unpacked)).astype(np.int32)[..., None]  # (H, W) -> (H, W, 1)
        most = MOST_OF_12 if raw == "I;12" else MOST
        if tags.get(PHOTOMETRIC) == WHITE_IS_ZERO:
            levels = most - levels
    elif opened.mode.startswith(("I", "F")):
        raise UserError(f"{source}: more than 16 bits a channel (mode {opened.mode}), expected 8 or 16: save it so")
    else:
        return None
    if raw.startswith("RGBa"):
        levels = _without_alpha_multiplied(levels)
    colour = (levels * 255 + most // 2) // most  # rounded: `most` is odd
    clear = opened.info.get("transparency")  # the levels that stand for transparency
    if clear is not None and levels.shape[-1] in (1, 3):
        alpha = 255 * (levels != np.asarray(clear)).any(-1, keepdims=True)
        colour = np.concatenate([colour, alpha], axis=-1)
    if colour.shape[-1] <= 2:  # grey, and maybe alpha
        colour = np.concatenate([colour[..., :1]] * 3 + [colour[..., 1:]], axis=-1)
    picture = colour.astype(np.uint8)
    if opened.mode == "CMYK":
        return Image.frombytes("CMYK", (picture.shape[1], picture.shape[0]), picture.tobytes()).convert("RGB")
    return Image.fromarray(picture)


def upright(opened: Any) -> "Image":
    """The picture, turned as its EXIF orientation says."""
    from PIL import ImageOps

    return ImageOps.exif_transpose(opened)


def _raw_mode(opened: Any) -> str:
    """How Pillow unpacks a PNG or a TIFF: RGB;16B, ...; of one in planes of 16 bits, as if these were interleaved."""
    if opened.format not in ("PNG", "TIFF") or not opened.tile:
        return ""
    tile = opened.tile[0]
    raw = tile.args if isinstance(tile.args, str) else tile.args[0]
    if opened.format == "TIFF" and tile.codec_name == "raw" and _in_planes(opened) and set(opened.tag_v2.get(BITS, ())) == {16}:
        return f"{opened.mode};16{'B' if opened.tag_v2.prefix == b'MM' else 'L'}"
    return str(raw)


def _in_planes(opened: Any) -> bool:
    return opened.format == "TIFF" and opened.tag_v2.get(PLANES) == 2


def _levels_of_channels(opened: Any, content: bytes, raw: str) -> np.ndarray:
    """All 16 bits of a picture of several channels, (H, W, C) int32, upright: it is read for the high byte and for the low."""
    if raw == "LA;16B":  # its four bytes a pixel as if they were four channels
        both = np.asarray(upright(_read_as(content, opened.format, "RGBA")), np.int32)
        return both[..., 0::2] * 256 + both[..., 1::2]
    form = raw.replace("RGBa", "RGBA")  # which would divide by alpha
    high, low = (
        np.asarray(upright(_read_as(content, opened.format, each)), np.int32)
        for each in (form, form[:-1] + OTHER_ORDER[form[-1]])
    )
    if _in_planes(opened) and opened.tile[0].codec_name == "libtiff":  # decodes planes in one way alone
        return high * 257
    return high * 256 + low


def _read_as(content: bytes, form: str, raw: str) -> Any:
    """The picture, unpacked in this one of Pillow's raw modes."""
    from PIL import Image

    opened = Image.open(io.BytesIO(content), formats=[form])
    planes = _in_planes(opened) and opened.tile[0].codec_name == "raw" and opened.mode in ("RGB", "RGBA", "CMYK")
    channel, _, order = raw.partition(";")
    per_plane = len(opened.tile) // len(channel)  # tiles or strips, plane by plane
    opened.tile = [
        tile._replace(args=_with_raw(tile.args, f"{channel[i // per_plane]};{order}" if planes else raw))
        for i, tile in enumerate(opened.tile)
    ]
    return opened


def _with_raw(arguments: Any, raw: str) -> Any:
    """A decoder's arguments with another raw mode: a PNG's is the only one, a TIFF's the first."""
    return raw if isinstance(arguments, str) else (raw, *arguments[1:])


def _without_alpha_multiplied(levels: np.ndarray) -> np.ndarray:
    """Red, green and blue, (H, W, 4), that were multiplied by alpha, as they were before; 0 where alpha is."""
    colour, alpha = np.split(levels.astype(np.int64), [3], axis=-1)  # beyond 32 bits on the way
    divided = np.where(alpha > 0, (colour * MOST + alpha // 2) // np.maximum(alpha, 1), 0)
    return np.concatenate([np.minimum(divided, MOST), alpha], axis=-1)
