"""What remedies cost on points: `python -m experiments.benchmarks.remedies`.

CPU time of whole iterations (`ring8`, mlp 128, batch 128, one critic step and a generator step) against those of the plain GAN, in
turn: the median of five pairs [min-max]. CPU time, since other processes disturb it less. With PYTHONPATH=CHECKOUT, run in its
folder, another checkout is timed. About half a minute on one core.
"""

import resource
import statistics
from typing import Any

import jax

from jaxgan import Config
from jaxgan.settings import resolve

CASES: dict[str, dict[str, Any]] = {
    "gan": dict(variant="gan"),
    "minibatch discrimination": dict(variant="gan", minibatch_discrimination=True),
    "unroll 5": dict(variant="gan", unroll=5),
    "wgan_gp": dict(variant="wgan_gp"),
    "ct_gan": dict(variant="ct_gan"),
}
PAIRS = 5
ITERATIONS = 40


class Timed:
    """A run, compiled."""

    def __init__(self, **options: Any):
        common: dict[str, Any] = dict(dataset="ring8", network="mlp", hidden_dim=128, latent_dim=2, batch_size=128, n_critic=1)
        self.program = resolve(Config(recipe="paper", steps=10**6, **common, **options)).program()
        self.state = self.program.initial_state()
        self.milliseconds(1)

    def milliseconds(self, n: int = ITERATIONS) -> float:
        """CPU time an iteration, of n."""
        sums = self.program.zero_sums(self.state)
        began = resource.getrusage(resource.RUSAGE_SELF).ru_utime
        self.state, _, finite = self.program.chunk(self.state, sums, n)
        assert finite.all()
        return 1e3 * (resource.getrusage(resource.RUSAGE_SELF).ru_utime - began) / n


def main() -> None:
    runs = {name: Timed(**options) for name, options in CASES.items()}
    times = [{name: run.milliseconds() for name, run in runs.items()} for _ in range(PAIRS)]
    print(f"jax {jax.__version__}\n\n| | ms an iteration | times the plain GAN's |\n|---|---|---|")
    for name in runs:
        ratios = [one[name] / one["gan"] for one in times]
        middle = statistics.median(one[name] for one in times)
        print(f"| {name} | {middle:.2f} | {statistics.median(ratios):.1f} [{min(ratios):.1f}-{max(ratios):.1f}] |")


if __name__ == "__main__":
    main()
