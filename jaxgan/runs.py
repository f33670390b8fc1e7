"""A run folder: made, filled by training, and opened again."""

import contextlib
import dataclasses
import datetime
import os
import platform
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

import jax

from jaxgan.config import Config, again, going_on, named, read_config, to_json
from jaxgan.engine import processes
from jaxgan.engine.checkpoints import Checkpoints
from jaxgan.engine.listeners import Listener, Listeners
from jaxgan.engine.loop import Program, train
from jaxgan.engine.placement import place
from jaxgan.engine.setup import Setup, prepare
from jaxgan.engine.state import step_of
from jaxgan.errors import UserError
from jaxgan.evaluation.training import Measuring
from jaxgan.files import json_text, write_atomically
from jaxgan.folder import read_metrics
from jaxgan.report.listeners import Curves, MetricsFile, ProgressBar, SamplePictures, TensorBoard
from jaxgan.report.page import write_page
from jaxgan.report.progress import progress_bars
from jaxgan.types import GanState


class Fit(NamedTuple):
    """What a training run gives back."""

    state: GanState
    metrics: list[dict[str, Any]]  # the lines of metrics.jsonl
    folder: Path


def fit(config: Config, *, listeners: Sequence[Listener] = (), progress: bool = True) -> Fit:
    """Trains as `python -m jaxgan.train` does and fills the run folder; with `config.resume`, goes on with the run at `config.out`.

    With `config.config` it trains again what that config.json says. In both cases fields at their default are the saved run's.

    Raises UserError for what cannot be, DivergedError when a number is not finite (of several replicas the others are trained to
    the end first), KeyboardInterrupt (after a checkpoint is safe) on Ctrl-C.
    """
    processes.join(config)
    if config.resume:
        config = resumed(config)
    elif config.config is not None:
        config = again(read_config(config.config), {**named(config), "config": None})
    setup = prepare(config)
    place(setup.plan.mesh, setup.plan.replicas, setup.plan.batch_size)  # refuses what cannot be before there is a folder
    measuring = _measuring(setup, progress) if setup.plan.metrics_every else None
    folder = config.out if config.resume and config.out else _agreed_folder(setup.config)
    setup = dataclasses.replace(setup, config=dataclasses.replace(setup.config, out=folder))
    first = processes.is_first()
    if first:  # at once, so that a run killed from here on can go on
        write_atomically(folder / "config.json", json_text(to_json(setup.config)))
        write_atomically(folder / "environment.json", json_text(environment(setup)))
    with _interrupts() as interrupted:
        program = Program(setup)
        checkpoints = Checkpoints(folder / "checkpoints", keep=setup.config.keep_checkpoints)
        state = program.initial_state()
        if config.resume and checkpoints.steps():
            state = checkpoints.restore(state)
        begin = step_of(state)
        if config.resume and begin >= setup.plan.steps:
            raise UserError(f"{folder} is already trained to step {begin}; --steps {begin * 2} would go on to twice that")
        if progress and first:
            print(summary(setup, state), flush=True)
        several = setup.config.generators if setup.config.generators > 1 else 0
        n_classes = setup.dataset.n_classes if setup.config.conditional else several
        drawn_with: dict[str, Any] = {"distribution": setup.dataset.distribution, "n_classes": n_classes}
        writers: list[Listener] = []
        if first:
            writers = [
                MetricsFile(folder / "metrics.jsonl"),
                TensorBoard(folder / "tensorboard", **drawn_with),
                SamplePictures(folder / "samples", **drawn_with),
                Curves(folder / "metrics.jsonl", folder / "curves.png"),
                *([ProgressBar()] if progress else []),
            ]
        everyone = Listeners([*writers, *listeners])
        known = checkpoints.steps()
        last_safe = folder / "checkpoints" / str(known[-1]) if known else None
        try:
            measure = measuring.of(program, folder) if measuring else None
            state = train(program, state, everyone, checkpoints.save, interrupted, last_safe, measure)
        finally:
            checkpoints.close()
            if first:
                write_page(folder)
    done = step_of(state)
    if done < setup.plan.steps:
        raise KeyboardInterrupt(f"interrupted at step {done}; the checkpoint is safe: --out {folder} --resume goes on")
    logged = folder / "metrics.jsonl"
    return Fit(state, read_metrics(logged) if logged.exists() else [], folder)


def _measuring(setup: Setup, progress: bool) -> Measuring:
    """What measures the run; a classifier that has to be trained for it shows how far it is."""
    if not progress:
        return Measuring(setup)
    with progress_bars() as show:
        return Measuring(setup, show=show)


def resumed(config: Config) -> Config:
    """The configuration of the run at `config.out`, with those flags changed that may change between two halves of a run."""
    if config.out is None:
        raise UserError("--resume: which run? name it with --out RUN")
    if not (config.out / "config.json").is_file():
        raise UserError(f"--resume: {config.out} is no run folder: it has no config.json")
    if config.config is not None:
        raise UserError(f"--resume --config: the run at {config.out} has a configuration of its own; give one of the two")
    saved, asked = read_config(config.out / "config.json"), named(config)
    if "epochs" in asked:
        asked.setdefault("steps", None)
    return going_on(saved, dataclasses.replace(saved, **asked))


def new_folder(config: Config, prefix: str = "") -> Path:
    """Makes the run folder: `--out`, refused where it would overwrite, or the first free runs/DATASET-VARIANT-N."""
    if config.out is not None:
        if config.out.exists() and (not config.out.is_dir() or any(config.out.iterdir())):
            raise UserError(f"--out {config.out} is there already: --resume goes on with a run, or name another folder")
        config.out.mkdir(parents=True, exist_ok=True)
        return config.out
    names = [part.replace(":", "_").rstrip("/").rsplit("/", 1)[-1] for part in (config.dataset, config.variant)]
    number = 1
    while True:
        folder = Path("runs") / f"{prefix}{names[0]}-{names[1]}-{number}"
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            number += 1


def _agreed_folder(config: Config) -> Path:
    """A new folder, made by the first process and known to all; a refusal reaches all likewise."""
    said = ""
    if processes.is_first():
        try:
            said = f"folder {new_folder(config)}"
        except UserError as error:
            said = f"refused {error}"
    what, _, words = processes.agreed_text(said).partition(" ")
    if what == "refused":
        raise UserError(words)
    return Path(words)


def environment(setup: Setup) -> dict[str, Any]:
    """What a run was made with: versions, devices, the command, the data."""
    versions = {}
    for package in ("jaxgan", "jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy"):
        with contextlib.suppress(PackageNotFoundError):
            versions[package] = version(package)
    dataset = setup.dataset
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu_count": os.cpu_count(),
        "devices": [f"{device.platform}: {device.device_kind}" for device in jax.devices()],
        "versions": versions,
        "data": {
            "name": dataset.name,
            "sample_shape": list(dataset.sample_shape),
            "n_classes": dataset.n_classes,
            "class_names": list(dataset.class_names),
            "size": dataset.size,
        },
    }


def summary(setup: Setup, state: GanState) -> str:
    """Two lines that say what is trained, on what and where."""
    config, dataset = setup.config, setup.dataset
    shape = "points" if dataset.is_points else "images of " + "x".join(map(str, dataset.sample_shape))
    amount = "drawn afresh" if dataset.size is None else f"{dataset.size:,}" + (", streamed" if dataset.records else "")
    counts = [sum(leaf.size for leaf in jax.tree.leaves(p.params)) // config.replicas for p in (state.generator, state.critic)]
    device = jax.devices()[0]
    where = (
        f"{device.platform} ({os.cpu_count()} cores)"
        if device.platform == "cpu"
        else f"{device.platform} ({device.device_kind})"
    )
    replicas = f", {config.replicas} replicas" if config.replicas > 1 else ""
    return (
        f"{config.variant}, recipe {config.recipe}, on {config.dataset} ({shape}, {amount}){replicas}: {config.steps:,} steps of batch"
        f" {config.batch_size}, n_critic {config.n_critic}, on {where}\n"
        f"generator {config.generator} ({counts[0]:,} parameters), critic {config.critic} ({counts[1]:,}); run folder {config.out}"
    )


@contextlib.contextmanager
def _interrupts() -> Iterator[Any]:
    """Turns the first Ctrl-C (or SIGTERM) into a question that the loop asks between chunks; the second one interrupts at once."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return

    def note(number: int, frame: Any) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        print("\nstopping after a checkpoint; once more stops at once", file=sys.stderr, flush=True)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
