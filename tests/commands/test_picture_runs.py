"""Pictures with transparency, of another height than width, from their files through training to what is drawn, measured and written."""

import json

import numpy as np
import pytest
from PIL import Image

import jaxgan
from jaxgan import data
from jaxgan.__main__ import main
from jaxgan.report.images import image_grid
from jaxgan.report.samples import save_samples
from jaxgan.runs.data import training_data
from jaxgan.runs.fit import _resolved
from jaxgan.settings import Config, flag, to_json
from tests.data.raw_pictures import png

HEIGHT, WIDTH = 5, 7


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder of 104 small pictures with transparency in two classes, and one that cannot be read."""
    chance = np.random.default_rng(0)
    for label, kind in enumerate(("dark", "light")):
        (tmp_path / "own" / kind).mkdir(parents=True)
        for i in range(52):
            pixels = chance.integers(0, 90, (HEIGHT, WIDTH + 2, 4), dtype=np.uint8) + np.uint8(160 * label)
            (tmp_path / "own" / kind / f"{i}.png").write_bytes(png(pixels))
    (tmp_path / "own" / "dark" / "broken.png").write_bytes(b"words")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_run_on_pictures_with_transparency(place, capsys):
    asked = {"dataset": "own", "channels": "4", "image_size": "5x7", "network": "fc", "variant": "lsgan"}
    run = {"hidden_dim": 2, "latent_dim": 2, "batch_size": 8, "steps": 2, "log_every": 1, "sample_every": 2, "out": "run"}
    flags = [word for name, value in {**asked, **run}.items() for word in (flag(name), str(value))]
    assert main(["train", *flags, "--skip-unreadable"]) == 0
    said = capsys.readouterr().out
    first = said.index(
        "pictures of 5x9 become 5x7: 104 of 104 are cut: 22.2 % on average and 22.2 % at most of their area is lost"
    )
    for words in (
        "104 of 104 pictures have transparency, which is kept as the fourth channel",
        "left out: 1 that cannot be read (broken.png)",
        "own is taken for folder:own",
        "pictures have four channels: the fourth is drawn as transparency, over a checker",
    ):
        assert said.index(words) > first and said.count(words) == 1
    kept = json.loads((place / "run" / "config.json").read_text())
    asked |= {"skip_unreadable": True}
    assert asked.items() <= kept.items()
    trained = jaxgan.load(place / "run")
    np.testing.assert_array_equal(training_data(trained.config).samples, training_data(Config(**asked)).samples)
    assert main(["sample", "run", "--n", "4", "--out", "x.npz"]) == 0
    drawn = np.asarray(trained.sample(4)[0], np.float32)
    again = data.load("x.npz")
    assert again.sample_shape == (HEIGHT, WIDTH, 4) and np.abs(again.samples - (drawn + 1) * 127.5).max() <= 0.51
    save_samples(place / "x.png", drawn)
    with Image.open("x.png") as grid:
        np.testing.assert_array_equal(np.asarray(grid), image_grid(drawn))


def test_a_run_goes_on_with_its_pictures_in_the_form_that_they_had(place):
    """One from before pictures kept a shape that all of them have: its configuration names no size, and its record squares."""
    config = Config(dataset="folder:own", skip_unreadable=True, out=place / "run")
    square = data.load("folder:own", image_size=HEIGHT, skip_unreadable=True)
    (place / "run").mkdir()
    (place / "run" / "config.json").write_text(json.dumps(to_json(config)))
    (place / "run" / "environment.json").write_text(json.dumps({"data": data.describe(square)}))
    resolved, _ = _resolved(Config(out=place / "run", resume=True), None, None, {})
    np.testing.assert_array_equal(resolved.dataset.samples, square.samples)
    assert resolved.config.image_size is None and data.differences(data.describe(square), resolved.dataset) == []
    np.testing.assert_array_equal(training_data(config, before=data.describe(square)).samples, square.samples)
    assert training_data(config).sample_shape == (HEIGHT, WIDTH + 2, 3)
