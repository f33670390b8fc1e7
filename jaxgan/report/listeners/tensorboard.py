"""A run for TensorBoard: its scalars and its samples."""

import math
import time
from typing import Any

import numpy as np

from jaxgan.files import saying_what_cannot_be_written
from jaxgan.imports import without
from jaxgan.metrics.table import panel_of
from jaxgan.report.listeners.sample_pictures import SampleListener

MEASURED_PANEL = "figures"  # the tag that earlier runs have: a resumed run goes on in the same panels


class TensorBoard(SampleListener):
    """Keeps TensorBoard's events: scalars as losses/critic_loss, pictures as samples; replica_0/... where several.

    Events are written at once, and not by tensorboardX's thread: on a full disk that one ends, and the run would wait for it for ever.
    Samples that are neither images nor vectors, series or volumes are not drawn.
    """

    FLUSH_EVERY = 10  # seconds: what a killed run may lose

    _writer: Any = None
    _flushed = 0.0

    def on_start(self, step: int, total: int) -> None:
        """Open an event file; what an earlier run here logged after `step` is marked as void."""
        with without("torch"):  # which tensorboardX would load, for seconds, to look for its tensors among what it is given
            from tensorboardX.event_file_writer import EventsWriter
            from tensorboardX.proto.event_pb2 import SessionLog

        earlier = self._folder.is_dir() and any(self._folder.glob("*tfevents*"))
        with saying_what_cannot_be_written(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            suffix = f".{time.time_ns()}"  # its own names count seconds, and would overwrite a run just ended
            self._writer = EventsWriter(str(self._folder / "events"), suffix)
        if earlier:
            self._write(step + 1, session_log=SessionLog(status=SessionLog.START))

    def on_log(self, step: int, metrics: list[dict[str, float]]) -> None:
        """Write the scalars; a value that is not finite leaves a gap (tensorboardX would warn of each)."""
        self._write_scalars(step, metrics)

    def on_measure(self, step: int, values: list[dict[str, float]]) -> None:
        """Write measured values in a panel of their own."""
        self._write_scalars(step, values, MEASURED_PANEL)

    def on_sample(self, step: int, samples: list[np.ndarray], labels: list[np.ndarray]) -> None:
        """Write one picture a replica."""
        from tensorboardX.summary import image

        if self._writer is None:
            return
        for replica, picture in enumerate(self._view.of_step(step, samples, labels)):
            if picture is not None:
                tag = f"{_prefix(replica, len(samples))}samples"
                self._write(step, summary=image(tag, picture, dataformats="HWC"))

    def on_end(self, step: int) -> None:
        """Write what is pending and close the file."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            with saying_what_cannot_be_written(self._folder):
                writer.close()

    def _write_scalars(self, step: int, metrics: list[dict[str, float]], panel: str | None = None) -> None:
        from tensorboardX.summary import scalar

        if self._writer is None:
            return
        for replica, values in enumerate(metrics):
            for name, value in values.items():
                if math.isfinite(value):
                    tag = f"{_prefix(replica, len(metrics))}{panel or panel_of(name)}/{name}"
                    self._write(step, summary=scalar(tag, float(value)))

    def _write(self, step: int, **content: Any) -> None:
        """Writes an event.

        Raises:
            WriteError: it cannot be written.
        """
        from tensorboardX.proto.event_pb2 import Event

        now = time.time()
        with saying_what_cannot_be_written(self._folder):
            self._writer.write_event(Event(step=step, wall_time=now, **content))
            if now - self._flushed > self.FLUSH_EVERY:
                self._writer.flush()
                self._flushed = now


def _prefix(replica: int, replicas: int) -> str:
    return f"replica_{replica}/" if replicas > 1 else ""
