"""Every option is declared once and whole; values that cannot be are refused in one line."""

import dataclasses
import inspect
import json
import subprocess
import sys
from pathlib import Path, PurePosixPath

import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.checks import Range
from jaxgan.errors import UserError
from jaxgan.objectives import VARIANTS
from jaxgan.settings import resolve, to_json
from jaxgan.settings.options import (
    GROUPS,
    OPTIONS,
    Config,
    Option,
    changes_allowed,
    check,
    check_value,
    choices,
    flag,
    names,
    settled_by,
    variant_numbers,
)


@pytest.mark.parametrize("option", OPTIONS.values(), ids=list(OPTIONS))
def test_an_option_is_declared_whole(option: Option):
    assert option.help.endswith((".", "..."))
    assert option.group in GROUPS
    assert option.type is not None
    assert set(option.settled_by) <= set(OPTIONS)
    assert not option.needs or option.needs in OPTIONS
    assert set(option.optimizers) <= set(choices("optimizer"))
    check_value(option.name, option.default)
    if option.otherwise is not None:
        assert option.default is None, "else nothing is left open"
        check_value(option.name, option.otherwise)
    if option.shares_program or option.traced:
        assert option.may_differ
    if not option.saved:
        assert not option.in_grid
        assert not option.of_setting


def test_options_are_the_fields_of_the_configuration_in_their_order():
    assert list(OPTIONS) == [field.name for field in dataclasses.fields(Config)]
    assert {name: option.default for name, option in OPTIONS.items()} == dataclasses.asdict(Config())


def test_ten_options_are_used_most():
    places = sorted(option.most_used for option in OPTIONS.values() if option.most_used)
    assert places == list(range(1, 11))


def test_a_configuration_is_frozen_and_takes_keywords_alone():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().seed = 1
    with pytest.raises(TypeError):
        Config("digits")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (dict(out="runs/a", data_dir=PurePosixPath("b")), dict(out=Path("runs/a"), data_dir=Path("b"))),
        (dict(steps=4.0, batch_size=np.int64(8), seed=jnp.int32(3)), dict(steps=4, batch_size=8, seed=3)),
        (dict(steps=np.float32(6), n_critic=np.array(2)), dict(steps=6, n_critic=2)),
        (dict(learning_rate=np.float64(0.1), clip=np.array(0.5), epochs=3), dict(learning_rate=0.1, clip=0.5, epochs=3)),
        (dict(conditional=np.True_, spectral_norm=np.bool_(False)), dict(conditional=True, spectral_norm=False)),
        (dict(variant=np.str_("gan"), optimizer=np.str_("sgd")), dict(variant="gan", optimizer="sgd")),
        (dict(by_replica={"seed": np.array([1, 2]), "ema": (0.5, np.float64(0.9))}), dict(by_replica={"seed": [1, 2], "ema": [0.5, 0.9]})),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("no_annotation_checks")
def test_what_is_plainly_meant_is_taken(given, kept):
    config = Config(**given)
    for name, value in kept.items():
        assert getattr(config, name) == value
        assert type(getattr(config, name)) is type(value)
    json.dumps(to_json(config))


def test_options_are_imported_without_jax():
    code = "import sys, jaxgan.settings; assert 'jax' not in sys.modules and 'tyro' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("range", "words", "inside", "outside"),
    [
        (Range(at_least=1), "at least 1", (1, 2.5), (0, -1)),
        (Range(above=0), "more than 0", (1e-9,), (0, -1)),
        (Range(at_least=0, below=1), "at least 0 and less than 1", (0, 0.999), (1, -0.1)),
        (Range(at_least=0, at_most=2), "from 0 to 2", (0, 2), (3, -1)),
    ],
)
def test_a_range_says_in_words_what_it_allows(range, words, inside, outside):
    assert str(range) == words
    assert all(range.allows(value) for value in inside)
    assert not any(range.allows(value) for value in (*outside, float("nan"), float("inf")))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("steps", 0, "--steps 0: must be at least 1"),
        ("learning_rate", -1.0, "--learning-rate -1.0: must be more than 0"),
        ("learning_rate", "x", "--learning-rate 'x': must be a number"),
        ("learning_rate", True, "--learning-rate True: must be a number"),
        ("learning_rate", float("inf"), "--learning-rate inf: must be more than 0"),
        ("beta1", 1, "--beta1 1: must be at least 0 and less than 1"),
        ("seed", -1, "--seed -1: must be from 0 to 2147483647"),
        ("seed", None, "--seed None: must be a number"),
        ("steps", 2.5, "--steps 2.5: must be a whole number"),
        ("points", -(10**400), "--points -1000"),
        ("metrics_samples", 99, "--metrics-samples 99: must be at least 100"),
        ("conditional", "yes", "--conditional 'yes': must be True or False"),
        ("dataset", np.zeros((100, 2)), "--dataset array([["),
        ("out", 3, "--out 3: must be a path"),
        ("by_replica", [1], "--by-replica [1]: must be a dictionary"),
        ("dataset", Path("x"), "--dataset PosixPath('x'): must be a name, as 'folder:PATH' for pictures"),
        ("variant", len, "--variant <built-in function len>: must be a name, your own as 'package.module:attribute'"),
        ("steps", 3_000_000_000, "--steps 3000000000: must be at most 2147483646"),
        ("steps", 1e20, "--steps 100000000000000000000: must be at most 2147483646"),
        ("steps", float("nan"), "--steps nan: must be a whole number"),
        ("learning_rate", 1e39, "--learning-rate 1e+39: must be more than 0, and is inf in float32"),
        ("ema", 1 - 1e-12, "--ema 0.999999999999: must be at least 0 and less than 1, and is 1.0 in float32"),
        ("by_replica", {"seed": "12"}, "--by-replica seed '12': must be a list of numbers, one a replica"),
        ("python", {"game": 3}, "--python game 3: must be a dictionary of texts"),
        ("optimizer", "adamw", "--optimizer 'adamw' is not known: did you mean 'adam'?"),
        ("optimizer", np.zeros(2), "--optimizer '[0. 0.]' is not known"),
        ("stream", None, "--stream 'None' is not known: allowed are always, auto, never"),
    ],
)
@pytest.mark.usefixtures("no_annotation_checks")
def test_a_value_that_cannot_be_is_refused_in_one_line(name, value, words):
    with pytest.raises(UserError) as refused:
        Config(**{name: value})
    assert str(refused.value).startswith(words)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (dict(best="fid_lab_1k"), "--best fid_lab_1k: nothing is measured; say how often by --metrics-every"),
        (dict(steps=5, epochs=2.0), "--steps and --epochs both say how long to train: give one"),
        (dict(process_id=0), "--process-id has no meaning without --distributed"),
        (dict(by_replica={"n_critic": [1]}), "by_replica: n_critic cannot differ within one program"),
        (
            dict(seed=2**31 - 1, replicas=2),
            "--seed 2147483647: the last of 2 replicas would have seed 2147483648; it must be from 0 to 2147483647",
        ),
        (
            dict(steps=2**30, n_critic=2),
            "--steps 1073741824 times --n-critic 2: at most 2147483646 critic steps can be counted",
        ),
        (dict(by_replica={"seed": [1, 2]}, replicas=3), "by_replica: 2 values of seed for 3 replicas"),
        (dict(by_replica={"ema": [0.5, 1.5]}, replicas=2), "--ema 1.5: must be at least 0 and less than 1"),
    ],
)
def test_options_that_contradict_each_other_are_refused(settings, words):
    with pytest.raises(UserError) as refused:
        check(Config(**settings))
    assert str(refused.value) == words


def test_what_can_be_passes():
    check(Config())
    check(
        Config(
            steps=1, learning_rate=1.0, ema=0.0, spectral_norm=True, optimizer="sgd", best="x", metrics_every=1, seed=2**31 - 1
        )
    )
    check(
        Config(
            by_replica={"learning_rate": [1.0], "seed": [4]},
            distributed=True,
            coordinator="host:1",
            process_count=2,
            process_id=0,
        )
    )


def test_questions_about_options():
    assert flag("learning_rate") == "--learning-rate"
    assert flag("list_variants") == "--list"
    assert choices("critic_norm") == ("batch", "layer", "none")
    assert choices("learning_rate") == ()
    assert settled_by("learning_rate") == ("critic_learning_rate",)
    assert settled_by("seed") == ()
    assert "steps" in changes_allowed()
    assert "seed" not in changes_allowed()
    assert "clip" in variant_numbers()
    assert names(may_differ=True, traced=False) == ("seed",)
    assert names(lambda option: "rmsprop" in option.optimizers) == ("rmsprop_decay",)
    with pytest.raises(AttributeError):
        names(no_such_fact=True)


def test_a_number_of_a_variant_is_settled_by_variant_and_recipe_and_may_differ_by_replica():
    for name in variant_numbers():
        option = OPTIONS[name]
        assert {name} <= set(settled_by("variant")) & set(settled_by("recipe"))
        assert option.traced
        assert option.shares_program
        assert option.range
        assert option.group == "training"


def test_a_variants_function_takes_the_numbers_that_its_options_take():
    for variant in VARIANTS.values():
        ranges = getattr(variant.build, "ranges", {})
        assert ranges.keys() == set(inspect.signature(variant.build).parameters), variant.reference
        for name, allowed in ranges.items():
            assert allowed == OPTIONS[name].range, name


@pytest.mark.usefixtures("no_annotation_checks")
@pytest.mark.parametrize(
    ("given", "kept"),
    [(7, 7), (7.0, 7), ("7", 7), ("1epoch", "1epoch"), ("10 epochs", "10epochs"), (".5epochs", ".5epochs"), ("25%", "25%")],
)
def test_an_interval_is_kept_as_steps_epochs_or_a_share(given, kept):
    assert Config(sample_every=given).sample_every == kept


def test_how_often_a_thing_happens_is_said_by_these_alone():
    assert names(is_interval=True) == ("log_every", "sample_every", "checkpoint_every", "metrics_every")


@pytest.mark.usefixtures("no_annotation_checks")
@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("image_size", 64, 64),
        ("image_size", "64", 64),
        ("image_size", (64, 64), 64),
        ("image_size", np.int64(64), 64),
        ("image_size", "48x80", "48x80"),
        ("image_size", [np.int32(48), 80], "48x80"),
        ("channels", 4, "4"),
        ("channels", "auto", "auto"),
        ("background", "#ff8000", "#ff8000"),
        ("pixel_range", (-1000, 400.5), "-1000,400.5"),
        ("pixel_range", "0, 4095", "0,4095"),
    ],
)
def test_what_is_said_of_pictures_is_kept_as_json_has_it(name, given, kept):
    config = Config(**{name: given})
    assert getattr(config, name) == kept and type(getattr(config, name)) is type(kept)
    again = Config(**json.loads(json.dumps(to_json(config))))
    assert again == config


@pytest.mark.usefixtures("no_annotation_checks")
@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("image_size", "48y80", "--image-size '48y80': must be a number of pixels, as 64, or height x width, as 48x80"),
        ("image_size", (48, 80, 3), "--image-size (48, 80, 3): must be a number of pixels"),
        ("image_size", (48, 0), "--image-size (48, 0): must be a number of pixels"),
        ("image_size", 0, "--image-size 0: must be at least 1"),
        ("image_size", 2.5, "--image-size 2.5: must be a whole number"),
        ("channels", 2, "--channels '2' is not known: allowed are 1, 3, 4, auto"),
        ("resize", "croop", "--resize 'croop' is not known: did you mean 'crop'?"),
        ("background", "blacc", "--background 'blacc': must be a colour's name or #rrggbb"),
        ("background", 3, "--background 3: must be a name"),
        ("pixel_range", "1", "--range '1': must be two different numbers"),
        ("pixel_range", (0, float("nan")), "--range (0, nan): must be two different numbers"),
        ("pixel_range", {0: 1}, "--range {0: 1}: must be two different numbers"),
        ("skip_unreadable", "yes", "--skip-unreadable 'yes': must be True or False"),
    ],
)
def test_what_cannot_be_said_of_pictures_is_refused_in_one_line(name, given, words):
    with pytest.raises(UserError) as refused:
        Config(**{name: given})
    assert str(refused.value).startswith(words) and "\n" not in str(refused.value)


@pytest.mark.usefixtures("no_annotation_checks")
@pytest.mark.parametrize(
    "given", ["", "epoch", "0epochs", "0%", "-1", "1.5", "3minutes", "1epoch 2", "%", "nan%", 0, 1.5, True]
)
def test_what_is_no_interval_is_refused_in_one_line(given):
    with pytest.raises(UserError, match=r"^--log-every .*must be") as refused:
        Config(log_every=given)
    assert "\n" not in str(refused.value)


def test_intervals_become_generator_steps_rounded_up():
    config = Config(
        dataset="mixture8", recipe="lab004", steps=1002, log_every="1epoch", sample_every="25%", metrics_every="2.5epochs"
    )
    settled = resolve(config).config
    assert (settled.log_every, settled.sample_every, settled.metrics_every, settled.checkpoint_every) == (16, 251, 40, 200)
    alike = resolve(Config(dataset="ring8", steps=7, checkpoint_every="1%")).config
    assert alike.checkpoint_every == 1
    with pytest.raises(UserError, match=r"^--log-every 1epoch: samples are drawn afresh"):
        resolve(Config(dataset="ring8", log_every="1epoch"))


@pytest.mark.parametrize(("dataset", "more", "by_itself"), [("ring8", {}, 2), ("digits", {"critic": "conv_autoencoder"}, 64)])
def test_the_width_of_an_autoencoders_code_is_an_option(dataset, more, by_itself):
    def critic(**fields):
        return resolve(Config(variant="began", dataset=dataset, **more, **fields)).gan.critic

    assert critic(code_dim=3).code_dim == 3
    assert critic().code_dim == by_itself, "runs from before there was this option load with it left open"
    with pytest.raises(UserError, match=r"^--code-dim has no meaning for generator 'mlp' and critic 'mlp'$"):
        resolve(Config(variant="gan", dataset="ring8", code_dim=3))
