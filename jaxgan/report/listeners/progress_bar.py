"""How far a training run is: a bar on a terminal, lines elsewhere."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from jaxgan.engine.listeners import Listener

if TYPE_CHECKING:
    from rich.console import Console


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


def losses_in_words(metrics: Sequence[dict[str, float]]) -> str:
    """The losses as "critic -1.234  generator 0.567": the means over the replicas."""
    texts = []
    for player in ("critic", "generator"):
        values = [float(replica[f"{player}_loss"]) for replica in metrics if f"{player}_loss" in replica]
        if values:
            mean = sum(values) / len(values)
            texts.append(f"{player} {mean:.3f}" if abs(mean) < 1000 else f"{player} {mean:.2e}")
    return "  ".join(texts)


class ProgressBar(Listener):
    """Shows how far the run is, its losses, its speed, the time gone and the time left.

    On a terminal that is a bar, which counts epochs where there are any and else steps; elsewhere (a file, a pipe) a plain line
    about every ten seconds and one at the end.
    The expected time of the whole is printed once, where that is more than twenty seconds, after the second chunk and half
    a second of steps: the first chunk's time is mostly compilation, so the speed is that of the chunks after it, which
    may begin with a single step; nor do chunks count beside which something else is compiled.
    """

    PLAIN_EVERY = 10.0  # seconds
    LONG = 20.0  # seconds: shorter runs are not announced
    VERY_LONG = 1800.0  # seconds: of longer runs it is said what would be quicker
    MEASURED = 0.5  # seconds of steps before a speed is trusted
    WINDOW = 30  # chunks over which the speed is the mean

    def __init__(
        self,
        console: "Console | None" = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        steps_per_epoch: float | None = None,
        compiling: Callable[[], bool] = lambda: False,
        quicker: str = "",
    ) -> None:
        """`console` is rich's, by default standard output; `clock` counts seconds; with `steps_per_epoch` the epoch is shown too.

        While `compiling` is true another program is compiled beside the steps, whose speed is not that of the run. `quicker` is said
        of a run that takes more than half an hour.
        """
        from rich.console import Console

        self._console = console or Console()
        self._clock = clock
        self._steps_per_epoch = steps_per_epoch
        self._compiling = compiling
        self._quicker = quicker
        self._bar: Any = None
        self._running = False

    def on_start(self, step: int, total: int) -> None:
        """Note where the run begins (`step` > 0 when resumed) and ends, and put up the bar."""
        self._begun = self._last_line = self._clock()
        self._first, self._step, self._total = step, step, total
        self._chunks: deque[tuple[int, float]] = deque(maxlen=self.WINDOW)
        self._announced = False
        self._loss_text = ""
        self._running = True
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            self._bar = self._raise_bar(step, total)

    def on_chunk(self, step: int, metrics: list[dict[str, float]]) -> None:
        """Move the bar, or print a line when one is due."""
        if not self._running:
            return
        now = self._clock()
        self._step = step
        if not self._announced and self._compiling():
            self._chunks.clear()
        self._chunks.append((step, now))
        self._loss_text = losses_in_words(metrics)
        if not self._announced and now - self._chunks[0][1] >= self.MEASURED:
            self._announced = True
            self._announce()
        if self._bar is not None:
            self._move_bar()
        elif now - self._last_line >= self.PLAIN_EVERY:
            self._print_line()

    def on_end(self, step: int) -> None:
        """Take the bar down; print where the run stopped. Does nothing when the run never began or has ended."""
        if not self._running:
            return
        self._running = False
        self._step = step
        if self._bar is not None:
            self._move_bar()
            self._bar.stop()
            self._bar = None
        else:
            self._print_line()
        if step < self._total:
            self._print(f"stopped at step {step:,} of {self._total:,}")

    def _raise_bar(self, step: int, total: int) -> Any:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
        from rich.table import Column

        def text(template: str, style: str) -> TextColumn:
            return TextColumn(template, style=style, markup=False, table_column=Column(no_wrap=True))

        bar = Progress(
            BarColumn(bar_width=None, table_column=Column(ratio=1, min_width=6)),
            text("{task.fields[epoch]}" if self._steps_per_epoch else "{task.completed:,}/{task.total:,}", "default"),
            text("{task.fields[losses]}", "cyan"),
            text("{task.fields[speed]}", "default"),
            TimeElapsedColumn(table_column=Column(no_wrap=True)),
            text("{task.fields[left]}", "green"),
            console=self._console,
            refresh_per_second=4,
            expand=True,
        )
        bar.add_task("training", total=total, completed=step, losses="compiling", speed="", left="", epoch=self._epoch())
        bar.start()
        return bar

    def _move_bar(self) -> None:
        self._bar.update(
            self._bar.task_ids[0], completed=self._step, losses=self._loss_text, speed=self._speed_text(), left=self._left(),
            epoch=self._epoch(),
        )  # fmt: skip

    def _epoch(self) -> str:
        """Passes over the data, "epoch 3.2/50"; nothing where there is no pass over them."""
        if not self._steps_per_epoch:
            return ""
        passed, total = self._step / self._steps_per_epoch, self._total / self._steps_per_epoch
        return f"epoch {passed:.1f}/{total:.3g}" if total < 100 else f"epoch {passed:,.0f}/{total:,.0f}"

    def _speed(self) -> float | None:
        """Generator steps a second over the last chunks, the first one left out; None before there are two."""
        if len(self._chunks) < 2:
            return None
        (step, then), (last_step, now) = self._chunks[0], self._chunks[-1]
        return (last_step - step) / (now - then) if now > then and last_step > step else None

    def _speed_text(self) -> str:
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
            self._print(f"about {duration(expected)} for {steps}; Ctrl-C stops after saving a checkpoint")
            if expected > self.VERY_LONG and self._quicker:
                self._print(f"quicker with some of: {self._quicker}")

    def _print_line(self) -> None:
        share = f"{100 * self._step / self._total:.0f}%" if self._total else "100%"
        gone = f"{_clock_face(self._clock() - self._begun)} gone"
        parts = [f"step {self._step:,} of {self._total:,} ({share})", self._epoch(), self._loss_text, self._speed_text(), gone]
        if self._running:
            parts.append(self._left())
        self._print("  ".join(part for part in parts if part))
        self._last_line = self._clock()

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)
