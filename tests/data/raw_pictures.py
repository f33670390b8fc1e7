"""Picture files written byte by byte from the formats' specifications, by no library that reads them."""

import struct
import zlib
from collections.abc import Sequence

import numpy as np

COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # of PNG, by the number of channels
ORIENTATION = 0x0112


def png(
    pixels: np.ndarray,
    *,
    palette: np.ndarray | None = None,
    transparent: bytes = b"",
    bits: int | None = None,
    orientation: int = 0,
    exif_last: bool = False,
) -> bytes:
    """A PNG of (H, W) or (H, W, C): uint8, uint16, or indices into a palette (K, 3); `bits` 1 packs eight pixels into a byte."""
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    height, width, channels = pixels.shape
    bits = bits or 8 * pixels.dtype.itemsize
    kind = 3 if palette is not None else COLOUR_TYPES[channels]
    rows = (
        np.packbits(pixels[..., 0], axis=1)
        if bits == 1
        else pixels.astype(">u2" if bits == 16 else np.uint8).reshape(height, -1)
    )
    body = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    exif = [(b"eXIf", exif_of(orientation))] if orientation else []
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)),
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


def tiff(pixels: np.ndarray, photometric: int, *, orientation: int = 1, order: str = "<") -> bytes:
    """An uncompressed TIFF of one strip: photometric 1 grey, 2 RGB, 5 CMYK; order "<" or ">" of bytes."""
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    height, width, channels = pixels.shape
    body = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    bits = 8 * pixels.dtype.itemsize
    tags = {256: (4, [width]), 257: (4, [height]), 258: (3, [bits] * channels), 259: (3, [1]), 262: (3, [photometric]), 273: (4, [8]),
            ORIENTATION: (3, [orientation]), 277: (3, [channels]), 278: (4, [height]), 279: (4, [len(body)])}  # fmt: skip
    start, extra, entries = 8 + len(body), b"", b""
    after = start + 2 + 12 * len(tags) + 4
    for tag, (kind, values) in sorted(tags.items()):
        data = b"".join(struct.pack(order + (" HI" if kind == 3 else "  I")[kind - 2], value) for value in values)
        if len(data) > 4:
            extra, data = extra + data, struct.pack(order + "I", after + len(extra))
        entries += struct.pack(order + "HHI", tag, kind, len(values)) + data.ljust(4, b"\0")
    magic = {"<": b"II*\0", ">": b"MM\0*"}[order]
    return magic + struct.pack(order + "I", start) + body + struct.pack(order + "H", len(tags)) + entries + bytes(4) + extra


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
