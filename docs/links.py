"""Links of the site: those that lead out of docs/ lead to a page that shows the file, to a picture, or to words that name the file.

Pages are written so that their links hold in the repository, where GitHub shows them. On the site some files of the repository are pages
(`MIRRORED`); what is left, code and tests, is named and not linked, as the site holds no copy of it.
"""

import os
import re
from pathlib import Path, PurePosixPath

REPOSITORY = Path(__file__).resolve().parents[1]
DOCS = REPOSITORY / "docs"
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^()\s]+)\)")
DEFINITION = re.compile(r"^(\[[^\[\]]+\]:\s+)(\S+)\s*$", re.MULTILINE)
FENCE = re.compile(r"^( *)(`{3,}|~{3,})[^\n]*\n.*?^\1\2[`~]* *$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(`+)[^`].*?\1")
PICTURES = {".png", ".gif", ".jpg", ".svg", ".webp"}

MIRRORED = {
    "README.md": "index",
    "CONTRIBUTING.md": "contributing",
    "CHANGELOG.md": "changelog",
    "CLUSTERS.md": "guides/clusters",
    "experiments": "results/index",
    "experiments/README.md": "results/index",
    "experiments/README.zh.md": "results/index.zh",
    **{
        f"experiments/results/{path.name}": f"results/{path.stem}"
        for path in sorted((REPOSITORY / "experiments/results").glob("*.md"))
    },
}  # a file of the repository: the page of the site that shows it


def code_spans(text: str) -> list[tuple[int, int]]:
    """Where a page has code, in order: fenced blocks, and code within sentences."""
    fenced = [match.span() for match in FENCE.finditer(text)]
    return sorted(fenced + [match.span() for match in SPAN.finditer(text) if not within(match.start(), fenced)])


def within(position: int, spans: list[tuple[int, int]]) -> bool:
    return any(start <= position < end for start, end in spans)


def links_in(text: str) -> list[re.Match[str]]:
    """The links of a page that stand outside of code; their words may be code."""
    code = code_spans(text)
    return [match for pattern in (LINK, DEFINITION) for match in pattern.finditer(text) if not within(match.start(), code)]


def page_of(target: str) -> str | None:
    """The page that shows a file of the repository, by its path from the root; None where there is none."""
    if target in MIRRORED:
        return MIRRORED[target]
    path = PurePosixPath(target)
    return str(path.relative_to("docs").with_suffix("")) if path.parts[:1] == ("docs",) and path.suffix == ".md" else None


def is_relative(target: str) -> bool:
    """Whether a link leads to a file of the repository, not to an address, a heading of its own page or a name of Sphinx."""
    return not re.match(r"[a-z][a-z0-9+.-]*:|#|<", target) and not target.startswith("/")


def rewritten(text: str, written_at: str, page: str) -> str:
    """A text whose links hold in the repository, with links that hold on the site.

    Args:
        text: in Markdown.
        written_at: the path of its file from the root of the repository.
        page: the page that shows it, as `guides/data`.
    """
    home = os.path.dirname(written_at)
    base = os.path.dirname(f"docs/{page}")

    def resolved(target: str) -> str | None:
        """The target from the page; None where the site has no such page."""
        path, mark, heading = target.partition("#")
        found = os.path.normpath(os.path.join(home, path)) if path else written_at
        shown = page_of(found)
        if shown is not None:
            return (os.path.relpath(f"docs/{shown}.md", base) if shown != page else "") + mark + heading
        return os.path.relpath(found, base) if Path(found).suffix in PICTURES else None

    def inline(match: re.Match[str]) -> str:
        picture, words, target = match.groups()
        words = LINK.sub(inline, words)
        if not is_relative(target):
            return f"{picture}[{words}]({target})"
        new = resolved(target)
        if new is not None:
            return f"{picture}[{words}]({new})"
        name = os.path.normpath(os.path.join(home, target))
        return f"`{name}`" if words.strip("`") in (name, target) else f"{words}, `{name}`"

    def definition(match: re.Match[str]) -> str:
        new = resolved(match[2]) if is_relative(match[2]) else match[2]
        return match[1] + (new or match[2])

    for match in sorted(links_in(text), key=lambda match: match.start(), reverse=True):  # from the end on, so that places stay
        new = (inline if match.re is LINK else definition)(match)
        text = text[: match.start()] + new + text[match.end() :]
    return text
