"""What a run on pictures of one's own does where nothing is said."""

import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

from jaxgan.errors import UserError
from jaxgan.settings import Config, resolve, to_json
from jaxgan.settings.own_pictures import steps_for
from jaxgan.settings.resolution import load_data


@pytest.fixture
def folder(tmp_path):
    """Three colour pictures of 90x60, height x width."""
    rng = np.random.default_rng(0)
    for number in range(3):
        Image.fromarray(rng.integers(0, 256, (90, 60, 3), dtype=np.uint8)).save(tmp_path / f"{number}.png")
    return tmp_path


@pytest.mark.parametrize("named", ["folder:{}", "{}"])
def test_on_a_processor_pictures_are_brought_down_in_their_shape_and_said_to_be(folder, named):
    resolved = resolve(Config(variant="gan", dataset=named.format(folder)))
    assert resolved.dataset.sample_shape == (32, 21, 3)
    assert "pictures of 90x60 become 32x21, at most 32 a side for this device's sake" in resolved.dataset.notes[0]
    config = resolved.config
    assert (config.recipe, config.image_size, config.network, config.hidden_dim) == ("own_pictures", "32x21", "dcgan", 32)
    assert config.upsampling == "nearest"
    assert config.steps / config.sample_every == 75  # something to see long before the end


@pytest.mark.parametrize(
    ("pictures", "steps"), [(3, 3750), (300, 4650), (700, 10_875), (720, 11_250), (10**6, 11_250), (None, 11_250)]
)
def test_fewer_pictures_are_trained_on_for_fewer_steps(pictures, steps):
    """A thousand passes of the critic over them, as a multiple of 75 steps, from 3,750 to 11,250 of batches of 64."""
    assert steps_for(pictures, 1, 64) == steps
    assert steps_for(2 * pictures if pictures else None, 2, 64) == steps


def test_as_many_pictures_are_seen_in_batches_of_any_size(folder):
    assert steps_for(None, 1, 16) == 4 * 11_250
    assert steps_for(None, 1, 10**6) == 75
    steps = {
        size: resolve(Config(variant="r3gan", dataset=f"folder:{folder}", batch_size=size)).config.steps
        for size in (None, 16, 64)
    }
    assert steps == {None: 15_000, 16: 15_000, 64: 3750}


def test_what_was_settled_stays_on_a_machine_with_another_device(folder, monkeypatch):
    saved = resolve(Config(variant="gan", dataset=f"folder:{folder}")).config
    monkeypatch.setattr("jaxgan.settings.resolution.platform", lambda: "gpu")
    assert load_data(saved).sample_shape == (32, 21, 3)
    again = resolve(dataclasses.replace(saved, seed=1)).config
    assert json.dumps(to_json(again)) == json.dumps(to_json(dataclasses.replace(saved, seed=1)))


def test_an_accelerator_is_given_more(folder, monkeypatch):
    monkeypatch.setattr("jaxgan.settings.resolution.platform", lambda: "gpu")
    resolved = resolve(Config(variant="gan", dataset=f"folder:{folder}"))
    assert resolved.dataset.sample_shape == (90, 60, 3)
    assert resolved.config.hidden_dim == 32  # half as wide as at 32 pixels
    assert resolve(Config(variant="gan", dataset=f"folder:{folder}", image_size=32)).config.hidden_dim == 64


def test_a_size_or_a_recipe_that_is_asked_for_is_taken(folder):
    asked = resolve(Config(variant="wgan_gp", dataset=f"folder:{folder}", image_size="48x40", steps=7))
    assert asked.dataset.sample_shape == (48, 40, 3)
    assert (asked.config.n_critic, asked.config.steps) == (2, 7)
    paper = resolve(Config(variant="wgan_gp", dataset=f"folder:{folder}", recipe="paper", network="fc"))
    assert paper.dataset.sample_shape == (90, 60, 3)
    assert paper.config.n_critic == 5


def test_few_pictures_are_said_to_be_few(folder):
    for variant, flag in (("gan", "--ada"), ("wgan_gp", "--augment colour,translation,cutout")):
        notes = resolve(Config(variant=variant, dataset=f"folder:{folder}")).dataset.notes
        assert notes[-1] == f"3 pictures are few: {flag} keeps a critic from knowing them by heart"
    assert "few" not in resolve(Config(variant="gan", dataset=f"folder:{folder}", ada=True)).dataset.notes[-1]


def test_variants_that_dcgan_does_not_serve_have_what_they_need(folder):
    """CT-GAN compares passes with dropout; a Sinkhorn divergence has no critic, and its paper's settings."""
    assert resolve(Config(variant="ct_gan", dataset=f"folder:{folder}")).config.network == "fc"
    assert resolve(Config(variant="sinkhorn", dataset=f"folder:{folder}")).config.recipe == "paper"


def test_points_have_no_recipe_for_pictures():
    with pytest.raises(UserError, match="own_pictures is for pictures and a critic: ring8 holds points"):
        resolve(Config(dataset="ring8", recipe="own_pictures"))


def test_of_r3gan_the_settings_that_were_measured_are_taken_and_can_be_changed(folder):
    """experiments/results/colour_pictures.md: they are what its first row is trained by."""
    config = resolve(Config(variant="r3gan", dataset=f"folder:{folder}")).config
    assert (config.learning_rate, config.critic_learning_rate, config.beta1, config.beta2) == (3e-4, 3e-4, 0.0, 0.99)
    assert (config.schedule, config.schedule_end, config.optimizer) == ("cosine", 0.1, "adam")
    assert (config.steps, config.warmup_steps, config.sample_every) == (15_000, 500, 200)
    own = resolve(Config(variant="r3gan", dataset=f"folder:{folder}", learning_rate=1e-4, schedule="constant", steps=60)).config
    assert (own.learning_rate, own.schedule, own.schedule_end) == (1e-4, "constant", None)
    assert own.warmup_steps == 2
    other = resolve(Config(variant="gan", dataset=f"folder:{folder}")).config
    assert (other.schedule, other.batch_size, other.ema, other.warmup_steps) == ("constant", 64, 0.995, 0)


def test_of_r3gan_a_processor_takes_smaller_batches(folder, monkeypatch):
    """It makes more of them in as much time (of accelerators that was not measured); another batch has the other rates."""
    asked = Config(variant="r3gan", dataset=f"folder:{folder}")
    large = (64, 0.995, 4e-4, 0)

    def settled(config):
        config = resolve(config).config
        return config.batch_size, config.ema, config.learning_rate, config.warmup_steps

    assert settled(asked) == settled(dataclasses.replace(asked, batch_size=16)) == (16, 0.997, 3e-4, 500)
    assert settled(dataclasses.replace(asked, batch_size=64)) == large
    monkeypatch.setattr("jaxgan.settings.resolution.platform", lambda: "gpu")
    assert settled(asked) == large


@pytest.mark.parametrize(
    ("length", "steps", "warmup", "ema", "sample_every"),
    [
        ({"steps": 45_000}, 45_000, 1500, 0.999, 600),  # experiments/results/colour_pictures.md
        ({"steps": 300}, 300, 10, 0.8333, 4),
        ({"epochs": 300}, 300, 10, 0.8333, 4),  # three pictures are one batch
        ({"epochs": 300, "n_critic": 2}, 150, 5, 0.6667, 2),
        ({"steps": 1}, 1, 0, 0.0, 1),
    ],
)
def test_what_is_a_share_of_the_run_goes_by_its_length(folder, length, steps, warmup, ema, sample_every):
    config = resolve(Config(variant="r3gan", dataset=f"folder:{folder}", **length)).config
    assert (config.steps, config.warmup_steps, config.ema, config.sample_every) == (steps, warmup, ema, sample_every)


def test_a_warm_up_as_long_as_the_run_is_said():
    def rising(steps):
        return [
            note for note in resolve(Config(dataset="ring8", warmup_steps=9, steps=steps)).dataset.notes if "warmup" in note
        ]

    assert rising(10) == []
    assert rising(9) == ["--warmup-steps 9: the learning rates rise in all of the 9 steps, and are never full"]
