"""The pages that are made from tables name every row of them, with what the row says."""

import re

import pytest

from docs import generate
from docs.links import DOCS, REPOSITORY
from docs.tables import plain
from jaxgan.__main__ import COMMANDS
from jaxgan.data import DATASETS, PREFIXES
from jaxgan.metrics import METRICS
from jaxgan.networks import CRITICS, GENERATORS, PAIRS
from jaxgan.objectives import VARIANTS
from jaxgan.settings.options import OPTIONS
from tests.docs.pages import generated


def test_every_option_with_its_range_and_what_may_be_done_with_it():
    page = generated("options")
    for option in OPTIONS.values():
        name = option.flag if not option.hidden else f"Config({option.name}=...)"
        (entry,) = re.findall(
            rf"^\[`{re.escape(name)}`\]\{{#option-[\w-]+\}}.*?(?=^\[`|^## |\Z)", page, re.MULTILINE | re.DOTALL
        )
        assert ("may change" in entry) == option.may_change, name
        assert ("may differ" in entry) == option.may_differ, name
        assert option.range is None or plain(str(option.range)) in entry, name
        assert plain(option.help) in entry, name


def test_every_metric_with_its_direction():
    page = generated("metrics")
    for metric in METRICS.values():
        (entry,) = re.findall(rf"^\[`{metric.name}`\]\{{#metric-.*?(?=^\[`|^##|\Z)", page, re.MULTILINE | re.DOTALL)
        assert (metric.better is None) == ("neither more nor less" in entry), metric.name
        assert metric.better is None or f"{metric.better} is better" in entry, metric.name
        assert plain(metric.source) in entry and plain(metric.protocol) in entry, metric.name


def test_every_variant_with_equation_paper_and_recipes():
    page = generated("variants")
    for name, variant in VARIANTS.items():
        (entry,) = re.findall(rf"^## `{name}`\n.*?(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
        assert variant.equations and all(f"$${equation}$$" in entry for equation in variant.equations), name
        assert all(equation.count("{") == equation.count("}") for equation in variant.equations), name
        assert plain(variant.reference) in entry, name
        assert len(re.findall(r"^\| `(?!--)", entry, re.MULTILINE)) == len(variant.recipes), name


@pytest.mark.parametrize(("page", "names"), [("variants", VARIANTS), ("networks", PAIRS)])
def test_the_tables_in_words_have_every_row_too(page, names):
    words = (DOCS / f"reference/{page}.md").read_text(encoding="utf-8")
    listed = [name for cell in re.findall(r"^\| (`[^|]*`) \|", words, re.MULTILINE) for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(listed) == sorted(names)


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("networks", [*PAIRS, *GENERATORS, *CRITICS]),
        ("datasets", [*DATASETS, *(f"{prefix}:SOURCE" for prefix in PREFIXES)]),
        ("commands", [f"jaxgan {name} --help" for name in COMMANDS]),
    ],
)
def test_every_row_of_the_other_tables(page, names):
    for name in names:
        assert f"`{name}`" in generated(page), name


def test_help_is_the_commands_own_and_fits_the_page():
    page = generated("commands")
    assert "usage: " in page and "--learning-rate" in page
    assert max(len(line) for line in generate.help_of("train").splitlines()) <= generate.WIDTH
    assert "\x1b" not in page


def test_every_public_name_has_its_docstring_on_the_site():
    import jaxgan

    for name in (*generate.CALLED_FIRST, "Game", "Objective"):
        assert f":: jaxgan.{name}\n" in generate.api_of_package(), name
    for room in generate.ROOMS:
        module = getattr(jaxgan, room)
        functions = {name for name in module.__all__ if callable(getattr(module, name)) and name not in jaxgan.__all__}
        assert (
            functions and {name for name in functions if f":: jaxgan.{room}.{name}\n" not in generated(f"api-{room}")} == set()
        )


def test_each_page_is_reached_from_the_first():
    """Sphinx says so too; here it takes no Sphinx. Each page of docs/ stands in the table of contents of its folder."""
    for path in sorted(DOCS.rglob("*.md")):
        folder = path.relative_to(DOCS).parts[0]
        if folder in ("_build", "_generated", "results") or path == DOCS / "index.md":
            continue
        index = DOCS / "index.md" if path.parent == DOCS or path.name == "index.md" else path.parent / "index.md"
        name = path.relative_to(index.parent).with_suffix("").as_posix()
        contents = re.findall(r"^```\{toctree\}\n(.*?)^```", index.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
        lines = {line.strip().rpartition("<")[2].rstrip(">") for part in contents for line in part.splitlines()}
        assert name in lines or any(":glob:" in part for part in contents), f"{path.relative_to(REPOSITORY)} is in no toctree"
