"""What a user says of pictures, read where it enters: their size, the colour behind them, which numbers are black and white (layer 0).

Each is kept as JSON has it, a number or a text, and given to those who work with it as numbers.
"""

import math
import re
from typing import Any

from jaxgan.checks import LARGEST, plain
from jaxgan.errors import UserError, first_line, shortened

Size = tuple[int, int]  # height and width
Colour = tuple[int, int, int]  # red, green and blue, from 0 to 255

TWO_SIDES = re.compile(r"\s*(\d+)\s*[xX×]\s*(\d+)\s*", re.ASCII)
WHITE = "white"


def read_size(value: Any, called: str) -> Any:
    """A size as an option keeps it: 64 of a square, given as 64, "64", "64x64" or (64, 64); else "48x80", the height first.

    A number is returned as it is: its range is another's to check.

    Raises:
        UserError: a text or a pair that is no size.
    """
    if isinstance(value, str):
        if value.strip().isascii() and value.strip().isdigit():
            return int(value)
        sides: Any = (form := TWO_SIDES.fullmatch(value)) and (int(form[1]), int(form[2]))
    elif isinstance(value, tuple | list):
        sides = tuple(plain(side) for side in value)
    else:
        return value
    whole = sides and len(sides) == 2 and all(isinstance(side, int) and not isinstance(side, bool) for side in sides)
    if not whole or not all(1 <= side <= LARGEST for side in sides):
        raise UserError(f"{called} {shortened(value)}: must be a number of pixels, as 64, or height x width, as 48x80")
    return sides[0] if sides[0] == sides[1] else f"{sides[0]}x{sides[1]}"


def size_of(kept: int | str | None) -> Size | None:
    """Height and width of a size as `read_size` gives it."""
    if kept is None:
        return None
    form = TWO_SIDES.fullmatch(str(kept))
    return (int(form[1]), int(form[2])) if form else (int(kept), int(kept))


def in_words(size: Size) -> str:
    """(48, 80) as "48x80"."""
    return f"{size[0]}x{size[1]}"


def read_channels(value: Any, called: str) -> Any:
    """A number of channels as an option keeps it: "4" of 4. What is no whole number is returned as it is."""
    value = plain(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def channels_of(kept: str | None) -> int | None:
    """The number of channels; None where they are found."""
    return None if kept in (None, "auto") else int(kept)


def read_colour(value: Any, called: str) -> Any:
    """A colour as an option keeps it: its text.

    Raises:
        UserError: a text that names no opaque colour.
    """
    if isinstance(value, str):
        colour_of(value, called)
    return value


def colour_of(text: str, called: str = "background") -> Colour:
    """Red, green and blue of a colour's name or of #rrggbb, as Pillow's ImageColor reads them.

    Raises:
        UserError: it is neither, or not opaque.
    """
    from PIL import ImageColor

    try:
        colour = ImageColor.getrgb(text)
    except ValueError as error:
        raise UserError(f"{called} {shortened(text)}: must be a colour's name or #rrggbb ({first_line(error)})") from None
    if len(colour) == 4 and colour[3] != 255:
        raise UserError(f"{called} {shortened(text)}: must be an opaque colour, a name or #rrggbb")
    return colour[0], colour[1], colour[2]


def read_range(value: Any, called: str) -> Any:
    """The numbers that are black and white as an option keeps them: "0,4095" of (0, 4095) or of that text.

    Raises:
        UserError: not two different numbers.
    """
    if value is None:
        return value
    parts = value.split(",") if isinstance(value, str) else list(value) if isinstance(value, tuple | list) else []
    try:
        black, white = (float(plain(part)) for part in parts)
    except (ValueError, TypeError):
        black = white = math.nan
    if not (math.isfinite(black) and math.isfinite(white) and black != white):
        raise UserError(
            f"{called} {shortened(value)}: must be two different numbers, that of black and that of white, as 0,4095"
        )
    return ",".join(str(int(number)) if number.is_integer() else repr(number) for number in (black, white))


def range_of(kept: str | None) -> tuple[float, float] | None:
    """The numbers of black and white of a text as `read_range` gives it."""
    if kept is None:
        return None
    black, _, white = kept.partition(",")
    return float(black), float(white)
