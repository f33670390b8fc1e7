"""How the speed of a run goes with replicas, batch size and devices: `python -m experiments.benchmarks.scaling`.

Whole iterations of W1 (`ring8`, mlp 128, WGAN-GP, five critic steps and a generator step) in one compiled program. Every measurement stands beside
one of the same base (one replica, batch 128, one device) made just before it; a ratio is that of samples (or seeds) a second, the
median of the pairs [min-max]. On a CPU, --devices 1 2 forces as many host devices, which share its cores: that shows what spreading
costs, not what it gains. Writes text and, with --out X.json, JSON. About five minutes on two cores.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

from jaxgan.files import json_text, write_atomically

SECONDS = 2.0  # about how long one measured piece takes
BASE = {"replicas": 1, "batch_size": 128, "devices": 1}


def measure(case: dict[str, int], pairs: int) -> dict:
    """Iterations a second of the base and of a case, in turn."""
    from experiments.benchmarks.against_pytorch import Ours, time_iterations, workload

    def side(kind: dict[str, int]) -> Ours:
        mesh = f"data={kind['devices']}" if kind["devices"] > 1 else None
        return Ours(workload("w1", batch_size=kind["batch_size"], replicas=kind["replicas"], mesh=mesh))

    sides = side(BASE), side(case)
    counts = []
    for one in sides:
        one.run(2)
        counts.append(max(2, round(SECONDS / time_iterations(one, 2))))
    rates: tuple[list[float], list[float]] = ([], [])
    for _ in range(pairs):
        for one, n, own in zip(sides, counts, rates, strict=True):
            own.append(1 / time_iterations(one, n))
    work = case["replicas"] * case["batch_size"] / BASE["batch_size"]
    ratios = [work * there / here for here, there in zip(*rates, strict=True)]
    return {
        **case,
        "iterations_per_second": {"base": rates[0], "this": rates[1]},
        "work_ratio": [statistics.median(ratios), min(ratios), max(ratios)],
        "compile_seconds": sides[1].compile_seconds,
        "temporary_bytes": sides[1].temporary_bytes(),
    }


def line(result: dict) -> str:
    middle, low, high = result["work_ratio"]
    return (
        f"replicas {result['replicas']:4}  batch {result['batch_size']:5}  devices {result['devices']}:  {middle:.2f} [{low:.2f}-{high:.2f}]"
        f" times the samples a second of the base; compiles in {result['compile_seconds']:.1f} s,"
        f" temporary memory {result['temporary_bytes'] / 2**20:.1f} MiB"
    )


def measure_in_own_process(case: dict[str, int], pairs: int) -> dict:
    """Each in a process of its own: how many devices a CPU shows is settled when jax starts."""
    environment = dict(os.environ)
    if case["devices"] > 1:
        environment["JAX_NUM_CPU_DEVICES"] = str(case["devices"])  # other platforms show their own
    ended = subprocess.run(
        [sys.executable, "-m", "experiments.benchmarks.scaling", "--one", json.dumps(case), "--pairs", str(pairs)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if ended.returncode:
        raise SystemExit(ended.stderr)
    return json.loads(ended.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicas", type=int, nargs="*", default=[1, 8, 64, 256])
    parser.add_argument("--batch-sizes", type=int, nargs="*", default=[32, 512, 2048])
    parser.add_argument("--devices", type=int, nargs="*", default=[2])
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--out", help="a JSON file to write")
    parser.add_argument("--one", type=json.loads, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options.pairs)))
        return
    from experiments.benchmarks.against_pytorch import machine

    about = machine()
    print(json.dumps(about), flush=True)
    cases = [
        *({**BASE, "replicas": n} for n in options.replicas),
        *({**BASE, "batch_size": n} for n in options.batch_sizes),
        *({**BASE, "devices": n} for n in options.devices),
    ]
    results = []
    for case in cases:
        results.append(measure_in_own_process(case, options.pairs))
        print(line(results[-1]), flush=True)
    if options.out:
        write_atomically(options.out, json_text({"machine": about, "results": results}))


if __name__ == "__main__":
    main()
