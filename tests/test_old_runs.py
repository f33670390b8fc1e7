"""Run folders made by an earlier version load, sample, resume, evaluate and report.

`old_runs/` holds two runs of commit ceafd01 (November 2026), without TensorBoard's files and their pages, and `expected.npz`: samples that
the same commit drew from them, and what it came to when it trained them two steps further. They were made by

    jaxgan train --variant wgan_gp --dataset ring8 --recipe paper --hidden-dim 8 --latent-dim 2 --batch-size 8 --steps 6 --replicas 2
        --ema 0.9 --log-every 2 --sample-every 6 --checkpoint-every 3 --keep-checkpoints 1 --out ring8
    jaxgan train --variant gan --dataset digits --image-size 16 --conditional --network fc --hidden-dim 4 --latent-dim 4 --dropout 0
        --batch-size 8 --steps 4 --ema 0.9 --log-every 1 --sample-every 4 --checkpoint-every 2 --keep-checkpoints 1 --out digits

Only what a user meets is called here: `jaxgan.load`, `jaxgan.fit`, `jaxgan.Config` and the commands.
"""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

import jaxgan
from jaxgan.__main__ import main

OLD_RUNS = Path(__file__).parent / "old_runs"
STEPS = {"ring8": 6, "digits": 4}
SHAPES = {"ring8": (2,), "digits": (16, 16, 1)}


@pytest.fixture(params=["ring8", "digits"])
def run(request, tmp_path) -> Path:
    """A copy of an old run."""
    return copy_of(request.param, tmp_path)


def copy_of(name: str, folder: Path) -> Path:
    return Path(shutil.copytree(OLD_RUNS / name, folder / name))


def expected() -> dict[str, np.ndarray]:
    with np.load(OLD_RUNS / "expected.npz") as file:
        return dict(file)


def samples_of(folder: Path) -> dict[str, np.ndarray]:
    """A few samples of a run, as arrays by what they are: eight points, or the middle of ten pictures."""
    name = folder.name
    trained = jaxgan.load(folder)
    if name == "ring8":
        drawn = {
            "averaged": trained.sample(8, seed=1),
            "last weights": trained.sample(8, seed=1, average=False),
            "replica 1": jaxgan.load(folder, replica=1).sample(8, seed=1),
        }
    else:
        drawn = {
            "averaged": trained.sample(10, seed=1),
            "last weights": trained.sample(10, seed=1, average=False),
            "class 3": trained.sample(10, seed=1, label=3),
        }
    arrays = {}
    for what, (samples, _) in drawn.items():
        samples = np.asarray(samples, np.float32)
        assert samples.shape[1:] == SHAPES[name]
        arrays[f"{name}, {what}"] = samples if samples.ndim == 2 else samples[:, 4:12, 4:12]
    return arrays


def resumed(folder: Path) -> dict[str, np.ndarray]:
    """Two steps more: samples, and the losses of every line logged on the way, as arrays by what they are."""
    name = folder.name
    fitted = jaxgan.fit(jaxgan.Config(out=folder, resume=True, steps=STEPS[name] + 2), progress=False)
    lines = [line for line in fitted.metrics if line["step"] > STEPS[name]]
    losses = {f"{name}, {loss}": np.array([line[loss] for line in lines]) for loss in ("critic_loss", "generator_loss")}
    return {f"{what}, resumed": array for what, array in {**samples_of(folder), **losses}.items()}


def command(monkeypatch, *words: str) -> int:
    """The exit code of `jaxgan WORDS`."""
    monkeypatch.setattr(sys, "argv", ["jaxgan", *words])
    return main()


def test_loads_and_draws_the_same_samples(run):
    for what, samples in samples_of(run).items():
        assert np.isfinite(samples).all() and len(np.unique(samples, axis=0)) == len(samples), what
        np.testing.assert_allclose(samples, expected()[what], rtol=1e-5, atol=1e-6, err_msg=what)
    config = jaxgan.load(run).config
    assert (config.dataset, config.steps, config.ema) == (run.name, STEPS[run.name], 0.9)


def test_labels_of_a_conditional_run():
    _, labels = jaxgan.load(OLD_RUNS / "digits").sample(20, seed=1)
    np.testing.assert_array_equal(labels, np.repeat(np.arange(10), 2))


def test_resumes_as_it_would_have_gone_on(run):
    logged = (run / "metrics.jsonl").read_text()
    for what, array in resumed(run).items():
        np.testing.assert_allclose(array, expected()[what], rtol=1e-4, atol=1e-5, err_msg=what)
    assert (run / "metrics.jsonl").read_text().startswith(logged)
    end = STEPS[run.name] + 2
    assert json.loads((run / "config.json").read_text())["steps"] == end
    assert [path.name for path in (run / "checkpoints").iterdir()] == [str(end)]
    assert list((run / "samples").glob(f"step_{end:08}*.png"))


def test_is_drawn_from_by_the_command(run, monkeypatch, capsys):
    assert command(monkeypatch, "sample", str(run), "--n", "6", "--out", str(run / "drawn.npz")) == 0
    with np.load(run / "drawn.npz") as file:
        samples = file["points" if run.name == "ring8" else "images"]
    assert samples.shape == (6, *SHAPES[run.name]) and np.isfinite(samples).all()
    assert "drawn.npz" in capsys.readouterr().out


def test_points_are_evaluated(tmp_path, monkeypatch, capsys):
    run = copy_of("ring8", tmp_path)
    assert command(monkeypatch, "evaluate", str(run), "--n", "100") == 0
    evaluation = json.loads((run / "evaluation.json").read_text())
    assert evaluation["step"] == 6 and len(evaluation["replicas"]) == 2
    assert np.isfinite(list(evaluation["mean"].values())).all()
    assert evaluation["mean"]["modes_pacgan_2500"] < 8
    assert "modes_pacgan_2500" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*covariance is singular:UserWarning")
def test_pictures_are_evaluated(tmp_path, monkeypatch):
    """Which trains the classifier of the digits first."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    run = copy_of("digits", tmp_path)
    assert command(monkeypatch, "evaluate", str(run), "--n", "100", "--features", "pixels") == 0
    mean = json.loads((run / "evaluation.json").read_text())["mean"]
    assert np.isfinite(list(mean.values())).all()
    assert mean["fid_pixels_100"] > 0 and 0 <= mean["conditional_accuracy_lab_100"] <= 1


def test_has_a_page(run, monkeypatch, capsys):
    assert command(monkeypatch, "report", str(run)) == 0
    assert "report.html" in capsys.readouterr().out
    page = (run / "report.html").read_text()
    assert run.name in page and "data:image/png" in page and 'class="chart"' in page
