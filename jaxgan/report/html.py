"""What the pages share: one HTML file that asks for no other, its sections, tables and pictures.

Text is escaped wherever it enters a page, unless it is `Markup`. Markup is made by `markup` alone, of a template that stands in the
code and of values, each of which is escaped unless it is Markup itself: so a section that forgets shows its tags, and runs none.
"""

import base64
import html
import json
import math
import string
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, LiteralString

import numpy as np

# No address is allowed but those inside the page: should a later section ask for one, the browser refuses.
POLICY: LiteralString = "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


class Markup(str):
    """Text that is HTML already; all other text is escaped."""


class _Escaping(string.Formatter):
    """As `str.format`, with each value escaped after it was formatted."""

    def format_field(self, value: Any, format_spec: str) -> str:
        return escaped(value if isinstance(value, Markup) else format(value, format_spec))


def markup(template: LiteralString, /, *values: Any, **named: Any) -> Markup:
    """The template, HTML that stands in the code, with values in its braces: `markup("<p>{}</p>", text)`."""
    return Markup(_Escaping().vformat(template, values, named))


def joined(parts: Iterable[str], between: LiteralString = "\n") -> Markup:
    """The parts one after the other, those that are text escaped."""
    return Markup(between.join(escaped(part) for part in parts))


def escaped(text: str) -> Markup:
    """The text as HTML, in an element or an attribute."""
    return text if isinstance(text, Markup) else Markup(html.escape(text))


def script(source: str, name: LiteralString = "") -> Markup:
    """A script of the project's own; never text of a run."""
    return markup("<script{}>{}</script>", markup(' id="{}"', name) if name else "", Markup(source))


def script_data(name: LiteralString, value: Any) -> Markup:
    """A value as JSON that scripts find by its name. No character in it ends the element or begins a comment."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return markup('<script type="application/json" id="{}">{}</script>', name, Markup(text))


def own_text(file_name: LiteralString) -> Markup:
    """A style or script that lies beside this file, or in a folder there."""
    return Markup((Path(__file__).parent / file_name).read_text(encoding="utf-8"))


def head(title: str, style: Markup, policy: str = POLICY) -> Markup:
    """What stands before the body of a page, whose content policy refuses what it does not name."""
    return markup(
        """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>""",
        policy=policy,
        title=title,
        style=style,
    )


def document(
    title: str, summary: str, sections: Iterable[str], *, complaints: Sequence[str] = (), scripts: str = "", wide: bool = False
) -> Markup:
    """A whole page; `sections` and `scripts` are Markup, `complaints` lines on what could not be read."""
    return markup(
        """{head}
<body{wide}>
<header>
<h1>{title}</h1>
{summary}
{complaints}
</header>
<main>
{body}
</main>
{own_script}
{scripts}
</body>
</html>
""",
        head=head(title, own_text("page.css")),
        title=title,
        wide=markup(' class="wide"') if wide else "",
        summary=paragraph(summary),
        complaints=_notice(complaints),
        body=joined(sections),
        own_script=script(own_text("samples.js")),
        scripts=scripts,
    )


def _notice(complaints: Sequence[str]) -> Markup:
    """What is damaged, a line each; nothing where nothing is."""
    lines = joined(markup("<li>{}</li>", complaint) for complaint in complaints)
    return markup('<ul class="complaints">\n{}\n</ul>', lines) if complaints else Markup()


def write(text: Markup) -> bytes:
    """The page's bytes. A folder's name may hold bytes that are no UTF-8 (lone surrogates in JSON): they become question marks."""
    return text.encode("utf-8", errors="replace")


def section(title: str, content: str) -> Markup:
    return markup("<section>\n<h2>{}</h2>\n{}\n</section>", title, content)


def paragraph(text: str) -> Markup:
    return markup("<p>{}</p>", text) if text else Markup()


def folded(title: str, content: str) -> Markup:
    """Content that a reader opens by its title."""
    return markup("<details>\n<summary>{}</summary>\n{}\n</details>", title, content)


def address_of(content: bytes, kind: str) -> str:
    """A picture as an address that holds the picture itself."""
    return f"data:image/{kind};base64," + base64.b64encode(content).decode("ascii")


def name(text: str) -> Markup:
    """A field's name, which may break after an underscore on a narrow screen."""
    return markup("<code>{}</code>", joined(text.split("_"), "_<wbr>"))


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
    return f"{value + 0.0:.4g}".replace("-", "\N{MINUS SIGN}") if math.isfinite(value) else "not finite"


def mean_and_deviation(values: Sequence[int | float]) -> tuple[float, float | None]:
    """Of finite values; the deviation is that of a sample (n - 1), None of one value, and 0 of equal ones, without rounding."""
    numbers = np.array(values, dtype=np.float64)
    if len(set(values)) == 1:
        return float(numbers[0]), 0.0 if len(values) > 1 else None
    with np.errstate(all="ignore"):  # what overflows is shown as not finite
        return float(numbers.mean()), float(numbers.std(ddof=1))


def table(label: str, rows: Iterable[tuple[str, Sequence[str]]], columns: Sequence[str] = (), kind: str = "numbers") -> Markup:
    """Rows of a head and cells; `columns` name all columns, the heads' too, of a table of that kind (a class in page.css)."""
    body = joined(
        markup('<tr><th scope="row">{}</th>{}</tr>', head, joined(_cells(cells, columns[1:]), "")) for head, cells in rows
    )
    heads = joined((markup('<th scope="col">{}</th>', column) for column in columns), "")
    return markup(
        '<div class="scroll" role="region" aria-label="{}" tabindex="0">\n<table{}>\n{}<tbody>\n{}\n</tbody>\n</table>\n</div>',
        label,
        markup(' class="{}"', kind) if columns else "",
        markup("<thead><tr>{}</tr></thead>\n", heads) if columns else "",
        body,
    )


def _cells(cells: Sequence[str], heads: Sequence[str]) -> list[Markup]:
    """Cells that know the name of their column, which stands before them where a narrow screen has no room for columns."""
    if len(heads) != len(cells):
        return [markup("<td>{}</td>", cell) for cell in cells]
    return [markup('<td data-column="{}">{}</td>', head, cell) for head, cell in zip(heads, cells, strict=True)]


def slider(label: str, last: int, *, unit: str = "", more: str = "") -> Markup:
    """Slider, play button and further controls, hidden until samples.js sees them; the slider stands at its end."""
    return markup(
        """<div class="controls" id="controls" hidden>
<label>{label} <input type="range" id="slider" min="0" max="{last}" value="{last}"{unit} autocomplete="off"></label>
<button type="button" id="play">Play</button>
{more}
</div>""",
        label=label,
        last=last,
        unit=markup(' data-unit="{}"', unit) if unit else "",
        more=more,
    )
