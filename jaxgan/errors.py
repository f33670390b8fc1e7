"""What can go wrong by the caller's hand or by the training's, each with its exit code."""

import difflib
from collections.abc import Iterable


class UserError(ValueError):
    """The caller asked for something that cannot be; the message is one line that says what can be (exit code 2)."""

    exit_code = 2


class NotFiniteError(UserError):
    """Samples hold numbers that are not finite."""


class NoSplitError(UserError):
    """A data set has no split of the name that was given: no test data, say. One that is there and cannot be read is another error."""


class DivergedError(RuntimeError):
    """Training met a number that is not finite (exit code 3)."""

    exit_code = 3


def unknown(what: str, value: object, allowed: Iterable[str], hint: str = "") -> UserError:
    """The error for a value outside a table: names the value, the nearest choice and all that is allowed.

    `unknown("variant", "wgangp", VARIANTS)` reads "variant 'wgangp' is not known: did you mean 'wgan_gp'? ...".
    """
    names = sorted(allowed)
    near = difflib.get_close_matches(str(value), names, n=1, cutoff=0.5)
    guess = f"did you mean '{near[0]}'? " if near else ""
    return UserError(f"{what} '{value}' is not known: {guess}allowed are {', '.join(names)}{hint}")


def first_line(error: BaseException) -> str:
    """The first line of an exception's message, at most 200 characters; the name of its type where it has no message."""
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:200]
