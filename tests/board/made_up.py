"""Run folders in every state, as training leaves them."""

import contextlib
import json
import os
import subprocess
import sys
import time

from tests.report.pages import CONFIG, make_run

HOLD = """
import signal, sys, time
from filelock import FileLock
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has what it starts in the background ignore it
lock = FileLock(sys.argv[1]); lock.acquire()
print("held", flush=True)
try:
    time.sleep(60)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def record(step, **values):
    return {"step": step, "critic_loss": -1.0, "generator_loss": 0.5, "steps_per_second": 20.0, **values}


def run_at(folder, last, steps=300, **how):
    """A run that has logged every hundredth step up to `last`."""
    folder.parent.mkdir(exist_ok=True)
    how.setdefault("records", [record(step) for step in range(100, last + 1, 100)])
    return make_run(folder, config={**CONFIG, "steps": steps}, steps=range(0, last + 1, 100), **how)


def finish(folder, steps=300):
    (folder / "checkpoints" / str(steps)).mkdir(parents=True)
    (folder / "report.html").write_text("<p>a page</p>")
    return folder


def age(folder, seconds=3600):
    """The run as if it had been written so long ago."""
    then = time.time() - seconds
    for path in [folder, *folder.rglob("*")]:
        os.utime(path, (then, then))
    return folder


@contextlib.contextmanager
def held(folder):
    """Another process holds the run's lock; yields it."""
    with subprocess.Popen([sys.executable, "-c", HOLD, str(folder / ".lock")], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def append(folder, *records):
    with (folder / "metrics.jsonl").open("a") as file:
        file.write("".join(json.dumps(one) + "\n" for one in records))
