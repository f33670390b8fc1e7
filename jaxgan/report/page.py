"""The page of a run: report.html, one file with its pictures, tables and a few lines of script; it asks for no other.

What the run folder holds is read once, into a `Run`; each section is a function of it that gives HTML.
"""

import base64
import html
import json
import math
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxgan.report.files import write_atomically
from jaxgan.report.listeners import read_metrics

PICTURES = 40  # of one replica, at most
PICTURES_IN_ALL = 400  # with many replicas each shows fewer, so that a phone still opens the page; never fewer than two
PICTURE_NAME = re.compile(r"step_(\d+)(?:-replica_(\d+))?\.png")

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

# No address is allowed but those inside the page: should a later section ask for one, the browser refuses.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"

STYLE = """
:root { color-scheme: light dark;
  --ground: #fff; --ink: #1d1f23; --quiet: #5d6470; --line: #dde1e7; --accent: #0072b2; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #15171b; --ink: #e7e9ee; --quiet: #9da5b3; --line: #31363f; --accent: #56b4e9; }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0 auto; max-width: 52rem; padding: 1.25rem 1rem 4rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0.5rem 0; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 0.75rem; padding-bottom: 0.3rem; border-bottom: 1px solid var(--line); }
p, small { color: var(--quiet); }
figure { margin: 0; }
img { display: block; max-width: 100%; height: auto; background: #fff; border-radius: 4px; }
figcaption { margin-top: 0.5rem; font-variant-numeric: tabular-nums; }
.controls { display: flex; flex-wrap: wrap; gap: 0.5rem 1.25rem; margin-bottom: 0.75rem; }
.controls label { display: flex; align-items: center; gap: 0.6rem; }
.controls label:first-child { flex: 1 1 16rem; }
input[type=range] { flex: 1; min-width: 0; height: 2rem; accent-color: var(--accent); }
select { font: inherit; padding: 0.2rem; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 0.4rem 1rem 0.4rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { font-weight: 500; min-width: 9rem; }
thead th { min-width: 0; overflow-wrap: normal; color: var(--quiet); font-size: 0.875rem; }
th small { display: block; font-weight: 400; line-height: 1.35; }
.numbers :is(td, thead th + th) { padding-right: 0.25rem; padding-left: 0.75rem; text-align: right;
  font-variant-numeric: tabular-nums; }
.numbers td { white-space: nowrap; }
"""

SCRIPT = """
(() => {
  const frames = Array.from(document.querySelectorAll("img[data-step]"));
  if (!frames.length) return;
  const slider = document.getElementById("slider");
  const replica = document.getElementById("replica");
  const label = document.getElementById("step");
  function show() {
    const chosen = replica ? replica.value : frames[0].dataset.replica;
    const strip = frames.filter((frame) => frame.dataset.replica === chosen);
    slider.max = strip.length - 1;
    const current = strip[Number(slider.value)];
    for (const frame of frames) frame.hidden = frame !== current;
    label.textContent = current.alt.replace("Samples at ", "");
    slider.setAttribute("aria-valuetext", label.textContent);
  }
  slider.addEventListener("input", show);
  if (replica) replica.addEventListener("change", show);
  document.getElementById("controls").hidden = false;
  show();
})();
"""


class Picture(NamedTuple):
    """One file of samples/."""

    replica: int
    step: int
    path: Path


class Run(NamedTuple):
    """What a run folder holds, as far as it is there and can be read."""

    folder: Path
    config: dict[str, Any]  # {} where there is none
    environment: dict[str, Any]
    records: list[dict[str, Any]]  # the lines of metrics.jsonl, oldest first
    pictures: list[Picture]  # by replica, then by step


def write_page(folder: Path) -> Path:
    """Writes the page of the run in `folder` to its report.html, and returns that path.

    What the folder does not hold (a run may have been interrupted, or have diverged, before its first metrics) is left
    out, with a line that says so. A replica shows at most 40 pictures of samples, evenly chosen, the first and the last
    among them.
    """
    path = folder / "report.html"
    # A folder's name may hold bytes that are no UTF-8 (lone surrogates in config.json): they become question marks.
    write_atomically(path, _page(_read(folder)).encode("utf-8", errors="replace"))
    return path


# Reading


def _read(folder: Path) -> Run:
    metrics = folder / "metrics.jsonl"
    return Run(
        folder,
        _object(folder / "config.json"),
        _object(folder / "environment.json"),
        read_metrics(metrics) if metrics.is_file() else [],
        sorted(_pictures(folder / "samples")),
    )


def _object(path: Path) -> dict[str, Any]:
    """The object in a JSON file; {} where the file is missing, cut short or holds something else."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def _pictures(folder: Path) -> Iterator[Picture]:
    for path in folder.glob("step_*.png"):
        if match := PICTURE_NAME.fullmatch(path.name):
            yield Picture(int(match[2] or 0), int(match[1]), path)


# The page


def _page(run: Run) -> str:
    title = html.escape(_title(run))
    sections = "\n".join(section(run) for section in (_samples, _curves, _metrics, _config, _environment))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{STYLE}</style>
</head>
<body>
<header>
<h1>{title}</h1>
{_paragraph(_summary(run))}
</header>
<main>
{sections}
</main>
<script>{SCRIPT}</script>
</body>
</html>
"""


def _title(run: Run) -> str:
    if "variant" in run.config and "dataset" in run.config:
        return f"{run.config['variant']} on {run.config['dataset']}"
    return run.folder.resolve().name


def _summary(run: Run) -> str:
    """Recipe, networks, replicas, and how far the run came, as far as they are known."""
    config = run.config
    parts = [f"{name} {config[name]}" for name in ("recipe", "generator", "critic") if config.get(name) is not None]
    if isinstance(config.get("replicas"), int) and config["replicas"] > 1:
        parts.append(f"{config['replicas']} replicas")
    if run.records and isinstance(config.get("steps"), int):
        last, steps = run.records[-1]["step"], config["steps"]
        early = f"stopped early: last metrics at step {last:,} of {steps:,}"
        parts.append(early if last < steps else f"{steps:,} steps")
    return ", ".join(parts)


def _section(title: str, content: str) -> str:
    return f"<section>\n<h2>{html.escape(title)}</h2>\n{content}\n</section>"


def _paragraph(text: str) -> str:
    return f"<p>{html.escape(text)}</p>" if text else ""


def _data_address(path: Path) -> str:
    """A PNG file as an address that holds the file itself."""
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode("ascii")


# Samples


def _samples(run: Run) -> str:
    """All chosen pictures, of which the script shows one; without script that is the last of the first replica."""
    strips: dict[int, list[Picture]] = {}
    for picture in run.pictures:
        strips.setdefault(picture.replica, []).append(picture)
    if not strips:
        return _section("Samples", _paragraph("No sample pictures: the run ended before its first."))
    most = max(2, min(PICTURES, PICTURES_IN_ALL // len(strips)))
    chosen = {replica: _evenly(strip, most) for replica, strip in strips.items()}
    first = next(iter(chosen.values()))
    images = "\n".join(_frame(picture, picture is first[-1]) for strip in chosen.values() for picture in strip)
    end = len(first) - 1
    shown, there = sum(map(len, chosen.values())), len(run.pictures)
    left_out = f"{shown:,} of the {there:,} pictures in samples/, evenly chosen." if shown < there else ""
    return _section(
        "Samples",
        f"""<div class="controls" id="controls" hidden>
<label>Step <input type="range" id="slider" min="0" max="{end}" value="{end}" autocomplete="off"></label>
{_replica_choice(run, list(chosen))}
</div>
<figure>
{images}
<figcaption><output id="step" for="slider">step {first[-1].step:,}</output></figcaption>
</figure>
{_paragraph(left_out)}""",
    )


def _evenly(pictures: Sequence[Picture], most: int) -> list[Picture]:
    """At most `most` (two or more) of the pictures, in order, the first and the last always among them."""
    if len(pictures) <= most:
        return list(pictures)
    return [pictures[round(i * (len(pictures) - 1) / (most - 1))] for i in range(most)]


def _frame(picture: Picture, visible: bool) -> str:
    return (
        f'<img data-replica="{picture.replica}" data-step="{picture.step}" alt="Samples at step {picture.step:,}"'
        f'{"" if visible else " hidden"} src="{_data_address(picture.path)}">'
    )


def _replica_choice(run: Run, replicas: Sequence[int]) -> str:
    """A select, where there is something to choose."""
    if len(replicas) < 2:
        return ""
    seed = run.config.get("seed")
    seeds = (run.config.get("by_replica") or {}).get("seed") or ([seed + i for i in replicas] if isinstance(seed, int) else [])
    options = "".join(f'<option value="{i}">{i}{f" (seed {seeds[i]})" if i < len(seeds) else ""}</option>' for i in replicas)
    return f'<label>Replica <select id="replica" autocomplete="off">{options}</select></label>'


# Curves


def _curves(run: Run) -> str:
    path = run.folder / "curves.png"
    if not path.is_file():
        return _section("Curves", _paragraph("No curves: nothing was drawn yet."))
    alt = "Losses, penalty, gradient norm and scores over generator steps, as far as the run has them"
    return _section("Curves", f'<figure><img alt="{alt}" src="{_data_address(path)}"></figure>')


# Tables


def _metrics(run: Run) -> str:
    """The last line of metrics.jsonl; for several replicas the mean and spread of their last lines."""
    if not run.records:
        return _section("Last metrics", _paragraph("No metrics: the run ended before its first line of them."))
    step = run.records[-1]["step"]
    last = [record for record in run.records if record["step"] == step]
    several = any("replica" in record for record in last)
    recorded = dict.fromkeys(name for record in last for name in record if name not in ("step", "replica"))
    names = [name for name in MEANINGS if name in recorded] + [name for name in recorded if name not in MEANINGS]
    columns = ("Mean", "Standard deviation", "Lowest", "Highest") if several else ("Value",)
    cells_of = _spread if several else _single
    rows = ((_metric_name(name), cells_of([record.get(name) for record in last])) for name in names)
    over = f", over {len(last)} replica{'s' if len(last) > 1 else ''}" if several else ""
    table = _table("Last metrics", rows, ("Metric", *columns))
    return _section("Last metrics", _paragraph(f"At step {step:,}{over}. {MEANS}") + table)


def _metric_name(name: str) -> str:
    meaning = MEANINGS.get(name)
    return _name(name) + (f"<small>{html.escape(meaning)}</small>" if meaning else "")


def _single(values: Sequence[Any]) -> list[str]:
    return [_number(values[-1])]


def _spread(values: Sequence[Any]) -> list[str]:
    """Mean, standard deviation (n - 1), lowest and highest of the replicas; how many are not finite, where any is."""
    finite = [value for value in values if isinstance(value, int | float) and math.isfinite(value)]
    if len(finite) < len(values):
        return [f"{len(values) - len(finite)} not finite", "", "", ""]
    numbers = np.array(finite, dtype=np.float64)
    with np.errstate(all="ignore"):  # what overflows is shown as not finite
        deviation = _number(float(numbers.std(ddof=1))) if len(numbers) > 1 else ""
        return [_number(float(numbers.mean())), deviation, _number(float(numbers.min())), _number(float(numbers.max()))]


def _number(value: Any) -> str:
    if not isinstance(value, int | float):
        return "not finite" if value is None else str(value)  # metrics.jsonl writes null for what is not finite
    return f"{value:.4g}".replace("-", "\N{MINUS SIGN}") if math.isfinite(value) else "not finite"


def _config(run: Run) -> str:
    """The fields that are set, a row each; those left open in one line."""
    if not run.config:
        return _section("Configuration", _paragraph("No configuration: config.json is missing or cannot be read."))
    unset = [name for name, value in run.config.items() if value is None]
    rows = ((_name(name), [_words(value)]) for name, value in run.config.items() if value is not None)
    not_set = f"Not set, or not used here: {', '.join(unset)}." if unset else ""
    return _section("Configuration", _table("Configuration", rows) + _paragraph(not_set))


def _environment(run: Run) -> str:
    if not run.environment:
        return _section("Environment", _paragraph("No environment: environment.json is missing or cannot be read."))
    rows = ((_name(name), [text]) for name, text in _leaves(run.environment))
    return _section("Environment", _table("Environment", rows))


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Name and text of each value; one inside an object is named after both, as in `versions jax`."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name} ")
        elif name == "command" and isinstance(value, list):
            yield prefix + name, shlex.join(map(str, value))
        else:
            yield prefix + name, _words(value)


def _words(value: Any) -> str:
    """A JSON value for a reader: text as it is, a list with commas, the empty as "none", the rest as JSON has it."""
    if value is None or value == []:
        return "none"
    if isinstance(value, str):
        return value
    return ", ".join(map(_words, value)) if isinstance(value, list) else json.dumps(value)


def _name(name: str) -> str:
    """A field's name, which may break after an underscore on a narrow screen."""
    return f"<code>{html.escape(name).replace('_', '_<wbr>')}</code>"


def _table(label: str, rows: Iterable[tuple[str, Sequence[str]]], columns: Sequence[str] = ()) -> str:
    """Rows of a head (HTML) and cells (text); `columns` name all columns of a table of numbers."""
    body = "\n".join(
        f'<tr><th scope="row">{name}</th>' + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>"
        for name, cells in rows
    )
    head, kind = "", ""
    if columns:
        cells = "".join(f'<th scope="col">{html.escape(column)}</th>' for column in columns)
        head, kind = f"<thead><tr>{cells}</tr></thead>\n", ' class="numbers"'
    return (
        f'<div class="scroll" role="region" aria-label="{html.escape(label)}" tabindex="0">\n'
        f"<table{kind}>\n{head}<tbody>\n{body}\n</tbody>\n</table>\n</div>"
    )
