"""How fast this checkout trains against another one: `python -m experiments.benchmarks.before_and_after OTHER_CHECKOUT`.

Both train the same, in turn, a fresh process each time, by `jaxgan.Config` and `jaxgan.fit` alone. Timed are the iterations after compilation: the
wall-clock time from the first logged step to the last, pictures and checkpoints left out. Printed is the ratio of this checkout's
iterations a second to the other's: the median of the rounds [min-max]; above 1 this one is faster.

Workloads: w1 and w2 as in against_pytorch.py (ring8, mlp 128, WGAN-GP; lab_conv on 60,000 pictures of noise, WGAN with clipping), and
train, what `make train` does, cut short. About fifteen minutes on two cores that do nothing else.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

WORKLOADS: dict[str, dict[str, Any]] = {  # the steps take about ten seconds on two cores
    "w1": dict(
        dataset="ring8", recipe="paper", variant="wgan_gp", network="mlp", hidden_dim=128, latent_dim=2, batch_size=128, optimizer="adam",
        learning_rate=2e-4, beta1=0.0, beta2=0.9, gradient_penalty_weight=10.0, n_critic=5, steps=4000, log_every=400,
    ),
    "w2": dict(
        dataset="npz:PICTURES", recipe="paper", variant="wgan", network="lab_conv", batch_size=128, optimizer="rmsprop", learning_rate=5e-5,
        clip=0.01, n_critic=5, steps=32, log_every=4,
    ),
    "train": dict(variant="wgan_gp", steps=1600, log_every=80),
}  # fmt: skip
HERE = Path(__file__).resolve().parents[2]


class Clock:
    """A listener that notes when each logged step was done."""

    def __init__(self) -> None:
        self.times: list[tuple[int, float]] = []

    def on_log(self, step: int, metrics: Any) -> None:
        self.times.append((step, time.perf_counter()))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("on_"):
            return lambda *_: None
        raise AttributeError(name)


def train(options: dict[str, Any]) -> None:
    """Prints where jaxgan lies and its iterations a second, as JSON."""
    import jaxgan

    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        never = options["steps"]
        config = jaxgan.Config(**options, sample_every=never, checkpoint_every=never, out=Path(folder) / "run")
        jaxgan.fit(config, listeners=[clock], progress=False)
    (first, began), (last, ended) = clock.times[0], clock.times[-1]
    print(json.dumps({"jaxgan": str(Path(jaxgan.__file__).parent), "speed": (last - first) / (ended - began)}))


def speed(checkout: Path, options: dict[str, Any], cache: Path) -> float:
    """Iterations a second of a checkout, in a process of its own."""
    environment = {
        **os.environ, "PYTHONPATH": str(checkout), "JAX_COMPILATION_CACHE_DIR": str(cache), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.1",
        "MPLBACKEND": "agg",
    }  # fmt: skip
    ended = subprocess.run(
        [sys.executable, "-P", __file__, str(checkout), "--train", json.dumps(options)],
        cwd=checkout, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    if ended.returncode:
        raise SystemExit(f"{checkout} failed:\n{ended.stderr}")
    result = json.loads(ended.stdout.splitlines()[-1])
    assert Path(result["jaxgan"]) == checkout / "jaxgan", f"{result['jaxgan']} was timed in place of {checkout}"
    return result["speed"]


def compare(name: str, other: Path, rounds: int, pictures: Path, steps: float) -> dict[str, list[float]]:
    """Iterations a second in every round: {"this": [...], "other": [...]}."""
    options = dict(WORKLOADS[name])
    if options.get("dataset") == "npz:PICTURES":
        options["dataset"] = f"npz:{pictures}"
    options["steps"] = max(2 * options["log_every"], round(options["steps"] * steps))
    speeds: dict[str, list[float]] = {"this": [], "other": []}
    checkouts = {"this": HERE, "other": other}
    for number in range(rounds):
        for side in ("this", "other") if number % 2 else ("other", "this"):
            speeds[side].append(speed(checkouts[side], options, pictures.parent / f"compiled-{side}"))
    return speeds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path, help="the other checkout's folder")
    parser.add_argument(
        "--workloads", nargs="*", choices=list(WORKLOADS), default=list(WORKLOADS), help="which; all without it"
    )
    parser.add_argument("--rounds", type=int, default=7, help="times that each side is timed, at least 5 for a result")
    parser.add_argument("--steps", type=float, default=1.0, help="factor on the number of steps")
    parser.add_argument("--out", type=Path, help="a JSON file to write")
    parser.add_argument("--train", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.train:
        return train(json.loads(options.train))
    other = options.other.resolve()
    if not (other / "jaxgan").is_dir():
        parser.error(f"{other} is no checkout: it has no folder jaxgan")
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder) / "noise.npz"
        np.savez(pictures, images=np.random.default_rng(0).integers(0, 256, (60_000, 28, 28, 1), dtype=np.uint8))
        for name in options.workloads:
            speeds = results[name] = compare(name, other, options.rounds, pictures, options.steps)
            ratios = [a / b for a, b in zip(speeds["this"], speeds["other"], strict=True)]
            here, there = (statistics.median(speeds[side]) for side in ("this", "other"))
            print(
                f"{name:6} this by the other: {statistics.median(ratios):.3f} [{min(ratios):.3f}-{max(ratios):.3f}] of {len(ratios)} rounds;"
                f" {here:.4g} against {there:.4g} iterations a second",
                flush=True,
            )
    if options.out:
        options.out.write_text(json.dumps({"this": str(HERE), "other": str(other), "iterations_per_second": results}, indent=1))


if __name__ == "__main__":
    main()
