"""Tables, series and volumes by the command line: trained, sampled in units, measured, reported, resumed."""

import csv
import json
import math

import flax.linen as nn
import jax
import numpy as np
import pytest

import jaxgan
from jaxgan.data import load
from jaxgan.evaluate import main as evaluate
from jaxgan.metrics import correlation_difference, marginal_wasserstein
from jaxgan.report.__main__ import main as report
from jaxgan.sample import main as sample
from jaxgan.train import main as train


class Generator(nn.Module):
    """A line of numbers, brought to the shape of a sample."""

    sample_shape: tuple[int, ...]
    latent_dim: int = 4

    @nn.compact
    def __call__(self, latent: jax.Array) -> jax.Array:
        return nn.Dense(math.prod(self.sample_shape))(latent).reshape(-1, *self.sample_shape)


class Critic(nn.Module):
    @nn.compact
    def __call__(self, samples: jax.Array) -> jax.Array:
        return nn.Dense(1)(samples.reshape(len(samples), -1))


OWN = ["--generator", f"{__name__}:Generator", "--critic", f"{__name__}:Critic"]
FAST = [
    "--variant",
    "wgan_gp",
    "--n-critic",
    "1",
    "--batch-size",
    "8",
    "--sample-every",
    "2",
    "--checkpoint-every",
    "2",
    "--log-every",
    "1",
]
ROWS = np.random.default_rng(0).normal([170, 70, 1e6, 0, 5], [10, 8, 1e5, 1e-3, 2], (120, 5))


def table(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(["height", "weight", "income", "tiny", "kind"])
        writer.writerows([*row[:4], "cat" if row[4] < 5 else "dog"] for row in rows)
    return f"csv:{path}"


def test_a_table(tmp_path, capsys, monkeypatch):
    """Conditional, in two parts of which the second is trained on other rows, with the statistics of the first."""
    monkeypatch.chdir(tmp_path)
    name, run = table(tmp_path / "a.csv", ROWS), tmp_path / "run"
    given = ["--dataset", name, "--label-column", "kind", "--conditional", *FAST, "--hidden-dim", "8", "--out", str(run)]
    assert train([*given, "--steps", "2"]) == 0
    out = capsys.readouterr().out
    assert "(vectors of 4, 120)" in out and "columns height, weight, income, tiny by the header line, between semicolons" in out
    assert "2 classes: cat" in out and "linear" in out
    saved = json.loads((run / "environment.json").read_text())["data"]["scaling"]
    assert np.allclose(saved["offset"], ROWS[:, :4].mean(0)) and np.allclose(saved["scale"], ROWS[:, :4].std(0))
    assert json.loads((run / "config.json").read_text())["latent_dim"] == 8
    assert {path.name for path in (run / "samples").iterdir()} == {"step_00000000.png", "step_00000002.png"}

    assert sample([str(run), "--out", "s.csv", "--n", "30"]) == sample([str(run), "--out", "s.npz", "--n", "30"]) == 0
    assert sample([str(run), "--out", "s.png", "--n", "30"]) == 0 and (tmp_path / "s.png").stat().st_size > 10_000
    again, archive = load("csv:s.csv", label_column="kind", scaling="none"), np.load("s.npz")
    assert again.scaling.names == ("height", "weight", "income", "tiny") == tuple(archive["names"])
    assert again.class_names == ("cat", "dog") and again.labels.tolist() == archive["labels"].tolist() == [0] * 15 + [1] * 15
    loaded = jaxgan.load(run)
    drawn = np.asarray(loaded.sample(30)[0])
    assert np.allclose(archive["samples"], loaded.dataset.scaling.to_units(drawn)) and loaded.dataset.samples is None
    assert np.allclose(again.samples, archive["samples"], rtol=1e-5, atol=1e-8)
    assert sample([str(run), "--interpolate"]) == 2
    assert "--interpolate: a strip shows images, and this run draws vectors" in capsys.readouterr().err

    table(tmp_path / "a.csv", ROWS * 2)
    resume = ["--resume", "--out", str(run), "--steps", "4"]
    assert train(resume) == 2 and "digest of the samples" in capsys.readouterr().err
    assert train([*resume, "--data-changed"]) == 0
    assert json.loads((run / "environment.json").read_text())["data"]["scaling"] == saved
    assert evaluate([str(run), "--n", "100"]) == 0
    values = json.loads((run / "evaluation.json").read_text())
    assert {"marginal_wasserstein1_feature_income_100", "correlation_difference_100", "c2st_samples_100"} <= values[
        "mean"
    ].keys()
    assert values["mean"]["marginal_wasserstein1_100"] > 1  # twice as high, as the first statistics have it
    assert report([str(run)]) == 0 and "data:image/png" in (run / "report.html").read_text()


@pytest.mark.parametrize(
    ("kind", "shape", "made"), [("series", (6, 2), (6, 2)), ("series", (6,), (6, 1)), ("volumes", (3, 4, 5), (3, 4, 5, 1))]
)
def test_a_series_and_a_volume_with_networks_of_ones_own(tmp_path, monkeypatch, kind, shape, made):
    monkeypatch.chdir(tmp_path)
    np.savez("a.npz", samples=np.random.default_rng(0).normal(50, 9, (110, *shape)))
    given = ["--dataset", "a.npz", "--kind", kind, *OWN, *FAST, "--steps", "2", "--scaling", "minmax", "--replicas", "2"]
    assert train([*given, "--out", "run"]) == 0
    assert len(list((tmp_path / "run" / "samples").iterdir())) == 4  # two steps of two replicas
    trusted = ["run", "--trust"]
    assert sample([*trusted, "--out", "s.npz", "--n", "20"]) == sample([*trusted, "--out", "s.png", "--n", "20"]) == 0
    archive = np.load("s.npz")
    assert archive["samples"].shape == (20, *made) and np.abs(archive["samples"].mean() - 50) < 40
    assert sample([*trusted, "--out", "s.csv", "--n", "20"]) == (2 if kind == "volumes" else 0)
    assert evaluate([*trusted, "--n", "100"]) == 0
    assert train(["--resume", "--out", "run", "--steps", "4", "--trust"]) == 0
    if len(shape) == 1:
        assert train(["--config", "run/config.json", "--trust", "--steps", "2", "--out", "again", "--replicas", "1"]) == 0
        assert jaxgan.load("again", trust=True).dataset.is_series


@pytest.mark.slow
def test_a_correlated_normal_is_learnt_from_a_table(tmp_path):
    """Four columns of very different units: each marginal within .1 of its standard deviation, each correlation within .1."""
    chance = np.random.default_rng(0)
    root = np.linalg.cholesky(np.array([[1, 0.8, -0.5, 0], [0.8, 1, -0.3, 0.2], [-0.5, -0.3, 1, 0.4], [0, 0.2, 0.4, 1.0]]))
    rows = (chance.normal(size=(4000, 4)) @ root.T) * [10, 1e-3, 2e5, 1] + [170, 0, 1e6, -5]
    np.savetxt(tmp_path / "a.csv", rows, delimiter=",", header="a,b,c,d", comments="")
    run = tmp_path / "run"
    given = (
        f"--dataset csv:{tmp_path}/a.csv --variant r3gan --steps 3000 --batch-size 128 --hidden-dim 64 --ema .99 --out {run}"
    )
    assert train([*given.split(), "--learning-rate", "2e-4"]) == 0
    assert sample([str(run), "--out", str(tmp_path / "s.csv"), "--n", "4000"]) == 0
    drawn = np.genfromtxt(tmp_path / "s.csv", delimiter=",", skip_header=1)
    assert marginal_wasserstein(rows, drawn).worst < 0.1
    assert correlation_difference(rows, drawn).largest < 0.1
    assert np.all(np.abs(drawn.mean(0) - rows.mean(0)) < 0.1 * rows.std(0))
