"""Stop and resume gives, bit for bit, the weights of the uninterrupted run; a checkpoint that fails loses nothing."""

import contextlib
import importlib
import json

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import runs
from jaxgan.data.dataset import Dataset
from jaxgan.engine.checkpoints import Checkpoints, Progress
from jaxgan.engine.listeners import Listener
from jaxgan.errors import DivergedError, UserError
from jaxgan.objectives import VARIANTS
from jaxgan.settings import Config
from tests.tiny import pictures, plain, run_folders, tiny


@pytest.fixture
def small_pictures(monkeypatch) -> Dataset:
    """Random pictures in place of the digits."""
    dataset = pictures()
    monkeypatch.setattr("jaxgan.data.load", lambda name, **_: dataset)
    return dataset


def points_config(out, **fields) -> Config:
    return Config(**{
        "dataset": "ring8", "batch_size": 8, "hidden_dim": 8, "steps": 6, "n_critic": 2, "ema": 0.9, "out": out, "log_every": 1,
        "sample_every": 6, "checkpoint_every": 100, **fields,
    })  # fmt: skip


class KillAt(Listener):
    """Fails, as a machine does, at a logged step."""

    def __init__(self, step: int):
        self.step = step

    def on_log(self, step, metrics):
        if step == self.step:
            raise RuntimeError("killed")


SIMILAR = {"dragan", "gan_minimax", "hinge", "lsgan", "rpgan", "wgan_div", "wgan_lp", "ct_gan", "ebgan"}  # to others in state


@pytest.mark.parametrize("variant", [pytest.param(v, marks=pytest.mark.slow if v in SIMILAR else ()) for v in sorted(VARIANTS)])
def test_stopped_and_resumed_is_bit_for_bit_the_whole_run(variant, tmp_path):
    """For each variant, by the engine alone: six steps at once, and four and two with a checkpoint and new programs between."""
    run = tiny("mlp", variant=variant, ema=0.9, steps=6)
    program = run.program()
    state = program.initial_state()
    whole, _, _ = program.chunk(jax.tree.map(jnp.copy, state), program.zero_sums(state), 6)
    part, _, _ = program.chunk(state, program.zero_sums(state), 4)
    saved = Checkpoints(tmp_path)
    saved.save(4, Progress(part))
    saved.close()
    fresh, again = run.program(), Checkpoints(tmp_path)
    restored = again.restore(fresh.initial_state()).progress.state
    chex.assert_trees_all_equal(plain(restored), plain(part))
    resumed, _, _ = fresh.chunk(restored, fresh.zero_sums(restored), 2)
    again.close()
    chex.assert_trees_all_equal(plain(whole), plain(resumed))


def test_a_killed_run_resumes_with_its_metrics_and_pictures(tmp_path):
    whole = runs.fit(points_config(tmp_path / "whole"), progress=False)
    killed = points_config(tmp_path / "halves", checkpoint_every=3)
    with pytest.raises(RuntimeError, match="killed"):
        runs.fit(killed, progress=False, listeners=[KillAt(5)])
    resumed = runs.fit(Config(out=tmp_path / "halves", resume=True), progress=False)
    chex.assert_trees_all_equal(plain(whole.state), plain(resumed.state))
    assert int(resumed.state.step) == 6
    assert [r["step"] for r in resumed.metrics] == [1, 2, 3, 4, 5, 6]
    for a, b in zip(whole.metrics, resumed.metrics, strict=True):
        assert {k: v for k, v in a.items() if k != "steps_per_second"} == {
            k: v for k, v in b.items() if k != "steps_per_second"
        }


def test_batch_statistics_dropout_data_and_replicas_survive_too(tmp_path, small_pictures):
    fields = dict(
        dataset="digits", generator="dcgan", critic="dcgan", variant="gan", hidden_dim=4, latent_dim=3, batch_size=6, n_critic=2,
        conditional=True, replicas=2, ema=0.9, steps=4, checkpoint_every=2, sample_every=4, log_every=4,
    )  # fmt: skip
    whole = runs.fit(Config(out=tmp_path / "whole", **fields), progress=False)
    runs.fit(Config(out=tmp_path / "halves", **{**fields, "steps": 2}), progress=False)
    resumed = runs.fit(Config(out=tmp_path / "halves", resume=True, steps=4), progress=False)
    chex.assert_trees_all_equal(plain(whole.state), plain(resumed.state))
    assert run_folders(tmp_path / "halves" / "samples")[-1] == "step_00000004-replica_01.png"


def test_an_interrupt_saves_a_checkpoint_and_says_how_to_go_on(tmp_path, monkeypatch):
    questions = iter([False, False, True])
    module = importlib.import_module("jaxgan.runs.fit")  # whose name in the package is that of the function
    monkeypatch.setattr(module, "interrupts", lambda _: contextlib.nullcontext(lambda: next(questions)))
    with pytest.raises(KeyboardInterrupt, match="--resume goes on"):
        runs.fit(points_config(tmp_path / "run", steps=1000), progress=False)
    (saved,) = (tmp_path / "run" / "checkpoints").iterdir()
    assert 0 < int(saved.name) < 1000
    pictures = run_folders(tmp_path / "run" / "samples")
    assert pictures == ["step_00000000.png", f"step_{int(saved.name):08d}.png"]  # its last samples, as a finished run has them


def test_a_number_that_is_not_finite_stops_the_run_and_names_the_last_good_checkpoint(tmp_path, monkeypatch):
    """A run whose rates were written into config.json and into the record of its checkpoint alike: as if it had begun with them."""
    fixed = {"learning_rate": 1e38, "critic_learning_rate": 1e38}
    with monkeypatch.context() as patched:
        patched.setattr(importlib.import_module("jaxgan.runs.fit"), "fixed_options", lambda config: {})
        runs.fit(points_config(tmp_path / "run", steps=2), progress=False)
    saved = json.loads((tmp_path / "run" / "config.json").read_text())
    (tmp_path / "run" / "config.json").write_text(json.dumps(saved | fixed))
    with pytest.raises(DivergedError, match=r"step \d+; the last good checkpoint is .*checkpoints/2$"):
        runs.fit(Config(out=tmp_path / "run", resume=True, steps=50), progress=False)
    assert run_folders(tmp_path / "run" / "checkpoints") == ["2"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (dict(seed=3), "--seed 3 differs from the run's 0"),
        (dict(learning_rate=0.1), "--learning-rate 0.1 differs"),
        (dict(steps=6), "already trained to step 6"),
    ],
)
def test_resuming_refuses_what_would_be_another_run(fields, words, tmp_path):
    runs.fit(points_config(tmp_path / "run"), progress=False)
    with pytest.raises(UserError, match=words):
        runs.fit(Config(out=tmp_path / "run", resume=True, **fields), progress=False)


def test_a_run_in_the_way_is_not_overwritten(tmp_path):
    runs.fit(points_config(tmp_path / "run", steps=1), progress=False)
    with pytest.raises(UserError, match="is there already: --resume goes on"):
        runs.fit(points_config(tmp_path / "run", steps=1), progress=False)


def test_load_gives_the_run_back_without_its_data(tmp_path, small_pictures, monkeypatch):
    fields = dict(
        generator="fc", critic="fc", hidden_dim=8, latent_dim=3, batch_size=6, steps=2, variant="gan", conditional=True
    )
    fit = runs.fit(Config(out=tmp_path / "run", **fields), progress=False)
    monkeypatch.setattr("jaxgan.data.load", lambda *_, **__: pytest.fail("the data were read"))
    run = runs.load(tmp_path / "run")
    chex.assert_trees_all_equal(plain(run.state), plain(fit.state))
    images, labels = run.sample(9, seed=1)
    assert images.shape == (9, 28, 28, 1)
    np.testing.assert_array_equal(labels, [0, 0, 0, 1, 1, 1, 2, 2, 2])
    ones, _ = run.sample(9, seed=1, label=1)
    np.testing.assert_array_equal(images[3:6], ones[3:6])  # the same latents whatever the label
    assert not np.array_equal(images[:3], ones[:3])
    with pytest.raises(UserError, match="allowed are 0 to 2"):
        run.sample(4, label=3)
    strip = run.interpolate(5, seed=1)
    ends, _ = run.sample(2, seed=1, label=0)
    np.testing.assert_allclose(strip[0], ends[0], atol=1e-5)
    np.testing.assert_allclose(strip[-1], ends[1], atol=1e-5)


def test_the_running_statistics_are_sampled_with_unless_the_batchs_are_asked_for(tmp_path, small_pictures):
    fields = dict(generator="dcgan", critic="fc", hidden_dim=4, latent_dim=3, batch_size=6, steps=2, variant="gan")
    runs.fit(Config(out=tmp_path / "run", **fields), progress=False)
    run = runs.load(tmp_path / "run")
    alone, among = run.sample(1)[0], run.sample(20)[0]
    z = jax.random.normal(jax.random.key(0), (20, 3))
    zeros = np.zeros(20, np.int32)
    np.testing.assert_allclose(
        run.generate(z, jax.numpy.asarray(zeros))[:1], run.generate(z[:1], jax.numpy.asarray(zeros[:1])), atol=1e-5
    )
    own = run.sample(20, batch_statistics=True)[0]
    assert float(abs(np.asarray(own) - np.asarray(among)).max()) > 1e-3
    assert alone.shape == (1, 28, 28, 1)
