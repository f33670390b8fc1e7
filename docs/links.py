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


def outside_of_code(text: str) -> list[tuple[str, bool]]:
    """A page in parts, in order: (part, whether it is code, whose brackets are no links)."""
    parts, start = [], 0
    fenced = [match.span() for match in FENCE.finditer(text)]
    spans = [match.span() for match in SPAN.finditer(text) if not any(a <= match.start() < b for a, b in fenced)]
    for a, b in sorted(fenced + spans):
        if a >= start:
            parts += [(text[start:a], False), (text[a:b], True)]
            start = b
    return [*parts, (text[start:], False)]


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
        return f"`{name}`" if words.strip("`") in (name, target) else f"{words} (`{name}`)"

    def definition(match: re.Match[str]) -> str:
        new = resolved(match[2]) if is_relative(match[2]) else match[2]
        return match[1] + (new or match[2])

    parts = outside_of_code(text)
    # Words of a link may be code, so links are sought in the whole and left alone where they begin within code.
    marks, position = [], 0
    for part, is_code in parts:
        if is_code:
            marks.append((position, position + len(part)))
        position += len(part)

    def unless_in_code(change):  # type: ignore[no-untyped-def]
        return lambda match: match[0] if any(a <= match.start() < b for a, b in marks) else change(match)

    fenced = [match.span() for match in FENCE.finditer(text)]
    text = LINK.sub(unless_in_code(inline), text)
    marks = [match.span() for match in FENCE.finditer(text)]
    assert len(marks) == len(fenced)
    return DEFINITION.sub(unless_in_code(definition), text)
