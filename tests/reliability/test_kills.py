"""Runs killed at random moments, in all phases, end as the uninterrupted one; two processes at one run; readers beside a training run.

These take minutes, and print what they did: `python -m pytest -s tests/reliability/test_kills.py`.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import chex
import numpy as np
import pytest

import jaxgan
from jaxgan import runs
from jaxgan.compare import main as compare
from jaxgan.report.__main__ import main as report
from tests.tiny import plain

pytestmark = pytest.mark.slow
KILLS = int(os.environ.get("JAXGAN_KILLS", "100"))
SEED = 20261125
FLAGS = ["--dataset", "ring8", "--recipe", "toy", "--batch-size", "8", "--hidden-dim", "8", "--n-critic", "1", "--log-every", "70",
         "--checkpoint-every", "250", "--sample-every", "1000"]  # fmt: skip
KINDS = {
    "plain": ["--steps", "3000"],
    "replicas": ["--steps", "2000", "--replicas", "3"],
    "measured": ["--steps", "1500", "--metrics-every", "500"],
}
LONGEST = 9.0  # seconds from a process's start to its kill: start, compilation, training and the end all lie within


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "jaxgan.train", *map(str, words)]


def started(*words: object) -> subprocess.Popen:
    return subprocess.Popen(command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def logged(run: Path) -> list[dict]:
    """The lines of metrics.jsonl but for the speed."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if name != "steps_per_second"} for line in lines]


def phase_of(run: Path) -> str:
    """Where a killed run was, as its folder tells."""
    if not (run / "config.json").exists():
        return "before its folder"
    if list(run.glob("checkpoints/*tmp*")):
        return "while a checkpoint was written"
    return "between checkpoints" if list(run.glob("checkpoints/[0-9]*")) else "before its first checkpoint"


def test_runs_killed_at_random_moments_end_as_the_uninterrupted_one(tmp_path):
    chance, phases, kills = np.random.default_rng(SEED), Counter(), 0
    for kind, more in KINDS.items():
        subprocess.run(command(*FLAGS, *more, "--out", tmp_path / kind), check=True, capture_output=True)
    number = 0
    while kills < KILLS:
        kind = list(KINDS)[number % len(KINDS)]
        run, number = tmp_path / f"{kind}-{number}", number + 1
        while True:
            again = ["--out", run, "--resume"] if (run / "config.json").exists() else [*FLAGS, *KINDS[kind], "--out", run]
            process = started(*again)
            try:
                process.wait(chance.uniform(0.1, LONGEST) if kills < KILLS else None)
            except subprocess.TimeoutExpired:
                sent = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)[chance.integers(4)]
                process.send_signal(sent)
                kills += 1
                time.sleep(chance.uniform(0, 0.3))
                process.kill()  # twice in a row
                process.communicate()
                phases[phase_of(run)] += 1
                continue
            _, errors = process.communicate()
            assert process.returncode == 0 or "already trained" in errors, errors
            break
        chex.assert_trees_all_equal(plain(runs.load_all(run).state), plain(runs.load_all(tmp_path / kind).state))
        assert logged(run) == logged(tmp_path / kind)
    print(f"{kills} kills over {number} runs, all bit for bit as the uninterrupted ones; killed: {dict(phases)}")


def test_of_two_processes_at_one_run_one_trains(tmp_path):
    """Ten races of two --resume: one trains, the other says that in one line; no step is logged twice."""
    run, lost = tmp_path / "run", 0
    subprocess.run(command(*FLAGS, "--steps", 250, "--out", run), check=True, capture_output=True)
    for race in range(10):
        both = [started("--out", run, "--resume", "--steps", 250 * (race + 2)) for _ in range(2)]
        ends = [(process.communicate()[1], process.returncode) for process in both]
        assert sorted(code for _, code in ends) == [0, 2], ends
        (words,) = [errors for errors, code in ends if code == 2]
        (line,) = words.strip().splitlines()
        assert "another process" in line or "already trained" in line
        lost += "another process" in line
    steps = [line["step"] for line in logged(run)]
    assert steps == sorted(set(steps))
    print(f"10 races: {lost} ended at the lock, the others came too late")


def test_reading_beside_a_training_run_never_fails(tmp_path, capsys):
    run = tmp_path / "run"
    process = started(*FLAGS, "--steps", 60_000, "--checkpoint-every", 20, "--keep-checkpoints", 1, "--out", run)
    reads, deadline = 0, time.monotonic() + 90
    while process.poll() is None and time.monotonic() < deadline:
        if not (run / "checkpoints").is_dir() or not list(run.glob("checkpoints/[0-9]*")):
            time.sleep(0.1)
            continue
        assert jaxgan.load(run).sample(4)[0].shape == (4, 2)
        assert report([str(run), "--out", str(tmp_path / "page.html")]) == 0
        assert compare([str(run), str(run), "--out", str(tmp_path / "compare.html")]) == 0
        reads += 3
    process.kill()
    process.communicate()
    assert reads > 10
    assert "Traceback" not in capsys.readouterr().err
    print(f"{reads} reads beside a training run")
