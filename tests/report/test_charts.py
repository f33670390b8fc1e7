"""Curves for Plotly: means and bands over seeds, gaps, and figures that the library accepts."""

import json
import math

import numpy as np
import pytest

from jaxgan.report import charts
from jaxgan.report.charts import charts_of_run, charts_of_settings, figures_of, over_seeds
from jaxgan.report.figures import save_curves
from jaxgan.report.html import script_data

RECORD = {
    "critic_loss": 1, "generator_loss": 1, "score_real": 1, "gradient_penalty": 1, "gradient_norm": 1,
    "penalty_gradient_norm": 1, "critic_gradient_near_zero": 0.5, "critic_weight_min": -1, "steps_per_second": 9,
    "balance": 0.3, "c2st_lab_1k": 0.9, "c2st_lab_1k_low": 0.8, "class_share_3_lab_1k": 0.1, "critic_gradient_norm_1k": 1,
    "wasserstein1_exact_1k": 2, "wasserstein1_exact_1k_of_real": 1, "fid_lab_1k": 20,
}  # fmt: skip


def records_of(values, metric="critic_loss", every=1):
    return [{"step": every * i, metric: value} for i, value in enumerate(values)]


def line_of(view):
    (line,) = [trace for trace in view.traces if not trace["meta"].get("band")]
    return line


class TestOverSeeds:
    def test_mean_and_sample_deviation_over_seeds(self):
        curve = over_seeds([records_of([1.0, 4.0]), records_of([3.0, 4.0]), records_of([5.0, 4.0])], "critic_loss")
        np.testing.assert_allclose(curve.mean, [3, 4])
        np.testing.assert_allclose(curve.deviation, [2, 0])
        assert curve.seeds == 3 and curve.counted.tolist() == [3, 3]

    def test_what_is_not_finite_is_left_out_and_counted(self):
        curve = over_seeds([records_of([1.0, None, None]), records_of([3.0, 5.0, None])], "critic_loss")
        np.testing.assert_array_equal(curve.mean, [2, 5, np.nan])
        np.testing.assert_array_equal(curve.deviation, [math.sqrt(2), np.nan, np.nan])
        assert curve.counted.tolist() == [2, 1, 0]

    def test_seeds_logged_at_different_steps_are_compared_where_they_meet(self):
        curve = over_seeds([records_of(range(7)), records_of([10, 12, 14], every=2)], "critic_loss")
        assert curve.steps.tolist() == [0, 2, 4, 5, 6]  # the second one ends at 4

    def test_seeds_that_never_meet_are_drawn_all_the_same(self):
        shifted = [{"step": record["step"] + 0.5, "critic_loss": 1.0} for record in records_of([1, 1, 1])]
        assert len(over_seeds([records_of([1, 1, 1]), shifted], "critic_loss").steps) == 6

    def test_long_runs_are_thinned_with_first_and_last(self):
        curve = over_seeds([records_of(range(charts.POINTS * 3))], "critic_loss")
        assert len(curve.steps) == charts.POINTS
        assert (curve.steps[0], curve.steps[-1]) == (0, 3 * charts.POINTS - 1)

    def test_nothing_of_a_metric_that_is_not_there_or_is_no_number(self):
        assert len(over_seeds([records_of([1.0])], "score_real").steps) == 0
        assert len(over_seeds([records_of(["<b>"])], "critic_loss").steps) == 0
        assert over_seeds([], "critic_loss").seeds == 0


class TestTraces:
    def test_a_value_that_is_null_leaves_a_gap_in_line_and_band(self):
        values = [1.0, 2.0, None, 4.0, 5.0]
        seeds = {"": [records_of(values), records_of(values)]}
        (chart,) = charts_of_settings(seeds)
        band, line = chart.views[0].traces
        assert line["y"] == values and not line["connectgaps"]
        assert band["x"] == [0, 1, 1, 0, None, 3, 4, 4, 3, None]  # two closed shapes

    def test_one_seed_has_no_band(self):
        (chart,) = charts_of_run(records_of([1.0, 2.0]))
        assert len(chart.views[0].traces) == 1
        assert "seeds" not in chart.views[0].traces[0]["name"]

    def test_the_band_is_one_deviation_wide_to_either_side(self):
        records = [{"step": s, "replica": r, "critic_loss": float(r)} for s in (0, 1) for r in range(3)]
        (chart,) = charts_of_run(records)
        band, line = chart.views[0].traces
        assert band["y"] == [2, 2, 0, 0, None]
        assert line["customdata"] == [[1, 3], [1, 3]] and line["name"] == "critic loss (3\N{NO-BREAK SPACE}seeds)"


class TestCharts:
    def test_metrics_are_grouped_and_measured_values_are_a_choice(self):
        found = {chart.title: [view.name for view in chart.views] for chart in charts_of_run([{"step": 0, **RECORD}])}
        assert list(found)[:2] == ["Measured values", "Losses"]
        assert found["Measured values"] == ["fid_lab_1k", "wasserstein1_exact_1k", "c2st_lab_1k", "critic_gradient_norm_1k"]
        assert found["Others"] == ["balance"]
        assert all(len(views) == 1 for title, views in found.items() if title not in ("Measured values", "Others"))

    def test_a_value_between_real_samples_is_drawn_beside_its_own(self):
        measured = charts_of_run([{"step": 0, **RECORD}])[0]
        assert [trace["name"] for trace in measured.views[1].traces] == [
            "wasserstein1 exact 1k",
            "wasserstein1 exact 1k of real",
        ]

    def test_settings_are_lines_with_a_view_a_metric(self):
        record = {"step": 0, **RECORD}
        found = {chart.title: chart for chart in charts_of_settings({"a": [[record], [record]], "b": [[record]]})}
        losses = found["Losses"]
        assert [view.name for view in losses.views] == ["critic_loss", "generator_loss"]
        assert [trace["name"] for trace in losses.views[0].traces if "name" in trace] == ["a (2\N{NO-BREAK SPACE}seeds)", "b"]

    @pytest.mark.parametrize("several", [False, True])
    def test_plotly_accepts_the_figures(self, several):
        graph_objects = pytest.importorskip("plotly.graph_objects")
        seeds = [[{"step": i, **RECORD} for i in range(3)] for _ in range(2)]
        made = charts_of_settings({"a": seeds, "b": seeds[:1]}) if several else charts_of_run(seeds[0])
        found = figures_of(made)
        for chart in found["charts"]:
            for view in chart["views"]:
                graph_objects.Figure(data=view["traces"], layout=found["layout"])  # refuses what is not in its schema

    def test_long_names_have_lines_that_a_phone_shows_and_stay_whole_in_what_hovers(self):
        name = "variant wgan_gp, learning_rate 0.0001, gradient_penalty_weight 10.0"
        line = line_of(charts_of_settings({name: [records_of([1.0])]})[0].views[0])
        assert line["name"] == "variant wgan_gp, learning_rate 0.0001,<br>gradient_penalty_weight 10.0"
        assert line["meta"]["name"] == name

    def test_hostile_names_stay_text(self):
        name = "</script><a href='x'>&"
        data = script_data("figures", figures_of(charts_of_settings({name: [records_of([1.0])]})))
        text = data.removeprefix('<script type="application/json" id="figures">').removesuffix("</script>")
        assert "<" not in text
        assert (
            line_of(charts_of_settings({name: [records_of([1.0])]})[0].views[0])["name"]
            == "&lt;/script&gt;&lt;a href='x'&gt;&amp;"
        )
        assert json.loads(text)["charts"][0]["title"] == "Losses"

    def test_no_chart_can_be_sent_anywhere(self):
        """Plotly's own default is a button that uploads a chart."""
        assert charts.CONFIG["showSendToCloud"] is False and charts.CONFIG["plotlyServerURL"] == ""


BIG = 1.7e308
GAPS = {
    "none": [], "one": [1.0], "null": [None] * 3, "nan": [math.nan] * 3, "infinite": [math.inf, -math.inf, math.inf], "text": ["a", "b"],
    "gaps": [1.0, None, 2.0, math.nan, 3.0], "mixed": ["a", 1.0, None, math.inf, 2.0], "large": [BIG, -BIG, BIG], "equal and large": [BIG] * 3,
    "tiny": [5e-324, 1e-320], "large and long": [BIG * (-1) ** i for i in range(200)], "flat with a leap": [-1.0] * 70 + [1.0],
    "whole": [2**63 - 1, -(2**63)],
}  # fmt: skip


@pytest.mark.parametrize("name", GAPS)
@pytest.mark.parametrize("replicas", [1, 3])
def test_runs_with_gaps_are_drawn_without_a_warning(name, replicas, tmp_path):
    """Warnings are errors here: numpy's, matplotlib's, and what JSON and Plotly cannot hold."""
    others = {"generator_loss": 1.0, "gradient_norm": None, "fid_lab_1k": 2.0} if len(name) % 2 else {}
    records = [
        {"step": 10 * i, "replica": r, "critic_loss": value, **others}
        for i, value in enumerate(GAPS[name])
        for r in range(replicas)
        if i % 2 == 0 or r != 1  # one is logged at some steps only
    ]
    for made in (charts_of_run(records), charts_of_settings({"a": [records], "b": [records, records]})):
        script_data("figures", figures_of(made))
    if records:
        save_curves(tmp_path / "curves.png", records)


@pytest.mark.parametrize("name", ["$x$", "$\\frac{", "損失", "\x1b[31m\n", "x" * 5000, "", "\ud800", "</svg>", "{x} %d \\"])
def test_any_name_of_a_loss_can_be_drawn(name, tmp_path):
    records = [{"step": step, "critic_loss": 1.0, f"{name}_loss": 2.0} for step in (1, 2)]
    save_curves(tmp_path / "curves.png", records)
    assert (tmp_path / "curves.png").stat().st_size > 1000


def test_more_losses_than_a_picture_has_room_for(tmp_path):
    save_curves(tmp_path / "curves.png", [{"step": step, **{f"{i}_loss": 1.0 for i in range(300)}} for step in (1, 2)])


@pytest.mark.parametrize(
    ("metric", "values", "low", "high"),
    [
        ("modes_pacgan_1k", (0, 8, 8), 1.5, 8.0),  # 16 / 3 - 4.6 ends above 0, 16 / 3 + 4.6 above what any seed found
        ("modes_pacgan_1k", (0, 0, 8), 0.0, None),
        ("precision_lab_1k", (0.9, 1.0, 0.2), None, 1.0),
        ("rarest_class_share_lab_1k", (0.0, 0.0, 0.3), 0.0, None),
        ("fid_lab_1k", (0.0, 0.0, 30.0), -7.32, None),  # of which no range is said
    ],
)
def test_a_band_ends_where_possible_values_do(metric, values, low, high):
    seeds = [[{"step": step, metric: value} for step in (1, 2)] for value in values]
    (chart,) = charts_of_settings({"a": seeds})
    band = next(trace for trace in chart.views[0].traces if trace["meta"].get("band"))
    mean, deviation = np.mean(values), np.std(values, ddof=1)
    drawn = [y for y in band["y"] if y is not None]
    if metric.startswith("modes") and low == 1.5:
        low = mean - deviation
    assert min(drawn) == pytest.approx(mean - deviation if low is None else low, abs=0.01)
    assert max(drawn) == pytest.approx(mean + deviation if high is None else high, abs=0.01)


def test_a_chart_says_what_it_shows_and_which_direction_is_better():
    records = [{"step": 1, "critic_loss": 1.0, "score_real": 1.0, "fid_lab_1k": 2.0, "own_value": 3.0}]
    said = {view.name: view.about for chart in charts_of_run(records) for view in chart.views}
    assert said["fid_lab_1k"].endswith("real and generated samples. Lower is better.")
    assert said["Losses"].startswith("What each network minimises.") and "the nearer" in said["Mean scores"].lower()
    assert said["own_value"] == ""
