"""What all commands share: one line for what went wrong, and exit codes."""

import os
import sys
from collections.abc import Callable

from jaxgan.errors import DivergedError, UserError


def run(main: Callable[[], None]) -> int:
    """Runs a command and returns its exit code: 0, 2 (the caller's mistake), 3 (training diverged), 130 (interrupted) or 141 (the reader of a pipe has ended)."""
    try:
        try:
            main()
        finally:
            sys.stdout.flush()
    except (UserError, DivergedError) as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt as interrupt:
        print(str(interrupt) or "interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python would complain again at its exit
        return 141
    return 0
