"""TIFFs of 16 bits a channel, level by level.

Pillow decodes those of one channel as they are, and of several gives the high bytes or nothing. So it is shown one channel: a directory is
added to the file that names the same strips or tiles, of one plane as a grey picture, or of interleaved channels as one so many times as wide.
"""

import io
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np

# Tags of TIFF 6.0
WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER = 256, 257, 258, 259, 262, 266
STRIP_OFFSETS, ORIENTATION, CHANNELS, STRIP_ROWS, STRIP_COUNTS = 273, 274, 277, 278, 279
PLANES, PREDICTOR, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_COUNTS = 284, 317, 322, 323, 324, 325
EXTRA, SAMPLE_FORMAT = 338, 339
ZERO_IS_BLACK, DIFFERENCES, SIGNED = 1, 2, 2  # of PHOTOMETRIC, of PREDICTOR, of SAMPLE_FORMAT
PIXELS = (  # what says where and how they are stored
    WIDTH, HEIGHT, COMPRESSION, FILL_ORDER, PREDICTOR, STRIP_OFFSETS, STRIP_ROWS, STRIP_COUNTS, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_COUNTS,
)  # fmt: skip
DOWN, LEFT = (3, 4, 7, 8), (2, 3, 6, 7)  # orientations whose first row is stored last, whose first column is
Tags = Mapping[int, Any]


def is_deep(tags: Tags) -> bool:
    """Whether every channel has 16 bits, unsigned."""
    return set(tags.get(BITS, ())) == {16} and set(tags.get(SAMPLE_FORMAT, (1,))) == {1}


def openable(file: BinaryIO) -> BinaryIO:
    """The file; one of grey and alpha of 16 bits, of which Pillow knows no mode, with directories that say 8: as many as it has pictures,
    each that of the first."""
    try:
        tags = tags_of(file)
        two_deep = is_deep(tags) and tags.get(CHANNELS) == 2
    except (SyntaxError, TypeError, ValueError, struct.error):  # damaged, which is told where it is opened
        two_deep = False
    file.seek(0)
    if not two_deep:
        return file
    head = {tag: tags[tag] for tag in (*PIXELS, PHOTOMETRIC, ORIENTATION, CHANNELS, EXTRA) if tag in tags}
    content, count = file.read(), _count_of_pictures(file, tags)
    return io.BytesIO(_with_directory(content, {**head, BITS: (8, 8)}, count))


def levels_of(content: bytes) -> np.ndarray:
    """All levels of the first picture of a file that `is_deep`, (H, W, C) uint16, upright.

    Raises:
        OSError, ValueError: it is damaged.
    """
    tags = tags_of(content)
    channels, width = tags.get(CHANNELS, 1), tags[WIDTH]
    if tags.get(PLANES) == 2:
        levels = np.stack([_decoded(content, _plane(tags, i, channels)) for i in range(channels)], axis=-1)
    else:
        levels = _decoded(content, _widened(tags, channels)).reshape(-1, width, channels)
        if tags.get(PREDICTOR) == DIFFERENCES and channels > 1:  # from pixel to pixel: not what a decoder of one channel sums
            whole = tags.get(TILE_WIDTH, width)
            sums = [np.cumsum(levels[:, left : left + whole], axis=1, dtype=np.uint16) for left in range(0, width, whole)]
            levels = np.concatenate(sums, axis=1)
    orientation = tags.get(ORIENTATION, 1)
    levels = levels.swapaxes(0, 1) if orientation >= 5 else levels
    return levels[:: -1 if orientation in DOWN else 1, :: -1 if orientation in LEFT else 1]


def tags_of(file: BinaryIO | bytes) -> Any:
    """The directory of a file's first picture."""
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    file = io.BytesIO(file) if isinstance(file, bytes) else file
    head = file.read(16)
    tags = ImageFileDirectory_v2(head if b"+" in head[2:4] else head[:8])  # BigTIFF: places of 64 bits
    file.seek(tags.next)
    tags.load(file)
    return tags


def _count_of_pictures(file: BinaryIO, tags: Any) -> int:
    """How many directories follow one another, these tags' own the first; another one's are in them afterwards."""
    begun = {tags.offset}
    while tags.next and tags.next not in begun:
        begun.add(tags.next)
        file.seek(tags.next)
        tags.load(file)
    return len(begun)


def _plane(tags: Tags, index: int, channels: int) -> dict[int, Any]:
    """The directory of one plane as a grey picture."""
    own = _grey(tags)
    for tag in (STRIP_OFFSETS, STRIP_COUNTS, TILE_OFFSETS, TILE_COUNTS):
        if tag in own:
            count = len(own[tag]) // channels
            own[tag] = own[tag][index * count : (index + 1) * count]
    return own


def _widened(tags: Tags, channels: int) -> dict[int, Any]:
    """The directory of a grey picture whose pixels are the channels, one after another."""
    own = _grey(tags)
    for tag in (WIDTH, TILE_WIDTH):
        if tag in own:
            own[tag] *= channels
    return {**own, PREDICTOR: 1} if channels > 1 else own


def _grey(tags: Tags) -> dict[int, Any]:
    own = {tag: tags[tag] for tag in PIXELS if tag in tags}
    return {**own, BITS: (16,), CHANNELS: 1, PHOTOMETRIC: ZERO_IS_BLACK}


def _decoded(content: bytes, tags: Tags) -> np.ndarray:
    """(H, W) uint16: the grey picture of this directory."""
    from PIL import Image

    with Image.open(io.BytesIO(_with_directory(content, tags)), formats=["TIFF"]) as opened:
        return np.asarray(opened).astype(np.uint16)


def _with_directory(content: bytes, tags: Tags, count: int = 1) -> bytes:
    """The file with this directory, behind all else, in place of its own; as often as `count`, one after another."""
    order = "<" if content[:2] == b"II" else ">"
    start = len(content) + len(content) % 2
    length = 2 + 12 * len(tags) + 4  # of a directory
    entries, more = b"", b""
    for tag, value in sorted(tags.items()):
        values = value if isinstance(value, tuple) else (value,)
        kind, letter = (3, "H") if max(values) < 2**16 else (4, "I")
        data = struct.pack(f"{order}{len(values)}{letter}", *values)
        if len(data) > 4:
            place = start + count * length + len(more)
            data, more = struct.pack(order + "I", place), more + data + bytes(len(data) % 2)
        entries += struct.pack(order + "HHI", tag, kind, len(values)) + data.ljust(4, b"\0")
    following = [start + i * length for i in range(1, count)] + [0]
    directories = b"".join(struct.pack(order + "H", len(tags)) + entries + struct.pack(order + "I", each) for each in following)
    return content[:2] + struct.pack(order + "HI", 42, start) + content[8:] + bytes(len(content) % 2) + directories + more
