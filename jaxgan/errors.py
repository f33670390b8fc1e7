"""What can go wrong by the caller's hand or by the training's, each with its exit code."""

import difflib
import errno
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

NO_SPACE = os.strerror(errno.ENOSPC)  # what the system says of a full disk, and TensorStore within an error of its own


class UserError(ValueError):
    """The caller asked for something that cannot be; the message is one line that says what can be (exit code 2)."""

    exit_code = 2

    def _render_traceback_(self) -> list[str]:
        """What IPython shows of it: the line, and no trace of jaxgan's own code."""
        return [f"{type(self).__name__}: {self}"]


class NotFiniteError(UserError):
    """Samples hold numbers that are not finite."""


class NoSplitError(UserError):
    """A data set has no split of the name that was given: no test data, say. One that is there and cannot be read is another error."""


class WriteError(UserError):
    """A file or folder cannot be written: the disk is full, something is in the way, it is read-only or not allowed.

    Where figures were computed that are lost with it, `computed` holds them.
    """

    computed: Any = None


class BusyError(UserError):
    """Another process trains the run, or has trained it meanwhile."""


class DivergedError(RuntimeError):
    """Training met a number that is not finite (exit code 3)."""

    exit_code = 3


LISTED = 40  # names of a table that a message lists; of a longer one those that are nearest


def unknown(what: str, value: object, allowed: Iterable[str], hint: str = "") -> UserError:
    """The error for a value outside a table: names the value, the nearest choice and all that is allowed.

    `unknown("variant", "wgangp", VARIANTS)` reads "variant 'wgangp' is not known: did you mean 'wgan_gp'? ...".
    """
    names = sorted(allowed)
    value = one_line(value)
    near = difflib.get_close_matches(value, names, n=1, cutoff=0.5)
    guess = f"did you mean '{near[0]}'? " if near else ""
    if len(names) > LISTED:
        names = [*(difflib.get_close_matches(value, names, n=5, cutoff=0.3) or names[:5]), "..."]
    return UserError(f"{what} '{value}' is not known: {guess}allowed are {', '.join(names)}{hint}")


def one_line(value: object) -> str:
    """The value as text, on one line of at most 60 characters."""
    return _cut(_text(str, value))


def shortened(value: object) -> str:
    """The value's repr on one line of at most 60 characters."""
    return _cut(_text(repr, value))


def _text(of: Callable[[object], str], value: object) -> str:
    try:
        return of(value)
    except Exception:  # an object of the user's own may raise anything, and a whole number may have too many digits
        return f"<{type(value).__name__}>"


def _cut(words: str) -> str:
    words = " ".join(words.split())
    return words if len(words) <= 60 else words[:57] + "..."


def first_line(error: BaseException) -> str:
    """The first line of an exception's message, at most 200 characters; the name of its type where it has no message."""
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:200]


def printable(text: str) -> str:
    """The text in one line that a terminal shows and does not act on: what is no visible character is named, as in \\x1b or \\n."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def say(complaint: str) -> None:
    """Prints a line on the standard error about something that is wrong and ends nothing: a damaged file that is passed over, say."""
    print(f"warning: {printable(complaint)}", file=sys.stderr, flush=True)
