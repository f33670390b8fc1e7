"""Arrays in, figures out: points of the plane, and a run's curves.

They are drawn by matplotlib's objects, without pyplot: nothing here needs a display, opens a window or keeps a figure
alive; matplotlib is imported where it is used, so that a command that draws nothing starts without it. The colours are
Okabe and Ito's, which colour-blind people tell apart.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int, UInt8

from jaxgan.engine.surface import CriticSurface
from jaxgan.folder import series
from jaxgan.metrics.table import LOSSES, PENALTIES, SCORES, chart_of
from jaxgan.report.images import save_image

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Grid = tuple[np.ndarray, np.ndarray, np.ndarray]  # grid_x (columns,), grid_y (rows,), values (rows, columns)
Surface = Callable[[Any], Any] | Grid  # a function of points (M, 2) -> (M,), or its values
Limits = tuple[float, float, float, float]  # left, right, bottom, top


@runtime_checkable
class Units(Protocol):
    """What takes samples as the networks see them to units of their own: a distribution, or a scaling."""

    def to_units(self, samples: Any, /) -> Any: ...


@runtime_checkable
class Distribution(Protocol):
    """What a picture of points needs of a two-dimensional distribution; its units are those its density is stated in.

    The methods are plain JAX, so that they can be compiled.
    """

    @property
    def centres(self) -> Any: ...  # (K, 2) in units

    def to_units(self, points: Any, /) -> Any: ...  # (N, 2) as the networks see them -> (N, 2)

    def log_density(self, points: Any, /) -> Any: ...  # (N, 2) in units -> (N,)

    def __hash__(self) -> int: ...


BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
INK, QUIET = "#222222", "#8a8a8a"
PALETTE = (VERMILION, BLUE, GREEN, PURPLE, ORANGE, SKY)

# Points


def surface_on_grid(surface: Surface, limits: Limits, resolution: int = 400) -> Grid:
    """Evaluate `surface` (points (M, 2) -> values (M,)) on a grid over `limits`: (grid_x, grid_y, values (rows, columns)).

    Worth keeping where many pictures share one density; a surface that is a grid already comes back as it is.
    """
    if isinstance(surface, tuple):
        return surface
    grid_x = np.linspace(limits[0], limits[1], resolution)
    grid_y = np.linspace(limits[2], limits[3], resolution)
    points = np.stack(np.meshgrid(grid_x, grid_y), axis=-1).astype(np.float32)  # (rows, columns, 2)
    # A few rows at a time: a density may take hundreds of numbers for each point.
    bands = [points[row : row + 10].reshape(-1, 2) for row in range(0, resolution, 10)]  # (10, columns, 2) -> (M, 2)
    values = np.concatenate([np.asarray(surface(band), dtype=np.float64) for band in bands])
    return grid_x, grid_y, values.reshape(resolution, resolution)  # (rows * columns,) -> (rows, columns)


def _limits_around(clouds: Sequence[np.ndarray]) -> Limits:
    """A square that holds all but the farthest hundredth of the points, with a margin."""
    points = np.concatenate([cloud[np.isfinite(cloud).all(axis=1)] for cloud in clouds])
    if not len(points):
        return (-1.0, 1.0, -1.0, 1.0)
    low, high = np.percentile(points, [1, 99], axis=0)
    middle, half = (low + high) / 2, max(float((high - low).max()) / 2 * 1.25, 1e-3)
    return (middle[0] - half, middle[0] + half, middle[1] - half, middle[1] + half)


def points_figure(
    fake: Float[np.ndarray, "n 2"],
    *,
    real: Float[np.ndarray, "m 2"] | None = None,
    log_density: Surface | None = None,
    centres: Float[np.ndarray, "k 2"] | None = None,
    title: str | None = None,
    critic: Surface | None = None,
    limits: Limits | None = None,
    labels: Int[np.ndarray, " n"] | None = None,
) -> "Figure":
    """Draw generated points over what they should look like.

    `fake` and `real` are points (N, 2) in the same units. `log_density` is the exact log density, shaded out to where
    a Gaussian would be 1, 2, 3 and 4 standard deviations from its centre; `critic` is the critic's score, drawn as
    level lines; each is a function of points (M, 2) -> (M,), or its values on a grid (grid_x, grid_y, values (rows,
    columns)). `centres` (K, 2) are drawn as crosses. `limits` are (left, right, bottom, top); points that fall outside
    are counted below the picture. `labels` (N,) give each class a colour (the six colours come round again).
    """
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    if limits is None:
        if isinstance(log_density, tuple):
            limits = (log_density[0][0], log_density[0][-1], log_density[1][0], log_density[1][-1])
        else:
            known = [np.asarray(cloud) for cloud in (real, centres) if cloud is not None and len(cloud)]
            limits = _limits_around([np.asarray(fake), *known])

    shape = float(np.clip((limits[3] - limits[2]) / (limits[1] - limits[0]), 0.3, 2.0))
    figure = Figure(
        figsize=(6, 0.9 + 5.5 * shape), dpi=100, layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1), facecolor="white"
    )
    axes = figure.add_subplot()
    axes.set(xlim=limits[:2], ylim=limits[2:], aspect="equal")
    axes.tick_params(colors=QUIET, labelsize=9)
    for spine in axes.spines.values():
        spine.set_color("#cccccc")
    if title:
        axes.set_title(title, fontsize=12, color=INK)
    handles: list[Artist] = []

    if log_density is not None:
        grid_x, grid_y, values = surface_on_grid(log_density, limits)
        height = np.nan_to_num(values - np.max(values[np.isfinite(values)], initial=-np.inf), nan=-1e9, neginf=-1e9)
        shades = ["#e4eaf0", "#ccd8e3", "#b0c3d4", "#93adc4"]
        axes.contourf(grid_x, grid_y, height, levels=[-8, -4.5, -2, -0.5, 1e-6], colors=shades)
        handles.append(axes.fill_between([], [], color=shades[2], label="exact density"))
    if real is not None:
        x, y = np.asarray(real).T
        handles.append(axes.scatter(x, y, s=_dot(len(real)), color=QUIET, alpha=0.5, lw=0, label="real"))
    if critic is not None:
        grid_x, grid_y, values = surface_on_grid(critic, limits, 150)
        if np.isfinite(values).all() and np.ptp(values) > 0:
            lines = axes.contour(grid_x, grid_y, values, levels=12, colors=GREEN, linewidths=0.8, alpha=0.8)
            axes.clabel(lines, fontsize=7)
            handles.append(axes.plot([], [], color=GREEN, lw=0.8, label="critic")[0])
    if centres is not None and len(centres):
        x, y = np.asarray(centres).T
        handles.append(axes.scatter(x, y, marker="x", s=36, color=INK, linewidths=1.1, zorder=4, label="centres"))

    colours: Any = VERMILION
    if labels is not None:
        colours = [PALETTE[int(label) % len(PALETTE)] for label in labels]
    x, y = np.asarray(fake).T
    dots = axes.scatter(x, y, s=_dot(len(fake)), color=colours, alpha=0.65, lw=0, zorder=3)
    dots.set_label("generated" if labels is None else "generated, a colour a class")
    handles.append(dots)

    key = figure.legend(
        handles=handles, loc="outside lower center", ncols=len(handles), frameon=False, fontsize=9, labelcolor=INK
    )
    for handle in key.legend_handles:  # a dot in the key is to be seen, however small and faint the dots are
        if handle is not None and handle.get_label() in ("real", "generated", "generated, a colour a class"):
            handle.set(sizes=[24], alpha=1)
    left, right, bottom, top = limits
    inside = (x >= left) & (x <= right) & (y >= bottom) & (y <= top)  # NaN is outside
    if not inside.all():
        axes.set_xlabel(f"{np.sum(~inside):,} of {len(fake):,} points lie outside", fontsize=9, color=INK)
    return figure


def _dot(count: int) -> float:
    """The area of a dot in square points: small where there are many."""
    return float(np.clip(8000 / max(count, 1), 3, 16))


def figure_array(figure: "Figure") -> UInt8[np.ndarray, "height width 3"]:
    """Draw a figure without a display, and return its pixels (H, W, 3)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()  # (H, W, 4) -> (H, W, 3): the ground is opaque


@functools.lru_cache(maxsize=4)
def _density_of(distribution: Distribution) -> tuple[Limits, Grid]:
    """What the pictures of one distribution share: what a tanh generator reaches and a tenth more, and log p there."""
    import jax

    corners = np.asarray(distribution.to_units(np.array([[-1.1, -1.1], [1.1, 1.1]], np.float32)))
    limits = (float(corners[0, 0]), float(corners[1, 0]), float(corners[0, 1]), float(corners[1, 1]))
    return limits, surface_on_grid(jax.jit(distribution.log_density), limits)  # the Swiss roll's takes seconds uncompiled


def samples_of_points_figure(
    samples: Float[np.ndarray, "n 2"],
    distribution: Distribution | None,
    *,
    title: str | None = None,
    labels: Int[np.ndarray, " n"] | None = None,
) -> "Figure":
    """Draw what a generator made of a distribution, in the distribution's units, over its exact density and centres.

    `samples` (N, 2) are as the networks see them; without a distribution they are drawn as they are.
    """
    if distribution is None:
        return points_figure(samples, title=title, labels=labels)
    limits, density = _density_of(distribution)
    return points_figure(
        np.asarray(distribution.to_units(samples)),
        log_density=density,
        centres=np.asarray(distribution.centres, dtype=float).reshape(-1, 2),
        title=title,
        limits=limits,
        labels=labels,
    )


def save_samples_of_points(
    path: str | Path,
    samples: Float[np.ndarray, "n 2"],
    distribution: Distribution | None,
    *,
    title: str | None = None,
    labels: Int[np.ndarray, " n"] | None = None,
) -> None:
    """Write `samples_of_points_figure(samples, distribution, ...)`."""
    save_image(path, figure_array(samples_of_points_figure(samples, distribution, title=title, labels=labels)))


def save_critic_surface(
    path: str | Path, surface: CriticSurface, samples: np.ndarray, distribution: Units | None, *, title: str | None = None
) -> None:
    """Write `critic_surface_figure(surface, samples, distribution)`."""
    save_image(path, figure_array(critic_surface_figure(surface, samples, distribution, title=title)))


def critic_surface_figure(
    surface: CriticSurface, samples: Float[np.ndarray, "n 2"], distribution: Units | None, *, title: str | None = None
) -> "Figure":
    """Draw the critic's scores as level lines, with real points and generated `samples` (N, 2), in the distribution's units where it has any."""

    def in_units(points: np.ndarray) -> np.ndarray:
        return points if distribution is None else np.asarray(distribution.to_units(points))

    grid_x, grid_y = np.asarray(in_units(np.stack([surface.axis, surface.axis], axis=1)), float).T
    return points_figure(
        in_units(samples),
        real=None if surface.real is None else in_units(surface.real),
        critic=(grid_x, grid_y, surface.scores),
        limits=(float(grid_x[0]), float(grid_x[-1]), float(grid_y[0]), float(grid_y[-1])),
        title=title,
    )


# Curves

DRAWABLE = 1e100  # from here on matplotlib's axes overflow: a gap, as where a value is not finite
MOST = 12  # lines of a panel: as many as its legend has room for


def _draw_series(axes: "Axes", steps: np.ndarray, values: np.ndarray, name: str, colour: str) -> None:
    """One replica as a line; several as thin lines, with their mean thick."""
    dot = "." if len(steps) == 1 else ""  # a line through one point is nothing
    if values.shape[1] == 1:
        axes.plot(steps, values[:, 0], color=colour, lw=1.3, marker=dot, label=name)
        return
    axes.plot(steps, values, color=colour, lw=0.6, alpha=0.35)
    counted = np.isfinite(values)
    mean = np.full(len(steps), np.nan)  # of the replicas that are finite; a gap where none is
    np.divide(np.where(counted, values, 0.0).sum(axis=1), counted.sum(axis=1), out=mean, where=counted.any(axis=1))
    axes.plot(steps, mean, color=colour, lw=2, marker=dot, label=f"{name} (mean of {values.shape[1]})")


def plain_name(name: str) -> str:
    """A metric's name as matplotlib can draw it: without formulas, and without letters that its font lacks."""
    drawn = "".join(c if c.isprintable() and ord(c) < 0x250 else "?" for c in name[:60])
    return drawn.replace("_", " ").replace("$", r"\$")


def _hold_outliers(axes: "Axes", drawn: Sequence[np.ndarray]) -> None:
    """Keep a long curve legible: where its first leaps would flatten the rest, end the axis early and say so."""
    values = np.concatenate([series.ravel() for series in drawn])
    values = values[np.isfinite(values)]
    if len(values) < 50:
        return
    low, high = np.percentile(values, [2, 98])
    low, high = low - 0.25 * (high - low), high + 0.25 * (high - low)
    outside = int(np.sum((values < low) | (values > high)))
    if outside and 0 < 1.5 * (high - low) < np.ptp(values):
        axes.set_ylim(low, high)
        axes.text(0.985, 0.04, f"{outside} of {len(values):,} values beyond the axis", transform=axes.transAxes,
                  ha="right", fontsize=8, color=QUIET)  # fmt: skip


def save_curves(path: str | Path, records: Sequence[Mapping[str, Any]]) -> None:
    """Write `curves_figure(records)`."""
    save_image(path, figure_array(curves_figure(records)))


def curves_figure(records: Sequence[Mapping[str, Any]]) -> "Figure":
    """Draw a run's curves over its steps: losses, penalty, gradient norm, mean scores; a panel for each there is.

    `records` are the objects of metrics.jsonl: each holds "step", "replica" where there are several, and metrics, None
    where a value was not finite. Replicas are drawn thin, their mean thick. ValueError where there is nothing to draw.
    """
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine
    from matplotlib.ticker import StrMethodFormatter

    names = list(dict.fromkeys(name for record in records for name in record))
    panels = [
        ("loss", [name for name in names if chart_of(name) == LOSSES]),
        ("penalty", [name for name in names if chart_of(name) == PENALTIES]),
        ("gradient norm", [name for name in names if name == "gradient_norm"]),
        ("mean score", [name for name in names if chart_of(name) == SCORES]),
    ]
    panels = [(title, members[:MOST]) for title, members in panels if members]
    if not panels:
        raise ValueError(f"nothing to draw: no losses, penalties, gradient norms or scores in {len(records)} records")

    colour_of = {"critic_loss": BLUE, "generator_loss": VERMILION, "score_real": BLUE, "score_fake": VERMILION}
    figure = Figure(
        figsize=(8, 0.6 + 2.1 * len(panels)),
        dpi=110,
        layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1),
        facecolor="white",
    )
    all_axes = figure.subplots(len(panels), sharex=True, squeeze=False)[:, 0]
    for axes, (title, members) in zip(all_axes, panels, strict=True):
        drawn = []
        others = iter((GREEN, PURPLE, ORANGE, SKY) * len(members))
        for name in members:
            steps, values = series(records, name)
            values = np.where(np.abs(values) < DRAWABLE, values, np.nan)
            _draw_series(axes, steps, values, plain_name(name), colour_of.get(name) or next(others))
            drawn.append(values)
        if title == "gradient norm":
            axes.axhline(1.0, color=QUIET, lw=0.8, ls="--", label="1")
        _hold_outliers(axes, drawn)
        axes.set_ylabel(title, fontsize=10, color=INK)
        axes.grid(color="#e6e6e6", lw=0.6)
        axes.tick_params(colors="#555555", labelsize=9)
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color("#bbbbbb")
        axes.legend(frameon=False, fontsize=9, labelcolor=INK, ncols=2, loc="best")
    all_axes[-1].set_xlabel("generator steps", fontsize=10, color=INK)
    all_axes[-1].xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    return figure
