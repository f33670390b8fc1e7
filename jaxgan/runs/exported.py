"""What `export` wrote, loaded again: a run that draws samples, without its checkpoints."""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from jaxgan.data import Dataset
from jaxgan.engine.gan import Gan
from jaxgan.errors import UserError, shortened
from jaxgan.exports.safetensors_file import filled, read_safetensors
from jaxgan.folder import read_object
from jaxgan.runs.run import Run
from jaxgan.settings import Config, check_trusted, config_of_values
from jaxgan.types import GanState, Player

ABOUT, WEIGHTS = "generator.json", "generator.safetensors"
FORMAT = 1  # of generator.json
FIELDS: dict[str, Any] = {"format": int, "written_as": str, "step": int, "config": dict, "data": dict}


def is_exported(folder: Path) -> bool:
    """Whether `export` wrote this folder."""
    return (folder / ABOUT).is_file()


def read_about(folder: Path) -> dict[str, Any]:
    """What generator.json holds, of weights that jaxgan reads.

    Raises:
        UserError: it is damaged, of a newer jaxgan, or beside weights in another format.
    """
    path = folder / ABOUT
    about = read_object(path, FIELDS)
    if missing := [name for name in FIELDS if about.get(name) is None]:
        raise UserError(f"{path}: {', '.join(missing)} is missing: jaxgan.export writes it")
    if about["format"] > FORMAT:
        raise UserError(f"{path} is of format {about['format']}, and this jaxgan reads up to {FORMAT}: a newer jaxgan reads it")
    if about["written_as"] != "safetensors":
        raise UserError(
            f"{folder} holds the format {shortened(about['written_as'])}; jaxgan loads what --format safetensors wrote"
        )
    return about


def read_config(folder: Path, about: dict[str, Any], trust: bool) -> Config:
    """The options in generator.json; code that they name is not trusted unless that is said."""
    config = config_of_values(about["config"], folder / ABOUT)
    if not trust:
        check_trusted(config, folder / ABOUT)
    return config


def exported_run(folder: Path, about: dict[str, Any], config: Config, dataset: Dataset, gan: Gan) -> Run:
    """The run whose generator has the weights in this folder, and whose critic has none.

    Raises:
        UserError: the weights are damaged, or do not fit.
    """
    example = jax.ShapeDtypeStruct((1, *dataset.sample_shape), float)
    like = jax.eval_shape(lambda key: gan.init(key, example), jax.random.key(0)).generator
    tree = filled({"params": like.params, **like.variables}, read_safetensors(folder / WEIGHTS), str(folder / WEIGHTS))
    params = tree.pop("params")
    state = GanState(
        step=jnp.asarray(about["step"], jnp.int32), key=jax.random.key(config.seed), generator=Player(params, tree, ()),
        critic=Player({}, {}, ()), ema=(), objective=(),
    )  # fmt: skip
    return Run(
        gan=gan, state=state, sample_shape=dataset.sample_shape, folder=folder, config=config, dataset=dataset,
        batch_statistics=bool(config.batch_statistics),
    )  # fmt: skip
