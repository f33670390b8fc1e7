"""How often a thing happens in a run: every so many generator steps (500), epochs (10epochs) or per cent of the run (25%)."""

import math
import re
from fractions import Fraction
from typing import Any

from jaxgan.errors import UserError, shortened

FORM = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(epochs?|%)", re.ASCII)
DRAWN_AFRESH = "samples are drawn afresh, so there is no pass over them"


def read_interval(value: Any, called: str) -> Any:
    """A text as an option keeps it: 500 for "500", "10epochs" and "25%" as they are. What is no text is returned as it is.

    Raises:
        UserError: a text of another form, or an interval of nothing.
    """
    if not isinstance(value, str):
        return value
    text = value.replace(" ", "")
    if text.isascii() and text.isdigit():
        return int(text)
    form = FORM.fullmatch(text)
    if form is None or not Fraction(form[1]):
        raise UserError(f"{called} {shortened(value)}: must be a number of generator steps, as 500, or as 10epochs or 25%")
    return text


def steps_of(interval: int | str, steps: int, steps_per_epoch: Fraction | None, called: str) -> int:
    """An interval in generator steps, rounded up to whole ones.

    Args:
        interval: as `read_interval` gives it.
        steps: of the whole run.
        steps_per_epoch: None where there is no pass over the data.
        called: how a message calls the option.

    Raises:
        UserError: epochs of samples that are drawn afresh.
    """
    form = FORM.fullmatch(str(interval))
    if form is None:
        return int(interval)
    if form[2] == "%":
        return math.ceil(Fraction(form[1]) * steps / 100)
    if steps_per_epoch is None:
        raise UserError(f"{called} {interval}: {DRAWN_AFRESH}; give it in steps, or as 25%")
    return math.ceil(Fraction(form[1]) * steps_per_epoch)
