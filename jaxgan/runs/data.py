"""The samples that a run is compared with."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jaxgan.data import Dataset, differences, form_of, in_labels_of
from jaxgan.errors import NoSplitError, UserError
from jaxgan.folder import RunFolder
from jaxgan.runs.run import Run
from jaxgan.settings import Config
from jaxgan.settings.resolution import load_data


def training_data(config: Config, data_dir: Path | None = None, before: Mapping[str, Any] | None = None) -> Dataset:
    """The data set that a run's configuration names; picture files in the form that they had in the run, where its record is given."""
    before = before or {}
    form = form_of(before.get("name") or "", before.get("sample_shape") or ())
    return load_data(dataclasses.replace(config, data_dir=data_dir or config.data_dir, **form))


def held_out_data(config: Config, dataset: Dataset, data_dir: Path | None = None) -> Dataset | None:
    """The test split of a run's pictures, or of samples in units of their own; None where there is none, or the run was given its data from
    Python.

    Those that are there and cannot be read are an error, as everywhere.
    """
    if config.python is not None or not (dataset.is_images or dataset.scaling is not None):
        return None
    try:
        test = load_data(
            dataclasses.replace(config, data_dir=data_dir or config.data_dir, **form_of(dataset.name, dataset.sample_shape)),
            split="test",
        )
    except NoSplitError:
        return None
    return in_labels_of(dataset, test.rescaled(dataset.scaling))


def data_at_hand(run: Run) -> Dataset | None:
    """The data that a run was trained on, where they hold numbers in units of their own and are still what they were; else None."""
    if run.dataset.samples is not None or run.dataset.scaling is None or run.config.python is not None:
        return run.dataset
    try:
        found = training_data(run.config).rescaled(run.dataset.scaling)
    except UserError:
        return None
    before = RunFolder(run.folder).read_environment().get("data") or {}
    return None if differences(before, found) else found
