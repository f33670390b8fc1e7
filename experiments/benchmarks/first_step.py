"""From the command to its first step: `python -m experiments.benchmarks.first_step`.

Starts `jaxgan train` in new processes, first with an empty cache of compiled programs, then with the one that leaves, and prints the seconds from the
start of the process until the first iteration is done, until the picture of step 0 is written and until the command has ended, and the seconds of
processor, of all threads, until the first iteration. Then, of one more start of either kind, what the seconds until the first iteration went to:
importing, and jax's own events; those of the thread that compiles ahead run beside the rest.

`--against FOLDER` starts the jaxgan of another checkout in turn with this one's, each with a cache of its own, and gives the ratio of each pair.
"""

import argparse
import collections
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

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
HERE = Path(__file__).parents[2]  # the checkout
MARKS = ("first_step", "first_picture", "command", "processor")  # what is measured of a start, in seconds


def train_and_report(argv: list[str]) -> int:
    """The command, which prints when its first chunk (of one iteration) is done, and what jax did until then."""
    from jaxgan import train

    check = train.check

    def check_and_listen(config: Any) -> None:  # called once the options are read, before jax is imported
        check(config)
        listen()

    train.check = check_and_listen  # type: ignore[attr-defined]
    return train.main(argv)


def listen() -> None:
    """Lets each training from now on print its marks."""
    import jax

    from jaxgan.engine.listeners import Listeners

    parts: collections.Counter[str] = collections.Counter()

    def note(event: str, seconds: float, **_: str | int) -> None:
        if kind := EVENTS.get(event.rpartition("/")[2]):
            parts[kind if threading.current_thread() is threading.main_thread() else f"{kind}, beside"] += seconds

    def marked(tell: Any, mark: str) -> Any:
        def told(self: Listeners, step: int, *arguments: Any) -> None:
            began = time.perf_counter()
            tell(self, step, *arguments)
            if mark == "first_picture":
                parts["drawing and writing pictures, matplotlib's import included"] += time.perf_counter() - began
            if step == (mark == "first_step"):  # the first step is 1, its picture that of step 0
                values = {mark: time.time(), "processor": time.process_time(), "parts": parts}
                print(f"mark {json.dumps(values)}", flush=True)

        return told

    jax.monitoring.register_event_duration_secs_listener(note)
    for event, mark in (("on_chunk", "first_step"), ("on_sample", "first_picture"), ("on_surface", "first_picture")):
        setattr(Listeners, event, marked(getattr(Listeners, event), mark))


def start(flags: list[str], checkout: Path, cache: str, out: str, *options: str) -> tuple[dict[str, float], dict[str, float]]:
    """Seconds to each of MARKS, and those of the parts."""
    began = time.time()
    process = subprocess.run(
        [sys.executable, *options, __file__, "--child", *flags, "--steps", "1", "--out", out],
        env={**os.environ, "XDG_CACHE_HOME": cache, "PYTHONPATH": str(checkout)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    times = {"command": time.time() - began}
    parts: dict[str, float] = {}
    for line in process.stdout.splitlines():
        if line.startswith("mark "):
            values = json.loads(line[len("mark ") :])
            if "first_step" in values:
                times |= {"first_step": values["first_step"] - began, "processor": values["processor"]}
                parts = values["parts"]
            else:
                times["first_picture"] = values["first_picture"] - began
    own = re.findall(r"^import time: +(\d+) \|", process.stderr, re.MULTILINE)
    imported = {"importing (to the end of the command)": sum(map(int, own)) / 1e6} if own else {}
    return times, {**imported, **parts}


def start_in_turn(flags: list[str], checkouts: dict[str, Path], repeat: int) -> dict[str, Any]:
    """The times of so many starts of each checkout, one after the other of each, and the parts of this one's."""
    times: dict[str, list[dict[str, float]]] = {name: [] for name in checkouts}
    with tempfile.TemporaryDirectory() as folder:
        for i in range(repeat):
            for name in sorted(checkouts, reverse=i % 2 == 1):
                times[name].append(start(flags, checkouts[name], f"{folder}/{name}", f"{folder}/{name}{i}")[0])
        parts = {
            kind: start(flags, HERE, f"{folder}/{cache}", f"{folder}/{kind}", "-X", "importtime")[1]
            for kind, cache in (("empty cache", "another"), ("later", "this"))
        }
    return {"times": times, "parts": parts}


def ratios(times: dict[str, list[dict[str, float]]]) -> dict[str, list[float]]:
    """What the other checkout takes in each pair, by what this one takes; without the first pair, which compiles."""
    pairs = list(zip(times["other"], times["this"], strict=True))[1:]
    return {mark: sorted(other[mark] / this[mark] for other, this in pairs) for mark in MARKS}


def main() -> None:
    if "--child" in sys.argv:
        sys.exit(train_and_report(sys.argv[2:]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=4, help="times each command is started")
    parser.add_argument("--commands", nargs="+", default=list(COMMANDS), choices=list(COMMANDS), help="which are started")
    parser.add_argument("--against", type=Path, help="another checkout, started in turn with this one")
    parser.add_argument("--out", help="a JSON file to write")
    options = parser.parse_args()
    from experiments.benchmarks.against_pytorch import machine
    from jaxgan.files import json_text, write_atomically

    about, results = machine(), {}
    print(json.dumps(about), flush=True)
    checkouts = {"this": HERE, **({"other": options.against.absolute()} if options.against else {})}
    for command in options.commands:
        results[command] = start_in_turn(COMMANDS[command], checkouts, options.repeat)
        for name, times in results[command]["times"].items():
            for mark in MARKS:
                print(f"{command:9} {name:6} {mark:14} {', '.join(f'{each[mark]:.2f}' for each in times)}", flush=True)
        if options.against and options.repeat > 1:
            for mark, found in ratios(results[command]["times"]).items():
                print(
                    f"{command:9} other by this, {mark}: {statistics.median(found):.2f} [{found[0]:.2f}-{found[-1]:.2f}]",
                    flush=True,
                )
        for kind, values in results[command]["parts"].items():
            print(f"    {kind}: {', '.join(f'{part} {value:.2f}' for part, value in values.items())}", flush=True)
    if options.out:
        write_atomically(options.out, json_text({"machine": about, "results": results}))


if __name__ == "__main__":
    main()
