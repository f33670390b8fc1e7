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
from jaxgan.evaluation import better, judge_of, judge_replicas
from jaxgan.evaluation.protocol import Judge, Show, count, unseen
from jaxgan.files import json_text, write_atomically
from jaxgan.types import GanState


class Measuring:
    """Figures of each replica's samples; the state that is best by the mean of one of them is kept at RUN/best.

    Pictures are compared in the features of their classifier, or pixels where they have no labels.
    """

    def __init__(self, setup: Setup, *, show: Show = unseen):
        if jax.process_count() > 1:
            raise UserError("--metrics-every: not with --distributed; judge the run's checkpoints by python -m jaxgan.evaluate")
        n, points = setup.config.metrics_samples, setup.dataset.is_points
        features = "lab" if setup.dataset.n_classes > 1 or points else "pixels"
        self.judge: Judge = judge_of(setup, n=n, features=features, thorough=False, show=show)
        usual = "sliced_wasserstein1" if points else "fid_lab" if features == "lab" else "kid_pixels"
        self.figure = setup.config.best or f"{usual}_{count(n)}"
        if setup.config.best:  # what real samples give names all that can be asked for
            names = [name for name in self.judge.of_samples(self.judge.reference, None, unseen) if better(name) is not None]
            if self.figure not in names:
                raise unknown("--best", self.figure, names)

    def of(self, program: Program, folder: Path) -> Callable[[int, GanState], list[dict[str, float]]]:
        """What measures a step's state, and keeps it at RUN/best, named in RUN/best.json, where it is the best so far."""
        said, best = folder / "best.json", math.inf
        if said.is_file():
            kept = json.loads(said.read_text())
            best = self._rank(kept["value"]) if kept["figure"] == self.figure else math.inf

        def measure(step: int, state: GanState) -> list[dict[str, float]]:
            nonlocal best
            found = judge_replicas(self.judge, program, state, folder)
            values = [figures[self.figure] for figures in found if figures]  # but those that diverged
            if values and self._rank(statistics.fmean(values)) < best:
                best = self._rank(statistics.fmean(values))
                checkpoints = Checkpoints(folder / "best", keep=1)
                checkpoints.save(step, state)
                checkpoints.close()
                write_atomically(said, json_text({"figure": self.figure, "value": statistics.fmean(values), "step": step}))
            return found

        return measure

    def _rank(self, value: float) -> float:
        return value if better(self.figure) == "lower" else -value
