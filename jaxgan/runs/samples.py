"""What `sample` draws one by one: of seeds, or of latents from a file; all at once, or part by part into a folder of pictures."""

import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jaxgan.checks import LARGEST_SEED
from jaxgan.errors import UserError, first_line, one_line
from jaxgan.features import ShowProgress, show_nothing
from jaxgan.files import replacing
from jaxgan.report.images import ALPHA, shown_channels
from jaxgan.report.sample_folder import SampleFolder, check_sample_folder
from jaxgan.runs.run import Run

MOST = 10_000_000  # samples of one call that are numbered
PART = 256  # pictures made at a time
PART_WITH_BATCH_STATISTICS = 1000  # the more, the nearer are their statistics to all samples'


def read_seeds(text: str, called: str = "--seeds", *, unique: bool = True) -> np.ndarray:
    """ "0-31,77" as the seeds 0 to 31 and 77, in this order; one may come again where they are not to be `unique`.

    Raises:
        UserError: the text has another form, names a seed twice, or more than 10 million of them.
    """
    ranges = []
    for part in text.split(","):
        form = re.fullmatch(r"\s*(\d{1,12})\s*(?:-\s*(\d{1,12})\s*)?", part, re.ASCII)
        if not form:
            raise UserError(f"{called} {one_line(text)}: expected seeds and ranges of them, as 0-31,77")
        first, last = int(form[1]), int(form[2] or form[1])
        if last < first or last > LARGEST_SEED:
            raise UserError(
                f"{called} {one_line(text)}: {part.strip()}: expected a range that rises, from 0 to {LARGEST_SEED} at most"
            )
        ranges.append((first, last))
    check_number(sum(last - first + 1 for first, last in ranges), f"{called} {one_line(text)}")
    seeds = np.concatenate([np.arange(first, last + 1, dtype=np.int64) for first, last in ranges])
    values, counts = np.unique(seeds, return_counts=True)
    if unique and (counts > 1).any():
        raise UserError(f"{called} {one_line(text)}: seed {values[counts > 1][0]} is named twice")
    return seeds


def check_number(n: int, shown: str) -> None:
    """Raises UserError for more samples than one call numbers."""
    if n > MOST:
        raise UserError(f"{shown}: {n:,} samples, expected at most {MOST:,} at a time")


@dataclass(frozen=True, eq=False)
class Numbered:
    """Samples that are asked for one by one: by their seeds, or by the latents of a file."""

    numbers: np.ndarray  # (n,) seeds, or the rows of the latents
    latents: np.ndarray | None = None  # (n, latent_dim)
    labels: np.ndarray | None = None  # of each, in the data's own units; None where its number chooses it
    makers: Any = None  # the generator of all or of each; None where its number chooses it

    @property
    def of(self) -> str:
        """What they are numbered by."""
        return "seed" if self.latents is None else "latent"

    def made(self, run: Run, rows: Any, *, truncation: float, **how: Any) -> tuple[np.ndarray, Any]:
        """The samples of these rows, and their labels."""
        given = how.pop("label", None)
        label = {"label": given} if self.labels is None else {"labels": self.labels[rows]}
        if self.latents is None:
            made, labels = run.of_seeds(
                self.numbers[rows].tolist(), truncation=truncation, generator=self.makers, **label, **how
            )
        else:
            makers = self.makers if np.ndim(self.makers) == 0 else np.asarray(self.makers)[rows]
            made, labels = run.of_latents(truncation * self.latents[rows], generator=makers, **label, **how)
        return np.asarray(made, np.float32), None if labels is None else np.asarray(labels)

    def generators(self, run: Run) -> np.ndarray:
        """The generator of each."""
        if self.makers is None:
            return run.generators_by_number(self.numbers)
        return np.broadcast_to(self.makers, len(self.numbers))


def of_each_class(run: Run, seeds: np.ndarray, makers: Any = None) -> Numbered:
    """Every seed in every class, class by class.

    Raises:
        UserError: the run has no classes.
    """
    n_classes = require_classes(run)
    check_number(n_classes * len(seeds), "--per-class")
    labels = np.repeat(np.arange(n_classes, dtype=np.int32), len(seeds))
    return Numbered(np.tile(seeds, n_classes), labels=labels, makers=makers)


def require_classes(run: Run) -> int:
    """The number of the run's classes; raises UserError where it has none."""
    if not run.gan.n_classes:
        raise UserError(f"--per-class: {run.folder} was trained without classes (--conditional)")
    return run.gan.n_classes


def write_folder(
    run: Run,
    folder: Path,
    wanted: Numbered,
    *,
    ending: str = "png",
    show: ShowProgress = show_nothing,
    tell: Callable[[str], None] = print,
    **how: Any,
) -> None:
    """Writes each sample as a picture into a folder, in a subfolder of its class, and samples.csv beside them; a part at a time.

    Args:
        run: the run.
        folder: which may hold what an earlier call wrote, and nothing else.
        wanted: which samples.
        ending: png, jpg or webp.
        show: progress.
        tell: takes what is to be said of the pictures, a line at a time.
        how: as the arguments of `Run.sample`: `truncation`, `label`, `batch_statistics`, `average`.

    Raises:
        UserError: the run's samples are no pictures, the folder holds other files, or what `Run.sample` refuses.
    """
    if not run.is_images:
        kind = "points" if run.dataset.is_points else run.dataset.kind
        raise UserError(
            f"--out {folder}: a folder holds pictures, and this run draws {kind}: name a file that ends in .csv or .npz"
        )
    channels = run.sample_shape[-1]
    if ending == "jpg" and channels == ALPHA:
        raise UserError("--format jpg: the pictures have transparency, which JPEG cannot hold; allowed are png and webp")
    if channels != ALPHA and (shown := shown_channels(channels)):
        tell(shown)
    check_sample_folder(folder)
    together = run.couples_samples(how.get("batch_statistics"))
    if together:
        tell(
            "each picture depends on those drawn with it: by the batch's own statistics in batch norm (--batch-statistics False: by none)"
        )
    vectors = run.label_vectors if run.gan.label_dim else None
    names = () if vectors is None else vectors.names
    writer = SampleFolder(
        folder, ending=ending, of=wanted.of, n_classes=run.gan.n_classes, class_names=run.class_names, generators=run.gan.generators,
        label_names=names or [f"label_{k}" for k in range(1, run.gan.label_dim + 1)],
    )  # fmt: skip
    n, makers, begun = len(wanted.numbers), wanted.generators(run), False
    parts = -(-n // (PART_WITH_BATCH_STATISTICS if together else PART))
    for rows in show("pictures")(np.array_split(np.arange(n), parts)):
        images, labels = wanted.made(run, rows, **how)
        if not begun:  # only now: what cannot be drawn is refused before anything is replaced
            writer.begin()
            begun = True
        writer.add(images, wanted.numbers[rows], labels, makers[rows])


# Latents in a file


def save_latents(path: Path, latents: np.ndarray, labels: Any = None, generators: Any = None, **more: Any) -> None:
    """Writes latents (n, latent_dim), their labels in the data's own units and the generators they are for, as `read_latents` takes them."""
    save_arrays(path, latents=latents, labels=labels, generators=generators, **more)


def save_arrays(path: Path, **arrays: Any) -> None:
    """Writes arrays by their names as .npz, but those that are None."""
    given: dict[str, Any] = {name: np.asarray(array) for name, array in arrays.items() if array is not None}
    with replacing(path) as file:
        np.savez_compressed(file, **given)


def read_latents(path: Path, run: Run, called: str = "--latents") -> Numbered:
    """The samples of the latents in an .npz: `latents` (n, latent_dim), and where they are there `labels` and `generators`, one a row.

    Raises:
        UserError: the file is not there or no such archive, or its arrays do not fit the run.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in ("latents", "labels", "generators") if name in stored.files}
    except (OSError, ValueError, zipfile.BadZipFile, EOFError, AttributeError) as error:
        reason = getattr(error, "strerror", None) or first_line(error)
        raise UserError(f"{called} {path}: cannot be read ({reason}), expected an .npz with an array latents") from None
    latents = arrays.get("latents")
    if latents is None or latents.ndim != 2 or not len(latents) or latents.dtype.kind != "f":
        found = "no array latents" if latents is None else f"latents of {latents.dtype} and shape {latents.shape}"
        raise UserError(f"{called} {path}: holds {found}, expected floats of shape (n, {run.gan.latent_dim})")
    if latents.shape[1] != run.gan.latent_dim or not np.isfinite(latents).all():
        what = f"shape {latents.shape}" if latents.shape[1] != run.gan.latent_dim else "numbers that are not finite"
        raise UserError(f"{called} {path}: latents of {what}, and {run.folder} takes (n, {run.gan.latent_dim})")
    for name in ("labels", "generators"):
        if name in arrays and len(np.atleast_1d(arrays[name])) != len(latents):
            raise UserError(f"{called} {path}: {len(np.atleast_1d(arrays[name]))} {name} for {len(latents)} latents")
    labels = arrays.get("labels") if run.gan.is_conditional else None
    makers = arrays.get("generators") if run.gan.generators > 1 else None
    return Numbered(np.arange(len(latents)), latents.astype(np.float32), labels, makers)
