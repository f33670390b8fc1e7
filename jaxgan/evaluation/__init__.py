"""Measures trained GANs by fixed protocols; the metrics themselves are functions in `jaxgan.metrics`.

The name of a value says what was compared: `fid_lab_10k` is the Frechet distance in features of the lab's classifier from 10,000
generated samples; how many real samples there were, and the hash of the weights, stand in the protocol.
"""

import math
import statistics
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from jaxgan.checks import seed as checked_seed
from jaxgan.checks import truth, whole_number
from jaxgan.data import Dataset
from jaxgan.engine.gan import Gan
from jaxgan.engine.sampling import TrainedGan
from jaxgan.errors import NotFiniteError, UserError
from jaxgan.evaluation.arrays import evaluator_of_arrays
from jaxgan.evaluation.images import evaluator_of_images
from jaxgan.evaluation.labels import Conditioning
from jaxgan.evaluation.points import PACGAN_POINTS, evaluator_of_points
from jaxgan.evaluation.protocol import Evaluator, OwnMetrics, checked_metrics, count, default_count
from jaxgan.features import Features, ShowProgress, named_features, show_nothing
from jaxgan.memory import check_fits
from jaxgan.metrics import better

__all__ = [
    "FEWEST",
    "Conditioning",
    "Evaluator",
    "better",
    "count",
    "default_count",
    "evaluator_of",
    "measure_replicas",
    "summarise_replicas",
]


def __getattr__(name: str) -> Any:
    """`evaluate` of a run is `jaxgan.evaluate`, two layers up; it was here once, and is found here still."""
    if name == "evaluate":
        return getattr(import_module("jaxgan.runs"), name)
    raise AttributeError(f"module 'jaxgan.evaluation' has no attribute '{name}'")


FEWEST = 100  # generated samples


def evaluator_of(
    dataset: Dataset,
    gan: Gan | Conditioning,
    *,
    held_out: Dataset | None = None,
    n: int | None = None,
    seed: int = 0,
    features: Features = "lab",
    inception_weights: Path | None = None,
    data_dir: Path | None = None,
    thorough: bool = True,
    metrics: OwnMetrics | None = None,
    coverage_points: int | None = None,
    show: ShowProgress = show_nothing,
) -> Evaluator:
    """What measures a GAN like this one on this data set.

    Args:
        dataset: what it was trained on; of a distribution only that is used.
        gan: of which only n_classes and label_dim are used; `Conditioning()` for samples from elsewhere.
        held_out: test data, where there are any.
        n: generated samples; 10,000 where None, 26,000 of a stacked set.
        seed: of the latents, and of what is chosen.
        features: what pictures are compared in: "lab", "inception", "efficientnet", "pixels", or a function of pictures (n, h, w, c)
            in [-1, 1] that gives (n, d), also by its name, "package.module:function".
        inception_weights: a PyTorch weight file; the published one where None.
        data_dir: where the single pictures of a stacked set lie.
        thorough: without it, what takes long is left out: for use during training.
        metrics: of the user's own, {name: function of two arrays, real and generated samples, -> number}.
        coverage_points: generated points among which modes are counted; 2,500 where None, as arXiv 1712.04086 counts (lab 004: 10,000).
        show: progress.

    Raises:
        UserError: too few samples, features that are not there, metrics that are no functions, an argument of a wrong type.
    """
    n = default_count(dataset) if n is None else whole_number("n", n)
    seed, metrics = checked_seed("seed", seed), checked_metrics(metrics)
    if n < FEWEST:
        raise UserError(f"{n} samples: at least {FEWEST} are needed")
    check_fits(2 * 4 * n * math.prod(dataset.sample_shape), f"{n:,} samples to measure, and as many real ones")
    if dataset.size == 1:
        raise UserError(f"data set '{dataset.name}' holds one sample: at least 2 are needed to compare others with")
    features = named_features(features)
    coverage_points = PACGAN_POINTS if coverage_points is None else whole_number("coverage_points", coverage_points)
    if dataset.distribution is not None:
        return evaluator_of_points(dataset, dataset.distribution, n, seed, thorough, metrics, coverage_points)
    if coverage_points != PACGAN_POINTS:
        raise UserError(
            f"--coverage-points {coverage_points}: counts modes of a distribution of the plane, and '{dataset.name}' is none"
        )
    if not dataset.is_images or (dataset.samples is None and dataset.records is None):
        return evaluator_of_arrays(dataset, gan, n, seed, thorough, metrics, held_out)
    return evaluator_of_images(
        dataset, gan, held_out, features=features, inception_weights=inception_weights, data_dir=data_dir, n=n, seed=seed,
        thorough=thorough, metrics=metrics, show=show,
    )  # fmt: skip


def measure_replicas(
    evaluator: Evaluator, replicas: Sequence[TrainedGan], *, average: bool = True, show: ShowProgress = show_nothing
) -> list[dict[str, float]]:
    """The metrics of every replica; none of one whose samples are not finite."""
    average = truth("average", average)
    values: list[dict[str, float]] = []
    for number, trained in enumerate(replicas):
        which = f"replica {number}: " if len(replicas) > 1 else ""
        try:
            values.append(evaluator.of_gan(trained, average, lambda what, which=which: show(which + what)))
        except NotFiniteError:
            values.append({})
    return values


def summarise_replicas(replicas: Sequence[dict[str, float]], name: str) -> dict[str, Any]:
    """Every replica's values, those that diverged, and mean and standard deviation of the others.

    Raises:
        NotFiniteError: all diverged; `name` says of what.
    """
    whole = [values for values in replicas if values]
    if not whole:
        raise NotFiniteError(f"{name}: the samples are not finite; the run diverged")
    names = list(whole[0])
    return {
        "replicas": replicas,
        "diverged": [number for number, values in enumerate(replicas) if not values],
        "mean": {name: statistics.fmean(values[name] for values in whole) for name in names},
        "std": {name: statistics.stdev(values[name] for values in whole) if len(whole) > 1 else None for name in names},
    }
