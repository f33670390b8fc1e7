"""The page of a run: report.html, one file with its curves, pictures and tables; it asks for no other.

What the run folder holds is read once, into a `Run`; each section is a function of it that gives HTML.
"""

import html
import io
import math
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jaxgan.files import write_atomically
from jaxgan.folder import Picture, RunFolder
from jaxgan.metrics.table import better, in_order, meaning_of
from jaxgan.report.charts import Chart, charts_html, charts_of_run, scripts
from jaxgan.report.folder import Run, evenly, read_run
from jaxgan.report.html import (
    Markup,
    address_of,
    data_address,
    document,
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

PICTURES = 40  # of one replica, at most
PICTURES_IN_ALL = 400  # with many replicas each shows fewer, so that a phone still opens the page; never fewer than two

IN_PYTHON = "python"  # the field of config.json that names what JSON cannot hold: import paths and reprs, by argument
MEANS = "Losses, scores and penalties are means over the steps since the line before."
HANDLING = (
    "Drag over a chart to zoom, double-click to see all; a tap or the pointer shows the values. With a chart in focus the keys"
    " + and \N{MINUS SIGN} zoom, the arrows move, 0 shows all, and . and , show the values a step on or back. A name in the legend hides its line."
)


def write_page(folder: Path, out: Path | None = None) -> Path:
    """Writes the page of the run in `folder` to `out`, its report.html where None, and returns that path.

    What the folder does not hold (a run may have been interrupted, or have diverged, before its first metrics) is left
    out, with a line that says so. A replica shows at most 40 pictures of samples, evenly chosen, the first and the last
    among them.
    """
    path = RunFolder(folder).report if out is None else out
    write_atomically(path, write(_page(read_run(folder))))
    return path


def _page(run: Run) -> str:
    charts = charts_of_run(run.records)
    sections = (
        _samples(run), _curves(run, charts), _animation(run), _metrics(run), _evaluation(run), _neighbours(run), _config(run),
        _environment(run),
    )  # fmt: skip
    return document(_title(run), _summary(run), [part for part in sections if part], scripts=[scripts(charts)])


def _title(run: Run) -> str:
    variant, dataset = (run.config.get(field) for field in ("variant", "dataset"))
    return run.folder.resolve().name if variant is None or dataset is None else f"{variant} on {dataset}"


def _summary(run: Run) -> str:
    """Recipe, networks, replicas, and how far the run came, as far as they are known."""
    config = run.config
    parts = [f"{field} {config[field]}" for field in ("recipe", "generator", "critic") if config.get(field) is not None]
    if run.replicas > 1:
        parts.append(f"{run.replicas} replicas")
    if run.records and isinstance(config.get("steps"), int):
        last, steps = run.records[-1]["step"], config["steps"]
        early = f"stopped early: last metrics at step {last:,} of {steps:,}"
        parts.append(early if last < steps else f"{steps:,} steps")
    return ", ".join(parts)


# Pictures


def _samples(run: Run) -> str:
    """All chosen pictures, of which the script shows one; without script that is the last of the first replica."""
    strips: dict[int, list[Picture]] = {}
    for picture in run.pictures:
        strips.setdefault(picture.replica, []).append(picture)
    if not strips:
        return section("Samples", paragraph(run.no_pictures("No sample pictures: the run ended before its first.")))
    most = max(2, min(PICTURES, PICTURES_IN_ALL // len(strips)))
    chosen = {replica: evenly(strip, most) for replica, strip in strips.items()}
    first = next(iter(chosen.values()))
    frames = "\n".join(
        frame(picture, place, visible=picture is first[-1]) for strip in chosen.values() for place, picture in enumerate(strip)
    )
    shown, there = sum(map(len, chosen.values())), len(run.pictures)
    left_out = f"{shown:,} of the {there:,} pictures in samples/, evenly chosen." if shown < there else ""
    return section(
        "Samples",
        f"""{slider("Step", len(first) - 1, more=_replica_choice(run, list(chosen)))}
<figure class="strip">
{frames}
<figcaption><output for="slider">step {first[-1].step:,}</output></figcaption>
</figure>
{paragraph(left_out)}""",
    )


def frame(picture: Picture, place: int | float, *, visible: bool) -> str:
    """A picture of a strip; `place` is where on the slider it begins to show."""
    return (
        f'<img data-replica="{picture.replica}" data-step="{picture.step}" data-place="{place:g}"'
        f' alt="Samples at step {picture.step:,}"{"" if visible else " hidden"} src="{data_address(picture.path)}">'
    )


def _replica_choice(run: Run, replicas: Sequence[int]) -> str:
    """A select, where there is something to choose."""
    if len(replicas) < 2:
        return ""
    seeds = ((i, run.seed(i)) for i in replicas)
    options = "".join(f'<option value="{i}">{i}{"" if seed is None else f" (seed {seed})"}</option>' for i, seed in seeds)
    return f'<label>Replica <select id="replica" autocomplete="off">{options}</select></label>'


def _animation(run: Run) -> str:
    """The animations; a reader whose system asks for less motion sees the first frame."""
    figures = []
    for path in sorted(run.folder.glob("animation*.gif")):
        caption = html.escape(path.name)
        figures.append(
            f'<figure>\n<picture><source media="(prefers-reduced-motion: reduce)" srcset="{_first_frame(path)}">'
            f'<img alt="Animation {caption}" src="{data_address(path)}"></picture>\n<figcaption>{caption}</figcaption>\n</figure>'
        )
    return section("Animation", "\n".join(figures)) if figures else ""


def _first_frame(path: Path) -> str:
    from PIL import Image

    content = io.BytesIO()
    try:
        with Image.open(path) as animation:
            animation.convert("RGB").save(content, format="PNG")
    except OSError:  # no picture, or cut short
        return "data:,"
    return address_of(content.getvalue(), "png")


def _neighbours(run: Run) -> str:
    paths = sorted(run.folder.glob("neighbours*.png"))
    figures = "\n".join(
        f'<figure>\n<img alt="Samples, each beside the training pictures nearest to it" src="{data_address(path)}">\n'
        f"<figcaption>{html.escape(path.name)}</figcaption>\n</figure>"
        for path in paths
    )
    return section("Nearest training pictures", figures) if paths else ""


# Curves


def _curves(run: Run, charts: Sequence[Chart]) -> str:
    """The charts; without script the picture of them, where there is one."""
    path = RunFolder(run.folder).curves
    alt = "Losses, penalty, gradient norm and scores over generator steps, as far as the run has them"
    picture = f'<figure><img alt="{alt}" src="{data_address(path)}"></figure>' if path.is_file() else ""
    if not charts:
        return section("Curves", picture or paragraph("No curves: nothing was drawn yet."))
    band = (
        "The line is the mean over the replicas, the band one standard deviation to either side. " if run.replicas > 1 else ""
    )
    without = picture or paragraph("The curves need JavaScript.")
    return section("Curves", f"{charts_html(charts)}\n{paragraph(band + HANDLING)}\n<noscript>{without}</noscript>")


# Tables


def _metrics(run: Run) -> str:
    """The last line of metrics.jsonl; for several replicas the mean and deviation of their last lines."""
    if not run.records:
        return section("Last metrics", paragraph("No metrics: the run ended before its first line of them."))
    step = run.records[-1]["step"]
    last = [record for record in run.records if record["step"] == step]
    several = any("replica" in record for record in last)
    values = [{field: value for field, value in record.items() if field not in ("step", "replica")} for record in last]
    over = f", over {len(last)} replica{'s' if len(last) > 1 else ''}" if several else ""
    return section(
        "Last metrics", paragraph(f"At step {step:,}{over}. {MEANS}") + _values("Last metrics", values, several=several)
    )


def _values(label: str, replicas: Sequence[Mapping[str, Any]], *, several: bool) -> str:
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
    return Markup(name(field) + (f"<small>{html.escape('; '.join(notes))}</small>" if notes else ""))


def _over_replicas(values: Sequence[Any]) -> list[str]:
    """Mean, standard deviation (n - 1), lowest and highest of the replicas; how many are not finite, where any is."""
    finite = [value for value in values if isinstance(value, int | float) and math.isfinite(value)]
    if len(finite) < len(values):
        return [f"{len(values) - len(finite)} not finite", "", "", ""]
    mean, deviation = mean_and_deviation(finite)
    return [number(mean), "" if deviation is None else number(deviation), number(min(finite)), number(max(finite))]


def _evaluation(run: Run) -> str:
    """The values of evaluation.json, and the protocol by which they were measured; nothing where the run was not evaluated."""
    if not run.evaluated:
        return ""
    several = len(run.evaluated) > 1
    protocol = [f"{field} {words(run.evaluation[field])}" for field in ("step", "weights") if field in run.evaluation]
    protocol += [f"{field} {text}" for field, text in leaves(run.evaluation.get("protocol") or {})]
    over = f"Over {len(run.evaluated)} replicas. " if several else ""
    values = _values("Evaluation", run.evaluated, several=several)
    return section("Evaluation", values + paragraph(f"{over}Protocol: {'; '.join(protocol)}."))


def _config(run: Run) -> str:
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
    return section("Configuration", table("Configuration", rows) + paragraph(not_set))


def _environment(run: Run) -> str:
    if not run.environment:
        return section("Environment", paragraph("No environment: environment.json is missing or cannot be read."))
    rows = ((name(field), [text]) for field, text in leaves(run.environment))
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
