"""How a run goes, said as it goes: a line when a finding first appears and when it is gone, and all of them at the end."""

import sys
from pathlib import Path
from typing import Any

from jaxgan.diagnosis import Facts, Finding, diagnose, headline, measured
from jaxgan.engine.listeners import Listener
from jaxgan.errors import printable
from jaxgan.folder import read_metrics
from jaxgan.metrics.table import is_measured

LOOKS = 40  # in a run: a look takes milliseconds, and what is so for a fortieth of a run is soon enough known
STEPS = 400  # whose metrics are kept, and as many whose samples were measured; of a longer run every other one, over and over


class Findings(Listener):
    """Says what the rules of `jaxgan.diagnosis` see; comes last in the list: the last look reads the file of `MetricsFile`."""

    def __init__(self, metrics: str | Path, facts: Facts) -> None:
        """`metrics` is the run's metrics.jsonl."""
        self._metrics, self._facts = Path(metrics), facts
        self._logged: list[list[dict[str, Any]]] = []  # a record a replica, a list a step
        self._measured: list[list[dict[str, Any]]] = []
        self._said: dict[str, Finding] = {}
        self._next: float | None = None  # the step of the next look

    def on_start(self, step: int, total: int) -> None:
        """Take up what was logged before, of a run that goes on."""
        self._every = total / LOOKS
        self._next = step + self._every
        by_step: dict[int, list[dict[str, Any]]] = {}
        for record in read_metrics(self._metrics, _quietly) if step else ():
            by_step.setdefault(record["step"], []).append(record)
        for records in by_step.values():
            if any(map(is_measured, records[0])):
                self._measured = _thinned([*self._measured, records])
            else:
                self._logged = _thinned([*self._logged, records])
        self._said = self._look() if step else {}

    def on_log(self, step: int, metrics: list[dict[str, float]]) -> None:
        """Keep the line."""
        self._logged = _thinned([*self._logged, _records(step, metrics)])

    def on_measure(self, step: int, values: list[dict[str, float]]) -> None:
        """Keep what was measured."""
        self._measured = _thinned([*self._measured, _records(step, values)])

    def on_chunk(self, step: int, metrics: list[dict[str, float]]) -> None:
        """Look where it is time, and tell what is new and what is gone."""
        if self._next is None or step < self._next:
            return
        self._next = step + self._every
        found = self._look()
        for name in found.keys() - self._said.keys():
            finding = found[name]
            _tell(f"step {step:,}: {headline(finding)} {measured(finding)}; try {finding.advice}")
        for name in self._said.keys() - found.keys():
            _tell(f"step {step:,}: no longer: {self._said[name].sentence}")
        self._said = found

    def on_end(self, step: int) -> None:
        """Say all that is found in the whole file, once the listeners before this one have said their last; nothing where nothing is."""
        if self._next is None:
            return
        for finding in diagnose(read_metrics(self._metrics, _quietly), self._facts).findings:
            print(printable(f"{headline(finding)} {measured(finding)}"))
            print(printable(f"  try {finding.advice}"), flush=True)

    def _look(self) -> dict[str, Finding]:
        records = (record for step in (*self._logged, *self._measured) for record in step)
        return {finding.name: finding for finding in diagnose(records, self._facts).findings}


def _quietly(complaint: str) -> None:
    """What is damaged is told where the curves are drawn."""


def _records(step: int, values: list[dict[str, float]]) -> list[dict[str, Any]]:
    return [{"step": step, "replica": replica, **of_replica} for replica, of_replica in enumerate(values)]


def _thinned(steps: list[list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    """Every other step of too many; the first and the last stay."""
    return steps if len(steps) <= STEPS else [*steps[:-1:2], steps[-1]]


def _tell(line: str) -> None:
    print(printable(line), file=sys.stderr, flush=True)
