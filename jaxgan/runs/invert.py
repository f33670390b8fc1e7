"""Picture files brought to a run's form, the latents that a run draws them from, and both side by side."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from jaxgan.data.fitting import Form, formed
from jaxgan.data.listing import LeftOut, pictures_below
from jaxgan.data.pictures import read_picture
from jaxgan.engine.inversion import Inverted, pixels
from jaxgan.errors import UserError, printable
from jaxgan.features import ShowProgress, classifier_of, show_nothing
from jaxgan.files import without_link
from jaxgan.folder import RunFolder
from jaxgan.labels import class_number
from jaxgan.pixels import to_model_range
from jaxgan.report.images import save_grid
from jaxgan.runs.data import held_out_data, training_data
from jaxgan.runs.run import Run
from jaxgan.runs.samples import save_latents

DRAWN = 64  # pictures that are drawn beside what was found, at most
WITH_NAMES = 12  # so many have their files' names beside them
MOST = 10_000  # pictures of one call


class Targets(NamedTuple):
    """Pictures as a run draws them."""

    paths: Sequence[Path]
    images: Float[np.ndarray, "n h w c"]
    notes: tuple[str, ...]  # what was done to them


def read_pictures(run: Run, paths: Sequence[Path], resize: str = "crop") -> Targets:
    """Picture files, and those in and below folders, in the run's size and channels.

    Raises:
        UserError: the run draws no pictures of 1, 3 or 4 channels; no such file, one that is no picture, or none at all.
    """
    if not run.is_images or run.sample_shape[-1] not in (1, 3, 4):
        shape = "x".join(map(str, run.sample_shape))
        raise UserError(f"{run.folder} draws samples of {shape}, expected pictures of 1, 3 or 4 channels, as files hold them")
    files: list[Path] = []
    for path in paths:
        if not path.exists():
            raise UserError(f"{path}: no such file or folder, expected pictures")
        files += pictures_below(path, LeftOut()) if path.is_dir() else [path]
    if not 0 < len(files) <= MOST:
        raise UserError(f"{paths[0]}: {len(files):,} pictures, expected from 1 to {MOST:,}")
    height, width, channels = run.sample_shape
    form, others, images = Form((height, width), channels, resize), 0, []
    for file in files:
        picture = read_picture(file, str(file))
        others += (picture.height, picture.width) != (height, width)
        images.append(to_model_range(formed(picture, form)))
    notes = (f"{others:,} of {len(files):,} pictures are brought to {height}x{width} pixels",) if others else ()
    return Targets(files, np.stack(images), notes)


def labels_of_targets(run: Run, paths: Sequence[Path], label: Any = None) -> Any:
    """The labels of pictures as the networks see them: the one that is given for all, else the classes that their folders are called by.

    None where the run has no labels, or where not every folder is called by a class: then the search finds them.

    Raises:
        UserError: there is no such label.
    """
    if label is not None:
        return np.asarray(run.labels_for(len(paths), label))
    if not run.gan.n_classes:
        return None
    try:
        classes = [class_number(path.absolute().parent.name, run.class_names, run.gan.n_classes) for path in paths]
    except UserError:
        return None
    return np.asarray(classes, np.int32)


def features_of(
    run: Run, features: str, data_dir: Path | None = None, show: ShowProgress = show_nothing
) -> Callable[[Any], Any]:
    """What pictures are compared in: `pixels`, or `lab`: the last layer but one of the classifier of the run's own data.

    Raises:
        UserError: `lab` of data that cannot be loaded, or have no labels.
    """
    if features == "pixels":
        return pixels
    train = run.dataset
    if train.samples is None or train.labels is None:
        if run.config.python is not None:
            raise UserError(f"--features lab: {run.folder} was given its data from Python, which are gone: --features pixels")
        train = training_data(run.config, data_dir, RunFolder(run.folder).read_environment().get("data"))
    held_out = held_out_data(run.config, train, data_dir)
    classifier = classifier_of(train, held_out, progress=show(f"training the classifier of {train.name}"))
    return lambda images: classifier.apply(images)[1]


def write_inversion(run: Run, out: Path, targets: Targets, found: Inverted, *, own: bool = False) -> Path:
    """Writes latents, labels, generators, losses and file names as .npz, and the pictures beside what the run draws as .png of the same name.

    Args:
        run: the run.
        out: the .npz.
        targets: the pictures.
        found: what was found for them.
        own: whether both lie in the run's folder, where links are not followed.

    Returns:
        the path of the picture.
    """
    labels = found.labels
    if labels is not None and run.label_vectors is not None:
        labels = run.label_vectors.to_units(labels)
    several = found.generators if run.gan.generators > 1 else None
    picture = out.with_suffix(".png")
    files = np.array([str(path) for path in targets.paths])
    save_latents(without_link(out) if own else out, found.latents, labels, several, losses=found.losses, files=files)
    save_side_by_side(without_link(picture) if own else picture, targets, np.asarray(found.images))
    return picture


def save_side_by_side(path: Path, targets: Targets, images: Float[np.ndarray, "n h w c"]) -> None:
    """Draws each picture with what was found at its right: few in rows with the names of their files, more in a square."""
    n = min(len(images), DRAWN)
    pairs = np.stack([targets.images[:n], images[:n]], axis=1).reshape(
        -1, *images.shape[1:]
    )  # (n, 2, H, W, C) -> (2 n, H, W, C)
    if n <= WITH_NAMES:
        names = [printable(path.name) for path in targets.paths[:n]]
        save_grid(path, pairs, columns=2, row_titles=names, column_titles=["picture", "found"])
    else:
        side = int(np.ceil(np.sqrt(n)))
        save_grid(path, pairs, columns=2 * side, column_titles=["picture", "found"] * side)
