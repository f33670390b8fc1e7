"""Sharded equals single: on eight forced CPU devices, in float64; and two real processes train one run."""

import functools
import json
import os
import socket
import subprocess
import sys

import chex
import jax
import numpy as np
import pytest

from jaxgan import runs
from jaxgan.engine.placement import parse_mesh, place
from jaxgan.errors import UserError
from jaxgan.settings import Config, resolve
from tests.engine.sharded_runs import CASES, SLOW

ENVIRONMENT = {**os.environ, "XLA_FLAGS": os.environ["XLA_FLAGS"] + " --xla_force_host_platform_device_count=8"}


@pytest.fixture(scope="module")
def report():
    """What came out of the cases, "quick" or "slow": each kind in one process, once."""

    @functools.cache
    def of(kind: str) -> dict:
        done = subprocess.run(
            [sys.executable, "-m", "tests.engine.sharded_runs", kind],
            env={**ENVIRONMENT, "JAX_ENABLE_X64": "1"}, capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return of


def equals_single_device(found: dict, mesh: str) -> None:
    assert found["deviation"] < 1e-6
    assert found["finite"]
    expected = parse_mesh(mesh)
    assert found["devices"] == expected["data"] * expected["replica"]
    assert found["sums_over_devices"], "nothing is summed over the devices: the batch was not spread"


@pytest.mark.parametrize("case", CASES)
def test_sharded_equals_single_device(case, report):
    """Parameters, optimizer state, batch statistics, metrics and pictures, after three iterations."""
    equals_single_device(report("quick")[case], CASES[case][1])


@pytest.mark.slow
@pytest.mark.parametrize("case", SLOW)
def test_streamed_and_with_every_remedy_sharded_equals_single_device(case, report):
    equals_single_device(report("slow")[case], SLOW[case][1])


@pytest.mark.parametrize(
    ("mesh", "words"),
    [
        ("data=64", "asks for 64 devices"),
        ("date=2", "data"),
        ("data=0", "at least 1"),
        ("data", "at least 1"),
    ],
)
def test_a_mesh_that_cannot_be_is_refused(mesh, words):
    with pytest.raises(UserError, match=words):
        place(mesh, 1, 64)


def test_what_does_not_divide_is_refused(monkeypatch):
    monkeypatch.setattr(jax, "devices", lambda: [jax.local_devices()[0]] * 4)
    with pytest.raises(UserError, match="a batch of 6 does not divide by 4"):
        place("data=4", 1, 6)
    with pytest.raises(UserError, match="3 replicas do not divide by 2"):
        place("replica=2", 3, 6)


SMALL = ["--dataset", "ring8", "--recipe", "toy", "--optimizer", "momentum", "--learning-rate", "0.05", "--hidden-dim", "8", "--n-critic", "2",
         "--log-every", "1", "--checkpoint-every", "3"]  # fmt: skip


def train_by(count: int, *flags: str, devices: int = 1) -> list[tuple[str, str]]:
    """Trains by so many processes on loopback; what each said."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "jaxgan.train", *flags, "--distributed", "--coordinator", f"127.0.0.1:{port}",
             "--process-count", str(count), "--process-id", str(i)],
            env={**os.environ, "JAX_PLATFORMS": "cpu", "JAX_NUM_CPU_DEVICES": str(devices)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for i in range(count)
    ]  # fmt: skip
    said = [process.communicate(timeout=300) for process in started]
    for process, (_, errors) in zip(started, said, strict=True):
        assert process.returncode == 0, errors
    return said


@pytest.fixture(scope="module")
def together(tmp_path_factory) -> tuple:
    """A run trained by two processes on loopback, two devices each, either axis over both; what they said."""
    out = tmp_path_factory.mktemp("processes") / "run"
    flags = [*SMALL, "--batch-size", "8", "--replicas", "2", "--steps", "5", "--mesh", "data=2,replica=2"]
    return out, train_by(2, *flags, "--out", str(out), devices=2)


def test_two_processes_train_the_run_of_one(together, tmp_path):
    """The checkpoint of two processes restores on one device, and five float32 iterations agree to 1e-4 of the norm."""
    out, _ = together
    alone = Config(dataset="ring8", recipe="toy", optimizer="momentum", learning_rate=0.05, hidden_dim=8, batch_size=8, n_critic=2, steps=5, log_every=1, replicas=2,
                   checkpoint_every=3, out=tmp_path / "alone")  # fmt: skip
    expected = runs.fit(alone, progress=False).state
    start = resolve(alone).program().initial_state()
    for replica in range(2):
        ours = runs.load(out, replica=replica).state
        theirs = jax.tree.map(lambda leaf, i=replica: leaf[i], expected)
        chex.assert_trees_all_equal(jax.random.key_data(ours.key), jax.random.key_data(theirs.key))
        begun = jax.tree.map(lambda leaf, i=replica: leaf[i], start)
        a, b, c = (np.concatenate([np.ravel(x) for x in jax.tree.leaves(s.critic.params)]) for s in (ours, theirs, begun))
        assert np.linalg.norm(b - c) > 1e-2 * np.linalg.norm(b), "the run moved nothing"
        assert np.linalg.norm(a - b) < 1e-4 * np.linalg.norm(b)


def test_only_the_first_process_writes_and_talks(together):
    out, said = together
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert [(line["step"], line["replica"]) for line in lines] == [
        (step, replica) for step in range(1, 6) for replica in range(2)
    ]
    assert "run folder" in said[0][0]
    assert "critic" not in said[1][0], "the second process talks"
    assert "distributed" not in json.loads((out / "config.json").read_text())


def test_a_run_of_two_processes_goes_on_with_one(together):
    out, _ = together
    result = runs.fit(Config(out=out, resume=True, mesh="data=1", steps=7), progress=False)
    assert int(result.state.step[0]) == 7


@pytest.mark.slow
def test_a_run_goes_on_with_another_number_of_processes_each_time(tmp_path):
    """One, two, three, two: two iterations each, which come to the weights of one process that makes all eight."""
    out, flags = tmp_path / "run", [*SMALL, "--batch-size", "12"]
    train_by(1, *flags, "--steps", "2", "--out", str(out))
    for count, steps in ((2, 4), (3, 6), (2, 8)):
        train_by(count, "--out", str(out), "--resume", "--steps", str(steps), "--mesh", f"data={count}")
    train_by(1, *flags, "--steps", "8", "--out", str(tmp_path / "alone"))
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == list(range(1, 9))
    ours, theirs = (runs.load(path).state for path in (out, tmp_path / "alone"))
    assert int(ours.step) == int(theirs.step) == 8
    a, b = (np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(state.critic.params)]) for state in (ours, theirs))
    assert np.linalg.norm(a - b) < 1e-4 * np.linalg.norm(b)


def test_flags_of_processes_need_distributed():
    with pytest.raises(UserError, match="--coordinator has no meaning without --distributed"):
        runs.fit(Config(coordinator="127.0.0.1:1"), progress=False)
