"""The tables of a run's page: its metrics, its configuration, its environment."""

import math
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jaxgan.metrics.table import better, in_order, meaning_of
from jaxgan.report.folder import Run
from jaxgan.report.html import (
    Markup,
    folded,
    joined,
    markup,
    mean_and_deviation,
    name,
    number,
    paragraph,
    section,
    table,
    words,
)
from jaxgan.settings.options import OPTIONS

IN_PYTHON = "python"  # the field of config.json that names what JSON cannot hold: import paths and reprs, by argument
MEANS = "Losses, scores and penalties are means over the steps since the line before."
CLASS_SHARE = re.compile(r"class_share_(\d{1,6})(?=_|$)")


def last_metrics(run: Run) -> Markup:
    """The last line of metrics.jsonl; for several replicas the mean and deviation of their last lines."""
    if not run.records:
        return section("Last metrics", paragraph("No metrics: the run ended before its first line of them."))
    step = run.records[-1]["step"]
    last = [record for record in run.records if record["step"] == step]
    several = any("replica" in record for record in last)
    values = [{field: value for field, value in record.items() if field not in ("step", "replica")} for record in last]
    over = f", over {len(last)} replica{'s' if len(last) > 1 else ''}" if several else ""
    return section(
        "Last metrics",
        joined(
            (
                paragraph(f"At step {step:,}{over}. {MEANS}"),
                _values("Last metrics", values, several=several, classes=run.class_names),
            ),
            "",
        ),
    )


def _values(label: str, replicas: Sequence[Mapping[str, Any]], *, several: bool, classes: Sequence[str] = ()) -> Markup:
    """A table with a row a metric, in the order of the table of metrics: its value, or what `_over_replicas` gives of several."""
    columns = ("Mean", "Standard deviation", "Lowest", "Highest") if several else ("Value",)
    rows = []
    for field in in_order(dict.fromkeys(field for values in replicas for field in values)):
        values = [of_replica.get(field) for of_replica in replicas]
        rows.append((metric_name(field, classes), _over_replicas(values) if several else [number(values[-1])]))
    return table(label, rows, ("Metric", *columns))


def metric_name(field: str, classes: Sequence[str] = ()) -> Markup:
    """The name of a value, with what it means and which direction is better in small letters below, where that is known.

    The share of a class that has a name is called by it.
    """
    direction = better(field)
    notes = [note for note in (meaning_of(field), f"{direction} is better" if direction else "") if note]
    title, share = name(field), CLASS_SHARE.match(field)
    if share and int(share[1]) < len(classes):
        title, notes = markup("share of class {}", classes[int(share[1])]), [field, *notes]
    return joined((title, markup("<small>{}</small>", "; ".join(notes)) if notes else ""), "")


def _over_replicas(values: Sequence[Any]) -> list[str]:
    """Mean, standard deviation (n - 1), lowest and highest of the replicas; how many are not finite, where any is."""
    finite = [value for value in values if isinstance(value, int | float) and math.isfinite(value)]
    if len(finite) < len(values):
        return [f"{len(values) - len(finite)} not finite", "", "", ""]
    mean, deviation = mean_and_deviation(finite)
    return [number(mean), "" if deviation is None else number(deviation), number(min(finite)), number(max(finite))]


def evaluation(run: Run) -> Markup:
    """What evaluation.json says of overfitting, its values, and the protocol; nothing where the run was not evaluated."""
    if not run.evaluated:
        return Markup()
    several = len(run.evaluated) > 1
    protocol = [f"{field} {words(run.evaluation[field])}" for field in ("step", "weights") if field in run.evaluation]
    protocol += [f"{field} {text}" for field, text in leaves(run.evaluation.get("protocol") or {})]
    over = f"Over {len(run.evaluated)} replicas. " if several else ""
    values = _values("Evaluation", run.evaluated, several=several, classes=run.class_names)
    verdict = [paragraph(f"{sentence[:1].upper()}{sentence[1:]}.") for sentence in run.evaluation.get("verdict") or []]
    return section("Evaluation", joined((*verdict, values, paragraph(f"{over}Protocol: {'; '.join(protocol)}.")), ""))


def configuration(run: Run) -> Markup:
    """What was trained, where it differs from the options' defaults, a row a field; folded up all that is set, and what is not in one line.

    What was given in Python has a row each, by the name of its argument.
    """
    if not run.config:
        return section("Configuration", paragraph("No configuration: config.json is missing or cannot be read."))
    unset = [field for field, value in run.config.items() if value is None]
    chosen: list[tuple[str, list[str]]] = []
    rest: list[tuple[str, list[str]]] = []
    for field, value in run.config.items():
        if field == IN_PYTHON and isinstance(value, dict):
            chosen += [(name(part), [text]) for part, text in leaves(value, f"{field} ")]
        elif value is not None:
            (chosen if _says_what_was_trained(field, value) else rest).append((name(field), [words(value)]))
    not_set = f"Not set, or not used here: {', '.join(unset)}." if unset else ""
    more = joined((table("Configuration at its default", rest) if rest else "", paragraph(not_set)), "")
    about = paragraph("What was trained, as far as it differs from the defaults: by a flag, or by the recipe.")
    shown = table("Configuration", chosen) if chosen else paragraph("All is at its default.")
    return section(
        "Configuration", joined((about, shown, folded(f"All other settings: {len(rest)} set, {len(unset)} not", more)))
    )


def _says_what_was_trained(field: str, value: Any) -> bool:
    """Whether a field is an option of what is trained, or a seed, and not as it is where neither flag nor recipe says; or is no option at all."""
    option = OPTIONS.get(field)
    if option is None:
        return field != "format"
    usual = option.otherwise if option.default is None else option.default
    return value != usual and (option.of_setting or field in ("seed", "replicas"))


def environment(run: Run) -> Markup:
    """Versions, devices, command and data, folded up but for the command and the versions that numbers hang on most."""
    if not run.environment:
        return section("Environment", paragraph("No environment: environment.json is missing or cannot be read."))
    shown = [row for row in leaves(run.environment) if row[0] not in ("data labels examples", "data labels shown")]
    first = [row for row in shown if row[0] in ("date", "command", "devices", "versions jaxgan", "versions jax")]
    rest = [(name(field), [text]) for field, text in shown if (field, text) not in first]
    rows = [(name(field), [text]) for field, text in first]
    parts = (table("Environment", rows) if rows else "", folded(f"{len(rest)} more", table("More of the environment", rest)))
    return section("Environment", joined(parts if rest else parts[:1]))


def leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Name and text of each value; one inside an object is named after both, as in `versions jax`."""
    for field, value in values.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{field} ")
        elif field == "command" and isinstance(value, list):
            yield prefix + field, shlex.join(map(str, value))
        else:
            yield prefix + field, words(value)
