"""Metrics against the implementations that others use, in turn, in one process, on the same random features.

    python -m experiments.benchmarks.metrics            # prdc and scipy, as `pip install 'jaxgan[test]'` brings them
    python -m experiments.benchmarks.metrics --n 2000   # sooner

Each round runs both, the one that goes first changing from round to round; the ratio of their times is reported with its
range over the rounds. Compilation is outside (a first call of each). What came out: experiments/results/metrics_speed.md.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tyro

from jaxgan.metrics import fid, precision_recall_density_coverage


@dataclass(frozen=True)
class Options:
    """How much to measure."""

    n: int = 10_000
    """Samples of either kind."""
    rounds: int = 5
    """Times that each pair is run."""
    neighbour_dims: tuple[int, ...] = (64, 128, 2048)
    """Dimensions of the features whose neighbours are searched."""
    fid_dims: int = 2048
    """Dimensions of the features of the Frechet distance."""


def two_clouds(n: int, dims: int) -> list[np.ndarray]:
    chance = np.random.default_rng(0)
    return [np.maximum(chance.normal(size=(n, dims)) + shift, 0).astype(np.float32) for shift in (0.0, 0.1)]


def prdc_of(real: np.ndarray, fake: np.ndarray) -> list[float]:
    from prdc import compute_prdc

    values = compute_prdc(real_features=real, fake_features=fake, nearest_k=5)
    return [values[name] for name in ("precision", "recall", "density", "coverage")]


def sqrtm_fid(real: np.ndarray, fake: np.ndarray) -> float:
    """The form of the reference implementations: the trace of the root of a product that is not symmetric."""
    import scipy.linalg

    (m, c), (k, d) = ((x.mean(0, dtype=np.float64), np.cov(x.astype(np.float64), rowvar=False)) for x in (real, fake))
    root = scipy.linalg.sqrtm(c @ d).real
    return float((m - k) @ (m - k) + np.trace(c) + np.trace(d) - 2 * np.trace(root))


def compare(name: str, theirs: Callable[[], object], ours: Callable[[], object], rounds: int) -> None:
    expected, values = np.asarray(theirs()), np.asarray(ours())  # compiles; and they must agree
    apart = float(np.max(np.abs(values - expected) / np.maximum(np.abs(expected), 1e-3)))
    seconds: dict[str, list[float]] = {"theirs": [], "ours": []}
    both = {"theirs": theirs, "ours": ours}
    for turn in range(rounds):
        for who in list(both) if turn % 2 else reversed(both):
            begun = time.perf_counter()
            both[who]()
            seconds[who].append(time.perf_counter() - begun)
    ratios = np.array(seconds["theirs"]) / np.array(seconds["ours"])
    print(
        f"{name}: {np.median(ratios):.1f} times as fast [{ratios.min():.1f}-{ratios.max():.1f}] over {rounds} rounds"
        f" (medians {np.median(seconds['theirs']):.2f} s and {np.median(seconds['ours']):.2f} s), values within {apart:.1e}",
        flush=True,
    )


def main(options: Options) -> None:
    for dims in options.neighbour_dims:
        real, fake = two_clouds(options.n, dims)
        compare(
            f"precision, recall, density, coverage at {options.n:,} x {dims}, against prdc",
            lambda: prdc_of(real, fake),  # noqa: B023
            lambda: precision_recall_density_coverage(real, fake),  # noqa: B023
            options.rounds,
        )
    real, fake = two_clouds(options.n, options.fid_dims)
    compare(
        f"Frechet distance at {options.n:,} x {options.fid_dims}, against scipy's sqrtm",
        lambda: sqrtm_fid(real, fake),
        lambda: fid(real, fake),
        options.rounds,
    )


if __name__ == "__main__":
    main(tyro.cli(Options))
