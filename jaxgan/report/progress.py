"""Progress over work of any kind; `jaxgan.report.listeners` shows that of training."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any


@contextlib.contextmanager
def progress_bars() -> Iterator[Callable[[str], Callable[[Sequence[Any]], Iterable[Any]]]]:
    """Bars on the standard error, one a task: `show("neighbours")(parts)` passes the parts on. None where that is no terminal, or a notebook."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal or console.is_jupyter) as bars:
        yield lambda what: lambda items: bars.track(items, description=what)
