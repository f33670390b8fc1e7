"""From the command to its first step: `python -m experiments.benchmarks.first_step`.

Starts `jaxgan train` in new processes, first with an empty cache of compiled programs, then with the one that leaves, and prints the seconds from the
start of the process until the first iteration is done (pictures of step 0 included) and until the command has ended.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

from jaxgan.files import json_text, write_atomically

COMMANDS = {
    "ring8": ["--dataset", "ring8"],
    "digits": [],
    "lab_conv": ["--network", "lab_conv", "--variant", "wgan", "--recipe", "paper"],
}


def train_and_report(argv: list[str]) -> None:
    """The command with a listener that says when the first chunk (of one iteration) is done."""
    import jaxgan
    from jaxgan.cache import keep_compiled_programs
    from jaxgan.engine.listeners import Listener
    from jaxgan.settings import read_command

    class FirstStep(Listener):
        def on_chunk(self, step: int, metrics: list[dict[str, float]]) -> None:
            print(f"first step {time.time()}", flush=True)

    config = read_command(argv, prog="python -m jaxgan.train", description="Train a GAN and fill a run folder.")
    keep_compiled_programs()
    jaxgan.fit(config, listeners=[FirstStep()])


def seconds(flags: list[str], cache: str, out: str) -> tuple[float, float]:
    began = time.time()
    process = subprocess.run(
        [sys.executable, "-m", "experiments.benchmarks.first_step", "--child", *flags, "--steps", "1", "--out", out],
        env={**os.environ, "XDG_CACHE_HOME": cache}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    ended = time.time()
    first = next(float(line.split()[-1]) for line in process.stdout.splitlines() if line.startswith("first step"))
    return first - began, ended - began


def main() -> None:
    if "--child" in sys.argv:
        return train_and_report(sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=4, help="times each command is started")
    parser.add_argument("--out", help="a JSON file to write")
    options = parser.parse_args()
    from experiments.benchmarks.against_pytorch import machine

    about, results = machine(), {}
    print(json.dumps(about), flush=True)
    for name, flags in COMMANDS.items():
        with tempfile.TemporaryDirectory() as folder:
            times = [seconds(flags, f"{folder}/cache", f"{folder}/run{i}") for i in range(options.repeat)]
        results[name] = {"first_step": [a for a, _ in times], "command": [b for _, b in times]}
        shown = ", ".join(f"{a:.1f} ({b:.1f})" for a, b in times)
        print(f"{name:9} seconds to the first step (to the command's end), the first with an empty cache: {shown}", flush=True)
    if options.out:
        write_atomically(options.out, json_text({"machine": about, "results": results}))


if __name__ == "__main__":
    main()
