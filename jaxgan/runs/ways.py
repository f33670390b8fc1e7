"""Pictures on ways through the latents: from seed to seed and label to label, round at random, or along the directions of most change."""

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from jaxgan.engine.directions import directions
from jaxgan.engine.latents import seed_latents, truncated
from jaxgan.errors import UserError
from jaxgan.memory import check_fits
from jaxgan.report.images import save_grid
from jaxgan.report.samples import save_frames, save_interpolation
from jaxgan.runs.run import Run
from jaxgan.runs.samples import save_arrays


def write_interpolation(
    run: Run, out: Path, n: int, *, seeds: Sequence[int] | None = None, labels: Sequence[Any] | None = None, **how: Any
) -> None:
    """Draws the way through several seeds or labels, n pictures from each to the next, and writes it by the ending of the path.

    `how` are further arguments of `Run.interpolate`.

    Raises:
        UserError: the run draws no pictures, or what `Run.interpolate` refuses.
    """
    legs = max(2, len(seeds or ()), len(labels or ())) - 1
    _check(run, "--interpolate", n * legs, f"--n {n}")
    images = run.interpolate(n, seeds=seeds, labels=labels, **how)
    stops = [str(label) for label in labels] if labels and len(labels) > 1 else [str(seed) for seed in seeds or ()]
    titles = [f"{a} to {b}" for a, b in pairwise(stops)] if legs > 1 else []
    save_interpolation(out, np.asarray(images, np.float32), n, titles)


def write_walk(run: Run, out: Path, n: int, **how: Any) -> None:
    """Draws n pictures of a walk that comes back to where it began, and writes them by the ending of the path.

    `how` are further arguments of `Run.walk`.

    Raises:
        UserError: the run draws no pictures, or what `Run.walk` refuses.
    """
    _check(run, "--walk", n, f"--n {n}")
    save_frames(out, np.asarray(run.walk(n, **how), np.float32))


def write_directions(
    run: Run, out: Path, k: int, n: int, strength: float, *, seed: int = 0, generator: int | None = None, **how: Any
) -> str:
    """Draws the latent of a seed moved along each of the k directions of most change, a row each, by n steps from -strength to strength.

    `how` are further arguments of `Run.of_seeds`: `truncation`, `label`, `batch_statistics`, `average`.

    Returns:
        how the directions were found, in words.

    Raises:
        UserError: the run draws no pictures, or what `engine.directions` and `Run.of_latents` refuse.
    """
    _check(run, "--directions", n * k, f"--n {n}")
    found = directions(run, k, generator=generator or 0, seed=seed, average=how.get("average", True))
    amounts = np.linspace(-strength, strength, n)
    start = np.asarray(truncated(seed_latents([seed], run.gan.latent_dim), how.pop("truncation", 1.0)))
    latents = start + (amounts[None, :, None] * found.vectors[:, None]).reshape(k * n, -1)  # (k, n, latent) -> (k n, latent)
    if how.get("label") is None and run.gan.is_conditional:  # one for all
        labels = run.labels_by_number(np.full(k * n, seed))
        how = {**how, "labels": labels if run.label_vectors is None else run.label_vectors.to_units(labels)}
        how.pop("label", None)
    images = np.asarray(run.of_latents(latents.astype(np.float32), generator=generator or 0, **how)[0], np.float32)
    if out.suffix.lower() == ".npz":
        arrays = {"images": images.reshape(k, n, *images.shape[1:]), "amounts": amounts}  # (k n, ...) -> (k, n, ...)
        save_arrays(out, directions=found.vectors, strengths=found.strengths, **arrays)
    else:
        rows = [f"{row + 1}: {found.strengths[row]:.3g}" for row in range(k)]
        save_grid(out, images, columns=n, row_titles=rows, column_titles=[f"{amount:+.3g}" for amount in amounts])
    return found.found_by


def _check(run: Run, flag: str, count: int, shown: str) -> None:
    """Refuses a way through what is no picture, and more pictures than fit into memory."""
    if not run.is_images:
        kind = "points" if run.dataset.is_points else run.dataset.kind
        raise UserError(f"{flag}: a strip shows images, and this run draws {kind}")
    check_fits(4 * count * (run.gan.latent_dim + math.prod(run.sample_shape)), f"{shown}: samples with their latents")
