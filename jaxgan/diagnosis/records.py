"""What a diagnosis reads and says: a replica's metrics over the steps, facts of the run, and what a rule finds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from jaxgan.objectives import VARIANTS, Variant


class Finding(NamedTuple):
    """What the figures of a run show, in words."""

    name: str  # of the rule, as in RULES
    sentence: str  # what is seen
    figure: str  # the figure behind it, beside what it is held against
    since: int | None  # the generator step since which it is so, of the first replica that shows it
    advice: str  # what to try
    source: str  # the paper or the experiment that the rule rests on
    replicas: tuple[int, ...]  # that show it
    of: int  # replicas in all


class NotSeen(NamedTuple):
    """A rule that could not look, for want of figures."""

    name: str
    about: str  # what the rule looks for
    reason: str  # which figures there are not, and what would measure them


class Diagnosis(NamedTuple):
    """What the rules say of a run."""

    findings: tuple[Finding, ...]  # in the order of RULES
    not_seen: tuple[NotSeen, ...]  # the rules that lacked figures
    too_early: bool = False  # whether only what is not finite was looked for


class Symptom(NamedTuple):
    """What a rule sees in one replica."""

    figure: str
    since: int | None = None
    sentence: str = ""  # the rule's own where empty
    advice: str = ""  # likewise


class Unmeasured(NamedTuple):
    """A rule's answer where it lacks figures: why, and what would measure them."""

    reason: str


class Series(NamedTuple):
    """A metric of one replica over the steps, in their order; NaN where it was not finite."""

    steps: np.ndarray
    values: np.ndarray

    @property
    def finite(self) -> "Series":
        """Without the values that are not finite."""
        kept = np.isfinite(self.values)
        return Series(self.steps[kept], self.values[kept])


NOTHING = Series(np.zeros(0, int), np.zeros(0))


@dataclass(frozen=True)
class History:
    """One replica's part of metrics.jsonl, and of evaluation.json."""

    replica: int
    columns: Mapping[str, Series]
    evaluated: Mapping[str, float] = field(default_factory=dict)
    last_step: int = 0  # of the run, whichever replica logged it

    def of(self, name: str) -> Series:
        """The finite values of a metric; empty where there is none."""
        return self.columns.get(name, NOTHING).finite

    def named(self, *beginnings: str) -> list[str]:
        """The metrics whose names begin so, in the order in which they were first logged."""
        return [name for name in self.columns if name.startswith(beginnings)]


def histories(
    records: Iterable[Mapping[str, Any]], evaluated: Sequence[Mapping[str, Any]] = (), replicas: int = 1
) -> list[History]:
    """A history a replica, by number, of the lines of metrics.jsonl (`RunFolder.read_metrics`)."""
    lists: dict[int, dict[str, tuple[list[int], list[float]]]] = {}
    last = 0
    for record in records:
        last = max(last, record["step"])
        columns = lists.setdefault(record.get("replica") or 0, {})
        for name, value in record.items():
            if name in ("step", "replica") or not isinstance(value, int | float | None):
                continue
            steps, values = columns.setdefault(name, ([], []))
            steps.append(record["step"])
            values.append(np.nan if value is None else float(value))
    numbers = sorted({*lists, *range(min(replicas, len(evaluated)))}) or [0]
    return [
        History(
            number,
            {name: _in_order(*column) for name, column in lists.get(number, {}).items()},
            _numbers_in(evaluated[number]) if number < len(evaluated) else {},
            last,
        )
        for number in numbers
    ]


def _in_order(steps: list[int], values: list[float]) -> Series:
    order = np.argsort(steps, kind="stable")
    return Series(np.array(steps)[order], np.array(values)[order])


def _numbers_in(values: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in values.items() if isinstance(value, int | float) and np.isfinite(value)}


@dataclass(frozen=True)
class Facts:
    """What the rules need to know of a run beside its figures."""

    config: Mapping[str, Any] = field(default_factory=dict)
    class_names: tuple[str, ...] = ()
    class_shares: tuple[float, ...] = ()  # of the classes in the data; equal ones where their numbers are not known

    @property
    def steps(self) -> int | None:
        """Generator steps of the whole run."""
        return self.config.get("steps")

    @property
    def variant(self) -> Variant | None:
        """The row of VARIANTS; None of a game of the user's own."""
        return None if self.config.get("python") else VARIANTS.get(self.config.get("variant") or "")

    @property
    def replicas(self) -> int:
        return self.config.get("replicas") or 1

    def number(self, name: str, replica: int, otherwise: float) -> float:
        """An option that is a number, of one replica; `otherwise` where it is not set."""
        values = (self.config.get("by_replica") or {}).get(name)
        value = values[replica] if isinstance(values, list) and replica < len(values) else self.config.get(name)
        return value if isinstance(value, int | float) and not isinstance(value, bool) else otherwise

    def class_name(self, label: int) -> str:
        """The name of a class, its number where it has none."""
        return self.class_names[label] if label < len(self.class_names) else str(label)


Look = Callable[[History, Facts], Symptom | Unmeasured | None]


class Rule(NamedTuple):
    """A row of RULES."""

    name: str
    sentence: str  # what is seen where the rule speaks
    advice: str
    source: str
    look: Look  # (a replica's history, facts) -> what is seen, None, or what is not measured
    from_the_start: bool = False  # whether it looks before a fifth of the run is over
    only_at_end: bool = False  # whether it says nothing of a run that is not at its last step


def facts_of(config: Mapping[str, Any], environment: Mapping[str, Any]) -> Facts:
    """The facts in a run's config.json and environment.json, as far as they are there."""
    data = environment.get("data") or {}
    classes = data.get("n_classes") or 0
    shares = _shares(data.get("counts"), classes) if 0 < classes <= MOST_CLASSES else ()
    return Facts(config, tuple(data.get("class_names") or ()), shares)


MOST_CLASSES = 1_000_000


def _shares(counts: Any, classes: int) -> tuple[float, ...]:
    """The classes' shares of so many samples each; equal ones where the numbers are none."""
    if not isinstance(counts, list) or len(counts) != classes or not all(type(n) is int and n >= 0 for n in counts):
        return (1 / classes,) * classes
    whole = sum(counts)
    return tuple(n / whole for n in counts) if whole else (1 / classes,) * classes
