"""How Sphinx builds the site. `make docs` runs it; it asks the network for nothing."""

import os
import re
import sys
from importlib import metadata
from pathlib import Path

from docutils import nodes

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])
)  # for the notebooks' kernels
QUICK = os.environ.setdefault("JAXGAN_QUICK", "0") == "1"  # notebooks in a quick form, whose networks learn next to nothing
os.environ.setdefault("JAX_PLATFORMS", "cpu")

from docs import generate, links  # noqa: E402  (after the path is set)

generate.write_pages()

project = "jaxgan"
author = "the authors of jaxgan"
copyright = "the authors of jaxgan, Apache-2.0"
release = version = metadata.version("jaxgan")
language = "en"
smartquotes = False  # -- and ... are what one types

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "docs.mathml",
]
exclude_patterns = ["_build", "_generated", "_static", "**/.ipynb_checkpoints", "notebooks/*/*"]
html_theme = "furo"
html_title = "jaxgan"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#1f5fa8", "color-brand-content": "#1f5fa8"},
    "dark_css_variables": {"color-brand-primary": "#8ab8f0", "color-brand-content": "#8ab8f0"},
}
pygments_style = "friendly"
highlight_language = "none"  # what is typed in a shell; Python says so itself
pygments_dark_style = "github-dark"

myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 5
myst_dmath_double_inline = True
suppress_warnings = ["myst.header"]  # pages of results begin where their headings do

nb_execution_mode = "cache"
nb_execution_timeout = 600 if QUICK else -1  # seconds a cell
nb_execution_raise_on_error = True
nb_execution_cache_path = str(ROOT / "docs" / "_build" / ("notebooks-quick" if QUICK else "notebooks"))
nb_execution_in_temp = True  # what they train and write stays out of the sources
nb_merge_streams = True

default_role = "literal"  # a single backtick in a docstring is code
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # shapes and units stand in the docstrings
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True


def rewrite_links(app, docname, source):
    """A page's links as they hold on the site."""
    path = Path(app.env.doc2path(docname)).resolve().relative_to(ROOT).as_posix()
    if path.endswith(".md"):
        source[0] = links.rewritten(source[0], path, docname)


def escape_docstring(app, what, name, obj, options, lines):
    """Docstrings are plain text with code in backticks: |x| and x* mean what they look like, not reStructuredText."""
    for number, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")):
            parts = re.split(r"(`[^`]*`)", line)
            lines[number] = "".join(part if part.startswith("`") else re.sub(r"([*|])", r"\\\1", part) for part in parts)


def shorten_signature(app, what, name, obj, options, signature, returns):
    """`Config` has a field for every option: they stand in the reference."""
    return ("(**options)", returns) if name == "jaxgan.Config" else (signature, returns)


def without_dashes(app, doctree):
    """The names of arguments are parted from what is said of them by a colon."""
    for text in list(doctree.findall(nodes.Text)):
        if text.astext() == " -- ":
            text.parent.replace(text, nodes.Text(": "))


def setup(app):
    app.connect("doctree-read", without_dashes)
    app.connect("autodoc-process-signature", shorten_signature)
    app.connect("autodoc-process-docstring", escape_docstring, priority=400)  # before napoleon
    app.connect("source-read", rewrite_links)
