"""Figures of points in the plane, in the distribution's own units: against its density, fresh points, and its modes."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from jaxgan.data.dataset import Dataset
from jaxgan.data.distributions import Distribution
from jaxgan.errors import UserError
from jaxgan.evaluation.critics import of_the_critic
from jaxgan.evaluation.protocol import EXACT, NEIGHBOURS, Judge, Show, count, two_kinds
from jaxgan.metrics.arrays import checked
from jaxgan.metrics.coverage import lab_mode_coverage, mode_coverage
from jaxgan.metrics.divergence import cells_of, divergences
from jaxgan.metrics.transport import sliced_wasserstein, wasserstein1
from jaxgan.trained import TrainedRun

PACGAN_POINTS = 2500  # arXiv 1712.04086, section 4.1


def judge_of_points(dataset: Dataset, n: int, seed: int, thorough: bool) -> Judge:
    law = dataset.distribution
    if law is None:
        raise UserError(f"data set '{dataset.name}' is of points whose law is not known: nothing to judge them by")
    keys = jax.random.split(jax.random.key(seed + 7), 2)
    (real, labels), (again, more_labels) = (_drawn(law, key, n) for key in keys)
    reach = 3 * max(law.std, 0.05)
    density = cells_of(jax.jit(law.log_density), low=real.min(0) - reach, high=real.max(0) + reach)
    few = min(EXACT if thorough else EXACT // 2, n)
    of_real = wasserstein1(real[:few], again[:few])
    held = PACGAN_POINTS if thorough else min(n, PACGAN_POINTS)
    training = _training_points(dataset, law)

    def of_samples(drawn: Any, labels: Any, show: Show) -> dict[str, float]:
        fake = np.asarray(law.to_units(checked("generated points", drawn, least=n, dtype=np.float32)))
        found: dict[str, float] = {}
        if len(law.centres):
            covered = mode_coverage(fake[:held], law.centres, law.std)
            found |= {
                f"modes_pacgan_{count(held)}": float(covered.modes),
                f"high_quality_pacgan_{count(held)}": float(covered.high_quality),
                f"reverse_kl_pacgan_{count(held)}": float(covered.reverse_kl),
            }
            if thorough:
                model = np.asarray(law.to_model(real)), np.asarray(drawn[:held])
                found[f"lab_coverage_{count(held)}"] = lab_mode_coverage(*model, len(law.centres))
        found |= {
            f"wasserstein1_exact_{count(few)}": wasserstein1(real[:few], fake[:few]),
            f"wasserstein1_exact_{count(few)}_of_real": of_real,
            f"sliced_wasserstein1_{count(n)}": sliced_wasserstein(real, fake[:n], progress=show("sliced transport")),
        }
        apart = divergences(fake[:n], density)
        found |= {f"{name}_grid50_{count(n)}": float(value) for name, value in apart._asdict().items()}
        return found | two_kinds(real, fake[:n], "points", n, show)

    def figures(run: TrainedRun, average: bool, show: Show) -> dict[str, float]:
        points, asked = run.sample(max(n, held), seed=seed, average=average)
        order = np.random.default_rng(seed).permutation(len(points))  # of a conditional run, not sorted by class
        drawn = np.asarray(points)[order]
        fake_labels = np.zeros(len(drawn), np.int32) if asked is None else np.asarray(asked)[order]
        known, held_out = ((real, labels), None) if training is None else (training, (again, more_labels))
        fakes = np.asarray(law.to_units(drawn))[:n], fake_labels[:n]
        return of_samples(drawn, None, show) | of_the_critic(run, known, fakes, held_out, seed, show, units=law.scale)

    protocol = {
        "generated": n,
        "seed": seed,
        "neighbours": NEIGHBOURS,
        "real": n,
        "dataset": dataset.name,
        "features": "points, in the data's own units",
    }
    return Judge(figures, of_samples, protocol, np.asarray(law.to_model(again)))


def _drawn(law: Distribution, key: Any, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Points in units, and the modes that they came from."""
    sample: Callable[..., Any] = jax.jit(law.sample, static_argnums=1)
    points, labels = sample(key, n)
    return np.asarray(law.to_units(points)), np.asarray(labels)


def _training_points(dataset: Dataset, law: Distribution) -> tuple[np.ndarray, np.ndarray] | None:
    """The points that a run with --points was trained on, in units; None where they were drawn afresh."""
    if dataset.samples is None:
        return None
    labels = np.zeros(len(dataset.samples), np.int32) if dataset.labels is None else dataset.labels
    return np.asarray(law.to_units(dataset.samples)), labels
