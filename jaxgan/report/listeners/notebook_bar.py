"""A training's progress in a notebook: a bar that moves in its place, and stands there as it ended."""

import time
from collections.abc import Callable

from jaxgan.report.html import Markup, markup


class NotebookBar:
    """A bar that IPython shows and moves; rich's own wants ipywidgets, and leaves nothing in a notebook that is saved or printed."""

    EVERY = 0.25  # seconds between two movements

    def __init__(self, total: int, completed: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        from IPython.display import display

        self.task_ids = (0,)
        self._total, self._completed, self._words = max(total, 1), completed, "compiling"
        self._clock = clock
        self._begun = self._moved = clock()
        self._handle = display(self, display_id=True)

    def update(self, _: int, *, completed: int, losses: str, speed: str, left: str, epoch: str) -> None:
        """Moves the bar, at most four times a second."""
        self._completed = completed
        steps = f"{completed:,}/{self._total:,} steps"
        self._words = "   ".join(part for part in (epoch, steps, losses, speed, left) if part)
        if self._clock() - self._moved >= self.EVERY:
            self._show()

    def stop(self) -> None:
        """Shows where it ended."""
        self._show()

    def _show(self) -> None:
        self._moved = self._clock()
        if self._handle is not None:  # None where no notebook is there to show it
            self._handle.update(self)

    def __repr__(self) -> str:
        return f"{self._words}   {self._moved - self._begun:.0f} s"

    def _repr_html_(self) -> Markup:
        return markup(
            '<div style="display:flex;flex-wrap:wrap;gap:.2em .8em;align-items:center">'
            '<progress style="width:12em;accent-color:#0072b2" max="{}" value="{}"></progress>'
            '<code style="background:none;white-space:pre-wrap">{}</code></div>',
            self._total, self._completed, repr(self),
        )  # fmt: skip
