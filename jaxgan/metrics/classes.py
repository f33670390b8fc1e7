"""Metrics of a classifier's probabilities: Inception Score, class distribution, entropy, and whether a picture shows its label."""

import math

import numpy as np
from jaxtyping import Float

from jaxgan.errors import UserError
from jaxgan.metrics.arrays import ArrayData, Estimate, checked


def inception_score(probabilities: ArrayData, *, splits: int = 10, seed: int | None = 2020) -> Estimate:
    """exp(mean KL(p(y|x) || p(y))), mean and standard deviation over `splits` parts (Salimans et al. 2016, arXiv 1606.03498, section 4).

    `probabilities` (n, classes) of generated samples, rows summing to 1; p(y) is the mean of a part. They are shuffled first
    (seed 2020 gives the parts of torch-fidelity), unless the seed is None.
    """
    probabilities = checked("probabilities", probabilities, least=splits)
    if (probabilities < 0).any() or not np.allclose(probabilities.sum(1), 1, atol=1e-3):
        raise UserError("probabilities: each row must be at least 0 and sum to 1 (a softmax of the classifier's scores)")
    n = len(probabilities)
    if seed is not None:
        probabilities = probabilities[np.random.RandomState(seed).permutation(n)]
    scores = []
    for part in (probabilities[i * n // splits : (i + 1) * n // splits] for i in range(splits)):
        marginal = part.mean(0)
        ratio = np.log(np.maximum(part, 1e-300)) - np.log(np.maximum(marginal, 1e-300))
        scores.append(float(np.exp((part * ratio).sum(1).mean())))
    return Estimate(float(np.mean(scores)), float(np.std(scores)))


def class_distribution(labels: ArrayData, n_classes: int) -> Float[np.ndarray, " classes"]:
    """The share of each class among predicted labels (n,)."""
    labels = checked("labels", labels, ndim=1, least=1, dtype=np.int64)
    if labels.min() < 0 or labels.max() >= n_classes:
        raise UserError(f"labels: from {labels.min()} to {labels.max()}, and there are {n_classes} classes")
    return np.bincount(labels, minlength=n_classes) / len(labels)


def entropy_bits(distribution: ArrayData) -> float:
    """-sum p log2 p, in bits; log2 of the number of classes where all are equally frequent."""
    p = checked("distribution", distribution, ndim=1, least=1)
    return float(-np.sum(p * np.log2(np.where(p > 0, p, 1))))


def relative_entropy(distribution: ArrayData, reference: ArrayData) -> float:
    """KL(p || q) = sum p log(p / q) of two distributions over the same classes, in nats; infinite where p has what q has not.

    The shares of n samples over k classes bias it upwards by about (k - 1) / 2n.
    """
    p, q = (checked(n, x, ndim=1, least=1) for n, x in (("distribution", distribution), ("reference", reference)))
    if p.shape != q.shape:
        raise UserError(f"{len(p)} classes and {len(q)}")
    present = p > 0
    return float(np.sum(p[present] * np.log(p[present] / q[present]))) if (q[present] > 0).all() else math.inf


def conditional_accuracy(predicted: ArrayData, labels: ArrayData) -> float:
    """The share of samples whose predicted class (n,) is the label (n,) that they were generated for."""
    predicted, labels = (checked(n, x, ndim=1, least=1) for n, x in (("predicted", predicted), ("labels", labels)))
    if predicted.shape != labels.shape:
        raise UserError(f"{len(predicted)} predicted classes and {len(labels)} labels")
    return float(np.mean(predicted == labels))
