"""What the page shows of runs, as JSON values; the page itself makes elements of them."""

import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jaxgan.board.watching import Watch, Watched
from jaxgan.diagnosis import RULES, headline, measured, not_looked_at, verdict
from jaxgan.errors import UserError, printable
from jaxgan.metrics.table import better, in_order, meaning_of
from jaxgan.report.charts import Chart, charts_html, charts_of_curves, charts_of_curves_by_setting, figures_of
from jaxgan.report.comparison import write_comparison
from jaxgan.report.html import mean_and_deviation, number, words
from jaxgan.report.page import write_page
from jaxgan.report.run_tables import leaves

LISTED = 400  # steps whose samples the slider of a run shows, at most, evenly chosen
COMPARED = 12  # runs side by side, at most


def rows_since(watch: Watch, version: int, board: str) -> dict[str, Any]:
    """What has changed in the list since a version of this board; all of it where the version is another board's."""
    watch.look()
    known = version if board == watch.started else 0
    changed, gone = watch.changed_since(known)
    return {
        "board": watch.started,
        "version": watch.version,
        "all": known == 0,
        "runs": [run.row for run in changed],
        "gone": gone,
    }


def run_in_full(run: Watched) -> dict[str, Any]:
    """All that is said of one run beside its curves."""
    metrics = run.metrics()
    damaged = [f"{metrics.damaged:,} lines of the metrics cannot be read, and are left out"] if metrics.damaged else []
    return {
        **run.row,
        "command": " ".join(map(str, run.environment.get("command") or [])),
        "began": str(run.environment.get("date") or ""),
        "devices": ", ".join(dict.fromkeys(run.environment.get("devices") or [])),
        "samples": _samples(run),
        "doctor": _doctor(run),
        "last": _last_metrics(run),
        "settings": [[name, text] for name, text in leaves({k: v for k, v in run.config.items() if v is not None})],
        "complaints": [printable(line) for line in (*run.complaints, *damaged)],
        "generator_page": run.files.generator_page.is_file() and run.files.holds(run.files.generator_page),
    }


def _samples(run: Watched) -> dict[str, Any]:
    """The steps at which samples were drawn, and the replicas, each with its seed."""
    replicas = sorted({picture.replica for picture in run.pictures})
    steps = [picture.step for picture in run.pictures if picture.replica == replicas[0]] if replicas else []
    if len(steps) > LISTED:
        steps = [steps[round(i * (len(steps) - 1) / (LISTED - 1))] for i in range(LISTED)]
    of = run.as_run
    return {
        "steps": steps,
        "replicas": [[replica, of.seed(replica)] for replica in replicas],
        "on_white": of.drawn_on_white,
        "none": of.no_pictures("No sample picture yet."),
    }


def _doctor(run: Watched) -> dict[str, Any]:
    """What `python -m jaxgan.doctor` says."""
    diagnosis = run.diagnosis()
    return {
        "findings": [
            {"headline": headline(finding), "measured": measured(finding), "advice": finding.advice, "source": finding.source}
            for finding in diagnosis.findings
        ],
        "verdict": verdict(diagnosis),
        "open": not_looked_at(diagnosis),
        "not_known": f"Not known: {len(diagnosis.not_seen)} of {len(RULES)} questions",
    }


def _last_metrics(run: Watched) -> list[dict[str, Any]]:
    """The last value of each metric with its meaning; of several replicas mean and deviation of those that are finite."""
    last = run.metrics().last()
    rows = []
    for name in in_order(last):
        step, values = last[name]
        finite = [value for value in values.tolist() if math.isfinite(value)]
        mean, deviation = mean_and_deviation(finite) if finite else (math.nan, None)
        rows.append(
            {
                "name": name,
                "meaning": meaning_of(name) or "",
                "better": better(name) or "",
                "step": step,
                "value": number(mean),
                "deviation": "" if deviation is None else number(float(f"{deviation:.2g}")),
                "not_finite": len(values) - len(finite) if len(values) > 1 else 0,
            }
        )
    return rows


def charts_of(runs: Sequence[Watched]) -> tuple[str, list[Chart]]:
    """The charts of one run, or of several over each other, and a text that changes when they do."""
    metrics = [run.metrics() for run in runs]
    version = "-".join(f"{run.id}:{of.version}" for run, of in zip(runs, metrics, strict=True))
    if len(runs) == 1:
        return version, charts_of_curves(metrics[0].curves())
    return version, charts_of_curves_by_setting({run.name: of.curves() for run, of in zip(runs, metrics, strict=True)})


def charts_view(version: str, charts: Sequence[Chart]) -> dict[str, Any]:
    """The charts as charts.js takes them, and the places in which it draws them."""
    return {"version": version, "places": charts_html(charts), "figures": figures_of(charts)}


def differences(runs: Sequence[Watched]) -> dict[str, Any]:
    """Chosen runs side by side: their rows and samples, and the settings in which they differ."""
    settings = [dict(leaves(run.config)) for run in runs]
    fields = dict.fromkeys(name for of_run in settings for name in of_run)
    rows = [[name, *(of_run.get(name, words(None)) for of_run in settings)] for name in fields if name != "out"]
    last = [{row["name"]: row for row in _last_metrics(run)} for run in runs]
    return {
        "runs": [{**run.row, "samples": _samples(run)} for run in runs],
        "settings": [row for row in rows if len(set(row[1:])) > 1],
        "last": [
            {
                "name": name,
                "meaning": meaning_of(name) or "",
                "better": better(name) or "",
                "values": [_value(of_run.get(name)) for of_run in last],
            }
            for name in in_order(dict.fromkeys(name for of_run in last for name in of_run))
        ],
    }


def _value(row: dict[str, Any] | None) -> str:
    if row is None:
        return "\N{EN DASH}"
    return f"{row['value']} ± {row['deviation']}" if row["deviation"] else row["value"]


def page_of_run(run: Watched) -> bytes:
    """The run's page as its folder stands now; nothing is written into it."""
    with tempfile.TemporaryDirectory() as folder:
        return write_page(run.files.path, Path(folder) / "page.html", lambda _: None).read_bytes()


def page_of_comparison(runs: Sequence[Watched]) -> bytes:
    """The page that compares runs, as `python -m jaxgan.compare` writes it.

    Raises:
        UserError: a configuration cannot be read, or there are too many runs.
    """
    if len(runs) > COMPARED:
        raise UserError(f"{len(runs)} runs: at most {COMPARED} are compared here; python -m jaxgan.compare takes more")
    with tempfile.TemporaryDirectory() as folder:
        return write_comparison([run.files.path for run in runs], Path(folder) / "page.html", lambda _: None).read_bytes()
