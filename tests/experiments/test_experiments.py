"""The labs' experiments: what they share, what they conclude from figures, and each one's quick form from end to end."""

import json

import numpy as np
import pytest

from experiments import conditional_mode_collapse, fit_distribution, lab, metrics_compared, mixture_coverage, wgan_gp_monitor
from jaxgan.config import Config


def test_a_verdict_is_drawn_from_means_and_their_errors():
    small, large = np.array([1.0, 1.1, 0.9]), np.array([2.0, 2.1, 1.9])
    assert fit_distribution.verdict(small, large) == "confirmed"
    assert fit_distribution.verdict(large, small).startswith("refuted")
    assert fit_distribution.verdict(small, small + 0.01) == "no difference seen"
    assert fit_distribution.verdict(small, np.array([np.inf, np.inf, 3.0])).startswith("not told")


def test_claims_about_what_was_not_run_say_so():
    text = fit_distribution.claims({})
    assert text.count("not run") == text.count("\n") - 1


def test_every_claim_is_about_settings_of_the_studies():
    rows = {row for study in fit_distribution.STUDIES.values() for row in study}
    figures = dict.fromkeys(("W1", "steps to a quarter", "wobble of W1"), np.array([1.0, 2.0, 3.0]))
    assert "not run" not in fit_distribution.claims(dict.fromkeys(rows, figures))


def test_the_same_setting_of_two_studies_is_one_folder(tmp_path):
    asked = lab.Options(True, 2, tmp_path, None)
    folder = {
        row: fit_distribution.folder_of(asked, fields)
        for study in fit_distribution.STUDIES.values()
        for row, fields in study.items()
    }
    assert folder["wgan on gaussian"] == folder["wgan, clip 0.1"] == folder["wgan, RMSprop"] == folder["wgan, critic first"]
    assert folder["gan, SGD"] != folder["gan, SGD, rate .01"]
    assert len(set(folder.values())) == len(folder) - 10  # 49 rows, of which 10 stand elsewhere too


def test_spread_and_table():
    assert lab.spread([1.0, 3.0]) == "2.00±1.41"
    assert lab.spread([0.5], 0, 100) == "50"
    assert lab.spread([np.inf]) == "-"
    assert lab.table(["a", "b"], [[1, 2]]) == "| a | b |\n|---|---|\n| 1 | 2 |"


def test_a_metric_sees_what_leaves_the_spread_of_real_draws():
    real = [1.0, 1.01, 0.99]
    assert metrics_compared.sees(real, [1.2, 1.2]) and not metrics_compared.sees(real, [1.03, 1.0])
    assert not metrics_compared.sees([1.0, 1.0], [1.01, 1.01])  # within 2 %


def test_a_finished_run_is_left_alone_and_an_interrupted_one_goes_on(tmp_path):
    config = Config(dataset="ring8", steps=4, batch_size=4, hidden_dim=4, checkpoint_every=2, log_every=1)
    folder = lab.trained(tmp_path / "run", config)
    assert lab.finished(folder)
    written = (folder / "metrics.jsonl").stat().st_mtime_ns
    lab.trained(folder, config)
    assert (folder / "metrics.jsonl").stat().st_mtime_ns == written
    values = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**values, "steps": 6}))  # as if it had been stopped after 4 of 6
    assert not lab.finished(folder)
    lab.trained(folder, config)
    assert lab.finished(folder) and lab.checkpoint_steps(folder)[-1] == 6
    steps, losses = lab.curves(folder, "critic_loss")
    assert list(steps) == [1, 2, 3, 4, 5, 6] and losses.shape == (6, 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    "experiment",
    [conditional_mode_collapse, fit_distribution, metrics_compared, mixture_coverage, wgan_gp_monitor],
    ids=lambda e: e.NAME,
)
def test_the_quick_form_runs_and_goes_on_where_it_stopped(experiment, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("jaxgan.evaluation.classifiers.classifiers_folder", lambda: tmp_path / "classifiers")
    asked = ["--quick", "--out", str(tmp_path / "out")]
    experiment.main(asked)
    text = (tmp_path / "out" / f"{experiment.NAME}.md").read_text()
    assert "2 seeds a setting" in text and "nan" not in text
    assert any(path.stat().st_size > 5000 for path in (tmp_path / "out").glob("*.png"))
    assert any((tmp_path / "out").glob("*.pdf"))
    capsys.readouterr()
    experiment.main(asked)
    assert "is trained" not in capsys.readouterr().out  # nothing is trained again
    assert (tmp_path / "out" / f"{experiment.NAME}.md").read_text() == text
