"""A NumPy archive of images or of points; what `jaxgan.sample --out X.npz` writes is one."""

import zipfile
import zlib
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from jaxgan.data.dataset import Dataset, Request, checked_labels
from jaxgan.data.pictures import resized
from jaxgan.errors import UserError, first_line
from jaxgan.pixels import to_bytes

ROUNDING = 1e-3  # how far a float image may leave [-1, 1]


def load_npz(request: Request) -> Dataset:
    """`npz:PATH` with `images` or `points`, and `labels` (N,) where there are any.

    `images`: uint8 (N, H, W) or (N, H, W, C) with C = 1 or 3, or floats x in [-1, 1], stored as round(127.5 (x + 1)).
    `points`: (N, 2) in model coordinates; the distribution that they come from is not known, so the data set has none.

    Raises:
        UserError: no such file, not an archive, another key, shape, type or range, numbers that are not finite,
            labels that do not match.
    """
    path = Path(request.source).expanduser()
    arrays = read_npz(path)
    if ("images" in arrays) == ("points" in arrays):
        raise UserError(f"{path}: holds {', '.join(sorted(arrays)) or 'nothing'}, expected either images or points")
    if "points" in arrays:
        request.takes()
        samples = checked_points(arrays["points"], f"{path}: points")
    else:
        request.takes("image_size")
        samples = resized(checked_images(arrays["images"], f"{path}: images"), request.image_size)
    if "labels" not in arrays:
        return Dataset(request.name, samples.shape[1:], 0, samples, None)
    labels = checked_labels(arrays["labels"], len(samples), str(path))
    return Dataset(request.name, samples.shape[1:], int(labels.max()) + 1, samples, labels)


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a NumPy archive, empty where their name means nothing here; code in it is never run."""
    if not path.is_file():
        raise UserError(f"{path}: {'not a file' if path.exists() else 'no such file'}, expected a NumPy archive (.npz)")
    if not zipfile.is_zipfile(path):
        raise UserError(f"{path}: not a NumPy archive (.npz), or cut short")
    try:
        with np.load(path, allow_pickle=False) as archive:
            known = {"images", "points", "labels"}
            return {name: archive[name] if name in known else np.empty(0) for name in archive.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise UserError(f"{path}: not readable ({first_line(error)}), expected a NumPy archive (.npz)") from error


def checked_images(images: np.ndarray, source: str) -> UInt8[np.ndarray, "n height width channels"]:
    """The images as uint8 (N, H, W, C)."""
    if images.ndim == 3:
        images = images[..., None]  # (N, H, W) -> (N, H, W, 1)
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or not images.size:
        raise UserError(f"{source} have shape {images.shape}, expected (N, H, W) or (N, H, W, C) with C = 1 or 3")
    if images.dtype == np.uint8:
        return images
    if images.dtype.kind != "f":
        raise UserError(f"{source} are {images.dtype}, expected uint8, or floats in [-1, 1]")
    if not np.isfinite(images).all():
        raise UserError(f"{source} hold numbers that are not finite, expected floats in [-1, 1]")
    if np.abs(images).max() > 1 + ROUNDING:
        raise UserError(f"{source} reach from {images.min():g} to {images.max():g}, expected floats in [-1, 1], or uint8")
    return to_bytes(images.astype(np.float32))


def checked_points(points: np.ndarray, source: str) -> np.ndarray:
    """The points as float32 (N, 2)."""
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise UserError(f"{source} have shape {points.shape}, expected (N, 2)")
    if points.dtype.kind not in "fiu":
        raise UserError(f"{source} are {points.dtype}, expected floats")
    points = points.astype(np.float32)
    if not np.isfinite(points).all():
        raise UserError(f"{source} hold numbers that are not finite")
    return points
