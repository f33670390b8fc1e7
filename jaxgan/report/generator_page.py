"""A page that draws: one file in which a generator itself runs, with sliders, classes and walks, and that asks for no other.

TensorFlow.js (core and its WebAssembly backend, in `tensorflow/`) computes the layers of the graph; the page holds the library, its program
and the weights. Its content policy lets nothing run but these scripts, known by their hashes, and WebAssembly.
"""

import base64
import gzip
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from jaxgan.data import Scaling
from jaxgan.engine.surface import CriticSurface, surface_axis
from jaxgan.exports import Graph
from jaxgan.labels import LabelVectors
from jaxgan.report.html import Markup, head, joined, markup, own_text, paragraph, script, script_data

Kind = Literal["points", "pictures", "series", "vectors", "volumes"]
COUNTS: dict[Kind, tuple[int, ...]] = {  # how many samples are shown at once; the first is what a page begins with
    "points": (1000, 1, 100, 3000), "pictures": (16, 1, 4, 64, 100), "volumes": (16, 1, 4, 64), "series": (8, 1, 32), "vectors": (32, 1, 100),
}  # fmt: skip
LIBRARY = Path(__file__).with_name("tensorflow")


@dataclass(frozen=True, eq=False)
class Drawing:
    """What a page draws, and what it is held against."""

    title: str
    summary: str
    graph: Graph
    kind: Kind
    directions: Float[np.ndarray, "k latent"]  # of unit length, the one of most change first
    kept: Mapping[str, np.ndarray]  # latents (n, latent), samples (n, ...) that JAX made of them, labels where there are any
    class_names: Sequence[str] = ()
    labels: LabelVectors | None = None
    scaling: Scaling | None = None
    names: Sequence[str] = ()  # of a vector's features
    surface: CriticSurface | None = None


def generator_page(drawing: Drawing) -> Markup:
    """The page as HTML."""
    weights, places = _packed_arrays(drawing)
    style = joined([own_text("page.css"), own_text("generator.css")])
    scripts = [
        script(own_text("tensorflow/tensorflow.min.js")),
        script(own_text("layers.js")),
        script(own_text("generator.js")),
    ]
    policy = (
        f"default-src 'none'; img-src data: blob:; style-src {_hashed(style)};"
        f" script-src 'wasm-unsafe-eval' {' '.join(_hashed(one.removeprefix('<script>').removesuffix('</script>')) for one in scripts)}"
    )
    return markup(
        """{head}
<body>
<header>
<h1>{title}</h1>
{summary}
<noscript><p>The generator runs in the browser, and this one runs no scripts.</p></noscript>
</header>
<main class="{kind}">
<div class="stage"><canvas id="canvas" width="1" height="1" role="img" aria-label="Samples of the generator"></canvas></div>
<div id="controls" hidden>
{controls}
</div>
<p><span id="speed"></span></p>
<p id="status" role="status">The generator is being unpacked.</p>
</main>
{data}
{scripts}
</body>
</html>
""",
        head=head(drawing.title, style, policy),
        title=drawing.title,
        summary=paragraph(drawing.summary),
        kind="lines" if drawing.kind in ("series", "vectors") else drawing.kind,
        controls=_controls(drawing),
        data=joined([
            script_data("spec", _spec(drawing, places)),
            _packed("weights", weights),
            _packed("program", (LIBRARY / "tfjs-backend-wasm-simd.wasm").read_bytes()),
        ]),
        scripts=joined(scripts),
    )  # fmt: skip


def _hashed(text: str) -> str:
    """What a content policy calls a script or a style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _packed(name: str, content: bytes) -> Markup:
    """Bytes that the page's scripts find by name, gzip in base64."""
    text = base64.b64encode(gzip.compress(content, mtime=0)).decode()
    return markup('<script type="application/octet-stream" id="{}">{}</script>', name, text)


def _packed_arrays(drawing: Drawing) -> tuple[bytes, dict[str, Any]]:
    """All arrays one after the other, float32 in little-endian bytes, and where each begins."""
    arrays = {name: array for name, array in drawing.graph.arrays.items() if array.dtype == np.float32}
    arrays |= {f"kept.{name}": array for name, array in drawing.kept.items()}
    places, parts, offset = {}, [], 0
    for name, array in arrays.items():
        places[name] = {"offset": offset, "shape": list(array.shape)}
        parts.append(np.ascontiguousarray(array, "<f4").tobytes())
        offset += array.size
    return b"".join(parts), places


def _spec(drawing: Drawing, places: dict[str, Any]) -> dict[str, Any]:
    """All that is no array, as JSON values."""
    samples, surface, scaling, labels = drawing.kept["samples"], drawing.surface, drawing.scaling, drawing.labels
    real = surface.real if surface is not None and surface.real is not None else np.zeros((0, 2))
    axis = surface.axis if surface is not None else surface_axis(samples) if drawing.kind == "points" else np.ones(1)
    span = float(samples.max() - samples.min())
    of_labels = None
    if labels is not None:
        continuous = labels.kind == "continuous"
        of_labels = {
            "offset": (labels.mean if continuous else np.zeros(labels.dim)).tolist(),
            "scale": (labels.std if continuous else np.ones(labels.dim)).tolist(),
        }
    return {
        "graph": drawing.graph.described(),
        "arrays": places,
        "kind": drawing.kind,
        "directions": np.round(drawing.directions, 6).tolist(),
        "kept": len(samples),
        "labels": of_labels,
        "scaling": None if scaling is None else {"offset": list(scaling.offset), "scale": list(scaling.scale)},
        "names": list(drawing.names),
        "reach": float(np.max(np.abs(axis))),
        "range": [float(samples.min()) - 0.1 * span, float(samples.max()) + 0.1 * span],
        "real": np.round(real, 3).tolist(),
        "surface": None if surface is None else {"axis": surface.axis.tolist(), "scores": np.round(surface.scores, 4).tolist()},
    }


def _controls(drawing: Drawing) -> Markup:
    """Buttons, choices and sliders, those that the samples have a use for."""
    graph = drawing.graph
    first, *more = COUNTS[drawing.kind]
    counts = [(str(count), str(count)) for count in sorted([first, *more])]
    parts = [
        markup(
            '<button type="button" id="new" aria-keyshortcuts="n">New</button>'
            '<button type="button" id="walk" aria-pressed="false" aria-keyshortcuts="w">Walk</button>'
            '<button type="button" id="reset" aria-keyshortcuts="r">Reset</button>'
            '<button type="button" id="save" aria-keyshortcuts="s">Save</button>'
            '<label>Seed <input type="number" id="seed" min="0" max="4294967295" value="0" autocomplete="off"></label>'
        ),
        _choice("Samples", "count", counts, str(first)),
    ]
    if graph.n_classes:
        names = drawing.class_names or [str(number) for number in range(graph.n_classes)]
        parts.append(
            _choice("Class", "label", [("every", "every class in turn"), *((str(i), name) for i, name in enumerate(names))])
        )
    if graph.generators > 1:
        every = [("every", "all in turn"), *((str(i), str(i + 1)) for i in range(graph.generators))]
        parts.append(_choice("Generator", "generator", every))
    if drawing.kind == "volumes":
        depth = graph.sample_shape[0]
        parts.append(_range("Slice", "slice", (0.0, depth - 1.0), 1.0, float(depth // 2)))
    if drawing.surface is not None:
        parts.append(_tick("The critic's scores (orange: more real)", "surface"))
        if drawing.surface.real is not None:
            parts.append(_tick("Real points", "real"))
    parts += [
        _range("Truncation", "truncation", (0.0, 2.0), 0.05, 1.0),
        _range("From this sample to the next", "between", (0.0, 1.0), 0.01, 0.0),
    ]
    fields = [markup('<div class="controls">\n{}\n</div>', joined(parts))]
    if (labels := drawing.labels) is not None:
        spans = [
            (float(low), float(high)) if high > low else (float(low) - 1, float(low) + 1)
            for low, high in zip(labels.low, labels.high, strict=True)
        ]
        whole = labels.kind == "multi_hot"
        sliders = [
            _range(name, f"label-{k}", spans[k], 1.0 if whole else (spans[k][1] - spans[k][0]) / 100, float(labels.shown[0][k]))
            for k, name in enumerate(labels.names)
        ]
        fields.append(_group("Labels", "labels", sliders))
    sliders = [_range(f"{k + 1}", f"direction-{k}", (-6.0, 6.0), 0.05, 0.0) for k in range(len(drawing.directions))]
    fields.append(_group("Directions of most change, in standard deviations", "directions", sliders))
    return joined(fields)


def _choice(label: str, name: str, options: Sequence[tuple[str, str]], chosen: str = "") -> Markup:
    """A list to choose from: (value, text) each."""
    rows = (
        markup('<option value="{}"{}>{}</option>', value, markup(" selected") if value == chosen else "", text)
        for value, text in options
    )
    return markup('<label>{} <select id="{}" autocomplete="off">{}</select></label>', label, name, joined(rows, ""))


def _range(label: str, name: str, span: tuple[float, float], step: float, value: float) -> Markup:
    """A slider with its number."""
    return markup(
        '<label>{} <input type="range" id="{}" min="{}" max="{}" step="{}" value="{}" autocomplete="off">'
        '<output data-of="{}" for="{}"></output></label>',
        label, name, f"{span[0]:.6g}", f"{span[1]:.6g}", f"{step:.6g}", f"{value:.6g}", name, name,
    )  # fmt: skip


def _tick(label: str, name: str) -> Markup:
    return markup('<label><input type="checkbox" id="{}" checked autocomplete="off"> {}</label>', name, label)


def _group(title: str, name: str, parts: Sequence[Markup]) -> Markup:
    return markup('<fieldset id="{}"><legend>{}</legend>\n{}\n</fieldset>', name, title, joined(parts))
