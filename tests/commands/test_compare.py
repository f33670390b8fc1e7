"""The command that compares runs: what it writes, what it says, and what it refuses."""

import importlib

import pytest

from jaxgan import __main__ as front_door
from jaxgan import compare
from jaxgan.metrics import better
from tests.report.pages import CONFIG, make_run


def test_a_page_is_written_and_named(tmp_path, capsys):
    runs = [make_run(tmp_path / name, config={**CONFIG, "variant": name}) for name in ("wgan", "wgan_gp")]
    out = tmp_path / "pages" / "two.html"
    assert compare.main([*map(str, runs), "--out", str(out)]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    assert "variant wgan_gp" in out.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        ([], "no run to compare: name at least one run folder"),
        (["nowhere"], "nowhere is no run folder: it has no config.json"),
    ],
)
def test_what_is_no_run_is_refused_in_one_line(argv, line, capsys):
    assert compare.main(argv) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: {line}") and said.count("\n") == 1


def test_a_configuration_that_cannot_be_read_is_refused(tmp_path, capsys):
    (make_run(tmp_path / "run") / "config.json").write_text("[")
    assert compare.main([str(tmp_path / "run")]) == 2
    assert "config.json cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("name", front_door.COMMANDS)
def test_every_command_has_a_main(name, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["jaxgan", name, "--help"])
    with pytest.raises(SystemExit) as end:
        front_door.main()
    assert not end.value.code
    module = name + ".__main__" if name in front_door.PACKAGES else name
    assert importlib.import_module(f"jaxgan.{module}").main
    assert f"python -m jaxgan.{name}" in capsys.readouterr().out


def test_which_direction_of_a_metric_is_the_better_one():
    assert better("fid_lab_10k") == better("wasserstein1_exact_1k") == better("c2st_points_1k") == "lower"
    assert better("modes_pacgan_2500") == better("coverage_points_1k") == "higher"
    for name in (
        "wasserstein1_exact_1k_of_real",
        "c2st_points_1k_low",
        "lab_coverage_2500",
        "critic_lipschitz_seen_1k",
        "critic_loss",
    ):
        assert better(name) is None
