"""The run folder: where each of its files lies, how each is read, and the message where there is none (layer 1).

Nothing else in jaxgan spells a file name of a run folder.
"""

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxgan.errors import UserError

PICTURE_NAME = re.compile(r"step_(\d+)(?:-replica_(\d+))?\.png")


class Picture(NamedTuple):
    """One file of samples/."""

    replica: int
    step: int
    path: Path


@dataclasses.dataclass(frozen=True)
class RunFolder:
    """The paths of a run folder, and readers of its files. Making the record touches no disk."""

    path: Path

    @property
    def config(self) -> Path:
        """Every setting that has a meaning for the run, as JSON."""
        return self.path / "config.json"

    @property
    def environment(self) -> Path:
        """Versions, devices, command and data, as JSON."""
        return self.path / "environment.json"

    @property
    def metrics(self) -> Path:
        """One JSON object a logged step and replica."""
        return self.path / "metrics.jsonl"

    @property
    def evaluation(self) -> Path:
        """What `evaluate` measured, as JSON."""
        return self.path / "evaluation.json"

    @property
    def checkpoints(self) -> Path:
        """A folder for each checkpoint, by step."""
        return self.path / "checkpoints"

    @property
    def best(self) -> Path:
        """The checkpoint whose measured metric was best."""
        return self.path / "best"

    @property
    def best_record(self) -> Path:
        """Which metric that was, its value and its step, as JSON."""
        return self.path / "best.json"

    @property
    def samples(self) -> Path:
        """Pictures of samples, step_00000500.png or step_00000500-replica_00.png."""
        return self.path / "samples"

    @property
    def tensorboard(self) -> Path:
        return self.path / "tensorboard"

    @property
    def curves(self) -> Path:
        return self.path / "curves.png"

    @property
    def report(self) -> Path:
        return self.path / "report.html"

    @property
    def exists(self) -> bool:
        """Whether a run lies here."""
        return self.config.is_file()

    def require(self) -> "RunFolder":
        """The folder itself.

        Raises:
            UserError: no run lies here.
        """
        if not self.exists:
            raise UserError(
                f"{self.path} is no run folder: it has no config.json (train one with: python -m jaxgan.train --out {self.path})"
            )
        return self

    def read_metrics(self) -> list[dict[str, Any]]:
        """The records of metrics.jsonl, as `read_metrics`; none where the file is missing."""
        return read_metrics(self.metrics) if self.metrics.is_file() else []

    def pictures(self) -> list[Picture]:
        """The pictures of samples/, by replica, then by step."""
        named = ((PICTURE_NAME.fullmatch(path.name), path) for path in self.samples.glob("step_*.png"))
        return sorted(Picture(int(match[2] or 0), int(match[1]), path) for match, path in named if match)


def read_object(path: Path) -> dict[str, Any]:
    """The object in a JSON file; {} where the file is missing, cut short or holds something else."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def read_metrics(path: str | Path) -> list[dict[str, Any]]:
    """The records of a metrics.jsonl, oldest first, one a step and replica.

    Lines of the same step and replica are joined; a last line that a killed run left half written is passed over.
    """
    records: dict[Any, dict[str, Any]] = {}
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(record, dict) and "step" in record:
            records.setdefault((record["step"], record.get("replica")), {}).update(record)
    return list(records.values())


def series(records: Sequence[Mapping[str, Any]], name: str) -> tuple[np.ndarray, np.ndarray]:
    """A metric over the steps at which it was logged.

    Args:
        records: lines of metrics.jsonl.
        name: of the metric.

    Returns:
        the steps (S,), in order, and the values (S, R), a column a replica; NaN where there is none, or one that was not finite.
    """
    by_step: dict[float, dict[int, float]] = {}
    for record in records:
        if name in record and isinstance(record["step"], int | float) and isinstance(record[name], int | float | None):
            value = record[name]
            by_step.setdefault(record["step"], {})[record.get("replica") or 0] = np.nan if value is None else float(value)
    replicas = sorted({replica for values in by_step.values() for replica in values})
    steps = sorted(by_step)
    table = [[by_step[step].get(replica, np.nan) for replica in replicas] for step in steps]
    return np.array(steps), np.array(table, float).reshape(len(steps), len(replicas))
