"""Training between its chunks: checkpoints are written while it goes on."""

import logging
import threading
from pathlib import Path

import chex
import pytest

import jaxgan
from jaxgan import runs
from jaxgan.engine.checkpoints import Checkpoints, _without_logs
from jaxgan.engine.listeners import Listener
from jaxgan.errors import WriteError
from jaxgan.settings import Config
from tests.tiny import plain


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
