"""Equations as MathML, which browsers draw themselves: no script, no font and no address outside the site."""

from typing import Any

import latex2mathml.converter
from docutils import nodes
from sphinx.application import Sphinx


def as_mathml(latex: str, display: str) -> str:
    """The equation, with its source as the text that a reader of screens is given."""
    return latex2mathml.converter.convert(latex, display=display)


def visit_math(self: Any, node: nodes.math) -> None:
    self.body.append(as_mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def visit_displaymath(self: Any, node: nodes.math_block) -> None:
    self.body.append(f'<div class="equation">{as_mathml(node.astext(), "block")}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_displaymath, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
