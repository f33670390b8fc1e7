"""Fields of a wrong type in the files of a run: config.json, environment.json, best.json, a sweep's result.json."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

import jaxgan
from jaxgan.errors import UserError
from jaxgan.folder import RunFolder
from jaxgan.runs.load import remembered_data
from jaxgan.runs.measuring import Measuring
from jaxgan.runs.sweep import outcomes_of
from jaxgan.settings import Config, read_config_file
from jaxgan.settings.options import OPTIONS

pytestmark = pytest.mark.usefixtures("no_annotation_checks")
SAVED = Path(__file__).parents[1] / "old_runs" / "ring8"

WRONG = {
    "conditional": "yes", "seed": 0.5, "steps": "10", "batch_size": [8], "variant": 3, "dataset": None, "learning_rate": "fast",
    "ema": 2, "optimizer": "lion", "optimizer ": 3, "replicas": 0, "out": 3, "data_dir": ["x"], "latent_dim": 2.5, "pac": None,
    "by_replica": {"seed": "<script>"}, "by_replica ": [1], "by_replica  ": {"colour": [1]}, "python": "mine", "python ": {"generator": 3},
    "order": 0, "spectral_norm": "True", "log_every": -1, "epochs": "2", "best": 3, "mesh": 4, "seed ": None, "seed  ": 2**40,
    "hidden_dim": 3_000_000_000, "dropout": float("nan"), "critic_learning_rate": 1e300, "augment": ["cutout"],
}  # fmt: skip


def one_line(error: UserError, *words: str) -> None:
    message = str(error)
    assert all(word in message for word in words), message
    assert "\n" not in message
    assert len(message) < 400


@pytest.mark.parametrize("field", WRONG)
def test_a_field_of_config_json_that_its_option_does_not_take_is_named(field, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"variant": "gan", field.strip(): WRONG[field]}))
    with pytest.raises(UserError) as refused:
        read_config_file(path)
    one_line(
        refused.value, str(path), field.strip(), str(WRONG[field])[:5] if field.strip() not in ("by_replica", "python") else ""
    )


def test_what_json_makes_of_a_value_is_taken(tmp_path):
    path = tmp_path / "config.json"
    path.write_text('{"steps": 4.0, "learning_rate": 1, "out": "runs/x", "by_replica": {"seed": [1.0, 2]}, "replicas": 2}')
    config = read_config_file(path)
    assert (config.steps, type(config.steps), config.out, config.by_replica) == (4, int, Path("runs/x"), {"seed": [1, 2]})


@pytest.mark.parametrize("content", ["[" * 100_000, '{"steps": ' + "9" * 5000 + "}", "\xff", '{"a\\nb": 1}', '"x"', ""])
def test_what_is_no_configuration_is_refused_in_one_line(content, tmp_path):
    path = tmp_path / "config.json"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(UserError) as refused:
        read_config_file(path)
    one_line(refused.value, str(path))


@pytest.mark.parametrize("name", [name for name in OPTIONS if OPTIONS[name].saved])
def test_a_default_is_written_and_read_again(name, tmp_path):
    from jaxgan.settings import to_json

    path = tmp_path / "config.json"
    path.write_text(json.dumps({name: to_json(Config()).get(name)}))
    assert read_config_file(path) == Config()


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", 3), ("sample_shape", 2), ("sample_shape", ["a"]), ("sample_shape", [2.5]), ("n_classes", "8"), ("n_classes", -1),
     ("class_names", "ab"), ("class_names", [1]), ("stack_of", 3)],
)  # fmt: skip
def test_a_field_of_environment_json_of_a_wrong_type_is_named(field, value, tmp_path, capsys):
    """It is passed over, and said; or refused, where the data cannot be told without it."""
    files = RunFolder(tmp_path)
    described = json.loads((SAVED / "environment.json").read_text())["data"]
    files.environment.write_text(json.dumps({"data": {**described, field: value}}))
    try:
        remembered_data(files)
        words = capsys.readouterr().err
    except UserError as error:
        words = str(error)
    assert str(files.environment) in words and field in words and len(words.strip().splitlines()) == 1


def test_a_run_whose_data_are_described_wrongly_is_refused(tmp_path):
    shutil.copytree(SAVED, tmp_path / "run")
    (tmp_path / "run" / "environment.json").write_text(
        '{"data": {"name": 3, "sample_shape": [2], "n_classes": 0, "class_names": []}}'
    )
    with pytest.raises(UserError, match=r"environment.json: data: name=3"):
        jaxgan.load(tmp_path / "run")


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"metric": "a"}', '{"metric": 3, "value": 1}', '{"figure": "a", "value": "x"}']
)
def test_a_damaged_record_of_the_best_checkpoint_is_named(content, tmp_path):
    (tmp_path / "best.json").write_text(content)
    with pytest.raises(UserError) as refused:
        Measuring._best_before(SimpleNamespace(metric="a"), tmp_path / "best.json")
    one_line(refused.value, str(tmp_path / "best.json"), "remove it")


@pytest.mark.parametrize("content", ["", "{}", "[]", "[3]", '[{"diverged": "no"}]', '[{"critic_loss": 1.0}]'])
def test_a_damaged_result_of_a_sweep_is_made_anew(content, tmp_path, monkeypatch, capsys):
    config = Config(out=tmp_path / "program_0")
    monkeypatch.setattr("jaxgan.runs.sweep.finish", lambda config, *_, **__: RunFolder(config.out))
    monkeypatch.setattr("jaxgan.runs.sweep.is_finished", lambda *_: False)
    config.out.mkdir()
    (config.out / "result.json").write_text(content)
    assert outcomes_of(config, "interrupted") == [{"diverged": 1.0}]
    assert "is damaged, and is made anew" in capsys.readouterr().err
    assert outcomes_of(config, "interrupted") == [{"diverged": 1.0}]
    assert "finished before" in capsys.readouterr().out
