"""A real notebook: the bar moves in its place, and a run shows itself; executed by a kernel of IPython."""

from pathlib import Path

import pytest

import jaxgan

TRAIN = """
import jaxgan
run = jaxgan.fit(jaxgan.Config(variant="gan", dataset="ring8", recipe="paper", hidden_dim=8, batch_size=8, steps=40,
                               log_every=10, sample_every=20, out="run"))
"""


@pytest.mark.slow
def test_the_bar_stays_in_one_place_and_results_show_themselves(tmp_path, monkeypatch):
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("PYTHONPATH", str(Path(jaxgan.__file__).parents[1]))
    cells = [TRAIN, "run", "run.samples(50)", "run.metrics", "jaxgan.load('nowhere')"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = nbclient.NotebookClient(notebook, timeout=500, allow_errors=True, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    trained, card, samples, metrics, refused = (cell.outputs for cell in notebook.cells)
    bars = [output for output in trained if "<progress" in output.get("data", {}).get("text/html", "")]
    assert len(bars) == 1 and 'value="40"' in bars[0]["data"]["text/html"]
    assert not [output for output in trained if output.get("name") == "stderr"]
    assert "gan on ring8" in card[0]["data"]["text/html"] and len(card[0]["data"]["text/plain"].splitlines()) == 1
    assert "image/png" in samples[0]["data"] and "<table" in metrics[0]["data"]["text/html"]
    assert refused[0]["traceback"] == ["UserError: nowhere is no run folder: it has no config.json (train one with: python -m jaxgan.train --out nowhere)"]  # fmt: skip
