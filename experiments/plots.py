"""Pictures of the experiments: curves with bands over seeds, samples over a run, clouds of points; as PNG and PDF."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from experiments.lab import is_finished
from jaxgan.files import replacing
from jaxgan.folder import RunFolder
from jaxgan.report.folder import read_run
from jaxgan.report.images import LEGIBLE, image_grid
from jaxgan.settings import read_config_file, resolve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a4fbf", "#555555")
STYLES = tuple((style, colour) for style in ("-", "--", ":") for colour in COLOURS)  # of lines, where colours do not suffice


def new_figure(rows: int, columns: int, *, width: float = 3.2, height: float = 2.4) -> "tuple[Figure, np.ndarray]":
    """A figure and its axes (rows, columns)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * columns, height * rows), dpi=100, layout="constrained", facecolor="white")
    return figure, figure.subplots(rows, columns, squeeze=False)


def draw_band(axes: "Axes", steps: np.ndarray, values: np.ndarray, label: str, colour: str, style: str = "-") -> None:
    """Draws the mean over seeds of values (S, R) as a line, and a band of one standard deviation."""
    if not len(steps):
        return
    finite = np.isfinite(values).any(1)
    if not finite.any():
        return
    steps, values = steps[finite], values[finite]
    mean = np.nanmean(values, 1)
    axes.plot(steps, mean, style, color=colour, lw=1.4, label=label)
    if values.shape[1] > 1:
        seeds = [row[np.isfinite(row)] for row in values]
        deviation = np.array([row.std(ddof=1) if len(row) > 1 else 0.0 for row in seeds])
        axes.fill_between(steps, mean - deviation, mean + deviation, color=colour, alpha=0.2, lw=0)


def finish_axes(axes: "Axes", *, title: str = "", x: str = "", y: str = "", legend: bool = True) -> None:
    """Sets title, axis labels, grid and legend in the style of all pictures."""
    axes.set_title(title, fontsize=9)
    axes.set_xlabel(x, fontsize=8)
    axes.set_ylabel(y, fontsize=8)
    axes.tick_params(which="both", labelsize=7)
    axes.grid(color="#e6e6e6", lw=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    if legend and axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize=7)


def save_figure(figure: "Figure", path: Path, caption: str) -> None:
    """Writes PATH.png and PATH.pdf, the caption (with the number of seeds) beneath."""
    figure.supxlabel(caption, fontsize=7, color="#555555")
    for suffix in (".png", ".pdf"):
        with replacing(path.with_suffix(suffix)) as file:
            figure.savefig(file, format=suffix[1:])
    print(path.with_suffix(".png"))


def samples_at(folder: Path, share: float, *, tiles: int = 4) -> np.ndarray | None:
    """The first seed's samples at a share of the run: the nearest of its pictures (drawn afresh at 0), its first rows and columns.

    None where the run has none, as it had diverged by then.
    """
    run = read_run(folder)
    if share == 0:
        program = resolve(read_config_file(RunFolder(folder).config)).program()
        picture = image_grid(program.picture(program.initial_state())[0])
    else:
        pictures = [picture for picture in run.pictures if picture.replica == 0]
        if not pictures:
            return None
        from PIL import Image

        nearest = min(pictures, key=lambda own: abs(own.step - share * run.config["steps"]))
        if not is_finished(folder) and share * run.config["steps"] > nearest.step:
            return None
        picture = np.asarray(Image.open(nearest.path))
    height, width, _ = run.environment["data"]["sample_shape"]
    side = max(1, -(-LEGIBLE // max(height, width)))
    return picture[2 : tiles * (side * height + 2), 2 : tiles * (side * width + 2)]


def samples_figure(rows: Mapping[str, Path], columns: Mapping[str, float]) -> "Figure":
    """The first seed's samples: a row a run, a column a share of it; turned on its side where it would be tall."""
    turned = len(rows) > len(columns)
    down_across = (len(columns), len(rows)) if turned else (len(rows), len(columns))
    figure, panels = new_figure(*down_across, width=1.7, height=1.75)
    panels = panels.T if turned else panels
    for down, (row, folder) in enumerate(rows.items()):
        for across, (title, share) in enumerate(columns.items()):
            axes, picture = panels[down, across], samples_at(folder, share)
            if picture is None:
                axes.text(0.5, 0.5, "diverged", ha="center", va="center", fontsize=8, transform=axes.transAxes)
            else:
                axes.imshow(picture.squeeze(), cmap="gray", vmin=0, vmax=255)
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
            if down == 0:
                (axes.set_ylabel if turned else axes.set_title)(title, fontsize=8)
            if across == 0:
                (axes.set_title if turned else axes.set_ylabel)(row, fontsize=8)
    return figure


def draw_cloud(axes: "Axes", points: np.ndarray, *, limits: tuple[float, float, float, float], title: str = "") -> None:
    """Draws points of the plane as a density."""
    left, right, bottom, top = limits
    counts, _, _ = np.histogram2d(points[:, 0], points[:, 1], bins=90, range=[[left, right], [bottom, top]])
    axes.imshow(counts.T**0.5, origin="lower", extent=limits, cmap="Blues", aspect="equal", interpolation="bilinear")
    axes.set(xticks=[], yticks=[])
    axes.set_title(title, fontsize=8)
