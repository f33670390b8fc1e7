"""Words and tables on a terminal of any kind: none too narrow for a number, none without a character that a table needs."""

import codecs
import io
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

IN_ASCII = {
    "±": "+-",
    "×": "x",
    "…": "...",
    "–": "-",
    "—": "-",
    "−": "-",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
    "•": "*",
    "²": "^2",
}


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    """What stands for characters that a stream cannot write: the nearest in ASCII, or their number."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    characters = error.object[error.start : error.end]
    return "".join(IN_ASCII.get(c) or c.encode("ascii", "backslashreplace").decode() for c in characters), error.end


codecs.register_error("jaxgan.in_ascii", _in_ascii)


def write_any_character() -> None:
    """Lets the standard output and error take every character, in any encoding that the surroundings give them."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors in ("strict", "surrogateescape", "backslashreplace"):
            stream.reconfigure(errors="jaxgan.in_ascii")


def print_table(table: "Table") -> None:
    """Prints a table with all its columns and no word or number cut: one that is wider than the terminal runs on in the next line."""
    from rich.console import Console
    from rich.measure import Measurement

    console = Console()
    for column in table.columns:
        column.overflow = "fold"
    least = Measurement.get(console, console.options.update(width=10_000), table).minimum  # with each word whole
    console.width = max(console.width if console.is_terminal else 160, least)
    console.print(table, soft_wrap=True)
