"""Relative paths of data: found where a run was begun, from whatever directory it is gone on with."""

import json
from pathlib import Path

import numpy as np
import pytest

import jaxgan
from jaxgan.errors import UserError
from jaxgan.settings import Config
from jaxgan.settings.paths import directory_of, found_from_here


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Two directories, the first with data, the second the current one."""
    (tmp_path / "begun" / "data").mkdir(parents=True)
    (tmp_path / "begun" / "labels.csv").write_text("")
    samples = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    np.savez(tmp_path / "begun" / "data" / "own.npz", samples=samples)
    (tmp_path / "now").mkdir()
    monkeypatch.chdir(tmp_path / "now")
    return tmp_path


@pytest.mark.parametrize("dataset", ["npz:data/own.npz", "data/own.npz", "folder:data"])
def test_what_lies_where_the_run_was_begun_is_found_there(dataset, places):
    begun = places / "begun"
    config = Config(dataset=dataset, data_dir=Path("data"), label_file=Path("labels.csv"), directory=begun)
    found = found_from_here(config)
    assert found.dataset == dataset.replace("data", str(begun / "data"))
    assert (found.data_dir, found.label_file) == (begun / "data", begun / "labels.csv")
    assert directory_of(config) == begun


@pytest.mark.parametrize(
    "config",
    [
        dict(dataset="npz:data/own.npz"),  # of a run that kept no directory
        dict(dataset="npz:data/none.npz", directory="begun"),
        dict(dataset="digits", directory="begun"),
        dict(dataset="tfds:data", directory="begun"),
        dict(dataset="digits", data_dir="/data", directory="begun"),
    ],
)
def test_other_paths_are_as_they_are(config, places):
    if "directory" in config:
        config = {**config, "directory": places / config["directory"]}
    config = Config(**config)
    assert found_from_here(config) is config
    assert directory_of(config) == Path.cwd()


def test_what_lies_here_is_taken_from_here(places):
    (places / "now" / "data").mkdir()
    config = Config(dataset="folder:data", directory=places / "begun")
    assert found_from_here(config) is config


def test_a_run_goes_on_and_is_trained_again_from_another_directory(places, monkeypatch):
    monkeypatch.chdir(places / "begun")
    small = dict(hidden_dim=4, batch_size=4, n_critic=1, latent_dim=2)
    jaxgan.fit(Config(dataset="data/own.npz", steps=2, out=Path("run"), **small), progress=False)
    monkeypatch.chdir(places / "now")
    folder = Path("../begun/run")
    run = jaxgan.fit(Config(out=folder, resume=True, steps=3), progress=False)
    saved = json.loads((folder / "config.json").read_text())
    assert saved["directory"] == str(places / "begun") and saved["dataset"] == "npz:data/own.npz"[4:]
    assert int(run.state.step) == 3
    again = jaxgan.fit(Config(config=folder / "config.json", steps=1, out=Path("again")), progress=False)
    assert again.config.directory == places / "begun"
    (places / "begun" / "data" / "own.npz").unlink()
    with pytest.raises(UserError, match=r"own\.npz"):
        jaxgan.fit(Config(out=folder, resume=True, steps=4), progress=False)
