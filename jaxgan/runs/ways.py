"""Pictures on ways through the latents: from seed to seed and label to label, or round at random."""

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from jaxgan.errors import UserError
from jaxgan.memory import check_fits
from jaxgan.report.samples import save_frames, save_interpolation
from jaxgan.runs.run import Run


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


def _check(run: Run, flag: str, count: int, shown: str) -> None:
    """Refuses a way through what is no picture, and more pictures than fit into memory."""
    if not run.is_images:
        kind = "points" if run.dataset.is_points else run.dataset.kind
        raise UserError(f"{flag}: a strip shows images, and this run draws {kind}")
    check_fits(4 * count * (run.gan.latent_dim + math.prod(run.sample_shape)), f"{shown}: samples with their latents")
