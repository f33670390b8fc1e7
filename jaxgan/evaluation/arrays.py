"""Metrics of samples of any shape against those of the data, each sample a vector: for data of one's own."""

from typing import Any

import jax
import numpy as np

from jaxgan.data import Dataset
from jaxgan.engine.gan import Gan
from jaxgan.engine.sampling import TrainedGan
from jaxgan.errors import UserError
from jaxgan.evaluation.critics import metrics_of_critic
from jaxgan.evaluation.labels import in_units, label_metrics, labels_for
from jaxgan.evaluation.protocol import EXACT, Evaluator, OwnMetrics, count, neighbours, own_metrics, two_sample_metrics
from jaxgan.features import ShowProgress
from jaxgan.metrics import sliced_wasserstein, wasserstein1
from jaxgan.metrics.arrays import checked
from jaxgan.pixels import to_model_range


def evaluator_of_arrays(dataset: Dataset, gan: Gan, n: int, seed: int, thorough: bool, metrics: OwnMetrics | None) -> Evaluator:
    """The evaluator of samples without features of their own: they are compared number by number.

    Raises:
        UserError: the samples themselves are not at hand.
    """
    samples, their_labels = _real_samples(dataset, n, seed)
    labels = labels_for(gan, dataset, their_labels)
    real = samples.reshape(len(samples), -1)  # (N, *sample) -> (N, D)
    few = min(EXACT if thorough else EXACT // 2, n, len(real))

    def of_samples(drawn: Any, labels: Any, show: ShowProgress) -> dict[str, float]:
        made = np.asarray(drawn, np.float32)
        fake = checked("generated samples", made.reshape(len(made), -1), least=n, dtype=np.float32)[:n]
        values = {
            f"wasserstein1_exact_{count(few)}": wasserstein1(real[:few], fake[:few]),
            f"sliced_wasserstein1_{count(n)}": sliced_wasserstein(real, fake, progress=show("sliced transport")),
        }
        return values | two_sample_metrics(real, fake, "samples", n, show) | own_metrics(metrics, samples, made[:n], n)

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
        return values | metrics_of_critic(trained, (samples, labels), (made, fake_labels), None, seed, show)

    protocol = {
        "generated": n,
        "seed": seed,
        "neighbours": neighbours(len(real)),
        "real": len(real),
        "dataset": dataset.name,
        "features": "the samples' own numbers",
    }
    return Evaluator(of_gan, of_samples, protocol, np.resize(samples, (n, *samples.shape[1:])))


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
