"""What all commands share: one line for what went wrong, and exit codes."""

import contextlib
import os
import sys
import traceback
import warnings
from collections.abc import Callable
from typing import Any, NoReturn

from jaxgan.errors import NO_SPACE, DivergedError, UserError, WriteError, first_line, printable, say
from jaxgan.interrupts import EXIT_CODE, interrupts
from jaxgan.report.terminal import write_any_character

NO_BACKEND = "Unable to initialize backend"  # one of several that JAX_PLATFORMS names: the others are there


def run(main: Callable[[], None]) -> int:
    """Runs a command and returns its exit code: 0, 2 (the caller's mistake, or what the machine does not allow), 3 (training diverged),
    130 (interrupted) or 141 (the reader of a pipe has ended)."""
    if sys.stdout is None:  # closed by the caller: >&-
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            return run(main)
    write_any_character()
    try:
        with interrupts(), warnings.catch_warnings():
            warnings.showwarning = _print_warning
            try:
                main()
            finally:
                sys.stdout.flush()
    except BrokenPipeError:  # as `| head` does
        _forget_output()
        return 141
    except KeyboardInterrupt as interrupt:
        _print_error(str(interrupt) or "interrupted")
        return EXIT_CODE
    except DivergedError as error:
        _print_error(f"error: {error}")
        return error.exit_code
    except Exception as error:
        if processes := sys.modules.get("jaxgan.engine.processes"):
            processes.end_if_lost(error)
        reason = in_one_line(first_of(error))
        if reason is None:
            raise
        if isinstance(error, OSError) and error.filename is None:
            _forget_output()
        _print_error(f"error: {reason}")
        return UserError.exit_code
    return 0


def leave(code: int) -> NoReturn:
    """Ends the process; an interrupted one at once: Python's own exit waits for what XLA compiles in threads of its own.

    Of several processes that train together each leaves in order, or the others would take it for dead.
    """
    jax: Any = sys.modules.get("jax")
    if code == EXIT_CODE and not (jax and jax.distributed.is_initialized()):
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        os._exit(code)
    sys.exit(code)


def first_of(error: Exception) -> Exception:
    """Of errors of writing that followed one another, as on a full disk, the first; any other error itself."""
    first, earlier = error, error.__context__
    while isinstance(error, WriteError) and earlier is not None:
        first, earlier = (earlier if isinstance(earlier, WriteError) else first), earlier.__context__
    return first


def in_one_line(error: Exception) -> str | None:
    """What to say of an error that is the caller's or the machine's; None of one that is jaxgan's own, whose trace is wanted."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename is not None else ""
        return where + (error.strerror or first_line(error))
    if NO_SPACE in str(error):  # said by tensorstore, in an error of memory
        return f"{NO_SPACE}: a checkpoint cannot be written"
    if isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error):
        return f"not enough memory: {first_line(error).removeprefix('RESOURCE_EXHAUSTED: ')}"
    return _reason_of_jax(error)


def _reason_of_jax(error: Exception) -> str | None:
    """Why jax cannot be imported, or has no device: looked for after the fact, for it says so by errors of several kinds."""
    jax: Any = sys.modules.get("jax")
    if jax is None:
        within = [frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__)]
        return f"jax cannot be imported: {first_line(error)}" if any(name.startswith("jax.") for name in within) else None
    if NO_BACKEND not in str(error):
        try:
            jax.local_devices()
            return None
        except Exception as now:
            error = now
    wanted = f"JAX_PLATFORMS={jax.config.jax_platforms}" if jax.config.jax_platforms else "jax"
    reason = f" ({first_line(error)})" if str(error) else ""
    return f"{wanted}: there is no such device here, or jax lacks its plugin{reason}; JAX_PLATFORMS=cpu runs on the processor"


def _print_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    """In place of Python's own form, which shows a line of code too."""
    say(first_line(message) if isinstance(message, Warning) else message)


def _print_error(text: str) -> None:
    """One line, whatever the text holds, on the standard error."""
    print(printable(" ".join(text.split("\n"))), file=sys.stderr)


def _forget_output() -> None:
    """What is left to be written goes nowhere, or Python would complain again at its exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
