"""What a training run tells those who watch it; every method does nothing until a listener has a use for it."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jaxgan.engine.surface import CriticSurface
from jaxgan.errors import UserError, shortened


class Listener:
    """Told of a run's events between chunks of compiled steps, so nothing it does changes what is computed.

    Metrics and samples come as lists with one entry a replica.
    """

    def on_start(self, step: int, total: int) -> None:
        """Training begins at `step` (more than 0 when resumed) and is to end at `total`."""

    def on_chunk(self, step: int, metrics: list[dict[str, float]]) -> None:
        """Another second or so has passed; `metrics` are means since the last log."""

    def on_log(self, step: int, metrics: list[dict[str, float]]) -> None:
        """A logged step; `metrics` are means since the last one, and diagnostics of this moment."""

    def on_measure(self, step: int, metrics: list[dict[str, float]]) -> None:
        """Samples of this step were measured (`--metrics-every`)."""

    def on_sample(self, step: int, samples: list[np.ndarray], labels: list[np.ndarray]) -> None:
        """Samples from the same latents as at every earlier call: images (N, H, W, C) in [-1, 1], or points (N, 2)."""

    def on_surface(self, step: int, surface: CriticSurface, samples: np.ndarray) -> None:
        """The scores of the first replica's critic over the plane, where samples are points (N, 2): told with its samples."""

    def on_checkpoint(self, step: int, path: Path) -> None:
        """The state of `step` is safe at `path`."""

    def on_end(self, step: int) -> None:
        """The run is over, or was interrupted, or failed."""


def checked_listeners(listeners: Any) -> Sequence[Listener]:
    """The listeners; raises UserError for what is no list of them."""
    methods = [name for name in vars(Listener) if name.startswith("on_")]
    if not isinstance(listeners, list | tuple):
        raise UserError(f"listeners={shortened(listeners)}: must be a list of Listener")
    for listener in listeners:
        if isinstance(listener, type) or not all(callable(getattr(listener, name, None)) for name in methods):
            raise UserError(f"listeners: {shortened(listener)} is no Listener, which has {', '.join(methods)}")
    return listeners


class Listeners(Listener):
    """Several listeners as one."""

    def __init__(self, listeners: Sequence[Listener]):
        self.listeners = tuple(listeners)

    def on_start(self, step: int, total: int) -> None:
        for listener in self.listeners:
            listener.on_start(step, total)

    def on_chunk(self, step: int, metrics: list[dict[str, float]]) -> None:
        for listener in self.listeners:
            listener.on_chunk(step, metrics)

    def on_log(self, step: int, metrics: list[dict[str, float]]) -> None:
        for listener in self.listeners:
            listener.on_log(step, metrics)

    def on_measure(self, step: int, metrics: list[dict[str, float]]) -> None:
        for listener in self.listeners:
            listener.on_measure(step, metrics)

    def on_sample(self, step: int, samples: list[np.ndarray], labels: list[np.ndarray]) -> None:
        for listener in self.listeners:
            listener.on_sample(step, samples, labels)

    def on_surface(self, step: int, surface: CriticSurface, samples: np.ndarray) -> None:
        for listener in self.listeners:
            listener.on_surface(step, surface, samples)

    def on_checkpoint(self, step: int, path: Path) -> None:
        for listener in self.listeners:
            listener.on_checkpoint(step, path)

    def on_end(self, step: int) -> None:
        """Tells every listener, also where one before it fails."""
        with contextlib.ExitStack() as ending:
            for listener in reversed(self.listeners):
                ending.callback(listener.on_end, step)
