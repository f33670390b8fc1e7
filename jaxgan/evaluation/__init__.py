"""Judges trained runs by fixed protocols; the metrics themselves are functions in `jaxgan.metrics`.

The name of a figure says what was compared: `fid_lab_10k` is the Frechet distance in features of the lab's classifier from 10,000
generated samples; how many real samples there were, and the hash of the weights, stand in the protocol.
"""

import statistics
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jaxgan.engine.loop import Program
from jaxgan.engine.setup import Setup
from jaxgan.errors import NotFiniteError, UserError, unknown
from jaxgan.evaluation.classifiers import lab_classifier
from jaxgan.evaluation.extractors import FEATURES, Features
from jaxgan.evaluation.images import judge_of_images
from jaxgan.evaluation.points import judge_of_points
from jaxgan.evaluation.protocol import Judge, Show, default_count, unseen
from jaxgan.metrics.table import better
from jaxgan.report.neighbours import save_neighbours
from jaxgan.trained import TrainedRun, load_all
from jaxgan.types import GanState

__all__ = ["FEATURES", "better", "evaluate", "judge_of", "judge_replicas", "lab_classifier"]


def evaluate(
    folder: Path,
    *,
    step: int | None = None,
    best: bool = False,
    n: int | None = None,
    seed: int = 0,
    average: bool = True,
    features: Features = "lab",
    inception_weights: Path | None = None,
    data_dir: Path | None = None,
    pictures: Path | None = None,
    show: Show = unseen,
) -> dict[str, Any]:
    """What evaluation.json holds: the protocol, every replica's figures, their mean and standard deviation.

    A replica that diverged, so that its samples are not finite, has no figures and is listed.

    Args:
        folder: the run.
        step: the checkpoint, the last where None.
        best: judge the checkpoint that was best by the run's own metric.
        n: generated samples; 10,000 where None, 26,000 of a stacked set.
        seed: of the latents.
        average: judge the averaged weights where the run keeps them.
        features: what pictures are compared in: "lab", "inception", "pixels", or a function of pictures (n, h, w, c) in [-1, 1]
            that gives (n, d).
        inception_weights: a PyTorch weight file; the published one where None.
        data_dir: where data sets lie; that of the run where None.
        pictures: a folder that pictures of the nearest training pictures are written into; none are drawn where None.
        show: progress, as `jaxgan.command.progress` gives it.

    Raises:
        UserError: in one line, a run or checkpoint that is not there, or samples that cannot be judged.
    """
    program, state = load_all(folder, step=step, best=best)
    judge = judge_of(
        program.setup, n=n, seed=seed, features=features, inception_weights=inception_weights, data_dir=data_dir, show=show
    )
    replicas = judge_replicas(judge, program, state, folder, average=average, show=show)
    if pictures is not None and judge.nearest is not None:
        for replica, run in enumerate(runs_of(program, state, folder)):
            if not replicas[replica]:
                continue
            suffix = f"-replica_{replica:02d}" if program.replicas > 1 else ""
            save_neighbours(pictures / f"neighbours{suffix}.png", *judge.nearest(run, average))
    whole = [figures for figures in replicas if figures]
    if not whole:
        raise NotFiniteError(f"{folder}: the samples are not finite; the run diverged")
    names = list(whole[0])
    return {
        "run": str(folder),
        "step": int(np.max(np.asarray(state.step))),
        "weights": "averaged" if average and state.ema else "last",
        "protocol": judge.protocol,
        "replicas": replicas,
        "diverged": [replica for replica, figures in enumerate(replicas) if not figures],
        "mean": {name: statistics.fmean(r[name] for r in whole) for name in names},
        "std": {name: statistics.stdev(r[name] for r in whole) if len(whole) > 1 else None for name in names},
    }


def judge_of(
    setup: Setup,
    *,
    n: int | None = None,
    seed: int = 0,
    features: Features = "lab",
    inception_weights: Path | None = None,
    data_dir: Path | None = None,
    thorough: bool = True,
    show: Show = unseen,
) -> Judge:
    """What judges runs of this setup; without `thorough` it leaves out what takes long, for use during training."""
    n = default_count(setup) if n is None else n
    if n < 100:
        raise UserError(f"{n} samples: at least 100 are needed")
    if isinstance(features, str) and features not in FEATURES:
        raise unknown("features", features, FEATURES)
    if setup.dataset.is_points:
        return judge_of_points(setup.dataset, n, seed, thorough)
    directory = data_dir or setup.config.data_dir
    return judge_of_images(setup.config, directory, features, inception_weights, n, seed, thorough, show)


def runs_of(program: Program, state: GanState, folder: Path) -> list[TrainedRun]:
    """Each replica as a run of its own."""
    if program.replicas == 1:
        return [TrainedRun(program.setup, state, folder)]
    return [TrainedRun(program.setup, jax.tree.map(lambda x, r=r: x[r], state), folder) for r in range(program.replicas)]


def judge_replicas(
    judge: Judge, program: Program, state: GanState, folder: Path, *, average: bool = True, show: Show = unseen
) -> list[dict[str, float]]:
    """The figures of every replica; none of one whose samples are not finite."""
    found: list[dict[str, float]] = []
    for replica, run in enumerate(runs_of(program, state, folder)):
        which = f"replica {replica}: " if program.replicas > 1 else ""
        try:
            found.append(judge.figures(run, average, lambda what, which=which: show(which + what)))
        except NotFiniteError:
            found.append({})
    return found
