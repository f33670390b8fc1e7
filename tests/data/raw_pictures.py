"""Picture files written byte by byte from the formats' specifications, by no library that reads them."""

import struct
import zlib
from collections.abc import Sequence

import numpy as np

COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # of PNG, by the number of channels
ORIENTATION = 0x0112
ADAM7 = (
    (0, 0, 8, 8),
    (0, 4, 8, 8),
    (4, 0, 8, 4),
    (0, 2, 4, 4),
    (2, 0, 4, 2),
    (0, 1, 2, 2),
    (1, 0, 2, 1),
)  # PNG, 8.1: first row and column, and the steps


def png(
    pixels: np.ndarray,
    *,
    palette: np.ndarray | None = None,
    transparent: bytes = b"",
    bits: int | None = None,
    orientation: int = 0,
    exif_last: bool = False,
    interlaced: bool = False,
) -> bytes:
    """A PNG of (H, W) or (H, W, C): uint8, uint16, or indices into a palette (K, 3); `bits` 1, 2, 4: packed into bytes."""
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    height, width, channels = pixels.shape
    bits = bits or 8 * pixels.dtype.itemsize
    kind = 3 if palette is not None else COLOUR_TYPES[channels]
    passes = [pixels[top::down, left::right] for top, left, down, right in ADAM7] if interlaced else [pixels]
    body = zlib.compress(b"".join(b"\0" + row.tobytes() for part in passes if part.size for row in _rows(part, bits)))
    exif = [(b"eXIf", exif_of(orientation))] if orientation else []
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, int(interlaced))),
        *([] if exif_last else exif),
        *([(b"PLTE", palette.astype(np.uint8).tobytes())] if palette is not None else []),
        *([(b"tRNS", transparent)] if transparent else []),
        (b"IDAT", body),
        *(exif if exif_last else []),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def _rows(pixels: np.ndarray, bits: int) -> np.ndarray:
    """The bytes of each row."""
    if bits < 8:
        digits = np.unpackbits(pixels.astype(np.uint8), axis=-1)[..., -bits:]  # (H, W, 1) -> (H, W, bits)
        return np.packbits(digits.reshape(len(pixels), -1), axis=1)
    return pixels.astype(">u2" if bits == 16 else np.uint8).reshape(len(pixels), -1)


def exif_of(orientation: int) -> bytes:
    """EXIF with an orientation alone: a TIFF directory of one entry."""
    return b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, ORIENTATION, 3, 1, orientation, 0, 0)


def bmp(pixels: np.ndarray) -> bytes:
    """A BMP of 24 bits: rows from the bottom up, blue first."""
    height, width, _ = pixels.shape
    rows = [row[:, ::-1].tobytes() + bytes(-3 * width % 4) for row in pixels[::-1]]
    body = b"".join(rows)
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, len(body), 2835, 2835, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + len(body), 0, 0, 54) + header + body


def tiff(
    pixels: np.ndarray,
    photometric: int,
    *,
    orientation: int = 1,
    order: str = "<",
    bits: int | None = None,
    planes: bool = False,
    deflated: bool = False,
    rows: int | None = None,
    extra: int | None = None,
    signed: bool = False,
    differences: bool = False,
    tile: int | None = None,
    pages: int = 1,
) -> bytes:
    """A TIFF: photometric 0 grey whose zero is white, 1 grey, 2 RGB, 5 CMYK; order "<" or ">" of bytes; `bits` 12 packs two levels into
    three bytes; strips of so many `rows`, of all channels or, with `planes`, of one; `extra` says what the last channel is: 0 nothing
    known, 1 alpha that is multiplied in, 2 alpha; with `differences` each pixel is stored as what it adds to the one to its left; squares of `tile`
    pixels instead of strips; the same picture as so many `pages`."""
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    height, width, channels = pixels.shape
    bits, rows = bits or 8 * pixels.dtype.itemsize, rows or height
    down, across = tile or rows, tile or width
    stored = np.pad(pixels, ((0, -height % tile), (0, -width % tile), (0, 0))) if tile else pixels
    blocks = [
        part[first : first + down, left : left + across]
        for part in (np.split(stored, channels, -1) if planes else [stored])
        for first in range(0, height, down)
        for left in range(0, width, across)
    ]
    if differences:
        blocks = [np.concatenate([block[:, :1], np.diff(block, axis=1)], axis=1) for block in blocks]
    strips = [_packed(block, bits, order) for block in blocks]
    if deflated:
        strips = [zlib.compress(strip) for strip in strips]
    offsets = [8 + sum(map(len, strips[:i])) for i in range(len(strips))]
    body = b"".join(strips) + bytes(sum(map(len, strips)) % 2)
    tags = {256: (4, [width]), 257: (4, [height]), 258: (3, [bits] * channels), 259: (3, [8 if deflated else 1]), 262: (3, [photometric]),
            ORIENTATION: (3, [orientation]), 277: (3, [channels]), 284: (3, [2 if planes else 1]), 317: (3, [2 if differences else 1]),
            **({322: (3, [tile]), 323: (3, [tile]), 324: (4, offsets), 325: (4, [*map(len, strips)])} if tile else
               {273: (4, offsets), 278: (4, [rows]), 279: (4, [*map(len, strips)])}),
            **({338: (3, [extra])} if extra is not None else {}), **({339: (3, [2] * channels)} if signed else {})}  # fmt: skip
    start, more, entries = 8 + len(body), b"", b""
    length = 2 + 12 * len(tags) + 4
    after = start + pages * length
    for tag, (kind, values) in sorted(tags.items()):
        data = b"".join(struct.pack(order + (" HI" if kind == 3 else "  I")[kind - 2], value) for value in values)
        if len(data) > 4:
            more, data = more + data, struct.pack(order + "I", after + len(more))
        entries += struct.pack(order + "HHI", tag, kind, len(values)) + data.ljust(4, b"\0")
    magic = {"<": b"II*\0", ">": b"MM\0*"}[order]
    directories = b""
    for page in range(1, pages + 1):
        following = start + page * length if page < pages else 0
        directories += struct.pack(order + "H", len(tags)) + entries + struct.pack(order + "I", following)
    return magic + struct.pack(order + "I", start) + body + directories + more


def _packed(pixels: np.ndarray, bits: int, order: str) -> bytes:
    """The levels of some rows one after another."""
    if bits == 12:  # each row begins with a byte of its own
        digits = np.unpackbits(pixels.astype(">u2")[..., None].view(np.uint8), axis=-1)[..., 4:]  # (H, W, C, 12)
        return np.packbits(digits.reshape(len(pixels), -1), axis=1).tobytes()
    return pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()


def webp(pixels: np.ndarray) -> bytes:
    """A lossless WebP (VP8L) of (H, W, 3) or (H, W, 4) whose every channel has one level or two: prefix codes of one bit or none."""
    height, width, channels = pixels.shape
    bits: list[int] = []

    def put(value: int, count: int) -> None:
        bits.extend(value >> i & 1 for i in range(count))

    put(width - 1, 14)
    put(height - 1, 14)
    put(int(channels == 4), 1)
    put(0, 3)  # the version
    put(0, 3)  # no transform, no cache of colours, one group of codes
    planes = [
        pixels[..., 1],
        pixels[..., 0],
        pixels[..., 2],
        pixels[..., 3] if channels == 4 else np.full((height, width), 255),
    ]
    levels = [np.unique(plane).tolist() for plane in planes]
    for own in levels:
        put(1, 1)
        put(len(own) - 1, 1)
        put(1, 1)
        for level in own:
            put(level, 8)
    for code in (1, 0, 0):  # of distances: one symbol, 0
        put(code, 1)
    put(0, 1)
    for i in range(height):
        for j in range(width):
            for plane, own in zip(planes, levels, strict=True):
                if len(own) == 2:
                    put(own.index(int(plane[i, j])), 1)
    body = b"\x2f" + np.packbits(bits, bitorder="little").tobytes()
    body += b"\0" * (len(body) % 2)
    chunk = b"VP8L" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def turned(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """What a picture that is stored so looks like upright: EXIF 2.32, tag 274, by where the first row and column of what is stored lie."""
    sides: dict[int, Sequence[str]] = {1: "TL", 2: "TR", 3: "BR", 4: "BL", 5: "LT", 6: "RT", 7: "RB", 8: "LB"}
    row, column = sides[orientation]
    upright = pixels if row in "TB" else pixels.swapaxes(0, 1)
    vertical, horizontal = (row, column) if row in "TB" else (column, row)
    upright = upright[::-1] if vertical == "B" else upright
    return upright[:, ::-1] if horizontal == "R" else upright
