"""A run folder: made, filled by training, and opened again."""

import contextlib
import dataclasses
import datetime
import json
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
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxgan.config import Config, again, going_on, named, read_config, to_json
from jaxgan.data import DATASETS
from jaxgan.data.dataset import Dataset
from jaxgan.engine import processes
from jaxgan.engine.checkpoints import Checkpoints
from jaxgan.engine.listeners import Listener, Listeners
from jaxgan.engine.loop import Program, train
from jaxgan.engine.placement import place
from jaxgan.engine.sampling import generate, latents
from jaxgan.engine.setup import Setup, prepare
from jaxgan.engine.state import step_of
from jaxgan.errors import UserError
from jaxgan.report.files import json_text, write_atomically
from jaxgan.report.listeners import Curves, MetricsFile, ProgressBar, SamplePictures, TensorBoard, read_metrics
from jaxgan.report.page import write_page
from jaxgan.types import GanState, Labels, Samples


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
            state = train(program, state, everyone, checkpoints.save, interrupted, last_safe)
        finally:
            checkpoints.close()
            if first:
                write_page(folder)
    done = step_of(state)
    if done < setup.plan.steps:
        raise KeyboardInterrupt(f"interrupted at step {done}; the checkpoint is safe: --out {folder} --resume goes on")
    logged = folder / "metrics.jsonl"
    return Fit(state, read_metrics(logged) if logged.exists() else [], folder)


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


@dataclasses.dataclass(frozen=True)
class TrainedRun:
    """A trained run, ready to sample."""

    setup: Setup
    state: GanState  # of one replica
    folder: Path

    @property
    def config(self) -> Config:
        return self.setup.config

    def sample(
        self,
        n: int,
        *,
        seed: int = 0,
        label: int | None = None,
        generator: int | None = None,
        batch_statistics: bool = False,
        average: bool = True,
    ) -> tuple[Samples, Labels | None]:
        """n samples, and their labels where the run is conditional: `label` for all, else every class in equal parts, sorted.

        The same seed gives the same latents, whatever the label. Of several generators, sample i is made by generator i modulo
        their number, or all by `generator`.
        """
        labels = self._labels(n, label)
        z = latents(self.setup, jax.random.key(seed), n)
        several = self.config.generators
        if generator is None:
            samples = self.generate(z, labels, batch_statistics=batch_statistics, average=average)
        elif not 0 <= generator < several:
            raise UserError(f"--generator {generator}: allowed are 0 to {several - 1}")
        else:  # every generator makes them all, and one is kept
            every = (jnp.repeat(x, several, axis=0) for x in (z, labels))
            samples = self.generate(*every, batch_statistics=batch_statistics, average=average)[generator::several]
        return samples, labels if self.config.conditional else None

    def interpolate(
        self, n: int, *, seed: int = 0, label: int | None = None, batch_statistics: bool = False, average: bool = True
    ) -> Samples:
        """n samples on the great circle between two latents, along which the norm stays what the generator knows.

        All are of class `label`, 0 where a conditional run is given none.
        """
        start, end = latents(self.setup, jax.random.key(seed), 2)
        cosine = jnp.dot(start, end) / (jnp.linalg.norm(start) * jnp.linalg.norm(end))
        angle = jnp.arccos(jnp.clip(cosine, -1 + 1e-6, 1 - 1e-6))
        t = jnp.linspace(0.0, 1.0, n)[:, None]
        z = (jnp.sin((1 - t) * angle) * start + jnp.sin(t * angle) * end) / jnp.sin(angle)
        labels = self._labels(n, label if label is not None or not self.config.conditional else 0)
        return self.generate(z, labels, batch_statistics=batch_statistics, average=average)

    def generate(
        self, latent: Float[Array, "n latent"], labels: Labels, *, batch_statistics: bool = False, average: bool = True
    ) -> Samples:
        """G(latent, labels), in parts of 1,000 to bound the memory (except with batch statistics, which are those of the whole)."""

        @jax.jit
        def part(state: GanState, z: Array, y: Array) -> Array:
            return generate(self.setup, state, z, y, batch_statistics=batch_statistics, average=average)

        size = len(latent) if batch_statistics else 1000 // self.config.generators * self.config.generators
        return jnp.concatenate(
            [part(self.state, latent[i : i + size], labels[i : i + size]) for i in range(0, len(latent), size)]
        )

    def _labels(self, n: int, label: int | None) -> Labels:
        classes = self.setup.dataset.n_classes
        if label is not None:
            if not self.config.conditional:
                raise UserError(f"--label {label}: {self.folder} was trained without labels (--conditional)")
            if not 0 <= label < classes:
                raise UserError(f"--label {label}: allowed are 0 to {classes - 1}")
            return jnp.full(n, label, jnp.int32)
        if self.config.conditional:
            return jnp.asarray(np.arange(n) * classes // n, jnp.int32)
        return jnp.zeros(n, jnp.int32)


def load(folder: Path | str, *, step: int | None = None, replica: int = 0) -> TrainedRun:
    """A trained run: its last checkpoint, or that of `step`. The data set itself is not needed."""
    program, state = load_all(folder, step=step)
    if not 0 <= replica < program.replicas:
        raise UserError(f"--replica {replica}: allowed are 0 to {program.replicas - 1}")
    if program.replicas > 1:
        state = jax.tree.map(lambda leaf: leaf[replica], state)
    return TrainedRun(program.setup, state, Path(folder))


def load_all(folder: Path | str, *, step: int | None = None) -> tuple[Program, GanState]:
    """The program of a trained run, on one device, and the state of all its replicas."""
    folder = Path(folder)
    if not (folder / "config.json").is_file():
        raise UserError(f"{folder} is no run folder: it has no config.json")
    config = dataclasses.replace(read_config(folder / "config.json"), out=folder, mesh=None)
    program = Program(prepare(config, _remembered(folder)))
    if not (folder / "checkpoints").is_dir():
        raise UserError(f"{folder} holds no checkpoints: the run ended before its first")
    checkpoints = Checkpoints(folder / "checkpoints")
    state = checkpoints.restore(program.initial_state(), step)
    checkpoints.close()
    return program, state


def _remembered(folder: Path) -> Dataset | None:
    """The data set without its samples, as environment.json describes it; None for distributions, which are made at once."""
    try:
        data = json.loads((folder / "environment.json").read_text())["data"]
    except (OSError, ValueError, KeyError):
        return None
    if data["name"] in DATASETS and len(data["sample_shape"]) == 1:
        return None
    return Dataset(
        name=data["name"],
        sample_shape=tuple(data["sample_shape"]),
        n_classes=data["n_classes"],
        samples=None,
        labels=None,
        class_names=tuple(data["class_names"]),
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
