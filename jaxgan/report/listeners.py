"""What a training run shows and keeps: a progress bar, metrics.jsonl, TensorBoard's events, sample pictures, curves.

The engine tells each listener what happens; a listener changes nothing in the run. Metrics come as one dict a replica,
samples as one array a replica; a lone run is a list of one.
"""

import json
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxgan.engine.listeners import Listener
from jaxgan.report.figures import Distribution, figure_array, samples_of_points_figure, save_curves
from jaxgan.files import write_atomically
from jaxgan.report.images import image_grid, save_image

if TYPE_CHECKING:
    from rich.console import Console


# Progress


def duration(seconds: float) -> str:
    """Seconds in words: "45 s", "3 min 10 s", "2 h 5 min"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _clock_face(seconds: float) -> str:
    """Seconds as on a clock: "0:45", "3:10", "2:05:00"."""
    whole = max(0, round(seconds))
    hours, minutes = whole // 3600, whole % 3600 // 60
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"


def _losses(metrics: Sequence[dict[str, float]]) -> str:
    """The losses as "critic -1.234  generator 0.567": the means over the replicas."""
    words = []
    for player in ("critic", "generator"):
        values = [float(replica[f"{player}_loss"]) for replica in metrics if f"{player}_loss" in replica]
        if values:
            mean = sum(values) / len(values)
            words.append(f"{player} {mean:.3f}" if abs(mean) < 1000 else f"{player} {mean:.2e}")
    return "  ".join(words)


class ProgressBar(Listener):
    """Shows how far the run is, its losses, its speed, the time gone and the time left.

    On a terminal that is a bar; elsewhere (a file, a pipe) a plain line about every ten seconds and one at the end.
    The expected time of the whole is said once, where that is more than twenty seconds, after the second chunk and half
    a second of steps: the first chunk's time is mostly compilation, so the speed is that of the chunks after it, which
    may begin with a single step.
    """

    PLAIN_EVERY = 10.0  # seconds
    LONG = 20.0  # seconds: shorter runs are not announced
    MEASURED = 0.5  # seconds of steps before a speed is believed
    WINDOW = 30  # chunks over which the speed is the mean

    def __init__(self, console: "Console | None" = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`console` is rich's, by default standard output; `clock` counts seconds."""
        from rich.console import Console

        self._console = console or Console()
        self._clock = clock
        self._bar: Any = None
        self._running = False

    def on_start(self, step: int, total: int) -> None:
        """Note where the run begins (`step` > 0 when resumed) and ends, and put up the bar."""
        self._begun = self._said = self._clock()
        self._first, self._step, self._total = step, step, total
        self._chunks: deque[tuple[int, float]] = deque(maxlen=self.WINDOW)
        self._announced = False
        self._words = ""
        self._running = True
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            self._bar = self._raise_bar(step, total)

    def on_chunk(self, step: int, metrics: list[dict[str, float]]) -> None:
        """Move the bar, or say a line when one is due."""
        if not self._running:
            return
        now = self._clock()
        self._step = step
        self._chunks.append((step, now))
        self._words = _losses(metrics)
        if not self._announced and now - self._chunks[0][1] >= self.MEASURED:
            self._announced = True
            self._announce()
        if self._bar is not None:
            self._bar.update(
                self._bar.task_ids[0], completed=step, losses=self._words, speed=self._speed_words(), left=self._left()
            )
        elif now - self._said >= self.PLAIN_EVERY:
            self._say_line()

    def on_end(self, step: int) -> None:
        """Take the bar down; say where the run stopped. Does nothing when the run never began or has ended."""
        if not self._running:
            return
        self._running = False
        self._step = step
        if self._bar is not None:
            self._bar.update(
                self._bar.task_ids[0], completed=step, losses=self._words, speed=self._speed_words(), left=self._left()
            )
            self._bar.stop()
            self._bar = None
        else:
            self._say_line()
        if step < self._total:
            self._say(f"stopped at step {step:,} of {self._total:,}")

    def _raise_bar(self, step: int, total: int) -> Any:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
        from rich.table import Column

        def text(template: str, style: str) -> TextColumn:
            return TextColumn(template, style=style, markup=False, table_column=Column(no_wrap=True))

        bar = Progress(
            BarColumn(bar_width=None, table_column=Column(ratio=1, min_width=6)),
            text("{task.completed:,}/{task.total:,}", "default"),
            text("{task.fields[losses]}", "cyan"),
            text("{task.fields[speed]}", "default"),
            TimeElapsedColumn(table_column=Column(no_wrap=True)),
            text("{task.fields[left]}", "green"),
            console=self._console,
            refresh_per_second=4,
            expand=True,
        )
        bar.add_task("training", total=total, completed=step, losses="compiling", speed="", left="")
        bar.start()
        return bar

    def _speed(self) -> float | None:
        """Generator steps a second over the last chunks, the first one left out; None before there are two."""
        if len(self._chunks) < 2:
            return None
        (step, then), (last_step, now) = self._chunks[0], self._chunks[-1]
        return (last_step - step) / (now - then) if now > then and last_step > step else None

    def _speed_words(self) -> str:
        speed = self._speed()
        return "" if speed is None else f"{speed:.1f} steps/s" if speed < 100 else f"{speed:,.0f} steps/s"

    def _seconds_left(self) -> float | None:
        speed = self._speed()
        return None if speed is None else (self._total - self._step) / speed

    def _left(self) -> str:
        left = self._seconds_left()
        return "" if left is None else f"{_clock_face(left)} left"

    def _announce(self) -> None:
        left = self._seconds_left()
        expected = None if left is None else self._clock() - self._begun + left
        if expected is not None and expected > self.LONG:
            steps = f"{self._total - self._first:,} {'more ' if self._first else ''}steps"
            self._say(f"about {duration(expected)} for {steps}; Ctrl-C stops after saving a checkpoint")

    def _say_line(self) -> None:
        share = f"{100 * self._step / self._total:.0f}%" if self._total else "100%"
        gone = f"{_clock_face(self._clock() - self._begun)} gone"
        parts = [f"step {self._step:,} of {self._total:,} ({share})", self._words, self._speed_words(), gone]
        if self._running:
            parts.append(self._left())
        self._say("  ".join(part for part in parts if part))
        self._said = self._clock()

    def _say(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


# Metrics


def read_metrics(path: str | Path) -> list[dict[str, Any]]:
    """The records of a metrics.jsonl, oldest first, one a step and replica; a last line that a killed run left half written is passed over."""
    records: dict[Any, dict[str, Any]] = {}
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(record, dict) and "step" in record:
            records.setdefault((record["step"], record.get("replica")), {}).update(record)
    return list(records.values())


class MetricsFile(Listener):
    """Keeps metrics.jsonl: one JSON object a logged step and replica, null where a value is not finite."""

    def __init__(self, path: str | Path) -> None:
        """`path` is the file; its folder is made."""
        self._path = Path(path)

    def on_start(self, step: int, total: int) -> None:
        """Drop what a killed run logged after the checkpoint at `step`: those steps are about to be made again."""
        if not self._path.exists():
            return
        kept = [record for record in read_metrics(self._path) if step > 0 and record["step"] <= step]
        write_atomically(self._path, "".join(json.dumps(record) + "\n" for record in kept).encode())

    def on_log(self, step: int, metrics: list[dict[str, float]]) -> None:
        """Append one line a replica, all in one write, and close the file: what was logged is on disk."""
        lines = []
        for replica, values in enumerate(metrics):
            record: dict[str, Any] = {"step": int(step)}
            if len(metrics) > 1:
                record["replica"] = replica
            for name, value in values.items():
                record[name] = float(value) if math.isfinite(value) else None
            lines.append(json.dumps(record, allow_nan=False) + "\n")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write("".join(lines))

    def on_measure(self, step: int, figures: list[dict[str, float]]) -> None:
        """Append figures likewise."""
        self.on_log(step, figures)


class Curves(Listener):
    """Draws the curves of a metrics.jsonl when the run ends, however it ends; comes after `MetricsFile` in the list."""

    def __init__(self, metrics: str | Path, path: str | Path) -> None:
        """`metrics` is the metrics.jsonl to read, `path` the picture to write."""
        self._metrics, self._path = Path(metrics), Path(path)

    def on_end(self, step: int) -> None:
        """Write the picture, if a loss was logged."""
        records = read_metrics(self._metrics) if self._metrics.exists() else []
        if any("critic_loss" in record or "generator_loss" in record for record in records):
            save_curves(self._path, records)


# Samples


class _SampleView:
    """Turns what a replica sampled into one picture: a grid of images, or points over their exact density."""

    def __init__(self, distribution: Distribution | None, n_classes: int) -> None:
        self._distribution = distribution
        self._n_classes = n_classes

    def picture(self, samples: np.ndarray, labels: np.ndarray, title: str) -> np.ndarray:
        """Images (N, H, W, C) in [-1, 1] or points (N, 2) -> bytes (height, width, channels)."""
        samples = np.asarray(samples)
        if samples.ndim == 4:
            samples = np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0)  # of a replica that diverged: grey
            return image_grid(samples, columns=self._columns(np.asarray(labels)))
        classes = np.asarray(labels) if self._n_classes > 1 else None
        return figure_array(samples_of_points_figure(samples, self._distribution, title=title, labels=classes))

    def _columns(self, labels: np.ndarray) -> int | None:
        """One row a class or one column a generator, where each has as many; else as square as it goes."""
        if self._n_classes > 1 and len(labels) % self._n_classes == 0:
            columns = len(labels) // self._n_classes
            if columns and np.array_equal(labels, np.repeat(np.arange(self._n_classes), columns)):
                return columns
            if columns and np.array_equal(labels, np.tile(np.arange(self._n_classes), columns)):  # several generators
                return self._n_classes
        return None


class SamplePictures(Listener):
    """Keeps samples/step_00000500.png; step_00000500-replica_00.png and so on where there are several."""

    def __init__(self, folder: str | Path, *, distribution: Distribution | None = None, n_classes: int = 0) -> None:
        """`distribution` is that of two-dimensional data; `n_classes` is 0 unless the run is conditional."""
        self._folder = Path(folder)
        self._view = _SampleView(distribution, n_classes)

    def on_sample(self, step: int, samples: list[np.ndarray], labels: list[np.ndarray]) -> None:
        """Write one picture a replica."""
        for replica, (sample, label) in enumerate(zip(samples, labels, strict=True)):
            name, title = f"step_{step:08d}", f"step {step:,}"
            if len(samples) > 1:
                name, title = f"{name}-replica_{replica:02d}", f"{title}, replica {replica}"
            save_image(self._folder / f"{name}.png", self._view.picture(sample, label, title))


# TensorBoard


def _group(name: str) -> str:
    """The panel of TensorBoard a metric belongs to."""
    if name.endswith("_loss"):
        return "losses"
    if name.startswith("score"):
        return "scores"
    if "weight" in name:
        return "weights"
    if "gradient" in name:
        return "gradients"
    return "speed" if name.endswith("per_second") else "other"


class TensorBoard(Listener):
    """Keeps TensorBoard's events: scalars as losses/critic_loss, pictures as samples; replica_0/... where several."""

    FLUSH_EVERY = 10  # seconds: what a killed run may lose

    def __init__(self, folder: str | Path, *, distribution: Distribution | None = None, n_classes: int = 0) -> None:
        """`distribution` and `n_classes` are those of `SamplePictures`."""
        self._folder = Path(folder)
        self._view = _SampleView(distribution, n_classes)
        self._writer: Any = None

    def on_start(self, step: int, total: int) -> None:
        """Open an event file; what an earlier run here logged after `step` is marked as void."""
        from tensorboardX import SummaryWriter

        earlier = self._folder.is_dir() and any(self._folder.glob("*tfevents*"))
        self._writer = SummaryWriter(
            str(self._folder),
            purge_step=step + 1 if earlier else None,
            flush_secs=self.FLUSH_EVERY,
            filename_suffix=f".{time.time_ns()}",  # its own names count seconds, and would overwrite a run just ended
        )

    def on_log(self, step: int, metrics: list[dict[str, float]]) -> None:
        """Write the scalars; a value that is not finite leaves a gap (tensorboardX would warn of each)."""
        self._write(step, metrics)

    def _write(self, step: int, metrics: list[dict[str, float]], group: str | None = None) -> None:
        if self._writer is None:
            return
        for replica, values in enumerate(metrics):
            for name, value in values.items():
                if math.isfinite(value):
                    tag = f"{self._prefix(replica, len(metrics))}{group or _group(name)}/{name}"
                    self._writer.add_scalar(tag, float(value), step)

    def on_measure(self, step: int, figures: list[dict[str, float]]) -> None:
        """Write the figures in a panel of their own."""
        self._write(step, figures, "figures")

    def on_sample(self, step: int, samples: list[np.ndarray], labels: list[np.ndarray]) -> None:
        """Write one picture a replica."""
        if self._writer is None:
            return
        for replica, (sample, label) in enumerate(zip(samples, labels, strict=True)):
            picture = self._view.picture(sample, label, f"step {step:,}")
            self._writer.add_image(f"{self._prefix(replica, len(samples))}samples", picture, step, dataformats="HWC")

    def on_end(self, step: int) -> None:
        """Write what is pending and close the file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    @staticmethod
    def _prefix(replica: int, replicas: int) -> str:
        return f"replica_{replica}/" if replicas > 1 else ""
