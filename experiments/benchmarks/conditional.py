"""What labels cost a convolutional critic: `python -m experiments.benchmarks.conditional`.

Whole iterations (five critic steps and a generator step) of WGAN-GP, batch 64, float32, on pictures of noise: conditional by
concatenation against unconditional, in turn. Once with labels as `Conv` takes them (`LabelledImages`), and for few labels once with
their planes joined to the picture, which must give the same numbers. A ratio is that of the conditional's time by the
unconditional's, the median of the pairs [min-max]: of wall-clock time, and of the process's CPU time, which other processes on the
machine disturb less. Prints a table and writes it with --out FILE.md. About five minutes on two cores.
"""

import argparse
import resource
import statistics
import sys
import time
from typing import Any

import numpy as np

from experiments.benchmarks.against_pytorch import machine
from jaxgan import Config
from jaxgan.data import Dataset
from jaxgan.engine.loop import Program
from jaxgan.files import write_atomically
from jaxgan.networks import CRITICS
from jaxgan.settings import resolve

NETWORKS: dict[str, dict[str, Any]] = {  # the picture's side and channels, the width
    "lab_conv": dict(shape=(28, 28, 1), hidden_dim=1024),
    "conv": dict(shape=(28, 28, 1), hidden_dim=16),
    "dcgan": dict(shape=(32, 32, 3), hidden_dim=32),
}
JOINED_AT_MOST = 10  # labels whose planes are also joined: with 1,000 that takes minutes
SECONDS = 1.5  # about how long one measured piece takes


class Timed:
    """A run, compiled, with a critic that is given labels apart or joined."""

    def __init__(self, network: str, classes: int, joined: bool = False):
        shape, width = NETWORKS[network]["shape"], NETWORKS[network]["hidden_dim"]
        pictures = np.random.default_rng(0).integers(0, 256, (4096, *shape), dtype=np.uint8)
        labels = np.arange(len(pictures), dtype=np.int32) % classes if classes else None
        data = Dataset("digits", shape, classes, pictures, labels)
        config = Config(recipe="paper", variant="wgan_gp", dataset="digits", network=network, hidden_dim=width, batch_size=64,
                        conditional=bool(classes), optimizer="adam", learning_rate=1e-4, beta1=0.0, beta2=0.9, n_critic=5, steps=10**6)  # fmt: skip
        self.program: Program = resolve(config, data).program()
        before, CRITICS[network].convolutional = CRITICS[network].convolutional, not joined
        self.state = self.program.initial_state()
        self.seconds(1)  # compiles
        CRITICS[network].convolutional = before

    def seconds(self, n: int) -> tuple[float, float]:
        """Wall-clock and CPU time of an iteration, of n."""
        sums = self.program.zero_sums(self.state)
        cpu, wall = resource.getrusage(resource.RUSAGE_SELF).ru_utime, time.perf_counter()
        self.state, _, finite = self.program.chunk(self.state, sums, n)
        assert finite.all()
        return (time.perf_counter() - wall) / n, (resource.getrusage(resource.RUSAGE_SELF).ru_utime - cpu) / n


def row(network: str, classes: int, joined: bool, plain: Timed, pairs: int) -> str:
    """One line of the table: a conditional run against the unconditional one, in turn."""
    other = Timed(network, classes, joined)
    counts = [max(1, round(SECONDS / one.seconds(1)[0])) for one in (plain, other)]
    times = [[one.seconds(n) for one, n in zip((plain, other), counts, strict=True)] for _ in range(pairs)]
    cells = []
    for clock in (0, 1):
        none, labels = ([pair[side][clock] for pair in times] for side in (0, 1))
        ratios = [a / b for a, b in zip(labels, none, strict=True)]
        middle = [1e3 * statistics.median(side) for side in (none, labels)]
        cells += [
            f"{middle[0]:.0f}",
            f"{middle[1]:.0f}",
            f"**{statistics.median(ratios):.2f}** [{min(ratios):.2f}-{max(ratios):.2f}]",
        ]
    return (
        f"| {network} {NETWORKS[network]['shape'][0]} | {classes} | {'joined' if joined else 'apart'} | {' | '.join(cells)} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="*", choices=list(NETWORKS), default=list(NETWORKS))
    parser.add_argument("--classes", type=int, nargs="*", default=[10, 1000])
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--out", help="a Markdown file to write")
    options = parser.parse_args()
    about = machine()
    lines = [
        "# What labels cost a convolutional critic",
        "",
        f"Measured {about['date'][:10]} on {about['processor']}, {about['cores']} cores, jax {about['jax']}, load {about['load'][0]:.1f} at the start, by"
        f" `python -m experiments.benchmarks.conditional {' '.join(sys.argv[1:])}`. Milliseconds an iteration of WGAN-GP (five critic steps and a"
        f" generator step), batch 64; ratios are medians of {options.pairs} pairs [min-max]. `apart` is what jaxgan does; `joined` has the labels'"
        " planes as channels of the picture. CPU time is the process's; where other processes share the cores it is the one to go by.",
        "",
        "| network, pixels | labels | planes | wall: none | labels | ratio | CPU: none | labels | ratio |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    print("\n".join(lines), flush=True)
    for network in options.networks:
        plain = Timed(network, 0)
        for classes in options.classes:
            for joined in (False, True) if classes <= JOINED_AT_MOST else (False,):
                lines.append(row(network, classes, joined, plain, options.pairs))
                print(lines[-1], flush=True)
    if options.out:
        write_atomically(options.out, ("\n".join(lines) + "\n").encode())


if __name__ == "__main__":
    main()
