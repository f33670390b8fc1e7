"""Pictures of 12 or 16 bits a channel: of several channels Pillow by itself gives the high byte of each level alone."""

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxgan.data import deep_tiff
from jaxgan.errors import UserError

if TYPE_CHECKING:
    from PIL.Image import Image

MOST, MOST_OF_12 = 65535, 4095  # levels of 16 bits, and of 12
MODES = ("I;16", "I;16B", "L", "LA", "La", "RGB", "RGBA", "CMYK")  # Pillow's, of TIFFs of 16 bits
WHITE_IS_ZERO, MULTIPLIED = 0, 1  # of TIFF's PHOTOMETRIC, of its EXTRA


def picture_of_deep(opened: Any, content: bytes, source: str) -> "Image | None":
    """The picture, upright, of 8 bits a channel in RGB or RGBA, of a file of 12 or 16 bits a channel; None of one of 8 or fewer.

    A level is divided by the largest one, times 255, and rounded.

    Args:
        opened: the picture as Pillow opened it, nothing of it decoded.
        content: the file's bytes.
        source: what messages call it.

    Raises:
        UserError: it has more than 16 bits a channel, or signed levels.
    """
    from PIL import Image

    tags = opened.tag_v2 if opened.format == "TIFF" else {}
    if deep_tiff.SIGNED in tags.get(deep_tiff.SAMPLE_FORMAT, ()):
        raise UserError(f"{source}: a TIFF of signed levels, expected unsigned ones of 8 or 16 bits: save it so")
    raw, most = _raw_mode(opened), MOST
    if opened.format == "TIFF" and opened.mode in MODES and deep_tiff.is_deep(deep_tiff.tags_of(content)):
        levels = deep_tiff.levels_of(content).astype(np.int32)[..., : len(opened.getbands())]
    elif raw in ("LA;16B", "RGB;16B", "RGBA;16B"):
        levels = _levels_of_channels(opened, content, raw)
    elif opened.mode.startswith("I;16") or (opened.mode == "I" and opened.format in ("PNG", "PPM")):
        levels = np.asarray(upright(opened)).astype(np.int32)[..., None]  # (H, W) -> (H, W, 1)
        most = MOST_OF_12 if raw == "I;12" else MOST
    elif opened.mode.startswith(("I", "F")):
        raise UserError(f"{source}: more than 16 bits a channel (mode {opened.mode}), expected 8 or 16: save it so")
    else:
        return None
    if levels.shape[-1] == 1 and tags.get(deep_tiff.PHOTOMETRIC) == WHITE_IS_ZERO:
        levels = most - levels
    if levels.shape[-1] in (2, 4) and tags.get(deep_tiff.EXTRA) in (MULTIPLIED, (MULTIPLIED,)):
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
    """How Pillow unpacks a PNG or a TIFF: RGB;16B, I;12, ..."""
    if opened.format not in ("PNG", "TIFF") or not opened.tile:
        return ""
    arguments = opened.tile[0].args
    return str(arguments if isinstance(arguments, str) else arguments[0])


def _levels_of_channels(opened: Any, content: bytes, raw: str) -> np.ndarray:
    """All 16 bits of a PNG of several channels, (H, W, C) int32, upright."""
    if raw == "LA;16B":  # its four bytes a pixel as if they were four channels
        both = _unpacked(content, "RGBA")
        return both[..., 0::2] * 256 + both[..., 1::2]
    return _unpacked(content, raw) * 256 + _unpacked(
        content, raw[:-1] + "L"
    )  # the high byte, and the low as if it were the high


def _unpacked(content: bytes, raw: str) -> np.ndarray:
    """The picture, upright, unpacked in this one of Pillow's raw modes."""
    from PIL import Image

    opened = Image.open(io.BytesIO(content), formats=["PNG"])
    opened.tile = [tile._replace(args=raw) for tile in opened.tile]
    return np.asarray(upright(opened), np.int32)


def _without_alpha_multiplied(levels: np.ndarray) -> np.ndarray:
    """Grey or colours, (H, W, 2 or 4), that were multiplied by alpha, as they were before; 0 where alpha is."""
    colour, alpha = np.split(levels.astype(np.int64), [-1], axis=-1)  # beyond 32 bits on the way
    divided = np.where(alpha > 0, (colour * MOST + alpha // 2) // np.maximum(alpha, 1), 0)
    return np.concatenate([np.minimum(divided, MOST), alpha], axis=-1)
