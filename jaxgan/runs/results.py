"""Several runs from Python: compared, and swept over a grid."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jaxgan.checks import whole_number
from jaxgan.errors import UserError, one_line
from jaxgan.folder import RunFolder
from jaxgan.metrics.table import better
from jaxgan.report.cards import card, note_of, paragraph_of
from jaxgan.report.comparison_card import Comparison, columns_of
from jaxgan.report.frames import as_frame, wide_table
from jaxgan.report.html import joined, markup, number
from jaxgan.runs.run import Run
from jaxgan.runs.sweep import RECORD
from jaxgan.runs.sweep import sweep as train_all
from jaxgan.settings import Config


class Sweep:
    """The results of a sweep: a row a setting, with mean and standard deviation over its seeds. A notebook shows them as a table.

    `folder` is that of the sweep, which `jaxgan.sweep` or `python -m jaxgan.sweep` filled.
    """

    def __init__(self, folder: str | Path) -> None:
        """Raises UserError where no finished sweep lies."""
        self.folder = Path(folder)
        try:
            text = (self.folder / "table.csv").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            what = "is no finished sweep: it has no table.csv" if (self.folder / RECORD).exists() else "is no sweep"
            raise UserError(f"{self.folder} {what}; jaxgan.sweep(..., out=FOLDER) makes one") from None
        self.rows: list[dict[str, Any]] = [
            {name: _value(value) for name, value in row.items() if name and value} for row in csv.DictReader(text.splitlines())
        ]

    @property
    def swept(self) -> list[str]:
        """The options that vary, in the order of the grid."""
        names = list(self.rows[0]) if self.rows else []
        return names[: names.index("seeds")] if "seeds" in names else []

    @property
    def runs(self) -> list[Path]:
        """The run folders, one a compiled program, each with the replicas of one or more settings; `jaxgan.load` opens them."""
        return _runs_inside(self.folder)

    def frame(self, library: str = "pandas") -> Any:
        """The table as a data frame of "pandas" or "polars", with every number.

        Raises:
            UserError: another library, or one that is not installed.
        """
        return as_frame(self.rows, library)

    def __repr__(self) -> str:
        return f"Sweep({len(self.rows)} settings of {', '.join(self.swept)}, folder {self.folder})"

    def _repr_html_(self) -> str:
        swept = self.swept
        names = columns_of([{name.removesuffix(" mean"): 0 for name in row if name.endswith(" mean")} for row in self.rows])
        best = {name: self._best(name) for name in names}
        diverged = ["diverged"] if any(row.get("diverged") for row in self.rows) else []
        rows = [
            [str(row.get(name, "")) for name in (*swept, "seeds", *diverged)]
            + [f"{'★ ' if i == best[name] else ''}{_mean_and_spread(row, name)}" for name in names]
            for i, row in enumerate(self.rows)
        ]
        heads = [
            joined((name, markup('<small style="display:block">{}</small>', note_of(name) if better(name) else "")), "")
            for name in names
        ]
        table = wide_table([*swept, "seeds", *diverged, *heads], rows)
        about = "Mean ± standard deviation over the seeds that did not diverge; a star marks the best mean of a column."
        return card(
            "A sweep", joined((table, paragraph_of(about), paragraph_of(f"folder {self.folder}; .frame() has every number")))
        )

    def _best(self, name: str) -> int | None:
        """The row of the best mean; None where none is best."""
        direction = better(name)
        means = {i: row[f"{name} mean"] for i, row in enumerate(self.rows) if f"{name} mean" in row}
        if direction is None or len(set(means.values())) < 2:
            return None
        return (max if direction == "higher" else min)(means, key=lambda i: means[i])


def _value(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def _mean_and_spread(row: Mapping[str, Any], name: str) -> str:
    if f"{name} mean" not in row:
        return "–"
    mean, deviation = row[f"{name} mean"], row[f"{name} std"]
    return f"{number(mean)} ± {number(float(f'{deviation:.2g}'))}"


def sweep(config: Config, grid: Mapping[str, Sequence[Any]], *, seeds: int = 3, cluster: str | None = None) -> Sweep:
    """Trains every combination of a grid over several random seeds; those that differ in numbers alone train in one compiled program.

        jaxgan.sweep(jaxgan.Config(dataset="ring8", recipe="toy"), {"learning_rate": [1e-4, 1e-3], "n_critic": [1, 5]}, seeds=3)

    Args:
        config: what is the same for all; `config.out` is the sweep's folder, a new one under runs/ where it is not given.
        grid: the values of each option that varies.
        seeds: random seeds of every combination, from `config.seed` on.
        cluster: "local:2", or a scheduler of Dask, whose workers train the programs.

    Raises:
        UserError: a grid, or a setting of it, that cannot be; a folder that holds another sweep.
        KeyboardInterrupt: on Ctrl-C, after a checkpoint is safe; `resume=True` in the Config goes on.
    """
    if not isinstance(config, Config):
        raise UserError(f"sweep takes a Config, not a {type(config).__name__}")
    if not isinstance(grid, Mapping) or not all(isinstance(values, list | tuple) and values for values in grid.values()):
        raise UserError(f"sweep: grid {one_line(grid)}: must be {{option: [value, value]}}, a list of values of each option")
    texts = [f"{name}={','.join(map(str, values))}" for name, values in grid.items()]
    return Sweep(train_all(config, texts, whole_number("seeds", seeds), cluster))


def compare(*runs: Run | Sweep | str | Path) -> Comparison:
    """Runs side by side, by setting: a table of last values, curves and pictures, which a notebook shows; `.save()` writes the page.

        jaxgan.compare(run, "runs/ring8-wgan_gp-2")

    Args:
        runs: runs, run folders, sweeps, or folders that hold run folders.

    Raises:
        UserError: none is given, or one is no run.
    """
    return Comparison([folder for run in runs for folder in _folders(run)])


def _folders(run: Run | Sweep | str | Path) -> list[Path]:
    if isinstance(run, Run):
        return [run.folder]
    if isinstance(run, Sweep):
        return run.runs
    if not isinstance(run, str | Path):
        raise UserError(f"compare takes runs and run folders, not a {type(run).__name__}")
    folder = Path(run)
    return [folder] if RunFolder(folder).exists else _runs_inside(folder) or [folder]


def _runs_inside(folder: Path) -> list[Path]:
    """The run folders in a folder; those that are numbered in the order of their numbers."""
    inside = folder.iterdir() if folder.is_dir() else ()
    return sorted((path for path in inside if RunFolder(path).exists), key=lambda path: (len(path.name), path.name))
