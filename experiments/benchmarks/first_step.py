"""From the command to its first step: `python -m experiments.benchmarks.first_step`.

Starts `jaxgan train` in new processes, first with an empty cache of compiled programs, then with the one that leaves, and prints the seconds from the
start of the process until the first iteration is done (pictures of step 0 included) and until the command has ended. Then, of one more start of either
kind, what the seconds until the first iteration went to: importing, and jax's own events; those of the thread that compiles ahead run beside the rest.
"""

import argparse
import collections
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any

from jaxgan.files import json_text, write_atomically

COMMANDS = {
    "ring8": ["--dataset", "ring8"],
    "digits": [],
    "lab_conv": ["--network", "lab_conv", "--variant", "wgan", "--recipe", "paper"],
}


EVENTS = {  # of jax, by the end of their names
    "jaxpr_trace_duration": "tracing",
    "jaxpr_to_mlir_module_duration": "lowering",
    "backend_compile_duration": "compiling, or reading what was compiled",
}


def train_and_report(argv: list[str]) -> None:
    """The command with a listener that says when the first chunk (of one iteration) is done, and what jax did until then."""
    import jax

    import jaxgan
    from jaxgan.cache import keep_compiled_programs
    from jaxgan.engine.listeners import Listener, Listeners
    from jaxgan.settings import read_command

    parts: collections.Counter[str] = collections.Counter()

    def note(event: str, seconds: float, **_: str | int) -> None:
        if kind := EVENTS.get(event.rpartition("/")[2]):
            parts[kind if threading.current_thread() is threading.main_thread() else f"{kind}, beside"] += seconds

    class FirstStep(Listener):
        def on_chunk(self, step: int, metrics: list[dict[str, float]]) -> None:
            print(f"first step {time.time()} {json.dumps(parts)}", flush=True)

    def timed(tell: Any) -> Any:
        def told(*arguments: Any) -> None:
            began = time.perf_counter()
            tell(*arguments)
            parts["drawing and writing pictures, matplotlib's import included"] += time.perf_counter() - began

        return told

    jax.monitoring.register_event_duration_secs_listener(note)
    Listeners.on_sample, Listeners.on_surface = timed(Listeners.on_sample), timed(Listeners.on_surface)  # type: ignore[method-assign]
    config = read_command(argv, prog="python -m jaxgan.train", description="Train a GAN and fill a run folder.")
    keep_compiled_programs()
    jaxgan.fit(config, listeners=[FirstStep()])


def start(flags: list[str], cache: str, out: str, *options: str) -> tuple[float, float, dict[str, float]]:
    """Seconds to the first step and to the command's end, and those of the parts."""
    began = time.time()
    process = subprocess.run(
        [sys.executable, *options, "-m", "experiments.benchmarks.first_step", "--child", *flags, "--steps", "1", "--out", out],
        env={**os.environ, "XDG_CACHE_HOME": cache}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    ended = time.time()
    first, parts = next(line.split(" ", 3)[2:] for line in process.stdout.splitlines() if line.startswith("first step"))
    own = re.findall(r"^import time: +(\d+) \|", process.stderr, re.MULTILINE)
    imported = {"importing (to the end of the command)": sum(map(int, own)) / 1e6} if own else {}
    return float(first) - began, ended - began, {**imported, **json.loads(parts)}


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
            times = [start(flags, f"{folder}/cache", f"{folder}/run{i}") for i in range(options.repeat)]
            parts = {
                kind: start(flags, f"{folder}/{cache}", f"{folder}/{kind}", "-X", "importtime")[2]
                for kind, cache in (("empty cache", "another"), ("later", "cache"))
            }
        results[name] = {"first_step": [a for a, *_ in times], "command": [b for _, b, _ in times], "parts": parts}
        shown = ", ".join(f"{a:.1f} ({b:.1f})" for a, b, _ in times)
        print(f"{name:9} seconds to the first step (to the command's end), the first with an empty cache: {shown}", flush=True)
        for kind, values in parts.items():
            print(f"    {kind}: {', '.join(f'{part} {value:.2f}' for part, value in values.items())}", flush=True)
    if options.out:
        write_atomically(options.out, json_text({"machine": about, "results": results}))


if __name__ == "__main__":
    main()
