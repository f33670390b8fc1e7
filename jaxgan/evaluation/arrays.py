"""Metrics of samples of any shape against those of the data, each sample a vector: for data of one's own."""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from jaxgan.data import Dataset
from jaxgan.data.scaling import numbered_names
from jaxgan.engine.gan import Gan
from jaxgan.engine.sampling import TrainedGan
from jaxgan.errors import UserError
from jaxgan.evaluation.critics import metrics_of_critic
from jaxgan.evaluation.labels import Conditioning, in_units, label_metrics, labels_for
from jaxgan.evaluation.protocol import EXACT, Evaluator, OwnMetrics, count, neighbours, own_metrics, two_sample_metrics
from jaxgan.features import ShowProgress
from jaxgan.metrics import correlation_difference, kid, marginal_wasserstein, sliced_wasserstein, wasserstein1
from jaxgan.metrics.arrays import checked
from jaxgan.pixels import to_model_range

LISTED = 30  # numbers of a sample that are measured each by its name
CORRELATED = 1024  # numbers of a sample up to which all pairs of them are compared


def evaluator_of_arrays(
    dataset: Dataset,
    gan: Gan | Conditioning,
    n: int,
    seed: int,
    thorough: bool,
    metrics: OwnMetrics | None,
    held_out: Dataset | None = None,
) -> Evaluator:
    """The evaluator of samples without features of their own: they are compared number by number, as the networks see them.

    Metrics of the user's own are given samples in their own units, where they have some.

    Raises:
        UserError: the samples themselves are not at hand.
    """
    samples, their_labels = _real_samples(dataset, n, seed)
    labels = labels_for(gan, dataset, their_labels)
    real = samples.reshape(len(samples), -1)  # (N, *sample) -> (N, D)
    few = min(EXACT if thorough else EXACT // 2, n, len(real))
    features = _feature_names(dataset)
    unseen = None if held_out is None else _real_samples(held_out, n, seed)
    with_units: Callable[[np.ndarray], np.ndarray] = dataset.scaling.to_units if dataset.scaling else lambda values: values

    def of_samples(drawn: Any, labels: Any, show: ShowProgress) -> dict[str, float]:
        made = np.asarray(drawn, np.float32)
        fake = checked("generated samples", made.reshape(len(made), -1), least=n, dtype=np.float32)[:n]
        values = {
            f"wasserstein1_exact_{count(few)}": wasserstein1(real[:few], fake[:few]),
            f"sliced_wasserstein1_{count(n)}": sliced_wasserstein(real, fake, progress=show("sliced transport")),
        }
        values |= by_feature(real, fake, features, n, show)
        if thorough:
            size = min(1000, len(real), n)
            distance = kid(real, fake, subset_size=size, progress=show("kernel distance"))
            values[f"kid_samples_{count(n)}"] = distance.mean
        own = own_metrics(metrics, with_units(samples), with_units(made[:n]), n)
        return values | two_sample_metrics(real, fake, "samples", n, show) | own

    def of_gan(trained: TrainedGan, average: bool, show: ShowProgress) -> dict[str, float]:
        wanted = np.random.default_rng(seed).choice(labels, n) if gan.label_dim else None  # vectors as frequent as in the data
        drawn, classes = trained.sample(n, seed=seed, labels=in_units(trained, wanted), average=average)
        order = np.random.default_rng(seed).permutation(n)  # of a conditional GAN, not sorted by class
        made = np.asarray(drawn)[order]
        fake_labels = np.zeros(n, np.int32) if classes is None else np.asarray(classes if wanted is None else wanted)[order]
        values = of_samples(made, None, show)
        if wanted is not None:
            fake = made.reshape(n, -1), fake_labels  # (N, *sample) -> (N, D)
            values |= label_metrics(dataset, (real, labels), fake, "samples", n)
        return values | metrics_of_critic(trained, (samples, labels), (made, fake_labels), unseen, seed, show)

    protocol = {
        "generated": n,
        "seed": seed,
        "neighbours": neighbours(len(real)),
        "real": len(real),
        "dataset": dataset.name,
        "features": "the samples' own numbers"
        if dataset.scaling is None
        else f"the samples' numbers, scaled by {dataset.scaling.kind}",
    }
    if unseen is not None:
        protocol["held_out"] = len(unseen[0])
    return Evaluator(of_gan, of_samples, protocol, np.resize(samples, (n, *samples.shape[1:])))


def by_feature(real: np.ndarray, fake: np.ndarray, names: Sequence[str], n: int, show: ShowProgress) -> dict[str, float]:
    """Metrics of marginal distributions and correlations; those of single features where there are few, by `names`."""
    marginals = marginal_wasserstein(real, fake, progress=show("marginals"))
    values = {f"marginal_wasserstein1_{count(n)}": marginals.mean, f"marginal_wasserstein1_worst_{count(n)}": marginals.worst}
    listed = zip(names, marginals.distances, strict=True) if len(names) == real.shape[1] else ()
    values |= {f"marginal_wasserstein1_feature_{name}_{count(n)}": float(distance) for name, distance in listed}
    if real.shape[1] <= CORRELATED and np.count_nonzero(np.ptp(real, axis=0)) > 1:
        apart = correlation_difference(real, fake)
        values |= {
            f"correlation_difference_{count(n)}": apart.mean,
            f"correlation_difference_largest_{count(n)}": apart.largest,
        }
    return values


def _feature_names(dataset: Dataset) -> tuple[str, ...]:
    """A name for each number of a sample that a metric's name can hold, all different; none where there are many."""
    size = math.prod(dataset.sample_shape)
    if not 1 < size <= LISTED:
        return ()
    names = dataset.scaling.column_names(dataset.sample_shape) if dataset.scaling else numbered_names(size)
    plain = [re.sub(r"\W+", "_", name).strip("_") or f"x{number}" for number, name in enumerate(names, 1)]
    return tuple(name if plain.count(name) == 1 else f"{name}_{number}" for number, name in enumerate(plain, 1))


def _real_samples(dataset: Dataset, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """At most n real samples, as the networks see them, and their labels."""
    if dataset.sampler is not None:
        drawn, labels = jax.jit(dataset.sampler, static_argnums=1)(jax.random.key(seed + 7), n)
        return np.asarray(drawn, np.float32), np.asarray(labels)
    if dataset.samples is None:
        raise UserError(f"data set '{dataset.name}': its samples are not at hand: give them, evaluate(run, data=...)")
    rows = np.random.default_rng(seed).permutation(len(dataset.samples))[:n]
    labels = np.zeros(len(rows), np.int32) if dataset.labels is None else dataset.labels[rows]
    return np.asarray(to_model_range(dataset.samples[rows]), np.float32), labels
