"""Where the time of an iteration goes, by operation, and PyTorch's beside it: `python -m experiments.benchmarks.profile`.

The workloads are those of `against_pytorch`. Ours: jax's profiler over some iterations of the compiled loop; every operation of the compiled
program is told by the scope that it comes from (`jax.named_scope` in jaxgan.engine.steps, and the names of the networks) and by what it is:
a product of matrices, moving numbers about, or computing on each. PyTorch's: its own profiler, eager. Milliseconds an iteration; operations
that run side by side are each counted, so the sum may be more than the time on the clock, which is given too. With --out X.md the tables are written there.
"""

import argparse
import collections
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jax

from experiments.benchmarks.against_pytorch import WORKLOADS, Ours, Theirs, machine, workload
from experiments.lab import table
from jaxgan.files import write_atomically

SECONDS = 3.0  # about how long one side is profiled
MOVING = ("copy", "concatenate", "slice", "pad", "transpose", "gather", "scatter", "broadcast", "reshape", "reverse", "bitcast")
COMPUTING = (
    "multiply",
    "add",
    "subtract",
    "divide",
    "select",
    "compare",
    "maximum",
    "minimum",
    "exponential",
    "tanh",
    "reduce",
    "rsqrt",
)
WITHIN = ("while", "call", "conditional", "ThunkExecutor")  # events around the operations within
PARTS = (  # of an iteration: (words that its scope has, the part); the first that fits
    (("draw",), "drawing"),
    (("optimizer",), "optimizer"),
    (("average",), "average"),
    (("critic_step", "penalty"), "critic step: penalty and its gradient"),
    (("critic_step", "Generator"), "critic step: generator, forward"),
    (("critic_step", "transpose(", "Critic"), "critic step: critic, backward"),
    (("critic_step", "Critic"), "critic step: critic, forward"),
    (("generator_step", "transpose(", "Critic"), "generator step: critic, backward"),
    (("generator_step", "transpose(", "Generator"), "generator step: generator, backward"),
    (("generator_step", "Critic"), "generator step: critic, forward"),
    (("generator_step", "Generator"), "generator step: generator, forward"),
)
KINDS = ("products of matrices", "moving", "computing on each")


def part_of(scope: str) -> str:
    """The part of an iteration that an operation of this scope belongs to."""
    return next((part for words, part in PARTS if all(word in scope for word in words)), "losses, loops and the rest")


def kind_of(name: str) -> str:
    """What an operation of the compiled program does, told by its name: that of its last instruction, or of all that are fused in it."""
    if name.startswith(("ynn_fusion", "dot", "custom-call", "convolution")):
        return KINDS[0]
    words = re.split(r"[_.]", name.removeprefix("wrapped_"))
    if any(word in MOVING or word.startswith("dynamic-") for word in words) and not any(word in COMPUTING for word in words):
        return KINDS[1]
    return KINDS[2]


def scopes_of(text: str) -> dict[str, str]:
    """{instruction: its scope} of a compiled program's text."""
    found = re.findall(r'^\s*(?:ROOT )?%?([\w.-]+) = .*?op_name="([^"]*)"', text, re.MULTILINE)
    return dict(found)


def iterations(side: Any) -> int:
    side.run(2)
    began = time.perf_counter()
    side.run(2)
    return max(2, round(2 * SECONDS / (time.perf_counter() - began)))


def profile_ours(ours: Ours) -> tuple[float, dict[tuple[str, str], float], int]:
    """Milliseconds of an iteration on the clock; by part and kind; and how many operations it has."""
    n = iterations(ours)
    scopes = scopes_of(ours.compiled.as_text())
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            began = time.perf_counter()
            ours.run(n)
            clock = time.perf_counter() - began
        (path,) = Path(folder).rglob("*.xplane.pb")
        events = list(_events(path, scopes))
    sums: collections.Counter[tuple[str, str]] = collections.Counter()
    for name, seconds in events:
        sums[part_of(scopes[name]), kind_of(name)] += 1000 * seconds / n
    return 1000 * clock / n, dict(sums), round(len(events) / n)


def _events(path: Path, scopes: dict[str, str]) -> Iterable[tuple[str, float]]:
    """The operations that ran, and their seconds."""
    for plane in jax.profiler.ProfileData.from_file(str(path)).planes:
        for line in plane.lines:
            for event in line.events:
                if event.name in scopes and not event.name.startswith(WITHIN):
                    yield event.name, event.duration_ns / 1e9


def profile_theirs(name: str) -> tuple[float, dict[str, float], int]:
    """The same of PyTorch, by operation, in a process of its own: beside XLA's threads its own ran many times slower."""
    command = [sys.executable, "-m", "experiments.benchmarks.profile", "--theirs", name]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        sys.exit(ended.stderr)
    clock, times, count = json.loads(ended.stdout.splitlines()[-1])
    return clock, times, count


def print_theirs(name: str) -> None:
    from torch.profiler import ProfilerActivity, profile

    theirs = Theirs(workload(name))
    n = iterations(theirs)
    with profile(activities=[ProfilerActivity.CPU]) as record:
        began = time.perf_counter()
        theirs.run(n)
        clock = time.perf_counter() - began
    rows = record.key_averages()
    times = {row.key: row.self_cpu_time_total / 1000 / n for row in rows}
    print(json.dumps([1000 * clock / n, times, round(sum(row.count for row in rows) / n)]))


def tables_of(name: str, most: int = 14) -> str:
    """Both profiles of a workload as tables."""
    clock, times, count = profile_ours(Ours(workload(name)))
    parts = sorted({part for part, _ in times}, key=lambda part: -sum(times.get((part, kind), 0) for kind in KINDS))
    rows = [[part, *(f"{times.get((part, kind), 0):.2f}" for kind in KINDS)] for part in parts]
    rows.append(["all", *(f"{sum(times.get((part, kind), 0) for part in parts):.2f}" for kind in KINDS)])
    here = table([f"jaxgan: {clock:.1f} ms on the clock, {count:,} operations", *KINDS], rows)
    clock, by_operation, count = profile_theirs(name)
    largest = sorted(by_operation.items(), key=lambda item: -item[1])
    rows = [[operation, f"{milliseconds:.2f}"] for operation, milliseconds in largest[:most]]
    rows.append(["all others", f"{sum(milliseconds for _, milliseconds in largest[most:]):.2f}"])
    there = table([f"PyTorch, eager: {clock:.1f} ms on the clock, {count:,} operations", "ms"], rows)
    return f"## {name}\n\n{here}\n\n{there}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workloads", nargs="*", default=list(WORKLOADS), help="which; all without one")
    parser.add_argument("--out", help="a file to write the tables to")
    parser.add_argument("--theirs", choices=list(WORKLOADS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.theirs:
        return print_theirs(options.theirs)
    about = json.dumps(machine())
    print(about, flush=True)
    parts = []
    for name in options.workloads:
        parts.append(tables_of(name))
        print(parts[-1], flush=True)
    if options.out:
        command = f"    python -m experiments.benchmarks.profile {' '.join(options.workloads)}"
        text = "\n".join(["# Where the time of an iteration goes\n", command, f"\n{about}\n", *parts])
        write_atomically(options.out, text.encode())


if __name__ == "__main__":
    main()
