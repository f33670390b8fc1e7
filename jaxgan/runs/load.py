"""A run folder opened again."""

import dataclasses
from pathlib import Path
from typing import Any

import jax

from jaxgan import data
from jaxgan.checks import path, whole_number
from jaxgan.data import Dataset
from jaxgan.engine.checkpoints import Checkpoints, Restored
from jaxgan.engine.gan import Gan
from jaxgan.engine.loop import initial_states, on_replicas
from jaxgan.errors import UserError, say
from jaxgan.folder import RunFolder, read_object
from jaxgan.runs.exported import ABOUT, exported_run, is_exported, read_about, read_config
from jaxgan.runs.run import Run
from jaxgan.settings import Config, check_fixed, check_trusted, format_of, read_config_file
from jaxgan.settings.own import resolve_own
from jaxgan.settings.resolution import Resolved, resolve


def load(
    folder: Path | str,
    *,
    step: int | None = None,
    replica: int = 0,
    best: bool = False,
    gan: Gan | None = None,
    trust: bool = False,
) -> Run:
    """A trained run: its last checkpoint, that of `step`, or the `best` by its own metric. The data set itself is not needed.

    What `export` wrote as safetensors is loaded too: it draws the same samples, and has no critic.

    Args:
        folder: the run folder, or that of the export.
        step: the checkpoint's step; without it one that is damaged is passed over, and that is said on standard error.
        replica: which of several random seeds.
        best: the checkpoint that was best by the run's own metric (of runs with `metrics_every`).
        gan: of a run that was started from Python with a `Gan`: that GAN again, which JSON cannot hold.
        trust: whether code that its config.json names (package.module:name) may be imported, and so run.

    Raises:
        UserError: no run, no such checkpoint or replica, one that does not fit or is damaged, or code that is not trusted.

    Example:
        The run of the example of `fit`:

        >>> run = jaxgan.load("runs/first")
        >>> run.config.variant, run.dataset.name, int(run.state.step)
        ('wgan_gp', 'ring8', 20)
    """
    replica = whole_number("replica", replica, at_least=0)
    if is_exported(path("run folder", folder)):
        return _load_exported(path("run folder", folder), step, replica, best, gan, trust)
    return load_all(folder, step=step, best=best, gan=gan, trust=trust).replica(replica)


def _load_exported(folder: Path, step: int | None, replica: int, best: bool, gan: Gan | None, trust: bool) -> Run:
    """What was exported; of it there is one replica and one step.

    Raises:
        UserError: another is wanted, or as `load`.
    """
    for name, value in (("step", step), ("replica", replica), ("best", best)):
        if value not in (None, 0, False):
            raise UserError(f"{name}={value}: {folder} holds one generator, that was exported")
    about = read_about(folder)
    config = dataclasses.replace(read_config(folder, about, trust), out=folder, mesh=None)
    described = dataset_of(about["data"], folder / ABOUT)
    resolved = _resolved(config, folder, described, gan)
    return exported_run(folder, about, resolved.config, resolved.dataset, resolved.gan)


def load_all(
    folder: Path | str, *, step: int | None = None, best: bool = False, gan: Gan | None = None, trust: bool = False
) -> Run:
    """A trained run with the state of all its replicas."""
    files = RunFolder(path("run folder", folder)).require()
    config = dataclasses.replace(read_config_file(files.config), out=files.path, mesh=None)
    if not trust:
        check_trusted(config, files.config)
    if best and not files.best.is_dir():
        raise UserError(f"{folder} holds no best checkpoint: train with --metrics-every")
    if not files.checkpoints.is_dir():
        raise UserError(f"{folder} holds no checkpoints: the run ended before its first")
    resolved = resolve_saved(config, files, gan)
    numbers, seeds = on_replicas(resolved.numbers, resolved.schedule.seeds)
    shapes = jax.eval_shape(
        lambda numbers, seeds: initial_states(resolved.gan_of, resolved.dataset.sample_shape, numbers, seeds), numbers, seeds
    )
    checkpoints = Checkpoints(files.best if best else files.checkpoints, recorded=format_of(files.config) > 0)
    try:
        restored = checkpoints.restore(shapes, step)
    finally:
        checkpoints.close()
    check_fixed(resolved.config, restored.about.get("options", {}), files.config, f"checkpoint {restored.step}")
    warn_of_damage(restored)
    return Run(
        gan=resolved.gan,
        state=restored.progress.state,
        sample_shape=resolved.dataset.sample_shape,
        folder=files.path,
        config=resolved.config,
        dataset=resolved.dataset,
        replicas=resolved.schedule.replicas,
        batch_statistics=bool(resolved.config.batch_statistics),
    )


def warn_of_damage(restored: Restored) -> None:
    """Says which checkpoints were passed over, a line each, on standard error."""
    for what in restored.damaged.values():
        say(f"{what}; going on from that of step {restored.step}")


def resolve_saved(config: Config, files: RunFolder, gan: Gan | None) -> Resolved:
    """What a run's configuration stands for, without its data; of a run started from Python, of the GAN that is given again.

    Raises:
        UserError: a GAN is wanted and none is given, or the other way round.
    """
    return _resolved(config, files.path, remembered_data(files), gan)


def _resolved(config: Config, folder: Path, dataset: Dataset | None, gan: Gan | None) -> Resolved:
    if config.python is None:
        if gan is not None:
            raise UserError(f"{folder} was started by options, which say all: a gan has no place here")
        return resolve(config, dataset, saved=True)
    if gan is None:
        parts = ", ".join(f"{name} {part.get('import') or part.get('repr')}" for name, part in config.python.items())
        raise UserError(f"{folder} was started from Python with a Gan: give it again, load(folder, gan=...); it had {parts}")
    if dataset is None:
        raise UserError(f"{RunFolder(folder).environment} is missing or cannot be read: the shape of the data is not known")
    return resolve_own(gan, dataset, config)


def remembered_data(files: RunFolder) -> Dataset | None:
    """The data set without its samples, as environment.json describes it; None for distributions, which are made at once."""
    return dataset_of(read_object(files.environment).get("data"), files.environment)


def dataset_of(described: Any, source: Path) -> Dataset | None:
    """The data set without its samples that a file describes; None as `remembered_data`."""
    try:
        dataset = data.from_description(described if isinstance(described, dict) else {})
    except KeyError:
        return None
    except UserError as error:
        raise UserError(f"{source}: data: {error}") from None
    return None if dataset.name in data.DATASETS and dataset.is_vectors else dataset
