"""Vectors, series and volumes of numbers, scaled feature by feature, as a `Dataset`."""

from collections.abc import Sequence

import numpy as np

from jaxgan.checks import choice
from jaxgan.data.arrays import Labels
from jaxgan.data.dataset import Dataset
from jaxgan.data.kinds import in_kind, kind_of
from jaxgan.data.scaling import SCALINGS, Scaling, fitted, notes_of
from jaxgan.errors import UserError, printable


def of_numbers(
    numbers: np.ndarray,
    name: str,
    source: str,
    *,
    kind: str = "auto",
    scaling: str | Scaling = "standard",
    names: Sequence[str] = (),
    labels: Labels | None = None,
    label_name: str = "",
    notes: tuple[str, ...] = (),
) -> Dataset:
    """A data set of vectors, series or volumes, as networks see them, with the scaling that they were brought there by.

    Args:
        numbers: (N, ...), real numbers of any type.
        name: of the data set.
        source: what messages begin with.
        kind: one of `jaxgan.data.kinds.KINDS`.
        scaling: one of `jaxgan.data.scaling.SCALINGS`, or that of other data, which is taken as it is.
        names: of the features, the last axis; or of every number of a sample; or none.
        labels: of the samples.
        label_name: what the labels were called.
        notes: what was said of them before.

    Raises:
        UserError: numbers that are not finite, axes that do not fit the kind, pictures, names that are not as many.
    """
    samples = in_kind(checked_numbers(numbers, source), kind, source)
    shape = samples.shape[1:]
    if kind_of(shape) in ("images", "other"):
        raise UserError(
            f"{source} have shape {samples.shape}: each feature is scaled of vectors (N, F), series (N, T, C) and volumes"
            " (N, D, H, W, C); pictures are the array `images` of an archive"
        )
    if names and len(names) not in (shape[-1], samples[0].size):
        raise UserError(f"{source}: {len(names)} names, expected {shape[-1]}, one for each feature")
    if twice := next((name for place, name in enumerate(names) if name in names[:place]), None):
        raise UserError(f"{source}: two features are called {printable(twice)}, expected a name each")
    said: tuple[str, ...] = ()
    if isinstance(scaling, Scaling):
        made = scaling
        if len(made.offset) != shape[-1]:
            raise UserError(f"{source}: samples of {shape[-1]} features, expected {len(made.offset)}")
    else:
        made = fitted(samples, choice("scaling", scaling, SCALINGS), names, label_name)
        said = notes_of(made, samples, source)
    return Dataset(
        name,
        shape,
        0 if labels is None else labels.n_classes,
        made.to_model(samples),
        None if labels is None else labels.numbers,
        () if labels is None else labels.class_names,
        notes=notes + said + (() if labels is None else labels.notes),
        scaling=made,
        label_vectors=None if labels is None else labels.vectors,
    )


def checked_numbers(numbers: np.ndarray, source: str) -> np.ndarray:
    """The numbers, if they are real, finite, at least one of them, and have an axis beside that of the samples.

    Raises:
        UserError: they are not; it names the first sample that is not finite.
    """
    if numbers.ndim < 2:
        raise UserError(f"{source} have shape {numbers.shape}, expected (N, ...): single numbers as (N, 1)")
    if not numbers.size:
        raise UserError(f"{source} have shape {numbers.shape}, which holds none")
    if numbers.dtype.kind not in "buif":
        raise UserError(f"{source} are {numbers.dtype}, expected numbers")
    with np.errstate(over="ignore"):  # what outgrows float32 is infinite to a network
        finite = np.isfinite(numbers.astype(np.float32)).reshape(len(numbers), -1)
    if not finite.all():
        row = int((~finite).any(1).argmax())
        raise UserError(
            f"{source}: {(~finite).any(1).sum():,} of {len(numbers):,} samples hold numbers that are missing or not finite in float32, the"
            f" first of them sample {row}, counted from 0"
        )
    return numbers
