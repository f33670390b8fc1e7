"""The Frechet distance between two normal distributions fitted to features (FID; Heusel et al. 2017, arXiv 1706.08500, eq. 6)."""

import warnings
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from jaxgan.errors import UserError, shortened
from jaxgan.metrics.arrays import ArrayData, checked, checked_pair

WIDEST = 8192  # dimensions: half a gigabyte a covariance


class Gaussian(NamedTuple):
    """Mean (d,) and covariance (d, d), in float64, of `n` features."""

    mean: Float[np.ndarray, " d"]
    covariance: Float[np.ndarray, "d d"]
    n: int


def gaussian(features: ArrayData) -> Gaussian:
    """The mean and the unbiased covariance of features (n, d), d at most 8,192."""
    features = checked("features", features)
    if features.shape[1] > WIDEST:
        raise UserError(f"features of {features.shape[1]:,} dimensions: a covariance is taken of at most {WIDEST:,}")
    mean = features.mean(0)
    centred = features - mean
    return Gaussian(mean, centred.T @ centred / (len(features) - 1), len(features))


def frechet_distance(real: Gaussian, fake: Gaussian) -> float:
    """|m - m'|^2 + tr(C) + tr(C') - 2 tr((C C')^(1/2)).

    The last trace is the sum of the roots of the eigenvalues of F' C' F, symmetric, where C = F F': no root of a matrix
    that is not symmetric, no imaginary part to be dropped. F is the Cholesky factor, or, where C is singular, that of
    its eigenvectors. Fewer features than dimensions give a finite value, and a warning: it is biased upwards.
    """
    for name, fitted in (("real", real), ("fake", fake)):
        if not isinstance(fitted, Gaussian):
            raise UserError(f"{name}={shortened(fitted)}: must be a Gaussian, as jaxgan.metrics.gaussian(features) returns")
    if len(real.mean) != len(fake.mean):
        raise UserError(f"real and fake differ in dimensions: {len(real.mean)} and {len(fake.mean)}")
    for name, fitted in (("real", real), ("fake", fake)):
        if fitted.n <= len(fitted.mean):
            warnings.warn(
                f"{fitted.n} {name} samples for {len(fitted.mean)} dimensions: their covariance is singular, and the distance too high",
                stacklevel=2,
            )
    factor = _factor(real.covariance)
    roots = np.sqrt(np.clip(np.linalg.eigvalsh(factor.T @ fake.covariance @ factor), 0, None))
    difference = real.mean - fake.mean
    return float(difference @ difference + np.trace(real.covariance) + np.trace(fake.covariance) - 2 * roots.sum())


def _factor(covariance: np.ndarray) -> np.ndarray:
    """F with F F' = C."""
    try:
        return np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(covariance)
        return vectors * np.sqrt(np.clip(values, 0, None))


def fid(real: ArrayData, fake: ArrayData) -> float:
    """The Frechet distance between normal distributions fitted to features of real and generated samples.

    Args:
        real: features (n, d); of pictures or other samples features of them, or the samples themselves made flat.
        fake: features (m, d).

    Returns:
        the distance, squared as in the paper: 0 for the same samples, and no upper end.

    Raises:
        UserError: another number of axes, fewer than 2 samples, values that are not finite, or different dimensions.

    Example:
        >>> import numpy as np
        >>> from jaxgan import metrics
        >>> real = np.random.default_rng(0).normal(size=(10_000, 2))
        >>> metrics.fid(real, real) < 1e-9
        True
        >>> round(metrics.fid(real, real + 3.0), 6)  # only the means differ, by 3 on two axes: 9 + 9
        18.0
    """
    real, fake = checked_pair(real, fake)
    return frechet_distance(gaussian(real), gaussian(fake))
