"""Measuring a run while it trains (`--metrics-every`), and keeping its best checkpoint."""

import json
import math
import statistics
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax

from jaxgan.checks import number, text
from jaxgan.engine.checkpoints import Checkpoints, Progress
from jaxgan.errors import UserError, first_line, one_line, unknown
from jaxgan.evaluation import Evaluator, better, count, evaluator_of, measure_replicas
from jaxgan.features import ShowProgress, show_nothing
from jaxgan.files import json_text, write_atomically
from jaxgan.folder import RunFolder
from jaxgan.runs.data import held_out_data
from jaxgan.runs.run import Run
from jaxgan.settings import fixed_options
from jaxgan.settings.paths import found_from_here
from jaxgan.settings.resolution import Resolved
from jaxgan.types import GanState

Measure = Callable[[int, GanState], list[dict[str, float]]]  # (step, state) -> the metrics of each replica


class Measuring:
    """Metrics of each replica's samples; the state that is best by the mean of one of them is kept at RUN/best.

    Pictures are compared in the features that --features names, else those of their classifier, or pixels where they have no labels.
    """

    def __init__(self, resolved: Resolved, *, metrics: Mapping[str, Any] | None = None, show: ShowProgress = show_nothing):
        if jax.process_count() > 1:
            raise UserError(
                "--metrics-every: not with --distributed; measure the run's checkpoints by python -m jaxgan.evaluate"
            )
        config, dataset = resolved.config, resolved.dataset
        n = config.metrics_samples
        classified = dataset.is_images and dataset.n_classes > 1
        if config.features is not None and not dataset.is_images:
            raise UserError(
                f"--features {config.features}: pictures are compared in features, and '{dataset.name}' holds {dataset.kind}"
            )
        self.evaluator: Evaluator = evaluator_of(
            dataset, resolved.gan, held_out=held_out_data(config, dataset), n=n,
            features=config.features or ("lab" if classified else "pixels"), data_dir=found_from_here(config).data_dir, thorough=False, metrics=metrics, show=show,
        )  # fmt: skip
        usual = _usual(self.evaluator.protocol["features"]) if dataset.is_images else "sliced_wasserstein1"
        self.metric = config.best or f"{usual}_{count(n)}"
        if config.best:  # the metrics of real samples name all that can be chosen
            measured = self.evaluator.of_samples(self.evaluator.reference, None, show_nothing)
            names = [name for name in measured if better(name) is not None]
            if self.metric not in names:
                raise unknown("--best", self.metric, names)

    def of(self, run_of: Callable[[GanState], Run], files: RunFolder) -> Measure:
        """What measures a step's state, and keeps it at RUN/best, named in RUN/best.json, where it is the best so far."""
        best = self._best_before(files.best_record)

        def measure(step: int, state: GanState) -> list[dict[str, float]]:
            nonlocal best
            measured = measure_replicas(self.evaluator, run_of(state).every_replica)
            values = [values[self.metric] for values in measured if values]  # but those that diverged
            if values and self._rank(statistics.fmean(values)) < best:
                mean = statistics.fmean(values)
                best = self._rank(mean)
                checkpoints = Checkpoints(files.best, keep=1, about={"options": fixed_options(run_of(state).config)})
                checkpoints.save(step, Progress(state, logged=step))
                checkpoints.close()
                write_atomically(files.best_record, json_text({"metric": self.metric, "value": mean, "step": step}))
            return measured

        return measure

    def _best_before(self, path: Path) -> float:
        """The rank of the value in RUN/best.json, where it is of the same metric; infinite where there is none.

        Raises:
            UserError: the file is damaged, in one line that names it.
        """
        if not path.is_file():
            return math.inf
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            name = record["metric"] if "metric" in record else record["figure"]  # the key of earlier versions
            metric, value = text("metric", name), number("value", record["value"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise UserError(
                f"{path} is no record of the best checkpoint ({one_line(first_line(error))}): remove it, and the best is sought anew"
            ) from None
        return self._rank(value) if metric == self.metric else math.inf

    def _rank(self, value: float) -> float:
        """Less is better."""
        return value if better(self.metric) == "lower" else -value


def _usual(features: str) -> str:
    """The distance of pictures that the best checkpoint is kept by, in these features: unbiased where the FID is not usual."""
    return f"{'fid' if features in ('lab', 'inception') else 'kid'}_{features}"
