"""Label vectors: several labels a sample (multi-hot), or numbers (continuous), with their names, units and a few real rows; shares of classes (layer 0).

A network sees a multi-hot label as its 0s and 1s, and a continuous one standardised, (y - mean) / std of the training data. Whoever
gives or reads a label gives and reads it in the data's own units, by name where there are names.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from jaxgan.checks import whole_number
from jaxgan.errors import UserError, one_line, printable, shortened, unknown

Kind = Literal["multi_hot", "continuous"]
KINDS = ("classes", "multi_hot", "continuous")
KEPT = 100  # rows of the data that are kept with a run, for samples of which no label is said
ROWS = 10  # of the grid of a continuous label
SINGLE, COMBINED = 12, 8  # most rows of the grid of multi-hot labels: single labels, and frequent combinations
NONE = "none"  # the multi-hot label of zeros, in words


def class_shares(sizes: np.ndarray, balance: float) -> np.ndarray:
    """The share of each class in training: n^(1 - balance) over their sum, of classes of n samples; of none without samples.

    Balance 0: as in the data; 1: all alike.
    """
    weights = np.where(sizes > 0, np.maximum(sizes, 1.0) ** (1 - balance), 0.0)
    return weights / weights.sum()


@dataclass(frozen=True, eq=False)
class LabelVectors:
    """What is known of label vectors of K entries; numbers are in the data's own units."""

    kind: Kind
    names: tuple[str, ...]  # K of them
    mean: np.ndarray  # (K,); of multi-hot labels the share of samples that have each
    std: np.ndarray  # (K,); 1 where a label is the same for all samples, and of multi-hot labels
    low: np.ndarray  # (K,), the smallest
    high: np.ndarray  # (K,), the largest
    examples: np.ndarray  # (n, K), rows of the data, drawn at random
    shown: np.ndarray  # (rows, K), the labels of the rows of a grid

    @property
    def dim(self) -> int:
        return len(self.names)

    def to_model(self, values: Any) -> np.ndarray:
        """Labels (..., K) as the networks see them, float32."""
        values = np.asarray(values, np.float64)
        return (values if self.kind == "multi_hot" else (values - self.mean) / self.std).astype(np.float32)

    def to_units(self, labels: Any) -> np.ndarray:
        """Labels (..., K) in the data's own units, float32: the inverse of `to_model`."""
        labels = np.asarray(labels, np.float64)
        return (labels if self.kind == "multi_hot" else labels * self.std + self.mean).astype(np.float32)

    def words(self, row: Any) -> str:
        """A label in a few words: "smiling, glasses", "none", "age=30" or "x=0.5 y=-1"."""
        if self.kind == "multi_hot":
            return ", ".join(printable(name) for name, value in zip(self.names, row, strict=True) if value > 0.5) or NONE
        return " ".join(f"{printable(name)}={value:.4g}" for name, value in zip(self.names, row, strict=True))

    def summary(self) -> str:
        """All labels in a line: the share of each, or its range, mean and standard deviation."""
        if self.kind == "multi_hot":
            shares = [f"{printable(name)} ({share:.1%})" for name, share in zip(self.names, self.mean, strict=True)]
            return f"{self.dim} labels, any of them at once: {_first(shares)}"
        numbers = zip(self.names, self.low, self.high, self.mean, self.std, strict=True)
        spans = [f"{printable(n)} from {a:.4g} to {b:.4g} (mean {m:.4g}, std {s:.4g})" for n, a, b, m, s in numbers]
        return f"{self.dim} continuous label{'s' if self.dim > 1 else ''}: {_first(spans)}"

    def read(self, label: Any, called: str = "label") -> np.ndarray:
        """One label as a row (K,) in the data's own units.

        Args:
            label: numbers (K,); {name: number}; or a text: "age=30", "30,170", "smiling,glasses", "none". Continuous labels that are not
                named are at their mean, multi-hot ones 0.
            called: what a message calls it.

        Raises:
            UserError: another number of entries, a name that is not there, or what is no number.
        """
        given = label
        if isinstance(label, str):
            parts = [part.strip() for part in label.split(",")]
            if self.kind == "multi_hot" and not any("=" in part for part in parts) and not all(map(_is_number, parts)):
                label = {} if parts == [NONE] and NONE not in self.names else dict.fromkeys(parts, 1.0)
            elif all("=" in part for part in parts):
                label = {name.strip(): number for name, _, number in (part.rpartition("=") for part in parts)}
            else:
                label = parts
        if isinstance(label, Mapping):
            row = np.array(self.mean if self.kind == "continuous" else np.zeros(self.dim), np.float64)
            for name, value in label.items():
                row[self.column(name, called)] = _number(value, f"{called} {one_line(name)}")
        else:
            values = [_number(value, called) for value in np.ravel(np.asarray(label)).tolist()]
            if len(values) != self.dim:
                raise UserError(f"{called} {shortened(given)}: {len(values)} numbers, expected {self.dim}: {self._names()}")
            row = np.asarray(values)
        if self.kind == "multi_hot" and not np.isin(row, (0, 1)).all():
            raise UserError(f"{called} {shortened(given)}: expected 0 or 1 for each of {self._names()}")
        return row

    def column(self, name: str, called: str = "label") -> int:
        """The place of a label by its name; raises UserError, which names the nearest."""
        if name not in self.names:
            raise unknown(called, name, self.names)
        return self.names.index(name)

    def read_range(self, text: str, called: str) -> tuple[int, np.ndarray]:
        """ "age=20:60" or "age=20:60:9" as the label's place and its values, evenly spaced, 8 of them where not said.

        Raises:
            UserError: the labels are multi-hot, or the text has another form.
        """
        if self.kind != "continuous":
            raise UserError(f"{called} {one_line(text)}: goes over the values of a continuous label, and these are multi-hot")
        name, equals, span = text.rpartition("=")
        parts = span.split(":")
        if not equals and self.dim == 1:
            name = self.names[0]
        if (not equals and self.dim > 1) or len(parts) not in (2, 3):
            raise UserError(f"{called} {one_line(text)}: expected NAME=FROM:TO or NAME=FROM:TO:COUNT, as {self.names[0]}=0:1")
        low, high = (_number(part, called) for part in parts[:2])
        count = _number(parts[2], called) if len(parts) == 3 else 8
        if count != int(count) or not 2 <= count <= 100:
            raise UserError(f"{called} {one_line(text)}: {parts[2]} values, expected a whole number from 2 to 100")
        return self.column(name.strip(), called), np.linspace(low, high, int(count))

    def _names(self) -> str:
        return _first([printable(name) for name in self.names])

    def described(self) -> dict[str, Any]:
        """As JSON values."""
        arrays = {name: np.asarray(getattr(self, name)).tolist() for name in ARRAYS}
        return {"kind": self.kind, "names": list(self.names), **arrays}


ARRAYS = {"mean": 1, "std": 1, "low": 1, "high": 1, "examples": 2, "shown": 2}  # the axes of each


def from_description(values: Any) -> LabelVectors:
    """What `LabelVectors.described` gave; raises UserError where something is missing or of another shape."""
    if not isinstance(values, Mapping) or values.get("kind") not in KINDS[1:]:
        raise UserError(f"labels={shortened(values)}: must be an object whose kind is multi_hot or continuous")
    names = values.get("names")
    if not isinstance(names, list | tuple) or not names or not all(isinstance(name, str) for name in names):
        raise UserError(f"labels: names={shortened(names)}: must be a list of texts")
    arrays = {}
    for name, ndim in ARRAYS.items():
        try:
            array = np.asarray(values.get(name), np.float64)
        except (TypeError, ValueError):
            array = np.zeros(())
        if array.ndim != ndim or array.shape[-1] != len(names) or not array.size or not np.isfinite(array).all():
            raise UserError(f"labels: {name}={shortened(values.get(name))}: must be numbers, {len(names)} in a row")
        arrays[name] = array
    if (arrays["std"] <= 0).any():
        raise UserError(f"labels: std={shortened(values.get('std'))}: must be more than 0")
    return LabelVectors(values["kind"], tuple(names), **arrays)


def label_vectors(values: np.ndarray, kind: Kind, names: Sequence[str]) -> LabelVectors:
    """What is known of label vectors (N, K), finite and in the data's own units."""
    values = np.asarray(values, np.float64)
    std = np.ones(values.shape[1]) if kind == "multi_hot" else values.std(0)
    constant = values.min(0) == values.max(0)  # their rounding alone would be enlarged
    rows = np.random.default_rng(0).permutation(len(values))[:KEPT]
    examples = values[rows]
    return LabelVectors(
        kind=kind,
        names=tuple(names),
        mean=values.mean(0),
        std=np.where(constant, 1.0, std),
        low=values.min(0),
        high=values.max(0),
        examples=examples,
        shown=_rows_shown(values, kind, examples),
    )


def _rows_shown(values: np.ndarray, kind: Kind, examples: np.ndarray) -> np.ndarray:
    """The labels of a grid's rows: of one number its range, from the 5 % to the 95 % quantile; of several rows of the data; of multi-hot labels
    each alone and the most frequent other combinations."""
    if kind == "continuous":
        return (
            np.unique(np.quantile(values, np.linspace(0.05, 0.95, ROWS)))[:, None] if values.shape[1] == 1 else examples[:ROWS]
        )
    most = np.sort(np.argsort(-values.sum(0), kind="stable")[:SINGLE])
    combinations, counts = np.unique(values, axis=0, return_counts=True)
    several = combinations.sum(1) != 1
    order = np.argsort(-counts[several], kind="stable")[:COMBINED]
    return np.concatenate([np.eye(values.shape[1])[most], combinations[several][order]])


def class_number(label: Any, class_names: Sequence[str], n_classes: int, called: str = "label") -> int:
    """A class by its name or, where no class is called so, by its number.

    Raises:
        UserError: there is none, in one line that names the nearest.
    """
    text = label.strip() if isinstance(label, str) else ""
    if text in class_names:
        return list(class_names).index(text)
    if not isinstance(label, str) or text.isdecimal():
        number = whole_number("label", label if not text else int(text), at_least=0)
        if number < n_classes:
            return number
        raise UserError(f"{called} {one_line(number)}: allowed are 0 to {n_classes - 1}")
    if class_names:
        raise unknown(called, text, class_names)
    raise UserError(f"{called} {one_line(text)}: the classes have no names: allowed are 0 to {n_classes - 1}")


def _first(parts: Sequence[str], most: int = 10) -> str:
    return ", ".join(parts[:most]) + (f", ... ({len(parts):,} in all)" if len(parts) > most else "")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _number(value: Any, called: str) -> float:
    """A finite number, of a number or of a text."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise UserError(f"{called} {shortened(value)}: must be a number")
    return number
