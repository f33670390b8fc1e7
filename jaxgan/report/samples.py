"""Samples as a run draws them: pictures in a grid, points of the plane over their exact density, vectors, series and volumes beside real ones."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int, Shaped, UInt8

from jaxgan.data import Dataset, Scaling
from jaxgan.data.kinds import kind_of
from jaxgan.errors import UserError
from jaxgan.files import replacing
from jaxgan.pixels import to_model_range
from jaxgan.report.figures import Distribution, figure_array, samples_of_points_figure, save_samples_of_points
from jaxgan.report.images import image_grid, save_gif, save_grid, save_image, save_strip, with_titles
from jaxgan.report.sample_figures import range_figure, samples_figure
from jaxgan.report.tables import save_table
from jaxgan.report.video import save_mp4

NOT_DRAWN = "No pictures: the samples are neither images nor vectors, series or volumes."
REAL = {"vectors": 2000, "series": 8, "volumes": 6}  # real samples beside generated ones, at most


def can_be_drawn(shape: Sequence[int]) -> bool:
    """Whether samples of this shape have a picture: a vector (F,), a series (T, C), an image (H, W, C) or a volume (D, H, W, C)."""
    return 1 <= len(shape) <= 4 and 0 not in shape


def real_beside(dataset: Dataset) -> np.ndarray | None:
    """Real vectors, series or volumes, evenly chosen, as the networks see them; None of pictures, and of samples that are not at hand."""
    most = REAL.get(dataset.kind)
    if most is None or dataset.samples is None or dataset.distribution is not None:
        return None
    rows = np.unique(np.linspace(0, len(dataset.samples) - 1, min(len(dataset.samples), most)).round().astype(int))
    return np.asarray(to_model_range(dataset.samples[rows]), np.float32)


def real_pictures(dataset: Dataset, labels: Int[np.ndarray, " n"], *, by_class: bool) -> np.ndarray | None:
    """As many real pictures as labels, evenly chosen, in [-1, 1]; `by_class` each of the class that the label says.

    None of samples that are no pictures or not at hand, and where a class has none.
    """
    if not dataset.is_images or not dataset.size or (dataset.samples is None and dataset.records is None):
        return None
    if by_class and dataset.labels is None:
        return None
    rows = np.zeros(len(labels), np.int64)
    for group in np.unique(labels) if by_class else (None,):
        places = np.arange(len(labels)) if group is None else np.flatnonzero(labels == group)
        there = np.arange(dataset.size) if group is None else np.flatnonzero(np.asarray(dataset.labels) == group)
        if not len(there):
            return None
        rows[places] = there[np.linspace(0, len(there) - 1, len(places)).round().astype(int)]
    if dataset.samples is not None:
        pictures = dataset.samples[rows]
    else:
        assert dataset.records is not None
        pictures = np.stack([dataset.records[int(row)][0] for row in rows])
    return np.asarray(to_model_range(pictures), np.float32)


class SampleView:
    """Turns the samples of a replica into one picture: a grid of images, points over their exact density, or what `samples_figure` draws."""

    def __init__(
        self,
        distribution: Distribution | None,
        n_classes: int,
        titles: Sequence[str] = (),
        *,
        scaling: Scaling | None = None,
        real: np.ndarray | None = None,
    ) -> None:
        """`distribution` is that of two-dimensional data; `n_classes` is 0 unless the run is conditional; `titles` are those of the rows of
        its grid, which are the classes, or label vectors; `scaling` and `real` samples are those of vectors, series and volumes.
        """
        self._distribution, self._scaling, self._real = distribution, scaling, real
        self._titles = titles
        self._n_classes = n_classes
        self._last: tuple[Sequence[np.ndarray], list[Any]] = ((), [])  # samples of all replicas, and their pictures

    def of_step(self, step: int, samples: Sequence[np.ndarray], labels: Sequence[np.ndarray]) -> list[Any]:
        """The picture of each replica's samples; of the same samples, which several listeners are told of, drawn once."""
        if self._last[0] is not samples:
            title = f"step {step:,}"
            titles = [f"{title}, replica {replica}" for replica in range(len(samples))] if len(samples) > 1 else [title]
            pictures = [self.picture(*each) for each in zip(samples, labels, titles, strict=True)]
            self._last = (samples, pictures)
        return self._last[1]

    def picture(
        self, samples: Shaped[np.ndarray, "n *sample"], labels: Int[np.ndarray, " n"], title: str
    ) -> UInt8[np.ndarray, "height width c"] | None:
        """Images (N, H, W, C) in [-1, 1], or other samples -> bytes (height, width, channels); None of what cannot be drawn."""
        samples, labels = np.asarray(samples), np.asarray(labels)
        if not can_be_drawn(samples.shape[1:]):
            return None
        if samples.ndim == 4:
            samples = np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0)  # of a replica that diverged: grey
            columns = self._columns(labels)
            grid = image_grid(samples, columns=columns)
            in_rows = columns is not None and len(samples) == columns * len(self._titles)
            return with_titles(grid, self._titles) if in_rows else grid
        if not _as_points(samples.shape[1:], self._scaling):
            return figure_array(samples_figure(samples, real=self._real, scaling=self._scaling, title=title))
        classes = labels if self._n_classes > 1 else None
        return figure_array(samples_of_points_figure(samples, self._distribution, title=title, labels=classes))

    def _columns(self, labels: np.ndarray) -> int | None:
        """One row a class or one column a generator, where each has as many; else as square as it goes."""
        if self._n_classes > 1 and len(labels) % self._n_classes == 0:
            columns = len(labels) // self._n_classes
            if columns and np.array_equal(labels, np.repeat(np.arange(self._n_classes), columns)):
                return columns
            if columns and np.array_equal(labels, np.tile(np.arange(self._n_classes), columns)):  # several generators
                return self._n_classes
        return None


class Layout(NamedTuple):
    """How samples lie in a grid: as square as it goes, or in columns, and what is written beside rows and columns."""

    columns: int | None = None
    row_titles: Sequence[str] = ()
    column_titles: Sequence[str] = ()


def _as_points(shape: Sequence[int], scaling: Scaling | None) -> bool:
    """Whether samples are drawn as points of the plane: two numbers without names and units of their own."""
    return tuple(shape) == (2,) and scaling is None


def save_samples(
    path: Path,
    samples: np.ndarray,
    labels: Any = None,
    distribution: Any = None,
    layout: Layout | None = None,
    label_names: Sequence[str] = (),
    *,
    scaling: Scaling | None = None,
    class_names: Sequence[str] = (),
    real: np.ndarray | None = None,
) -> None:
    """Writes samples by the ending of the path: .png (a grid, or a figure), .npz (images, points or samples; labels where there are any),
    or .csv (vectors, series and points, a row a sample).

    Numbers with a `scaling`, or of points with a `distribution` in a .csv, are written in units; `real` samples are drawn beside vectors,
    series and volumes.

    Raises:
        UserError: a picture is wanted of samples that have none, or a table of pictures or volumes.
    """
    shape, ending = samples.shape[1:], path.suffix.lower()
    if ending == ".npz":
        kind = "images" if len(shape) == 3 else "points" if _as_points(shape, scaling) else "samples"
        arrays: dict[str, Any] = {kind: samples if scaling is None else scaling.to_units(samples)}
        if scaling is not None and scaling.names:
            arrays["names"] = np.array(scaling.names)
        if labels is not None:
            arrays["labels"] = np.asarray(labels)
            if names := label_names or class_names:
                arrays["label_names"] = np.asarray(names)
        if distribution is not None:
            arrays["scale"] = np.asarray(distribution.scale, np.float32)
        with replacing(path) as file:
            np.savez_compressed(file, **arrays)
    elif ending == ".csv":
        if kind_of(shape) not in ("vectors", "series"):
            raise UserError(
                f"--out {path}: a table holds vectors and series, not {kind_of(shape)}: name a file that ends in .npz"
            )
        save_table(
            path, samples, labels, scaling=scaling, distribution=distribution, class_names=class_names, label_names=label_names
        )
    elif not can_be_drawn(shape):
        raise UserError(f"--out {path}: samples of shape {shape} have no picture; name a file that ends in .npz")
    elif _as_points(shape, scaling):
        save_samples_of_points(path, samples, distribution)
    elif len(shape) == 3:
        save_grid(path, samples, **(layout or Layout())._asdict())
    else:
        save_image(path, figure_array(samples_figure(samples, real=real, scaling=scaling)))


def save_over_a_label(
    path: Path,
    samples: np.ndarray,
    labels: np.ndarray,
    titles: Sequence[str],
    distribution: Any = None,
    label_names: Sequence[str] = (),
    *,
    label: str = "",
    scaling: Scaling | None = None,
) -> None:
    """Writes samples (n * values, ...) drawn at values of a label, which vary fastest: a .png has a column a value under its title; else as
    `save_samples`. `label` is the name of that label."""
    shape = samples.shape[1:]
    if path.suffix.lower() != ".png" or len(shape) == 3 or not can_be_drawn(shape):
        layout = Layout(len(titles), column_titles=[f"{label} {titles[0]}".strip(), *titles[1:]])
        save_samples(path, samples, labels, distribution, layout, label_names, scaling=scaling)
    else:
        in_columns = samples.reshape(-1, len(titles), *shape)
        save_image(path, figure_array(range_figure(in_columns, titles, label=label, scaling=scaling)))


def save_interpolation(path: Path, images: np.ndarray, n: int | None = None, titles: Sequence[str] = ()) -> None:
    """Writes the images on the way from one latent to the next by the ending of the path: .png (a strip from each to the next), .gif (forth
    and back), .mp4 or .npz.

    `n` is how many a strip holds, with both ends, which is all where not given; `titles` stand beside the strips.
    """
    if path.suffix.lower() == ".png":
        save_strip(path, images, n, titles)
    else:
        save_frames(path, images, back=True)


def save_frames(path: Path, images: np.ndarray, *, back: bool = False) -> None:
    """Writes images that follow each other by the ending of the path: .png (a grid), .gif (round, or forth and `back`), .mp4 or .npz."""
    kind = path.suffix.lower()
    if kind == ".npz":
        with replacing(path) as file:
            np.savez_compressed(file, images=images)
    elif kind == ".gif":
        save_gif(path, images, back=back)
    elif kind == ".mp4":
        save_mp4(path, images)
    else:
        save_grid(path, images)
