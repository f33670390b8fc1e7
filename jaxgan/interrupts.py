"""Ctrl-C and SIGTERM, heard also while compiled code or the compiler runs, when Python itself hears nothing (layer 0)."""

import contextlib
import gc
import os
import signal
import socket
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)
PATIENCE = 3.0  # seconds that Python may take to hear of an interrupt before the process is ended without it
AGAIN = 0.05  # seconds after which an interrupt comes again that came where an exception would be lost
EXIT_CODE = 130
OF_WEAKREFS = {each.__init__.__code__.co_filename for each in (weakref.WeakKeyDictionary, weakref.WeakSet)}


def end_when_interrupted() -> None:
    """From here on an interrupt ends the process in one line (exit 130), until `interrupts` hears it: for the imports of a command."""

    def end(number: int, frame: Any) -> None:
        print("interrupted", file=sys.stderr, flush=True)
        os._exit(EXIT_CODE)

    for number in SIGNALS:
        signal.signal(number, end)


@contextlib.contextmanager
def interrupts(first: str = "") -> Iterator[Callable[[], bool]]:
    """Within the block an interrupt raises KeyboardInterrupt; where Python hears nothing for three seconds, it ends the process (exit 130).

    Python calls its handlers between two of its own instructions: not before a call into compiled code is over, and XLA may compile for
    minutes. So a thread reads the number of each signal from a socket, where Python's part in C writes it at once.

    Args:
        first: where given, the first interrupt only prints these words, at once, and makes what is yielded true; the second one is as above.

    Yields:
        Whether an interrupt has come. In a thread other than the main one, where Python allows no handlers, `interrupted_by` may say so;
        else none has.
    """
    if threading.current_thread() is not threading.main_thread():
        yield getattr(_OF_THREAD, "heard", lambda: False)
        return
    heard = _Heard(first)
    reading, writing = socket.socketpair()
    writing.setblocking(False)
    handlers = {number: signal.signal(number, heard.by_python) for number in SIGNALS}
    fd = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
    watcher = threading.Thread(target=heard.watch, args=(reading,), daemon=True)
    watcher.start()
    try:
        yield lambda: heard.times() > 0
    finally:
        if heard.again is not None:  # it was answered meanwhile
            heard.again.cancel()
        signal.set_wakeup_fd(fd)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        heard.over = True
        heard.answered.set()
        writing.close()  # the watcher reads the end
        watcher.join()
        reading.close()


@contextlib.contextmanager
def interrupted_by(heard: Callable[[], bool]) -> Iterator[None]:
    """Within the block, in this thread alone, which is not the main one, `heard` says whether an interrupt has come."""
    _OF_THREAD.heard = heard
    try:
        yield
    finally:
        del _OF_THREAD.heard


_OF_THREAD = threading.local()


class _Heard:
    """How often an interrupt came, as the watching thread and as Python's handler know it."""

    def __init__(self, first: str) -> None:
        self.first = first
        self.imports = _imports(sys._getframe())  # in progress where the block began
        self.postponed = 0  # interrupts that will come again
        self.again: threading.Timer | None = None  # the last of them
        self.read = 0  # interrupts that the thread has read of
        self.called = 0  # of which Python has called the handler: of two that come while it is deaf, once
        self.answered = threading.Event()  # Python has raised KeyboardInterrupt
        self.over = False  # the block has ended

    def times(self) -> int:
        """How many interrupts have come."""
        return max(self.read, self.called)

    def by_python(self, number: int, frame: FrameType | None) -> None:
        """The handler: raises KeyboardInterrupt, unless this is the first of two; a moment later where an exception would be lost."""
        self.called += 1
        if self.first and self.times() < 2:
            return
        if _imports(frame) > self.imports or _collects_garbage(frame):
            self.postponed += 1
            self.again = threading.Timer(AGAIN, signal.raise_signal, [number])
            self.again.start()
            return
        self.answered.set()
        raise KeyboardInterrupt

    def watch(self, reading: socket.socket) -> None:
        """The thread: prints that the first was heard, and ends the process where Python does not."""
        while numbers := reading.recv(64):
            for _ in range(sum(number in SIGNALS for number in numbers)):
                if self.postponed:
                    self.postponed -= 1
                    continue
                self.read += 1
                if self.first and self.read == 1:
                    print(f"\n{self.first}", file=sys.stderr, flush=True)
                    continue
                heard = self.answered.wait(PATIENCE)
                if self.over:
                    return
                if not heard:
                    print("interrupted", file=sys.stderr, flush=True)
                    os._exit(EXIT_CODE)
                self.answered.clear()


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _imports(frame: FrameType | None) -> int:
    """How many imports are in progress. An exception may leave a module half made there, and ends some libraries' own with a crash."""
    return sum(each.f_code.co_filename == "<frozen importlib._bootstrap>" for each in _frames(frame))


def _collects_garbage(frame: FrameType | None) -> bool:
    """Whether Python may be letting an object go, and so pass over every exception: by jax's function of a collection, by `__del__`,
    or by what the standard library's weak dictionaries and sets call then."""
    called = [getattr(callback, "__code__", None) for callback in gc.callbacks]
    return any(
        each.f_code in called or each.f_code.co_name == "__del__" or each.f_code.co_filename in OF_WEAKREFS
        for each in _frames(frame)
    )
