"""A run folder read for the pages: what is there and can be read, and the rest left empty."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jaxgan.report.listeners import read_metrics

PICTURE_NAME = re.compile(r"step_(\d+)(?:-replica_(\d+))?\.png")


class Picture(NamedTuple):
    """One file of samples/."""

    replica: int
    step: int
    path: Path


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

    def seed(self, replica: int) -> int | None:
        """The seed of a replica, where the configuration says it."""
        seeds = (self.config.get("by_replica") or {}).get("seed")
        if seeds:
            return seeds[replica] if replica < len(seeds) else None
        seed = self.config.get("seed")
        return seed + replica if isinstance(seed, int) else None


def read_run(folder: Path) -> Run:
    metrics = folder / "metrics.jsonl"
    return Run(
        folder,
        _object(folder / "config.json"),
        _object(folder / "environment.json"),
        _object(folder / "evaluation.json"),
        read_metrics(metrics) if metrics.is_file() else [],
        sorted(_pictures(folder / "samples")),
    )


def _object(path: Path) -> dict[str, Any]:
    """The object in a JSON file; {} where the file is missing, cut short or holds something else."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def _pictures(folder: Path) -> Iterator[Picture]:
    for path in folder.glob("step_*.png"):
        if match := PICTURE_NAME.fullmatch(path.name):
            yield Picture(int(match[2] or 0), int(match[1]), path)


def evenly(pictures: Sequence[Picture], most: int) -> list[Picture]:
    """At most `most` (two or more) of the pictures, in order, the first and the last always among them."""
    if len(pictures) <= most:
        return list(pictures)
    return [pictures[round(i * (len(pictures) - 1) / (most - 1))] for i in range(most)]
