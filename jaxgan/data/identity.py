"""Whether data are those that a run was trained on: by classes, shape, number and digest."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from jaxgan.data.dataset import Dataset
from jaxgan.digests import describe_array, digest


def identity(dataset: Dataset) -> dict[str, Any]:
    """What tells a data set from another, as JSON values: the samples of each class, and a digest of samples and labels.

    The digest of pictures that stay on disk is of their files' names and sizes, where they are files. Samples that are drawn
    afresh have none.
    """
    classes = dataset.labels if dataset.label_vectors is None else None
    counts = None if classes is None else np.bincount(classes, minlength=dataset.n_classes).tolist()
    return {"counts": counts, "digest": _digest(dataset), **_of_label_file(dataset)}


def differences(before: Mapping[str, Any], dataset: Dataset) -> list[str]:
    """In what a data set differs from the description of an earlier one, each in a few words; none where they are the same.

    What the description does not tell is not compared.
    """
    facts = identity(dataset)
    now = {
        "classes": (before.get("class_names"), list(dataset.class_names)),
        "number of classes": (before.get("n_classes"), dataset.n_classes),
        "shape of a sample": (before.get("sample_shape"), list(dataset.sample_shape)),
        "number of samples": (before.get("size"), dataset.size),
        **{name: (before.get(key), facts.get(key)) for key, name in NAMES.items()},
        **_of_vectors(before.get("labels"), dataset),
        "names of the features": (_names_of(before.get("scaling")), list(dataset.scaling.names) if dataset.scaling else []),
    }
    told = {what: values for what, values in now.items() if values[0] not in (None, [])}
    return [f"{what} {_shown(then)}, now {_shown(here)}" for what, (then, here) in told.items() if then != here]


def _names_of(scaling: Any) -> list[str]:
    """The names in the description of a scaling; none of a run without."""
    return list(scaling.get("names") or []) if isinstance(scaling, Mapping) else []


NAMES = {"counts": "samples of each class", "digest": "digest of the samples", "labels_digest": "digest of the labels"}


def _of_label_file(dataset: Dataset) -> dict[str, Any]:
    """A digest of labels that no folder's name tells, of pictures that stay on disk."""
    labels = getattr(dataset.records, "labels", None)
    told = labels is None or not getattr(dataset.records, "of_label_file", False)
    return {} if told else {"labels_digest": describe_array(np.asarray(labels))["digest"]}


def _of_vectors(before: Any, dataset: Dataset) -> dict[str, tuple[Any, Any]]:
    """Kind, names and statistics of label vectors, before and now; nothing of runs that had none."""
    now = None if dataset.label_vectors is None else dataset.label_vectors.described()
    facts = {
        "kind": "kind of the labels",
        "names": "names of the labels",
        "mean": "means of the labels",
        "std": "deviations of the labels",
    }
    if not isinstance(before, Mapping):
        return {}
    return {name: (before.get(key), None if now is None else now[key]) for key, name in facts.items()}


def _shown(value: Any) -> str:
    words = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    return words if len(words) <= 80 else words[:77] + "..."


def _digest(dataset: Dataset) -> str | None:
    if dataset.samples is not None:
        parts = [array for array in (dataset.samples, dataset.labels) if array is not None]
        return digest(" ".join(describe_array(part)["digest"] for part in parts).encode())
    paths = getattr(dataset.records, "paths", None)
    if paths is None:
        return None
    listed = "\n".join(f"{path.parent.name}/{path.name} {path.stat().st_size}" for path in paths)
    return digest(listed.encode(errors="surrogateescape"))
