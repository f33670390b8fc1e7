"""The page of a run: one file that asks for nothing, shows what there is, and says what there is not."""

import base64
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from jaxgan.report.page import MEANINGS, write_page
from jaxgan.report.pictures import save_image

VOID = {"meta", "link", "img", "input", "wbr"}


class Page(HTMLParser):
    """The elements of a page, the text that a reader sees, and whether every element that opens also closes."""

    def __init__(self, source):
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.rows: list[list[str]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(source)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" in self.open or "script" in self.open:
            return
        self.text += data
        if "tr" in self.open and "small" not in self.open and self.rows[-1]:
            self.rows[-1][-1] += data

    def all(self, tag, **having):
        return [found for name, found in self.elements if name == tag and having.items() <= found.items()]

    def frames(self):
        return [image for image in self.all("img") if "data-step" in image]

    def row(self, name):
        """The cells beside a name, in the one row that has it."""
        (row,) = [row for row in self.rows if row[0] == name]
        return row[1:]


CONFIG = {
    "variant": "wgan_gp", "dataset": "digits", "recipe": "paper", "generator": "conv", "critic": "conv", "steps": 300,
    "learning_rate": 1e-4, "clip": None, "momentum": None, "conditional": False, "replicas": 1, "seed": 5,
}  # fmt: skip
ENVIRONMENT = {
    "command": ["train", "--out", "my run"],
    "devices": ["cpu: cpu", "cpu: cpu"],
    "versions": {"jax": "0.10.0", "numpy": "2.3"},
    "data": {"size": None, "class_names": [], "sample_shape": [28, 28, 1]},
}


def picture(path, level=0):
    save_image(path, np.full((2, 3, 1), level % 256, np.uint8))


def make_run(folder, *, config=CONFIG, steps=(0, 100, 200, 300), replicas=1, records=None):
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps({**config, "replicas": replicas}))
    (folder / "environment.json").write_text(json.dumps(ENVIRONMENT))
    for step in steps:
        for replica in range(replicas):
            end = f"-replica_{replica:02d}" if replicas > 1 else ""
            picture(folder / "samples" / f"step_{step:08d}{end}.png", step + replica)
    if records is None:
        records = [{"step": 100, "critic_loss": -9.0}, {"step": 300, "critic_loss": -1.25, "generator_loss": 0.5}]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    picture(folder / "curves.png", 77)
    return folder


def page_of(folder):
    return Page(write_page(folder).read_text(encoding="utf-8"))


class TestSelfContained:
    @pytest.mark.parametrize("replicas", [1, 3])
    def test_no_address_leaves_the_page(self, tmp_path, replicas):
        path = write_page(make_run(tmp_path, replicas=replicas))
        source = path.read_text(encoding="utf-8")
        assert path == tmp_path / "report.html"
        assert not re.search(r"https?://|url\(|@import|fetch\(|import\(", source)
        addresses = [
            value
            for _, found in Page(source).elements
            for name, value in found.items()
            if name in ("src", "href", "srcset", "action", "poster", "data")
        ]
        assert len(addresses) == 4 * replicas + 2  # the samples, the curves, the icon
        assert all(address.startswith("data:") for address in addresses)

    def test_the_browser_is_told_to_refuse_all_else(self, tmp_path):
        (policy,) = page_of(make_run(tmp_path)).all("meta", **{"http-equiv": "Content-Security-Policy"})
        assert "default-src 'none'" in policy["content"]
        assert "img-src data:;" in policy["content"]

    def test_pictures_are_the_files_byte_for_byte(self, tmp_path):
        page = page_of(make_run(tmp_path))
        embedded = [base64.b64decode(image["src"].partition("base64,")[2]) for image in page.all("img")]
        files = [*sorted((tmp_path / "samples").iterdir()), tmp_path / "curves.png"]
        assert embedded == [file.read_bytes() for file in files]

    def test_a_second_page_replaces_the_first_and_leaves_no_other_file(self, tmp_path):
        make_run(tmp_path)
        (tmp_path / "report.html").write_text("old")
        before = sorted(tmp_path.rglob("*"))
        write_page(tmp_path)
        assert sorted(tmp_path.rglob("*")) == before
        assert (tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")

    def test_made_for_a_phone_and_for_the_dark(self, tmp_path):
        source = write_page(make_run(tmp_path)).read_text(encoding="utf-8")
        assert 'name="viewport" content="width=device-width' in source
        assert "prefers-color-scheme: dark" in source
        assert "max-width" in source


class TestSamples:
    def test_slider_has_a_place_for_each_picture_and_stands_at_the_last(self, tmp_path):
        page = page_of(make_run(tmp_path, steps=(0, 5, 1000, 100_000_000)))
        (slider,) = page.all("input", type="range")
        assert (slider["min"], slider["max"], slider["value"]) == ("0", "3", "3")
        frames = page.frames()
        assert [int(frame["data-step"]) for frame in frames] == [0, 5, 1000, 100_000_000]  # by number, not by name
        assert ["hidden" in frame for frame in frames] == [True, True, True, False]
        assert "step 100,000,000" in page.text
        assert not page.all("select")

    def test_replicas_are_a_choice_each_with_its_seed(self, tmp_path):
        page = page_of(make_run(tmp_path, replicas=3))
        assert [option["value"] for option in page.all("option")] == ["0", "1", "2"]
        assert "2 (seed 7)" in page.text
        assert page.all("input", type="range")[0]["max"] == "3"
        for replica in "012":
            strip = [frame["data-step"] for frame in page.frames() if frame["data-replica"] == replica]
            assert strip == ["0", "100", "200", "300"]
        assert sum("hidden" not in frame for frame in page.frames()) == 1

    @pytest.mark.parametrize(("count", "shown"), [(40, 40), (41, 40), (200, 40)])
    def test_many_pictures_are_thinned_evenly(self, tmp_path, count, shown):
        page = page_of(make_run(tmp_path, steps=range(count)))
        steps = [int(frame["data-step"]) for frame in page.frames()]
        assert len(set(steps)) == len(steps) == shown
        assert (steps[0], steps[-1]) == (0, count - 1)
        gaps = np.diff(steps)
        assert gaps.min() >= 1
        assert gaps.max() - gaps.min() <= 1
        assert page.all("input", type="range")[0]["max"] == str(shown - 1)
        assert (f"{shown} of the {count} pictures" in page.text) == (shown < count)

    def test_many_replicas_show_fewer_each_but_never_less_than_first_and_last(self, tmp_path):
        page = page_of(make_run(tmp_path, steps=range(0, 50, 10), replicas=201))
        assert len(page.frames()) == 2 * 201
        assert {frame["data-step"] for frame in page.frames()} == {"0", "40"}

    def test_other_files_are_no_samples(self, tmp_path):
        make_run(tmp_path)
        for name in (".step_00000400.png.1.tmp", "step_00000400.png.bak", "step_last.png", "interpolation.png"):
            (tmp_path / "samples" / name).write_bytes(b"")
        assert len(page_of(tmp_path).frames()) == 4


class TestTables:
    def test_one_replica_shows_its_last_line(self, tmp_path):
        page = page_of(make_run(tmp_path))
        assert page.row("critic_loss") == ["\N{MINUS SIGN}1.25"]
        assert page.row("generator_loss") == ["0.5"]
        assert MEANINGS["critic_loss"] in page.text
        assert "At step 300. " in page.text

    def test_several_replicas_show_mean_and_spread_of_their_last_lines(self, tmp_path):
        values = {100: [50.0, 60.0, 70.0], 300: [1.0, 2.0, 6.0]}
        records = [
            {"step": step, "replica": i, "critic_loss": value} for step, row in values.items() for i, value in enumerate(row)
        ]
        page = page_of(make_run(tmp_path, replicas=3, records=records))
        assert page.row("critic_loss") == ["3", "2.646", "1", "6"]  # (4 + 1 + 9) / 2 = 7 = 2.646^2
        assert "At step 300, over 3 replicas. " in page.text

    def test_what_is_not_finite_is_called_so(self, tmp_path):
        page = page_of(make_run(tmp_path, records=[{"step": 300, "critic_loss": None}]))
        assert page.row("critic_loss") == ["not finite"]
        records = [{"step": 300, "replica": i, "critic_loss": value} for i, value in enumerate([None, 1.0, None])]
        page = page_of(make_run(tmp_path, replicas=3, records=records))
        assert page.row("critic_loss")[0] == "2 not finite"

    def test_a_metric_without_a_known_meaning_comes_last(self, tmp_path):
        page = page_of(make_run(tmp_path, records=[{"step": 300, "fid10k_test": 12.5, "generator_loss": 1}]))
        names = [row[0] for row in page.rows]
        assert page.row("fid10k_test") == ["12.5"]
        assert names.index("generator_loss") < names.index("fid10k_test")

    def test_configuration_and_environment_as_they_were_written(self, tmp_path):
        page = page_of(make_run(tmp_path))
        assert page.row("learning_rate") == ["0.0001"]
        assert page.row("conditional") == ["false"]
        assert "clip, momentum" in page.text
        assert page.row("versions jax") == ["0.10.0"]
        assert page.row("devices") == ["cpu: cpu, cpu: cpu"]
        assert page.row("data size") == page.row("data class_names") == ["none"]
        assert page.row("data sample_shape") == ["28, 28, 1"]
        assert page.row("command") == ["train --out 'my run'"]

    def test_a_run_that_stopped_says_where(self, tmp_path):
        assert "stopped early" not in page_of(make_run(tmp_path)).text
        records = [{"step": 100, "critic_loss": 1.0}]
        assert "stopped early: last metrics at step 100 of 300" in page_of(make_run(tmp_path, records=records)).text


class TestEscaping:
    def test_values_and_names_are_text_wherever_they_stand(self, tmp_path):
        hostile = """</title><script>alert("1")</script>&amp;'"""
        clean = page_of(make_run(tmp_path / "clean"))
        config = {key: hostile if isinstance(value, str) else value for key, value in CONFIG.items()}
        records = [{"step": 300, "critic_loss": hostile, "generator_loss": 0.5}]
        make_run(tmp_path / "hostile", config=config, records=records)
        environment = {**ENVIRONMENT, "devices": [hostile], "versions": {"jax": hostile, "numpy": hostile}}
        (tmp_path / "hostile" / "environment.json").write_text(json.dumps(environment))
        page = page_of(tmp_path / "hostile")
        # The sources of the pictures apart, the same elements stand on both pages: the values made none.
        assert [tag for tag, _ in page.elements] == [tag for tag, _ in clean.elements]
        assert f"{hostile} on {hostile}" in page.text
        assert page.row("dataset") == page.row("devices") == page.row("critic_loss") == [hostile]

    def test_names_are_escaped(self, tmp_path):
        config = {**CONFIG, "<b>field": 1, "<b>open": None}
        page = page_of(make_run(tmp_path, config=config, records=[{"step": 300, "<b>metric": 1.0}]))
        assert page.row("<b>field") == page.row("<b>metric") == ["1"]
        assert not page.all("b")

    def test_a_folder_whose_name_is_no_utf8(self, tmp_path):
        page = page_of(make_run(tmp_path, config={**CONFIG, "out": "runs/\udcff"}))
        assert page.row("out") == ["runs/?"]


class TestMissingPieces:
    def test_an_empty_folder_still_has_a_page_that_says_what_it_lacks(self, tmp_path):
        folder = tmp_path / "digits-wgan-1"
        folder.mkdir()
        page = page_of(folder)
        assert not page.all("img")
        assert not page.all("input")
        assert not page.all("table")
        assert page.text.count("digits-wgan-1") == 2  # title and heading
        for line in ("No sample pictures", "No curves", "No metrics", "No configuration", "No environment"):
            assert line in page.text

    @pytest.mark.parametrize(
        ("missing", "line"),
        [
            ("config.json", "No configuration"),
            ("environment.json", "No environment"),
            ("metrics.jsonl", "No metrics"),
            ("curves.png", "No curves"),
        ],
    )
    def test_one_missing_piece_leaves_the_others(self, tmp_path, missing, line):
        full = page_of(make_run(tmp_path))
        (tmp_path / missing).unlink()
        page = page_of(tmp_path)
        assert line in page.text
        assert line not in full.text
        assert len(page.all("table")) + len(page.all("img")) == len(full.all("table")) + len(full.all("img")) - 1
        assert len(page.frames()) == 4

    @pytest.mark.parametrize("content", ["", '{"variant": "wg', "[1, 2]"])
    def test_a_configuration_cut_short_counts_as_missing(self, tmp_path, content):
        (make_run(tmp_path) / "config.json").write_text(content)
        page = page_of(tmp_path)
        assert "No configuration" in page.text
        assert len(page.frames()) == 4

    def test_metrics_before_the_first_line_and_cut_short(self, tmp_path):
        assert "No metrics" in page_of(make_run(tmp_path, records=[])).text
        with (tmp_path / "metrics.jsonl").open("a") as file:
            file.write('{"step": 100, "critic_loss": 2.0}\n{"step": 200, "crit')
        assert page_of(tmp_path).row("critic_loss") == ["2"]
