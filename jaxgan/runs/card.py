"""The card beside an exported generator: README.md, which says what it is, how it is loaded, what it was trained on and how it measures."""

import json
from collections.abc import Mapping
from typing import Any

from jaxgan.errors import printable
from jaxgan.folder import RunFolder
from jaxgan.metrics import metric_of
from jaxgan.runs.run import Run

LOADING = {
    "html": """
Open generator.html in a browser: the generator runs in the page, which asks for no other file.
""",
    "safetensors": """
    import jaxgan

    generator = jaxgan.load("FOLDER")
    samples, labels = generator.sample(64)
""",
    "torch": """
    import torch
    from generator import load  # generator.py, beside this file; needs torch alone

    generator = load()
    samples = generator({torch_inputs})
""",
    "onnx": """
    import numpy as np
    import onnxruntime

    generator = onnxruntime.InferenceSession("generator.onnx")
    ({output},) = generator.run(None, {{{onnx_inputs}}})
""",
    "stablehlo": """
    import jax
    import numpy as np
    from jax import export

    generator = export.deserialize(bytearray(open("generator.stablehlo", "rb").read()))
    samples = generator.call({jax_inputs})
""",
}


def card(run: Run, about: Mapping[str, Any], license: str = "") -> str:
    """The text of README.md.

    Args:
        run: what is exported.
        about: what generator.json holds.
        license: the licence of the weights; the field stays open where there is none.
    """
    config = about["config"]
    title = f"{config.get('generator')} generator, {config.get('variant')} on {about['data']['name']}"
    parts = [
        _front(license),
        f"# {printable(title)}",
        f"A generator of {_samples(about)}, trained by jaxgan for {about['step']:,} generator steps; {about['parameters']:,} parameters"
        f", {'averaged over training' if about['weights'] == 'averaged' else 'as the last step left them'}.",
        "## Load",
        LOADING[about["written_as"]].format(**_inputs(about)).strip("\n"),
        "\n".join(f"- {line}" for line in _interface(run, about)),
        "## Data",
        "\n".join(f"- {line}" for line in _data(about["data"])),
        "## Metrics",
        _metrics(run, about["step"]),
        "## Configuration",
        "```json\n" + json.dumps({name: value for name, value in config.items() if value is not None}, indent=2) + "\n```",
    ]
    return "\n\n".join(parts) + "\n"


def _front(license: str) -> str:
    """The fields that model collections read."""
    said = json.dumps(license) if license else "unknown  # not stated by who exported it"
    return f"---\nlicense: {said}\nlibrary_name: jaxgan\ntags:\n- gan\n---"


def _samples(about: Mapping[str, Any]) -> str:
    shape = about["sample_shape"]
    kind = {1: "vectors", 2: "series", 3: "pictures", 4: "volumes"}.get(len(shape), "samples")
    return f"{kind} of {'x'.join(map(str, shape))}"


def _inputs(about: Mapping[str, Any]) -> dict[str, str]:
    """Sixteen latents, and labels where there are any, as each library takes them."""
    shape = f"16, {about['latent_dim']}"
    latent = f"np.random.default_rng(0).standard_normal(({shape})).astype(np.float32)"
    torch_labels = onnx_labels = jax_labels = ""
    if about["n_classes"]:
        torch_labels = ", torch.zeros(16, dtype=torch.int64)"
        onnx_labels = ', "labels": np.zeros(16, np.int64)'
        jax_labels = ", np.zeros(16, np.int32)"
    elif about["label_dim"]:
        rows = f"16, {about['label_dim']}"
        torch_labels = f", torch.zeros({rows})"
        onnx_labels = f', "labels": np.zeros(({rows}), np.float32)'
        jax_labels = f", np.zeros(({rows}), np.float32)"
    return {
        "torch_inputs": f"torch.randn({shape}){torch_labels}",
        "onnx_inputs": f'"latent": {latent}{onnx_labels}',
        "jax_inputs": f"{latent}{jax_labels}",
        "output": "pixels" if about["output"] == "bytes" else "samples",
    }


def _interface(run: Run, about: Mapping[str, Any]) -> list[str]:
    """What goes in and comes out, in words."""
    *size, channels = about["sample_shape"]
    first = about["axes"] == "channels first"
    shape = ", ".join(map(str, ["B", *([channels, *size] if first else [*size, channels])]))
    lines = [f"Latents: {about['latent']} (B, {about['latent_dim']}); B is free."]
    numbers_alone = [str(number) for number in range(about["n_classes"])]
    if about["n_classes"] and (names := about["data"]["class_names"]) not in ([], numbers_alone):
        lines.append(
            "Labels: class numbers, " + ", ".join(f"{i} {printable(name)}" for i, name in enumerate(names[:100])) + "."
        )
    elif about["n_classes"]:
        lines.append(f"Labels: class numbers from 0 to {about['n_classes'] - 1}.")
    if about["label_dim"] and (vectors := run.label_vectors):
        numbers = zip(vectors.names, vectors.mean, vectors.std, strict=True)
        each = "; ".join(f"{printable(name)}: mean {mean:.6g}, std {std:.6g}" for name, mean, std in numbers)
        how = "0s and 1s" if vectors.kind == "multi_hot" else "(value - mean) / std"
        lines.append(f"Labels: rows of {about['label_dim']}, {how}, in this order: {each}.")
    if about["output"] == "bytes":
        lines.append(f"Samples: bytes (B, 3, {', '.join(map(str, size))}).")
    else:
        bytes_of = ", -1 black and 1 white: bytes are (x + 1) * 127.5, clipped" if len(about["sample_shape"]) == 3 else ""
        lines.append(f"Samples: float32 ({shape}){bytes_of}.")
    if scaling := run.dataset.scaling:
        features = zip(scaling.feature_names(), scaling.scale, scaling.offset, strict=True)
        each = "; ".join(f"{printable(name)} = {scale:.6g} x + {offset:.6g}" for name, scale, offset in features)
        lines.append(f"Units: numbers x, a feature each, are in the data's own units as {each}.")
    if about["generators"] > 1:
        lines.append(f"{about['generators']} generators: sample i is made by generator i modulo their number.")
    if run.batch_statistics and about["written_as"] != "safetensors":
        lines.append(
            "Batch norm uses its running statistics here; the run itself draws with each batch's own, so its pictures differ."
        )
    if run.config.precision == "bfloat16" and about["written_as"] in ("onnx", "torch"):
        lines.append("Products are taken in float32 here, in bfloat16 in the run.")
    return lines


def _data(data: Mapping[str, Any]) -> list[str]:
    shape = "x".join(map(str, data["sample_shape"]))
    amount = "drawn afresh" if data.get("size") is None else f"{data['size']:,} samples"
    lines = [
        f"{printable(str(data['name']))}: {amount} of {shape}" + (f", {data['n_classes']} classes" if data["n_classes"] else "")
    ]
    return [*lines, *(printable(str(note)) for note in data.get("notes", ()))]


def _metrics(run: Run, step: int) -> str:
    """What `evaluate` measured at this step, as a table; without it the last line that was logged."""
    files = RunFolder(run.folder)
    measured = files.read_evaluation() if files.evaluation.is_file() else {}
    if measured.get("step") == step and measured.get("mean"):
        values, source = measured["mean"], f"Measured by `jaxgan evaluate` at step {step:,}."
    else:
        logged = [(record["step"], _of_samples(record)) for record in files.read_metrics() if record["step"] <= step]
        at, values = next(((at, values) for at, values in reversed(logged) if values), (0, {}))
        source = f"Measured while training, at step {at:,}." if values else "None were measured: `jaxgan evaluate RUN` does."
    rows = [f"| {name} | {value:.6g} |" for name, value in values.items() if isinstance(value, int | float)]
    return "\n".join([source, *(["", "| metric | value |", "|---|---|", *rows] if rows else [])])


def _of_samples(record: Mapping[str, Any]) -> dict[str, Any]:
    """What a logged line says of samples; losses and norms are left out."""
    rows = {name: metric_of(name) for name in record}
    return {name: record[name] for name, row in rows.items() if row is not None and not row.logged}
