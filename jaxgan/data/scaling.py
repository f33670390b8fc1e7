"""Numbers in their own units to what networks see, and back: each feature less an offset, divided by a scale."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Shaped

from jaxgan.checks import text
from jaxgan.errors import UserError, printable, shortened

SCALINGS = ("standard", "minmax", "none")
MANY = 10  # names that a note lists


@dataclass(frozen=True)
class Scaling:
    """The affine map of each feature, the last axis of a sample: a column of vectors, a channel of series and volumes.

    `standard`: offset and scale are mean and standard deviation (of all numbers of the feature, divided by their count); `minmax`: the
    middle and half of the range, so that numbers come to lie in [-1, 1]; `none`: 0 and 1. A constant feature has scale 1. All is computed
    in float64.

    With them go the names under which samples are written again.
    """

    kind: str  # one of SCALINGS
    offset: tuple[float, ...]  # a feature each
    scale: tuple[float, ...]  # likewise, more than 0
    names: tuple[str, ...] = ()  # of the features, or of every number of a sample; or none
    label_name: str = ""  # of the column that labels came from

    def to_model(self, samples: Shaped[np.ndarray, "n *sample"]) -> np.ndarray:
        """(x - offset) / scale, float32."""
        numbers = np.asarray(samples, np.float64)
        return ((numbers - np.array(self.offset)) / np.array(self.scale)).astype(np.float32)

    def to_units(self, samples: Any) -> np.ndarray:
        """scale y + offset of samples as networks see them, float64: what was read, to the precision of float32."""
        return np.asarray(samples, np.float64) * np.array(self.scale) + np.array(self.offset)

    def feature_names(self) -> tuple[str, ...]:
        """A name for each feature, x1, x2 and so on where they have none."""
        count = len(self.offset)
        return self.names if len(self.names) == count else numbered_names(count)

    def column_names(self, shape: Sequence[int]) -> tuple[str, ...]:
        """A name for each number of a sample of this shape, in the order in which a row holds them."""
        if len(self.names) == math.prod(shape):
            return self.names
        return tuple(f"{name}_{place}" for place in range(1, math.prod(shape[:-1]) + 1) for name in self.feature_names())

    def described(self) -> dict[str, Any]:
        """As JSON values, from which `from_description` makes it again."""
        return {
            "kind": self.kind,
            "offset": list(self.offset),
            "scale": list(self.scale),
            "names": list(self.names),
            "label_name": self.label_name,
        }


def numbered_names(count: int) -> tuple[str, ...]:
    """x1, x2, ...: of features without names."""
    return tuple(f"x{number}" for number in range(1, count + 1))


def fitted(samples: np.ndarray, kind: str, names: Sequence[str] = (), label_name: str = "") -> Scaling:
    """The scaling of these samples (n, ..., features): its statistics are theirs.

    Raises:
        UserError: numbers so large that they have no finite statistics.
    """
    features = samples.shape[-1]
    rows = samples.reshape(-1, features).astype(np.float64)
    offset, scale = np.zeros(features), np.ones(features)
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = rows.min(0), rows.max(0)
        if kind == "standard":
            offset, scale = rows.mean(0), rows.std(0)
        elif kind == "minmax":
            offset, scale = low / 2 + high / 2, high / 2 - low / 2
    if not (np.isfinite(offset).all() and np.isfinite(scale).all()):
        raise UserError(f"numbers from {low.min():g} to {high.max():g} have no finite mean and deviation: --scaling none")
    constant = (low == high) | (scale == 0)
    offset = np.where(constant & (kind != "none"), low, offset)  # the mean of equal numbers may be off in its last bit
    scale = np.where(constant, 1.0, scale)
    return Scaling(kind, tuple(offset.tolist()), tuple(scale.tolist()), tuple(names), label_name)


def notes_of(scaling: Scaling, samples: np.ndarray, source: str) -> tuple[str, ...]:
    """What is to be said of a scaling and the samples that it was made from."""
    feature = "channel" if samples.ndim > 2 else "column"
    ways = {"standard": "(x - mean) / standard deviation", "minmax": "to [-1, 1]", "none": "not at all"}
    notes = [f"{source}: each {feature} is scaled {ways[scaling.kind]}; samples are written in the data's own units"]
    rows = samples.reshape(-1, samples.shape[-1])
    constant = np.flatnonzero(rows.min(0) == rows.max(0))
    if len(constant):
        named = [f"{printable(scaling.feature_names()[i])} ({rows[0, i]:g})" for i in constant[:MANY]]
        rest = f" and {len(constant) - MANY} more" if len(constant) > MANY else ""
        notes.append(f"{source}: constant and kept: {', '.join(named)}{rest}")
    return tuple(notes)


def from_description(values: Any) -> Scaling:
    """The scaling that `described` gave.

    Raises:
        UserError: what is no such description.
    """
    if not isinstance(values, Mapping) or values.get("kind") not in SCALINGS:
        raise UserError(f"scaling={shortened(values)}: must be an object whose kind is one of {', '.join(SCALINGS)}")
    numbers: dict[str, tuple[float, ...]] = {}
    for field in ("offset", "scale"):
        listed = values.get(field)
        if not isinstance(listed, list) or not all(
            isinstance(x, int | float) and not isinstance(x, bool) and math.isfinite(x) for x in listed
        ):
            raise UserError(f"scaling: {field}={shortened(listed)}: must be a list of numbers")
        numbers[field] = tuple(float(x) for x in listed)
    if len(numbers["offset"]) != len(numbers["scale"]) or min(numbers["scale"], default=0) <= 0:
        raise UserError("scaling: as many scales as offsets are needed, each more than 0")
    names = values.get("names", [])
    if not isinstance(names, list):
        raise UserError(f"scaling: names={shortened(names)}: must be a list")
    return Scaling(
        values["kind"],
        **numbers,
        names=tuple(text("names", name) for name in names),
        label_name=text("label_name", values.get("label_name", "")),
    )
