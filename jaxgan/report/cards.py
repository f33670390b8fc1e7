"""What a notebook shows of a run: a short card with its last values and its last picture.

A card brings its style with it, in attributes: a notebook, a page of Sphinx and a viewer that drops style sheets show it alike, in light
and in dark.
"""

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jaxgan.diagnosis import diagnose, facts_of, headline
from jaxgan.folder import RunFolder
from jaxgan.metrics.table import LOSSES, NORMS, PENALTIES, better, chart_of, in_order, is_measured, meaning_of
from jaxgan.report.folder import Run, read_run
from jaxgan.report.html import Markup, joined, markup, mean_and_deviation, number

NOT_VALUES = ("step", "replica")
AT_FIRST = (LOSSES, PENALTIES, NORMS)  # charts whose values a card shows unfolded
RANKING = 6  # measured values with a better direction that it shows unfolded, at most


class Facts(NamedTuple):
    """What a card says of a run that the open run knows better than its folder."""

    folder: Path
    config: Mapping[str, Any]
    step: int  # of the state that is at hand
    replicas: int
    replica: int | None = None  # which of the folder's replicas it is, where it is one of several


def title(config: Mapping[str, Any]) -> str:
    """The variant and the data: "wgan_gp on ring8"."""
    variant, data = config.get("variant") or "own", config.get("dataset") or "own"
    return f"{'a GAN of your own' if variant == 'own' else variant} on {'data of your own' if data == 'own' else data}"


def networks(config: Mapping[str, Any]) -> str:
    """The generator and the critic, and their width where there is an option for it."""
    both = [str(config[player]) for player in ("generator", "critic") if config.get(player)]
    text = " / ".join(dict.fromkeys(both)) or "not known"
    return f"{text}, {config['hidden_dim']} wide" if config.get("hidden_dim") else text


def seeds(facts: Facts) -> str:
    """The seed, or the first and the last of several."""
    seed = facts.config.get("seed")
    if seed is None:
        return "not known"
    own = (facts.config.get("by_replica") or {}).get("seed")  # of a sweep
    if facts.replica is not None:
        return f"{own[facts.replica] if own else seed + facts.replica} (replica {facts.replica})"
    first, last = (min(own), max(own)) if own else (seed, seed + facts.replicas - 1)
    return str(seed) if facts.replicas == 1 else f"{first} to {last} ({facts.replicas} replicas)"


def in_a_line(facts: Facts) -> str:
    """The run in a line of text: what it is, how far it came, and where it lies."""
    return f"Run({title(facts.config)}, {_steps(facts)}, seed {seeds(facts)}, folder {facts.folder})"


def _steps(facts: Facts) -> str:
    wanted = facts.config.get("steps")
    return f"{facts.step:,} steps" if wanted in (None, facts.step) else f"{facts.step:,} of {wanted:,} steps"


def run_card(facts: Facts) -> Markup:
    """The card of a run: title, what was trained, what its rules say, last values with their direction, and the last picture of samples."""
    complaints: list[str] = []
    run = read_run(facts.folder, complaints.append)
    rows = [
        ("networks", networks(facts.config)),
        ("steps", _steps(facts)),
        ("seed", seeds(facts)),
        ("folder", markup("<code>{}</code>", facts.folder)),
    ]
    last = _last(run, facts)
    found = diagnose(_of_replica(run.records, facts), facts_of(run.config, run.environment), []).findings if run.records else ()
    words = [paragraph_of(headline(finding)) for finding in found]
    notes = [paragraph_of(complaint) for complaint in complaints]
    report = RunFolder(facts.folder).report
    page = [paragraph_of(markup("The whole page: <code>{}</code>", report))] if report.is_file() else []
    body = joined((table_of(rows), *words, _values(last), *notes, *page))
    return card(title(facts.config), body, _picture(run, facts))


def card(heading: str, body: Markup, beside: str = "") -> Markup:
    """A heading, what stands below it, and a picture beside both where there is room."""
    return markup(
        '<div style="display:flex;flex-wrap:wrap;gap:1em 2em;align-items:flex-start;max-width:64em;margin:.3em 0">'
        '<div style="flex:1 1 22em;min-width:0"><div style="font-size:1.15em;font-weight:600">{}</div>{}</div>{}</div>',
        heading, body, beside,
    )  # fmt: skip


def paragraph_of(text: str) -> Markup:
    """A paragraph of a card."""
    return markup('<p style="margin:.4em 0">{}</p>', text)


def table_of(rows: Iterable[tuple[str, str]]) -> Markup:
    """Names and what they are, in two columns."""
    cells = joined(
        (
            markup(
                '<tr style="background:none"><th scope="row" style="text-align:left;font-weight:500;padding:.15em 1em .15em 0;'
                'border:0;vertical-align:top;opacity:.75">{}</th>'
                '<td style="text-align:left;padding:.15em 0;border:0;overflow-wrap:anywhere">{}</td></tr>',
                *row,
            )
            for row in rows
        ),
        "",
    )
    return markup('<table style="border-collapse:collapse;border:0;margin:.3em 0">{}</table>', cells)


def _of_replica(records: Sequence[dict[str, Any]], facts: Facts) -> list[dict[str, Any]]:
    """The lines of the replica that is at hand, up to its step; of all replicas where all are."""
    return [
        record
        for record in records
        if record["step"] <= facts.step and (facts.replica is None or (record.get("replica") or 0) == facts.replica)
    ]


def _last(run: Run, facts: Facts) -> dict[str, list[Any]]:
    """Of each metric the value logged last, one a replica."""
    by_replica: dict[int, dict[str, Any]] = {}
    for record in _of_replica(run.records, facts):
        by_replica.setdefault(record.get("replica") or 0, {}).update(record)
    names = in_order(dict.fromkeys(name for record in by_replica.values() for name in record if name not in NOT_VALUES))
    return {name: [record[name] for record in by_replica.values() if name in record] for name in names}


def _values(last: Mapping[str, Sequence[Any]]) -> Markup:
    """Losses, penalties, gradient norms and the first measured values that rank runs; the others folded away."""
    if not last:
        return paragraph_of("No metrics yet.")
    ranking = [name for name in last if is_measured(name) and better(name)]
    shown = [*ranking[:RANKING], *(name for name in last if not is_measured(name) and chart_of(name) in AT_FIRST)]
    first = value_table({name: last[name] for name in shown}) if shown else Markup()
    others = {name: values for name, values in last.items() if name not in shown}
    more = (
        markup('<details><summary style="opacity:.75">{} more</summary>{}</details>', len(others), value_table(others))
        if others
        else Markup()
    )
    return joined((first, more))


def value_table(last: Mapping[str, Sequence[Any]]) -> Markup:
    """Metrics with their values, which direction is better, and what they mean."""
    cell = markup('style="text-align:left;padding:.15em 1em .15em 0;border:0;vertical-align:top"')
    rows = joined(
        (
            markup(
                '<tr style="background:none" title="{meaning}"><td {cell}><code>{name}</code></td>'
                '<td {cell}><span style="white-space:nowrap;font-variant-numeric:tabular-nums">{value}</span></td>'
                '<td {cell}><small style="opacity:.75">{note}</small></td></tr>',
                cell=cell, name=name, value=over_replicas(values), note=note_of(name), meaning=meaning_of(name),
            )
            for name, values in last.items()
        ),
        "",
    )  # fmt: skip
    return markup('<table style="border-collapse:collapse;border:0;margin:.3em 0">{}</table>', rows)


def note_of(name: str) -> str:
    """Which direction is better, where one is; else what the value means."""
    direction = better(name)
    return f"{direction} is better" if direction else meaning_of(name)


def over_replicas(values: Sequence[Any]) -> str:
    """A value, or the mean and the deviation of several; how many are not finite, where any is."""
    finite = [float(value) for value in values if isinstance(value, int | float) and math.isfinite(value)]
    if len(finite) < len(values):
        return "not finite" if len(values) == 1 else f"{len(values) - len(finite)} of {len(values)} not finite"
    mean, deviation = mean_and_deviation(finite)
    return number(mean) if deviation is None else f"{number(mean)} ± {number(float(f'{deviation:.2g}'))}"


def picture_of(content: bytes, about: str) -> Markup:
    """A PNG file's content with a line below it."""
    address = f"data:image/png;base64,{base64.b64encode(content).decode('ascii')}"
    return _figure(address, about)


def _figure(address: str, about: str) -> Markup:
    return markup(
        '<figure style="margin:0;flex:0 1 22em;min-width:0"><img style="display:block;max-width:100%;height:auto;background:#fff" '
        'alt="{about}" src="{address}"><figcaption style="opacity:.75"><small>{about}</small></figcaption></figure>',
        about=about, address=address,
    )  # fmt: skip


def _picture(run: Run, facts: Facts) -> Markup:
    """The last picture of samples at or before the step at hand; nothing where there is none."""
    number = facts.replica or 0
    own = [picture for picture in run.pictures if picture.replica == number and picture.step <= facts.step]
    content = run.embedded(own[-1].path) if own else None
    if content is None:
        return Markup()
    which = f", replica {number}" if facts.replicas > 1 or facts.replica is not None else ""
    return _figure(content.still, f"samples at step {own[-1].step:,}{which}")
