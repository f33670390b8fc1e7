"""How long work shows how far it is."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

Progress = Callable[[Sequence[Any]], Iterable[Any]]  # the parts of a work -> the same, shown one by one; `iter` shows nothing
ShowProgress = Callable[[str], Progress]  # what is being done -> its progress


def show_nothing(what: str) -> Progress:
    """No progress at all."""
    return iter
