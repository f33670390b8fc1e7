"""What the pages share: one HTML file that asks for no other, its sections, tables and pictures; all text is escaped here."""

import base64
import html
import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

# No address is allowed but those inside the page: should a later section ask for one, the browser refuses.
POLICY = "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


class Markup(str):
    """Text that is HTML already; all other text is escaped."""


def escaped(text: str) -> str:
    return text if isinstance(text, Markup) else html.escape(text)


def document(title: str, summary: str, sections: Iterable[str], *, scripts: Sequence[str] = (), wide: bool = False) -> str:
    """A whole page; `sections` are HTML and `scripts` script elements."""
    folder = Path(__file__).parent
    style = (folder / "page.css").read_text(encoding="utf-8")
    samples = (folder / "samples.js").read_text(encoding="utf-8")
    body = "\n".join(sections)
    more = "\n".join(script for script in scripts if script)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escaped(title)}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body{' class="wide"' if wide else ""}>
<header>
<h1>{escaped(title)}</h1>
{paragraph(summary)}
</header>
<main>
{body}
</main>
<script>{samples}</script>
{more}
</body>
</html>
"""


def write(text: str) -> bytes:
    """The page's bytes. A folder's name may hold bytes that are no UTF-8 (lone surrogates in JSON): they become question marks."""
    return text.encode("utf-8", errors="replace")


def section(title: str, content: str) -> str:
    return f"<section>\n<h2>{escaped(title)}</h2>\n{content}\n</section>"


def paragraph(text: str) -> str:
    return f"<p>{escaped(text)}</p>" if text else ""


def data_address(path: Path) -> str:
    """A PNG or GIF file as an address that holds the file itself."""
    return address_of(path.read_bytes(), path.suffix.lstrip(".").lower())


def address_of(content: bytes, kind: str) -> str:
    return f"data:image/{kind};base64," + base64.b64encode(content).decode("ascii")


def name(text: str) -> Markup:
    """A field's name, which may break after an underscore on a narrow screen."""
    return Markup(f"<code>{html.escape(text).replace('_', '_<wbr>')}</code>")


def words(value: Any) -> str:
    """A JSON value for a reader: text as it is, a list with commas, the empty as "none", the rest as JSON has it."""
    if value is None or value == []:
        return "none"
    if isinstance(value, str):
        return value
    return ", ".join(map(words, value)) if isinstance(value, list) else json.dumps(value)


def number(value: Any) -> str:
    if not isinstance(value, int | float):
        return "not finite" if value is None else str(value)  # metrics.jsonl writes null for what is not finite
    return f"{value:.4g}".replace("-", "\N{MINUS SIGN}") if math.isfinite(value) else "not finite"


def mean_and_deviation(values: Sequence[int | float]) -> tuple[float, float | None]:
    """Of finite values; the deviation is that of a sample (n - 1), None of one value, and 0 of equal ones, without rounding."""
    numbers = np.array(values, dtype=np.float64)
    if len(set(values)) == 1:
        return float(numbers[0]), 0.0 if len(values) > 1 else None
    with np.errstate(all="ignore"):  # what overflows is shown as not finite
        return float(numbers.mean()), float(numbers.std(ddof=1))


def table(label: str, rows: Iterable[tuple[str, Sequence[str]]], columns: Sequence[str] = (), kind: str = "numbers") -> str:
    """Rows of a head and cells; `columns` name all columns, the heads' too, of a table of that kind (a class in page.css)."""
    body = "\n".join(
        f'<tr><th scope="row">{escaped(head)}</th>' + "".join(f"<td>{escaped(cell)}</td>" for cell in cells) + "</tr>"
        for head, cells in rows
    )
    head, of_kind = "", ""
    if columns:
        cells = "".join(f'<th scope="col">{escaped(column)}</th>' for column in columns)
        head, of_kind = f"<thead><tr>{cells}</tr></thead>\n", f' class="{kind}"'
    return (
        f'<div class="scroll" role="region" aria-label="{html.escape(label)}" tabindex="0">\n'
        f"<table{of_kind}>\n{head}<tbody>\n{body}\n</tbody>\n</table>\n</div>"
    )


def slider(label: str, last: int, *, unit: str = "", more: str = "") -> str:
    """Slider, play button and further controls, hidden until samples.js sees them; the slider stands at its end."""
    of_unit = f' data-unit="{html.escape(unit)}"' if unit else ""
    return f"""<div class="controls" id="controls" hidden>
<label>{escaped(label)} <input type="range" id="slider" min="0" max="{last}" value="{last}"{of_unit} autocomplete="off"></label>
<button type="button" id="play">Play</button>
{more}
</div>"""
