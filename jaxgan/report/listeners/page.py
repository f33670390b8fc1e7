"""The page of a run, written anew while it trains."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from jaxgan.engine.listeners import Listener
from jaxgan.report.page import write_page


class Page(Listener):
    """Writes report.html with each picture of samples, at most every ten seconds and in at most a fiftieth of the run's time.

    It comes behind the listeners that write what the page shows. What is damaged in the folder is told when the page is written at the end.
    """

    EVERY = 10.0  # seconds
    SHARE = 0.02  # of the time

    def __init__(self, folder: str | Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`folder` is the run folder; `clock` counts seconds."""
        self._folder, self._clock = Path(folder), clock
        self._next = 0.0

    def on_start(self, step: int, total: int) -> None:
        """Wait for the first picture, of which the page is written at once."""
        self._next = self._clock()

    def on_sample(self, step: int, samples: list[np.ndarray], labels: list[np.ndarray]) -> None:
        """Write the page where it is time."""
        began = self._clock()
        if began < self._next:
            return
        write_page(self._folder, tell=_quietly)
        took = self._clock() - began
        self._next = began + max(self.EVERY, took / self.SHARE)


def _quietly(complaint: str) -> None:
    """The page itself names what is damaged."""
