"""The front door: flags, refusals in one line, the run folder, exit codes."""

import gc
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from jaxgan import runs, sample, train
from jaxgan.errors import DivergedError, UserError
from jaxgan.objectives import VARIANTS
from jaxgan.settings import Config, read_command, resolve, to_json

RING = ["--dataset", "ring8", "--steps", "4", "--batch-size", "8", "--hidden-dim", "8", "--log-every", "2"]


def records_of(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def picture(path: Path) -> tuple[int, int, int]:
    """Width, height and number of frames."""
    with Image.open(path) as image:
        return *image.size, getattr(image, "n_frames", 1)


def parsed(argv: list[str]) -> Config:
    """The options that the command reads from its flags."""
    return read_command(argv, prog="python -m jaxgan.train", description="")


def refusal(capsys, *argv, command=train) -> str:
    """What a refused command prints: one line, exit 2, no trace."""
    assert command.main(argv) == 2
    said = capsys.readouterr().err.strip()
    assert said.startswith("error: ")
    assert "\n" not in said
    return said


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--variant", "wgangp"], f"did you mean 'wgan_gp'? allowed are {', '.join(sorted(VARIANTS))}, or your own"),
        (["--variant", "no.such:thing"], "there is no module 'no'"),
        (["--dataset", "minst"], "did you mean 'mnist'"),
        (["--network", "lab_cnv"], "did you mean 'lab_conv'"),
        (["--recipe", "lab02"], "did you mean 'lab002'"),
        (["--recipe", "lab003"], "is about points, and digits holds images"),
        (["--critic-data", "frsh"], "did you mean 'fresh'"),
        (["--optimizer", "adamw"], "did you mean 'adam'"),
        (["--steps", "0"], "--steps 0: must be at least 1"),
        (["--steps", "many"], "many"),
        (["--stepz", "3"], "--stepz"),
        (["--learning-rate", "-1"], "--learning-rate -1.0: must be more than 0"),
        (["--beta1", "1"], "at least 0 and less than 1"),
        (["--steps", "5", "--epochs", "2"], "give one"),
        (["--clip", "0.1"], "--clip has no meaning for the variant wgan_gp"),
        (["--network", "conv", "--critic-norm", "batch"], "couples the samples of a batch"),
        (["--network", "fc", "--critic-norm", "layer"], "--critic-norm has no meaning"),
        (["--network", "lab_conv", "--hidden-dim", "16"], "must be a multiple of 32"),
        (["--momentum", "0.5"], "--momentum 0.5 has no meaning for the optimizer adam"),
        (
            ["--optimizer", "rmsprop", "--critic-optimizer", "sgd", "--beta1", "0.5"],
            "has no meaning for the optimizers rmsprop, sgd",
        ),
        (["--fake-labels", "random"], "--fake-labels random has no meaning without --conditional"),
        (["--stream", "always"], "digits is held in memory"),
        (["--network", "mlp"], "is for vectors, and digits holds images"),
        (["--dataset", "ring8", "--network", "fc"], "is for images"),
        (["--dataset", "ring8", "--epochs", "3"], "no pass over them"),
        (["--dataset", "swiss_roll", "--conditional"], "has no labels"),
        (["--conditioning", "projection"], "needs --conditional"),
        (["--dataset", "digits", "--points", "100"], "points"),
        (["--network", "lab_conv", "--image-size", "48"], "square images of 28, 32, 64 pixels, not 48x48"),
        (["--network", "conv", "--image-size", "5x9"], "images of at least 6 pixels a side, not 5x9"),
        (["--resume"], "name it with --out"),
        (["--resume", "--out", "no/such/run"], "no run folder"),
        (["--config", "no/such.json"], "no configuration at no/such.json"),
        (["--seed", "-1"], "--seed -1"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(argv, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert words in refusal(capsys, *argv)
    assert list(tmp_path.iterdir()) == []


def test_help_answers_at_once():
    began = time.perf_counter()
    said = subprocess.run([sys.executable, "-m", "jaxgan.train", "--help"], capture_output=True, text=True, check=True)
    assert time.perf_counter() - began < 3
    for flag in ("--variant", "--gradient-penalty-weight", "--critic-data", "--replicas", "--resume"):
        assert flag in said.stdout


def test_no_garbage_is_collected_until_the_first_step(monkeypatch):
    collects = []

    def fit(config, listeners):
        collects.append(gc.isenabled())
        for listener in listeners:
            listener.on_chunk(1, [])
        collects.append(gc.isenabled())
        gc.disable()
        raise UserError("that is enough")

    monkeypatch.setattr(runs, "fit", fit)
    assert train.main(RING) == 2
    assert collects == [False, True]
    assert gc.isenabled()


def test_a_reader_that_goes_away_is_no_traceback():
    with subprocess.Popen(
        [sys.executable, "-m", "jaxgan.train", "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141


def test_a_run_folder_explains_itself(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert train.main([*RING, "--variant", "wgan_gp"]) == 0
    said = capsys.readouterr().out
    folder = Path("runs/ring8-wgan_gp-1")
    assert str(folder) in said
    assert "samples/step_00000004.png" in said
    assert "cpu" in said
    names = {path.name for path in folder.iterdir()}
    assert names >= {
        "config.json", "environment.json", "metrics.jsonl", "tensorboard", "samples", "checkpoints", "report.html", "curves.png",
    }  # fmt: skip
    config = json.loads((folder / "config.json").read_text())
    assert config["learning_rate"] == 1e-4
    assert config["optimizer"] == "adam"
    assert "resume" not in config
    records = records_of(folder)
    assert [record["step"] for record in records] == [2, 4]
    assert records[0].keys() >= {
        "critic_loss", "generator_loss", "gradient_penalty", "gradient_norm", "critic_weight_min", "critic_weight_max",
        "critic_gradient_near_zero", "generator_gradient_near_zero", "critic_gradient_sparsity", "generator_gradient_sparsity",
    }  # fmt: skip
    environment = json.loads((folder / "environment.json").read_text())
    assert environment["versions"]["jax"]
    assert environment["devices"]
    assert picture(folder / "samples" / "step_00000004.png")[0] > 100
    # the same command makes a second run beside the first, and --config runs the first again
    assert train.main(["--config", str(folder / "config.json"), "--seed", "0"]) == 0
    again = Path("runs/ring8-wgan_gp-2")
    first, second = (
        [{k: v for k, v in record.items() if k != "steps_per_second"} for record in records_of(f)] for f in (folder, again)
    )
    assert first == second
    points = tmp_path / "points.npz"
    assert sample.main([str(folder), "--out", str(points), "--n", "7"]) == 0
    stored = np.load(points)
    assert stored["points"].shape == (7, 2)
    assert stored["points"].dtype == np.float32
    assert sample.main([str(folder)]) == 0
    assert (folder / "sample.png").exists()
    assert "points" in refusal(capsys, str(folder), "--interpolate", command=sample)
    assert "allowed are 0 to 0" in refusal(capsys, str(folder), "--replica", "1", command=sample)
    assert "there are" in refusal(capsys, str(folder), "--step", "7", command=sample)
    assert "without labels" in refusal(capsys, str(folder), "--label", "3", command=sample)
    assert "must end in .png, .npz, .csv or .gif" in refusal(capsys, str(folder), "--out", "x.jpg", command=sample)
    assert "no run folder" in refusal(capsys, "nowhere", command=sample)


def test_replicas_write_their_own_metrics_and_pictures(tmp_path):
    assert train.main([*RING, "--variant", "gan", "--conditional", "--replicas", "2", "--out", str(tmp_path / "run")]) == 0
    records = records_of(tmp_path / "run")
    assert [(r["step"], r["replica"]) for r in records] == [(2, 0), (2, 1), (4, 0), (4, 1)]
    assert records[0]["critic_loss"] != records[1]["critic_loss"]
    assert (tmp_path / "run" / "samples" / "step_00000004-replica_01.png").exists()
    assert (
        sample.main([str(tmp_path / "run"), "--replica", "1", "--label", "3", "--n", "5", "--out", str(tmp_path / "x.npz")])
        == 0
    )
    assert set(np.load(tmp_path / "x.npz")["labels"]) == {3}


@pytest.mark.parametrize(
    ("saved", "flags", "expected"),
    [
        ({"network": "fc"}, ["--network", "conv"], {"generator": "conv", "critic": "conv", "hidden_dim": 128, "dropout": None}),
        ({}, ["--optimizer", "sgd", "--learning-rate", "1e-3"], {"critic_optimizer": "sgd", "critic_learning_rate": 1e-3, "beta1": None}),
        ({}, ["--recipe", "paper"], {"n_critic": 5, "ema": 0.0, "learning_rate": 1e-4}),
        ({}, ["--variant", "gan"], {"recipe": "paper", "n_critic": 1, "gradient_penalty_weight": None}),
        ({"seed": 7}, ["--seed", "0"], {"seed": 0, "generator": "fc"}),
        ({"steps": 500}, ["--steps", "10"], {"steps": 10, "log_every": 1}),
        ({"n_critic": 3}, [], {"n_critic": 3}),
    ],
)  # fmt: skip
def test_flags_change_a_configuration_that_is_trained_again(saved, flags, expected, tmp_path):
    """A flag also opens again what it settles: --network both networks, --learning-rate the critic's, --variant the recipe."""
    settled = resolve(Config(**saved)).config
    (tmp_path / "config.json").write_text(json.dumps(to_json(settled)))
    config = resolve(parsed(["--config", str(tmp_path / "config.json"), *flags])).config
    assert {name: getattr(config, name) for name in expected} == expected
    assert resolve(config).config == config, "what is settled settles to itself"


def test_the_same_command_goes_on_with_its_run(tmp_path):
    flags = ["--network", "fc", "--steps", "1", "--hidden-dim", "8", "--batch-size", "4", "--out", str(tmp_path / "run")]
    assert train.main(flags) == 0
    flags[3] = "2"
    assert train.main([*flags, "--resume"]) == 0
    assert train.main([*flags, "--resume", "--network", "conv"]) == 2


def test_a_run_killed_before_its_first_checkpoint_goes_on(tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr("jaxgan.engine.loop.Program.initial_state", killed)
        with pytest.raises(RuntimeError):
            train.main([*RING, "--out", str(tmp_path / "run")])
    assert train.main(["--out", str(tmp_path / "run"), "--resume"]) == 0
    assert records_of(tmp_path / "run")[-1]["step"] == 4


def killed(program):
    raise RuntimeError


def test_one_of_several_replicas_may_diverge(capsys, tmp_path):
    with pytest.raises(DivergedError, match=r"replica 1 \(step \d+\)"):
        runs.fit(Config(dataset="ring8", steps=3, batch_size=8, hidden_dim=8, log_every=1, replicas=2, out=tmp_path / "run",
                        by_replica={"learning_rate": [1e-4, 1e38]}), progress=False)  # fmt: skip
    lines = records_of(tmp_path / "run")
    assert [(line["step"], line["replica"]) for line in lines] == [(step, replica) for step in (1, 2, 3) for replica in (0, 1)]
    assert lines[-2]["critic_loss"] is not None and lines[-1]["critic_loss"] is None
    assert np.isfinite(runs.load(tmp_path / "run").sample(5)[0]).all()


def test_fixed_points_of_ones_own_take_a_labs_recipe_and_are_sampled_without_their_file(tmp_path):
    np.savez(tmp_path / "points.npz", points=np.random.default_rng(0).uniform(-1, 1, (50, 2)).astype(np.float32))
    flags = ["--dataset", f"npz:{tmp_path / 'points.npz'}", "--recipe", "lab004", "--steps", "1", "--hidden-dim", "8"]
    assert train.main([*flags, "--out", str(tmp_path / "run")]) == 0
    (tmp_path / "points.npz").unlink()
    assert runs.load(tmp_path / "run").sample(3)[0].shape == (3, 2)


def test_divergence_ends_with_exit_code_3(capsys, tmp_path):
    assert train.main([*RING, "--variant", "wgan_gp", "--learning-rate", "1e38", "--out", str(tmp_path / "run")]) == 3
    said = capsys.readouterr()
    assert "diverged: a number is not finite at step" in said.err
    assert "The training diverges, since step" in said.out
    assert records_of(tmp_path / "run")[-1]["critic_loss"] is None
    assert "The training diverges" in (tmp_path / "run" / "report.html").read_text()


def test_images_are_sampled_as_grid_strip_animation_and_numbers(tmp_path, monkeypatch, capsys):
    from tests.tiny import pictures

    monkeypatch.setattr("jaxgan.data.load", lambda name, **_: pictures())
    run = tmp_path / "run"
    flags = ["--network", "fc", "--variant", "lsgan", "--hidden-dim", "8", "--batch-size", "6", "--steps", "2", "--conditional"]
    assert train.main([*flags, "--out", str(run)]) == 0
    assert sample.main([str(run), "--out", str(tmp_path / "x.npz"), "--n", "6"]) == 0
    stored = np.load(tmp_path / "x.npz")
    assert stored["images"].shape == (6, 28, 28, 1)
    assert stored["images"].dtype == np.float32
    assert float(abs(stored["images"]).max()) <= 1
    np.testing.assert_array_equal(stored["labels"], [0, 0, 1, 1, 2, 2])
    assert sample.main([str(run), "--interpolate", "--n", "5", "--out", str(tmp_path / "X.GIF")]) == 0
    capsys.readouterr()
    assert "too much" in refusal(capsys, str(run), "--interpolate", "--n", str(10**12), command=sample)
    assert picture(tmp_path / "X.GIF")[2] >= 5
    assert sample.main([str(run), "--out", str(tmp_path / "Y.NPZ"), "--n", "6"]) == 0
    assert np.load(tmp_path / "Y.NPZ")["images"].shape == (6, 28, 28, 1)
    assert sample.main([str(run), "--n", str(10**12), "--out", str(tmp_path / "x.npz")]) == 2
    assert sample.main([str(run), "--interpolate", "--n", "5", "--out", str(tmp_path / "x.png")]) == 0
    width, height, _ = picture(tmp_path / "x.png")
    assert width > 3 * height


def test_a_variant_of_ones_own(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(
        "from jaxgan.objectives import score_objective\n"
        "from jaxgan.objectives.constraints import clip as bound\n"
        "from jaxgan.types import Game\n"
        "def game(*, clip=0.5):\n"
        "    return Game(score_objective(lambda r, f: f.mean() - r.mean(), lambda f: -f.mean()), (), bound(clip))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert train.main([*RING, "--variant", "mine:game", "--clip", "0.25", "--out", str(tmp_path / "run")]) == 0
    records = records_of(tmp_path / "run")
    assert records[-1]["critic_weight_max"] <= 0.25


@pytest.mark.parametrize(
    ("argv", "steps"),
    [
        (["--dataset", "mixture8", "--variant", "gan", "--recipe", "lab004", "--epochs", "2"], 158),  # 2 x 79 batches
        (["--dataset", "mixture8", "--recipe", "lab004", "--epochs", "2"], 32),  # 2 x 16: batches 0, 5, ..., 75
        (["--dataset", "mixture8", "--recipe", "lab004", "--epochs", "2", "--order", "critic_first"], 32),  # 2 x 79 / 5
        (["--dataset", "mixture8", "--recipe", "lab004", "--epochs", "3", "--order", "critic_first"], 48),  # 3 x 79 / 5
        (["--dataset", "mixture8", "--variant", "gan", "--recipe", "lab004", "--epochs", "0.1"], 8),  # 7.9
        (
            ["--dataset", "digits", "--variant", "wgan", "--recipe", "lab000", "--epochs", "1"],
            12,
        ),  # 12 batches of 1,497 pictures, each for five critic steps
    ],
)
def test_epochs_count_passes_by_critic_batches(argv, steps):
    assert resolve(parsed(argv)).config.steps == steps


def test_recipes_set_what_the_labs_set_and_flags_override(tmp_path):
    lab = resolve(parsed(["--dataset", "mixture8", "--recipe", "lab004", "--conditional"])).config
    assert (lab.order, lab.generator_latent, lab.fake_labels, lab.points, lab.batch_size) == (
        "generator_second", "fresh", "real", 10_000, 128,
    )  # fmt: skip
    images = resolve(parsed(["--recipe", "lab004", "--conditional", "--learning-rate", "0.5"])).config
    assert (images.order, images.generator_latent, images.fake_labels, images.learning_rate) == (
        "generator_second", "same", "random", 0.5,
    )  # fmt: skip
    lab000 = resolve(parsed(["--variant", "wgan", "--recipe", "lab000"])).config
    assert (lab000.critic_data, lab000.generator, lab000.optimizer, lab000.clip) == ("same", "lab_conv", "rmsprop", 0.01)
    paper = resolve(parsed(["--variant", "wgan_gp", "--recipe", "paper"])).config
    assert (paper.learning_rate, paper.beta1, paper.beta2, paper.n_critic, paper.gradient_penalty_weight) == (
        1e-4,
        0,
        0.9,
        5,
        10,
    )
