"""The page of a run: report.html, one file with its curves, pictures and tables; it asks for no other.

What the run folder holds is read once, into a `Run`; each section is a function of it that gives Markup.
"""

import math
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jaxgan.diagnosis import RULES, headline, measured, not_looked_at, verdict
from jaxgan.errors import say
from jaxgan.files import without_link, write_atomically
from jaxgan.folder import Picture, RunFolder, Tell
from jaxgan.metrics.table import better, in_order, meaning_of
from jaxgan.report.charts import Chart, charts_html, charts_of_run, scripts
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
from jaxgan.report.pictures import embedded

PICTURES = 40  # of one replica, at most
PICTURES_IN_ALL = 400  # with many replicas each shows fewer, so that a phone still opens the page; never fewer than two

CRITIC_PICTURES = 5

IN_PYTHON = "python"  # the field of config.json that names what JSON cannot hold: import paths and reprs, by argument
MEANS = "Losses, scores and penalties are means over the steps since the line before."
HANDLING = (
    "Drag over a chart to zoom, double-click to see all; a tap or the pointer shows the values. With a chart in focus the keys"
    " + and \N{MINUS SIGN} zoom, the arrows move, 0 shows all, and . and , show the values a step on or back. A name in the legend hides its line."
)


def write_page(folder: Path, out: Path | None = None, tell: Tell = say) -> Path:
    """Writes the page of the run in `folder` to `out`, its report.html where None, and returns that path.

    What the folder does not hold (a run may have been interrupted, or have diverged, before its first metrics) is left
    out, with a line that says so. A replica shows at most 40 pictures of samples, evenly chosen, the first and the last
    among them. What is damaged is named on the page and told, a line each; no link leads out of the folder.
    """
    complaints: list[str] = []
    page = _page(read_run(folder, complaints.append), complaints, linked=out is None)
    path = without_link(RunFolder(folder).report) if out is None else out
    write_atomically(path, write(page))
    for complaint in complaints:
        tell(complaint)
    return path


def _page(run: Run, complaints: Sequence[str], *, linked: bool = False) -> Markup:
    """`complaints` grow as the run's files are read, its pictures among them; `linked` pages lie in the run folder."""
    charts = charts_of_run(run.records)
    sections = [
        _findings(run), _samples(run), _generator(run) if linked else Markup(), _critic(run), _curves(run, charts), _animation(run),
        _metrics(run), _evaluation(run), _neighbours(run), _config(run),
        _environment(run),
    ]  # fmt: skip
    return document(
        _title(run), _summary(run), [part for part in sections if part], complaints=complaints, scripts=scripts(charts)
    )


def _title(run: Run) -> str:
    variant, dataset = (run.config.get(field) for field in ("variant", "dataset"))
    return run.folder.resolve().name if variant is None or dataset is None else f"{variant} on {dataset}"


def _summary(run: Run) -> str:
    """Recipe, networks, replicas, and how far the run came, as far as they are known."""
    config = run.config
    parts = [f"{field} {config[field]}" for field in ("recipe", "generator", "critic") if config.get(field) is not None]
    if run.replicas > 1:
        parts.append(f"{run.replicas} replicas")
    if run.records and config.get("steps"):
        last, steps = run.records[-1]["step"], config["steps"]
        early = f"stopped early: last metrics at step {last:,} of {steps:,}"
        parts.append(early if last < steps else f"{steps:,} steps")
    return ", ".join(parts)


def _findings(run: Run) -> Markup:
    """What the run's own figures show; nothing where there are none."""
    if not run.records and not run.evaluated:
        return Markup()
    diagnosis = run.diagnosis
    found = joined(
        markup(
            "<li><strong>{}</strong> {}.<p>Try {}.</p><small>{}</small></li>",
            headline(finding), measured(finding), _with_flags(finding.advice), finding.source,
        )
        for finding in diagnosis.findings
    )  # fmt: skip
    listed = markup('<ul class="findings">\n{}\n</ul>', found) if found else paragraph(verdict(diagnosis))
    open_ones = markup(
        "<details>\n<summary>Not known: {} of {} questions</summary>\n{}\n</details>",
        len(diagnosis.not_seen), len(RULES), paragraph(" ".join(not_looked_at(diagnosis))),
    )  # fmt: skip
    return section("How it goes", joined((listed, open_ones) if diagnosis.not_seen else (listed,)))


def _with_flags(text: str) -> Markup:
    """The text, its flags unbroken at the ends of lines."""
    parts = re.split(r"(--[a-z0-9-]+)", text)
    return joined((markup('<code class="flag">{}</code>', part) if part.startswith("--") else part for part in parts), "")


# Pictures


def _generator(run: Run) -> Markup:
    """A link to the page in which the generator draws, where it was exported."""
    page = RunFolder(run.folder).generator_page
    if not page.is_file():
        return Markup()
    address = page.relative_to(run.folder).as_posix()
    return section(
        "The generator itself", markup('<p><a href="{}">Draw in the browser</a>: sliders, classes and walks.</p>', address)
    )


def _samples(run: Run) -> Markup:
    """All chosen pictures, of which the script shows one; without script that is the last of the first replica."""
    strips: dict[int, list[Picture]] = {}
    for picture in run.pictures:
        strips.setdefault(picture.replica, []).append(picture)
    if not strips:
        return section("Samples", paragraph(run.no_pictures("No sample pictures: the run ended before its first.")))
    most = max(2, min(PICTURES, PICTURES_IN_ALL // len(strips)))
    picked = [picture for strip in strips.values() for picture in evenly(strip, most)]
    chosen: dict[int, list[Frame]] = {}
    for found in shown(run, picked):
        chosen.setdefault(found.replica, []).append(found)
    if not chosen:
        return section("Samples", paragraph("No sample pictures: none of those in samples/ can be shown."))
    first = next(iter(chosen.values()))
    frames = joined(
        frame(picture, place, visible=picture is first[-1]) for strip in chosen.values() for place, picture in enumerate(strip)
    )
    there = len(run.pictures)
    left_out = f"{len(picked):,} of the {there:,} pictures in samples/, evenly chosen." if len(picked) < there else ""
    return section(
        "Samples",
        markup(
            """{}
<figure class="strip">
{}
<figcaption><output for="slider">step {:,}</output></figcaption>
</figure>
{}""",
            slider("Step", len(first) - 1, more=_replica_choice(run, list(chosen))),
            frames,
            first[-1].step,
            paragraph(left_out),
        ),
    )


class Frame(NamedTuple):
    """A picture of a strip, with the address that holds it."""

    replica: int
    step: int
    address: str


def shown(run: Run, pictures: Sequence[Picture]) -> list[Frame]:
    """Those of the pictures that can be shown; of the others one line is told."""
    complaints: list[str] = []
    found = [(picture, embedded(run.folder, picture.path, complaints.append)) for picture in pictures]
    if complaints:
        run.tell(complaints[0] + (f", and {len(complaints) - 1} more" if len(complaints) > 1 else ""))
    return [Frame(picture.replica, picture.step, content.address) for picture, content in found if content is not None]


def frame(picture: Frame, place: int | float, *, visible: bool) -> Markup:
    """A picture of a strip; `place` is where on the slider it begins to show."""
    return markup(
        '<img data-replica="{}" data-step="{}" data-place="{:g}" alt="Samples at step {:,}"{} src="{}">',
        picture.replica,
        picture.step,
        place,
        picture.step,
        markup("" if visible else " hidden"),
        picture.address,
    )


def _replica_choice(run: Run, replicas: Sequence[int]) -> Markup:
    """A select, where there is something to choose."""
    if len(replicas) < 2:
        return Markup()
    seeds = ((i, run.seed(i)) for i in replicas)
    options = joined(
        (markup('<option value="{}">{}{}</option>', i, i, "" if seed is None else f" (seed {seed})") for i, seed in seeds), ""
    )
    return markup('<label>Replica <select id="replica" autocomplete="off">{}</select></label>', options)


def _critic(run: Run) -> Markup:
    """The critic's scores over the plane at five steps of the run, where they were drawn."""
    figures = joined(
        markup(
            '<figure>\n<img alt="The critic at step {0:,}" src="{1}">\n<figcaption>step {0:,}</figcaption>\n</figure>',
            *found[1:],
        )
        for found in shown(run, evenly(RunFolder(run.folder).critic_pictures(), CRITIC_PICTURES))
    )
    return section("Critic", markup('<div class="strips">\n{}\n</div>', figures)) if figures else Markup()


def _animation(run: Run) -> Markup:
    """The animations; a reader whose system asks for less motion sees the first frame."""
    figures = [
        markup(
            '<figure>\n<picture><source media="(prefers-reduced-motion: reduce)" srcset="{still}">'
            '<img alt="Animation {name}" src="{address}"></picture>\n<figcaption>{name}</figcaption>\n</figure>',
            name=path.name,
            **content._asdict(),
        )
        for path in RunFolder(run.folder).animations()
        if (content := run.embedded(path))
    ]
    return section("Animation", joined(figures)) if figures else Markup()


def _neighbours(run: Run) -> Markup:
    figures = [
        markup(
            '<figure>\n<img alt="Samples, each beside the training pictures nearest to it" src="{}">\n'
            "<figcaption>{}</figcaption>\n</figure>",
            content.address,
            path.name,
        )
        for path in RunFolder(run.folder).all_neighbours()
        if (content := run.embedded(path))
    ]
    return section("Nearest training pictures", joined(figures)) if figures else Markup()


# Curves


def _curves(run: Run, charts: Sequence[Chart]) -> Markup:
    """The charts; without script the picture of them, where there is one."""
    alt = "Losses, penalty, gradient norm and scores over generator steps, as far as the run has them"
    content = run.embedded(RunFolder(run.folder).curves)
    picture = markup('<figure><img alt="{}" src="{}"></figure>', alt, content.address) if content else Markup()
    if not charts:
        return section("Curves", picture or paragraph("No curves: nothing was drawn yet."))
    band = (
        "The line is the mean over the replicas, the band one standard deviation to either side. " if run.replicas > 1 else ""
    )
    return section("Curves", drawn(charts, band, picture or paragraph("The curves need JavaScript.")))


def drawn(charts: Sequence[Chart], about: str, without: Markup) -> Markup:
    """The charts, what is to be known of them, and what stands in their place without script."""
    return markup("{}\n{}\n<noscript>{}</noscript>", charts_html(charts), paragraph(about + HANDLING), without)


# Tables


def _metrics(run: Run) -> Markup:
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
        joined((paragraph(f"At step {step:,}{over}. {MEANS}"), _values("Last metrics", values, several=several)), ""),
    )


def _values(label: str, replicas: Sequence[Mapping[str, Any]], *, several: bool) -> Markup:
    """A table with a row a metric, in the order of the table of metrics: its value, or what `_over_replicas` gives of several."""
    columns = ("Mean", "Standard deviation", "Lowest", "Highest") if several else ("Value",)
    rows = []
    for field in in_order(dict.fromkeys(field for values in replicas for field in values)):
        values = [of_replica.get(field) for of_replica in replicas]
        rows.append((metric_name(field), _over_replicas(values) if several else [number(values[-1])]))
    return table(label, rows, ("Metric", *columns))


def metric_name(field: str) -> Markup:
    """The name of a value, with what it means and which direction is better in small letters below, where that is known."""
    direction = better(field)
    notes = [note for note in (meaning_of(field), f"{direction} is better" if direction else "") if note]
    return joined((name(field), markup("<small>{}</small>", "; ".join(notes)) if notes else ""), "")


def _over_replicas(values: Sequence[Any]) -> list[str]:
    """Mean, standard deviation (n - 1), lowest and highest of the replicas; how many are not finite, where any is."""
    finite = [value for value in values if isinstance(value, int | float) and math.isfinite(value)]
    if len(finite) < len(values):
        return [f"{len(values) - len(finite)} not finite", "", "", ""]
    mean, deviation = mean_and_deviation(finite)
    return [number(mean), "" if deviation is None else number(deviation), number(min(finite)), number(max(finite))]


def _evaluation(run: Run) -> Markup:
    """What evaluation.json says of overfitting, its values, and the protocol; nothing where the run was not evaluated."""
    if not run.evaluated:
        return Markup()
    several = len(run.evaluated) > 1
    protocol = [f"{field} {words(run.evaluation[field])}" for field in ("step", "weights") if field in run.evaluation]
    protocol += [f"{field} {text}" for field, text in leaves(run.evaluation.get("protocol") or {})]
    over = f"Over {len(run.evaluated)} replicas. " if several else ""
    values = _values("Evaluation", run.evaluated, several=several)
    verdict = [paragraph(f"{sentence[:1].upper()}{sentence[1:]}.") for sentence in run.evaluation.get("verdict") or []]
    return section("Evaluation", joined((*verdict, values, paragraph(f"{over}Protocol: {'; '.join(protocol)}.")), ""))


def _config(run: Run) -> Markup:
    """The fields that are set, a row each, what was given in Python among them; those left open in one line."""
    if not run.config:
        return section("Configuration", paragraph("No configuration: config.json is missing or cannot be read."))
    unset = [field for field, value in run.config.items() if value is None]
    rows = []
    for field, value in run.config.items():
        if field == IN_PYTHON and isinstance(value, dict):
            rows += [(name(part), [text]) for part, text in leaves(value, f"{field} ")]
        elif value is not None:
            rows.append((name(field), [words(value)]))
    not_set = f"Not set, or not used here: {', '.join(unset)}." if unset else ""
    return section("Configuration", joined((table("Configuration", rows), paragraph(not_set)), ""))


def _environment(run: Run) -> Markup:
    if not run.environment:
        return section("Environment", paragraph("No environment: environment.json is missing or cannot be read."))
    shown = (row for row in leaves(run.environment) if row[0] not in ("data labels examples", "data labels shown"))
    rows = ((name(field), [text]) for field, text in shown)
    return section("Environment", table("Environment", rows))


def leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Name and text of each value; one inside an object is named after both, as in `versions jax`."""
    for field, value in values.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{field} ")
        elif field == "command" and isinstance(value, list):
            yield prefix + field, shlex.join(map(str, value))
        else:
            yield prefix + field, words(value)
