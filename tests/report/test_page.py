"""The page of a run: one file that asks for nothing, shows what there is, and says what there is not."""

import base64
import json
import re

import numpy as np
import pytest

import jaxgan.report.__main__ as command
from jaxgan.metrics import meaning_of
from jaxgan.report.images import save_gif
from jaxgan.report.page import write_page
from jaxgan.report.samples import NOT_DRAWN
from tests.report.pages import CONFIG, ENVIRONMENT, PLOTLY, Page, make_run, page_of, picture, undrawable


class TestSelfContained:
    @pytest.mark.parametrize("replicas", [1, 3])
    def test_no_address_leaves_the_page(self, tmp_path, replicas):
        path = write_page(make_run(tmp_path, replicas=replicas))
        source = path.read_text(encoding="utf-8")
        assert path == tmp_path / "report.html"
        assert len(PLOTLY.findall(source)) == 1  # which names addresses, and asks for none (test_browser)
        source = PLOTLY.sub("", source)
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
        assert "img-src data: blob:;" in policy["content"]

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

    @pytest.mark.parametrize("shape", [[2, 3, 4, 5, 1], [0, 3], []])
    def test_samples_that_cannot_be_drawn_are_said_to_be_so(self, tmp_path, shape):
        page = page_of(undrawable(make_run(tmp_path), shape))
        assert NOT_DRAWN in page.text and not page.frames() and not page.all("input", type="range")

    @pytest.mark.parametrize("shape", [[2], [28, 28, 1], [8, 8, 3], None, "hostile"])
    def test_pictures_that_are_missing_are_said_to_be_so(self, tmp_path, shape):
        assert "No sample pictures" in page_of(undrawable(make_run(tmp_path), shape)).text

    def test_real_pictures_stand_beside_those_that_are_generated(self, tmp_path):
        make_run(tmp_path)
        assert not page_of(tmp_path).all("img", alt="Real pictures")
        picture(tmp_path / "real.png", 99)
        page = page_of(tmp_path)
        (real,) = page.all("img", alt="Real pictures")
        assert base64.b64decode(real["src"].partition("base64,")[2]) == (tmp_path / "real.png").read_bytes()
        assert "what the generated ones should look like" in page.text and len(page.frames()) == 4

    @pytest.mark.parametrize(("shape", "white"), [([2], True), ([30, 3], True), ([28, 28, 1], False), ([4, 8, 8, 1], False)])
    def test_drawings_on_white_are_turned_in_the_dark_and_pictures_are_not(self, tmp_path, shape, white):
        make_run(tmp_path)
        environment = {**ENVIRONMENT, "data": {**ENVIRONMENT["data"], "sample_shape": shape}}
        (tmp_path / "environment.json").write_text(json.dumps(environment))
        classes = [
            found["class"] for found in page_of(tmp_path).all("div") if found.get("class", "").startswith("side-by-side")
        ]
        assert classes == ["side-by-side on-white" if white else "side-by-side"]

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
        assert meaning_of("critic_loss") in page.text
        assert "At step 300. " in page.text

    def test_several_replicas_show_mean_and_deviation_of_their_last_lines(self, tmp_path):
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

    def test_values_have_meaning_and_direction_in_the_order_of_the_table(self, tmp_path):
        record = {"step": 300, "own": 1.0, "fid_lab_1k": 2.0, "c2st_lab_1k_low": 0.5, "gradient_norm": 1.0, "critic_loss": 1.0}
        page = page_of(make_run(tmp_path, records=[record]))
        names = [row[0] for row in page.rows if row and row[0] in record]
        assert names == ["critic_loss", "gradient_norm", "fid_lab_1k", "c2st_lab_1k_low", "own"]
        assert f"{meaning_of('fid_lab_1k')}; lower is better" in page.text
        assert f"{meaning_of('c2st_lab_1k_low')}" in page.text and page.text.count("is better") == 1

    def test_what_was_given_in_python_stands_in_the_configuration_as_text(self, tmp_path):
        given = {"generator": "mine:Generator(<b>64</b>)", "optimizers": {"critic": "optax.lion(0.0001)"}, "data": None}
        page = page_of(make_run(tmp_path, config={"python": given, "steps": 300, "variant": None}))
        assert page.row("python generator") == ["mine:Generator(<b>64</b>)"]
        assert page.row("python optimizers critic") == ["optax.lion(0.0001)"]
        assert not page.all("b")
        assert page.text.count(tmp_path.name) >= 2  # the title, where no variant names the run

    def test_the_share_of_a_class_is_called_by_its_name(self, tmp_path):
        make_run(tmp_path, records=[{"step": 300, "class_share_1_lab_1k": 0.25, "class_share_7_lab_1k": 0.5}])
        data = {**ENVIRONMENT["data"], "class_names": ["cat", "<b>dog"]}
        (tmp_path / "environment.json").write_text(json.dumps({**ENVIRONMENT, "data": data}))
        page = page_of(tmp_path)
        assert page.row("share of class <b>dog") == ["0.25"] and "class_share_1_lab_1k; share, 0 to 1" in page.text
        assert page.row("class_share_7_lab_1k") == ["0.5"]  # which has no name

    def test_what_is_at_its_default_is_folded_up(self, tmp_path):
        page = page_of(make_run(tmp_path, config={**CONFIG, "learning_rate": 0.5, "batch_size": 9, "out": "x", "own_field": 1}))
        names = [row[0] for row in page.rows]
        start, end = names.index("recipe"), names.index("date") if "date" in names else names.index("command")
        told = names[start : names.index("variant")]
        assert told == ["recipe", "generator", "critic", "steps", "learning_rate", "seed", "batch_size", "own_field"]
        assert {"variant", "dataset", "conditional", "replicas", "out"} <= {*names[names.index("variant") : end]}
        assert "All other settings: 5 set, 2 not" in page.text

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


class TestFindings:
    def test_what_the_figures_show_stands_first_with_advice_and_source(self, tmp_path):
        records = [{"step": 3 * i, "replica": r, "critic_loss": r + 1e-3} for i in range(101) for r in range(2)]
        page = page_of(make_run(tmp_path, config={**CONFIG, "variant": "gan"}, replicas=2, records=records))
        assert page.text.index("How it goes") < page.text.index("Samples")
        assert "In 1 of 2 replicas (0) the critic wins by far" in page.text
        assert "critic_loss 0.001, where one that cannot tell has 1.39 (replica 0)" in page.text
        assert "--critic-learning-rate" in page.text and "arXiv 1701.04862" in page.text

    def test_where_nothing_is_found_it_is_said_what_was_not_looked_at(self, tmp_path):
        records = [{"step": 3 * i, "critic_loss": 1.0, "penalty_gradient_norm": 1.1} for i in range(101)]
        text = page_of(make_run(tmp_path, records=records)).text
        assert "no rule speaks" in text and "hether modes are missing: not known" in text and "--metrics-every" in text

    def test_nothing_is_said_where_it_is_too_early_or_nothing_is_logged(self, tmp_path):
        assert "Too early" in page_of(make_run(tmp_path / "early", records=[{"step": 10, "critic_loss": 1.0}])).text
        assert "How it goes" not in page_of(make_run(tmp_path / "nothing", records=[])).text


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
        assert page.text.count("metrics.jsonl: 1 line with values that are no numbers") == 1
        tags = [tag for tag, _ in page.elements]
        del tags[(place := tags.index("ul")) : place + 2]  # which say so
        assert sorted(tags) == sorted(tag for tag, _ in clean.elements)  # a field that is not at its default stands elsewhere
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
        assert not page.scripts.keys() - {""}  # no figures, and no Plotly
        for line in ("No sample pictures", "No curves", "No metrics", "No configuration", "No environment"):
            assert line in page.text

    @pytest.mark.parametrize(
        ("missing", "line"),
        [
            ("config.json", "No configuration"),
            ("environment.json", "No environment"),
            ("metrics.jsonl", "No metrics"),
        ],
    )
    def test_one_missing_piece_leaves_the_others(self, tmp_path, missing, line):
        full = page_of(make_run(tmp_path))
        (tmp_path / missing).unlink()
        page = page_of(tmp_path)
        assert line in page.text
        assert line not in full.text
        tables = 1 if missing == "metrics.jsonl" else 2  # what is told at once, and what is folded up
        assert len(page.all("img")) == len(full.all("img"))
        assert len(page.all("table")) == len(full.all("table")) - tables
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


class TestCurves:
    def test_a_chart_a_group_with_the_picture_for_those_without_script(self, tmp_path):
        page = page_of(make_run(tmp_path))
        charts = page.figures()["charts"]
        assert [chart["title"] for chart in charts] == ["Losses"]
        assert [trace["name"] for trace in charts[0]["views"][0]["traces"]] == ["critic loss", "generator loss"]
        assert len(page.all("div", **{"class": "plot"})) == 1
        assert page.all("noscript") and len(page.all("img")) == 4 + 1

    def test_without_the_picture_those_without_script_are_told(self, tmp_path):
        (make_run(tmp_path) / "curves.png").unlink()
        assert "The curves need JavaScript." in page_of(tmp_path).text

    def test_without_metrics_the_picture_stays_and_plotly_is_left_out(self, tmp_path):
        path = write_page(make_run(tmp_path, records=[]))
        assert not PLOTLY.search(path.read_text(encoding="utf-8"))
        assert len(page_of(tmp_path).all("img")) == 4 + 1

    def test_replicas_are_seeds_with_a_band(self, tmp_path):
        records = [{"step": 300, "replica": i, "critic_loss": value} for i, value in enumerate([1.0, 2.0, 6.0])]
        page = page_of(make_run(tmp_path, replicas=3, records=records))
        band, line = page.figures()["charts"][0]["views"][0]["traces"]
        assert line["y"] == [3.0] and "(3\N{NO-BREAK SPACE}seeds)" in line["name"]
        assert band["fill"] == "toself"
        assert "one standard deviation" in page.text


class TestWhatWasMadeLater:
    def test_nothing_is_said_of_what_is_not_there(self, tmp_path):
        text = page_of(make_run(tmp_path)).text
        assert not any(title in text for title in ("Animation", "Nearest training pictures", "Evaluation"))

    def test_animations_with_their_first_frame_for_those_who_want_no_motion(self, tmp_path):
        make_run(tmp_path)
        save_gif(tmp_path / "animation.gif", np.linspace(-1, 1, 2 * 4 * 4).reshape(2, 4, 4, 1).astype(np.float32))
        (tmp_path / "animation-broken.gif").write_bytes(b"GIF89a")
        page = page_of(tmp_path)
        (moving,) = page.all("img", alt="Animation animation.gif")
        assert base64.b64decode(moving["src"].partition("base64,")[2]) == (tmp_path / "animation.gif").read_bytes()
        (still,) = page.all("source", media="(prefers-reduced-motion: reduce)")
        assert still["srcset"].startswith("data:image/png;")
        assert "animation-broken.gif is no whole PNG or GIF: the picture is left out" in page.text

    def test_nearest_training_pictures(self, tmp_path):
        make_run(tmp_path)
        for replica in (0, 1):
            picture(tmp_path / f"neighbours-replica_{replica:02d}.png", replica)
        page = page_of(tmp_path)
        assert "Nearest training pictures" in page.text and "neighbours-replica_01.png" in page.text

    def test_values_of_the_evaluation_with_their_protocol(self, tmp_path):
        make_run(tmp_path, replicas=2)
        found = {
            "step": 300, "weights": "averaged", "protocol": {"generated": 1000, "features": "<lab>"},
            "replicas": [{"fid_lab_1k": 1.0, "modes_pacgan_2500": 8}, {"fid_lab_1k": 3.0, "modes_pacgan_2500": 8}],
            "verdict": ["no sign of copying: as <far>"],
        }  # fmt: skip
        (tmp_path / "evaluation.json").write_text(json.dumps(found))
        page = page_of(tmp_path)
        assert page.row("fid_lab_1k") == ["2", "1.414", "1", "3"]
        assert "No sign of copying: as <far>." in page.text
        assert page.row("modes_pacgan_2500") == ["8", "0", "8", "8"]
        assert "Over 2 replicas. Protocol: step 300; weights averaged; generated 1000; features <lab>." in page.text

    @pytest.mark.parametrize("content", ['{"replicas": 3}', '{"replicas": [1]}', "{"])
    def test_an_evaluation_of_another_form_is_left_out(self, tmp_path, content):
        (make_run(tmp_path) / "evaluation.json").write_text(content)
        assert "Evaluation" not in page_of(tmp_path).text


class TestCommand:
    def test_the_page_is_written_anew_and_named(self, tmp_path, capsys):
        make_run(tmp_path)
        assert command.main([str(tmp_path)]) == 0
        assert capsys.readouterr().out.strip() == str(tmp_path / "report.html")
        assert command.main([str(tmp_path), "--out", str(tmp_path / "other" / "page.html")]) == 0
        assert (tmp_path / "other" / "page.html").read_bytes() == (tmp_path / "report.html").read_bytes()

    def test_a_folder_that_is_no_run_is_refused_in_one_line(self, tmp_path, capsys):
        assert command.main([str(tmp_path)]) == 2
        assert capsys.readouterr().err.startswith(f"error: {tmp_path} is no run folder")
