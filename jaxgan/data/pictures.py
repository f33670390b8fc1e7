"""Single pictures in, square uint8 arrays out."""

import contextlib
import functools
import io
import logging
import os
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8

from jaxgan.errors import UserError, first_line
from jaxgan.memory import check_fits
from jaxgan.unpacking import check_size

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "AVIF", "JPEG2000", "BMP", "DIB", "GIF", "TIFF", "TGA", "PPM")  # of Pillow's names
TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # how its files begin
BYTES_A_PIXEL = 4  # at most, while it is decoded


@functools.cache
def endings() -> tuple[str, ...]:
    """The endings of files that are read as pictures, as far as Pillow on this machine knows them: .png, .jpg, ..."""
    from PIL import Image

    return tuple(sorted(ending for ending, form in Image.registered_extensions().items() if form in FORMATS))


def read_picture(file: Path | bytes, source: str) -> "Image":
    """As `open_picture`, without the count."""
    return open_picture(file, source)[0]


def open_picture(file: Path | bytes, source: str) -> tuple["Image", int]:
    """A picture in RGB of 8 bits, turned upright, what is transparent laid over black; and how many the file holds, of which it is the first.

    Raises:
        UserError: the file is no picture, is cut short, too large for its bytes, or has 16 bits a channel; `source` names it.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    Image.init()
    formats = [form for form in FORMATS if form in Image.OPEN]  # not every Pillow has them all
    try:
        content = file if isinstance(file, bytes) else _content(file)
        with _quiet(), _without_lines_of_libtiff(content), Image.open(io.BytesIO(content), formats=formats) as opened:
            check_size(opened.width * opened.height * BYTES_A_PIXEL, len(content), source)
            frames = getattr(opened, "n_frames", 1)
            picture: Image.Image = ImageOps.exif_transpose(opened)
            if picture.mode.startswith(("I", "F")):
                raise UserError(f"{source}: more than 8 bits a channel (mode {picture.mode}), expected 8")
            if picture.has_transparency_data:
                colour = picture.convert("RGBA")
                picture = Image.alpha_composite(Image.new("RGBA", colour.size, "black"), colour)
            return picture.convert("RGB"), frames
    except UserError:
        raise
    except UnidentifiedImageError as error:  # whose own message shows an object in memory
        raise UserError(f"{source}: not readable as a picture, expected PNG, JPEG, WebP, TIFF, GIF, ...") from error
    except Exception as error:  # each format's decoder raises whatever it likes for a broken file
        raise UserError(f"{source}: not readable as a picture ({first_line(error)}), expected PNG, JPEG, WebP, ...") from error


def _content(path: Path) -> bytes:
    """The bytes of a file: from memory Pillow reads no more than is there, whatever lengths the file states."""
    size = path.stat().st_size
    check_size(size, size, str(path))
    return path.read_bytes()


class _Readers:
    """How many threads read pictures, so that the last of them lets warnings be as the first one found them."""

    lock = threading.Lock()
    lock_of_tiff = threading.Lock()
    count = 0
    nowhere = logging.NullHandler()
    filters = contextlib.ExitStack()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keeps to itself what Pillow remarks of a file: it is read, or refused in one line. For several threads at once."""
    with _Readers.lock:
        if not _Readers.count:
            logging.getLogger("PIL").addHandler(_Readers.nowhere)
            _Readers.filters.enter_context(warnings.catch_warnings())
            warnings.filterwarnings("ignore", module=r"PIL\.")
        _Readers.count += 1
    try:
        yield
    finally:
        with _Readers.lock:
            _Readers.count -= 1
            if not _Readers.count:
                _Readers.filters.close()


@contextlib.contextmanager
def _without_lines_of_libtiff(content: bytes) -> Iterator[None]:
    """While a TIFF is read the process's standard error leads nowhere: libtiff writes to it past Python."""
    if content[:4] not in TIFF:
        yield
        return
    with _Readers.lock_of_tiff, open(os.devnull, "wb") as nowhere:
        try:
            kept = os.dup(2)
        except OSError:  # there is none
            yield
            return
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


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
    check_fits(len(images) * size * size * images.shape[-1], f"{len(images):,} pictures of {size}x{size} pixels")
    result = np.empty((len(images), size, size, images.shape[-1]), np.uint8)
    for i, image in enumerate(images):
        pixels = image[..., 0] if image.shape[-1] == 1 else image  # Pillow knows grey as (H, W)
        result[i] = square(Image.fromarray(pixels), size).reshape(size, size, -1)  # (S, S) or (S, S, 3) -> (S, S, C)
    return result
