"""`python -m jaxgan.sweep`: what varies by number trains in one program, and equals the solo run."""

import csv
import importlib
import json

import jax
import numpy as np
import pytest

from jaxgan import runs
from jaxgan.errors import UserError
from jaxgan.folder import RunFolder
from jaxgan.runs.sweep import RECORD, _folder, figures_shown, finished_outcomes, grid_points
from jaxgan.settings import Config, to_json

sweep = importlib.import_module("jaxgan.sweep")  # the command: jaxgan.sweep is the function

BASE = ["--dataset", "ring8", "--recipe", "toy", "--optimizer", "momentum", "--hidden-dim", "8", "--batch-size", "8",
        "--steps", "4", "--seed", "3"]  # fmt: skip
GRID = ["--grid", "learning_rate=0.01,0.05", "n_critic=1,2"]


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    out = tmp_path_factory.mktemp("sweep") / "out"
    assert sweep.main([*GRID, "--seeds", "2", *BASE, "--out", str(out)]) == 0
    return out


def test_points_that_differ_in_numbers_share_a_program(swept):
    programs = sorted(path.name for path in swept.glob("program_*"))
    assert programs == ["program_0", "program_1"]  # one for each n_critic
    config = json.loads((swept / "program_0" / "config.json").read_text())
    assert config["replicas"] == 4
    assert config["by_replica"]["seed"] == [3, 4, 3, 4]
    assert config["by_replica"]["learning_rate"] == [0.01, 0.01, 0.05, 0.05]
    assert config["by_replica"]["critic_learning_rate"] == [0.01, 0.01, 0.05, 0.05]  # which follows the generator's


def test_a_replica_of_a_sweep_is_the_solo_run(swept, tmp_path):
    """Five float32 iterations to 1e-4 of the norm, for the second setting's second seed."""
    solo = runs.fit(
        Config(dataset="ring8", recipe="toy", optimizer="momentum", hidden_dim=8, batch_size=8, steps=4, seed=4, n_critic=2,
               learning_rate=0.05, out=tmp_path / "solo"),
        progress=False,
    ).state  # fmt: skip
    ours, other = (runs.load(swept / "program_1", replica=i).state for i in (3, 1))
    flat = [np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(s.critic.params)]) for s in (ours, solo, other)]
    assert np.linalg.norm(flat[0] - flat[1]) < 1e-4 * np.linalg.norm(flat[1])
    assert np.linalg.norm(flat[2] - flat[1]) > 1e-3 * np.linalg.norm(flat[1]), "the other learning rate came to the same"


def test_the_table_has_a_row_a_setting_with_spread(swept):
    rows = list(csv.DictReader((swept / "table.csv").read_text().splitlines()))
    assert [(row["learning_rate"], row["n_critic"]) for row in rows] == [
        ("0.01", "1"), ("0.01", "2"), ("0.05", "1"), ("0.05", "2")]  # fmt: skip
    outcomes = [json.loads((swept / f"program_{i}" / "result.json").read_text()) for i in (0, 1)]
    losses = [outcome["critic_loss"] for outcome in outcomes[1][2:]]  # learning rate 0.05, n_critic 2
    assert float(rows[3]["critic_loss mean"]) == pytest.approx(np.mean(losses))
    assert float(rows[3]["critic_loss std"]) == pytest.approx(np.std(losses, ddof=1))
    assert "modes_3sigma mean" in rows[0]
    assert "±" in (swept / "table.md").read_text()


def test_the_table_to_read_has_what_was_swept_and_the_figures_that_rank(swept):
    """The rest is in table.csv, and is counted."""
    text = (swept / "table.md").read_text()
    heads, rows = text.splitlines()[0].strip("| ").split(" | "), text.split("\n\n")[0].splitlines()[2:]
    up, down = "\N{UPWARDS ARROW}", "\N{DOWNWARDS ARROW}"
    assert heads == [
        "learning_rate", "n_critic", "seeds", "diverged", f"modes_3sigma {up}", f"high_quality_3sigma {up}", f"reverse_kl {down}",
    ]  # fmt: skip
    assert len(rows) == 4 and all(row.count("|") == 8 for row in rows)
    columns = next(csv.reader((swept / "table.csv").read_text().splitlines()))
    means = [name for name in columns if name.endswith(" mean")]
    assert f" {len(means) - 3} more figures are in table.csv." in text and len(means) > 9


def test_without_figures_that_rank_the_table_has_the_losses():
    assert figures_shown(["weights", "generator_loss", "score_real", "critic_loss"]) == ["critic_loss", "generator_loss"]
    assert figures_shown(["critic_loss", "kid_lab_1k", "fid_lab_1k", "fid_lab_1k_of_real"]) == ["fid_lab_1k", "kid_lab_1k"]


def test_an_interrupted_sweep_goes_on(swept, capsys):
    """A program without a result is trained, one with a result is read: here the second lost its result after training."""
    before = (swept / "table.csv").read_text()
    (swept / "program_1" / "result.json").unlink()
    (swept / "table.csv").unlink()
    assert sweep.main([*GRID, "--seeds", "2", *BASE, "--out", str(swept), "--resume"]) == 0
    assert "finished before" in capsys.readouterr().out
    assert (swept / "table.csv").read_text() == before


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"), ('[{"diverged": 0', "is no JSON"), ("{}", "it is an object where a list"), ("[1, 2]", ": [0] is the number 1"),
        ('[{"diverged": 0}]', "of each of 2 replicas"), ('[{"diverged": 0}, {"loss": 1}]', "of each of 2 replicas"),
        ('[{"diverged": 0}, {"diverged": "no"}]', ": [1].diverged is a text"), ('[{"diverged": 0}, {"diverged": null}]', "of each of 2 replicas"),
    ],
)  # fmt: skip
def test_a_damaged_result_is_named_and_made_anew(content, words, tmp_path):
    files, told = RunFolder(tmp_path), []
    files.result.write_text(content)
    assert finished_outcomes(files, 2, told.append) is None
    (line,) = told
    assert line.startswith(f"{files.result} is damaged, and is made anew: ") and words in line


def test_a_result_is_read_and_an_absent_one_is_not_damaged(tmp_path):
    files, told = RunFolder(tmp_path), []
    assert finished_outcomes(files, 1, told.append) is None
    files.result.write_text('[{"diverged": 0.0, "reverse_kl": null}]')  # not finite
    (outcome,) = finished_outcomes(files, 1, told.append)
    assert outcome["diverged"] == 0 and np.isnan(outcome["reverse_kl"]) and told == []


def test_a_damaged_result_is_measured_again_from_the_checkpoints(swept, capsys):
    result = swept / "program_0" / "result.json"
    whole, table = result.read_text(), (swept / "table.csv").read_text()
    result.write_text(whole[:40])
    metrics = (swept / "program_0" / "metrics.jsonl").read_text()
    assert sweep.main([*GRID, "--seeds", "2", *BASE, "--out", str(swept), "--resume"]) == 0
    said = capsys.readouterr()
    assert said.err.startswith(f"warning: {result} is damaged, and is made anew: is no JSON") and said.err.count("\n") == 1
    assert (result.read_text(), (swept / "table.csv").read_text()) == (whole, table)
    assert (swept / "program_0" / "metrics.jsonl").read_text() == metrics  # nothing was trained


@pytest.mark.parametrize("content", ["", "[]", '{"grid": '])
def test_a_damaged_record_of_a_sweep_is_one_line(content, tmp_path, capsys):
    (tmp_path / "sweep.json").write_text(content)
    assert sweep.main([*GRID, *BASE, "--out", str(tmp_path), "--resume"]) == 2
    said = capsys.readouterr().err
    assert (
        said.startswith(f"error: --resume: {tmp_path / 'sweep.json'}")
        and "name another folder" in said
        and said.count("\n") == 1
    )


def test_a_sweep_that_was_begun_before_there_was_an_option_is_known_again(tmp_path):
    base = Config(dataset="ring8", out=tmp_path)
    wanted = {"grid": [], "seeds": 2, "train": {**to_json(base), "out": None}}
    before = {name: value for name, value in wanted["train"].items() if name not in ("ada", "accumulate")}
    (tmp_path / RECORD).write_text(json.dumps({**wanted, "train": before}))
    assert _folder(base, True, wanted) == tmp_path
    with pytest.raises(UserError, match="a sweep of another grid or with other flags"):
        _folder(base, True, {**wanted, "train": {**wanted["train"], "accumulate": 2}})


def test_a_sweep_with_another_grid_does_not_go_on(swept, capsys):
    assert sweep.main(["--grid", "n_critic=1", "--seeds", "2", *BASE, "--out", str(swept), "--resume"]) == 2
    assert "another grid" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("grid", "words"),
    [
        ([], "what shall vary"),
        (["learning_rat=1"], "learning_rate"),
        (["learning_rate"], "FIELD=VALUE"),
        (["n_critic=1,,2"], "FIELD=VALUE"),
        (["n_critic=1", "n_critic=2"], "twice"),
        (["seed=1,2"], "--seeds 10 gives each ten"),
        (["n_critic=x"], "x"),
    ],
)
def test_a_grid_that_is_none_is_refused(grid, words):
    with pytest.raises(UserError, match=words):
        grid_points(grid)


def test_a_point_that_diverges_leaves_the_others_and_is_counted(tmp_path):
    flags = ["--grid", "learning_rate=0.01,1e38", "--seeds", "2", *BASE, "--out", str(tmp_path / "out")]
    assert sweep.main(flags) == 0
    with (tmp_path / "out" / "table.csv").open() as file:
        sound, diverged = csv.DictReader(file)
    assert (sound["diverged"], diverged["diverged"]) == ("0", "2")
    assert float(sound["critic_loss mean"]) == pytest.approx(float(sound["critic_loss mean"]))
    assert diverged["critic_loss mean"] == ""
    (tmp_path / "out" / "program_0" / "result.json").unlink()
    assert sweep.main([*flags, "--resume"]) == 0, "what diverged is not trained again and again"


def test_a_sweep_of_several_processes_is_refused(capsys):
    assert sweep.main([*GRID, *BASE, "--distributed"]) == 2
    assert "a sweep is one process" in capsys.readouterr().err


def test_a_value_out_of_range_is_refused_before_anything_runs(tmp_path, capsys):
    assert sweep.main(["--grid", "learning_rate=0.1,-1", *BASE, "--out", str(tmp_path / "out")]) == 2
    assert "--learning-rate -1" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_sweep_refused_by_its_first_program_leaves_no_folder(tmp_path, capsys):
    """The corrected command may have the same folder."""
    out = tmp_path / "sweep"
    assert sweep.main(["--grid", "learning_rate=0.01,0.05", *BASE, "--mesh", "data=64", "--out", str(out)]) == 2
    assert "64 devices" in capsys.readouterr().err
    assert not out.exists()
