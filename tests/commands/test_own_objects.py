"""Networks, data and objectives of the user's own from the command line: recorded, and found again, or one line that says what cannot be imported."""

import json
import subprocess
import sys

import pytest

from jaxgan.evaluate import main as evaluate
from jaxgan.report.__main__ import main as report
from jaxgan.sample import main as sample
from jaxgan.train import main as train

MODULE = '''
import flax.linen as nn
import jax
import numpy as np

from jaxgan.objectives import score_objective
from jaxgan.types import Game


class Generator(nn.Module):
    sample_shape: tuple
    latent_dim: int = 3
    hidden_dim: int = 4

    @nn.compact
    def __call__(self, z, train: bool = False):
        return nn.Dense(self.sample_shape[0])(nn.relu(nn.Dense(self.hidden_dim)(z)))


class Critic(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dense(1)(nn.tanh(nn.Dense(4)(x)))


def linear_critic():
    """A pair of functions."""
    return (lambda key, x: jax.random.normal(key, (x.shape[-1],)), lambda w, x: x @ w)


class Odd(nn.Module):
    depth: int

    @nn.compact
    def __call__(self, x):
        return nn.Dense(1)(x)


def walks(split="train"):
    """Vectors of five numbers, of two classes."""
    steps = np.random.default_rng(split == "test").normal(size=(60, 5)).astype(np.float32)
    return steps.cumsum(1), np.arange(60) % 2


def least(*, clip=0.1):
    return Game(score_objective(lambda real, fake: fake.mean() - real.mean(), lambda fake: -fake.mean()))
'''
OWN = ["--generator", "mine:Generator", "--critic", "mine:Critic", "--dataset", "mine:walks", "--variant", "mine:least"]
SHORT = ["--steps", "2", "--batch-size", "4", "--out", "run"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("mine", None)


def test_a_run_of_ones_own_is_recorded_and_found_again(folder, capsys):
    assert train([*OWN, *SHORT, "--hidden-dim", "6"]) == 0
    config = json.loads((folder / "run" / "config.json").read_text())
    assert (config["generator"], config["critic"]) == ("mine:Generator", "mine:Critic")
    assert (config["dataset"], config["variant"]) == ("mine:walks", "mine:least")
    assert (config["latent_dim"], config["hidden_dim"], config["clip"]) == (3, 6, 0.1)
    assert sample(["run", "--out", "s.npz", "--n", "4", "--trust"]) == 0
    assert evaluate(["run", "--n", "100", "--trust"]) == 0
    assert "sliced_wasserstein1_100" in (folder / "run" / "evaluation.json").read_text()
    assert train(["--out", "run", "--resume", "--steps", "3", *OWN]) == 0
    assert (folder / "run" / "checkpoints" / "3").is_dir()
    assert report(["run"]) == 0

    (folder / "mine.py").unlink()
    sys.modules.pop("mine", None)
    capsys.readouterr()
    for command, words in ((sample, ["run"]), (evaluate, ["run"]), (train, ["--out", "run", "--resume", "--steps", "4"])):
        assert command([*words, "--trust"]) == 2
        (line,) = capsys.readouterr().err.strip().splitlines()
        assert "there is no module 'mine'" in line
    assert report(["run"]) == 0, "the page needs no network"


def test_a_pair_of_functions_with_labels_joined(folder):
    flags = [
        "--generator",
        "mine:Generator",
        "--critic",
        "mine:linear_critic",
        "--dataset",
        "mine:walks",
        "--variant",
        "gan",
        "--conditional",
    ]
    assert train([*flags, *SHORT]) == 0
    assert sample(["run", "--label", "1", "--n", "3", "--out", "s.npz", "--trust"]) == 0


def test_a_run_folder_from_elsewhere_runs_no_code(folder, capsys):
    """What its config.json names is imported where the command names it too, or trusts it; the line says what it is."""
    assert train([*OWN, *SHORT]) == 0
    (folder / "mine.py").write_text("raise SystemExit('this code was run')")
    sys.modules.pop("mine")
    capsys.readouterr()
    commands = (
        (sample, ["run"]),
        (evaluate, ["run"]),
        (train, ["--out", "run", "--resume", "--steps", "4"]),
        (train, ["--out", "run", "--resume", "--steps", "4", *OWN[:4]]),
        (train, ["--out", "again", "--config", "run/config.json"]),
    )
    for command, words in commands:
        assert command(words) == 2
        (line,) = capsys.readouterr().err.strip().splitlines()
        assert "names code to be imported" in line and "mine:" in line and "--trust" in line
    assert not (folder / "again").exists()
    assert report(["run"]) == 0


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("--generator mine:Generatr", "module 'mine' has no 'Generatr': did you mean 'Generator'?"),
        ("--generator nowhere:G", "there is no module 'nowhere'"),
        ("--critic mine:Odd", "needs 'depth', which no option gives"),
        ("--dataset mine:wlaks", "did you mean 'walks'"),
        ("--critic mine:Critic --variant wgan_gp --dataset mine:walks --generator mine:MODULE", "has no 'MODULE'"),
        ("--dataset mine:walks --image-size 8", "image"),
    ],
)
def test_what_cannot_be_is_one_line(folder, capsys, flags, words):
    assert train([*flags.split(), *SHORT]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert words in line
    assert not (folder / "run").exists()


def test_the_console_script_finds_a_module_beside_it(folder):
    """`jaxgan train` puts no folder on Python's path, as `python -m` does."""
    script = "import sys; sys.path.remove('') if '' in sys.path else None; from jaxgan.__main__ import main; sys.exit(main())"
    words = [sys.executable, "-P", "-c", script, "train", "--list", "--variant", "mine:least"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
