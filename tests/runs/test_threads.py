"""One thread for small networks: which are small, that jax then has one, and that a process with other work is left alone."""

import json
import os
import subprocess
import sys

import jax
import pytest

from jaxgan import Config
from jaxgan.runs.threads import is_small, thread_count, use_one_thread_if_quicker
from jaxgan.settings import resolve

COUNT = """
import os
from pathlib import Path
import jax
from jaxgan import Config
from jaxgan.runs.threads import thread_count, use_one_thread_if_quicker
from jaxgan.settings import resolve
pools = lambda: [path.read_text().strip() for path in Path("/proc/self/task").glob("*/comm")].count("tf_XLAEigen")
before, resolved = len(jax.devices()) and pools(), resolve(Config(dataset="ring8"))
print(use_one_thread_if_quicker(resolved), thread_count(), pools() - before, os.environ.get("NPROC"))
"""


@pytest.mark.parametrize(
    ("options", "small"),
    [
        ({}, True),
        ({"dataset": "ring8"}, True),
        ({"dataset": "ring8", "replicas": 256}, False),
        ({"dataset": "ring8", "metrics_every": 100}, False),
        ({"hidden_dim": 1024}, False),
        ({"network": "dcgan", "hidden_dim": 8}, False),
        ({"network": "lab_conv", "hidden_dim": 32}, False),
    ],
    ids=str,
)
def test_networks_of_dense_layers_with_small_products_are_small(options, small):
    assert is_small(resolve(Config(**options))) == small


def test_a_process_whose_arrays_are_alive_keeps_its_threads(monkeypatch):
    monkeypatch.delenv("NPROC", raising=False)
    alive, count = jax.numpy.ones(3), thread_count()
    assert not use_one_thread_if_quicker(resolve(Config(dataset="ring8"))) and thread_count() == count
    assert float(alive.sum()) == 3


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="threads are counted in /proc")
@pytest.mark.parametrize(("nproc", "said"), [(None, "True 1 1 None"), ("3", "False 3 0 3")])
def test_jax_is_begun_anew_with_one_thread(nproc, said):
    environment = {name: value for name, value in os.environ.items() if name != "NPROC"} | ({"NPROC": nproc} if nproc else {})
    done = subprocess.run([sys.executable, "-c", COUNT], env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == said, done.stderr


def test_the_command_trains_with_one_thread_and_says_so(tmp_path):
    command = [sys.executable, "-m", "jaxgan.train", "--dataset", "ring8", "--hidden-dim", "8", "--out", "run", "--steps"]
    environment = {name: value for name, value in os.environ.items() if name != "NPROC"}
    for steps, more in (("2", []), ("4", ["--resume"])):
        done = subprocess.run([*command, steps, *more], cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert json.loads((tmp_path / "run" / "environment.json").read_text())["threads"] == 1
    assert "1 thread)" in done.stdout and "other surroundings" not in done.stdout
