"""Records as a table of pandas or polars, which are imported when they are asked for."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from jaxgan.errors import UserError, unknown
from jaxgan.metrics.table import in_order, metric_of
from jaxgan.report.html import Markup, joined, markup, number

LIBRARIES = ("pandas", "polars")
SHOWN = 10  # lines of a table in a notebook


def as_frame(records: Sequence[Mapping[str, Any]], library: str = "pandas") -> Any:
    """A data frame with a row a record and a column a name; metrics are in the order of their table.

    Args:
        records: as the lines of metrics.jsonl; what a record lacks, and a value that was not finite, is missing in the frame.
        library: "pandas" or "polars".

    Raises:
        UserError: another library, or one that is not installed.
    """
    if library not in LIBRARIES:
        raise unknown("frame", library, LIBRARIES)
    try:
        module = import_module(library)
    except ImportError:
        other = next(name for name in LIBRARIES if name != library)
        raise UserError(
            f"frame('{library}'): {library} is not installed: pip install {library} (or ask for '{other}')"
        ) from None
    columns = {name: [record.get(name) for record in records] for name in _columns(records)}
    return module.DataFrame(columns) if library == "pandas" else module.DataFrame(columns, strict=False)


def _columns(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """All names: those that are no metrics as they come, then metrics in order."""
    names = dict.fromkeys(name for record in records for name in record)
    return [*(name for name in names if not metric_of(name)), *in_order(name for name in names if metric_of(name))]


class Records(list[dict[str, Any]]):
    """A list of records that a notebook shows as a table: the first and the last of many."""

    def _repr_html_(self) -> str:
        names = _columns(self)
        gap = len(self) > SHOWN
        shown = [*self[: SHOWN // 2], None, *self[-SHOWN // 2 :]] if gap else self
        rows = [["…"] * len(names) if record is None else [_text(record.get(name, "")) for name in names] for record in shown]
        return joined(
            (wide_table(names, rows), markup("<small>{:,} lines; run.frame() has them as a table</small>", len(self)))
        )


def _text(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else value if value == "" else number(value)


def wide_table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    """A table with a head above its columns, which scrolls sideways by itself where it is wide."""
    cell = markup('style="text-align:right;padding:.15em .6em;white-space:nowrap;font-variant-numeric:tabular-nums"')
    head = joined((markup('<th scope="col" {}>{}</th>', cell, name) for name in names), "")
    body = joined(
        (markup("<tr>{}</tr>", joined((markup("<td {}>{}</td>", cell, text) for text in row), "")) for row in rows), ""
    )
    return markup(
        '<div style="overflow-x:auto"><table style="border-collapse:collapse;margin:.3em 0"><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table></div>",
        head, body,
    )  # fmt: skip
