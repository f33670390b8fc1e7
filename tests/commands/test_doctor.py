"""`python -m jaxgan.doctor RUN`: what it says of a run that was made to have a fault, of a good one, and of none."""

import json
import subprocess
import sys

import pytest

from jaxgan import doctor
from tests.diagnosis.kept_runs import kept


@pytest.fixture
def folder(tmp_path):
    """Makes a run folder of a kept run."""

    def of(name):
        run = kept(name)
        (tmp_path / "config.json").write_text(json.dumps(run["config"]))
        (tmp_path / "environment.json").write_text(json.dumps({"data": run["data"]}))
        (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(record) + "\n" for record in run["records"]))
        return tmp_path

    return of


def test_a_fault_has_its_figure_its_advice_and_its_source(folder, capsys):
    assert doctor.main([str(folder("clip"))]) == 0
    lines = capsys.readouterr().out.splitlines()
    place = lines.index("The generator's gradients vanish, since step 8.")
    assert lines[place + 1].startswith("  100.0% of the entries")
    assert lines[place + 2].startswith("  try a larger --clip")
    assert lines[place + 3].startswith("  source: the labs' own measure")
    assert any("--metrics-every" in line for line in lines)


def test_of_a_good_run_nothing(folder, capsys):
    assert doctor.main([str(folder("wgan_gp"))]) == 0
    assert capsys.readouterr().out.startswith("Nothing is found")


def test_as_json(folder, capsys):
    assert doctor.main([str(folder("clip")), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    (finding,) = said["findings"]
    assert (finding["name"], finding["since"], finding["replicas"], finding["of"]) == ("gradients_vanish", 8, [0], 1)
    assert {rule["name"] for rule in said["not_looked_at"]} >= {"modes_missing", "got_worse"}


def test_what_is_no_run_is_refused_in_one_line(tmp_path, capsys):
    assert doctor.main([str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"error: {tmp_path} is no run folder")


def test_help_does_not_wait_for_jax():
    code = "import sys\nfrom jaxgan import doctor\ntry:\n doctor.main(['--help'])\nexcept SystemExit:\n assert 'jax' not in sys.modules"
    assert "RUN" in subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
