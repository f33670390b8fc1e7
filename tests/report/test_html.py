"""What the pages are written with: text is escaped wherever it stands, and a section cannot forget it."""

import ast
import json
from pathlib import Path

import pytest

import jaxgan.report
from jaxgan.report.comparison import write_comparison
from jaxgan.report.html import Markup, document, escaped, joined, markup, name, paragraph, script_data, section, slider, table
from jaxgan.report.images import save_gif
from jaxgan.report.page import write_page
from tests.reliability.test_pages import HOSTILE, check, whole_run
from tests.report.pages import CONFIG, Page, make_run

FILES = sorted(Path(jaxgan.report.__file__).parent.rglob("*.py"))
BOLD = "<b>&\"'</b>"
SAFE = "&lt;b&gt;&amp;&quot;&#x27;&lt;/b&gt;"


class TestMarkup:
    @pytest.mark.parametrize(
        "made",
        [
            markup("{}", BOLD), markup("{text}", text=BOLD), markup("{0}", BOLD), markup("{:>3}", BOLD), escaped(BOLD), joined([BOLD]), name(BOLD),
            paragraph(BOLD), section("", BOLD), section(BOLD, ""), slider(BOLD, 1), slider("", 1, unit=BOLD), slider("", 1, more=BOLD),
            table(BOLD, []), table("", [(BOLD, [])]), table("", [("", [BOLD])]), table("", [], [BOLD]), document(BOLD, "", []),
            document("", BOLD, []), document("", "", [BOLD]), document("", "", [], complaints=[BOLD]), document("", "", [], scripts=BOLD),
        ],
    )  # fmt: skip
    def test_text_is_escaped_and_markup_is_not(self, made):
        assert isinstance(made, Markup)
        assert SAFE in made and "<b>" not in made
        assert markup("<i>{}</i>", made) == f"<i>{made}</i>"

    def test_a_section_that_forgets_shows_its_tags(self):
        assert "&lt;p&gt;&lt;b&gt;" in document("", "", [f"<p>{BOLD[:3]}</p>"])
        assert escaped(markup("<p>{}</p>", "") + "<b>") == "&lt;p&gt;&lt;/p&gt;&lt;b&gt;"

    def test_values_within_braces_are_not_read_as_a_template(self):
        assert markup("{}", "{0.__class__}{}") == "{0.__class__}{}"

    @pytest.mark.parametrize("text", ["</script>", "<!--", "]]>", "\u2028", "\u2029", "&lt;"])
    def test_data_of_a_script_hold_nothing_that_ends_it(self, text):
        data = script_data("figures", {text: [text]})
        body = data.removeprefix('<script type="application/json" id="figures">').removesuffix("</script>")
        assert json.loads(body) == {text: [text]}
        assert not set(body) & set("<>&\u2028\u2029")

    @pytest.mark.parametrize("path", [path for path in FILES if path.name != "html.py"], ids=lambda path: path.name)
    def test_templates_stand_in_the_code_and_nothing_else_is_called_markup(self, path):
        """`Markup()` is empty; `markup(...)`, `script(...)` and what stands between joined parts take no text from elsewhere."""
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            where = f"{path.name}:{node.lineno}"
            if node.func.id == "Markup":
                assert not node.args, where
            if node.func.id == "markup":
                choices = [node.args[0].body, node.args[0].orelse] if isinstance(node.args[0], ast.IfExp) else node.args[:1]
                assert all(isinstance(choice, ast.Constant) for choice in choices), where
            if node.func.id == "joined":
                assert all(isinstance(argument, ast.Constant) for argument in node.args[1:]), where
            if node.func.id == "script":
                assert isinstance(node.args[0], ast.Call) and node.args[0].func.id in ("own_text", "get_plotlyjs"), where

    def test_scripts_write_no_html(self):
        for path in FILES[0].parent.glob("*.js"):
            assert "innerHTML" not in path.read_text() and "insertAdjacentHTML" not in path.read_text()


def hostile_run(folder: Path, **config) -> Path:
    """A run whose every text and name would like to be a script."""
    whole_run(folder)
    config = {
        **{key: HOSTILE if isinstance(value, str) else value for key, value in CONFIG.items()},
        HOSTILE: HOSTILE,
        **config,
    }
    by_replica = {"seed": [HOSTILE, HOSTILE], HOSTILE: [1, 2], "clip": HOSTILE}
    config |= {"replicas": 2, "by_replica": by_replica, "python": {HOSTILE: {HOSTILE: HOSTILE}}}
    (folder / "config.json").write_text(json.dumps(config))
    data = {"name": HOSTILE, "sample_shape": HOSTILE, "class_names": [HOSTILE], HOSTILE: HOSTILE}
    environment = {"command": [HOSTILE], "devices": HOSTILE, "versions": {HOSTILE: HOSTILE}, "data": data, HOSTILE: [HOSTILE]}
    (folder / "environment.json").write_text(json.dumps(environment))
    values = {HOSTILE: 1.0, "fid_lab_1k": HOSTILE, f"fid_{HOSTILE}_1k": 2.0, f"{HOSTILE}_loss": 3.0}
    evaluation = {
        "step": HOSTILE,
        "weights": HOSTILE,
        "protocol": {HOSTILE: HOSTILE},
        "replicas": [values, values],
        HOSTILE: HOSTILE,
    }
    (folder / "evaluation.json").write_text(json.dumps(evaluation))
    records = [{"step": step, "replica": i, "critic_loss": HOSTILE, **values} for step in (100, 300) for i in range(2)]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    import numpy as np

    save_gif(folder / "animation<img src=x onerror=alert(1)>'\".gif", np.zeros((2, 4, 4, 1), np.float32))
    (folder / "neighbours<script>.png").write_bytes((folder / "neighbours.png").read_bytes())
    return folder


def test_a_hostile_folder_has_a_page_and_a_comparison_of_text_alone(tmp_path):
    runs = [hostile_run(tmp_path / "a<b>"), hostile_run(tmp_path / "b'\"", variant=f"{HOSTILE}2"), make_run(tmp_path / "c")]
    pages = [write_page(runs[0]), write_comparison(runs, tmp_path / "compare.html")]
    for path in pages:
        page = check(path.read_text(encoding="utf-8"))
        assert not page.all("b") and HOSTILE in page.text
        assert "by_replica" in page.text  # whose seeds are no numbers
        titles = [view["name"] for chart in page.figures()["charts"] for view in chart["views"]]
        assert HOSTILE in titles  # a choice, which is text


def test_a_seed_that_is_text_is_no_seed(tmp_path):
    """A script stood in the choice of the replica."""
    run = make_run(tmp_path, config={**CONFIG, "by_replica": {"seed": ["</option><script>alert(1)</script>", 2]}}, replicas=2)
    page = Page(write_page(run).read_text(encoding="utf-8"))
    assert "alert(1)" not in page.text.split("Configuration")[0].split("Samples")[1]
    assert "by_replica.seed[0] is a text" in page.text
