"""A run folder read for the pages: what is there and can be read, and the rest left empty."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jaxgan.folder import Picture, RunFolder, read_object
from jaxgan.report.samples import NOT_DRAWN, can_be_drawn


class Run(NamedTuple):
    """What a run folder holds, as far as it is there and can be read."""

    folder: Path
    config: dict[str, Any]  # {} where there is none
    environment: dict[str, Any]
    evaluation: dict[str, Any]
    records: list[dict[str, Any]]  # the lines of metrics.jsonl, oldest first
    pictures: list[Picture]  # by replica, then by step

    @property
    def replicas(self) -> int:
        replicas = self.config.get("replicas")
        return replicas if isinstance(replicas, int) and replicas > 0 else 1

    @property
    def dataset(self) -> str | None:
        """What the run was trained on, where the configuration or the environment says it."""
        data = self.environment.get("data")
        of_environment = data.get("name") if isinstance(data, dict) else None
        return next((name for name in (self.config.get("dataset"), of_environment) if isinstance(name, str)), None)

    @property
    def evaluated(self) -> list[dict[str, Any]]:
        """The values of evaluation.json, a mapping a replica; none where the run was not evaluated."""
        replicas = self.evaluation.get("replicas")
        if not isinstance(replicas, list) or not all(isinstance(values, dict) for values in replicas):
            return []
        return replicas

    def seed(self, replica: int) -> int | None:
        """The seed of a replica, where the configuration says it."""
        seeds = (self.config.get("by_replica") or {}).get("seed")
        if seeds:
            return seeds[replica] if replica < len(seeds) else None
        seed = self.config.get("seed")
        return seed + replica if isinstance(seed, int) else None

    def no_pictures(self, otherwise: str) -> str:
        """Why the run has no pictures of samples: they cannot be drawn, or what `otherwise` says."""
        data = self.environment.get("data")
        shape = data.get("sample_shape") if isinstance(data, dict) else None
        if not isinstance(shape, list) or not all(isinstance(side, int) for side in shape):
            return otherwise
        return otherwise if can_be_drawn(shape) else NOT_DRAWN


def read_run(folder: Path) -> Run:
    """What lies in `folder`; raises nothing where files are missing or cannot be read."""
    run = RunFolder(folder)
    return Run(
        folder,
        read_object(run.config),
        read_object(run.environment),
        read_object(run.evaluation),
        run.read_metrics(),
        run.pictures(),
    )


def evenly(pictures: Sequence[Picture], most: int) -> list[Picture]:
    """At most `most` (two or more) of the pictures, in order, the first and the last always among them."""
    if len(pictures) <= most:
        return list(pictures)
    return [pictures[round(i * (len(pictures) - 1) / (most - 1))] for i in range(most)]
