"""How far a training run is: a bar on a terminal, lines elsewhere."""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxgan.engine.listeners import Listener
from jaxgan.engine.surface import CriticSurface
from jaxgan.report.listeners.notebook_bar import NotebookBar

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


def losses_in_words(metrics: Sequence[dict[str, float]], *, short: bool = False) -> str:
    """The losses as "critic -12.345  generator 0.567", or in short "critic -12.3  generator 0.567": the means over the replicas."""
    texts = []
    for player in ("critic", "generator"):
        values = [float(replica[f"{player}_loss"]) for replica in metrics if f"{player}_loss" in replica]
        if values:
            mean = sum(values) / len(values)
            large, middling = ("{:.1e}", "{:.3g}") if short else ("{:.2e}", "{:.3f}")
            form = "{:.3f}" if abs(mean) < 10 else middling if abs(mean) < 1000 else large
            texts.append(f"{player} {form.format(mean)}")
    return "  ".join(texts)


class ProgressBar(Listener):
    """Shows how far the run is, its losses, its speed, the time gone and the time left.

    On a terminal, and in a notebook, that is a bar, which counts epochs where there are any and else steps; elsewhere (a file, a pipe) a plain line
    about every ten seconds and one at the end.
    The expected time of the whole is printed once, where that is more than twenty seconds, after half a second of steps.

    The time left is that of the steps left, at the speed of the last chunks, and of what happens between chunks: each log,
    picture and measurement that is still to come, at what the last ones took. What is compiled counts for none of them: the
    first chunk is left out, so are chunks beside which something is compiled, and so is the first log, picture or measurement
    as soon as there is a second one.
    """

    PLAIN_EVERY = 10.0  # seconds
    LONG = 20.0  # seconds: shorter runs are not announced
    VERY_LONG = 1800.0  # seconds: of longer runs it is said what would be quicker
    MEASURED = 0.5  # seconds of steps before a speed is trusted
    WINDOW = 30  # chunks over which the speed is the mean, and logs, pictures or measurements over which their time is
    FIRST = 1 / 3  # of the time of a first log, picture or measurement: what the next one is taken for; the rest compiles
    FEW = 20  # events to come; of more, the first one's time is no guess, and the second one comes soon
    NARROW = 100  # columns of a terminal: on one with fewer the speed is left out, and losses are shorter

    def __init__(
        self,
        console: "Console | None" = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        steps_per_epoch: float | None = None,
        compiling: Callable[[], bool] = lambda: False,
        quicker: str = "",
        every: Mapping[str, int] | None = None,
        announced: bool = False,
    ) -> None:
        """`console` is rich's, by default standard output; `clock` counts seconds; with `steps_per_epoch` the epoch is shown too.

        While `compiling` is true another program is compiled beside the steps, whose speed is not that of the run. `quicker` is said
        of a run that takes more than half an hour. `every` says after how many steps something happens each time: "log", "sample"
        and "measure"; what is not there, or at 0, is taken not to happen again. `announced`: the time of the whole was said already.
        """
        from rich.console import Console

        self._console = console or Console()
        self._clock = clock
        self._steps_per_epoch = steps_per_epoch
        self._compiling = compiling
        self._quicker = quicker
        self._every = {event: steps for event, steps in (every or {}).items() if steps}
        self._said = announced
        self._bar: Any = None
        self._running = False

    def on_start(self, step: int, total: int) -> None:
        """Note where the run begins (`step` > 0 when resumed) and ends, and put up the bar."""
        self._begun = self._last_line = self._last_event = self._clock()
        self._first, self._step, self._total = step, step, total
        self._chunks: deque[tuple[int, float]] = deque(maxlen=self.WINDOW)  # steps and seconds of each
        self._beside = True  # the last chunk began while something was compiled, as the first one does
        self._took: dict[str, list[float]] = {}  # seconds of each log, picture or measurement, of the last ones
        self._announced = self._said
        self._loss_text = ""
        self._running = True
        if self._console.is_jupyter or (self._console.is_terminal and not self._console.is_dumb_terminal):
            self._bar = self._raise_bar(step, total)

    def on_chunk(self, step: int, metrics: list[dict[str, float]]) -> None:
        """Move the bar, or print a line when one is due."""
        if not self._running:
            return
        now = self._clock()
        beside, self._beside = self._beside, self._compiling()
        if self._beside and not self._announced:
            self._chunks.clear()
        elif not beside:
            self._chunks.append((step - self._step, now - self._last_event))
        self._step, self._last_event = step, now
        self._loss_text = losses_in_words(metrics, short=self._narrow)
        if not self._announced and sum(seconds for _, seconds in self._chunks) >= self.MEASURED:
            self._announced = True
            self._announce()
        if self._bar is not None:
            self._move_bar()
        elif now - self._last_line >= self.PLAIN_EVERY:
            self._print_line()

    def on_log(self, step: int, metrics: list[dict[str, float]]) -> None:
        """Note how long it took."""
        self._note("log")

    def on_sample(self, step: int, samples: list[np.ndarray], labels: list[np.ndarray]) -> None:
        """Note how long it took."""
        self._note("sample")

    def on_surface(self, step: int, surface: CriticSurface, samples: np.ndarray) -> None:
        """Note how long it took: it comes as often as a picture of samples."""
        self._note("surface")

    def on_measure(self, step: int, metrics: list[dict[str, float]]) -> None:
        """Note how long it took."""
        self._note("measure")

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
        if self._console.is_jupyter:
            return NotebookBar(total, step)
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
        from rich.table import Column

        def text(template: str, style: str) -> TextColumn:
            return TextColumn(template, style=style, markup=False, table_column=Column(no_wrap=True))

        bar = Progress(
            BarColumn(bar_width=None, table_column=Column(ratio=1, min_width=4)),
            text("{task.fields[epoch]}" if self._steps_per_epoch else "{task.completed:,}/{task.total:,}", "default"),
            text("{task.fields[losses]}", "cyan"),
            *([] if self._console.width < self.NARROW else [text("{task.fields[speed]}", "default")]),
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

    @property
    def _narrow(self) -> bool:
        return self._bar is not None and self._console.width < self.NARROW

    def _note(self, event: str) -> None:
        """The time since what happened before it is what it took."""
        if self._running:
            now = self._clock()
            took = self._took.setdefault(event, [])
            took.append(now - self._last_event)
            del took[1 : -self.WINDOW]  # the first one stays
            self._last_event = now

    def _speed(self) -> float | None:
        """Generator steps a second in the last chunks that count; None before there is one."""
        steps, seconds = (sum(of_all) for of_all in zip(*self._chunks, strict=True)) if self._chunks else (0, 0.0)
        return steps / seconds if steps > 0 and seconds > 0 else None

    def _between(self) -> float:
        """Seconds that logs, pictures and measurements still to come will take."""
        seconds = 0.0
        for event, took in self._took.items():
            every = self._every.get("sample" if event == "surface" else event)
            if every:
                left = self._total // every - self._step // every + (self._total % every > 0)
                guess = took[0] * self.FIRST if left <= self.FEW else 0.0
                seconds += left * (sum(took[1:]) / len(took[1:]) if took[1:] else guess)
        return seconds

    def _speed_text(self) -> str:
        speed = self._speed()
        return "" if speed is None else f"{speed:.1f} steps/s" if speed < 100 else f"{speed:,.0f} steps/s"

    def _seconds_left(self) -> float | None:
        speed = self._speed()
        return None if speed is None else (self._total - self._step) / speed + self._between()

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
