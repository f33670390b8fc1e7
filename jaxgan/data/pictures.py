"""Single pictures in, square uint8 arrays out."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8

from jaxgan.errors import UserError, first_line

if TYPE_CHECKING:
    from PIL.Image import Image


def read_picture(file: Path | bytes, source: str) -> "Image":
    """A PNG or JPEG as an RGB picture of 8 bits, turned upright, what is transparent laid over black.

    Raises:
        UserError: the file is no picture, is cut short, or has 16 bits a channel; `source` names it.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(file) if isinstance(file, bytes) else file) as opened:
            picture: Image.Image = ImageOps.exif_transpose(opened)
    except UnidentifiedImageError as error:  # whose own message shows an object in memory
        raise UserError(f"{source}: not readable as a picture, expected PNG or JPEG") from error
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise UserError(f"{source}: not readable as a picture ({first_line(error)}), expected PNG or JPEG") from error
    if picture.mode.startswith(("I", "F")):
        raise UserError(f"{source}: more than 8 bits a channel (mode {picture.mode}), expected 8")
    if picture.has_transparency_data:
        colour = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", colour.size, "black"), colour)
    return picture.convert("RGB")


def square(picture: "Image", size: int) -> UInt8[np.ndarray, "size size *channels"]:
    """The middle square of a picture, resized to `size` pixels a side (bicubic, smoothed where it shrinks)."""
    from PIL import Image

    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    box = (left, top, left + side, top + side)
    if side == size:
        return np.asarray(picture.crop(box))
    return np.asarray(picture.resize((size, size), Image.Resampling.BICUBIC, box=box))


def resized(
    images: UInt8[np.ndarray, "n height width channels"], size: int | None
) -> UInt8[np.ndarray, "n new_height new_width channels"]:
    """Each image's middle square at `size` pixels a side; the images as they are where `size` is None or theirs."""
    from PIL import Image

    if size is None or images.shape[1:3] == (size, size):
        return images
    result = np.empty((len(images), size, size, images.shape[-1]), np.uint8)
    for i, image in enumerate(images):
        pixels = image[..., 0] if image.shape[-1] == 1 else image  # Pillow knows grey as (H, W)
        result[i] = square(Image.fromarray(pixels), size).reshape(size, size, -1)  # (S, S) or (S, S, 3) -> (S, S, C)
    return result
