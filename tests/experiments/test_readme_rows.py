"""Every sentence of the experiments' two READMEs names the rows of the results that carry it, and its figures stand in them.

A sentence names rows as `[row; row][page and heading]`, what a run was given as `[budget][page]`. A row is a line of a table, by its first cell,
or a line "- name: values", by its name; the beginning of a name will do where one row alone begins so, and a heading names all its rows.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
READMES = {
    "README.md": ("## The best", "## Lab "),
    "README.zh.md": ("## 目前", "## 00"),
}  # and how the headings of the best and of labs begin
LINK = re.compile(r"\[([^\[\]]+)\](?:\[([^\[\]]+)\]|\(([^()]+)\))")
FIGURE = re.compile(
    r"(?<![A-Za-z0-9_.-])-?(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)(?:e-?\d+)?(?![A-Za-z0-9_])(?:\s?%)?", re.ASCII
)
NOT_RUN = ("not run", "未运行", "没有检验")  # such a sentence says nothing of results; one that cites a paper has its source


def heading_anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def value_of(figure: str) -> float:
    return float(figure.rstrip("% ").replace(",", ""))


def figures_in(text: str) -> list[str]:
    text = re.sub(r"(\d)-(\d)", r"\1 \2", re.sub(r"_(\d+)k\b", r" \g<1>000", text.replace("−", "-")))
    return [match.group() for match in FIGURE.finditer(text)]


def stands_in(figure: str, values: list[float]) -> bool:
    """Whether a figure is one of the values, rounded as it is written; a percentage may be one of a share."""
    digits = figure.rstrip("% ").replace(",", "")
    half = abs(value_of(figure)) * 1e-6 if "e" in digits else 0.5 * 10.0 ** -len(digits.partition(".")[2])
    return any(
        abs(factor * value - value_of(figure)) <= half * (1 + 1e-9)
        for value in values
        for factor in ((1, 100) if "%" in figure else (1,))
    )


class Page:
    """A page of results: its head, and by the anchor of each heading the texts of its rows by their names."""

    def __init__(self, text: str):
        self.head, *parts = re.split(r"^## ", text, flags=re.MULTILINE)
        self.headings = {heading_anchor(part.splitlines()[0]): part.splitlines()[0] for part in parts}
        self.rows = {heading_anchor(part.splitlines()[0]): self._rows(part) for part in parts}

    @staticmethod
    def _rows(part: str) -> dict[str, str]:
        heading, *lines = part.splitlines()
        rows, columns = {}, ""
        for before, line in zip([heading, *lines], lines, strict=False):
            if line.startswith("|---"):
                columns = before
            elif line.startswith("| "):
                rows[line.split("|")[1].strip(" `")] = f"{heading} {columns} {line}"
            elif line.startswith("- ") and ": " in line and not line.startswith("- **"):
                rows[line[2:].split(": ")[0].rstrip(".")] = f"{heading} {line}"
        return rows

    def named(self, anchor: str, names: str) -> str:
        """The text of the rows that a link names; an AssertionError where one is not there, or is not one."""
        assert anchor in self.rows, f"no heading #{anchor}"
        if names == self.headings[anchor]:
            return " ".join(self.rows[anchor].values())
        texts = []
        for name in names.split("; "):
            begin_so = [row for row in self.rows[anchor] if row.startswith(name)]
            found = [name] if name in self.rows[anchor] else begin_so
            assert len(found) == 1, f"#{anchor} has {found or 'no row'} for {name!r}"
            texts.append(self.rows[anchor][found[0]])
        return " ".join(texts)


PAGES = {path.name: Page(path.read_text(encoding="utf-8")) for path in (EXPERIMENTS / "results").glob("*.md")}


@dataclass(frozen=True)
class Sentence:
    text: str  # without its links
    links: tuple[tuple[str, str], ...]  # text and address
    is_command: bool = False

    def rows(self) -> list[tuple[str, str, str]]:
        """Page, anchor and names of each link to rows."""
        named = [(address.removeprefix("results/").partition("#"), names) for names, address in self.links if ".md#" in address]
        return [(page, anchor, names) for (page, _, anchor), names in named]

    def figures(self) -> list[str]:
        without = re.sub(r"`[^`]*`|arXiv [\d.]+|[Ll]ab 00\d", "", self.text)
        return figures_in(without) if self.links else []

    def carried_by(self, pages: dict[str, Page] = PAGES) -> list[float]:
        """The values of the rows and heads that it names."""
        texts = [pages[page].named(anchor, names) for page, anchor, names in self.rows()]
        texts += [
            pages[a.removeprefix("results/")].head for _, a in self.links if a.startswith("results/") and a.endswith(".md")
        ]
        return [value_of(figure) for text in texts for figure in figures_in(text)]

    def not_carried(self, pages: dict[str, Page] = PAGES) -> list[str]:
        """The figures that no row has which it names."""
        values = self.carried_by(pages)
        return [figure for figure in self.figures() if not stands_in(figure, values)]


def sections(readme: str) -> list[list[Sentence]]:
    """The sentences of a README under each heading that has some, of the best and of the labs."""
    text = (EXPERIMENTS / readme).read_text(encoding="utf-8")
    addresses = dict(re.findall(r"^\[([^\[\]]+)\]: (\S+)$", text, re.MULTILINE))
    labs = [part for part in re.split(r"^(?=## )", text, flags=re.MULTILINE) if part.startswith(READMES[readme])]
    parts = [part for lab in labs for part in re.split(r"^#+ .*$", lab, flags=re.MULTILINE)]
    found = [list(sentences_of(part, addresses)) for part in parts]
    return [own for own in found if own]


def sentences_of(part: str, addresses: dict[str, str]) -> Iterator[Sentence]:
    kept = [line for line in part.splitlines() if not re.match(r"!\[|\[[^\[\]]+\]: ", line)]
    for paragraph in re.split(r"\n\s*\n|\n(?=- )", "\n".join(kept)):
        links: list[tuple[str, str]] = []

        def mark(match: re.Match[str], links: list[tuple[str, str]] = links) -> str:
            name, label, address = match.groups()
            links.append((name, address or addresses[label]))
            return f"\0{len(links) - 1}\0"

        text = LINK.sub(mark, " ".join(paragraph.split())).replace("**", "")
        is_command = text.startswith("`python")
        for piece in [text] if is_command else re.split(r"(?<=[。？！])\s*|(?<=[.?!]) (?=\S)", text):
            if piece.strip("- "):
                own = tuple(links[int(i)] for i in re.findall("\0(\\d+)\0", piece))
                yield Sentence(re.sub("\0\\d+\0", "", piece), own, is_command)


ALL = [(readme, sentence) for readme in READMES for own in sections(readme) for sentence in own]


@pytest.mark.parametrize("readme", READMES)
def test_the_best_and_every_lab_are_there(readme):
    assert len(sections(readme)) == 9
    assert sum(len(sentence.rows()) for own in sections(readme) for sentence in own) > 50


@pytest.mark.parametrize(("readme", "sentence"), ALL, ids=map(str, range(len(ALL))))
def test_every_sentence_names_what_carries_it(readme, sentence):
    says_nothing = sentence.text.rstrip().endswith(("?", "？", ":", "：")) or any(words in sentence.text for words in NOT_RUN)
    if not (sentence.links or says_nothing or "arXiv" in sentence.text):
        pytest.fail(f"{readme}: no row is named: {sentence.text}")
    assert not sentence.not_carried(), f"{readme}: not in the rows that are named: {sentence.text}"


def test_both_languages_say_the_same():
    for english, chinese in zip(sections("README.md"), sections("README.zh.md"), strict=True):
        for what in (
            lambda sentence: [value_of(figure) for figure in sentence.figures()],
            lambda sentence: [(page, anchor, name) for page, anchor, names in sentence.rows() for name in names.split("; ")],
        ):
            in_english, in_chinese = ({item for sentence in own for item in what(sentence)} for own in (english, chinese))
            assert in_english <= in_chinese, f"only in English: {in_english - in_chinese}"


def bumped(figure: str) -> str:
    """The figure with one more in its last place."""
    digits = re.search(r"\d+(?=(?:e-?\d+)?(?:\s?%)?$)", figure)
    assert digits
    return figure[: digits.start()] + str(int(digits.group()) + 1).zfill(len(digits.group())) + figure[digits.end() :]


def test_a_figure_that_is_changed_in_one_place_is_found_out():
    figures = [(figure, sentence.carried_by()) for _, sentence in ALL for figure in sentence.figures()]
    assert len(figures) > 300
    missed = [figure for figure, values in figures if stands_in(bumped(figure), values)]
    small = [figure for figure in missed if len(re.sub(r"\D", "", figure)) <= 2]  # one or two digits stand in a row by chance
    assert len(missed) < 0.2 * len(figures) and len(missed) - len(small) < 0.03 * len(figures), missed
    (sentence,) = [s for s in sections("README.md")[1] if "1,665" in s.text]
    page = (EXPERIMENTS / "results" / "gan_dcgan_wgan_mnist.md").read_text(encoding="utf-8")
    changed = Page(page.replace("| DCGAN | 1665.2±", "| DCGAN | 1685.2±"))
    assert sentence.not_carried({"gan_dcgan_wgan_mnist.md": changed}) == ["1,665"]


@pytest.mark.parametrize("readme", READMES)
def test_every_experiment_is_listed(readme):
    text = (EXPERIMENTS / readme).read_text(encoding="utf-8")
    paths = [*EXPERIMENTS.glob("*.py"), EXPERIMENTS / "torch_labs" / "compare.py"]
    commands = [path for path in paths if "__main__" in path.read_text(encoding="utf-8") and path.stem != "digits_quality"]
    assert len(commands) > 9
    for path in commands:
        name = ".".join(path.relative_to(EXPERIMENTS).with_suffix("").parts)
        assert f"python -m experiments.{name}" in text, name
