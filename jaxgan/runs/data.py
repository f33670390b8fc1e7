"""The samples that a run is compared with."""

import dataclasses
from pathlib import Path

from jaxgan.data import Dataset, form_of
from jaxgan.errors import NoSplitError
from jaxgan.settings import Config
from jaxgan.settings.resolution import load_data


def training_data(config: Config, data_dir: Path | None = None) -> Dataset:
    """The data set that a run's configuration names."""
    return load_data(dataclasses.replace(config, data_dir=data_dir or config.data_dir))


def held_out_data(config: Config, dataset: Dataset, data_dir: Path | None = None) -> Dataset | None:
    """The test pictures of a run's data; None where there are none, or the run was given its data from Python.

    Those that are there and cannot be read are an error, as everywhere.
    """
    if config.python is not None or not dataset.is_images:
        return None
    try:
        return load_data(dataclasses.replace(config, data_dir=data_dir or config.data_dir, **form_of(dataset)), split="test")
    except NoSplitError:
        return None
