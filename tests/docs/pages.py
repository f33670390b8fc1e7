"""The pages that are checked: those of the repository that people read, and what the site adds to them from the code's tables."""

import functools
import re
from pathlib import Path

from docs import generate
from docs.links import FENCE, REPOSITORY, code_spans

BUILT = {"_build", "_generated", "results"}  # in docs/: made, and not kept


def kept_pages() -> list[Path]:
    """README and its like, docs/, and experiments/, without what is built."""
    docs = [
        path for path in (REPOSITORY / "docs").rglob("*.md") if not BUILT & set(path.relative_to(REPOSITORY / "docs").parts)
    ]
    return sorted([*REPOSITORY.glob("*.md"), *docs, *(REPOSITORY / "experiments").rglob("*.md")])


PAGES = kept_pages()
NAMES = [path.relative_to(REPOSITORY).as_posix() for path in PAGES]


@functools.cache
def generated(name: str) -> str:
    return generate.TABLES[name]()


@functools.cache
def text_of(path: Path) -> str:
    """A page with what it includes."""
    text = path.read_text(encoding="utf-8")
    included = re.findall(r"^```\{include\} \S*_generated/([\w-]+)\.md$", text, re.MULTILINE)
    return "\n\n".join([text, *(generated(name) for name in included if not name.startswith("api-"))])


def slug(heading: str) -> str:
    """The anchor that GitHub and MyST give a heading."""
    words = re.sub(r"\[([^\[\]]*)\]\([^()]*\)|[`*]", lambda match: match[1] or "", heading)
    return re.sub(r"[^\w\- ]", "", words.strip().lower()).replace(" ", "-")


@functools.cache
def anchors(path: Path) -> frozenset[str]:
    """What a link may name behind the # of a page."""
    text = FENCE.sub("", text_of(path))
    headings = re.findall(r"^#{1,6} (.+)$", text, re.MULTILINE)
    return frozenset({*map(slug, headings), *re.findall(r"\{#([\w-]+)\}", text)})


def prose(path: Path) -> str:
    """A page without code, head and targets of links, and without links that name rows of results, which are spelled as there."""
    text = re.sub(r"\A---\n.*?\n---\n", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for start, end in reversed(code_spans(text)):
        text = text[:start] + text[end:]
    text = re.sub(r"^(?: {4}|\t).*$", "", text, flags=re.MULTILINE)  # indented blocks are code
    text = re.sub(r"\[[^\[\]]*\](?:\[[^\[\]]*\]|\([^()\s]*results/[^()\s]*\))|^\[[^\]]+\]: .*$", "", text, flags=re.MULTILINE)
    return re.sub(r"\]\([^()\s]*\)", "]", text)


def lines_of_code(path: Path) -> list[str]:
    """Lines of fenced and indented blocks, and code within sentences, of what is typed in a shell."""
    text = path.read_text(encoding="utf-8")
    shell = []
    for match in FENCE.finditer(text):
        head, *lines = match[0].splitlines()
        if head.strip("`~ ") in ("", "bash", "sh", "console", "text"):
            shell += lines[:-1]
    rest = FENCE.sub("", text)
    shell += [line.strip() for line in rest.splitlines() if re.match(r" {4,}\S", line)]
    return shell + [code for _, code in re.findall(r"(`+)([^`]+)\1", rest)]
