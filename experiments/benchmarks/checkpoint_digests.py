"""What the digests cost: checkpoints of one state saved with and without them, in turn.

    python -m experiments.benchmarks.checkpoint_digests --pairs 9

Prints the share of a save that is spent on them: the median over the pairs, with the least and the most; and the time of
the digests alone.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from unittest import mock

import jax
import numpy as np

from jaxgan.engine import checkpoints
from jaxgan.engine.checkpoints import Checkpoints, Progress
from jaxgan.settings import Config, resolve

STATES = {
    "mlp on points": Config(dataset="ring8", recipe="toy"),
    "dcgan on digits": Config(dataset="digits", network="dcgan", ema=0.999),
    "lab_conv on digits": Config(dataset="digits", network="lab_conv", variant="wgan", ema=0.999),
}


def seconds(folder: Path, step: int, progress: Progress) -> float:
    saved = Checkpoints(folder)
    begun = time.perf_counter()
    saved.save(step, progress)
    took = time.perf_counter() - begun
    saved.close()
    return took


def undigested(array: object) -> dict:
    return {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=9)
    pairs = parser.parse_args().pairs
    for name, config in STATES.items():
        state = resolve(config).program().initial_state()
        size = sum(leaf.nbytes for leaf in jax.tree.leaves(state._replace(key=())))
        with tempfile.TemporaryDirectory() as folder:
            seconds(Path(folder), 0, Progress(state))
            shares, saves = [], []
            for pair in range(1, pairs + 1):
                with_digests = seconds(Path(folder), 2 * pair, Progress(state))
                with mock.patch.object(checkpoints, "describe_array", undigested):
                    without = seconds(Path(folder), 2 * pair + 1, Progress(state))
                shares.append(with_digests / without - 1)
                saves.append(with_digests)
        arrays = [np.asarray(leaf) for leaf in jax.tree.leaves(state._replace(key=()))]
        begun = time.perf_counter()
        for array in arrays:
            checkpoints.describe_array(array)
        alone = time.perf_counter() - begun
        print(
            f"{name}, {size / 2**20:.1f} MiB: {100 * statistics.median(shares):+.1f} % of a save"
            f" [{100 * min(shares):+.1f} to {100 * max(shares):+.1f}], which takes {statistics.median(saves):.2f} s;"
            f" the digests alone {1000 * alone:.1f} ms",
            flush=True,
        )


if __name__ == "__main__":
    main()
