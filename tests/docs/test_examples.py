"""What README and the guides show from Python runs as it stands there."""

import re
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

import jaxgan

pytestmark = pytest.mark.usefixtures("no_annotation_checks")  # as a user runs it
ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs/guides").glob("*.md"))]
TEXTS = {path: path.read_text(encoding="utf-8") for path in PAGES}
BLOCKS = [(path, block) for path, text in TEXTS.items() for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL)]
TRIED = [
    "nn.Sequential([nn.Dense(64), nn.relu", "class Generator(nn.Module)", "jax.jit(gan.critic_step)", "def drift(", "jaxgan.Config(variant=",
    "from_torch(generator",
]  # a part of each block that a test below runs  # fmt: skip


def run_block(words: str, names: dict[str, Any] | None = None) -> dict[str, Any]:
    """Runs the one block of Python that holds these words; the names that it defines."""
    ((path, block),) = [(path, block) for path, block in BLOCKS if words in block]
    names = {"__name__": "__main__", **(names or {})}
    exec(compile(block, str(path), "exec"), names)
    return names


def test_each_block_is_run_by_a_test_here():
    for path, block in BLOCKS:
        assert sum(words in block for words in TRIED) == 1, f"{path}: no test, or two, run\n{block}"


@pytest.mark.slow  # as long as the next but one
def test_a_training_in_a_few_lines(in_a_folder):
    names = run_block("nn.Sequential([nn.Dense(64), nn.relu")
    assert names["samples"].shape == (1000, 12)
    assert (in_a_folder / "runs" / "mine" / "report.html").is_file()


def test_the_gan_of_a_few_lines_takes_a_step(in_a_folder, monkeypatch):
    """The same without the run: what is handed to `fit` fits together."""

    class Tried:
        def sample(self, n):
            return np.zeros((n, 12)), None

    def fit(gan, data, *, steps, batch_size, out):
        state = jax.eval_shape(lambda: gan.init(jax.random.key(0), data[:batch_size]))
        jax.eval_shape(lambda state: gan.critic_step(state, gan.draw(jax.random.key(1), 0, data[:batch_size])), state)
        return Tried()

    monkeypatch.setattr(jaxgan, "fit", fit, raising=False)
    assert run_block("nn.Sequential([nn.Dense(64), nn.relu")["samples"].shape == (1000, 12)


def test_every_name_of_the_package_that_they_mention_is_there():
    mentioned = {
        name
        for text in TEXTS.values()
        for words in re.findall(r"`([^`\n]+)`", text)
        for name in re.findall(r"(?<!-m )\bjaxgan(?:\.\w+)+", words)
    }
    assert {"jaxgan.evaluate", "jaxgan.metrics", "jaxgan.Game"} <= mentioned
    for name in sorted(mentioned):
        found = jaxgan
        for part in name.split(".")[1:]:
            assert hasattr(found, part), name
            found = getattr(found, part)


@pytest.fixture
def in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_own_networks_on_own_arrays(in_a_folder):
    names = run_block("class Generator(nn.Module)")
    assert names["samples"].shape == (1000, 12)
    assert int(names["run"].state.step) == 120
    assert sorted({line["step"] for line in names["run"].metrics})[-1] == 120
    assert any("mean_gap_1k" in line for line in names["run"].metrics)
    assert (in_a_folder / "runs" / "mine" / "report.html").is_file()


def test_own_loop(in_a_folder):
    names = run_block("jax.jit(gan.critic_step)")
    assert names["points"].shape == (1000, 2)
    assert np.isfinite(names["points"]).all()
    assert np.isfinite(float(names["critic_metrics"]["critic_loss"]))
    assert not any(in_a_folder.iterdir()), "no file is written"


def test_a_new_objective_in_one_file_trains_from_the_command_line(in_a_folder):
    from jaxgan.train import main

    ((path, block),) = [(path, block) for path, block in BLOCKS if "def drift(" in block]
    (in_a_folder / "drift.py").write_text(block)
    assert "`jaxgan train --variant drift:drift --dataset ring8`" in TEXTS[path]
    flags = "--variant drift:drift --dataset ring8 --steps 2 --hidden-dim 8 --batch-size 8 --out run"
    assert main(flags.split()) == 0
    assert (in_a_folder / "run" / "checkpoints" / "2").is_dir()


@pytest.mark.slow  # 2,000 steps
def test_the_same_by_options(in_a_folder):
    names = run_block("jaxgan.Config(variant=")
    assert names["points"].shape == (1000, 2)
    assert any(name.startswith("modes_pacgan") for name in names["values"])


def test_a_pytorch_checkpoint(in_a_folder):
    """With a state dict that jaxgan makes itself, in place of a file: PyTorch is not needed for the tests."""
    from jaxgan.interop import to_torch
    from jaxgan.networks import GENERATORS

    class Tensor:
        def __init__(self, array):
            self.numpy = lambda: array

    class Module:
        def state_dict(self):
            network = GENERATORS["lab_conv"](sample_shape=(28, 28, 1), latent_dim=100)
            variables = jax.jit(network.init)(jax.random.key(0), *network.example_inputs())
            return {name: Tensor(array) for name, array in to_torch(network, variables).items()}

    names = run_block(
        "from_torch(generator",
        {"torch_module": Module(), "latents": np.zeros((2, 100), np.float32), "labels": np.zeros(2, np.int32)},
    )
    assert names["images"].shape == (2, 28, 28, 1)
