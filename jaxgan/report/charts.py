"""Curves that can be zoomed and hovered over: records of metrics.jsonl in, figures for Plotly out.

A figure is plain data, as Plotly's JSON schema has it: a page is then written without loading the library. charts.js hands it
to Plotly, in the page's colours. A line is the mean over seeds (of those that are finite); the band about it is one standard
deviation (n - 1) wide to either side.
"""

import html
import math
import textwrap
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxgan.folder import series
from jaxgan.metrics.table import (
    LOSSES,
    MEASURED,
    NEAR_ZERO,
    NORMS,
    OTHERS,
    PENALTIES,
    SCORES,
    SPEED,
    WEIGHTS,
    better,
    chart_of,
    chart_titles,
    in_order,
    meaning_of,
    range_of,
)
from jaxgan.report.html import Markup, joined, markup, own_text, script, script_data

ABOUT = {
    LOSSES: (
        "What each network minimises. They pull against each other, so in a good run neither ends at 0; a line that leaps away, or a critic's"
        " that stays at 0, is a bad sign."
    ),
    SCORES: "What the critic gives real and generated samples. The nearer the lines, the less it tells them apart.",
    PENALTIES: "What the critic pays for its gradient. Near 0 where the gradient is as the penalty wants it.",
    NORMS: "How steep the critic is. The penalty of WGAN-GP asks for 1.",
    NEAR_ZERO: "Near 1, next to nothing is learnt: gradients vanish.",
    WEIGHTS: "The smallest and the largest weight. Under --clip both stay within its bound.",
    SPEED: "Higher is faster; a dip is other work on the machine.",
}  # what to see in a chart of several metrics

Records = Sequence[Mapping[str, Any]]  # the lines of metrics.jsonl of one seed

POINTS = 1000  # of a line, at most
LEGEND = 38  # letters in a line of the legend: as many as a phone shows
FEW = 40  # points: a line of no more has a mark at each
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")  # told apart without colours, too

LAYOUT: dict[str, Any] = {
    "height": 280,  # without the legend, for which charts.js makes room below
    "margin": {"l": 52, "r": 12, "t": 30, "b": 48},
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
    "font": {"size": 12, "family": "system-ui, sans-serif"},
    "hovermode": "x unified",
    "showlegend": True,
    "legend": {"orientation": "v", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom", "font": {"size": 12}},
    "xaxis": {
        "title": {"text": "generator steps", "standoff": 6},
        "zeroline": False,
        "tickformat": ",d",
        "nticks": 6,
        "unifiedhovertitle": {"text": "step %{x}"},
    },
    "yaxis": {"zeroline": False, "automargin": True, "exponentformat": "power"},
}
CONFIG = {
    "displaylogo": False,
    "showSendToCloud": False,  # the button that uploads a chart
    "plotlyServerURL": "",
    "responsive": True,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
    "toImageButtonOptions": {"scale": 2},
}


class OverSeeds(NamedTuple):
    """One metric over seeds, by step (S,); NaN where no seed is finite, a deviation of NaN where fewer than two are."""

    steps: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    counted: np.ndarray  # seeds that are finite
    seeds: int
    most: float  # the highest finite value of any seed at any step; NaN where there is none


class View(NamedTuple):
    """What a chart shows at one time."""

    name: str
    traces: list[dict[str, Any]]
    about: str  # what it says, and which direction is better


class Chart(NamedTuple):
    """A chart, and the views that a reader may choose from."""

    title: str
    views: list[View]


def split_by_replica(records: Records) -> list[list[Mapping[str, Any]]]:
    """The records of each replica, in order of its number; of a lone run all of them."""
    replicas: dict[int, list[Mapping[str, Any]]] = {}
    for record in records:
        replicas.setdefault(record.get("replica") or 0, []).append(record)
    return [replicas[replica] for replica in sorted(replicas)]


def charts_of_run(records: Records) -> list[Chart]:
    """A chart a group of metrics, all of its metrics in one view; of measured values, and of others, a view each."""
    seeds = split_by_replica(records)
    return charts_of_curves({metric: over_seeds(seeds, metric) for metric in _names(seeds)})


def charts_of_curves(curves: Mapping[str, OverSeeds]) -> list[Chart]:
    """The same of curves by metric."""
    charts = []
    for title, metrics in _grouped(curves).items():
        if title in (MEASURED, OTHERS):
            views = [View(metric, _lines(curves, _with_reference(metric, curves)), about_metric(metric)) for metric in metrics]
        else:
            views = [View(title, _lines(curves, metrics), ABOUT.get(title, ""))]
        charts.append(Chart(title, [view for view in views if view.traces]))
    return [chart for chart in charts if chart.views]


def charts_of_settings(settings: Mapping[str, Sequence[Records]]) -> list[Chart]:
    """A chart a group of metrics, a view a metric and a line a setting; `settings` has the records of each seed by label."""
    metrics = _names([seed for seeds in settings.values() for seed in seeds])
    return charts_of_curves_by_setting(
        {label: {metric: over_seeds(seeds, metric) for metric in metrics} for label, seeds in settings.items()}
    )


def charts_of_curves_by_setting(settings: Mapping[str, Mapping[str, OverSeeds]]) -> list[Chart]:
    """The same of curves, by label and metric."""
    charts = []
    for title, metrics in _grouped(dict.fromkeys(metric for curves in settings.values() for metric in curves)).items():
        views = []
        for metric in metrics:
            traces = [
                trace
                for i, (label, curves) in enumerate(settings.items())
                if metric in curves and len(curves[metric].steps)
                for trace in _traces(curves[metric], label, i, range_of(metric, curves[metric].most))
            ]
            views.append(View(metric, traces, about_metric(metric) or ABOUT.get(title, "")))
        charts.append(Chart(title, [view for view in views if view.traces]))
    return [chart for chart in charts if chart.views]


def over_seeds(seeds: Sequence[Records], metric: str) -> OverSeeds:
    """Mean and deviation of a metric over the seeds.

    A step counts where each seed that had begun and not ended has a value: seeds that were logged at different steps are
    compared where they meet, if they do. No more than `POINTS` steps are kept, evenly chosen, the first and the last among them.
    """
    all_series = [series(seed, metric) for seed in seeds]
    by_seed = [dict(zip(steps.tolist(), values[:, 0].tolist(), strict=True)) for steps, values in all_series if len(steps)]
    steps = np.array(sorted(set().union(*by_seed)) if by_seed else [])
    if len(by_seed) > 1:
        there = np.array([[step in values for values in by_seed] for step in steps])
        first, last = ([end(values) for values in by_seed] for end in (min, max))
        running = (steps[:, None] >= first) & (steps[:, None] <= last)
        meeting = (there | ~running).all(axis=1)
        if (meeting & (there.sum(axis=1) > 1)).any():
            steps = steps[meeting]
    if len(steps) > POINTS:
        steps = steps[np.unique(np.round(np.linspace(0, len(steps) - 1, POINTS)).astype(int))]
    table = np.array([[values.get(step, math.nan) for values in by_seed] for step in steps.tolist()]).reshape(
        len(steps), len(by_seed)
    )
    return over_table(steps, table)


def over_table(steps: np.ndarray, table: np.ndarray) -> OverSeeds:
    """Mean and deviation of values (S, R) at steps (S,), a column a seed, NaN where one has none."""
    finite = np.isfinite(table)
    counted = finite.sum(axis=1)
    with np.errstate(all="ignore"):  # no seed, or one, or an overflow: NaN or infinite, which leaves a gap
        mean = np.where(finite, table, 0).sum(axis=1) / counted
        squares = (np.where(finite, table - mean[:, None], 0) ** 2).sum(axis=1)
        deviation = np.where(counted > 1, np.sqrt(squares / (counted - 1)), math.nan)
    most = table[finite].max() if finite.any() else math.nan
    return OverSeeds(steps, mean, deviation, counted, table.shape[1], float(most))


def about_metric(name: str) -> str:
    """What a metric says and which direction is better, as a sentence or two; empty for one that is not known."""
    meaning, direction = meaning_of(name), better(name)
    if not meaning:
        return ""
    return f"{meaning[0].upper()}{meaning[1:]}." + (f" {direction.capitalize()} is better." if direction else "")


def _names(seeds: Sequence[Records]) -> list[str]:
    """The metrics of all seeds, in the order in which they were first logged."""
    return list(dict.fromkeys(name for seed in seeds for record in seed for name in record if name not in ("step", "replica")))


def _grouped(names: Iterable[str]) -> dict[str, list[str]]:
    """The metrics by the title of their chart, both in the order of the table."""
    groups: dict[str, list[str]] = {title: [] for title in chart_titles()}
    for name in in_order(names):
        title = chart_of(name)
        if title is not None:
            groups[title].append(name)
    return {title: metrics for title, metrics in groups.items() if metrics}


def _with_reference(metric: str, names: Container[str]) -> list[str]:
    """The value and, where it was measured between real samples too, that one."""
    real = f"{metric}_of_real"
    return [metric, real] if real in names else [metric]


def _lines(curves: Mapping[str, OverSeeds], metrics: Sequence[str]) -> list[dict[str, Any]]:
    named = [(metric, curves[metric]) for metric in metrics]
    return [
        trace
        for i, (metric, curve) in enumerate(named)
        if len(curve.steps)
        for trace in _traces(curve, metric.replace("_", " "), i, range_of(metric, curve.most))
    ]


def _traces(curve: OverSeeds, name: str, number: int, possible: tuple[float, float]) -> list[dict[str, Any]]:
    """A band, where there is a deviation, and the line over it. `meta.series` is the line's number, which has a colour.

    The band ends where values do that are `possible`: no share is less than 0 or more than 1.

    Names are escaped: Plotly reads a little HTML in what it writes.
    """
    several = f" ({curve.seeds}\N{NO-BREAK SPACE}seeds)" if curve.seeds > 1 else ""
    steps = [int(step) if step == int(step) else float(step) for step in curve.steps]
    line: dict[str, Any] = {
        "type": "scatter",
        "mode": "lines+markers" if len(steps) <= FEW else "lines",
        "name": "<br>".join(html.escape(part, quote=False) for part in textwrap.wrap(name + several, LEGEND)),
        "x": steps,
        "y": _numbers(curve.mean),
        "line": {"width": 2, "dash": DASHES[number % len(DASHES)]},
        "marker": {"size": 5},
        "connectgaps": False,
        "legendgroup": str(number),
        "meta": {"series": number, "name": html.escape(name, quote=False), "text": name, "seeds": curve.seeds},
        "hovertemplate": "%{meta.name} %{y:.4~g}<extra></extra>",
    }
    if curve.seeds < 2:
        return [line]
    line["customdata"] = [[deviation, int(n)] for deviation, n in zip(_numbers(curve.deviation), curve.counted, strict=True)]
    line["hovertemplate"] = (
        "%{meta.name} %{y:.4~g} ± %{customdata[0]:.2~g}, %{customdata[1]} of %{meta.seeds} seeds<extra></extra>"
    )
    x, y = _band(curve, possible)
    band = {
        "type": "scatter", "mode": "lines", "x": x, "y": y, "fill": "toself", "line": {"width": 0}, "opacity": 0.2, "hoverinfo": "skip",
        "showlegend": False, "legendgroup": str(number), "meta": {"series": number, "band": True},
    }  # fmt: skip
    return [band, line]


def _band(curve: OverSeeds, possible: tuple[float, float]) -> tuple[list[Any], list[Any]]:
    """The outline of mean ± deviation, within what is possible: there and back, a closed shape a stretch without gaps, None between them."""
    with np.errstate(all="ignore"):  # what overflows leaves a gap
        low, high = np.clip([curve.mean - curve.deviation, curve.mean + curve.deviation], *possible)
    whole = np.isfinite(low) & np.isfinite(high)
    x: list[Any] = []
    y: list[Any] = []
    for stretch in np.split(np.arange(len(whole)), np.flatnonzero(np.diff(whole.astype(int))) + 1):
        if not len(stretch) or not whole[stretch[0]]:
            continue
        steps = curve.steps[stretch].tolist()
        x += [*steps, *steps[::-1], None]
        y += [*_numbers(high[stretch]), *_numbers(low[stretch][::-1]), None]
    return x, y


def _numbers(values: np.ndarray) -> list[float | None]:
    """Six digits of each, which is more than a screen shows; None for what is not finite."""
    return [float(f"{value:.6g}") if math.isfinite(value) else None for value in values.tolist()]


# HTML


def figures_of(charts: Sequence[Chart]) -> dict[str, Any]:
    """All charts with their layout, as charts.js takes them."""
    return {
        "layout": LAYOUT,
        "config": CONFIG,
        "charts": [{"title": chart.title, "views": [view._asdict() for view in chart.views]} for chart in charts],
    }


def charts_html(charts: Sequence[Chart]) -> Markup:
    """A place for each chart, with a choice where it has several views; hidden until a script fills it."""
    return markup('<div class="charts" hidden>\n{}\n</div>', joined(_place(i, chart) for i, chart in enumerate(charts)))


def _place(number: int, chart: Chart) -> Markup:
    options = joined((markup("<option>{}</option>", view.name) for view in chart.views), "")
    choice = markup('<label>Show <select autocomplete="off">{}</select></label>\n', options)
    return markup(
        """<article class="chart" data-chart="{number}">
<h3>{title}</h3>
<div class="controls">
{choice}<label><input type="checkbox" autocomplete="off"> Log scale</label>
</div>
<p class="about"></p>
<div class="plot" tabindex="0" role="group" aria-label="{title} over generator steps"></div>
<output class="unseen"></output>
</article>""",
        number=number,
        title=chart.title,
        choice=choice if len(chart.views) > 1 else "",
    )


def scripts(charts: Sequence[Chart]) -> Markup:
    """Plotly itself, the figures, and the script that draws them; nothing where there are no charts."""
    if not charts:
        return Markup()
    from plotly.offline import get_plotlyjs

    return joined((script(get_plotlyjs(), "plotly"), script_data("figures", figures_of(charts)), script(own_text("charts.js"))))
