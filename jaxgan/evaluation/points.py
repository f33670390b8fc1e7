"""Metrics of points in the plane, in the distribution's own units: against its density, fresh points, and its modes."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from jaxgan.data import Dataset, Distribution
from jaxgan.engine.sampling import TrainedGan
from jaxgan.evaluation.critics import metrics_of_critic
from jaxgan.evaluation.protocol import EXACT, NEIGHBOURS, Evaluator, OwnMetrics, count, own_metrics, two_sample_metrics
from jaxgan.features import ShowProgress
from jaxgan.metrics import cells_of, divergences, lab_mode_coverage, mode_coverage, sliced_wasserstein, wasserstein1
from jaxgan.metrics.arrays import checked

PACGAN_POINTS = 2500  # arXiv 1712.04086, section 4.1


def evaluator_of_points(
    dataset: Dataset,
    distribution: Distribution,
    n: int,
    seed: int,
    thorough: bool,
    metrics: OwnMetrics | None,
    coverage_points: int = PACGAN_POINTS,
) -> Evaluator:
    """The evaluator of points whose distribution is known; modes are counted among `coverage_points` of them."""
    keys = jax.random.split(jax.random.key(seed + 7), 2)
    (real, labels), (again, more_labels) = (_points_of(distribution, key, n) for key in keys)
    reach = 3 * max(distribution.std, 0.05)
    density = cells_of(jax.jit(distribution.log_density), low=real.min(0) - reach, high=real.max(0) + reach)
    few = min(EXACT if thorough else EXACT // 2, n)
    of_real = wasserstein1(real[:few], again[:few])
    counted = coverage_points if thorough else min(n, coverage_points)
    training = _training_points(dataset, distribution)

    def of_samples(drawn: Any, labels: Any, show: ShowProgress) -> dict[str, float]:
        fake = np.asarray(distribution.to_units(checked("generated points", drawn, least=n, dtype=np.float32)))
        values: dict[str, float] = {}
        if len(distribution.centres):
            covered = mode_coverage(fake[:counted], distribution.centres, distribution.std)
            values |= {
                f"modes_pacgan_{count(counted)}": float(covered.modes),
                f"high_quality_pacgan_{count(counted)}": float(covered.high_quality),
                f"reverse_kl_pacgan_{count(counted)}": float(covered.reverse_kl),
            }
            if thorough:
                model = np.asarray(distribution.to_model(real)), np.asarray(drawn[:counted])
                values[f"lab_coverage_{count(counted)}"] = lab_mode_coverage(*model, len(distribution.centres))
        values |= {
            f"wasserstein1_exact_{count(few)}": wasserstein1(real[:few], fake[:few]),
            f"wasserstein1_exact_{count(few)}_of_real": of_real,
            f"sliced_wasserstein1_{count(n)}": sliced_wasserstein(real, fake[:n], progress=show("sliced transport")),
        }
        apart = divergences(fake[:n], density)
        values |= {f"{name}_grid50_{count(n)}": float(value) for name, value in apart._asdict().items()}
        return values | two_sample_metrics(real, fake[:n], "points", n, show) | own_metrics(metrics, real, fake[:n], n)

    def of_gan(trained: TrainedGan, average: bool, show: ShowProgress) -> dict[str, float]:
        points, classes = trained.sample(max(n, counted), seed=seed, average=average)
        order = np.random.default_rng(seed).permutation(len(points))  # of a conditional run, not sorted by class
        drawn = np.asarray(points)[order]
        fake_labels = np.zeros(len(drawn), np.int32) if classes is None else np.asarray(classes)[order]
        known, held_out = ((real, labels), None) if training is None else (training, (again, more_labels))
        fakes = np.asarray(distribution.to_units(drawn))[:n], fake_labels[:n]
        return of_samples(drawn, None, show) | metrics_of_critic(
            trained, known, fakes, held_out, seed, show, units=distribution.scale
        )

    protocol = {
        "generated": n,
        "seed": seed,
        "neighbours": NEIGHBOURS,
        "real": n,
        "dataset": dataset.name,
        "features": "points, in the data's own units",
    }
    return Evaluator(of_gan, of_samples, protocol, np.asarray(distribution.to_model(again)))


def _points_of(distribution: Distribution, key: Any, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Points in units, and the modes that they came from."""
    sample: Callable[..., Any] = jax.jit(distribution.sample, static_argnums=1)
    points, labels = sample(key, n)
    return np.asarray(distribution.to_units(points)), np.asarray(labels)


def _training_points(dataset: Dataset, distribution: Distribution) -> tuple[np.ndarray, np.ndarray] | None:
    """The points that a run with --points was trained on, in units; None where they were drawn afresh."""
    if dataset.samples is None:
        return None
    labels = np.zeros(len(dataset.samples), np.int32) if dataset.labels is None else dataset.labels
    return np.asarray(distribution.to_units(dataset.samples)), labels
