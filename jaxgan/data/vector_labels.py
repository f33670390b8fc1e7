"""Labels of any kind: class numbers, several labels a sample (multi-hot), or numbers (continuous)."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.data.arrays import Labels, read_labels
from jaxgan.data.dataset import Dataset
from jaxgan.errors import UserError, printable
from jaxgan.labels import LabelVectors, label_vectors

DRAWN = 10_000  # labels of a function that draws afresh, of which mean and deviation are taken


def read_any_labels(
    labels: np.ndarray, n_samples: int, source: str, kind: str = "auto", names: Sequence[str] = (), **of_classes: Any
) -> Labels:
    """Labels as `read_labels` gives classes, or as vectors float32 (N, K) with what is known of them.

    Args:
        labels: one for each of `n_samples`: whole numbers or words (N,) are classes, as are rows of one 1 (N, K); other rows of 0s and 1s
            are multi-hot; other numbers, (N,) or (N, K), continuous, which are standardised.
        n_samples: how many.
        source: what messages begin with.
        kind: "auto", or "classes", "multi_hot", "continuous", or "vectors" for one of the last two, where the labels could be either.
        names: of the K columns, or of the classes; none where empty.
        of_classes: further arguments of `read_labels`.

    Raises:
        UserError: as `read_labels`; labels that are not of the kind that is named, or not finite; another number of names.
    """
    if kind == "auto":
        kind = _kind_of(labels, n_samples)
        if (
            kind == "classes"
            and len(names) == 1
            and labels.dtype.kind in "iuf"
            and labels.size
            and (labels != labels.flat[0]).any()
        ):
            kind = "continuous"  # one name for many numbers is that of what they count
    elif kind == "vectors":
        kind = "multi_hot" if labels.ndim == 2 and labels.dtype.kind in "buif" and _zeros_and_ones(labels) else "continuous"
    if kind == "classes":
        given = {**of_classes, **({"class_names": names} if len(names) and not of_classes.get("class_names") else {})}
        return _named_as_many(read_labels(labels, n_samples, source, **given), names, source)
    assert kind in ("multi_hot", "continuous")
    values = _columns(labels, n_samples, source, names)
    if kind == "multi_hot" and not _zeros_and_ones(values):
        row, column = np.argwhere(~np.isin(values, (0, 1)))[0]
        raise UserError(f"{source}: labels hold {values[row, column]:g} in row {row}, and multi-hot labels are 0 or 1 each")
    return vectors_of(values, "multi_hot" if kind == "multi_hot" else "continuous", names, source)


def vectors_of(values: np.ndarray, kind: Literal["multi_hot", "continuous"], names: Sequence[str], source: str) -> Labels:
    """Label vectors (N, K) of finite numbers in their own units as `Labels`."""
    width = values.shape[1]
    given = tuple(str(name) for name in names) or (("label",) if width == 1 else tuple(f"label_{i}" for i in range(width)))
    if len(set(given)) != width:
        raise UserError(f"{source}: {len(set(given))} different names of labels for {width} columns of them")
    vectors = label_vectors(values, kind, given)
    same = [printable(name) for name, low, high in zip(given, vectors.low, vectors.high, strict=True) if low == high]
    notes = (f"{source}: {', '.join(same[:10])}: the same for all samples, of which nothing can be learnt",) if same else ()
    return Labels(vectors.to_model(values), 0, (), notes, vectors)


def drawn_vectors(
    function: Callable[..., Any], shape: tuple[int, ...], called: str, kind: str, names: Sequence[str]
) -> LabelVectors:
    """What is known of the label vectors that a function (key, n) -> (samples, labels) draws, from 10,000 of them.

    Raises:
        UserError: they have another shape than (n,) or (n, K), or are not of the kind that is named.
    """
    if len(shape) not in (1, 2) or 0 in shape:
        raise UserError(f"{called} returns labels of shape {shape}, expected ({shape[0]},) or ({shape[0]}, K)")
    if kind == "classes":
        raise UserError(f"{called} returns labels that are floats, and classes are whole numbers")
    labels = np.asarray(jax.jit(lambda key: jnp.asarray(function(key, DRAWN)[1], float))(jax.random.key(0)))
    drawn = read_any_labels(labels, DRAWN, called, "vectors" if kind == "auto" else kind, names)
    assert drawn.vectors is not None
    return drawn.vectors


def in_labels_of(train: Dataset, other: Dataset) -> Dataset:
    """Another split or version of a data set, with its label vectors in the units that a GAN was trained with.

    Raises:
        UserError: its labels are of another kind, or other ones.
    """
    theirs, ours = train.label_vectors, other.label_vectors
    if theirs is None or ours is None or (theirs.described() == ours.described()):
        return other
    if (theirs.kind, theirs.names) != (ours.kind, ours.names):
        raise UserError(
            f"data set '{other.name}': its labels are {ours.kind}, {', '.join(ours.names[:10])}, expected {theirs.kind},"
            f" {', '.join(theirs.names[:10])}, as in the training split"
        )
    labels = None if other.labels is None else theirs.to_model(ours.to_units(other.labels))
    records = other.records
    if records is not None and getattr(records, "labels", None) is not None:
        moved = theirs.to_model(ours.to_units(records.labels))  # type: ignore[attr-defined]
        records = dataclasses.replace(records, labels=moved)  # type: ignore[type-var]
    return dataclasses.replace(other, labels=labels, records=records, label_vectors=theirs)


def _kind_of(labels: np.ndarray, n_samples: int) -> str:
    """What labels look like; classes where they are none of the others, for `read_labels` to refuse."""
    if labels.dtype.kind not in "buif" or not labels.size or len(labels) != n_samples or not np.isfinite(labels).all():
        return "classes" if labels.dtype.kind != "f" else "continuous"
    if labels.ndim == 1 or (labels.ndim == 2 and labels.shape[1] == 1):
        return "continuous" if labels.dtype.kind == "f" and (labels != np.round(labels)).any() else "classes"
    if labels.ndim != 2:
        return "classes"
    if not _zeros_and_ones(labels):
        return "continuous"
    return "classes" if (labels.sum(1) == 1).all() else "multi_hot"


def _zeros_and_ones(values: np.ndarray) -> bool:
    return bool(np.isin(values, (0, 1)).all())


def _columns(labels: np.ndarray, n_samples: int, source: str, names: Sequence[str]) -> np.ndarray:
    """Numbers (N,) or (N, K) as float64 (N, K), finite, with as many names or none."""
    if labels.dtype.kind not in "buif":
        raise UserError(f"{source}: labels are {labels.dtype}, expected numbers")
    values = labels[:, None] if labels.ndim == 1 else labels  # (N,) -> (N, 1)
    if values.ndim != 2 or len(values) != n_samples or not values.size:
        raise UserError(
            f"{source}: labels have shape {labels.shape}, expected ({n_samples},) or ({n_samples}, K), one for each of {n_samples}"
            " samples"
        )
    if len(names) not in (0, values.shape[1]):
        raise UserError(f"{source}: {len(names)} label_names for {values.shape[1]} columns of labels")
    with np.errstate(over="ignore"):  # what outgrows float32 becomes infinite, and is refused
        finite = np.isfinite(values.astype(np.float32))
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        raise UserError(
            f"{source}: labels hold {values[row, column]} in row {row}, column {column}: expected numbers that float32 holds"
        )
    return values.astype(np.float64)


def _named_as_many(found: Labels, names: Sequence[str], source: str) -> Labels:
    """The classes, if as many of them as names were given have one."""
    if len(names) and len(found.class_names) != found.n_classes:
        raise UserError(f"{source}: {len(names)} label_names for {found.n_classes} classes")
    return found
