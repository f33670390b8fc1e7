"""A run for TensorBoard: its scalars and its samples."""

import math
import time
from typing import Any

import numpy as np

from jaxgan.files import saying_what_cannot_be_written
from jaxgan.metrics.table import panel_of
from jaxgan.report.listeners.sample_pictures import SampleListener

MEASURED_PANEL = "figures"  # the tag that earlier runs have: a resumed run goes on in the same panels


class TensorBoard(SampleListener):
    """Keeps TensorBoard's events: scalars as losses/critic_loss, pictures as samples; replica_0/... where several.

    Samples that are neither images nor points of the plane are not drawn.
    """

    FLUSH_EVERY = 10  # seconds: what a killed run may lose

    _writer: Any = None

    def on_start(self, step: int, total: int) -> None:
        """Open an event file; what an earlier run here logged after `step` is marked as void."""
        from tensorboardX import SummaryWriter

        earlier = self._folder.is_dir() and any(self._folder.glob("*tfevents*"))
        with saying_what_cannot_be_written(self._folder):
            self._writer = SummaryWriter(
                str(self._folder),
                purge_step=step + 1 if earlier else None,
                flush_secs=self.FLUSH_EVERY,
                filename_suffix=f".{time.time_ns()}",  # its own names count seconds, and would overwrite a run just ended
            )

    def on_log(self, step: int, metrics: list[dict[str, float]]) -> None:
        """Write the scalars; a value that is not finite leaves a gap (tensorboardX would warn of each)."""
        self._write(step, metrics)

    def on_measure(self, step: int, values: list[dict[str, float]]) -> None:
        """Write measured values in a panel of their own."""
        self._write(step, values, MEASURED_PANEL)

    def on_sample(self, step: int, samples: list[np.ndarray], labels: list[np.ndarray]) -> None:
        """Write one picture a replica."""
        if self._writer is None:
            return
        for replica, picture in enumerate(self._view.of_step(step, samples, labels)):
            if picture is not None:
                self._writer.add_image(f"{_prefix(replica, len(samples))}samples", picture, step, dataformats="HWC")

    def on_end(self, step: int) -> None:
        """Write what is pending and close the file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _write(self, step: int, metrics: list[dict[str, float]], panel: str | None = None) -> None:
        if self._writer is None:
            return
        for replica, values in enumerate(metrics):
            for name, value in values.items():
                if math.isfinite(value):
                    tag = f"{_prefix(replica, len(metrics))}{panel or panel_of(name)}/{name}"
                    self._writer.add_scalar(tag, float(value), step)


def _prefix(replica: int, replicas: int) -> str:
    return f"replica_{replica}/" if replicas > 1 else ""
