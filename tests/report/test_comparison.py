"""The page that compares runs: which are seeds of one setting, and what stands in its tables."""

import json

import pytest

from jaxgan.errors import UserError
from jaxgan.metrics import meaning_of
from jaxgan.report.comparison import read_runs, settings_of, telling_fields, write_comparison
from jaxgan.report.samples import NOT_DRAWN
from tests.report.pages import CONFIG, PLOTLY, Page, make_run, undrawable


def run(folder, value=1.0, replicas=1, **config):
    records = [
        {"step": step, **({"replica": i} if replicas > 1 else {}), "critic_loss": value + i}
        for step in (100, 300)
        for i in range(replicas)
    ]
    return make_run(folder, config={**CONFIG, **config}, replicas=replicas, records=records)


def evaluated(folder, *replicas):
    (folder / "evaluation.json").write_text(json.dumps({"replicas": replicas}))


def page_of(tmp_path, *folders):
    return Page(write_comparison(folders, tmp_path / "compare.html").read_text(encoding="utf-8"))


def settings(*folders):
    return {setting.label: [m.seed for m in setting.members] for setting in settings_of(read_runs(folders))}


class TestSettings:
    def test_runs_that_differ_in_seed_and_bookkeeping_are_seeds_of_one_setting(self, tmp_path):
        first = run(tmp_path / "first", seed=0, out="first", log_every=10)
        second = run(tmp_path / "second", seed=4, out="second", data_dir="elsewhere", metrics_every=50, mesh="data=2")
        third = run(tmp_path / "third", seed=7, replicas=2)
        assert settings(first, second, third) == {"first": [0, 4, 7, 8]}

    def test_settings_are_named_by_what_tells_them_apart_and_no_more(self, tmp_path):
        runs = [
            run(tmp_path / "a", variant="wgan", clip=0.01, learning_rate=5e-5),
            run(tmp_path / "b", variant="wgan", clip=0.1, learning_rate=5e-5),
            run(tmp_path / "c", variant="wgan_gp", seed=6),
        ]
        assert list(settings(*runs)) == ["variant wgan, clip 0.01", "variant wgan, clip 0.1", "variant wgan_gp, clip none"]

    def test_replicas_of_a_sweep_are_told_apart(self, tmp_path):
        varied = {"learning_rate": [1e-4, 1e-4, 2e-4, 2e-4], "seed": [0, 1, 0, 1]}
        found = settings_of(read_runs([run(tmp_path / "sweep", replicas=4, by_replica=varied)]))
        assert [(s.label, [m.seed for m in s.members], [m.replica for m in s.members]) for s in found] == [
            ("learning_rate 0.0001", [0, 1], [0, 1]),
            ("learning_rate 0.0002", [0, 1], [2, 3]),
        ]
        assert [[record["critic_loss"] for record in m.records] for m in found[1].members] == [[3, 3], [4, 4]]

    def test_what_was_given_in_python_tells_runs_apart(self, tmp_path):
        networks = ({"generator": "mine:Small", "critic": "mine:Critic"}, {"generator": "mine:<Big>", "critic": "mine:Critic"})
        runs = [
            make_run(tmp_path / name, config={"python": given, "seed": 1}) for name, given in zip("ab", networks, strict=True)
        ]
        assert list(settings(*runs)) == ["python generator mine:Small", "python generator mine:<Big>"]
        page = page_of(tmp_path, *runs)
        assert page.row("python generator") == ["mine:Small", "mine:<Big>"]
        assert "Comparison on" not in page.text and "none" not in page.text.split("Settings")[0]

    def test_a_folder_named_twice_counts_once(self, tmp_path):
        folder = run(tmp_path / "a")
        assert settings(folder, tmp_path / "." / "a") == {"a": [5]}

    def test_fields_that_add_nothing_are_left_out(self):
        assert telling_fields([{"a": 1, "b": 1, "c": 1}, {"a": 1, "b": 2, "c": 2}]) == ["b"]
        assert telling_fields([{"a": 1, "b": 1}, {"a": 1, "b": 2}, {"a": 2, "b": 1}]) == ["a", "b"]
        assert telling_fields([{"a": 1}]) == []

    def test_what_is_no_run_is_refused_in_one_line(self, tmp_path):
        with pytest.raises(UserError, match="no run to compare"):
            read_runs([])
        with pytest.raises(UserError, match=r"is no run folder: it has no config\.json"):
            read_runs([tmp_path])
        (tmp_path / "config.json").write_text('{"variant": ')
        with pytest.raises(UserError, match=r"config\.json cannot be read"):
            read_runs([tmp_path])


class TestTables:
    def test_means_deviations_counts_and_the_best(self, tmp_path):
        first, second = run(tmp_path / "a", clip=1, replicas=2), run(tmp_path / "b", clip=2, value=7.0)
        evaluated(first, {"fid_1k": 2.0, "modes": 8, "c": 1}, {"fid_1k": 4.0, "modes": 8, "c": 1})
        evaluated(second, {"fid_1k": 9.0, "modes": 8})
        page = page_of(tmp_path, first, second)
        loss = [row for row in page.rows if row[0].startswith("critic_loss")]
        assert loss == [["critic_loss", "1.5 ± 0.71 (2)", "7"]]  # no direction of a loss is the better one
        assert meaning_of("critic_loss") in page.text
        assert page.row("fid_1k") == ["3 ± 1.4 (2), the best", "9"]
        assert page.row("modes") == ["8 ± 0 (2)", "8"]  # alike
        assert page.row("c") == ["1 ± 0 (2)", "\N{EN DASH}"]
        assert len(page.all("span", **{"class": "best"})) == 1

    def test_values_stand_in_the_order_of_the_table_with_meaning_and_direction(self, tmp_path):
        folder = run(tmp_path / "a")
        evaluated(folder, {"modes_pacgan_2500": 8, "mine": 1.0, "fid_lab_1k": 2.0})
        page = page_of(tmp_path, folder)
        names = [row[0] for row in page.rows if row[0] in ("modes_pacgan_2500", "mine", "fid_lab_1k")]
        assert names == ["fid_lab_1k", "modes_pacgan_2500", "mine"]
        for name, direction in (("fid_lab_1k", "lower"), ("modes_pacgan_2500", "higher")):
            assert f"{meaning_of(name)}; {direction} is better" in page.text

    def test_a_setting_with_a_seed_that_is_not_finite_is_not_the_best(self, tmp_path):
        first, second = run(tmp_path / "a", clip=1, replicas=2), run(tmp_path / "b", clip=2)
        evaluated(first, {"fid_1k": 1.0}, {"fid_1k": None})
        evaluated(second, {"fid_1k": 3.0})
        assert page_of(tmp_path, first, second).row("fid_1k") == ["1, 1 not finite", "3"]

    def test_differences_of_configuration_and_environment(self, tmp_path):
        first, second = run(tmp_path / "a", clip=1), run(tmp_path / "b", clip=2, seed=9)
        environment = json.loads((first / "environment.json").read_text())
        environment |= {"versions": {"jax": "9.9", "numpy": "2.3"}, "command": ["other"], "date": "today"}
        (second / "environment.json").write_text(json.dumps(environment))
        page = page_of(tmp_path, first, second)
        assert page.row("clip") == ["1", "2"]
        assert not any(row[0] in ("seed", "variant", "command", "date") for row in page.rows)
        assert page.row("versions jax") == ["0.10.0", "9.9"]
        assert "versions numpy 2.3" in page.text

    def test_one_run_has_nothing_to_differ_from(self, tmp_path):
        page = page_of(tmp_path, run(tmp_path / "alone"))
        assert "all runs are seeds of one setting" in page.text
        assert page.row("alone") == ["5", "alone"]


class TestPage:
    def test_one_slider_for_a_strip_a_setting_by_share_of_the_run(self, tmp_path):
        whole = run(tmp_path / "a", clip=1, replicas=2)
        half = make_run(tmp_path / "b", config={**CONFIG, "clip": 2}, steps=(0, 75, 150))
        page = page_of(tmp_path, whole, half)
        (slider,) = page.all("input", type="range")
        assert (slider["min"], slider["max"], slider["value"]) == ("0", "100", "100")
        places = [float(frame["data-place"]) for frame in page.frames()]
        assert places == pytest.approx([0, 100 / 3, 200 / 3, 100, 0, 25, 50], abs=1e-3)
        assert sum("hidden" not in frame for frame in page.frames()) == 2
        assert "clip 1, seed 5, step 300" in page.text and "clip 2, seed 5, step 150" in page.text

    def test_no_address_leaves_the_page(self, tmp_path):
        runs = [run(tmp_path / "a", clip=1), run(tmp_path / "b", clip=2)]
        source = write_comparison(runs, tmp_path / "compare.html").read_text(encoding="utf-8")
        assert len(PLOTLY.findall(source)) == 1
        source = PLOTLY.sub("", source)
        assert "https:" not in source and "http:" not in source and "url(" not in source
        addresses = [value for _, found in Page(source).elements for name, value in found.items() if name in ("src", "href")]
        assert all(address.startswith("data:") for address in addresses)
        (policy,) = Page(source).all("meta", **{"http-equiv": "Content-Security-Policy"})
        assert "default-src 'none'" in policy["content"]

    def test_settings_are_lines(self, tmp_path):
        page = page_of(tmp_path, run(tmp_path / "a", clip=1, replicas=2), run(tmp_path / "b", clip=2))
        (view,) = page.figures()["charts"][0]["views"]
        assert [trace["name"] for trace in view["traces"] if "name" in trace] == ["clip 1 (2\N{NO-BREAK SPACE}seeds)", "clip 2"]

    def test_values_are_text_wherever_they_stand(self, tmp_path):
        hostile = "</script><b>&amp;'\""
        page = page_of(tmp_path, run(tmp_path / "a", recipe=hostile), run(tmp_path / "b <b>", recipe="y", generator=hostile))
        assert not page.all("b")
        assert page.row("recipe") == [hostile, "y"]

    def test_runs_whose_samples_cannot_be_drawn_say_so(self, tmp_path):
        folder = undrawable(run(tmp_path / "a", clip=1), [2, 3, 4, 5, 1])
        page = page_of(tmp_path, folder, run(tmp_path / "b", clip=2))
        assert NOT_DRAWN in page.text and len(page.frames()) == 4  # beside what can be drawn
        page = page_of(tmp_path, folder)
        assert NOT_DRAWN in page.text and not page.frames() and not page.all("input", type="range")

    def test_runs_without_metrics_and_pictures_say_so(self, tmp_path):
        runs = [make_run(tmp_path / name, config={**CONFIG, "clip": i}, steps=(), records=[]) for i, name in enumerate("ab")]
        page = page_of(tmp_path, *runs)
        for line in ("No curves", "No sample pictures", "No metrics"):
            assert line in page.text
        assert not page.all("input")
