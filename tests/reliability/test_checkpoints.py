"""Damaged checkpoints, changed configurations and data, two processes at one run: nothing is taken silently, nothing is lost."""

import importlib
import json
import logging
import re
import shutil
import zlib
from pathlib import Path

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from filelock import FileLock

import jaxgan
from jaxgan import runs
from jaxgan.data import as_dataset
from jaxgan.data.identity import differences, identity
from jaxgan.engine.checkpoints import Checkpoints, Progress
from jaxgan.engine.listeners import Listener
from jaxgan.engine.loop import Program
from jaxgan.engine.state import step_of
from jaxgan.errors import DivergedError, UserError, WriteError
from jaxgan.sample import main as sample
from jaxgan.settings import Config
from jaxgan.train import main as train
from tests.tiny import plain, tiny

RING = dict(dataset="ring8", batch_size=8, hidden_dim=8, n_critic=1, log_every=4, sample_every=100, checkpoint_every=3)
SEED = 20261125


def config(out: Path, **fields) -> Config:
    return Config(**{**RING, "steps": 9, "out": out, **fields})


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A run of nine steps with checkpoints 3, 6 and 9; step 8 was logged."""
    out = tmp_path_factory.mktemp("trained") / "run"
    runs.fit(config(out), progress=False)
    return out


@pytest.fixture
def run(trained, tmp_path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(trained, tmp_path / "run"))


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def flipped(path: Path) -> None:
    chance = np.random.default_rng(SEED + path.stat().st_size)
    data = bytearray(path.read_bytes())
    if data:
        data[chance.integers(len(data))] ^= 1 << chance.integers(8)
    path.write_bytes(bytes(data))


def cut_or_flipped(path: Path) -> None:
    (cut if zlib.crc32(path.name.encode()) % 2 else flipped)(path)


DAMAGES = {"cut": cut, "emptied": emptied, "flipped": flipped, "deleted": Path.unlink}


def files_of(checkpoint: Path) -> list[Path]:
    return sorted(path for path in checkpoint.rglob("*") if path.is_file())


def damage_every_file(checkpoint: Path, restore, how: dict) -> dict[str, int]:
    """What comes of every damage: the newest checkpoint passed over, or read as it was; anything else fails."""
    came = {"passed over": 0, "as it was": 0}
    whole = plain(restore().progress.state)
    newest = int(checkpoint.name)
    for damage in how.values():
        for path in files_of(checkpoint):
            before = path.read_bytes()
            damage(path)
            restored = restore()
            if restored.step == newest:
                chex.assert_trees_all_equal(plain(restored.progress.state), whole)
                came["as it was"] += 1
            else:
                assert restored.damaged.keys() == {newest} and str(checkpoint) in restored.damaged[newest]
                assert "\n" not in restored.damaged[newest]
                came["passed over"] += 1
            path.write_bytes(before)
    return came


def restorer(folder: Path):
    """Reads the newest whole checkpoint of a run, each time as a new process would."""
    resolved = tiny("mlp", **{key: RING[key] for key in ("batch_size", "hidden_dim", "n_critic")}, latent_dim=None, steps=9)
    shapes = jax.eval_shape(resolved.program().initial_state)

    def restore():
        checkpoints = Checkpoints(folder / "checkpoints")
        try:
            return checkpoints.restore(shapes)
        finally:
            checkpoints.close()

    return restore


def test_no_file_of_a_checkpoint_is_damaged_silently(run, capfd):
    """Every file cut, or one bit of it flipped, by turns: passed over, or without consequence; no traces of event loops."""
    came = damage_every_file(run / "checkpoints" / "9", restorer(run), {"cut or flipped": cut_or_flipped})
    assert came["passed over"] >= 4
    assert "Traceback" not in capfd.readouterr().err
    print(f"damages: {came}")


@pytest.mark.slow
def test_no_file_of_a_checkpoint_is_damaged_silently_in_four_ways(run, capfd):
    came = damage_every_file(run / "checkpoints" / "9", restorer(run), DAMAGES)
    assert "Traceback" not in capfd.readouterr().err
    print(f"every file of a checkpoint damaged in four ways: {came}")


@pytest.mark.slow
def test_two_hundred_flipped_bits_of_the_arrays_are_all_noticed(run):
    restore, chance = restorer(run), np.random.default_rng(SEED)
    whole, checkpoint = plain(restore().progress.state), run / "checkpoints" / "9"
    files, noticed = [p for p in files_of(checkpoint) if "/d/" in str(p)], 0
    for _ in range(200):
        path = files[chance.integers(len(files))]
        before = path.read_bytes()
        data = bytearray(before)
        data[chance.integers(len(data))] ^= 1 << chance.integers(8)
        path.write_bytes(bytes(data))
        restored = restore()
        if restored.step == 9:
            chex.assert_trees_all_equal(plain(restored.progress.state), whole)
        noticed += restored.step != 9
        path.write_bytes(before)
    print(f"200 flipped bits: {noticed} noticed, the others changed no number")


def test_a_changed_array_is_known_by_its_digest(run):
    """A checkpoint written with other numbers under the record of the true ones, as a flipped bit that decompresses would leave it."""
    resolved = tiny("mlp", **{key: RING[key] for key in ("batch_size", "hidden_dim", "n_critic")}, latent_dim=None, steps=9)
    state = resolved.program().initial_state()
    checkpoints = Checkpoints(run / "other")
    checkpoints.save(9, Progress(state))
    checkpoints.close()
    record = json.loads((run / "checkpoints" / "9" / "_CHECKPOINT_METADATA").read_text())["custom_metadata"]
    path = run / "other" / "9" / "_CHECKPOINT_METADATA"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"custom_metadata": record}))
    with pytest.raises(UserError, match=r"is damaged .*is not what was written"):
        Checkpoints(run / "other").restore(state)


def test_the_newest_whole_one_is_used_and_said_and_a_step_is_exact(run, capsys):
    for path in files_of(run / "checkpoints" / "9" / "default"):
        cut(path)
    assert int(jaxgan.load(run).state.step) == 6
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("warning: checkpoint") and line.endswith("going on from that of step 6")
    assert sample([str(run), "--step", "9"]) == 2
    assert re.search(r"checkpoints/9 is damaged .*; there are 3, 6", capsys.readouterr().err)
    resumed = runs.fit(Config(out=run, resume=True), progress=False)
    assert int(resumed.state.step) == 9, "it goes on to the step whose checkpoint was damaged, and saves it anew"
    assert int(jaxgan.load(run, step=9).state.step) == 9


def test_where_none_is_whole_it_is_said(run):
    for step in (3, 6, 9):
        shutil.rmtree(run / "checkpoints" / str(step) / "default")
    with pytest.raises(UserError, match=r"checkpoints/9 is damaged .* no earlier one is whole"):
        jaxgan.load(run)


def test_a_checkpoint_that_is_deleted_while_it_is_read_is_no_damage(run, monkeypatch):
    read, gone = Checkpoints._read, []

    def read_too_late(self, step, like):
        if step == 9 and not gone:
            shutil.rmtree(run / "checkpoints" / "9")
            gone.append(step)
        return read(self, step, like)

    monkeypatch.setattr(Checkpoints, "_read", read_too_late)
    assert int(jaxgan.load(run).state.step) == 6 and gone


def test_checkpoints_of_earlier_versions_have_no_record_and_are_read(run):
    for step in (3, 6, 9):
        path = run / "checkpoints" / str(step) / "_CHECKPOINT_METADATA"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"custom_metadata": {}}))
    config = json.loads((run / "config.json").read_text())
    del config["format"]
    (run / "config.json").write_text(json.dumps(config))
    assert int(jaxgan.load(run).state.step) == 9


def test_a_checkpoint_whose_record_is_missing_is_damaged(run, capsys):
    (run / "checkpoints" / "9" / "_CHECKPOINT_METADATA").unlink()
    assert int(jaxgan.load(run).state.step) == 6
    assert "its record is missing" in capsys.readouterr().err


def test_a_file_or_a_link_in_the_place_of_a_checkpoint_is_none(run):
    (run / "checkpoints" / "12").touch()
    (run / "checkpoints" / "15").symlink_to(run / "nothing")
    (run / "checkpoints" / "\u0663").touch()  # a digit, by Unicode
    restored = jaxgan.load(run)
    assert int(restored.state.step) == 9
    checkpoints = Checkpoints(run / "checkpoints")
    assert checkpoints.steps() == [3, 6, 9]
    checkpoints.save(12, Progress(restored.state))
    checkpoints.close()
    assert int(jaxgan.load(run, step=12).state.step) == 9


def test_a_folder_that_cannot_be_written_is_refused_before_a_classifier_is_trained(run, monkeypatch):
    def refuse(*_):
        raise WriteError("refused")

    fit = importlib.import_module("jaxgan.runs.fit")
    monkeypatch.setattr(fit, "check_folder_writable", refuse)
    monkeypatch.setattr(fit, "Measuring", None)
    with pytest.raises(WriteError, match="refused"):
        runs.fit(Config(out=run, resume=True, steps=12, metrics_every=3))


REFUSED = {
    "at its end": ([], "already trained to step 9"),
    "another seed": (["--steps", "12", "--seed", "5"], "--seed 5 differs"),
    "a changed configuration": (["--steps", "12"], "was changed: it says hidden_dim 16"),
    "no whole checkpoint": (["--steps", "12"], "no earlier one is whole"),
    "trained by another": (["--steps", "12"], "is being trained by another process"),
    "a link that leads out of it": (["--steps", "12"], "metrics.jsonl is a link that leads out of the run folder"),
    "a folder in the place of a file": (["--steps", "12"], "metrics.jsonl is a folder, in the place of a file: remove it"),
    "a file in the place of a folder": (["--steps", "12"], "samples is no folder: remove it"),
    "a mesh that is not there": (["--steps", "12", "--mesh", "data=64"], "64 devices"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_a_refused_resume_leaves_the_folder_as_it_was(run, why, capsys):
    flags, words = REFUSED[why]
    if why == "a changed configuration":
        text = (run / "config.json").read_text()
        (run / "config.json").write_text(text.replace('"hidden_dim": 8', '"hidden_dim": 16'))
    if why == "no whole checkpoint":
        for step in (3, 6, 9):
            cut(run / "checkpoints" / str(step) / "default" / "_METADATA")
            cut(run / "checkpoints" / str(step) / "_CHECKPOINT_METADATA")
    if why == "a link that leads out of it":
        (run / "metrics.jsonl").rename(run.parent / "elsewhere")
        (run / "metrics.jsonl").symlink_to(run.parent / "elsewhere")
    if why == "a folder in the place of a file":
        (run / "metrics.jsonl").unlink()
        (run / "metrics.jsonl").mkdir()
    if why == "a file in the place of a folder":
        shutil.rmtree(run / "samples")
        (run / "samples").touch()
    if why == "trained by another":
        lock = FileLock(run / ".lock")
        lock.acquire()
    before = contents(run)
    assert train(["--resume", "--out", str(run), *flags]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()[-1:]
    assert line.startswith("error: ") and (words in line or (why == "a changed configuration" and "does not fit" in line))
    assert contents(run) == before
    if why == "trained by another":
        lock.release()


def test_a_checkpoint_in_other_types_is_refused(run):
    with jax.enable_x64(True), pytest.raises(UserError, match="is float32, and here it would be float64: unset JAX_ENABLE_X64"):
        runs.fit(Config(out=run, resume=True, steps=12), progress=False)


def test_a_resume_in_other_surroundings_says_so(run, capsys):
    path = run / "environment.json"
    values = json.loads(path.read_text())
    path.write_text(json.dumps(values | {"versions": values["versions"] | {"jax": "0.1.0"}}))
    runs.fit(Config(out=run, resume=True, steps=10))
    assert "other surroundings" in (said := capsys.readouterr().out) and "jax 0.1.0, now" in said


def test_a_resume_that_cannot_compare_the_data_says_so(run, capsys):
    (run / "environment.json").unlink()
    with pytest.raises(UserError, match="already trained to step 9"):
        runs.fit(Config(out=run, resume=True), progress=False)
    assert "environment.json says nothing of the data" in capsys.readouterr().err


def test_a_run_folder_of_a_newer_jaxgan_is_refused(run):
    path = run / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 99}))
    with pytest.raises(UserError, match="of format 99, and this jaxgan reads up to"):
        jaxgan.load(run)


def test_a_refused_first_start_leaves_no_folder(tmp_path, monkeypatch):
    def does_not_fit(self, *_):
        raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 99 bytes")

    with monkeypatch.context() as patched:
        patched.setattr("jaxgan.engine.loop.Program.chunk", does_not_fit)
        with pytest.raises(jax.errors.JaxRuntimeError):
            runs.fit(config(tmp_path / "run"), progress=False)
    assert not (tmp_path / "run").exists()


class StopAt(Listener):
    """Ends the process's training as a kill does, before anything of this step is written."""

    def __init__(self, step: int):
        self.step = step

    def on_chunk(self, step, metrics):
        if step >= self.step:
            raise RuntimeError("killed")


def test_what_is_logged_does_not_depend_on_where_a_run_was_stopped(trained, tmp_path):
    """Stopped after the checkpoint of step 6, between the logged steps 4 and 8: the mean of step 8 is of four steps all the same."""
    with pytest.raises(RuntimeError, match="killed"):
        runs.fit(config(tmp_path / "run"), progress=False, listeners=[StopAt(7)])
    resumed = runs.fit(Config(out=tmp_path / "run", resume=True), progress=False)
    whole = [json.loads(line) for line in (trained / "metrics.jsonl").read_text().splitlines()]
    for a, b in zip(whole, resumed.metrics, strict=True):
        assert a | {"steps_per_second": 0} == b | {"steps_per_second": 0}


def test_the_last_good_checkpoint_is_named_with_the_replicas_that_are_finite_in_it(tmp_path, monkeypatch):
    """The first replica's weights are not finite from step 2 on, the second's from step 4 on; every step is a checkpoint."""
    chunk = Program.chunk

    def spoilt(self, state, sums, n):
        state, sums, _ = chunk(self, state, sums, 1)
        bad = np.array([step_of(state) >= 2, step_of(state) >= 4])
        params = jax.tree.map(lambda x: jnp.where(bad.reshape(2, *[1] * (x.ndim - 1)), jnp.nan, x), state.critic.params)
        return state._replace(critic=state.critic._replace(params=params)), sums, ~bad

    monkeypatch.setattr(Program, "chunk", spoilt)
    with pytest.raises(DivergedError, match=r"step 4; the last good checkpoint is \S*checkpoints/3, of replica 1 alone$"):
        runs.fit(config(tmp_path / "run", replicas=2, checkpoint_every=1), progress=False)
    state = runs.load_all(tmp_path / "run", step=3).state
    finite = [np.isfinite(np.asarray(leaf)).reshape(2, -1).all(1) for leaf in jax.tree.leaves(state.critic.params)]
    assert np.all(finite, axis=0).tolist() == [False, True]
    with pytest.raises(DivergedError, match=r"step 4; the last good checkpoint is \S*checkpoints/3, of replica 1 alone$"):
        runs.fit(Config(out=tmp_path / "run", resume=True), progress=False)


def test_data_are_known_by_classes_counts_shape_and_digest():
    samples = np.random.default_rng(0).integers(0, 256, (6, 4, 4, 1), dtype=np.uint8)
    dataset = as_dataset(samples, [0, 1, 1, 2, 2, 2], class_names=("a", "b", "c"))
    described = jaxgan.data.describe(dataset)
    assert described["counts"] == [1, 2, 3] and not differences(described, dataset)
    other = samples.copy()
    other[3, 2, 2, 0] ^= 1
    cases = {
        "digest": as_dataset(other, dataset.labels, class_names=("a", "b", "c")),
        "classes": as_dataset(samples, dataset.labels, class_names=("c", "b", "a")),
        "samples of each class": as_dataset(samples, [0, 1, 2, 2, 2, 2], class_names=("a", "b", "c")),
        "number of samples": as_dataset(samples[:5], dataset.labels[:5], class_names=("a", "b", "c")),
        "shape": as_dataset(samples[:, :3], dataset.labels, class_names=("a", "b", "c")),
    }
    for what, changed in cases.items():
        assert any(what in words for words in differences(described, changed)), what
    table = as_dataset(np.ones((5, 2)), scaling="none", names=("weight", "age"))
    renamed = as_dataset(np.ones((5, 2)), scaling="none", names=("mass", "age"))
    assert not differences(jaxgan.data.describe(table), table)
    assert differences(jaxgan.data.describe(table), renamed) == ["names of the features weight age, now mass age"]
    old = {key: value for key, value in described.items() if key not in identity(dataset)}
    assert not differences(old, cases["digest"]), "run folders of earlier versions tell no digest"


def test_a_run_on_other_data_is_refused_or_meant(tmp_path, capsys):
    from PIL import Image

    chance = np.random.default_rng(0)
    for name in "bcd":
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for i in range(4):
            Image.fromarray(chance.integers(0, 256, (28, 28), dtype=np.uint8)).save(tmp_path / "pictures" / name / f"{i}.png")
    out = str(tmp_path / "run")
    small = ["--network", "fc", "--hidden-dim", "8", "--n-critic", "1", "--batch-size", "4", "--steps", "2"]
    assert train(["--dataset", f"folder:{tmp_path / 'pictures'}", "--conditional", *small, "--out", out]) == 0
    (tmp_path / "pictures" / "b").rename(tmp_path / "pictures" / "z")
    before = contents(tmp_path / "run")
    assert train(["--resume", "--out", out, "--steps", "4"]) == 2
    assert "classes b c d, now c d z" in capsys.readouterr().err
    from jaxgan.evaluate import main as evaluate

    assert evaluate([out, "--n", "100", "--features", "pixels"]) == 2
    assert "--data-changed" in capsys.readouterr().err
    assert contents(tmp_path / "run") == before
    assert train(["--resume", "--out", out, "--steps", "4", "--data-changed"]) == 0


def test_tasks_that_end_late_are_not_heard_of(tmp_path, caplog):
    """Of a read that fails while others go on asyncio logs each of these when it is collected; what is not of a checkpoint is logged."""
    Checkpoints(tmp_path)
    error = ValueError('NOT_FOUND: Error reading "critic/kernel" [tensorstore_spec={}]')
    logging.getLogger("asyncio").error("Task exception was never retrieved", exc_info=error)
    assert not caplog.records
    logging.getLogger("asyncio").error("Task exception was never retrieved", exc_info=ValueError("of the user's own"))
    assert len(caplog.records) == 1
