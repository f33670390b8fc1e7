"""`fit` with a GAN and data of one's own: a whole run folder, exact resume, and what is refused."""

import dataclasses
import json

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxgan
from jaxgan import objectives
from jaxgan.errors import UserError
from jaxgan.settings import read_config_file
from tests.tiny import plain

RNG = np.random.default_rng(0)
VECTORS = RNG.normal(size=(40, 5)).astype(np.float32)
PICTURES = RNG.integers(0, 256, (120, 8, 8, 1), dtype=np.uint8)
CLASSES = np.arange(120) % 3


class Generator(nn.Module):
    features: int = 5

    @nn.compact
    def __call__(self, z):
        return nn.Dense(self.features)(nn.relu(nn.Dense(6)(z)))


class PictureGenerator(nn.Module):
    @nn.compact
    def __call__(self, z, labels, train: bool = False):
        x = nn.Dense(64)(jnp.concatenate([z, jax.nn.one_hot(labels, 3)], axis=-1))
        return nn.tanh(nn.BatchNorm(use_running_average=not train)(x)).reshape(-1, 8, 8, 1)


class Critic(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dense(1)(nn.tanh(nn.Dense(6)(x.reshape(len(x), -1))))


def own_gan(generator=None, **numbers):
    return jaxgan.Gan(
        generator or Generator(), Critic(), objectives.wgan_gp(), optax.lion(1e-3), optax.adamw(1e-3), latent_dim=2, **numbers
    )


def gap(real, fake):
    return abs(np.mean(real) - np.mean(fake))


def test_a_run_of_ones_own_is_a_whole_run_and_goes_on_bit_for_bit(tmp_path, capsys):
    gan = own_gan(ema=0.5)
    options = dict(steps=6, batch_size=8, replicas=2, log_every=2, sample_every=3, checkpoint_every=2, progress=False)
    whole = jaxgan.fit(gan, VECTORS, out=tmp_path / "whole", metrics={"gap": gap}, metrics_samples=100, **options)
    jaxgan.fit(gan, VECTORS, out=tmp_path / "parts", metrics={"gap": gap}, metrics_samples=100, **{**options, "steps": 4})
    again = jaxgan.fit(
        own_gan(ema=0.5), VECTORS, out=tmp_path / "parts", steps=6, metrics={"gap": gap}, resume=True, progress=False
    )
    chex.assert_trees_all_equal(plain(whole.state), plain(again.state))
    names = {path.name for path in (tmp_path / "whole").iterdir()}
    assert {
        "config.json",
        "environment.json",
        "metrics.jsonl",
        "tensorboard",
        "checkpoints",
        "report.html",
        "curves.png",
    } <= names
    assert {line["replica"] for line in whole.metrics} == {0, 1}
    assert all(np.isfinite(line["gap_100"]) for line in whole.metrics if line["step"] in (0, 6))
    saved = json.loads((tmp_path / "whole" / "config.json").read_text())
    assert saved["python"]["generator"]["import"] == f"{__name__}:Generator"
    assert "features = 5" in saved["python"]["generator"]["repr"]
    assert " at 0x" not in json.dumps(saved)
    assert read_config_file(tmp_path / "whole" / "config.json").latent_dim == 2

    loaded = jaxgan.load(tmp_path / "whole", gan=gan, replica=1)
    np.testing.assert_array_equal(loaded.sample(3)[0], whole.replica(1).sample(3)[0])
    values = jaxgan.evaluate(whole, VECTORS, n=100, metrics={"gap": gap})
    assert (
        len(values["replicas"]) == 2 and {"gap_100", "sliced_wasserstein1_100", "recall_samples_100"} <= values["mean"].keys()
    )

    from jaxgan.report.__main__ import main as report
    from jaxgan.sample import main as sample

    assert report([str(tmp_path / "whole")]) == 0
    assert sample([str(tmp_path / "whole")]) == 2
    assert f"{__name__}:Generator" in capsys.readouterr().err
    with pytest.raises(UserError, match=f"generator is {__name__}:PictureGenerator, and the run"):
        jaxgan.fit(own_gan(PictureGenerator()), VECTORS, out=tmp_path / "whole", steps=8, resume=True, progress=False)
    wider = dataclasses.replace(gan, latent_dim=3)
    with pytest.raises(UserError, match="latent-dim"):
        jaxgan.fit(wider, VECTORS, out=tmp_path / "whole", steps=8, resume=True, progress=False)


def test_pictures_with_labels_are_drawn_and_sampled_by_class(tmp_path):
    gan = own_gan(PictureGenerator(), n_classes=3)
    run = jaxgan.fit(gan, (PICTURES, CLASSES), steps=2, batch_size=6, out=tmp_path / "run", progress=False)
    assert {path.name for path in (tmp_path / "run" / "samples").iterdir()} >= {"step_00000000.png", "step_00000002.png"}
    samples, labels = run.sample(6)
    assert samples.shape == (6, 8, 8, 1) and labels.tolist() == [0, 0, 1, 1, 2, 2]
    assert run.sample(4, label=2)[1].tolist() == [2] * 4


def test_data_drawn_afresh_by_a_function_train(tmp_path):
    def draw(key, n):
        return jax.random.normal(key, (n, 5)) + 1.0

    run = jaxgan.fit(own_gan(), draw, steps=2, batch_size=8, out=tmp_path / "run", progress=False)
    assert np.isfinite(run.metrics[-1]["critic_loss"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"learning_rate": 0.1}, "belongs to the Gan"),
        ({"step": 3}, "did you mean 'steps'"),
        ({"steps": 0}, "at least 1"),
        ({"dataset": None}, "which data"),
        ({"dataset": VECTORS[:, :4]}, r"shape \(5,\); the real ones have \(4,\)"),
        ({"dataset": np.full((8, 5), np.nan)}, "finite"),
    ],
)
@pytest.mark.usefixtures("no_annotation_checks")
def test_what_cannot_be_is_refused_before_anything_is_written(tmp_path, monkeypatch, options, words):
    monkeypatch.chdir(tmp_path)
    options = {"steps": 2, "batch_size": 8, "dataset": VECTORS, **options}
    with pytest.raises(UserError, match=words):
        jaxgan.fit(own_gan(), options.pop("dataset"), progress=False, **options)
    assert not any(tmp_path.iterdir())


def test_a_conditional_gan_wants_labels(tmp_path):
    with pytest.raises(UserError, match="no labels"):
        jaxgan.fit(own_gan(PictureGenerator(), n_classes=3), PICTURES, steps=2, out=tmp_path / "run", progress=False)
