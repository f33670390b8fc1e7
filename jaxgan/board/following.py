"""What a run has logged, read as it grows: each line of metrics.jsonl once."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from jaxgan.folder import RunFolder, record_of
from jaxgan.report.charts import OverSeeds, over_table

POINTS = 400  # of a line in a chart, at most
STEPS = 2_000  # whose values are kept of a metric, at most; beyond that every other one goes, over and over
VALUES = 2_000_000  # of a metric, at most: of many replicas fewer steps are kept
FEWEST = 50  # steps that are kept of however many replicas
TAIL = 2**13  # bytes at the end of the file in which the last lines are looked for
MARK = 64  # bytes before the place that was read last: where they are others, the file is another
LOSSES = ("critic_loss", "generator_loss")
OUTLINE = 40  # points of a line in the list
AT_ONCE = 2**26  # bytes read at a time


class Metrics:
    """The metrics of one run, as far as its file was read; `version` grows with every line, and when the file is another."""

    def __init__(self, files: RunFolder, replicas: int = 1) -> None:
        """`replicas` is what the configuration says: lines of others are passed over."""
        self._files, self.replicas = files, replicas
        self.version = 0
        self._forget()

    def _forget(self) -> None:
        self._file, self._offset, self._mark = 0, 0, b""
        self.columns: dict[str, dict[int, np.ndarray]] = {}  # of each metric by step (R,), NaN where it was not finite
        self.damaged = 0  # lines that cannot be read

    def read(self) -> None:
        """Reads what was added since the last call; from the beginning where the file was replaced, as a resumed run does."""
        path = self._files.metrics
        if not path.is_file() or not self._files.holds(path):  # a pipe would be waited for
            return
        try:
            opened = path.open("rb")
        except OSError:  # gone meanwhile, or not to be read by this user
            return
        with opened as file:
            status = os.fstat(file.fileno())
            file.seek(max(0, self._offset - MARK))
            if self._offset and (status.st_ino != self._file or file.read(len(self._mark)) != self._mark):
                self._forget()
                self.version += 1
            self._file = status.st_ino
            file.seek(self._offset)
            while content := file.read(AT_ONCE):
                whole = content[: content.rfind(b"\n") + 1]
                for line in whole.splitlines():
                    self._add(line)
                if not whole:
                    break
                self._offset += len(whole)
                self._mark = (self._mark + whole)[-min(MARK, self._offset) :]
                file.seek(self._offset)

    def _add(self, line: bytes) -> None:
        if not line.strip():
            return
        record = record_of(line)
        self.version += 1
        if record is None:
            self.damaged += 1
            return
        step, replica = record["step"], record.get("replica") or 0
        if replica >= self.replicas:
            return
        for name, value in record.items():
            if name in ("step", "replica") or isinstance(value, bool) or not isinstance(value, int | float | None):
                continue
            column = self.columns.setdefault(name, {})
            if step not in column:
                self._thin(column)
                column[step] = np.full(self.replicas, np.nan)
            column[step][replica] = np.nan if value is None else value

    def _thin(self, column: dict[int, np.ndarray]) -> None:
        """Drops every other step where there are too many, and keeps the last."""
        if len(column) >= max(FEWEST, min(STEPS, VALUES // self.replicas)):
            for step in list(column)[-2::-2]:
                del column[step]

    @property
    def last_step(self) -> int:
        """The last step that was logged, 0 where there is none."""
        return max((max(column) for column in self.columns.values() if column), default=0)

    def curves(self) -> dict[str, OverSeeds]:
        """Each metric as a chart draws it: mean and deviation over the replicas, at most `POINTS` steps, the last among them."""
        curves = {}
        for name, column in self.columns.items():
            steps = sorted(column)
            if len(steps) > POINTS:
                steps = [steps[i] for i in np.unique(np.round(np.linspace(0, len(steps) - 1, POINTS)).astype(int))]
            curves[name] = over_table(np.array(steps), np.array([column[step] for step in steps]))
        return curves

    def outline(self) -> list[list[int | None]]:
        """Critic's and generator's loss as a row of the list draws them: heights from 0 to 100 on one scale, which leaves out the
        extreme fiftieth at either end."""
        steps = sorted({step for name in LOSSES for step in self.columns.get(name, ())})
        if len(steps) < 2:
            return []
        if len(steps) > OUTLINE:
            steps = [steps[round(i * (len(steps) - 1) / (OUTLINE - 1))] for i in range(OUTLINE)]
        none = np.full(self.replicas, np.nan)
        means = np.array([[_mean(self.columns.get(name, {}).get(step, none)) for step in steps] for name in LOSSES])
        finite = means[np.isfinite(means)]
        if not len(finite):
            return []
        low, high = np.quantile(finite, (0.02, 0.98))
        heights = 100 * (np.clip(means, low, high) - low) / ((high - low) or 1.0)
        return [[round(height) if np.isfinite(height) else None for height in of_player] for of_player in heights.tolist()]

    def last(self) -> dict[str, tuple[int, np.ndarray]]:
        """Of each metric the step of its last values, and the values (R,)."""
        return {name: (max(column), column[max(column)]) for name, column in self.columns.items() if column}

    def records(self) -> Iterator[dict[str, Any]]:
        """The lines again, as `RunFolder.read_metrics` gives them, of the steps that are kept."""
        several = self.replicas > 1
        for step in sorted({step for column in self.columns.values() for step in column}):
            rows = [(name, column[step].tolist()) for name, column in self.columns.items() if step in column]
            for replica in range(self.replicas):
                of_replica: dict[str, Any] = {"step": step, "replica": replica} if several else {"step": step}
                for name, values in rows:
                    value = values[replica]
                    of_replica[name] = value if np.isfinite(value) else None
                yield of_replica


def _mean(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else np.nan


def last_records(path: Path) -> list[dict[str, Any]]:
    """The records in the last 8 KiB of a metrics.jsonl, oldest first: all that a list of runs needs, however long the run."""
    if not path.is_file():  # a pipe would be waited for
        return []
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL))
            lines = file.read(TAIL).split(b"\n")
    except OSError:
        return []
    whole = lines[:-1] if size <= TAIL else lines[1:-1]
    return [record for line in whole if line.strip() and (record := record_of(line)) is not None]
