"""The labs' tutorials, in English and in Chinese: every figure of their answers stands in the rows that its sentence names."""

import re
from pathlib import Path

import pytest

from jaxgan.__main__ import COMMANDS
from jaxgan.settings.options import OPTIONS, flag
from tests.experiments.test_readme_rows import Sentence, figures_in, sentences_of, value_of

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [f"{folder}/{lab}.md" for folder in ("labs", "zh") for lab in ("000", "001", "002", "003", "004")]
ANSWERS = re.compile(r"^##+ (?:What came out|答案)$")
PLAIN = ("not run", "未运行", "没有检验")  # such a sentence says nothing of results


def answers(page: str) -> list[Sentence]:
    """The sentences below each heading of answers, and below the headings within it."""
    text = (DOCS / page).read_text(encoding="utf-8")
    text = text.replace("../../experiments/results/", "results/")
    addresses = dict(re.findall(r"^\[([^\[\]]+)\]: (\S+)$", text, re.MULTILINE))
    found: list[Sentence] = []
    within = 0  # the level of the heading of answers that we are below
    for part in re.split(r"^(?=##+ )", text, flags=re.MULTILINE):
        heading = part.splitlines()[0] if part.startswith("#") else ""
        level = len(heading) - len(heading.lstrip("#"))
        if ANSWERS.match(heading):
            within = level
        elif level and level <= within:
            within = 0
        if within:
            found += sentences_of(part.partition("\n")[2], addresses)
    return found


def test_every_page_has_answers_with_rows():
    assert all(len([link for s in answers(page) for link in s.rows()]) >= 3 for page in PAGES)
    assert sum(len(sentence.figures()) for page in PAGES for sentence in answers(page)) > 350


@pytest.mark.parametrize("page", PAGES)
def test_every_figure_of_an_answer_stands_in_the_rows_that_are_named(page):
    for sentence in answers(page):
        assert not sentence.not_carried(), f"{page}: not in the rows that are named: {sentence.text}"
        if not (sentence.links or "arXiv" in sentence.text or any(words in sentence.text for words in PLAIN)):
            bare = [f for f in figures_in(re.sub(r"`[^`]*`|\$[^$]*\$|[A-Z]\w*3GAN", "", sentence.text)) if value_of(f) > 9]
            assert not bare, f"{page}: no row is named: {sentence.text}"


@pytest.mark.parametrize("lab", ["000", "001", "002", "003", "004"])
def test_both_languages_name_the_same_rows(lab):
    english, chinese = ({link for s in answers(f"{folder}/{lab}.md") for link in s.rows()} for folder in ("labs", "zh"))
    rows = [{(page, anchor, name) for page, anchor, names in of for name in names.split("; ")} for of in (english, chinese)]
    assert rows[0] <= rows[1], f"only in English: {rows[0] - rows[1]}"


def commands_of(text: str) -> list[str]:
    return re.findall(r"^(jaxgan [a-z].*?)(?:\s+#.*)?$", text, re.MULTILINE) + re.findall(r"`(jaxgan [a-z]+ [^`\n]*)`", text)


@pytest.mark.parametrize(
    "path",
    sorted([*(DOCS / "labs").glob("*.md"), *(DOCS / "zh").glob("*.md")]),
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_commands_options_pictures_and_modules_are_there(path):
    text = path.read_text(encoding="utf-8")
    for line in commands_of(text):
        command, *words = line.split()[1:]
        assert command in COMMANDS, line
        if command == "train":
            for word in (word for word in words if word.startswith("--") and word not in ("--help",)):
                assert word in {flag(name) for name in OPTIONS}, line
        for grid in re.findall(r"--grid (\w+)=", line):
            assert grid in OPTIONS, line
    for option in re.findall(r"`(--[a-z-]+)(?: [^`]*)?`", text):
        assert option in {flag(name) for name in OPTIONS} | {"--help", "--label", "--recipes"}, f"{path.name}: {option}"
    for module in re.findall(r"python -m (experiments[.a-z_]+)\b", text):
        assert (DOCS.parent / module.replace(".", "/")).with_suffix(".py").is_file(), module
    for target in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text):
        assert (path.parent / target).resolve().is_file(), target
