"""A run folder opened again."""

import dataclasses
from pathlib import Path

import jax

from jaxgan import data
from jaxgan.data import Dataset
from jaxgan.engine.checkpoints import Checkpoints
from jaxgan.engine.gan import Gan
from jaxgan.engine.loop import initial_states, on_replicas
from jaxgan.errors import UserError
from jaxgan.folder import RunFolder, read_object
from jaxgan.runs.run import Run
from jaxgan.settings import Config, read_config_file
from jaxgan.settings.own import resolve_own
from jaxgan.settings.resolution import Resolved, resolve


def load(folder: Path | str, *, step: int | None = None, replica: int = 0, best: bool = False, gan: Gan | None = None) -> Run:
    """A trained run: its last checkpoint, that of `step`, or the `best` by its own metric. The data set itself is not needed.

    Args:
        folder: the run folder.
        step: the checkpoint's step.
        replica: which of several random seeds.
        best: the checkpoint that was best by the run's own metric (of runs with `metrics_every`).
        gan: of a run that was started from Python with a `Gan`: that GAN again, which JSON cannot hold.

    Raises:
        UserError: no run, no such checkpoint or replica, or a checkpoint that does not fit.
    """
    return load_all(folder, step=step, best=best, gan=gan).replica(replica)


def load_all(folder: Path | str, *, step: int | None = None, best: bool = False, gan: Gan | None = None) -> Run:
    """A trained run with the state of all its replicas."""
    files = RunFolder(Path(folder)).require()
    config = dataclasses.replace(read_config_file(files.config), out=files.path, mesh=None)
    if best and not files.best.is_dir():
        raise UserError(f"{folder} holds no best checkpoint: train with --metrics-every")
    if not files.checkpoints.is_dir():
        raise UserError(f"{folder} holds no checkpoints: the run ended before its first")
    resolved = resolve_saved(config, files, gan)
    numbers, seeds = on_replicas(resolved.numbers, resolved.schedule.seeds)
    shapes = jax.eval_shape(
        lambda numbers, seeds: initial_states(resolved.gan_of, resolved.dataset.sample_shape, numbers, seeds), numbers, seeds
    )
    checkpoints = Checkpoints(files.best if best else files.checkpoints)
    try:
        state = checkpoints.restore(shapes, step)
    finally:
        checkpoints.close()
    return Run(
        gan=resolved.gan,
        state=state,
        sample_shape=resolved.dataset.sample_shape,
        folder=files.path,
        config=resolved.config,
        dataset=resolved.dataset,
        replicas=resolved.schedule.replicas,
    )


def resolve_saved(config: Config, files: RunFolder, gan: Gan | None) -> Resolved:
    """What a run's configuration stands for, without its data; of a run started from Python, of the GAN that is given again.

    Raises:
        UserError: a GAN is wanted and none is given, or the other way round.
    """
    if config.python is None:
        if gan is not None:
            raise UserError(f"{files.path} was started by options, which say all: a gan has no place here")
        return resolve(config, remembered_data(files))
    if gan is None:
        parts = ", ".join(f"{name} {part['import'] or part['repr']}" for name, part in config.python.items())
        raise UserError(
            f"{files.path} was started from Python with a Gan: give it again, load(folder, gan=...); it had {parts}"
        )
    dataset = remembered_data(files)
    if dataset is None:
        raise UserError(f"{files.environment} is missing or cannot be read: the shape of the data is not known")
    return resolve_own(gan, dataset, config)


def remembered_data(files: RunFolder) -> Dataset | None:
    """The data set without its samples, as environment.json describes it; None for distributions, which are made at once."""
    described = read_object(files.environment).get("data")
    try:
        dataset = data.from_description(described or {})
    except KeyError:
        return None
    return None if dataset.name in data.DATASETS and dataset.is_vectors else dataset
