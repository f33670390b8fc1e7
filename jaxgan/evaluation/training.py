"""Measuring a run while it trains (`--metrics-every`), and keeping its best checkpoint."""

import json
import math
import statistics
from collections.abc import Callable
from pathlib import Path

import jax

from jaxgan.engine.checkpoints import Checkpoints
from jaxgan.engine.loop import Program
from jaxgan.engine.setup import Setup
from jaxgan.errors import UserError, unknown
from jaxgan.evaluation import judge_of, judge_replicas, lower_is_better
from jaxgan.evaluation.protocol import count
from jaxgan.report.files import json_text, write_atomically
from jaxgan.types import GanState


class Measuring:
    """Figures of each replica's samples; the state that is best by the mean of one of them is kept at RUN/best."""

    def __init__(self, setup: Setup, folder: Path, *, progress: bool = True):
        if jax.process_count() > 1:
            raise UserError("--metrics-every: not with --distributed; judge the run's checkpoints by python -m jaxgan.evaluate")
        n = setup.config.metrics_samples
        if progress:
            print(f"measuring {n:,} samples every {setup.plan.metrics_every:,} steps", flush=True)
        self.judge = judge_of(setup, n=n, thorough=False)
        usual = f"sliced_wasserstein1_{count(n)}" if setup.dataset.is_points else f"fid_lab_{count(n)}"
        self.folder, self.figure, self.said = folder, setup.config.best or usual, folder / "best.json"
        self.best = math.inf
        if self.said.is_file():
            kept = json.loads(self.said.read_text())
            if kept["figure"] == self.figure:
                self.best = self._rank(kept["value"])

    def of(self, program: Program) -> Callable[[int, GanState], list[dict[str, float]]]:
        """What measures a step's state."""

        def measure(step: int, state: GanState) -> list[dict[str, float]]:
            found = judge_replicas(self.judge, program, state, self.folder)
            self._keep(step, state, found)
            return found

        return measure

    def _rank(self, value: float) -> float:
        return value if lower_is_better(self.figure) else -value

    def _keep(self, step: int, state: GanState, found: list[dict[str, float]]) -> None:
        if self.figure not in found[0]:
            raise unknown("--best", self.figure, list(found[0]))
        value = statistics.fmean(figures[self.figure] for figures in found)
        if not self._rank(value) < self.best:
            return
        self.best = self._rank(value)
        checkpoints = Checkpoints(self.folder / "best", keep=1)
        checkpoints.save(step, state)
        checkpoints.close()
        write_atomically(self.said, json_text({"figure": self.figure, "value": value, "step": step}))
