"""What a caller hands in, checked where it enters: numbers, choices, functions and arrays (layer 0).

Each check returns the value as jaxgan goes on with it, a Python number for numpy's or jax's, or raises a `UserError` of one line that
names the argument, the value and what is allowed.
"""

import ctypes
import inspect
import math
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numpy as np

from jaxgan.errors import UserError, first_line, one_line, shortened, unknown

Number = int | float

LARGEST = 2**31 - 2  # of a count: what is counted on the device is an int32, and one more must fit
LARGEST_SEED = 2**32 - 1

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Range:
    """The numbers that are allowed; a bound at None is open. A number that is not finite is in no range."""

    at_least: Number | None = None
    above: Number | None = None
    at_most: Number | None = None
    below: Number | None = None

    def allows(self, value: Number) -> bool:
        """Whether the number lies in the range."""
        return (
            -math.inf < value < math.inf
            and (self.at_least is None or value >= self.at_least)
            and (self.above is None or value > self.above)
            and (self.at_most is None or value <= self.at_most)
            and (self.below is None or value < self.below)
        )

    def __str__(self) -> str:
        """The range in words: "at least 0 and less than 1", "from 0 to 2147483647"."""
        if self.at_least is not None and self.at_most is not None:
            return f"from {self.at_least} to {self.at_most}"
        bounds = {
            "at least": self.at_least,
            "more than": self.above,
            "at most": self.at_most,
            "less than": self.below,
        }
        return " and ".join(f"{words} {bound}" for words, bound in bounds.items() if bound is not None)


NOT_NEGATIVE, POSITIVE = Range(at_least=0), Range(above=0)


def plain(value: Any) -> Any:
    """A number of numpy's, jax's or PyTorch's, or an array of no axes, as Python's own; anything else as it is, a traced number too."""
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        try:
            return value.item()
        except TypeError:  # traced: no number yet
            return value
    return value


def is_number(value: Any) -> bool:
    """Whether it is a Python number; True and False are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_traced(value: Any) -> bool:
    """Whether it stands for a single number that is known only when the compiled program runs."""
    numeric = str(getattr(value, "dtype", "")).startswith(("float", "bfloat", "int", "uint"))
    return numeric and getattr(value, "shape", None) == () and plain(value) is value


def whole(value: Any) -> Any:
    """4 for 4.0 and for numpy's 4; anything else as it is."""
    value = plain(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def in_float32(value: Number) -> float:
    """The number as compiled code sees it: rounded, 0 or infinite where it is too small or too large."""
    return ctypes.c_float(value).value


def whole_number(name: str, value: Any, *, at_least: int = 1, at_most: int = LARGEST) -> int:
    """The value as an int.

    Raises:
        UserError: it is no whole number, or outside the range.
    """
    number = whole(value)
    if isinstance(number, bool) or not isinstance(number, int) or number < at_least:
        raise UserError(f"{name}={shortened(value)}: must be a whole number, at least {at_least}")
    if number > at_most:
        raise UserError(f"{name}={shortened(value)}: must be at most {at_most}")
    return number


def number(name: str, value: Any, range: Range | None = None) -> Any:
    """The value as a Python number, or as it is where it is traced, whose range is not known.

    Raises:
        UserError: it is no number, is not finite, or outside the range, as it is or in float32.
    """
    if is_traced(value):
        return value
    plain_value = plain(value)
    range = Range() if range is None else range
    if not is_number(plain_value):
        raise UserError(f"{name}={shortened(value)}: must be a number{f', {range}' if str(range) else ''}")
    if not range.allows(plain_value):
        raise UserError(f"{name}={shortened(value)}: must be {str(range) or 'finite'}")
    if not range.allows(in_float32(plain_value)):
        raise UserError(
            f"{name}={shortened(value)}: must be {str(range) or 'finite'}, and is {in_float32(plain_value)} in float32"
        )
    return plain_value


def truth(name: str, value: Any) -> bool:
    """The value as a bool; raises UserError for anything but True and False, numpy's too."""
    value = plain(value)
    if not isinstance(value, bool):
        raise UserError(f"{name}={shortened(value)}: must be True or False")
    return value


def choice(name: str, value: Any, allowed: Iterable[str]) -> str:
    """The value itself; raises UserError where it is none of those allowed."""
    allowed = tuple(allowed)
    if not (isinstance(value, str) and value in allowed):
        raise unknown(name, value, allowed)
    return value


def text(name: str, value: Any) -> str:
    """The value itself; raises UserError where it is no text."""
    if not isinstance(value, str):
        raise UserError(f"{name}={shortened(value)}: must be a text")
    return value


def path(name: str, value: Any) -> Path:
    """The value as a path; raises UserError for what is no text and no path."""
    if not isinstance(value, str | os.PathLike) or "\0" in str(value):
        raise UserError(f"{name}={shortened(value)}: must be a path")
    return Path(value)


def function(name: str, value: Any, of: str) -> Any:
    """The value itself; raises UserError where it cannot be called. `of` says what it takes: "real and generated samples"."""
    if not callable(value):
        raise UserError(f"{name}={shortened(value)}: must be a function of {of}")
    return value


def array(name: str, value: Any) -> np.ndarray:
    """The value as a numpy array of real numbers, of whatever shape: an array of numpy's or jax's, or nested lists.

    Raises:
        UserError: it is none, or its numbers are no real ones.
    """
    try:
        values = np.asarray(value)
    except Exception as error:  # lists of different lengths, random keys, a tensor on a device that numpy cannot read
        raise UserError(
            f"{name}: a {type(value).__name__} that is no array of numbers ({one_line(first_line(error))})"
        ) from None
    if values.dtype.kind == "V" and values.dtype.name.startswith(("bfloat", "float")):  # of jax's own
        values = values.astype(np.float32)
    if values.dtype.kind not in "iuf":
        raise UserError(f"{name}: {shortened(value)} holds {values.dtype}, which is no real number")
    return values


def labels(name: str, value: Any, shape: tuple[int, ...], n_classes: int) -> np.ndarray:
    """The value as class numbers, int32, of this shape.

    Raises:
        UserError: they are not whole numbers, not as many, or not from 0 to n_classes - 1 (any, where n_classes is 0).
    """
    values = array(name, value)
    if values.dtype.kind == "f":
        raise UserError(f"{name}: {values.dtype}; must be class numbers, whole ones")
    if values.shape != shape:
        raise UserError(f"{name}: shape {values.shape}; must be {shape}, a class number for each sample")
    if n_classes and values.size and not (values.min() >= 0 and values.max() < n_classes):
        raise UserError(f"{name}: from {values.min()} to {values.max()}, and there are {n_classes} classes, from 0")
    return values.astype(np.int32)


def label_rows(name: str, value: Any, shape: tuple[int, ...]) -> np.ndarray:
    """The value as label vectors, float32, of this shape, whose last axis is that of a label's entries.

    Raises:
        UserError: they are no numbers, not as many, or not finite.
    """
    values = array(name, value)
    if values.shape != shape:
        raise UserError(f"{name}: shape {values.shape}; must be {shape}, {shape[-1]} numbers for each sample")
    if not np.isfinite(values).all():
        raise UserError(f"{name}: hold numbers that are not finite")
    return values.astype(np.float32)


def seed(name: str, value: Any) -> int:
    """A seed of numpy's or jax's random numbers, from 0 to 2**32 - 1; raises UserError for anything else."""
    return whole_number(name, value, at_least=0, at_most=LARGEST_SEED)


def numbers_in(**ranges: Range) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
    """A decorator: the arguments of these names are numbers in these ranges, or traced. Raises UserError, when called, for others."""

    def decorate(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        signature = inspect.signature(function)

        @wraps(function)
        def checked(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            given = signature.bind(*args, **kwargs).arguments
            for name in given.keys() & ranges.keys():
                number(name, given[name], ranges[name])
            return function(*args, **kwargs)

        checked.__dict__["ranges"] = ranges
        return checked

    return decorate
