"""Samples as tables in text files, in the data's own units and under its columns' names."""

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from jaxgan.data import Scaling
from jaxgan.data.scaling import numbered_names
from jaxgan.files import write_atomically

FLOAT32 = 2.0**-24  # what float32 tells apart, as a share


def save_table(
    path: Path,
    samples: Float[np.ndarray, "n *sample"],
    labels: Any = None,
    *,
    scaling: Scaling | None = None,
    distribution: Any = None,
    class_names: Sequence[str] = (),
    label_names: Sequence[str] = (),
) -> None:
    """Writes samples (n, ...), as networks see them, as CSV: a header line, a row a sample, and a last column of labels where there are any.

    Numbers have as many decimals as float32 tells apart: at the scale of their column where they are scaled, else each by itself.
    """
    shape = samples.shape[1:]
    names = _names(shape, scaling)
    if scaling is not None and scaling.kind != "none":
        scales = np.tile(np.array(scaling.scale), math.prod(shape[:-1]))
        units = scaling.to_units(samples).reshape(len(samples), -1)  # (n, *sample) -> (n, columns)
        columns = [_rounded(column, scale) for column, scale in zip(units.T, scales, strict=True)]
    else:
        plain = np.asarray(samples if distribution is None else distribution.to_units(samples), np.float32)
        columns = [[float(str(number)) for number in column] for column in plain.reshape(len(samples), -1).T]
    header = list(names)
    if labels is not None:
        numbers = np.asarray(labels)
        if numbers.ndim == 1:
            header.append(_new_name((scaling.label_name if scaling else "") or "label", names))
            columns.append([class_names[label] if class_names else int(label) for label in numbers])
        else:  # (n, K): several labels, or continuous ones
            header += [_new_name(name, names) for name in label_names or (f"label_{k}" for k in range(1, numbers.shape[1] + 1))]
            columns += [[float(str(number)) for number in column] for column in numbers.T.astype(np.float32)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(zip(*columns, strict=True))
    write_atomically(path, text.getvalue().encode())


def _rounded(column: Float[np.ndarray, " n"], scale: float) -> list[Any]:
    """Numbers with the decimals that float32 tells apart at this scale."""
    rounded: list[Any] = np.round(column, max(0, math.ceil(-math.log10(scale * FLOAT32)))).tolist()
    return rounded


def _names(shape: Sequence[int], scaling: Scaling | None) -> tuple[str, ...]:
    if scaling is not None:
        return scaling.column_names(shape)
    return ("x", "y") if tuple(shape) == (2,) else numbered_names(math.prod(shape))


def _new_name(name: str, others: Sequence[str]) -> str:
    """The name, with as many underscores behind it as make it one that no other column has."""
    while name in others:
        name += "_"
    return name
