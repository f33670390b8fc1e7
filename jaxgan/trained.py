"""A trained run, opened again: its samples, and its state."""

import dataclasses
import json
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxgan.config import Config, read_config
from jaxgan.data import DATASETS
from jaxgan.data.dataset import Dataset
from jaxgan.engine.checkpoints import Checkpoints
from jaxgan.engine.loop import Program
from jaxgan.engine.sampling import generate, latents
from jaxgan.engine.setup import Setup, prepare
from jaxgan.errors import UserError
from jaxgan.metrics.path_length import slerp
from jaxgan.types import GanState, Labels, Samples


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
        labels: Labels | None = None,
        generator: int | None = None,
        batch_statistics: bool = False,
        average: bool = True,
    ) -> tuple[Samples, Labels | None]:
        """n samples, and their labels where the run is conditional: `label` for all, or `labels`, else every class in equal parts, sorted.

        The same seed gives the same latents, whatever the label. Of several generators, sample i is made by generator i modulo
        their number, or all by `generator`.
        """
        labels = self._labels(n, label) if labels is None else labels
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
        start, end = (jnp.broadcast_to(z, (n, len(z))) for z in latents(self.setup, jax.random.key(seed), 2))
        z = slerp(start, end, jnp.linspace(0.0, 1.0, n))
        labels = self._labels(n, label if label is not None or not self.config.conditional else 0)
        return self.generate(z, labels, batch_statistics=batch_statistics, average=average)

    def generate(
        self, latent: Float[Array, "n latent"], labels: Labels, *, batch_statistics: bool = False, average: bool = True
    ) -> Samples:
        """G(latent, labels), in parts of 1,000 to bound the memory (except with batch statistics, which are those of the whole)."""

        size = len(latent) if batch_statistics else 1000 // self.config.generators * self.config.generators
        parts = [slice(i, i + size) for i in range(0, len(latent), size)]
        return jnp.concatenate(
            [_generated(self.setup, self.state, latent[p], labels[p], batch_statistics, average) for p in parts]
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


@partial(jax.jit, static_argnums=(0, 4, 5))
def _generated(setup: Setup, state: GanState, z: Array, y: Array, batch_statistics: bool, average: bool) -> Array:
    return generate(setup, state, z, y, batch_statistics=batch_statistics, average=average)


def load(folder: Path | str, *, step: int | None = None, replica: int = 0, best: bool = False) -> TrainedRun:
    """A trained run: its last checkpoint, that of `step`, or the `best` by its own metric. The data set itself is not needed."""
    program, state = load_all(folder, step=step, best=best)
    if not 0 <= replica < program.replicas:
        raise UserError(f"--replica {replica}: allowed are 0 to {program.replicas - 1}")
    if program.replicas > 1:
        state = jax.tree.map(lambda leaf: leaf[replica], state)
    return TrainedRun(program.setup, state, Path(folder))


def load_all(folder: Path | str, *, step: int | None = None, best: bool = False) -> tuple[Program, GanState]:
    """The program of a trained run, on one device, and the state of all its replicas."""
    folder = Path(folder)
    if not (folder / "config.json").is_file():
        raise UserError(f"{folder} is no run folder: it has no config.json")
    config = dataclasses.replace(read_config(folder / "config.json"), out=folder, mesh=None)
    program = Program(prepare(config, _remembered(folder)))
    if best and not (folder / "best").is_dir():
        raise UserError(f"{folder} holds no best checkpoint: train with --metrics-every")
    if not (folder / "checkpoints").is_dir():
        raise UserError(f"{folder} holds no checkpoints: the run ended before its first")
    checkpoints = Checkpoints(folder / ("best" if best else "checkpoints"))
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
