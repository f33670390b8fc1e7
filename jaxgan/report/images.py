"""Arrays in, images out: grids, strips and animations, drawn by Pillow, which is imported where it is used."""

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from jaxgan.errors import printable
from jaxgan.files import write_atomically
from jaxgan.pixels import to_bytes

LEGIBLE = 64  # pixels: tiles whose longer side is shorter are enlarged
GAP = 255  # the grey level between tiles
ALPHA = 4  # channels of pictures with transparency
CHECK = 8  # pixels a side of a checker's fields, as they are drawn
CHECKER = 216, 240  # their grey levels: neither is the gap's
BEST: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"lossless": True},
}  # how formats keep most


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


def with_titles(
    picture: UInt8[np.ndarray, "height width c"], rows: Sequence[str] = (), columns: Sequence[str] = (), *, pad: int = 2
) -> UInt8[np.ndarray, "taller wider c"]:
    """A grid with a title at the left of each row and at the top of each column, where they are given; `pad` is that of the grid."""
    from PIL import ImageDraw, ImageFont

    height, width, channels = picture.shape
    high = (height - pad) / max(1, len(rows))  # of a row, with its gap
    font = ImageFont.load_default(min(13.0, max(7.0, 0.7 * high if rows else 13.0)))
    rows, columns = [_short(title) for title in rows], [_short(title) for title in columns]
    left = math.ceil(max((font.getlength(title) for title in rows), default=-6)) + 6
    top = 18 if columns else 0
    sheet = np.full((height + top, width + left, channels), 255, np.uint8)
    sheet[top:, left:] = picture
    image = _pillow(sheet)
    draw, ink = ImageDraw.Draw(image), 0 if channels == 1 else (0, 0, 0)
    for number, title in enumerate(rows):
        draw.text((left - 4, top + pad + (number + 0.5) * high), title, ink, font, anchor="rm")
    wide = (width - pad) / max(1, len(columns))
    for number, title in enumerate(columns):
        draw.text((left + pad + (number + 0.5) * wide, top / 2), title, ink, font, anchor="mm")
    return np.asarray(image).reshape(sheet.shape)  # (H, W) -> (H, W, 1) where grey


def _short(title: str) -> str:
    title = printable(title)
    return title if len(title) <= 28 else title[:25] + "..."


def _pillow(picture: UInt8[np.ndarray, "height width c"]) -> Any:
    from PIL import Image

    return Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture)


def save_image(path: str | Path, array: UInt8[np.ndarray, "height width c"]) -> None:
    """Write a picture (H, W, C) of bytes, grey or colour; the name's ending says the format (PNG where it has none)."""
    from PIL import Image

    content = io.BytesIO()
    file_format = Image.registered_extensions().get(Path(path).suffix.lower(), "PNG")
    _pillow(array).save(content, format=file_format, **BEST.get(file_format, {}))
    write_atomically(path, content.getvalue())


def png_of(array: UInt8[np.ndarray, "height width c"]) -> bytes:
    """A picture (H, W, C) of bytes, grey or colour, as the content of a PNG file."""
    content = io.BytesIO()
    _pillow(array).save(content, format="PNG")
    return content.getvalue()


def save_sample(path: str | Path, image: Float[np.ndarray, "h w c"]) -> None:
    """Write one image in [-1, 1] as it is, pixel by pixel and with its transparency, as the name's ending says; of two channels the first is
    written, of more than four the first three."""
    picture = _bytes(image)
    save_image(path, picture if image.shape[-1] == ALPHA else _shown(picture[None])[0])


def save_grid(
    path: str | Path,
    images: Float[np.ndarray, "n h w c"],
    *,
    columns: int | None = None,
    pad: int = 2,
    scale: int | None = None,
    row_titles: Sequence[str] = (),
    column_titles: Sequence[str] = (),
) -> None:
    """Write `image_grid(images, ...)`, with titles where they are given."""
    grid = image_grid(images, columns=columns, pad=pad, scale=scale)
    save_image(path, with_titles(grid, row_titles, column_titles, pad=pad) if row_titles or column_titles else grid)


def save_strip(
    path: str | Path, images: Float[np.ndarray, "n h w c"], per_row: int | None = None, titles: Sequence[str] = ()
) -> None:
    """Write images (N, H, W, C) in [-1, 1] side by side: the stations on the way from one latent to the next, say; all in one row, or
    `per_row`, the last of one row again as the first of the next, with titles at their left."""
    per_row = per_row or len(images)
    rows = [images[start : start + per_row] for start in range(0, max(1, len(images) - 1), max(1, per_row - 1))]
    save_grid(path, np.concatenate(rows), columns=per_row, row_titles=titles)


def frames_of(images: Float[np.ndarray, "n h w c"]) -> UInt8[np.ndarray, "n height width shown"]:
    """Images (N, H, W, C) in [-1, 1] as the frames of an animation, small ones enlarged."""
    return _tiles(_bytes(images), None)


def save_gif(path: str | Path, images: Float[np.ndarray, "n h w c"], milliseconds: int = 80, *, back: bool = True) -> None:
    """Write images (N, H, W, C) in [-1, 1] as an animation that goes on for ever: forth and back, 2 N - 2 frames, or round where `back` is
    False.

    `milliseconds` is the time a frame stands; GIF keeps hundredths of a second. A frame equal to the one before it only
    makes that one stand longer.
    """
    frames = [_pillow(frame) for frame in frames_of(images)]
    frames = frames + frames[-2:0:-1] if back else frames
    content = io.BytesIO()
    frames[0].save(content, format="GIF", save_all=True, append_images=frames[1:], duration=milliseconds, loop=0)
    write_atomically(path, content.getvalue())
