"""A variant with a number of its own, a network, a data set, a metric and an option, added to a copy of the package as CONTRIBUTING says."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

VARIANT = '''"""Mine: WGAN-GP with a pull of the real scores to 0 (Karras et al. 2017, arXiv 1710.10196, appendix A.1)."""

from jaxgan.objectives.penalties import gradient_penalty
from jaxgan.objectives.variant import Recipe, Variant, score_objective
from jaxgan.types import Game, Number


def mine(*, gradient_penalty_weight: Number = 10.0, pull_weight: Number = 0.001) -> Game:
    """E f(G(z)) - E f(x) + pull_weight E f(x)^2 for the critic."""

    def critic_loss(real, fake):
        return fake.mean() - real.mean() + pull_weight * (real**2).mean()

    return Game(score_objective(critic_loss, lambda fake: -fake.mean()), (gradient_penalty(gradient_penalty_weight),))


MINE = Variant(
    mine,
    "Karras et al. 2017, arXiv 1710.10196, appendix A.1",
    (Recipe("paper", "chosen here", dict(optimizer="adam", learning_rate=1e-3, n_critic=1, batch_size=8, pull_weight=0.5)),),
)
'''
NETWORK = '''"""One hidden layer each."""

import jax

from jaxgan.networks.layers import Linear, Sequential
from jaxgan.networks.player import Critic, Generator, scored


class MineGenerator(Generator):
    latent_dim: int = 2
    hidden_dim: int = 8

    sample_kind = "vectors"

    def setup(self) -> None:
        super().setup()
        self.model = Sequential([Linear(self.hidden_dim), jax.nn.relu, Linear(self.sample_shape[0])])

    def generate(self, latent, train):
        return self.model(latent, train)


class MineCritic(Critic):
    hidden_dim: int = 8

    sample_kind = "vectors"

    def setup(self) -> None:
        super().setup()
        self.model = Sequential([Linear(self.hidden_dim), jax.nn.relu, Linear(1)])

    def score(self, samples, train):
        return scored(self.model, samples, train)
'''
DATA = '''"""Three modes in a row."""

import numpy as np

from jaxgan.data.distributions import gaussian_mixture

row3 = gaussian_mixture("row3", np.array([[-1.0, 0.0], [0.0, 0.0], [1.0, 0.0]]), 0.1, 0.5)
'''
METRIC = '''"""The distance of two means."""

import numpy as np


def mean_distance(real, fake):
    """|E x - E G(z)| of samples (n, d) in their own units."""
    return float(np.linalg.norm(np.mean(real, 0) - np.mean(fake, 0)))
'''
ROWS = {  # file: (a line of it, what is put before it)
    "objectives/__init__.py": [
        ("from jaxgan.objectives.penalties import (\n", "from jaxgan.objectives.mine import MINE, mine\n"),
        ('    "wgan_lp": WGAN_LP,\n', '    "mine": MINE,\n'),
        ('    "r1",\n', '    "mine",\n'),
    ],
    "networks/__init__.py": [
        ("from jaxgan.networks.minibatch import", "from jaxgan.networks.mine import MineCritic, MineGenerator\n"),
        ('    "mlp": MlpGenerator,\n', '    "mine": MineGenerator,\n'),
        ('    "mlp": MlpCritic,\n', '    "mine": MineCritic,\n'),
        ('    "mlp": ("mlp", "mlp"),\n', '    "mine": ("mine", "mine"),\n'),
    ],
    "data/__init__.py": [
        ("from jaxgan.data.stacks import", "from jaxgan.data.row import row3\n"),
        ('    "ring8": drawn_from(', '    "row3": drawn_from(row3),\n'),
    ],
    "metrics/__init__.py": [
        ("from jaxgan.metrics.neighbours import", "from jaxgan.metrics.mean_distance import mean_distance\n"),
    ],
    "evaluation/points.py": [
        ("        apart = divergences(", '        values[f"mean_distance_{count(n)}"] = mean_distance(real, fake[:n])\n'),
        ("from jaxgan.metrics.arrays import checked\n", "from jaxgan.metrics import mean_distance\n"),
    ],
    "settings/options/training.py": [
        ("    optimizer: OptimizerName", '    pull_weight: float | None = variant_number("Weight of the pull of real scores to 0 (mine).", at_least=0)\n'),
    ],
}  # fmt: skip
METRIC_ROW = """

add_metric(Metric("mean_distance", "distance of the means of real and generated samples", better="lower", protocol="in units"))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The package with one of each added."""
    folder = tmp_path_factory.mktemp("copy")
    package = folder / "jaxgan"
    shutil.copytree(ROOT / "jaxgan", package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "objectives" / "mine.py").write_text(VARIANT)
    (package / "networks" / "mine.py").write_text(NETWORK)
    (package / "data" / "row.py").write_text(DATA)
    (package / "metrics" / "mean_distance.py").write_text(METRIC)
    for name, rows in ROWS.items():
        text = (package / name).read_text()
        for before, row in rows:
            assert text.count(before) == 1, f"{name}: {before!r} is there {text.count(before)} times"
            text = text.replace(before, row + before)
        (package / name).write_text(text)
    with (package / "metrics" / "table.py").open("a") as table:
        table.write(METRIC_ROW)
    return folder


def run(folder, *words, **more):
    """A Python command in the copy; what it prints."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200", **more}
    done = subprocess.run([sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_they_are_listed_and_explained(copy):
    listed = run(copy, "-m", "jaxgan.train", "--list")
    assert "mine" in listed and "1710.10196" in listed and "pull-weight 0.5" in listed
    shown = run(copy, "-m", "jaxgan.train", "--help")
    assert "--pull-weight FLOAT" in shown and "Weight of the pull of real scores to 0 (mine). At least 0." in shown


def test_they_train_together_and_are_measured_and_reported(copy):
    flags = [
        "--variant",
        "mine",
        "--dataset",
        "row3",
        "--network",
        "mine",
        "--steps",
        "2",
        "--pull-weight",
        "0.25",
        "--out",
        "run",
    ]
    run(copy, "-m", "jaxgan.train", *flags)
    config = json.loads((copy / "run" / "config.json").read_text())
    assert (config["pull_weight"], config["generator"], config["learning_rate"]) == (0.25, "mine", 1e-3)
    printed = run(copy, "-m", "jaxgan.evaluate", "run", "--n", "100")
    assert "mean_distance_100" in printed
    run(copy, "-m", "jaxgan.report", "run")
    page = (copy / "run" / "report.html").read_text().replace("<wbr>", "")
    for words in (
        "mean_distance_100",
        "distance of the means of real and generated samples",
        "lower is better",
        "pull_weight",
        "row3",
    ):
        assert words in page, words


def test_the_battery_takes_them_up(copy):
    shutil.copytree(ROOT / "tests", copy / "tests", ignore=shutil.ignore_patterns("__pycache__", "parity", "old_runs"))
    case = "mine-mlp-plain-none"
    collected = run(
        copy, "-m", "pytest", "tests/engine/test_battery.py", "--collect-only", "-q", "-p", "no:cacheprovider", "-n", "0"
    )
    assert case in collected and "-mine-plain-" in collected
