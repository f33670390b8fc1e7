"""Vectors, series and volumes in, figures out: generated samples beside real ones, in the data's own units.

They are drawn as `jaxgan.report.figures` draws: by matplotlib's objects, without pyplot.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from jaxgan.data import Scaling
from jaxgan.data.scaling import numbered_names
from jaxgan.report.figures import DRAWABLE, INK, QUIET, VERMILION, plain_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PAIRED = 4  # features whose pairs are drawn
MARGINALS = 12  # features whose histograms are drawn
BINS = 40
COLUMNS = 4  # of small multiples
CHANNELS = 4  # of a series
VOLUMES = 6  # of each kind
RANGED, RANGED_ROWS = 6, 8  # features, and rows of series and volumes, that are drawn over the values of a label
EDGE = 0.15  # of the range, left free at either side


def samples_figure(
    samples: Float[np.ndarray, "n *sample"],
    *,
    real: Float[np.ndarray, "m *sample"] | None = None,
    scaling: Scaling | None = None,
    title: str = "",
) -> "Figure":
    """The figure of vectors (N, F), series (N, T, C) or volumes (N, D, H, W, C), generated and real, as networks see them.

    With a `scaling` they are drawn in the data's own units, under the names of its features.
    """
    fake = _drawable(samples, scaling)
    known = None if real is None or not len(real) else _drawable(real, scaling)
    names = scaling.feature_names() if scaling else numbered_names(fake.shape[-1])
    figures = {2: vectors_figure, 3: series_figure, 5: volumes_figure}
    return figures[fake.ndim](fake, known, [plain_name(name) for name in names], title)


def range_figure(
    samples: Float[np.ndarray, "n values *sample"], titles: Sequence[str], *, label: str = "", scaling: Scaling | None = None
) -> "Figure":
    """The figure of n vectors, series or volumes drawn at each value of a label: a column a value, under its title.

    Vectors are histograms, a row a feature (of two numbers without names and units: points of the plane, in one row), with the mean as a
    line; series are lines and volumes middle slices, a row a latent, of eight rows at most. Axes and greys are the same in all columns.
    """
    drawn = np.stack([_drawable(of_value, scaling) for of_value in np.moveaxis(samples, 1, 0)])  # (values, n, ...)
    names = [plain_name(name) for name in (scaling.feature_names() if scaling else numbered_names(drawn.shape[-1]))]
    if drawn.ndim == 3 and drawn.shape[2] == 2 and scaling is None:
        return _points_over_a_label(drawn, titles, label)
    figures = {3: _vectors_over_a_label, 4: _series_over_a_label, 6: _volumes_over_a_label}
    return figures[drawn.ndim](drawn, titles, label, names)


def _small_multiples(rows: int, titles: Sequence[str], label: str, note: str, **how: Any) -> tuple["Figure", np.ndarray]:
    """Axes in rows and columns, whose titles stand over the first row."""
    figure = _figure((0.8 + 1.5 * len(titles), 0.8 + 1.4 * rows), plain_name(label), note)
    all_axes = figure.subplots(rows, len(titles), squeeze=False, **how)
    for axes, title in zip(all_axes[0], titles, strict=True):
        axes.set_title(plain_name(title), fontsize=9, color=INK, loc="left")
    for axes in all_axes.ravel():
        _quiet(axes)
    return figure, all_axes


def _the_first(shown: int, count: int, what: str) -> list[str]:
    """In words that not all are shown; nothing where all are."""
    return [f"the first {shown} of {count:,} {what}"] if shown < count else []


def _points_over_a_label(drawn: np.ndarray, titles: Sequence[str], label: str) -> "Figure":
    figure, all_axes = _small_multiples(1, titles, label, "", sharex=True, sharey=True)
    for axes, points in zip(all_axes[0], drawn, strict=True):
        _scatter(axes, points, None)
        axes.set(xlim=_limits(drawn[..., 0].ravel()), ylim=_limits(drawn[..., 1].ravel()), aspect="equal")
    return figure


def _vectors_over_a_label(drawn: np.ndarray, titles: Sequence[str], label: str, names: Sequence[str]) -> "Figure":
    features = drawn.shape[2]
    shown = min(features, RANGED)
    note = ", ".join(_the_first(shown, features, "features"))
    figure, all_axes = _small_multiples(shown, titles, label, note, sharex="row", sharey="row")
    for feature, in_row in enumerate(all_axes):
        limits = _limits(drawn[..., feature].ravel())
        for axes, values in zip(in_row, drawn[..., feature], strict=True):
            _histograms(axes, values, None, limits)
            axes.axvline(float(np.nanmean(values)) if np.isfinite(values).any() else np.nan, color=INK, lw=0.8)
            axes.set(xlim=limits, yticks=[])
            axes.locator_params("x", nbins=4)
        in_row[0].set_ylabel(names[feature])
    return figure


def _series_over_a_label(drawn: np.ndarray, titles: Sequence[str], label: str, names: Sequence[str]) -> "Figure":
    channels = min(drawn.shape[3], CHANNELS)
    latents = min(drawn.shape[1], RANGED_ROWS // channels)
    notes = [*_the_first(latents, drawn.shape[1], "latents"), *_the_first(channels, drawn.shape[3], "channels")]
    figure, all_axes = _small_multiples(latents * channels, titles, label, ", ".join(notes), sharex=True)
    for row, in_row in enumerate(all_axes):
        latent, channel = divmod(row, channels)
        for axes, line in zip(in_row, drawn[:, latent, :, channel], strict=True):
            axes.plot(line, color=VERMILION, lw=1.2)
            axes.set_ylim(_limits(drawn[..., channel].ravel()))
        for axes in in_row[1:]:
            axes.set_yticklabels([])
        in_row[0].set_ylabel(names[channel])
    for axes in all_axes[-1]:
        axes.set_xlabel("time step")
    return figure


def _volumes_over_a_label(drawn: np.ndarray, titles: Sequence[str], label: str, names: Sequence[str]) -> "Figure":
    latents = min(drawn.shape[1], RANGED_ROWS)
    of = [f"channel {names[0]} of {drawn.shape[-1]}"] if drawn.shape[-1] > 1 else []
    note = ", ".join([*_the_first(latents, drawn.shape[1], "latents"), *of, "middle of axis 1"])
    figure, all_axes = _small_multiples(latents, titles, label, note)
    low, high = _limits(drawn[..., 0].ravel())
    for latent, in_row in enumerate(all_axes):
        for axes, volume in zip(in_row, drawn[:, latent, ..., 0], strict=True):
            image = axes.imshow(volume[len(volume) // 2], cmap="gray", vmin=low, vmax=high)
            axes.set(xticks=[], yticks=[])
    bar = figure.colorbar(image, ax=all_axes, shrink=0.6)
    bar.set_label(names[0], fontsize=8, color=INK)
    bar.ax.tick_params(colors=QUIET, labelsize=7)
    return figure


def _drawable(samples: np.ndarray, scaling: Scaling | None) -> np.ndarray:
    """In units, NaN where a number is none that can be drawn."""
    with np.errstate(over="ignore", invalid="ignore"):  # of a run that diverged
        units = scaling.to_units(samples) if scaling else np.asarray(samples, np.float64)
    return np.where(np.abs(units) < DRAWABLE, units, np.nan)


def vectors_figure(fake: np.ndarray, real: np.ndarray | None, names: Sequence[str], title: str = "") -> "Figure":
    """Histograms of the first twelve features, and the pairs of the first four: generated over real."""
    features = fake.shape[1]
    paired, shown = min(features, PAIRED), min(features, MARGINALS)
    rows = paired - (-(shown - paired) // paired)
    figure = _figure(
        (1.2 + 2.3 * max(paired, 2), 1.2 + 2.0 * rows),
        title,
        f"the first {shown} of {features:,} features" if shown < features else "",
    )
    all_axes = figure.subplots(rows, paired, squeeze=False)
    limits = [_limits(fake[:, i] if real is None else real[:, i]) for i in range(shown)]
    for row in range(rows):
        for column in range(paired):
            axes = all_axes[row, column]
            place = column if row < paired else paired + (row - paired) * paired + column
            if row < paired and column < row:
                _scatter(axes, fake[:, [column, row]], None if real is None else real[:, [column, row]])
                axes.set(xlim=limits[column], ylim=limits[row], xlabel=names[column], ylabel=names[row])
            elif (row < paired and column == row) or (row >= paired and place < shown):
                _histograms(axes, fake[:, place], None if real is None else real[:, place], limits[place])
                axes.set(xlim=limits[place], xlabel=names[place], yticks=[])
            else:
                axes.set_axis_off()
            axes.locator_params("x", nbins=4)
            _quiet(axes)
    _key(figure, real is not None)
    return figure


def series_figure(fake: np.ndarray, real: np.ndarray | None, names: Sequence[str], title: str = "") -> "Figure":
    """Generated series as lines, over real ones, with the same axes: eight of each of one channel; else four, a row a channel."""
    channels = min(fake.shape[2], CHANNELS)
    left_out = f"the first {channels} of {fake.shape[2]:,} channels" if channels < fake.shape[2] else ""
    most = 2 * COLUMNS if channels == 1 else COLUMNS
    kinds = [("generated", fake[:most], VERMILION)] + ([] if real is None else [("real", real[:most], QUIET)])
    rows = [
        (kind if start + channel == 0 else "", samples[start : start + COLUMNS, :, channel], channel, colour)
        for kind, samples, colour in kinds
        for start in range(0, len(samples), COLUMNS)
        for channel in range(channels)
    ]
    figure = _figure((9.0, 0.8 + 1.5 * len(rows)), title, left_out)
    all_axes = figure.subplots(len(rows), COLUMNS, squeeze=False, sharex=True, sharey="row")
    for in_row, (kind, lines, channel, colour) in zip(all_axes, rows, strict=True):
        for axes, line in zip(in_row, lines, strict=False):
            axes.plot(line, color=colour, lw=1.2)
            _quiet(axes)
        for axes in in_row[len(lines) :]:
            axes.set_axis_off()
        in_row[0].set_ylim(_limits((fake if real is None else real)[..., channel].ravel()))
        in_row[0].set_ylabel(names[channel])
        in_row[0].set_title(kind, fontsize=9, color=INK, loc="left")
    for axes in all_axes[-1]:
        axes.set_xlabel("time step")
    return figure


def volumes_figure(fake: np.ndarray, real: np.ndarray | None, names: Sequence[str], title: str = "") -> "Figure":
    """Middle slices of six generated volumes along their three axes, beside those of six real ones, all in one scale of grey."""
    kinds = [("generated", fake[:VOLUMES, ..., 0])] + ([] if real is None else [("real", real[:VOLUMES, ..., 0])])
    rows = max(len(samples) for _, samples in kinds)
    channel = f"channel {names[0]} of {fake.shape[-1]}" if fake.shape[-1] > 1 else ""
    figure = _figure((0.6 + 1.2 * 3 * len(kinds), 1.1 + 1.2 * rows), title, channel)
    all_axes = figure.subplots(rows, 3 * len(kinds), squeeze=False)
    low, high = _limits((fake if real is None else real)[..., 0].ravel())
    for place, (kind, samples) in enumerate(kinds):
        for row in range(rows):
            for axis in range(3):
                axes = all_axes[row, 3 * place + axis]
                axes.set(xticks=[], yticks=[])
                if row >= len(samples):
                    axes.set_axis_off()
                    continue
                image = axes.imshow(np.take(samples[row], samples.shape[1 + axis] // 2, axis), cmap="gray", vmin=low, vmax=high)
                if row == 0:
                    axes.set_title(f"{kind if axis == 0 else ''}\nmiddle of axis {axis + 1}", fontsize=7, color=INK, loc="left")
                _quiet(axes)
    bar = figure.colorbar(image, ax=all_axes, shrink=0.6)
    bar.set_label(names[0], fontsize=8, color=INK)
    bar.ax.tick_params(colors=QUIET, labelsize=7)
    return figure


def _figure(size: tuple[float, float], title: str, note: str) -> "Figure":
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure = Figure(figsize=size, dpi=100, layout=ConstrainedLayoutEngine(w_pad=0.06, h_pad=0.06), facecolor="white")
    if words := ": ".join(part for part in (title, note) if part):
        figure.suptitle(words, fontsize=11, color=INK)
    return figure


def _quiet(axes: "Axes") -> None:
    axes.tick_params(colors=QUIET, labelsize=7)
    for axis in (axes.xaxis, axes.yaxis):
        axis.get_offset_text().set(size=7, color=QUIET)
    axes.xaxis.label.set(size=8, color=INK)
    axes.yaxis.label.set(size=8, color=INK)
    for spine in axes.spines.values():
        spine.set_color("#cccccc")


def _limits(values: np.ndarray) -> tuple[float, float]:
    """A range that holds all but the farthest hundredth of the numbers, with an edge."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return -1.0, 1.0
    low, high = (float(value) for value in np.percentile(finite, [0.5, 99.5]))
    edge = EDGE * (high - low) or max(abs(low), 1.0) * EDGE
    return low - edge, high + edge


def _histograms(axes: "Axes", fake: np.ndarray, real: np.ndarray | None, limits: tuple[float, float]) -> None:
    """Densities over the same bins; a share that lies outside lowers what is drawn."""
    edges = np.linspace(*limits, BINS + 1)
    for values, filled, colour in ((real, True, QUIET), (fake, False, VERMILION)):
        if values is None or not len(values):
            continue
        counts, _ = np.histogram(values[np.isfinite(values)], edges)
        axes.stairs(counts / len(values), edges, fill=filled, color=colour, alpha=0.5 if filled else 1, lw=1.3)


def _scatter(axes: "Axes", fake: np.ndarray, real: np.ndarray | None) -> None:
    for values, colour in ((real, QUIET), (fake, VERMILION)):
        if values is not None:
            size = float(np.clip(3000 / max(len(values), 1), 1.5, 9))
            axes.scatter(*values.T, s=size, color=colour, alpha=0.45, lw=0)


def _key(figure: "Figure", real: bool) -> None:
    from matplotlib.lines import Line2D

    kinds = ([("real", QUIET)] if real else []) + [("generated", VERMILION)]
    handles = [Line2D([], [], color=colour, lw=4, label=kind) for kind, colour in kinds]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False, fontsize=9, labelcolor=INK)
