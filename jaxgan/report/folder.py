"""A run folder read for the pages: what is there and can be read, and the rest left empty and told."""

import glob
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from jaxgan.diagnosis import Diagnosis, diagnose, facts_of
from jaxgan.errors import UserError, say
from jaxgan.folder import Picture, RunFolder, Tell
from jaxgan.report.pictures import Embedded, embedded
from jaxgan.report.samples import NOT_DRAWN, can_be_drawn

T = TypeVar("T")


class Run(NamedTuple):
    """What a run folder holds, as far as it is there and can be read."""

    folder: Path
    config: dict[str, Any]  # {} where there is none
    environment: dict[str, Any]
    evaluation: dict[str, Any]
    records: list[dict[str, Any]]  # the lines of metrics.jsonl, oldest first
    pictures: list[Picture]  # by replica, then by step
    tell: Tell = say  # takes what is wrong with the folder, a line each

    @property
    def replicas(self) -> int:
        return self.config.get("replicas") or 1

    @property
    def data(self) -> dict[str, Any]:
        """What the environment says of the data."""
        return self.environment.get("data") or {}

    @property
    def dataset(self) -> str | None:
        """What the run was trained on, where the configuration or the environment says it."""
        return self.config.get("dataset") or self.data.get("name")

    @property
    def class_names(self) -> list[str]:
        """The names of the data's classes, in order; none where they have none."""
        return self.data.get("class_names") or []

    @property
    def evaluated(self) -> list[dict[str, Any]]:
        """The values of evaluation.json, a mapping a replica; none where the run was not evaluated."""
        return self.evaluation.get("replicas") or []

    @property
    def diagnosis(self) -> Diagnosis:
        """What the run's own figures show."""
        return diagnose(self.records, facts_of(self.config, self.environment), self.evaluated)

    @property
    def by_replica(self) -> dict[str, list[Any]]:
        """The options in which the replicas differ, a value a replica."""
        return {field: values for field, values in (self.config.get("by_replica") or {}).items() if values}

    @property
    def drawn_on_white(self) -> bool:
        """Whether its pictures of samples are drawings on white: those of points, vectors and series are."""
        return 1 <= len(self.data.get("sample_shape") or ()) <= 2

    def seed(self, replica: int) -> int | None:
        """The seed of a replica, where the configuration says it."""
        seeds = self.by_replica.get("seed")
        if seeds:
            return seeds[replica] if replica < len(seeds) else None
        seed = self.config.get("seed")
        return None if seed is None else seed + replica

    def no_pictures(self, otherwise: str) -> str:
        """Why the run has no pictures of samples: they cannot be drawn, or what `otherwise` says."""
        shape = self.data.get("sample_shape")
        return otherwise if shape is None or can_be_drawn(shape) else NOT_DRAWN

    def embedded(self, path: Path) -> Embedded | None:
        """A picture of the run for a page; None where it cannot be shown."""
        return embedded(self.folder, path, self.tell)


def read_run(folder: Path, tell: Tell = say) -> Run:
    """What lies in `folder`; raises nothing where files are missing or cannot be read.

    What is damaged is left out and told, a line each; so are links to files outside the folder, which may not be meant to be shown.
    """
    run = RunFolder(folder)

    def own(read: Callable[[Tell], T], path: Path, empty: T) -> T:
        if run.holds(path):
            return read(tell)
        tell(f"{path} is a link to a file outside the run folder: left out")
        return empty

    return Run(
        folder,
        own(run.read_config, run.config, {}),
        own(run.read_environment, run.environment, {}),
        own(run.read_evaluation, run.evaluation, {}),
        own(run.read_metrics, run.metrics, []),
        run.pictures(),
        tell,
    )


DEEP = 3  # levels of folders below one that is named, in which its runs are looked for


def runs_below(path: Path) -> list[Path]:
    """The run folders that a path names, in order: itself, those in it (of a sweep, an experiment or runs/), or those that a glob matches.

    Raises:
        UserError: there is none, in one line.
    """
    if not path.exists() and any(character in str(path) for character in "*?["):
        matching = [Path(found) for found in sorted(glob.glob(str(path.expanduser()), recursive=True))]
        runs = [run for found in matching if found.is_dir() for run in _runs_in(found, DEEP)]
        if not runs:
            raise UserError(f"{path} matches no run folder: a run folder has a config.json ({len(matching)} other names match)")
        return list(dict.fromkeys(runs))
    runs = _runs_in(path, DEEP)
    if not runs and path.is_dir():
        raise UserError(f"{path} is no run folder, and holds none: a run folder has a config.json")
    return runs or [RunFolder(path).require().path]


def _runs_in(folder: Path, levels: int) -> list[Path]:
    if RunFolder(folder).exists:
        return [folder]
    try:
        below = sorted((each for each in folder.iterdir() if each.is_dir()), key=_by_number) if levels else []
    except OSError:  # no folder, or one that may not be read
        return []
    return [run for each in below for run in _runs_in(each, levels - 1)]


def _by_number(path: Path) -> list[tuple[str, int]]:
    """program_2 comes before program_10."""
    return [(text, int(part or 0)) for text, part in re.findall(r"(\D*)(\d*)", path.name)]


def evenly(pictures: Sequence[Picture], most: int) -> list[Picture]:
    """At most `most` (two or more) of the pictures, in order, the first and the last always among them."""
    if len(pictures) <= most:
        return list(pictures)
    return [pictures[round(i * (len(pictures) - 1) / (most - 1))] for i in range(most)]
