"""How far runs are that train beside each other, each elsewhere, in one view: a bar each on a terminal, lines where there is none."""

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


class ManyRuns:
    """Shows runs by name: where each trains, its step and losses, and how many are finished.

    On a terminal a bar for each that trains and one for all of them; elsewhere (a file, a pipe) a line where something begins or ends, and
    one of all that train about every ten seconds.
    """

    PLAIN_EVERY = 10.0  # seconds

    def __init__(
        self, names: Iterable[str], console: "Console | None" = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`console` is rich's, by default standard output; `clock` counts seconds."""
        from rich.console import Console

        self._all, self._finished = len(list(names)), 0
        self._console, self._clock = console or Console(), clock
        self._training: dict[str, tuple[int, int]] = {}  # step and last step of each
        self._tasks: dict[str, Any] = {}
        self._bars: Any = None
        self._last_line = clock()

    def __enter__(self) -> "ManyRuns":
        if self._console.is_terminal and not (self._console.is_dumb_terminal or self._console.is_jupyter):
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            columns = [
                TextColumn(f"{{task.{field}}}", markup=False) for field in ("description", "fields[steps]", "fields[words]")
            ]
            self._bars = Progress(columns[0], BarColumn(), *columns[1:], TimeElapsedColumn(), console=self._console)
            self._tasks[""] = self._bars.add_task("all", total=self._all, steps=f"0/{self._all}", words="finished")
            self._bars.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._bars is not None:
            self._bars.stop()

    def on_start(self, name: str, step: int, total: int, where: str) -> None:
        """A run begins `where`, or goes on there from `step`."""
        self.print(f"{name} {f'goes on at step {step:,}' if step else 'begins'} on {where}")
        self._training[name] = step, total
        if self._bars is not None:
            self._remove_bar(name)
            self._tasks[name] = self._bars.add_task(name, total=total, steps="", words="compiling")
            self._move_bar(name, "compiling")

    def on_chunk(self, name: str, step: int, losses: str) -> None:
        """A run has come to `step`."""
        if name not in self._training:  # told late: it is over
            return
        self._training[name] = step, self._training[name][1]
        if self._bars is not None:
            self._move_bar(name, losses)
        elif self._clock() - self._last_line >= self.PLAIN_EVERY:
            now = [f"{own}: step {done:,} of {total:,}" for own, (done, total) in sorted(self._training.items())]
            self.print("  ".join([f"{self._finished} of {self._all} finished", *now]))

    def on_finish(self, name: str) -> None:
        """A run has come to its end."""
        self._finished += 1
        self._training.pop(name, None)
        if self._bars is not None:
            self._remove_bar(name)
            self._bars.update(self._tasks[""], completed=self._finished, steps=f"{self._finished}/{self._all}")
        self.print(f"{name} is finished ({self._finished} of {self._all})")

    def print(self, line: str) -> None:
        """Prints a line, above the bars."""
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)
        self._last_line = self._clock()

    def _move_bar(self, name: str, words: str) -> None:
        step, total = self._training[name]
        self._bars.update(self._tasks[name], completed=step, steps=f"{step:,}/{total:,}", words=words)

    def _remove_bar(self, name: str) -> None:
        if name in self._tasks:
            self._bars.remove_task(self._tasks.pop(name))
