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

from jaxgan.report.charts import Chart, charts_html, charts_of_run, scripts
from jaxgan.files import write_atomically
from jaxgan.report.folder import Picture, Run, evenly, read_run
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

MEANINGS = {  # in the order of the table; a metric that is not here comes after these, unexplained
    "critic_loss": "what the critic minimises, penalties included",
    "generator_loss": "what the generator minimises",
    "score_real": "mean raw score the critic gives real samples",
    "score_fake": "mean raw score the critic gives generated samples",
    "gradient_penalty": "penalty on the critic's gradient, weight included",
    "penalty_gradient_norm": "mean norm of the critic's gradient as the penalty saw it over the steps",
    "gradient_norm": "mean norm of the critic's gradient between real and generated samples, per unit of its input, at this step",
    "critic_weight_min": "smallest weight of the critic",
    "critic_weight_max": "largest weight of the critic",
    "critic_gradient_near_zero": "share, 0 to 1, of the critic's gradient entries near zero",
    "generator_gradient_near_zero": "share, 0 to 1, of the generator's gradient entries near zero",
    "steps_per_second": "generator steps a second",
}
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
    path = folder / "report.html" if out is None else out
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
    if "variant" in run.config and "dataset" in run.config:
        return f"{run.config['variant']} on {run.config['dataset']}"
    return run.folder.resolve().name


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
        return section("Samples", paragraph("No sample pictures: the run ended before its first."))
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
    path = run.folder / "curves.png"
    alt = "Losses, penalty, gradient norm and scores over generator steps, as far as the run has them"
    picture = f'<figure><img alt="{alt}" src="{data_address(path)}"></figure>' if path.is_file() else ""
    if not charts:
        return section("Curves", picture or paragraph("No curves: nothing was drawn yet."))
    spread = (
        "The line is the mean over the replicas, the band one standard deviation to either side. " if run.replicas > 1 else ""
    )
    without = picture or paragraph("The curves need JavaScript.")
    return section("Curves", f"{charts_html(charts)}\n{paragraph(spread + HANDLING)}\n<noscript>{without}</noscript>")


# Tables


def _metrics(run: Run) -> str:
    """The last line of metrics.jsonl; for several replicas the mean and spread of their last lines."""
    if not run.records:
        return section("Last metrics", paragraph("No metrics: the run ended before its first line of them."))
    step = run.records[-1]["step"]
    last = [record for record in run.records if record["step"] == step]
    several = any("replica" in record for record in last)
    recorded = dict.fromkeys(field for record in last for field in record if field not in ("step", "replica"))
    names = [field for field in MEANINGS if field in recorded] + [field for field in recorded if field not in MEANINGS]
    columns = ("Mean", "Standard deviation", "Lowest", "Highest") if several else ("Value",)
    cells_of = _spread if several else _single
    rows = ((metric_name(field), cells_of([record.get(field) for record in last])) for field in names)
    over = f", over {len(last)} replica{'s' if len(last) > 1 else ''}" if several else ""
    found = table("Last metrics", rows, ("Metric", *columns))
    return section("Last metrics", paragraph(f"At step {step:,}{over}. {MEANS}") + found)


def metric_name(field: str) -> Markup:
    meaning = MEANINGS.get(field)
    return Markup(name(field) + (f"<small>{html.escape(meaning)}</small>" if meaning else ""))


def _single(values: Sequence[Any]) -> list[str]:
    return [number(values[-1])]


def _spread(values: Sequence[Any]) -> list[str]:
    """Mean, standard deviation (n - 1), lowest and highest of the replicas; how many are not finite, where any is."""
    finite = [value for value in values if isinstance(value, int | float) and math.isfinite(value)]
    if len(finite) < len(values):
        return [f"{len(values) - len(finite)} not finite", "", "", ""]
    mean, deviation = mean_and_deviation(finite)
    return [number(mean), "" if deviation is None else number(deviation), number(min(finite)), number(max(finite))]


def _evaluation(run: Run) -> str:
    """The figures of evaluation.json, and by what protocol they were taken; nothing where the run was not judged."""
    found = run.evaluation
    replicas = found.get("replicas")
    if not isinstance(replicas, list) or not all(isinstance(figures, dict) for figures in replicas):
        return ""
    several = len(replicas) > 1
    names = dict.fromkeys(field for figures in replicas for field in figures)
    columns = ("Mean", "Standard deviation", "Lowest", "Highest") if several else ("Value",)
    cells_of = _spread if several else _single
    rows = ((name(field), cells_of([figures.get(field) for figures in replicas])) for field in names)
    judged = [f"{field} {words(found[field])}" for field in ("step", "weights") if field in found]
    judged += [f"{field} {text}" for field, text in leaves(found.get("protocol") or {})]
    over = f"Over {len(replicas)} replicas. " if several else ""
    return section(
        "Evaluation", table("Evaluation", rows, ("Figure", *columns)) + paragraph(f"{over}Protocol: {'; '.join(judged)}.")
    )


def _config(run: Run) -> str:
    """The fields that are set, a row each; those left open in one line."""
    if not run.config:
        return section("Configuration", paragraph("No configuration: config.json is missing or cannot be read."))
    unset = [field for field, value in run.config.items() if value is None]
    rows = ((name(field), [words(value)]) for field, value in run.config.items() if value is not None)
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
