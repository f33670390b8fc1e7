"""The numbers of a run: metrics.jsonl as it goes, and their curves at its end."""

import json
import math
from pathlib import Path
from typing import Any

from jaxgan.engine.listeners import Listener
from jaxgan.errors import UserError
from jaxgan.files import append, without_link, write_atomically
from jaxgan.folder import metrics_lines, read_metrics
from jaxgan.report.figures import save_curves


class MetricsFile(Listener):
    """Keeps metrics.jsonl: one JSON object a logged step and replica, null where a value is not finite."""

    def __init__(self, path: str | Path) -> None:
        """`path` is the file; its folder is made."""
        self._path = Path(path)

    def on_start(self, step: int, total: int) -> None:
        """Drop what a killed run logged after the checkpoint at `step`: those steps are about to be made again.

        A line that cannot be read stays: there may be more to see in it than we do.

        Raises:
            UserError: the file cannot be read at all.
        """

        def refuse(complaint: str) -> None:
            raise UserError(f"{complaint}: what the run logged before would be lost")

        if not self._path.exists():
            return
        kept = [
            line.content
            for line in metrics_lines(self._path, refuse)
            if step > 0 and (line.record is None or line.record["step"] <= step)
        ]
        write_atomically(self._path, b"".join(kept))

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
        append(self._path, "".join(lines).encode())

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
        records = read_metrics(self._metrics)
        if any("critic_loss" in record or "generator_loss" in record for record in records):
            save_curves(without_link(self._path), records)
