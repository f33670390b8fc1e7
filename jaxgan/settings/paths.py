"""Paths of data that were given relative to the directory in which a run was begun."""

import dataclasses
from pathlib import Path
from typing import Any

from jaxgan import data
from jaxgan.settings.options import Config

OF_DATA = ("data_dir", "label_file")


def found_from_here(config: Config) -> Config:
    """The options, with each relative path of data that does not lie here in the directory where the run was begun, if it lies there."""
    if config.directory is None:
        return config
    moved: dict[str, Any] = {}
    for name in OF_DATA:
        path = getattr(config, name)
        if path is not None and (elsewhere := _elsewhere(path, config.directory)):
            moved[name] = elsewhere
    prefix, colon, source = config.dataset.partition(":")
    if colon and prefix in data.PREFIXES and prefix != "tfds":
        if source and (elsewhere := _elsewhere(Path(source), config.directory)):
            moved["dataset"] = f"{prefix}:{elsewhere}"
    elif config.dataset not in data.DATASETS and (elsewhere := _elsewhere(Path(config.dataset), config.directory)):
        moved["dataset"] = str(elsewhere)
    return dataclasses.replace(config, **moved) if moved else config


def directory_of(config: Config) -> Path:
    """Where relative paths of the run's data begin: the current directory, unless they were found where the run was begun."""
    begun = config.directory
    return begun if begun is not None and found_from_here(config) is not config else Path.cwd()


def _elsewhere(path: Path, directory: Path) -> Path | None:
    """The path from the directory; None where it lies here, is no relative path, or does not lie there either."""
    path = path.expanduser()
    there = directory / path
    return None if path.is_absolute() or path.exists() or not there.exists() else there
