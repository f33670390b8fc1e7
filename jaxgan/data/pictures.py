"""Single picture files in, upright pictures of 8 bits out."""

import contextlib
import functools
import io
import logging
import os
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from jaxgan.data.deep_pictures import picture_of_deep, upright
from jaxgan.data.deep_tiff import openable
from jaxgan.errors import UserError, first_line
from jaxgan.picture_options import Size
from jaxgan.unpacking import check_size

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "AVIF", "JPEG2000", "BMP", "DIB", "GIF", "TIFF", "TGA", "PPM")  # of Pillow's names
TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # how its files begin
UNKNOWN_TIFF = (
    "a TIFF that is damaged or of a form not read here, expected grey, grey and alpha, RGB, RGBA or CMYK of 8 or 16"
    " bits; a PNG of it would be read"
)
END = 2**16  # bytes at the end of a file in which what stands behind the pixels is sought
BYTES_A_PIXEL = 4  # at most, while it is decoded
GREY = ("1", "L", "LA", "La", "I;16", "I;16B", "I")  # Pillow's modes without colour


class Facts(NamedTuple):
    """What the head of a picture file says of it."""

    size: Size  # height and width, upright
    transparent: bool  # has an alpha channel, or a colour that stands for transparency
    frames: int  # pictures in the file
    grey: bool  # has no colours; of others their pixels must tell


@functools.cache
def endings() -> tuple[str, ...]:
    """The endings of files that are read as pictures, as far as Pillow on this machine knows them: .png, .jpg, ..."""
    from PIL import Image

    return tuple(sorted(ending for ending, form in Image.registered_extensions().items() if form in FORMATS))


def read_picture(file: Path | bytes, source: str) -> "Image":
    """As `open_picture`, without the count."""
    return open_picture(file, source)[0]


def open_picture(file: Path | bytes, source: str) -> tuple["Image", int]:
    """A picture of 8 bits, turned upright, in RGB or, where some of it may be transparent, in RGBA; and how many the file holds, of
    which it is the first.

    12 and 16 bits a channel become 8 as `deep_pictures.picture_of_deep` says.

    Raises:
        UserError: the file is no picture, is cut short, too large for its bytes, or has more than 16 bits a channel or signed
            levels; `source` names it.
    """
    with _opened(file, source) as (opened, content):
        frames = getattr(opened, "n_frames", 1)
        picture = picture_of_deep(opened, content, source)
        if picture is None:
            _scaled_transparency(opened)
            picture = upright(opened)
            picture = picture.convert("LA") if picture.mode == "La" else picture  # alpha was multiplied in
            picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
        return picture, frames


def picture_facts(file: Path | bytes, source: str) -> Facts:
    """What the head of a file says, of which no pixel is decoded.

    Raises:
        UserError: the file is no picture; `source` names it.
    """
    with _opened(file, source, head_alone=True) as (opened, end):
        height, width = opened.height, opened.width
        if opened.format != "TIFF" and _orientation(opened, end) >= 5:  # of a TIFF Pillow says the upright size
            height, width = width, height
        return Facts((height, width), opened.has_transparency_data, getattr(opened, "n_frames", 1), opened.mode in GREY)


def _orientation(opened: Any, end: bytes) -> int:
    """The EXIF orientation, from 1 to 8, of a file that ends so."""
    from PIL import ExifTags, Image

    if opened.format == "PNG" and b"eXIf" in end and "exif" not in opened.info:
        opened.load()  # it stands behind the pixels
    exif = Image.Image.getexif(opened)  # a PNG's own method decodes the whole picture where there is none
    return int(exif.get(ExifTags.Base.Orientation, 1))


def _scaled_transparency(opened: Any) -> None:
    """Of a grey PNG of 2 or 4 bits Pillow scales the levels, and not the one that stands for transparency: done here."""
    raw, clear = opened.tile[0].args if opened.format == "PNG" and opened.tile else None, opened.info.get("transparency")
    most = {"L;2": 3, "L;4": 15}.get(raw) if isinstance(raw, str) else None
    if most and isinstance(clear, int) and clear <= most:
        opened.info["transparency"] = clear * (255 // most)


@contextlib.contextmanager
def _opened(file: Path | bytes, source: str, head_alone: bool = False) -> Iterator[tuple[Any, bytes]]:
    """Pillow's picture of a file, nothing of it decoded, and the file's bytes, or the last of them where the head alone is looked at;
    whatever is wrong within is a UserError."""
    from PIL import Image, UnidentifiedImageError

    Image.init()
    formats = [form for form in FORMATS if form in Image.OPEN]  # not every Pillow has them all
    tiff = False
    try:
        content, stream, stored = _content(file, head_alone)
        tiff = _is_tiff(stream)
        with (
            stream,
            _quiet(),
            _without_lines_of_libtiff(tiff),
            Image.open(openable(stream) if tiff else stream, formats=formats) as opened,
        ):
            check_size(opened.width * opened.height * BYTES_A_PIXEL, stored, source)
            yield opened, content
    except UserError:
        raise
    except UnidentifiedImageError as error:  # whose own message shows an object in memory
        if tiff:
            raise UserError(f"{source}: {UNKNOWN_TIFF}") from error
        raise UserError(f"{source}: not readable as a picture, expected PNG, JPEG, WebP, TIFF, GIF, ...") from error
    except Exception as error:  # each format's decoder raises whatever it likes for a broken file
        raise UserError(f"{source}: not readable as a picture ({first_line(error)}), expected PNG, JPEG, WebP, ...") from error


def _content(file: Path | bytes, head_alone: bool) -> tuple[bytes, BinaryIO, int]:
    """The bytes of a file, the stream that they are read from, and their number: from memory Pillow reads no more than is there,
    whatever lengths the file states. Where the head alone is looked at, the last of the bytes, and the file itself."""
    if isinstance(file, bytes):
        return file, io.BytesIO(file), len(file)
    try:
        size = file.stat().st_size
    except FileNotFoundError:
        if file.is_symlink():
            raise UserError(f"{file}: a link to nothing, expected a picture") from None
        raise
    check_size(size, size, str(file))
    if not head_alone:
        content = file.read_bytes()
        return content, io.BytesIO(content), size
    stream = file.open("rb")
    stream.seek(max(0, size - END))
    end = stream.read(END)
    stream.seek(0)
    return end, stream, size


def _is_tiff(stream: BinaryIO) -> bool:
    begin = stream.read(4)
    stream.seek(0)
    return begin in TIFF


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
def _without_lines_of_libtiff(tiff: bool) -> Iterator[None]:
    """While a TIFF is read the process's standard error leads nowhere: libtiff writes to it past Python."""
    if not tiff:
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
