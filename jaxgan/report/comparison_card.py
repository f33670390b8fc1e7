"""What a notebook shows of several runs: a table by setting, curves, and the last pictures side by side."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxgan.errors import UserError
from jaxgan.metrics.table import LOSSES, better, chart_of, in_order, is_measured
from jaxgan.report.cards import card, note_of, over_replicas, paragraph_of, picture_of
from jaxgan.report.charts import OverSeeds, over_seeds
from jaxgan.report.comparison import Member, Setting, read_runs, settings_of, write_comparison
from jaxgan.report.figures import DRAWABLE, INK, PALETTE, figure_array, plain_name
from jaxgan.report.frames import as_frame, wide_table
from jaxgan.report.html import Markup, joined, markup, mean_and_deviation
from jaxgan.report.images import png_of
from jaxgan.report.shown import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 6  # metrics of a table in a notebook, at most
PANELS = 6  # of the curves, at most
STYLES = ("-", "--", ":", "-.")  # told apart without colours, too
MOST_PICTURES = 12


class Comparison:
    """Runs side by side, by what was trained: runs, and replicas, that differ in nothing but the seed are seeds of one setting.

    A notebook shows it where it stands at the end of a cell.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        """Raises UserError for no folder, or one that is none."""
        self._folders = list(folders)
        self._complaints: list[str] = []
        self._settings = settings_of(read_runs(self._folders, self._complaints.append))

    @property
    def settings(self) -> list[str]:
        """What tells the settings apart, in words, in the order of the table."""
        return [setting.label for setting in self._settings]

    def frame(self, library: str = "pandas") -> Any:
        """A data frame of "pandas" or "polars" with a row a seed: its setting, run folder, seed and last values, evaluation included.

        Raises:
            UserError: another library, or one that is not installed.
        """
        rows = [
            {"setting": setting.label, "folder": str(member.run.folder), "seed": member.seed, **_last(member)}
            for setting in self._settings
            for member in setting.members
        ]
        return as_frame(rows, library)

    def curves(self) -> Picture:
        """The curves of the settings as a picture: the mean over the seeds, the band one standard deviation.

        Raises:
            UserError: nothing was logged yet.
        """
        return Picture(figure_array(comparison_figure(self._settings)))

    def save(self, path: str | Path = "compare.html") -> Path:
        """Writes the whole page of the comparison, with curves that can be zoomed, and returns its path."""
        return write_comparison(self._folders, Path(path))

    def _ranks(self) -> bool:
        """Whether anything was measured that ranks the settings."""
        return any(better(name) for setting in self._settings for member in setting.members for name in _last(member))

    def __repr__(self) -> str:
        seeds = sum(len(setting.members) for setting in self._settings)
        return f"Comparison({len(self._settings)} settings, {seeds} seeds: {'; '.join(self.settings)})"

    def _repr_html_(self) -> str:
        values = {setting.label: [_last(member) for member in setting.members] for setting in self._settings}
        table = by_setting(values)
        several = MEAN if any(len(members) > 1 for members in values.values()) else ""
        parts = [
            table,
            *map(paragraph_of, filter(None, (several, STAR if "★" in table else "", "" if self._ranks() else LOSS))),
        ]
        parts += map(paragraph_of, self._complaints)
        if _drawn_names(self._settings):
            parts.append(picture_of(png_of(self.curves().pixels), "curves over generator steps"))
        pictures = [_picture(setting) for setting in self._settings[:MOST_PICTURES]]
        parts.append(markup('<div style="display:flex;flex-wrap:wrap;gap:1em">{}</div>', joined(pictures)))
        return card(f"{len(values)} settings", joined(parts))


MEAN = "Mean ± standard deviation over the seeds of a setting."
STAR = "A star marks the best of a column."
LOSS = "Losses of different variants do not compare; what does is measured: metrics_every=500 in the Config, or jaxgan evaluate RUN."


def by_setting(values: Mapping[str, Sequence[Mapping[str, Any]]], first: str = "setting") -> Markup:
    """A row a setting and a column a metric, of the values of each setting's seeds; a star stands before the best mean."""
    names = columns_of([seed for seeds in values.values() for seed in seeds])
    best = {name: _best(name, [[seed.get(name) for seed in seeds] for seeds in values.values()]) for name in names}
    rows = [
        [label, f"{len(seeds):,}"]
        + [
            f"{'★ ' if i == best[name] else ''}{over_replicas(known)}"
            if (known := [s[name] for s in seeds if name in s])
            else "–"
            for name in names
        ]
        for i, (label, seeds) in enumerate(values.items())
    ]
    heads = [
        joined((name, markup('<small style="display:block">{}</small>', note_of(name) if better(name) else "")), "")
        for name in names
    ]
    return wide_table([first, "seeds", *heads], rows)


def columns_of(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """The metrics of a short table: those with a better direction, at most six; the losses where there are none."""
    names = in_order(dict.fromkeys(name for record in records for name in record))
    ranked = [name for name in names if better(name)]
    return (ranked or [name for name in names if chart_of(name) == LOSSES])[:COLUMNS]


def _best(name: str, values: Sequence[Sequence[Any]]) -> int | None:
    """The place of the best mean; None where none is best, or all are alike. A setting with a value that is not finite is not the best."""
    direction = better(name)
    means = [
        mean_and_deviation(seeds)[0] if seeds and all(isinstance(v, int | float) and np.isfinite(v) for v in seeds) else None
        for seeds in values
    ]
    known = [mean for mean in means if mean is not None]
    if direction is None or len(set(known)) < 2:
        return None
    return means.index(max(known) if direction == "higher" else min(known))


def _last(member: Member) -> dict[str, Any]:
    """Of each metric the value logged last, and those of evaluation.json."""
    last: dict[str, Any] = {}
    for record in member.records:
        last |= record
    evaluated = member.run.evaluated
    last |= evaluated[member.replica] if member.replica < len(evaluated) else {}
    return {name: value for name, value in last.items() if name not in ("step", "replica")}


def _picture(setting: Setting) -> Markup:
    """The last picture of the first seed that has one."""
    for member in setting.members:
        own = [picture for picture in member.run.pictures if picture.replica == member.replica]
        content = member.run.embedded(own[-1].path) if own else None
        if content is not None:
            seed = "" if member.seed is None else f", seed {member.seed}"
            return markup(
                '<figure style="margin:0;flex:0 1 16em;min-width:0"><img style="display:block;max-width:100%;background:#fff" alt="{0}" '
                'src="{1}"><figcaption style="opacity:.75"><small>{0}</small></figcaption></figure>',
                f"{setting.label}{seed}, step {own[-1].step:,}", content.still,
            )  # fmt: skip
    return Markup()


def comparison_figure(settings: Sequence[Setting]) -> "Figure":
    """Draw losses and measured values over the steps, a panel a metric and a line a setting.

    Raises:
        UserError: there is nothing to draw.
    """
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine
    from matplotlib.ticker import StrMethodFormatter

    wanted = _drawn_names(settings)
    if not wanted:
        raise UserError("curves: nothing was logged yet")
    rows = -(-len(wanted) // 2)
    figure = Figure(
        figsize=(9, 0.5 + 2.4 * rows), dpi=100, layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1), facecolor="white"
    )
    grid = figure.subplots(rows, 2, squeeze=False).ravel()
    for axes, name in zip(grid, wanted, strict=False):
        direction = better(name)
        axes.set_title(plain_name(name) + (f" ({direction} is better)" if direction else ""), fontsize=10, color=INK)
        for i, setting in enumerate(settings):
            _draw(axes, over_seeds([member.records for member in setting.members], name), plain_name(setting.label), i)
        axes.grid(color="#e6e6e6", lw=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    for axes in grid[len(wanted) :]:
        axes.set_axis_off()
    lines, labels = grid[0].get_legend_handles_labels()
    figure.legend(lines, labels, loc="outside lower center", frameon=False, fontsize=9, ncols=min(3, len(lines)) or 1)
    return figure


def _drawn_names(settings: Sequence[Setting]) -> list[str]:
    """The losses, and the measured values that rank settings, as many as there are panels."""
    names = in_order(dict.fromkeys(n for s in settings for m in s.members for record in m.records for n in record))
    losses = [name for name in names if chart_of(name) == LOSSES]
    return [*losses, *(name for name in names if is_measured(name) and better(name))][:PANELS]


def _draw(axes: "Axes", curve: OverSeeds, label: str, number: int) -> None:
    colour = PALETTE[number % len(PALETTE)]
    mean, deviation = (np.where(np.abs(part) < DRAWABLE, part, np.nan) for part in (curve.mean, curve.deviation))
    style = STYLES[number // len(PALETTE) % len(STYLES)]
    axes.plot(curve.steps, mean, style, color=colour, lw=1.5, marker="." if len(mean) == 1 else "", label=label)
    if curve.seeds > 1:
        axes.fill_between(curve.steps, mean - deviation, mean + deviation, color=colour, alpha=0.15, lw=0)
