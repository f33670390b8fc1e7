"""The page of a run: report.html, one file with its curves, pictures and tables; it asks for no other.

What the run folder holds is read once, into a `Run`; each section is a function of it that gives Markup.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from jaxgan.diagnosis import RULES, headline, measured, not_looked_at, verdict
from jaxgan.errors import say
from jaxgan.files import without_link, write_atomically
from jaxgan.folder import Picture, RunFolder, Tell
from jaxgan.report.charts import Chart, charts_html, charts_of_run, scripts
from jaxgan.report.folder import Run, evenly, read_run
from jaxgan.report.html import (
    Markup,
    document,
    joined,
    markup,
    paragraph,
    section,
    slider,
    write,
)
from jaxgan.report.pictures import embedded
from jaxgan.report.run_tables import configuration, environment, evaluation, last_metrics

PICTURES = 40  # of one replica, at most
PICTURES_IN_ALL = 400  # with many replicas each shows fewer, so that a phone still opens the page; never fewer than two

CRITIC_PICTURES = 5
SEE = {
    0: "drawn from the same latents at every step.",
    1: "generated beside real; where the two shapes differ, something is not learnt yet.",
    2: "generated beside real ones.",
    3: "the same latents at every step, so a picture changes only as the generator does. Many alike: modes are missing.",
}  # what to see in pictures of samples, by their axes
SEE_POINTS = "points should cover the grey density, all of it and nothing else; a part without points is a missing mode."

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
        last_metrics(run), evaluation(run), _neighbours(run), configuration(run),
        environment(run),
    ]  # fmt: skip
    return document(
        _title(run),
        _summary(run),
        [part for part in sections if part],
        complaints=complaints,
        scripts=scripts(charts),
        wide=True,
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
<div class="side-by-side{}">
<figure class="strip">
{}
<figcaption>Generated, at <output for="slider">step {:,}</output>: {}</figcaption>
</figure>
{}
</div>
{}""",
            slider("Step", len(first) - 1, more=_replica_choice(run, list(chosen))),
            markup(" on-white" if run.drawn_on_white else ""),
            frames,
            first[-1].step,
            SEE_POINTS if run.data.get("sample_shape") == [2] else SEE.get(len(run.data.get("sample_shape") or ()), SEE[0]),
            _real(run),
            paragraph(left_out),
        ),
    )


def _real(run: Run) -> Markup:
    """Real pictures to compare with, where the run kept some."""
    content = run.embedded(RunFolder(run.folder).real)
    if content is None:
        return Markup()
    return markup(
        '<figure>\n<img alt="Real pictures" src="{}">\n<figcaption>Real, from the training data: what the generated ones should look like'
        " in sharpness and in variety.</figcaption>\n</figure>",
        content.address,
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
    about = "Level lines of the critic's score over the plane. It should rise towards real points and fall towards generated ones; once both lie alike, it flattens."
    strips = markup('{}\n<div class="strips on-white">\n{}\n</div>', paragraph(about), figures)
    return section("Critic", strips) if figures else Markup()


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
    picture = markup('<figure class="on-white"><img alt="{}" src="{}"></figure>', alt, content.address) if content else Markup()
    if not charts:
        return section("Curves", picture or paragraph("No curves: nothing was drawn yet."))
    band = (
        "The line is the mean over the replicas, the band one standard deviation to either side. " if run.replicas > 1 else ""
    )
    return section("Curves", drawn(charts, band, picture or paragraph("The curves need JavaScript.")))


def drawn(charts: Sequence[Chart], about: str, without: Markup) -> Markup:
    """The charts, what is to be known of them, and what stands in their place without script."""
    return markup("{}\n{}\n<noscript>{}</noscript>", charts_html(charts), paragraph(about + HANDLING), without)
