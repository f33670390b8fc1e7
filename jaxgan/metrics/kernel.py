"""The kernel distance between features (KID; Binkowski et al. 2018, arXiv 1801.01401, section 4)."""

import numpy as np

from jaxgan.checks import seed as checked_seed
from jaxgan.checks import whole_number
from jaxgan.errors import UserError
from jaxgan.metrics.arrays import ArrayData, Estimate, Progress, checked_pair, silent


def squared_mmd(real: ArrayData, fake: ArrayData) -> float:
    """The unbiased estimate of the squared maximum mean discrepancy under the kernel (x.y / d + 1)^3, of as many of both."""
    real, fake = checked_pair(real, fake)
    if len(real) != len(fake):
        raise UserError(f"{len(real)} real and {len(fake)} fake samples: as many of both are needed")
    n, width = real.shape

    def kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return (x @ y.T / width + 1) ** 3

    def off_diagonal(k: np.ndarray) -> float:
        return float((k.sum() - np.trace(k)) / (n * (n - 1)))

    return off_diagonal(kernel(real, real)) + off_diagonal(kernel(fake, fake)) - 2 * float(kernel(real, fake).mean())


def kid(
    real: ArrayData,
    fake: ArrayData,
    *,
    subsets: int = 100,
    subset_size: int = 1000,
    seed: int = 2020,
    progress: Progress = silent,
) -> Estimate:
    """Mean and standard deviation of the squared discrepancy over random subsets, drawn without replacement within each.

    The default's subsets are those of torch-fidelity (numpy's older generator, seed 2020), so that the values agree. Where a
    subset holds every sample, there is but one subset and no deviation.
    """
    subsets, subset_size = whole_number("subsets", subsets), whole_number("subset_size", subset_size, at_least=2)
    seed = checked_seed("seed", seed)
    real, fake = checked_pair(real, fake)
    if subset_size > min(len(real), len(fake)):
        raise UserError(f"subsets of {subset_size}: there are {len(real)} real and {len(fake)} generated samples")
    if subset_size == len(real) == len(fake):
        subsets = 1  # each would hold every sample
    chance = np.random.RandomState(seed)
    values = [
        squared_mmd(
            real[chance.choice(len(real), subset_size, replace=False)],
            fake[chance.choice(len(fake), subset_size, replace=False)],
        )
        for _ in progress(range(subsets))
    ]
    return Estimate(float(np.mean(values)), float(np.std(values)))
