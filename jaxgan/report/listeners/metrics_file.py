"""The numbers of a run: metrics.jsonl as it goes, and their curves at its end."""

import json
import math
from pathlib import Path
from typing import Any

from jaxgan.engine.listeners import Listener
from jaxgan.files import write_atomically
from jaxgan.folder import read_metrics
from jaxgan.report.figures import save_curves


class MetricsFile(Listener):
    """Keeps metrics.jsonl: one JSON object a logged step and replica, null where a value is not finite."""

    def __init__(self, path: str | Path) -> None:
        """`path` is the file; its folder is made."""
        self._path = Path(path)

    def on_start(self, step: int, total: int) -> None:
        """Drop what a killed run logged after the checkpoint at `step`: those steps are about to be made again."""
        if not self._path.exists():
            return
        records = [record for record in read_metrics(self._path) if step > 0 and record["step"] <= step]
        write_atomically(self._path, "".join(json.dumps(record) + "\n" for record in records).encode())

    def on_log(self, step: int, metrics: list[dict[str, float]]) -> None:
        """Append one line a replica, all in one write, and close the file: what was logged is on disk."""
        lines = []
        for replica, values in enumerate(metrics):
            record: dict[str, Any] = {"step": int(step)}
            if len(metrics) > 1:
                record["replica"] = replica
            for name, value in values.items():
                record[name] = float(value) if math.isfinite(value) else None
            lines.append(json.dumps(record, allow_nan=False) + "\n")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write("".join(lines))

    def on_measure(self, step: int, values: list[dict[str, float]]) -> None:
        """Append measured values likewise."""
        self.on_log(step, values)


class Curves(Listener):
    """Draws the curves of a metrics.jsonl when the run ends, however it ends; comes after `MetricsFile` in the list."""

    def __init__(self, metrics: str | Path, path: str | Path) -> None:
        """`metrics` is the metrics.jsonl to read, `path` the picture to write."""
        self._metrics, self._path = Path(metrics), Path(path)

    def on_end(self, step: int) -> None:
        """Write the picture, if a loss was logged."""
        records = read_metrics(self._metrics) if self._metrics.exists() else []
        if any("critic_loss" in record or "generator_loss" in record for record in records):
            save_curves(self._path, records)
