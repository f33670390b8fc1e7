"""The page that compares runs: curves, samples and values by setting, one file that asks for no other.

Runs, and replicas of one run, whose configurations differ in nothing but the seed and in how the run was kept are seeds of
one setting.
"""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jaxgan.errors import UserError, say
from jaxgan.files import write_atomically
from jaxgan.folder import Picture, RunFolder, Tell
from jaxgan.metrics.table import Direction, better, in_order
from jaxgan.report.charts import charts_of_settings, scripts, split_by_replica
from jaxgan.report.folder import Run, evenly, read_run
from jaxgan.report.html import (
    Markup,
    document,
    joined,
    markup,
    mean_and_deviation,
    name,
    number,
    paragraph,
    section,
    slider,
    table,
    words,
    write,
)
from jaxgan.report.page import drawn, frame, shown
from jaxgan.report.run_tables import IN_PYTHON, leaves, metric_name
from jaxgan.settings.options import names

PICTURES = 20  # of one setting, at most
PICTURES_IN_ALL = 200  # with many settings each shows fewer; never fewer than two
SAME_SETTING = {*names(saved=True, of_setting=False)}  # how a run was seeded, kept and watched, not what was trained
OF_THE_MOMENT = ("date", "command", "data ")  # what differs between environments without being one


class Member(NamedTuple):
    """One seed of a setting: a replica of a run."""

    run: Run
    replica: int
    seed: int | None
    records: Sequence[Mapping[str, Any]]


class Setting(NamedTuple):
    """What was trained, with the seeds it was trained with."""

    label: str
    fields: dict[str, Any]
    members: list[Member]


def write_comparison(folders: Sequence[Path], out: Path, tell: Tell = say) -> Path:
    """Writes the page that compares the runs in `folders` to `out`, and returns that path.

    A picture strip shows the first seed of each setting, at most 20 pictures, evenly chosen. Of each metric that
    has a better direction the best mean is marked. What is damaged is named on the page and told, a line each.

    Raises:
        UserError: no folder, or a folder whose config.json cannot be read.
    """
    complaints: list[str] = []
    page = _page(settings_of(read_runs(folders, complaints.append)), complaints)
    write_atomically(out, write(page))
    for complaint in complaints:
        tell(complaint)
    return out


def _page(settings: Sequence[Setting], complaints: Sequence[str]) -> Markup:
    """`complaints` grow as the runs' pictures are read."""
    charts = charts_of_settings({setting.label: [member.records for member in setting.members] for setting in settings})
    datasets = dict.fromkeys(member.run.dataset for setting in settings for member in setting.members)
    on = ", ".join(dataset for dataset in datasets if dataset)
    summary = f"{_counted(len(settings), 'setting')}, {_counted(sum(len(s.members) for s in settings), 'seed')} in all"
    about = "The line is the mean over the seeds of a setting, the band one standard deviation. "
    without = paragraph("The curves need JavaScript; the tables below do not.")
    curves = drawn(charts, about, without) if charts else paragraph("No curves: none of the runs has metrics.")
    sections = [
        _overview(settings),
        section("Curves", curves),
        _samples(settings),
        _last_metrics(settings),
        _evaluation(settings),
        _differences(settings),
        _environments(settings),
    ]
    title = f"Comparison on {on}" if on else "Comparison"
    return document(title, summary, filter(None, sections), complaints=complaints, scripts=scripts(charts), wide=True)


def read_runs(folders: Sequence[Path], tell: Tell = say) -> list[Run]:
    """The runs, each once; raises UserError for a folder that is none. What else is damaged is told."""
    if not folders:
        raise UserError("no run to compare: name at least one run folder")
    runs = []
    for path in dict.fromkeys(RunFolder(folder).require().path.resolve() for folder in folders):
        complaints: list[str] = []
        run = read_run(path, complaints.append)
        if not run.config:
            reason = "".join(f" ({complaint})" for complaint in complaints[:1])
            raise UserError(f"{RunFolder(path).config} cannot be read: a JSON object of settings was expected{reason}")
        for complaint in complaints:
            tell(complaint)
        runs.append(run._replace(tell=tell))
    return runs


def settings_of(runs: Sequence[Run]) -> list[Setting]:
    """The runs' replicas by what was trained, in the order in which they are named; a setting is labelled by what tells it apart."""
    by_fields: dict[str, tuple[dict[str, Any], list[Member]]] = {}
    for run in runs:
        records = {(replica[0].get("replica") or 0): replica for replica in split_by_replica(run.records)}
        for replica in range(run.replicas):
            fields = _fields(run, replica)
            _, members = by_fields.setdefault(json.dumps(fields, sort_keys=True), (fields, []))
            members.append(Member(run, replica, run.seed(replica), records.get(replica, [])))
    told_apart = telling_fields([fields for fields, _ in by_fields.values()])
    settings = []
    for fields, members in by_fields.values():
        label = ", ".join(f"{field} {words(fields.get(field))}" for field in told_apart)
        settings.append(Setting(label or members[0].run.folder.name, fields, members))
    return settings


def _fields(run: Run, replica: int) -> dict[str, Any]:
    """What a replica was trained with, where the replicas of a run differ (of a sweep) too."""
    own = {field: values[replica] for field, values in run.by_replica.items() if replica < len(values)}
    given = {**run.config, **own}
    in_python = given.pop(IN_PYTHON, None)
    if isinstance(in_python, dict):
        given |= dict(leaves(in_python, f"{IN_PYTHON} "))
    return {field: value for field, value in given.items() if field not in SAME_SETTING}


def telling_fields(settings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Few fields that together tell all settings apart, taken in the order of the configuration."""
    chosen: list[str] = []
    kinds = 1
    for field in dict.fromkeys(field for setting in settings for field in setting):
        distinct = len({json.dumps([setting.get(f) for f in (*chosen, field)]) for setting in settings})
        if distinct > kinds:
            chosen, kinds = [*chosen, field], distinct
    return chosen


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


# Sections


def _overview(settings: Sequence[Setting]) -> Markup:
    rows = []
    for setting in settings:
        runs = dict.fromkeys(str(member.run.folder) for member in setting.members)
        seeds = ", ".join(words(member.seed) for member in setting.members)
        rows.append((setting.label, [seeds, ", ".join(Path(folder).name for folder in runs)]))
    return section("Settings", table("Settings", rows, ("Setting", "Seeds", "Run folders"), kind="sides"))


def _samples(settings: Sequence[Setting]) -> Markup:
    """One strip a setting, all moved by one slider over the share of the run."""
    most = max(2, min(PICTURES, PICTURES_IN_ALL // len(settings)))
    strips = [_strip(setting, most) for setting in settings]
    if not any(strips):
        reasons = {s.members[0].run.no_pictures("No sample pictures: none of the runs has any.") for s in settings}
        return section("Samples", joined(paragraph(reason) for reason in sorted(reasons)))
    of_settings = joined(strip or _no_strip(setting) for strip, setting in zip(strips, settings, strict=True))
    return section(
        "Samples", markup('{}\n<div class="strips">\n{}\n</div>', slider("Share of the run", 100, unit="%"), of_settings)
    )


def _strip(setting: Setting, most: int) -> Markup:
    """The pictures of the first seed that has any; nothing where none has."""
    member = next((m for m in setting.members if _pictures(m)), None)
    chosen = shown(member.run, evenly(_pictures(member), most)) if member else []
    if member is None or not chosen:
        return Markup()
    whole = setting.fields.get("steps") or max(chosen[-1].step, 1)
    return markup(
        '<figure class="strip{}">\n{}\n<figcaption><strong>{}</strong>{}, '
        '<output for="slider">step {:,}</output></figcaption>\n</figure>',
        markup(" on-white" if member.run.drawn_on_white else ""),
        joined(frame(p, min(100.0, 100 * p.step / whole), visible=p is chosen[-1]) for p in chosen),
        setting.label,
        "" if member.seed is None else f", seed {member.seed}",
        chosen[-1].step,
    )


def _no_strip(setting: Setting) -> Markup:
    why = paragraph(setting.members[0].run.no_pictures("No sample pictures."))
    return markup("<div><strong>{}</strong>{}</div>", setting.label, why)


def _pictures(member: Member) -> list[Picture]:
    return [picture for picture in member.run.pictures if picture.replica == member.replica]


def _last_metrics(settings: Sequence[Setting]) -> Markup:
    last = [[_last(member.records) for member in setting.members] for setting in settings]
    if not any(values for members in last for values in members):
        return section("Last metrics", paragraph("No metrics: none of the runs has any."))
    about = paragraph(f"Of each seed the value logged last. {OVER_SEEDS}")
    return section("Last metrics", joined((about, _by_setting(settings, last)), ""))


OVER_SEEDS = (
    "Mean ± standard deviation over the seeds of a setting (their number in brackets); a star stands before the best mean."
)


def _last(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Of each metric the value in the last record that has it."""
    last: dict[str, Any] = {}
    for record in records:
        last |= record
    return {field: value for field, value in last.items() if field not in ("step", "replica")}


def _evaluation(settings: Sequence[Setting]) -> Markup:
    """The values of evaluation.json of those runs that were evaluated; nothing where none was."""
    measured = [[_measured(member) for member in setting.members] for setting in settings]
    if not any(values for members in measured for values in members):
        return Markup()
    return section("Evaluation", joined((paragraph(OVER_SEEDS), _by_setting(settings, measured)), ""))


def _measured(member: Member) -> dict[str, Any]:
    evaluated = member.run.evaluated
    return evaluated[member.replica] if member.replica < len(evaluated) else {}


def _by_setting(settings: Sequence[Setting], measured: Sequence[Sequence[Mapping[str, Any]]]) -> Markup:
    """A row a metric and a column a setting; `measured` holds the values of each setting's members."""
    rows = []
    classes = settings[0].members[0].run.class_names
    for field in in_order(dict.fromkeys(field for members in measured for values in members for field in values)):
        values = [[member[field] for member in members if field in member] for members in measured]
        means = [_mean(of_setting) for of_setting in values]
        best = _best(means, better(field))
        rows.append((metric_name(field, classes), [_cell(of_setting, i in best) for i, of_setting in enumerate(values)]))
    return table("Values by setting", rows, ("Metric", *(setting.label for setting in settings)), kind="numbers sides")


def _finite(values: Sequence[Any]) -> list[float]:
    return [float(value) for value in values if isinstance(value, int | float) and math.isfinite(value)]


def _mean(values: Sequence[Any]) -> float | None:
    """None where a seed has no finite value: a setting that diverged is not the best."""
    finite = _finite(values)
    return mean_and_deviation(finite)[0] if finite and len(finite) == len(values) else None


def _best(means: Sequence[float | None], direction: Direction | None) -> set[int]:
    """The places of the best mean; none where the direction is unknown, or all are alike."""
    known = [mean for mean in means if mean is not None]
    if direction is None or len(set(known)) < 2:
        return set()
    best = max(known) if direction == "higher" else min(known)
    return {i for i, mean in enumerate(means) if mean == best}


def _cell(values: Sequence[Any], best: bool) -> str:
    if not values:
        return "\N{EN DASH}"
    finite = _finite(values)
    text = ""
    if finite:
        mean, deviation = mean_and_deviation(finite)
        text = number(mean) if deviation is None else f"{number(mean)} ± {number(float(f'{deviation:.2g}'))} ({len(finite)})"
    if len(finite) < len(values):
        text += f"{', ' if text else ''}{len(values) - len(finite)} not finite"
    if not best:
        return text
    return markup('<span class="best">{}<span class="unseen">, the best</span></span>', text)


def _differences(settings: Sequence[Setting]) -> Markup:
    if len(settings) < 2:
        return section("Differences of configuration", paragraph("None: all runs are seeds of one setting."))
    fields = dict.fromkeys(field for setting in settings for field in setting.fields)
    values = {field: [words(setting.fields.get(field)) for setting in settings] for field in fields}
    rows = [(name(field), of_field) for field, of_field in values.items() if len(set(of_field)) > 1]
    columns = ("Field", *(setting.label for setting in settings))
    return section("Differences of configuration", table("Differences of configuration", rows, columns, kind="sides"))


def _environments(settings: Sequence[Setting]) -> Markup:
    runs = list({member.run.folder: member.run for setting in settings for member in setting.members}.values())
    of_runs = [dict(leaves(run.environment)) for run in runs]
    rows, same = [], []
    for field in dict.fromkeys(field for values in of_runs for field in values):
        values = [of_run.get(field, "none") for of_run in of_runs]
        if field.startswith(OF_THE_MOMENT):
            continue
        if len(set(values)) > 1:
            rows.append((name(field), values))
        else:
            same.append(f"{field} {values[0]}")
    alike = f"The same for all: {'; '.join(same)}." if same else ""
    columns = ("Field", *(run.folder.name for run in runs))
    differing = table("Differences of environment", rows, columns, kind="sides") if rows else ""
    alike = alike or ("" if rows else "No environment: environment.json is missing or cannot be read.")
    return section("Environment", joined((differing, paragraph(alike)), ""))
