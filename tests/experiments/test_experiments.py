"""The labs' experiments: what they share, what they conclude from values, and each one's quick form from end to end."""

import dataclasses
import importlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments import (
    began,
    colour_pictures,
    conditional_mode_collapse,
    every_variant,
    fashion_structures,
    fit_distribution,
    gan_dcgan_wgan_mnist,
    lab,
    metrics_compared,
    mixture_coverage,
    remedies,
    verdicts,
    wgan_gp_monitor,
)
from experiments.torch_labs import compare
from jaxgan import Config, runs
from jaxgan.errors import DivergedError, UserError
from jaxgan.folder import RunFolder
from jaxgan.settings import read_config_file, resolve

OLD_RUNS = Path(__file__).parents[1] / "old_runs"


def test_a_verdict_is_drawn_from_means_and_their_errors():
    small, large = np.array([1.0, 1.1, 0.9]), np.array([2.0, 2.1, 1.9])
    assert verdicts.verdict(small, large) == "confirmed"
    assert verdicts.verdict(large, small).startswith("refuted")
    assert verdicts.verdict(small, small + 0.01) == "no difference seen"
    assert verdicts.verdict(small, np.array([np.inf, np.inf, 3.0])).startswith("not told")


def test_claims_about_what_was_not_run_say_so():
    text = fit_distribution.claims({}, {})
    assert text.count("not run") == text.count("\n") - 1


def test_every_claim_is_about_settings_of_the_studies():
    rows = {row for study in fit_distribution.STUDIES.values() for row in study}
    names = (
        "W1",
        "first W1",
        "last W1",
        fit_distribution.NEVER,
        "steps to a quarter",
        "wobble of W1",
        "sparsity, critic",
        "modes",
    )
    values = dict.fromkeys(names, np.array([1.0, 2.0, 3.0]))
    text = fit_distribution.claims(
        dict.fromkeys(rows, values), {variant: {"ratios": [1.0, 1.1]} for variant in fit_distribution.VARIANTS}
    )
    assert "not run" not in text and "(6 of 3 never)" in text
    assert "not told (it did not become better than it began)" in text


def test_the_same_setting_of_two_studies_is_one_folder(tmp_path):
    options = lab.Options(True, 2, tmp_path, None)
    folder = {
        row: fit_distribution.folder_of(options, fields)
        for study in fit_distribution.STUDIES.values()
        for row, fields in study.items()
    }
    assert folder["wgan on gaussian"] == folder["wgan, clip 0.1"] == folder["wgan, RMSprop"] == folder["wgan, critic first"]
    assert folder["gan, SGD"] != folder["gan, SGD, rate .01"]
    assert folder["gan, Adam(.001, .8), latent 5"] == folder["gan, Adam(.001, .8)"]
    assert folder["wgan, clip 0.1 on mixture4"] == folder["wgan on mixture4"]
    assert len(set(folder.values())) == len(folder) - 12  # 70 rows, of which 12 stand elsewhere too


def test_the_quick_form_of_fit_distribution_has_settings_of_every_study():
    rows = {
        study: [row for row in rows if row in fit_distribution.QUICK_ROWS] for study, rows in fit_distribution.STUDIES.items()
    }
    assert all(len(own) >= 2 for own in rows.values()) and sum(map(len, rows.values())) == len(fit_distribution.QUICK_ROWS)


def test_mean_and_deviation_and_table():
    assert lab.mean_and_deviation([1.0, 3.0]) == "2.00±1.41"
    assert lab.mean_and_deviation([0.5], 0, 100) == "50"
    assert lab.mean_and_deviation([np.inf]) == "-"
    assert lab.table(["a", "b"], [[1, 2]]) == "| a | b |\n|---|---|\n| 1 | 2 |"


def test_equality_is_never_confirmed_and_chance_is_no_verdict():
    small, large = np.array([1.0, 1.1, 0.9]), np.array([2.0, 2.1, 1.9])
    assert verdicts.as_good(small, small + 0.01).startswith("not refuted") and verdicts.as_good(small, large).startswith(
        "refuted"
    )
    draws = np.random.default_rng(0).normal(size=(2000, 2, 2))
    told = np.mean([verdicts.verdict(a, b) != "no difference seen" for a, b in draws])
    assert told < 0.07  # of two seeds each from one law


def test_wobble_is_about_the_trend_and_free_of_units():
    steps = np.arange(8)
    steady, noisy = 0.9**steps, np.array([1.0, 2.0] * 4)
    wobbles = verdicts.wobble(np.stack([steady, noisy, 100 * noisy], 1))
    assert wobbles[0] < 1e-9 and wobbles[1] > 0.2
    np.testing.assert_allclose(wobbles[1], wobbles[2])


def test_what_did_not_learn_is_not_called_stable():
    stuck = {"first W1": np.ones(3), "last W1": np.ones(3), "wobble of W1": np.zeros(3)}
    learned = {"first W1": np.ones(3), "last W1": np.array([0.1, 0.11, 0.12]), "wobble of W1": np.array([0.1, 0.2, 0.15])}
    assert verdicts.steadier(stuck, learned, "W1").startswith("not told")
    assert verdicts.steadier(learned, {**stuck, "wobble of W1": np.array([1.0, 1.1, 1.2])}, "W1") == "confirmed"


def test_a_loss_has_come_to_rest_only_where_the_seeds_agree():
    before = np.array([1.0, 1.0, 1.0])
    assert fashion_structures.converged(before, before + np.array([0.001, -0.001, 0.0])) == "has come to rest"
    assert fashion_structures.converged(before, before + np.array([0.2, 0.21, 0.22])) == "still rises"
    assert fashion_structures.converged(before, before + np.array([0.5, -0.5, 0.1])).startswith("is not told")


def test_a_damaged_file_of_an_experiment_is_named_in_one_line(tmp_path):
    path = tmp_path / "modes.json"
    assert lab.read_or_compute(path, lambda: {"modes": 8}) == {"modes": 8}
    path.write_bytes(path.read_bytes()[:5])
    with pytest.raises(UserError, match=r"modes.json is damaged .*: delete it, and it is computed anew"):
        lab.read_or_compute(path, dict)


def test_an_interrupted_experiment_says_how_to_go_on(tmp_path, monkeypatch):
    def interrupted(config):
        raise KeyboardInterrupt("at step 1")

    monkeypatch.setattr(importlib.import_module("jaxgan.runs.fit"), "fit", interrupted)
    with pytest.raises(KeyboardInterrupt, match="the same command goes on"):
        lab.train_once(tmp_path / "run", Config(dataset="ring8", steps=2, batch_size=4, hidden_dim=4))


@pytest.mark.parametrize("path", sorted(Path(lab.__file__).parent.glob("*.py")), ids=lambda path: path.stem)
def test_a_command_ends_in_one_line_and_an_exit_code(path):
    text = path.read_text()
    assert "__main__" not in text or text.endswith('if __name__ == "__main__":\n    sys.exit(command.run(main))\n')


def test_a_run_in_which_every_seed_diverged_is_over_and_not_trained_again(tmp_path, monkeypatch):
    calls = []

    def diverged(config):
        calls.append(config)
        raise DivergedError("a number is not finite at step 1")

    monkeypatch.setattr(importlib.import_module("jaxgan.runs.fit"), "fit", diverged)
    config = Config(dataset="ring8", steps=2, batch_size=4, hidden_dim=4)
    folder = lab.train_once(tmp_path / "run", config)
    assert (folder / "diverged.txt").read_text() == "a number is not finite at step 1"
    assert lab.is_over(folder) and not lab.is_finished(folder)
    lab.train_once(folder, config)
    assert len(calls) == 1 and lab.measure_once(folder, 100) == {}


def test_where_one_seed_diverges_the_run_is_finished_by_the_others(tmp_path):
    rates = {"learning_rate": [1e-3, 1e38]}
    config = Config(dataset="ring8", steps=3, batch_size=4, hidden_dim=4, optimizer="sgd", replicas=2, by_replica=rates)
    folder = lab.train_once(tmp_path / "run", config)
    assert lab.is_finished(folder) and not (folder / "diverged.txt").exists()


def test_a_folder_of_another_budget_is_refused(tmp_path):
    config = Config(dataset="ring8", steps=2, batch_size=4, hidden_dim=4)
    lab.train_once(tmp_path / "run", config)
    with pytest.raises(UserError, match="steps 2 and not 3: another budget needs another --out"):
        lab.train_once(tmp_path / "run", dataclasses.replace(config, steps=3))


def test_seeds_that_diverged_have_no_place_in_an_order():
    values = {"a": np.array([3.0, 3.1]), "d": np.array([np.nan, 0.5]), "b": np.array([1.0, 1.1])}
    assert verdicts.ordered(values) == "d ~ b < a"


def test_a_budget_says_what_the_options_are():
    options = lab.read_options(None, "name", seeds=3, argv=["--steps", "7", "--width", "4", "--out", "there"], width="dcgan")
    assert options.length(100, 10) == 7 and options.seeds == 3
    assert options.budget("MNIST", 100, 10, "dcgan") == (
        "MNIST, 7 generator steps (the full schedule, 100, was not run), dcgan 4 wide"
    )
    assert options.flags == ("--steps", "7", "--width", "4")
    quick = lab.read_options(None, "name", seeds=3, argv=["--quick"])
    assert quick.length(100, 10) == 10 and quick.seeds == 2
    assert lab.read_options(None, "name", seeds=3, argv=[]).budget("MNIST", 100, 10) == "MNIST, 100 generator steps"


def test_a_metric_sees_what_leaves_the_range_of_real_draws():
    real = [1.0, 1.01, 0.99]
    assert metrics_compared.sees(real, [1.2, 1.2]) and not metrics_compared.sees(real, [1.03, 1.0])
    assert not metrics_compared.sees([1.0, 1.0], [1.01, 1.01])  # within 2 %


def test_a_finished_run_is_left_alone_and_an_interrupted_one_goes_on(tmp_path):
    config = Config(dataset="ring8", steps=4, batch_size=4, hidden_dim=4, checkpoint_every=2, log_every=1)
    folder = lab.train_once(tmp_path / "run", config)
    files = RunFolder(folder)
    assert lab.is_finished(folder) and runs.is_finished(files, 4) and not runs.is_finished(files, 6)
    written = files.metrics.stat().st_mtime_ns
    lab.train_once(folder, config)
    assert files.metrics.stat().st_mtime_ns == written
    values = json.loads(files.config.read_text())
    files.config.write_text(json.dumps({**values, "steps": 6}))  # as if it had been stopped after 4 of 6
    assert not lab.is_over(folder)
    lab.train_once(folder, dataclasses.replace(config, steps=6))
    assert lab.is_finished(folder) and lab.checkpoint_steps(folder)[-1] == 6
    steps, losses = lab.curves(folder, "critic_loss")
    assert list(steps) == [1, 2, 3, 4, 5, 6] and losses.shape == (6, 1)


def test_a_run_of_the_code_before_the_change_is_read_and_left_alone(tmp_path):
    folder = tmp_path / "ring8"
    shutil.copytree(OLD_RUNS / "ring8", folder)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    config = read_config_file(RunFolder(folder).config)
    assert lab.train_once(folder, config) == folder and lab.checkpoint_steps(folder) == [6]
    assert before == {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    steps, losses = lab.curves(folder, "critic_loss")
    assert list(steps) == [2, 4, 6] and losses.shape == (3, 2) and np.isfinite(losses).all()
    with pytest.raises(UserError, match="steps 6 and not 7"):
        lab.train_once(folder, dataclasses.replace(config, steps=7))


def test_a_trend_is_of_the_same_seeds_and_beyond_chance():
    before, change = np.array([1.0, 5.0, 9.0]), np.array([1.0, 1.1, 0.9])
    assert verdicts.trend(before, before + change) == "rises"  # though the seeds lie further apart than that
    assert verdicts.trend(before, before - change) == "falls"
    assert verdicts.trend(before, before + change * [1, -1, 0.2]) == "changes little, or not beyond chance,"
    assert verdicts.trend(before[:1], before[:1]).startswith("is not told")


def test_rows_are_ordered_by_a_metric_with_what_is_beyond_chance():
    values = {
        "a": np.array([2.0, 2.1, 1.9]),
        "b": np.array([1.0, 1.1, 0.9]),
        "c": np.array([2.0, 2.2, 1.9]),
        "none": np.array([]),
    }
    assert verdicts.ordered(values) == "b < a ~ c"
    assert verdicts.ordered({"none": np.array([])}) == "-"


def test_a_critic_loss_that_falls_as_samples_get_better_tells_it():
    distances = np.array([[9.0, 9.0, 9.0], [5.0, 5.0, 5.0], [2.0, 2.0, 2.0], [1.0, 1.0, 1.0]])
    losses = np.array([[-4.0, -0.1, 1.0], [-3.0, -0.2, 1.0], [-2.0, -0.3, 1.0], [-1.0, -0.4, 1.0]])
    correlations = gan_dcgan_wgan_mnist.correlation_with_loss(losses, distances)
    np.testing.assert_allclose(correlations[:2], [1.0, -1.0])
    assert np.isnan(correlations[2])
    cross_entropies = np.array([[0.1], [0.5], [0.9], [1.2]])  # towards 2 log 2, as samples get better
    np.testing.assert_allclose(gan_dcgan_wgan_mnist.correlation_with_loss(cross_entropies, distances[:, :1]), 1.0)


def test_the_labs_setting_stands_in_both_sweeps_and_is_one_folder(tmp_path):
    options = lab.Options(False, 2, tmp_path, None)
    rows = gan_dcgan_wgan_mnist.sweep_settings(quick=False)
    folders = {gan_dcgan_wgan_mnist.folder_of(options, row) for row in (*rows, "WGAN")}
    assert len(rows) == 6 and len(folders) == 5
    assert len(gan_dcgan_wgan_mnist.sweep_settings(quick=True)) == 4


def test_the_answers_follow_the_values():
    def runs(wgan: float, gan: float) -> dict[str, dict[str, np.ndarray]]:
        around = np.array([-0.01, 0.0, 0.01])
        return {
            row: {"fid": (wgan if row in ("WGAN", "clip 0.01") else gan) + around}
            for row in (*gan_dcgan_wgan_mnist.ROWS, "clip 0.01", "clip 0.1")
        }

    first = gan_dcgan_wgan_mnist.question_3(runs(1.0, 2.0), "fid", ["clip 0.01", "clip 0.1"])
    assert "WGAN < " in first and "clip 0.01, is what WGAN began with" in first
    second = gan_dcgan_wgan_mnist.question_3(runs(2.0, 1.0), "fid", ["clip 0.01", "clip 0.1"])
    assert "< WGAN." in second and "clip 0.1, is better than clip 0.01 and rate 5e-05: confirmed" in second
    assert "diverged" in gan_dcgan_wgan_mnist.question_2({})
    assert gan_dcgan_wgan_mnist.question_1({}, {}, "10k").count("not told") == 9
    assert "With it, WGAN before DCGAN: no difference seen (1.0±0.0 against 1.0±0.0)" in second
    tuned = {
        "clip 0.1": {"wobble of FID": np.array([1.0, 1.1])},
        gan_dcgan_wgan_mnist.CONTROL: {"wobble of FID": np.array([2.0, 2.1])},
    }
    assert "| With clip 0.1 its samples change less than those of GAN's loss on the same network | confirmed" in (
        gan_dcgan_wgan_mnist.question_1(tuned, {}, "10k", "clip 0.1")
    )


TIMES = ("3 epochs", "48 epochs")


def test_early_is_the_labs_third_epoch_where_a_run_is_as_long():
    full = Config(dataset="fashion_mnist", steps=fashion_structures.STEPS)
    assert list(fashion_structures.times_of(full)) == list(TIMES)
    longer, shorter, digits = (
        dataclasses.replace(full, **new) for new in ({"steps": 2814}, {"steps": 640}, {"dataset": "digits", "steps": 1600})
    )
    assert fashion_structures.times_of(longer) == {"3 epochs": 0.5, "the end of the run (6 epochs)": 1}
    assert fashion_structures.times_of(shorter) == {"a sixteenth of the run": 1 / 16, "the end of the run (1.4 epochs)": 1}
    assert fashion_structures.times_of(digits) == {"a sixteenth of the run": 1 / 16, "the end of the run": 1}


def test_the_findings_on_structures_follow_the_values():
    text = fashion_structures.findings({}, {}, TIMES)
    assert text.count("not run") == 2 and "confirmed" not in text and "refuted" not in text
    memory = {row: {"temporary": i, "state": -i} for i, row in enumerate(fashion_structures.STRUCTURES)}
    seeds = np.array([0.499, 0.5, 0.501])
    names = ("critic's loss", "generator's loss", "early FID", "last FID", "wobble of FID")
    runs = {row: {**dict.fromkeys(names, seeds + i), "generator's loss, a quarter before": seeds} for i, row in
            enumerate(reversed(fashion_structures.STRUCTURES))}  # fmt: skip
    rows = [line.strip("| ").split(" | ") for line in fashion_structures.findings(runs, memory, TIMES).splitlines()]
    text = {row[0]: row[1] for row in rows if len(row) == 3}
    assert text["fc/fc needs least memory, then conv/fc, then conv/conv"] == "confirmed"
    assert text["... of weights and optimizers"] == "refuted"
    assert text["conv/conv's critic loss ends at about .5 (within .1)"] == "confirmed"
    assert text["conv/conv's generator loss does not"] == "refuted" and text["fc/fc's generator loss converges"] == "refuted"
    assert text["At 48 epochs conv/conv is better than fc/fc"] == "confirmed"
    assert text["At 3 epochs fc/fc is ahead of conv/conv"].startswith("refuted")
    assert text["WGAN draws better than BCE"].startswith("not told")


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """The user's cache folder of all quick forms: the classifier of digits is trained once."""
    own = tmp_path_factory.getbasetemp()
    return (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "cache"  # one for all workers


def run_quick(experiment, out, cache) -> str:
    """What the quick form prints, run as a user runs it: compiled in earnest, as the tests' own programs are not."""
    unset = ("XLA_FLAGS", "JAX_COMPILATION_CACHE_DIR")
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    environment |= {"XDG_CACHE_HOME": str(cache), "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-W", "error", "-m", f"experiments.{experiment.NAME}", "--quick", "--out", str(out)]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    "experiment",
    [
        conditional_mode_collapse,
        fashion_structures,
        fit_distribution,
        gan_dcgan_wgan_mnist,
        metrics_compared,
        mixture_coverage,
        remedies,
        wgan_gp_monitor,
    ],
    ids=lambda e: e.NAME,
)
def test_the_quick_form_runs_and_goes_on_where_it_stopped(experiment, cache, tmp_path):
    assert "is trained" in run_quick(experiment, tmp_path / "out", cache)
    text = (tmp_path / "out" / f"{experiment.NAME}.md").read_text()
    assert "2 seeds a setting" in text and "nan" not in text
    assert any(path.stat().st_size > 5000 for path in (tmp_path / "out").glob("*.png"))
    assert any((tmp_path / "out").glob("*.pdf"))
    assert "is trained" not in run_quick(experiment, tmp_path / "out", cache)  # nothing is trained again
    assert (tmp_path / "out" / f"{experiment.NAME}.md").read_text() == text


@pytest.mark.slow
def test_every_variant_in_its_quick_form(tmp_path):
    every_variant.main(["--quick", "--only", "gan", "began", "--out", str(tmp_path)])
    text = (tmp_path / "every_variant.md").read_text()
    assert text.count("(0.0001: ") == 2, "a row a variant, with the FID of each rate"
    assert (tmp_path / "every_variant-digits.png").stat().st_size > 5000


@pytest.mark.slow
def test_the_search_for_the_collapse_of_began_in_its_quick_form(tmp_path):
    began.main(["--quick", "--out", str(tmp_path)])
    text = (tmp_path / "began.md").read_text()
    assert all(f"| {row} |" in text for row in (*began.ON_THE_PLANE, *began.ON_PICTURES)) and "nan" not in text
    held = next(line for line in text.splitlines() if line.startswith("| k held at .3 |"))
    assert held.split("|")[-2].strip() == "0.300±0.000"
    assert (tmp_path / "began.png").stat().st_size > 5000


@pytest.mark.slow
def test_colour_pictures_in_its_quick_form(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("red", "green"):
        (tmp_path / "set" / name).mkdir(parents=True)
        for number in range(80):
            pixels = rng.integers(0, 90, (16, 16, 3), dtype=np.uint8) + np.uint8(120) * np.array(
                [name == "red", name == "green", 0], np.uint8
            )
            Image.fromarray(pixels).save(tmp_path / "set" / name / f"{number}.png")
    colour_pictures.main(
        ["--quick", "--pictures", str(tmp_path / "set"), "--rows", "r3gan", "hinge", "--out", str(tmp_path / "out")]
    )
    text = (tmp_path / "out" / "colour_pictures.md").read_text()
    assert "fid_lab_150" in text and all(f"| {row} | 6 |" in text for row in ("r3gan", "hinge"))
    options = lab.Options(quick=False, seeds=1, out=tmp_path, data_dir=None)
    large = colour_pictures.config_of("r3gan", tmp_path / "set", 64, options)
    assert resolve(large).config.steps == 15_000  # of few pictures
    assert large.image_size == 64 and colour_pictures.slug("r3gan", 64) != colour_pictures.slug("r3gan", 32)
    for row in ("r3gan", "hinge"):
        with Image.open(tmp_path / "out" / f"colour_pictures-{row}.png") as picture:
            assert min(picture.size) > 100 and len(np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)) > 50


@pytest.mark.slow
def test_the_labs_loops_in_pytorch_beside_jaxgan(tmp_path):
    pytest.importorskip("torch")
    rows = ["lab 003, WGAN", "lab 004, conditional WGAN-GP"]
    compare.main(["--quick", "--rows", *rows, "--out", str(tmp_path)])
    text = (tmp_path / "torch_labs.md").read_text()
    assert all(text.count(f"| {row} |") >= 2 for row in rows)
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*torch*.npz")}
    compare.main(["--quick", "--rows", *rows, "--out", str(tmp_path)])
    assert len(kept) == 4 and kept == {path: path.stat().st_mtime_ns for path in kept}, "no seed is trained again"
