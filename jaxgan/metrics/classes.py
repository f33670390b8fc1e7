"""Metrics of a classifier's probabilities: Inception Score, class distribution, entropy, and whether a picture shows its label."""

import math

import numpy as np
from jaxtyping import Float

from jaxgan.checks import seed as checked_seed
from jaxgan.checks import whole_number
from jaxgan.errors import UserError
from jaxgan.metrics.arrays import ArrayData, Estimate, checked, checked_classes


def inception_score(probabilities: ArrayData, *, splits: int = 10, seed: int | None = 2020) -> Estimate:
    """exp(mean KL(p(y|x) || p(y))), mean and standard deviation over `splits` parts (Salimans et al. 2016, arXiv 1606.03498, section 4).

    `probabilities` (n, classes) of generated samples, rows summing to 1; p(y) is the mean of a part. They are shuffled first
    (seed 2020 gives the parts of torch-fidelity), unless the seed is None.
    """
    splits, seed = whole_number("splits", splits), None if seed is None else checked_seed("seed", seed)
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
    n_classes = whole_number("n_classes", n_classes)
    labels = checked_classes("labels", labels, n_classes)
    return np.bincount(labels, minlength=n_classes) / len(labels)


def entropy_bits(distribution: ArrayData) -> float:
    """-sum p log2 p, in bits; log2 of the number of classes where all are equally frequent."""
    p = _shares("distribution", distribution)
    return float(-np.sum(p * np.log2(np.where(p > 0, p, 1))))


def relative_entropy(distribution: ArrayData, reference: ArrayData) -> float:
    """KL(p || q) = sum p log(p / q) of two distributions over the same classes, in nats; infinite where p has what q has not.

    The shares of n samples over k classes bias it upwards by about (k - 1) / 2n.
    """
    p, q = _shares("distribution", distribution), _shares("reference", reference)
    if p.shape != q.shape:
        raise UserError(f"{len(p)} classes and {len(q)}")
    present = p > 0
    return float(np.sum(p[present] * np.log(p[present] / q[present]))) if (q[present] > 0).all() else math.inf


def _shares(name: str, distribution: ArrayData) -> np.ndarray:
    """A distribution over classes (k,); raises UserError for what is none."""
    shares = checked(name, distribution, ndim=1, least=1)
    if (shares < 0).any() or not np.isclose(shares.sum(), 1, atol=1e-3):
        raise UserError(f"{name}: shares must be at least 0 and sum to 1, and these sum to {shares.sum():.4g}")
    return shares


def conditional_accuracy(predicted: ArrayData, labels: ArrayData) -> float:
    """The share of samples whose predicted class (n,) is the label (n,) that they were generated for."""
    predicted, labels = checked_classes("predicted", predicted), checked_classes("labels", labels)
    if predicted.shape != labels.shape:
        raise UserError(f"{len(predicted)} predicted classes and {len(labels)} labels")
    return float(np.mean(predicted == labels))
