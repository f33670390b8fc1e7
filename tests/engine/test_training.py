"""Training between its chunks: checkpoints are written while it goes on."""

import dataclasses
import logging
import subprocess
import sys
import threading
from pathlib import Path

import chex
import jax
import numpy as np
import pytest

import jaxgan
from jaxgan import runs
from jaxgan.engine.checkpoints import Checkpoints, _without_logs
from jaxgan.engine.listeners import Listener
from jaxgan.engine.loop import Program
from jaxgan.errors import DivergedError, WriteError
from jaxgan.settings import Config
from tests.tiny import plain, tiny

ROOT = Path(__file__).parents[2]


def config(out: Path) -> Config:
    """A run of nine steps with checkpoints 3, 6 and 9."""
    tiny = dict(dataset="ring8", batch_size=8, hidden_dim=8, n_critic=1)
    return Config(**tiny, steps=9, log_every=4, sample_every=100, checkpoint_every=3, out=out)


def test_training_goes_on_while_a_checkpoint_is_written(tmp_path, monkeypatch):
    """And what is written is the state of its step, though the arrays of the run have changed since."""
    told: list[tuple[str, int]] = []
    went_on = threading.Event()
    save = Checkpoints.save

    class Told(Listener):
        def on_chunk(self, step, metrics):
            told.append(("chunk", step))
            if step > 3:
                went_on.set()

        def on_checkpoint(self, step, path):
            told.append(("checkpoint", step))

    def slow(self, step, progress):
        assert step != 3 or went_on.wait(60)
        return save(self, step, progress)

    runs.fit(config(tmp_path / "plain"), progress=False)
    monkeypatch.setattr(Checkpoints, "save", slow)
    runs.fit(config(tmp_path / "slow"), progress=False, listeners=[Told()])
    assert [step for what, step in told if what == "checkpoint"] == [3, 6, 9]
    assert told.index(("checkpoint", 3)) > next(i for i, (what, step) in enumerate(told) if what == "chunk" and step > 3)
    for step in (3, 6, 9):
        there, here = (jaxgan.load(tmp_path / name, step=step).state for name in ("plain", "slow"))
        chex.assert_trees_all_equal(plain(there), plain(here))


def test_a_checkpoint_that_cannot_be_written_beside_the_training_ends_the_run(tmp_path, monkeypatch):
    save = Checkpoints.save

    def full(self, step, progress):
        if step == 6:
            raise WriteError("checkpoint 6 cannot be written")
        return save(self, step, progress)

    monkeypatch.setattr(Checkpoints, "save", full)
    with pytest.raises(WriteError, match="checkpoint 6"):
        runs.fit(config(tmp_path / "run"), progress=False)
    assert Checkpoints(tmp_path / "run" / "checkpoints").steps() == [3]


def test_the_last_of_several_threads_lets_loggers_speak_again():
    logger = logging.getLogger("asyncio")
    before = logger.level
    first, second = _without_logs(), _without_logs()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert logger.level > logging.CRITICAL
    second.__exit__(None, None, None)
    assert logger.level == before


class Order(Listener):
    """What a run tells, in order, and the samples of step 0."""

    def __init__(self):
        self.told: list[tuple[str, int]] = []
        self.first: list = []

    def on_chunk(self, step, metrics):
        self.told.append(("chunk", step))

    def on_sample(self, step, samples, labels):
        self.told.append(("sample", step))
        self.first = self.first or samples

    def on_surface(self, step, surface, samples):
        self.told.append(("surface", step))
        self.first = [*self.first, surface.scores]


def test_the_picture_of_step_0_waits_for_the_first_step_where_that_is_compiled_already(tmp_path, monkeypatch):
    """And shows what it would have shown before it."""
    orders = []
    for ready in (True, False):
        monkeypatch.setattr(Program, "is_ready", lambda self, within, ready=ready: ready)
        orders.append(Order())
        runs.fit(config(tmp_path / str(ready)), progress=False, listeners=[orders[-1]])
    after, before = orders
    assert after.told[:4] == [("chunk", 1), ("sample", 0), ("surface", 0), ("chunk", 2)]
    assert before.told[:4] == [("sample", 0), ("surface", 0), ("chunk", 1), ("chunk", 2)]
    assert sorted(after.told) == sorted(before.told)
    chex.assert_trees_all_equal(after.first, before.first)


def test_the_picture_of_step_0_is_drawn_of_a_run_whose_first_step_diverges(tmp_path, monkeypatch):
    monkeypatch.setattr(Program, "is_ready", lambda self, within: True)
    order = Order()
    with pytest.raises(DivergedError):
        runs.fit(dataclasses.replace(config(tmp_path / "run"), learning_rate=1e38), progress=False, listeners=[order])
    assert ("sample", 0) in order.told


def test_iterations_are_ready_once_they_are_compiled_ahead():
    program = tiny("mlp").program()
    assert not program.is_ready(0.0)  # nothing was begun
    program.compile_ahead()
    assert program.is_ready(120.0)


@pytest.mark.parametrize("replicas", [1, 2])
def test_a_copied_state_outlives_the_iterations(replicas):
    program = tiny("mlp", replicas=replicas).program()
    state = program.initial_state()
    copied, before = program.copied(state), jax.tree.map(np.array, plain(state))
    after, _, _ = program.chunk(state, program.zero_sums(state), 2)
    chex.assert_trees_all_equal(plain(copied), before)
    assert not np.array_equal(jax.tree.leaves(after.critic.params)[0], jax.tree.leaves(copied.critic.params)[0])


def test_a_folder_of_checkpoints_is_opened_without_orbax(tmp_path):
    code = "import sys, pathlib; from jaxgan.engine.checkpoints import Checkpoints;"
    code += "Checkpoints(pathlib.Path('none')).close(); print(sorted({'orbax', 'matplotlib', 'grain'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout.strip() == "[]"
