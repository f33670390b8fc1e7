"""Pictures of any size and channels brought to one form: cut, padded or squeezed, smoothed where they shrink; and what is to be said of it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import UInt8

from jaxgan.data.dataset import Request
from jaxgan.errors import UserError
from jaxgan.memory import check_fits
from jaxgan.picture_options import WHITE, Size, colour_of, in_words

if TYPE_CHECKING:
    from PIL.Image import Image

RESIZES = ("crop", "pad", "squeeze")
ALPHA = 4  # channels of pictures with transparency


class Form(NamedTuple):
    """What pictures are brought to."""

    size: Size  # height and width
    channels: int | None = None  # 1 grey, 3 colour, 4 colour and transparency; None: colour
    resize: str = "crop"  # a row of RESIZES
    background: str = WHITE  # the colour behind what is transparent, and around what is padded


def formed(picture: "Image", form: Form) -> UInt8[np.ndarray, "height width channels"]:
    """A picture in grey, RGB or RGBA in this form."""
    if picture.mode == "RGBA" and form.channels != ALPHA:
        picture = over(picture, form.background)
    if form.channels is not None:
        picture = picture.convert({1: "L", 3: "RGB", ALPHA: "RGBA"}[form.channels])
    pixels = np.asarray(fitted(picture, form))
    return pixels.reshape(*form.size, -1)  # (H, W) or (H, W, C) -> (H, W, C)


def over(picture: "Image", background: str) -> "Image":
    """A picture with transparency laid over a colour."""
    from PIL import Image

    behind = Image.new("RGBA", picture.size, (*colour_of(background), 255))
    return Image.alpha_composite(behind, picture).convert("RGB")


def fitted(picture: "Image", form: Form) -> "Image":
    """The picture at the form's size, bicubic, smoothed where it shrinks; of transparent pixels the colour counts as much as is seen of it."""
    from PIL import Image

    height, width = form.size
    of = (picture.height, picture.width)
    if form.resize == "crop":
        box = cut(of, form.size)
        whole = (box[2] - box[0], box[3] - box[1]) == (width, height)
        return picture.crop(box) if whole else picture.resize((width, height), Image.Resampling.BICUBIC, box=box)
    if form.resize == "squeeze":
        return picture.resize((width, height), Image.Resampling.BICUBIC)
    inner_height, inner_width = within(of, form.size)
    inner = picture.resize((inner_width, inner_height), Image.Resampling.BICUBIC)
    canvas = Image.new(picture.mode, (width, height), _padding(picture.mode, form.background))
    canvas.paste(inner, ((width - inner_width) // 2, (height - inner_height) // 2))
    return canvas


def _padding(mode: str, background: str) -> Any:
    """The background in a mode; transparent, where there is transparency: it is no part of the picture."""
    from PIL import Image

    colour = colour_of(background)
    if mode == "L":
        return Image.new("RGB", (1, 1), colour).convert("L").getpixel((0, 0))
    return (*colour, 0) if mode == "RGBA" else colour


def cut(of: Size, to: Size) -> tuple[int, int, int, int]:
    """The largest middle box of the shape `to` in a picture of size `of`: left, top, right, bottom."""
    height, width = of
    if width * to[0] >= height * to[1]:  # too wide
        width = min(width, max(1, round(height * to[1] / to[0])))
    else:
        height = min(height, max(1, round(width * to[0] / to[1])))
    left, top = (of[1] - width) // 2, (of[0] - height) // 2
    return left, top, left + width, top + height


def within(of: Size, to: Size) -> Size:
    """The largest size of the shape of `of` that fits into `to`."""
    scale = min(to[0] / of[0], to[1] / of[1])
    return max(1, round(of[0] * scale)), max(1, round(of[1] * scale))


def at_most(size: Size, largest: int | None) -> Size:
    """The size, brought down in its shape to a longer side of `largest` pixels where it is larger."""
    return size if largest is None or max(size) <= largest else within(size, (largest, largest))


def brought_down(request: Request) -> str:
    """Why pictures without a size of their own are smaller than they were; nothing where one is asked for."""
    if request.image_size is not None or request.largest is None:
        return ""
    return f", at most {request.largest} a side for this device's sake (--image-size says another)"


def fitted_arrays(
    images: UInt8[np.ndarray, "n height width channels"], form: Form, source: str, why: str = ""
) -> tuple[UInt8[np.ndarray, "n new_height new_width new_channels"], tuple[str, ...]]:
    """Each picture of an array in this form, which may leave the channels as they are, and notes of what was changed, and `why`.

    Raises:
        UserError: other channels are wanted of pictures that are not of 1, 3 or 4; more memory than there is.
    """
    from PIL import Image

    count, *of, channels = images.shape
    wanted = form.channels or channels
    if (tuple(of), channels) == (form.size, wanted):
        return images, ()
    if wanted != channels and channels not in (1, 3, ALPHA):
        raise UserError(f"{source} have {channels} channels, of which --channels {wanted} cannot be made: expected 1, 3 or 4")
    check_fits(count * form.size[0] * form.size[1] * wanted, f"{count:,} pictures of {in_words(form.size)} pixels")
    result = np.empty((count, *form.size, wanted), np.uint8)
    together = channels in (1, 3, ALPHA)
    for i, image in enumerate(images):
        parts = [image] if together else np.split(image, channels, axis=-1)
        drawn = [
            Image.fromarray(part[..., 0] if part.shape[-1] == 1 else part) for part in parts
        ]  # Pillow knows grey as (H, W)
        result[i] = np.concatenate(
            [formed(each, form._replace(channels=form.channels or _of(each))) for each in drawn], axis=-1
        )
    notes = fit_notes({(of[0], of[1]): count}, form, why)
    if wanted != channels and channels == ALPHA:
        notes += (f"their transparency is drawn over {form.background}",)
    return result, notes


def _of(picture: "Image") -> int:
    return len(picture.getbands())


def brought_to_form(
    images: UInt8[np.ndarray, "n height width channels"], request: Request, source: str
) -> tuple[UInt8[np.ndarray, "n new_height new_width new_channels"], tuple[str, ...]]:
    """Pictures of an array in the size and with the channels that are asked for, else as they are; and notes of what was changed."""
    size = request.image_size or at_most((images.shape[1], images.shape[2]), request.largest)
    form = Form(size, request.channels, request.resize, request.background or WHITE)
    return fitted_arrays(images, form, source, brought_down(request))


# What is said of it


def fit_notes(sizes: Mapping[Size, int], form: Form, why: str = "") -> tuple[str, ...]:
    """A line where pictures were resized: how many were cut, padded or squeezed, and by how much.

    Args:
        sizes: to each size of pictures as they were how many there were.
        form: what they were brought to.
        why: by what that size was chosen, where the user did not say it.
    """
    if set(sizes) <= {form.size}:
        return ()
    change = {size: _change(size, form) for size in sizes}
    changed = {size: count for size, count in sizes.items() if change[size]}
    span = _span(sizes)
    what = f"pictures of {span} become {in_words(form.size)}{why}"
    if not changed:
        return (what,)
    total, count = sum(sizes.values()), sum(changed.values())
    mean = sum(change[size] * number for size, number in changed.items()) / count
    most = max(change[size] for size in changed)
    amount = f"{mean:.1%} on average and {most:.1%} at most".replace("%", " %")
    how = {
        "crop": f"cut: {amount} of their area is lost (--resize pad or squeeze keeps it)",
        "pad": f"padded: {amount} of their new area is background",
        "squeeze": f"squeezed: one side to the other changes by {amount}",
    }[form.resize]
    return (f"{what}: {count:,} of {total:,} are {how}",)


def _change(size: Size, form: Form) -> float:
    """By how much a picture of this size is cut, padded or squeezed, as a share; 0 where it keeps its shape."""
    if form.resize == "crop":
        left, top, right, bottom = cut(size, form.size)
        return 1 - (right - left) * (bottom - top) / (size[0] * size[1])
    if form.resize == "pad":
        inner = within(size, form.size)
        return 1 - inner[0] * inner[1] / (form.size[0] * form.size[1])
    ratio = size[0] * form.size[1] / (size[1] * form.size[0])
    return max(ratio, 1 / ratio) - 1


def _span(sizes: Mapping[Size, int]) -> str:
    """ "48x80", or "3 sizes, 8x8 to 30x20", by area."""
    ordered = sorted(sizes, key=lambda size: (size[0] * size[1], size))
    if len(ordered) == 1:
        return in_words(ordered[0])
    return f"{len(ordered):,} sizes, {in_words(ordered[0])} to {in_words(ordered[-1])}"
