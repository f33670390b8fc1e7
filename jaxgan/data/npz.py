"""A NumPy archive of images, of points, or of samples of any other shape; what `jaxgan.sample --out X.npz` writes is one."""

import math
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from jaxgan.data.arrays import read_pictures, read_points
from jaxgan.data.dataset import OF_ARRAYS, Dataset, Request
from jaxgan.data.fitting import brought_to_form
from jaxgan.data.kinds import in_kind, kind_of
from jaxgan.data.numbers import of_numbers
from jaxgan.data.vector_labels import read_any_labels
from jaxgan.errors import UserError, first_line
from jaxgan.unpacking import check_members

KNOWN = ("images", "points", "samples", "labels", "names", "label_names")
SAMPLES = ("images", "points", "samples")
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def load_npz(request: Request) -> Dataset:
    """`npz:PATH` with `images`, `points` or `samples`, and `labels` where there are any: class numbers or words (N,), numbers (N,) or
    (N, K), or 0s and 1s (N, K), with `label_names`, the names of the classes or columns, if they have some.

    `images`: uint8 (N, H, W) or (N, H, W, C), or floats x in [-1, 1], stored as round(127.5 (x + 1)); other usual forms (uint16, floats
    in [0, 1], axes in another order, ...) are brought to these, and the data set's `notes` say so. They keep their channels unless
    others are asked for.
    `points`: (N, 2) in model coordinates; the distribution that they come from is not known, so the data set has none.

    `samples`: vectors (N, F), series (N, T, C), volumes (N, D, H, W, C), or as `--kind` says; numbers of any type in units of their
    own, with `names` (F,) of the features if they have some.

    Raises:
        UserError: no such file, not an archive, another key, shape, type or range, numbers that are not finite,
            labels that do not match.
    """
    path = Path(request.source).expanduser()
    arrays = read_npz(path)
    if len(held := [name for name in SAMPLES if name in arrays]) != 1:
        raise UserError(f"{path}: holds {', '.join(sorted(arrays)) or 'nothing'}, expected one of {', '.join(SAMPLES)}")
    if held == ["samples"]:
        samples = in_kind(arrays.pop("samples"), request.kind, f"{path}: samples")
        if kind_of(samples.shape[1:]) != "images":
            return _of_numbers(path, samples, arrays, request)
        arrays["images"], request = samples, request._replace(kind="auto")
    if "points" in arrays:
        request.takes("label_kind")
        samples, notes = read_points(arrays["points"], f"{path}: points")
    else:
        request.takes(*OF_ARRAYS, "label_kind")
        samples, notes = read_pictures(arrays["images"], f"{path}: images", request.pixel_range)
        samples, changed = brought_to_form(samples, request, f"{path}: images")
        notes = changed + notes
    if "labels" not in arrays:
        return Dataset(request.name, samples.shape[1:], 0, samples, None, notes=notes)
    names = [str(name) for name in np.ravel(arrays["label_names"])] if "label_names" in arrays else []
    labels = read_any_labels(arrays["labels"], len(samples), str(path), request.label_kind, names)
    return Dataset(
        request.name,
        samples.shape[1:],
        labels.n_classes,
        samples,
        labels.numbers,
        labels.class_names,
        notes=notes + labels.notes,
        label_vectors=labels.vectors,
    )


def _of_numbers(path: Path, samples: np.ndarray, arrays: dict[str, np.ndarray], request: Request) -> Dataset:
    """Vectors, series or volumes, with the names of their features and their labels."""
    request.takes("kind", "scaling", "label_kind")
    labels = None
    if "labels" in arrays:
        label_names = [str(name) for name in np.ravel(arrays.get("label_names", np.empty(0)))]
        labels = read_any_labels(arrays["labels"], len(samples), str(path), request.label_kind, label_names)
    return of_numbers(
        samples,
        request.name,
        f"{path}: samples",
        scaling=request.scaling or "standard",
        names=[str(name) for name in arrays.get("names", np.empty(0)).reshape(-1)],
        labels=labels,
        label_name="" if labels is None else "label",
    )


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a NumPy archive, empty where their name means nothing here; code in it is never run."""
    if not path.is_file():
        raise UserError(f"{path}: {'not a file' if path.exists() else 'no such file'}, expected a NumPy archive (.npz)")
    try:
        if not zipfile.is_zipfile(path):
            raise UserError(f"{path}: not a NumPy archive (.npz), or cut short")
        with zipfile.ZipFile(path) as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python and NumPy remark of a header that is changed
            names = {name.removesuffix(".npy"): name for name in archive.namelist()}
            check_members([archive.getinfo(member) for name, member in names.items() if name in KNOWN], path)
            return {
                name: _array(archive, member, f"{path}: {name}") if name in KNOWN else np.empty(0)
                for name, member in names.items()
            }
    except UserError:
        raise
    except Exception as error:  # zipfile, zlib and NumPy raise whatever they like for a broken file
        raise UserError(f"{path}: not readable ({first_line(error)}), expected a NumPy archive (.npz)") from error


def _array(archive: zipfile.ZipFile, name: str, source: str) -> np.ndarray:
    """One array of the archive, whose header is held against the file's size before there is room made for it."""
    info = archive.getinfo(name)
    with archive.open(name) as member:
        version = np.lib.format.read_magic(member)
        read_header: Any = HEADERS.get(version)
        if read_header is None:
            raise ValueError(f"version {version} of the .npy format")
        shape, _, dtype = read_header(member)
        if dtype.hasobject:
            raise ValueError("Object arrays cannot be loaded when allow_pickle=False")
        promised, there = math.prod(shape) * dtype.itemsize, info.file_size - member.tell()
        if promised != there or min(shape, default=0) < 0:
            raise UserError(f"{source}: holds {there:,} bytes, expected {promised:,} for its shape {shape} of {dtype}")
    with archive.open(name) as member:
        return np.lib.format.read_array(member, allow_pickle=False)
