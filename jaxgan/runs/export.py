"""A run's generator written for use elsewhere: a folder with its weights in one of several formats, and a card."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxgan.checks import choice, truth
from jaxgan.checks import path as checked_path
from jaxgan.data import describe, name_without_path
from jaxgan.errors import UserError
from jaxgan.exports import Graph, graph_of
from jaxgan.exports.onnx_file import onnx_bytes
from jaxgan.exports.safetensors_file import by_path, safetensors_bytes
from jaxgan.exports.stablehlo import stablehlo_bytes
from jaxgan.exports.torch_module import torch_source, torch_state_dict
from jaxgan.files import json_text, without_link, write_atomically
from jaxgan.folder import RunFolder
from jaxgan.report.generator_page import generator_page
from jaxgan.report.page import write_page
from jaxgan.runs.card import card
from jaxgan.runs.exported import ABOUT, FORMAT, WEIGHTS
from jaxgan.runs.generator_page import drawing_of
from jaxgan.runs.load import load
from jaxgan.runs.run import Run
from jaxgan.settings import with_format
from jaxgan.types import Average, Player

CARD = "README.md"
OF_THIS_MACHINE = ("out", "data_dir", "label_file", "init_from", "directory")  # options that say nothing elsewhere


class Subject(NamedTuple):
    """What is exported: a generator of one replica, with the weights that are taken."""

    run: Run
    weights: Player | Average
    averaged: bool

    @property
    def variables(self) -> dict[str, Any]:
        """As linen takes them."""
        return {"params": self.weights.params, **self.weights.variables}

    @property
    def graph(self) -> Graph:
        """Its layers; raises UserError for a generator of the user's own."""
        return graph_of(self.run.gan.networks.generator, self.variables)


Writer = Callable[[Subject, bool], Mapping[str, bytes]]  # (what, whether as pixels) -> {file name: content}


def _safetensors(subject: Subject, pixels: bool) -> dict[str, bytes]:
    arrays = {name: np.asarray(leaf) for name, leaf in by_path(subject.variables).items()}
    return {WEIGHTS: safetensors_bytes(arrays)}


def _torch(subject: Subject, pixels: bool) -> dict[str, bytes]:
    graph = subject.graph
    return {
        WEIGHTS: safetensors_bytes(torch_state_dict(graph)),
        "generator.py": torch_source(graph, WEIGHTS).encode(),
    }


def _onnx(subject: Subject, pixels: bool) -> dict[str, bytes]:
    return {"generator.onnx": onnx_bytes(subject.graph, pixels=pixels)}


def _stablehlo(subject: Subject, pixels: bool) -> dict[str, bytes]:
    gan = subject.run.gan
    labels = {"n_classes": gan.n_classes, "label_dim": gan.label_dim}
    content = stablehlo_bytes(gan.networks.generator, subject.variables, latent_dim=gan.latent_dim, **labels)
    return {"generator.stablehlo": content}


def _html(subject: Subject, pixels: bool) -> dict[str, bytes]:
    name = RunFolder(subject.run.folder).generator_page.name
    return {name: generator_page(drawing_of(subject.run, subject.graph, average=subject.averaged)).encode()}


WRITERS: dict[str, Writer] = {
    "html": _html,
    "onnx": _onnx,
    "safetensors": _safetensors,
    "stablehlo": _stablehlo,
    "torch": _torch,
}


def export(
    run: Run | Path | str,
    format: str,
    *,
    out: Path | str | None = None,
    step: int | None = None,
    best: bool = False,
    replica: int = 0,
    average: bool = True,
    pixels: bool = False,
    license: str = "",
    trust: bool = False,
) -> list[Path]:
    """The generator of a run as files for use elsewhere, with generator.json and a card, README.md; their paths.

    Args:
        run: a run as `fit` or `load` returns it, or its folder.
        format: "html" (a page in which the generator draws), "onnx", "safetensors" (which `jaxgan.load` takes back), "stablehlo" or "torch".
        out: the folder; RUN/exports/FORMAT where None.
        step: of a folder: the checkpoint, the last where None.
        best: of a folder: the checkpoint that was best by the run's own metric.
        replica: which of several random seeds.
        average: take the averaged weights where the run keeps them.
        pixels: of onnx: the output is bytes with three colours, as torch-fidelity reads a generator.
        license: what the card's licence field says.
        trust: of a folder: whether code that its config.json names may be imported, and so run.

    Raises:
        UserError: in one line, a run, checkpoint or replica that is not there, weights that are not finite, a package that is missing, or
            a generator of the user's own where the format needs its layers; or a link that leads out of the run folder.
        WriteError: a file cannot be written.
    """
    choice("format", format, WRITERS)
    if truth("pixels", pixels) and format != "onnx":
        raise UserError(f"pixels=True is for the format onnx, and has no meaning for {format}")
    if isinstance(run, Run):
        run = run.replica(replica) if run.replicas > 1 or replica else run
    else:
        run = load(run, step=step, replica=replica, best=best, trust=trust)
    folder = RunFolder(run.folder).export(format) if out is None else checked_path("out", out)
    if out is None and not RunFolder(run.folder).holds(folder):  # a run folder may come from elsewhere
        raise UserError(
            f"{folder} is a link that leads out of the run folder, and is not written through: remove it, or name --out"
        )
    subject = subject_of(run, average)
    about = described(subject, format, pixels)
    files = {**WRITERS[format](subject, pixels), ABOUT: json_text(about), CARD: card(run, about, license).encode()}
    for name, content in files.items():
        write_atomically(without_link(folder / name) if out is None else folder / name, content)
    if format == "html" and RunFolder(run.folder).report.is_file():
        write_page(run.folder)  # which links to the page that draws
    return [folder / name for name in files]


def subject_of(run: Run, average: bool = True) -> Subject:
    """The generator of a run, with its averaged weights where there are any and they are wanted.

    Raises:
        UserError: the weights are not finite.
    """
    averaged = bool(truth("average", average) and run.state.ema)
    weights: Any = run.state.ema if averaged else run.state.generator
    if not all(np.isfinite(leaf).all() for leaf in jax.tree.leaves((weights.params, weights.variables))):
        raise UserError(f"{run.folder}: the weights are not finite, the run diverged: --step takes an earlier checkpoint")
    return Subject(run, weights, averaged)


def described(subject: Subject, format: str, pixels: bool = False) -> dict[str, Any]:
    """What generator.json says: inputs and outputs, labels and units, and what the run was made with."""
    run = subject.run
    gan = run.gan
    data = RunFolder(run.folder).read_environment(lambda _: None).get("data") or describe(run.dataset)
    data = {**data, "name": name_without_path(data["name"])}
    config = {name: value for name, value in with_format(run.config).items() if name not in OF_THIS_MACHINE}
    config["dataset"] = name_without_path(config["dataset"])
    parameters = sum(int(np.size(leaf)) for leaf in jax.tree.leaves(subject.weights.params))
    return {
        "format": FORMAT,
        "written_as": format,
        "latent_dim": gan.latent_dim,
        "latent": "standard normal, float32",
        "n_classes": gan.n_classes,
        "label_dim": gan.label_dim,
        "generators": gan.generators,
        "sample_shape": list(run.sample_shape),
        "axes": "channels last" if format in ("safetensors", "stablehlo") else "channels first",
        "output": "bytes" if pixels else "float32",
        "parameters": parameters,
        "weights": "averaged" if subject.averaged else "last",
        "step": int(np.max(np.asarray(run.state.step))),
        "config": config,
        "data": data,
    }
