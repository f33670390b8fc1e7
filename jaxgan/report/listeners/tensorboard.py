"""A run for TensorBoard: its scalars and its samples."""

import math
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from jaxgan.files import saying_what_cannot_be_written
from jaxgan.imports import without
from jaxgan.metrics.table import panel_of
from jaxgan.report.listeners.sample_pictures import SampleListener

BOUNDS = ("mean minus std", "mean plus std")  # folders, which TensorBoard calls runs
MEASURED_PANEL = "figures"  # the tag that earlier runs have: a resumed run goes on in the same panels


class TensorBoard(SampleListener):
    """Keeps TensorBoard's events: scalars as losses/critic_loss, pictures as samples; replica_0/samples where several.

    Of several replicas a scalar is their mean, those that are finite; one standard deviation (n - 1) above and below it are runs of their
    own, "mean plus std" and "mean minus std", so that each chart has three lines however many replicas there are.

    Events are written at once, and not by tensorboardX's thread: on a full disk that one ends, and the run would wait for it for ever.
    Samples that are neither images nor vectors, series or volumes are not drawn.
    """

    FLUSH_EVERY = 10  # seconds: what a killed run may lose

    _writer: Any = None
    _bounds: tuple[Any, ...] = ()  # of several replicas the writers of mean minus std, and of mean plus std
    _open: Callable[[Path], Any]
    _flushed = 0.0

    def on_start(self, step: int, total: int) -> None:
        """Open an event file; what an earlier run here logged after `step` is marked as void."""
        with without("torch"):  # which tensorboardX would load, for seconds, to look for its tensors among what it is given
            from tensorboardX.event_file_writer import EventsWriter
            from tensorboardX.proto.event_pb2 import SessionLog

        def writer(folder: Path) -> Any:
            earlier = folder.is_dir() and any(folder.glob("*tfevents*"))
            with saying_what_cannot_be_written(folder):
                folder.mkdir(parents=True, exist_ok=True)
                # A name of its own: tensorboardX's count seconds, and would overwrite a run just ended
                opened = EventsWriter(str(folder / "events"), f".{time.time_ns()}")
            if earlier:
                self._write(step + 1, opened, session_log=SessionLog(status=SessionLog.START))
            return opened

        self._open = writer
        self._writer, self._bounds = writer(self._folder), ()

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
                self._write(step, self._writer, summary=image(tag, picture, dataformats="HWC"))

    def on_end(self, step: int) -> None:
        """Write what is pending and close the files."""
        if self._writer is not None:
            writers, self._writer, self._bounds = (self._writer, *self._bounds), None, ()
            for writer in writers:
                with saying_what_cannot_be_written(self._folder):
                    writer.close()

    def _write_scalars(self, step: int, metrics: list[dict[str, float]], panel: str | None = None) -> None:
        if self._writer is None:
            return
        if len(metrics) > 1 and not self._bounds:
            self._bounds = tuple(self._open(self._folder / name) for name in BOUNDS)
        for name in dict.fromkeys(name for values in metrics for name in values):
            finite = [float(values[name]) for values in metrics if name in values and math.isfinite(values[name])]
            tag = f"{panel or panel_of(name)}/{name}"
            if finite:
                mean = statistics.fmean(finite)
                self._write_scalar(step, self._writer, tag, mean)
            if len(finite) > 1:
                deviation = statistics.stdev(finite, mean)
                for writer, bound in zip(self._bounds, (mean - deviation, mean + deviation), strict=True):
                    self._write_scalar(step, writer, tag, bound)

    def _write_scalar(self, step: int, writer: Any, tag: str, value: float) -> None:
        from tensorboardX.summary import scalar

        self._write(step, writer, summary=scalar(tag, value))

    def _write(self, step: int, writer: Any, **content: Any) -> None:
        """Writes an event.

        Raises:
            WriteError: it cannot be written.
        """
        from tensorboardX.proto.event_pb2 import Event

        now = time.time()
        with saying_what_cannot_be_written(self._folder):
            writer.write_event(Event(step=step, wall_time=now, **content))
            if now - self._flushed > self.FLUSH_EVERY:
                for each in (self._writer or writer, *self._bounds):
                    each.flush()
                self._flushed = now


def _prefix(replica: int, replicas: int) -> str:
    return f"replica_{replica}/" if replicas > 1 else ""
