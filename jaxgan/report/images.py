"""Arrays in, images out: grids, strips and animations, drawn by Pillow, which is imported where it is used."""

import io
import math
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from jaxgan.files import write_atomically
from jaxgan.pixels import to_bytes

LEGIBLE = 64  # pixels: tiles whose longer side is shorter are enlarged
GAP = 255  # the grey level between tiles
ALPHA = 4  # channels of pictures with transparency
CHECK = 8  # pixels a side of a checker's fields, as they are drawn
CHECKER = 216, 240  # their grey levels: neither is the gap's


def _bytes(images: Float[np.ndarray, "*shape"]) -> UInt8[np.ndarray, "*shape"]:
    """Map [-1, 1] to [0, 255], to the nearest level; what lies outside is clipped, and NaN is black."""
    finite = np.nan_to_num(np.asarray(images), nan=-1.0, posinf=1.0, neginf=-1.0)
    return np.asarray(to_bytes(finite))


def _tiles(images: UInt8[np.ndarray, "n h w c"], scale: int | None) -> UInt8[np.ndarray, "n height width shown"]:
    """The pictures as they are shown, each pixel repeated `scale` times along both axes; None chooses the factor that makes a tile legible."""
    if images.ndim != 4 or 0 in images.shape:
        raise ValueError(f"images of shape {images.shape} cannot be drawn: (N, H, W, C) can")
    if scale is None:
        scale = max(1, math.ceil(LEGIBLE / max(images.shape[1:3])))
    return _shown(images.repeat(scale, axis=1).repeat(scale, axis=2))


def _shown(images: UInt8[np.ndarray, "n h w c"]) -> UInt8[np.ndarray, "n h w shown"]:
    """Pictures of any channels in one, grey, or three: of four over a checker, of two the first, of more the first three."""
    channels = images.shape[-1]
    if channels in (1, 3):
        return images
    if channels != ALPHA:
        return images[..., : 1 if channels == 2 else 3]
    rows, columns = (np.arange(size) // CHECK for size in images.shape[1:3])
    behind = np.where((rows[:, None] + columns) % 2, *CHECKER)[..., None]  # (H, W, 1)
    alpha = images[..., 3:].astype(np.uint16)
    return ((images[..., :3] * alpha + behind * (255 - alpha) + 127) // 255).astype(np.uint8)


def shown_channels(channels: int) -> str:
    """What a picture shows of samples of so many channels, where that is not all of them as they are; else nothing.

    Transparency is drawn over a checker, not as such and not over white: so it is seen in every viewer, page and animation alike, and a
    generator that paints white where it should leave out is told from one that leaves out.
    """
    if channels in (1, 3):
        return ""
    if channels == ALPHA:
        return "pictures have four channels: the fourth is drawn as transparency, over a checker"
    return f"pictures have {channels} channels: the first {'is' if channels == 2 else 'three are'} drawn"


def image_grid(
    images: Float[np.ndarray, "n h w c"], *, columns: int | None = None, pad: int = 2, scale: int | None = None
) -> UInt8[np.ndarray, "height width shown"]:
    """Lay images out row by row in one picture.

    `images` are (N, H, W, C) in [-1, 1], drawn as `shown_channels` says; values outside are clipped. `columns` is the number of tiles
    in a row (by default as near to a square as it goes), `pad` the white gap in pixels around each tile, `scale` the
    whole number of pixels that each pixel of an image becomes along each axis (by default 1, or what makes a small
    image legible: 3 for 28x28).
    """
    tiles = _tiles(_bytes(images), scale)
    count, height, width, channels = tiles.shape
    columns = math.ceil(math.sqrt(count)) if columns is None else min(max(columns, 1), count)
    rows = math.ceil(count / columns)
    picture = np.full((pad + rows * (height + pad), pad + columns * (width + pad), channels), GAP, np.uint8)
    for index, tile in enumerate(tiles):
        top, left = pad + index // columns * (height + pad), pad + index % columns * (width + pad)
        picture[top : top + height, left : left + width] = tile
    return picture


def _pillow(picture: UInt8[np.ndarray, "height width c"]) -> Any:
    from PIL import Image

    return Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture)


def save_image(path: str | Path, array: UInt8[np.ndarray, "height width c"]) -> None:
    """Write a picture (H, W, C) of bytes, grey or colour; the name's ending says the format (PNG where it has none)."""
    from PIL import Image

    content = io.BytesIO()
    file_format = Image.registered_extensions().get(Path(path).suffix.lower(), "PNG")
    _pillow(array).save(content, format=file_format)
    write_atomically(path, content.getvalue())


def save_grid(
    path: str | Path,
    images: Float[np.ndarray, "n h w c"],
    *,
    columns: int | None = None,
    pad: int = 2,
    scale: int | None = None,
) -> None:
    """Write `image_grid(images, ...)`."""
    save_image(path, image_grid(images, columns=columns, pad=pad, scale=scale))


def save_strip(path: str | Path, images: Float[np.ndarray, "n h w c"]) -> None:
    """Write images (N, H, W, C) in [-1, 1] side by side in one row: the stations between two latents, say."""
    save_image(path, image_grid(images, columns=len(images)))


def save_gif(path: str | Path, images: Float[np.ndarray, "n h w c"], milliseconds: int = 80) -> None:
    """Write images (N, H, W, C) in [-1, 1] as an animation that goes forth and back for ever: 2 N - 2 frames.

    `milliseconds` is the time a frame stands; GIF keeps hundredths of a second. A frame equal to the one before it only
    makes that one stand longer.
    """
    frames = [_pillow(frame) for frame in _tiles(_bytes(images), None)]
    frames = frames + frames[-2:0:-1]
    content = io.BytesIO()
    frames[0].save(content, format="GIF", save_all=True, append_images=frames[1:], duration=milliseconds, loop=0)
    write_atomically(path, content.getvalue())
