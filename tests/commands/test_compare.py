"""The command that compares runs: what it writes, what it says, and what it refuses."""

import importlib
import re

import pytest

from jaxgan import __main__ as front_door
from jaxgan.metrics import better
from tests.report.pages import CONFIG, make_run

compare = importlib.import_module("jaxgan.compare")  # the command: jaxgan.compare is the function


def test_a_page_is_written_and_named(tmp_path, capsys):
    runs = [make_run(tmp_path / name, config={**CONFIG, "variant": name}) for name in ("wgan", "wgan_gp")]
    out = tmp_path / "pages" / "two.html"
    assert compare.main([*map(str, runs), "--out", str(out)]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    assert "variant wgan_gp" in out.read_text(encoding="utf-8")


@pytest.fixture
def sweep(tmp_path):
    """A sweep of three programs, the last of which was not begun, and a run elsewhere."""
    for i, rate in ((2, 0.25), (10, 0.5)):
        (tmp_path / "sweep").mkdir(exist_ok=True)
        make_run(tmp_path / "sweep" / f"program_{i}", config={**CONFIG, "learning_rate": rate})
    (tmp_path / "sweep" / "program_11").mkdir()
    (tmp_path / "sweep" / "sweep.json").write_text("{}")
    make_run(tmp_path / "other", config={**CONFIG, "learning_rate": 0.125})
    return tmp_path


@pytest.mark.parametrize(
    ("paths", "programs"),
    [
        (["sweep"], ["sweep/program_2", "sweep/program_10"]),
        (["."], ["other", "sweep/program_2", "sweep/program_10"]),
        (["sweep/*_1*"], ["sweep/program_10"]),
        (["*"], ["other", "sweep/program_2", "sweep/program_10"]),
        (["other", "s*/program_2"], ["other", "sweep/program_2"]),
    ],
)
def test_a_sweep_a_folder_of_runs_and_a_glob_name_their_runs(paths, programs, sweep, monkeypatch, capsys):
    monkeypatch.chdir(sweep)
    assert compare.main(paths) == 0
    page = (sweep / "compare.html").read_text(encoding="utf-8")
    folders = re.findall(r"<td[^>]*>([a-z_0-9]+)</td></tr>", page)
    assert [folder for folder in folders if folder in {"other", "program_2", "program_10"}][: len(programs)] == [
        program.rpartition("/")[2] for program in programs
    ]
    assert f"{len(programs)} setting" in page


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("sweep/program_11", "sweep/program_11 is no run folder, and holds none"),
        ("nothing/*", "nothing/* matches no run folder: a run folder has a config.json (0 other names match)"),
        ("sweep/*.json", "sweep/*.json matches no run folder: a run folder has a config.json (1 other names match)"),
    ],
)
def test_a_folder_without_runs_and_a_glob_that_matches_none_are_refused(path, line, sweep, monkeypatch, capsys):
    monkeypatch.chdir(sweep)
    assert compare.main([path]) == 2
    assert capsys.readouterr().err.startswith(f"error: {line}")


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
