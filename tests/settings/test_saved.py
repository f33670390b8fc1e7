"""What a run folder keeps of the options: written and read again, trained again with changes, gone on with."""

import dataclasses
import json
from pathlib import Path

import pytest

from jaxgan.errors import UserError
from jaxgan.settings.command_line import read_command
from jaxgan.settings.options import Config, names
from jaxgan.settings.saved import changed_fields, read_config_file, rerun, resume_with, resumed, to_json

# As a run settles them; only the fields that matter here
SETTLED = Config(network="fc", generator="fc", critic="fc", hidden_dim=256, dropout=0.3, recipe="paper", n_critic=5, batch_size=64,
                 optimizer="adam", critic_optimizer="adam", learning_rate=1e-4, critic_learning_rate=1e-4, beta1=0.0, steps=500,
                 log_every=5, sample_every=50, checkpoint_every=100, keep_checkpoints=3, gradient_penalty_weight=10.0)  # fmt: skip


def write(folder: Path, config: Config) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(to_json(config)))
    return folder / "config.json"


def read(*argv: str) -> Config:
    return read_command(argv, prog="jaxgan train", description="Train.")


def test_what_is_written_is_read_again(tmp_path):
    for config in (
        Config(),
        dataclasses.replace(SETTLED, out=Path("a/b"), data_dir=Path("c"), replicas=2, by_replica={"seed": [3, 4]}),
        Config(python={"generator": {"path": "mine:Net", "repr": "Net()"}}),
    ):
        assert read_config_file(write(tmp_path, config)) == config


def test_how_a_run_was_started_is_not_saved():
    values = to_json(Config(resume=True, config=Path("x"), distributed=True, out=Path("y")))
    assert not set(values) & {"resume", "config", "list_variants", "distributed", "coordinator", "process_count", "process_id"}
    assert values["out"] == "y"
    later = {
        "python",
        "label_file",
        "label_kind",
        "features",
        "directory",
        "working_size",
        "code_dim",
        "instance_noise",
        "upsampling",
        "class_balance",
    }
    assert not set(values) & later, "a run without them is written as before"
    assert set(values) == set(names(saved=True)) - later
    assert to_json(Config(label_file=Path("y.csv"), label_kind="continuous"))["label_file"] == "y.csv"


def test_fewer_fields_than_there_are_take_their_defaults(tmp_path):
    (tmp_path / "config.json").write_text('{"variant": "gan", "steps": 4}')
    assert read_config_file(tmp_path / "config.json") == Config(variant="gan", steps=4)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no configuration at {path}: No such file or directory; expected a run's config.json"),
        ("{", "{path} is not JSON: "),
        ("[1]", "{path} holds no JSON object, as a run's config.json does"),
        ('{"learning_rat": 1}', "the field in {path} 'learning_rat' is not known: did you mean 'learning_rate'?"),
        ('{"format": 99}', "{path} is of format 99, and this jaxgan reads up to"),
        ('{"format": true}', "{path}: format True: expected a whole number, at least 0"),
        ('{"format": "1"}', "{path}: format '1': expected a whole number, at least 0"),
        ('{"resume": true}', "the field in {path} 'resume' is not known"),
    ],
)
def test_a_file_that_is_no_configuration_is_refused_in_one_line(content, words, tmp_path):
    path = tmp_path / "config.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UserError) as refused:
        read_config_file(path)
    assert str(refused.value).startswith(words.format(path=path))
    assert "\n" not in str(refused.value)


def test_changed_fields_are_those_not_at_their_default():
    assert changed_fields(Config()) == {}
    assert changed_fields(Config(steps=3, conditional=True, seed=0)) == {"steps": 3, "conditional": True}


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--network", "conv"], dict(network="conv", generator=None, critic=None, hidden_dim=None, dropout=None, n_critic=5)),
        (["--critic", "conv"], dict(critic="conv", network=None, generator="fc", dropout=None, hidden_dim=256)),
        (["--optimizer", "sgd"], dict(optimizer="sgd", critic_optimizer=None, beta1=None, learning_rate=1e-4)),
        (["--learning-rate", "1e-3"], dict(learning_rate=1e-3, critic_learning_rate=None)),
        (["--learning-rate", "1e-3", "--critic-learning-rate", "1e-4"], dict(learning_rate=1e-3, critic_learning_rate=1e-4)),
        (["--recipe", "lab002"], dict(recipe="lab002", n_critic=None, generator=None, steps=500, gradient_penalty_weight=None)),
        (["--variant", "gan"], dict(variant="gan", recipe=None, n_critic=None, seed=7)),
        (["--seed", "0"], dict(seed=0, generator="fc", n_critic=5)),
        (["--steps", "10"], dict(steps=10, log_every=None, keep_checkpoints=3)),
        (["--epochs", "2"], dict(epochs=2.0, steps=None, sample_every=None)),
        ([], dict(steps=500, seed=7, out=None, config=None)),
    ],
)
def test_flags_over_a_configuration_open_again_what_they_settle(flags, expected, tmp_path):
    path = write(tmp_path, dataclasses.replace(SETTLED, seed=7, out=Path("elsewhere")))
    config = read("--config", str(path), *flags)
    assert {name: getattr(config, name) for name in expected} == expected


def test_a_run_trained_again_from_python_opens_the_same(tmp_path):
    path = write(tmp_path, SETTLED)
    assert rerun(read_config_file(path), {"network": "conv"}) == read("--config", str(path), "--network", "conv")
    assert rerun(SETTLED, {"replicas": 3}).by_replica is None
    assert rerun(dataclasses.replace(SETTLED, out=Path("a")), {"out": Path("b")}).out == Path("b")


def test_a_run_goes_on_with_changes_that_it_allows(tmp_path):
    run = tmp_path / "run"
    write(run, dataclasses.replace(SETTLED, out=run))
    wanted = read("--resume", "--out", str(run), "--steps", "900")
    assert wanted == dataclasses.replace(SETTLED, out=run, steps=900, resume=True)
    assert read("--resume", "--out", str(run), "--network", "fc").steps == 500, "the run's own value is no change"
    epochs = read("--resume", "--out", str(run), "--epochs", "3")
    assert (epochs.epochs, epochs.steps) == (3.0, None)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--network", "conv"], "--resume: --network conv differs from the run's fc; only --"),
        (["--n-critic", "1"], "--resume: --n-critic 1 differs from the run's 5; only --"),
        (["--seed", "0"], "--resume: --seed 0 differs from the run's 7; only --"),
        (["--no-conditional"], "--resume: --conditional False differs from the run's True; only --"),
    ],
)
def test_a_run_does_not_go_on_with_another_setting(flags, words, tmp_path):
    write(tmp_path, dataclasses.replace(SETTLED, seed=7, conditional=True))
    with pytest.raises(UserError) as refused:
        read("--resume", "--out", str(tmp_path), *flags)
    assert str(refused.value).startswith(words)
    assert str(refused.value).endswith(" may change")
    assert "--steps, --epochs" in str(refused.value)


def test_a_run_goes_on_from_python():
    saved = dataclasses.replace(SETTLED, out=Path("run"))
    assert resume_with(saved, {"resume": True, "steps": 900}).steps == 900
    assert resume_with(saved, {"epochs": 2.0}).steps is None
    assert resumed(saved, saved) == saved
    with pytest.raises(UserError, match="--batch-size 32 differs from the run's 64"):
        resume_with(saved, {"batch_size": 32})
