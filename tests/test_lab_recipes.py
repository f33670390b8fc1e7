"""The site's table of the labs' commands: each of its commands resolves to what the lab sets, and trains."""

import gzip
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from jaxgan import sample, train
from jaxgan.settings import Config, read_command, resolve
from tests.settings.make_resolved import stand_in

PAGE = (Path(__file__).parents[1] / "docs/guides/lab_commands.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (00\d) \| ([^|]+) \| `jaxgan train ([^`]+)` \| ([\d,]+) \|$", PAGE, re.MULTILINE)
FLAGS = [flags for _, _, flags, _ in ROWS]

ADAM, SLOW_ADAM = ("adam", 2e-4, 0.5, 0.999), ("adam", 2e-4, 0.0, 0.9)  # optimizer, learning rate, beta1, beta2
RMSPROP = ("rmsprop", 2e-4, None, None)
SAME = {"generator_latent": "same"}
PLANE = {"generator": "mlp", "points": 10_000}
LAB002 = {"batch_size": 128, "n_critic": 1, "generator": "fc", "critic": "fc"}
LAB003 = {"batch_size": 500, "n_critic": 1, "latent_dim": 5, "hidden_dim": 256, **PLANE}
LAB004 = {"batch_size": 128, "n_critic": 5, "order": "generator_second", "gradient_penalty_weight": 10.0}
MIXTURE = {"latent_dim": 2, "hidden_dim": 128, **PLANE}

# (lab, section) -> the optimizer of both networks, and other options as the lab's text has them
SETTINGS = {
    ("000", "GAN"): (ADAM, {"batch_size": 128, "n_critic": 1, "generator": "fc", "critic": "fc", "latent_dim": 100}),
    ("000", "DCGAN"): (ADAM, {"batch_size": 128, "n_critic": 1, "generator": "dcgan", "critic": "dcgan", "latent_dim": 100}),
    ("000", "WGAN"): (("rmsprop", 5e-5, None, None),
        {"batch_size": 128, "n_critic": 5, "clip": 0.01, "critic_data": "same", "generator": "lab_conv", "latent_dim": 100}),
    ("001", "WGAN-GP"): (("adam", 1e-4, 0.0, 0.9), {"gradient_penalty_weight": 10.0, "n_critic": 5}),
    ("002", "3.2, both fully connected"): (ADAM, {**LAB002, "latent_dim": 100, "dropout": 0.3}),
    ("002", "3.2, a convolutional generator"): (ADAM, {**LAB002, "generator": "conv"}),
    ("002", "3.2, both convolutional"): (ADAM, {**LAB002, "generator": "conv", "critic": "conv", "critic_norm": "batch"}),
    ("002", "4.2, LSGAN"): (ADAM, LAB002),
    ("002", "4.4, WGAN"): (ADAM, {**LAB002, "clip": 0.01}),
    ("002", "4.5, WGAN-GP"): (ADAM, {**LAB002, "gradient_penalty_weight": 10.0}),
    ("003", "GAN"): (RMSPROP, {**LAB003, **SAME, "critic_loss_scale": 0.5}),
    ("003", "WGAN"): (RMSPROP, {**LAB003, "generator_latent": "fresh", "clip": 0.1}),
    ("003", "WGAN-GP"): (RMSPROP, {**LAB003, "generator_latent": "fresh", "gradient_penalty_weight": 0.001}),
    ("004", "7, conditional WGAN-GP"): (SLOW_ADAM, {**LAB004, **SAME, "fake_labels": "random", "conditional": True}),
    ("004", "8, WGAN-GP without labels"): (SLOW_ADAM, {**LAB004, **SAME, "conditional": False}),
    ("004", "the plain GAN on pictures"): (ADAM, {"batch_size": 128, "n_critic": 1, **SAME}),
    ("004", "11.1, GAN"): (ADAM, {"batch_size": 128, "n_critic": 1, **SAME, **MIXTURE}),
    ("004", "11.1, WGAN-GP"): (SLOW_ADAM, {**LAB004, **MIXTURE, "generator_latent": "fresh"}),
    ("004", "11.1, conditional WGAN-GP"): (SLOW_ADAM, {**LAB004, **MIXTURE, "fake_labels": "real", "conditional": True}),
}  # fmt: skip
PICTURES = {
    ("000", "mnist"): 30,
    ("002", "fashion_mnist"): 5,
    ("003", "gaussian"): 4,
    ("004", "mnist"): 5,
}  # beside that of step 0


def config_of(flags: str) -> Config:
    return read_command(shlex.split(flags), prog="jaxgan train", description="")


def test_each_command_of_the_table_resolves_to_what_the_lab_sets():
    assert {row[:2] for row in ROWS} == SETTINGS.keys()
    for lab, section, flags, steps in ROWS:
        config = resolve(given := config_of(flags), stand_in(given.dataset)).config
        optimizer, others = SETTINGS[lab, section]
        assert config.recipe == f"lab{lab}"
        for player in ("", "critic_"):
            rates = getattr(config, f"{player}optimizer"), getattr(config, f"{player}learning_rate"), config.beta1, config.beta2
            assert rates == optimizer, flags
        assert {name: getattr(config, name) for name in others} == others, flags
        assert config.steps == int(steps.replace(",", "")), flags
        if pictures := PICTURES.get((lab, config.dataset)):
            assert config.steps / config.sample_every == pictures, flags
        assert config.batch_statistics == (lab in ("000", "002") or (lab == "004" and config.dataset == "mnist")), flags


@pytest.mark.parametrize("variant", ["gan", "wgan", "wgan_gp"])
@pytest.mark.parametrize("dataset", ["gaussian", "swiss_roll", "mixture8"])
def test_lab003_takes_a_fixed_sample_of_each_of_its_distributions(variant, dataset):
    resolved = resolve(Config(recipe="lab003", variant=variant, dataset=dataset))
    assert (resolved.dataset.size, resolved.config.steps) == (10_000, 4_000)


def test_a_saved_run_from_before_a_recipe_set_an_option_goes_on_without_it():
    resolved = resolve(Config(recipe="lab003", variant="gan", dataset="gaussian", steps=5, n_critic=1), saved=True)
    assert resolved.dataset.size is None
    assert resolved.config.generator_latent == "fresh"


def write_mnist(folder: Path) -> None:
    """Eight black pictures as IDX archives."""
    folder.mkdir()
    header = {"images-idx3-ubyte": np.array([8, 28, 28], ">u4"), "labels-idx1-ubyte": np.array([8], ">u4")}
    for name, sizes in header.items():
        content = bytes([0, 0, 8, len(sizes)]) + sizes.tobytes() + bytes(int(np.prod(sizes)))
        (folder / f"train-{name}.gz").write_bytes(gzip.compress(content))


QUICK = "--recipe lab003 --variant gan --dataset gaussian"


@pytest.mark.parametrize("flags", [pytest.param(flags, marks=() if flags == QUICK else pytest.mark.slow) for flags in FLAGS])
def test_each_command_of_the_table_trains(flags, tmp_path):
    for name in ("mnist", "fashion_mnist"):
        write_mnist(tmp_path / name)
    short = ["--steps", "2", "--batch-size", "4", "--data-dir", str(tmp_path), "--out", str(tmp_path / "run")]
    assert train.main([*shlex.split(flags), *short]) == 0
    assert (tmp_path / "run" / "checkpoints" / "2").is_dir()
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    plane = "--dataset gaussian" in flags or "--dataset mixture8" in flags
    drawn = sorted(path.name for path in (tmp_path / "run").glob("critic/*"))
    assert drawn == (["step_00000000.png", "step_00000001.png", "step_00000002.png"] if "lab003" in flags else drawn)
    assert bool(drawn) == ('alt="The critic at step 2"' in page) == plane
    surface = [str(tmp_path / "run"), "--n", "20", "--critic-surface", str(tmp_path / "surface.png")]
    assert sample.main(surface) == (0 if plane else 2)
    assert (tmp_path / "surface.png").is_file() == plane
    assert not (tmp_path / "run" / "sample.png").exists()
    assert sample.main([*surface[:-1], "surface.jpg"]) == 2
