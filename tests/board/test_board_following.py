"""A metrics.jsonl is read as it grows, each line once, and again where it is another file."""

import json

import numpy as np

from jaxgan.board.following import STEPS, Metrics, last_records
from jaxgan.folder import RunFolder
from jaxgan.report.charts import charts_of_curves, charts_of_run


def lines(*steps, replicas=1, **values):
    records = [
        {"step": step, **({"replica": r} if replicas > 1 else {}), "critic_loss": step + r, **values}
        for step in steps
        for r in range(replicas)
    ]
    return "".join(json.dumps(record) + "\n" for record in records)


def test_only_what_was_added_is_read_and_half_a_line_waits(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text(lines(1, 2))
    metrics = Metrics(RunFolder(tmp_path))
    metrics.read()
    before = metrics.version
    metrics.read()
    assert (metrics.version, sorted(metrics.columns["critic_loss"])) == (before, [1, 2])
    whole = lines(3)
    with path.open("a") as file:
        file.write(whole[:9])
        file.flush()
        metrics.read()
        assert metrics.last_step == 2 and not metrics.damaged
        file.write(whole[9:] + "no JSON\n")
    metrics.read()
    assert (metrics.last_step, metrics.damaged) == (3, 1)
    assert list(metrics.records()) == [{"step": step, "critic_loss": step} for step in (1, 2, 3)]


def test_a_file_that_was_replaced_is_read_from_its_beginning(tmp_path):
    """A run that is resumed drops the steps that it makes again; in place too, where the inode stays."""
    path = tmp_path / "metrics.jsonl"
    path.write_text(lines(*range(1, 20)))
    metrics = Metrics(RunFolder(tmp_path))
    metrics.read()
    path.write_text(lines(1, 2))
    metrics.read()
    assert metrics.last_step == 2
    path.write_text(lines(1, 7, 8))
    metrics.read()
    assert sorted(metrics.columns["critic_loss"]) == [1, 7, 8]
    (tmp_path / "new").write_text(lines(*range(5)))
    (tmp_path / "new").replace(path)
    metrics.read()
    assert sorted(metrics.columns["critic_loss"]) == [0, 1, 2, 3, 4]


def test_curves_are_those_of_the_run_s_own_page(tmp_path):
    (tmp_path / "metrics.jsonl").write_text(
        lines(*range(10, 200, 10), replicas=5, score_real=None)
        + lines(200, replicas=4)
        + lines(0, 100, replicas=5, fid_lab_1k=3.5)
    )
    metrics = Metrics(RunFolder(tmp_path), 5)
    metrics.read()
    ours, theirs = charts_of_curves(metrics.curves()), charts_of_run(RunFolder(tmp_path).read_metrics())
    assert [chart.title for chart in ours] == [chart.title for chart in theirs]
    for chart, other in zip(ours[:1], theirs[:1], strict=True):
        assert chart.views[0].traces == other.views[0].traces


def test_long_runs_are_thinned_and_keep_their_end(tmp_path):
    (tmp_path / "metrics.jsonl").write_text(lines(*range(1, 3 * STEPS)))
    metrics = Metrics(RunFolder(tmp_path))
    metrics.read()
    column = metrics.columns["critic_loss"]
    assert STEPS // 2 <= len(column) <= STEPS and max(column) == 3 * STEPS - 1
    curve = metrics.curves()["critic_loss"]
    assert len(curve.steps) <= 400 and curve.steps[-1] == 3 * STEPS - 1
    assert np.array_equal(curve.mean, curve.steps)


def test_the_end_of_a_long_file_is_enough_for_the_list(tmp_path):
    (tmp_path / "metrics.jsonl").write_text(lines(*range(5000)) + '{"step": 99')
    found = last_records(tmp_path / "metrics.jsonl")
    assert found[-1] == {"step": 4999, "critic_loss": 4999} and 100 < len(found) < 1000


def test_the_losses_in_the_small_are_on_one_scale_with_gaps(tmp_path):
    values = [(0, 10.0, 0.0), (1, 5.0, None), (2, 0.0, 5.0)]
    (tmp_path / "metrics.jsonl").write_text(
        "".join(json.dumps({"step": step, "critic_loss": a, "generator_loss": b}) + "\n" for step, a, b in values)
    )
    metrics = Metrics(RunFolder(tmp_path))
    assert metrics.outline() == []
    metrics.read()
    assert metrics.outline() == [[100, 52, 0], [0, None, 52]]  # the scale leaves out a fiftieth: from 0 to 9.6
