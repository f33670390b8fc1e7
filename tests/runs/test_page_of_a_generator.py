"""What the page of a run is given; tests/report/test_generator_page.py has the page."""

import shutil
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import jaxgan
from jaxgan.engine.directions import directions
from jaxgan.exports import graph_of
from jaxgan.report.page import write_page
from jaxgan.runs.generator_page import drawing_of, kind_of

OLD_RUNS = Path(__file__).parents[1] / "old_runs"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return Path(shutil.copytree(OLD_RUNS / "ring8", tmp_path_factory.mktemp("run") / "ring8"))


def test_the_report_links_to_the_page_once_it_is_there(folder, tmp_path):
    assert "generator.html" not in write_page(folder).read_text()
    page, *_ = jaxgan.export(folder, "html")
    assert page == folder / "exports" / "html" / "generator.html"
    assert 'href="exports/html/generator.html"' in (folder / "report.html").read_text()
    assert (
        "generator.html" not in write_page(folder, tmp_path / "elsewhere.html").read_text()
    )  # whence the link would lead nowhere


def test_points_come_with_the_critics_scores_and_real_ones(folder):
    run = jaxgan.load(folder)
    drawing = drawing_of(run, graph_of(run.gan.networks.generator, run.state.generator), average=False)
    assert kind_of(run) == drawing.kind == "points"
    latents = jnp.asarray(drawing.kept["latents"])
    expected = run.generate(latents, jnp.zeros(len(latents), int), average=False)
    np.testing.assert_allclose(drawing.kept["samples"], expected, atol=1e-6)
    np.testing.assert_array_equal(drawing.directions, directions(run, 2, average=False).vectors)
    surface = drawing.surface
    assert surface is not None and surface.real is not None
    x, y = 3, 50  # a row a y, a column an x
    point = jnp.array([[surface.axis[x], surface.axis[y]]])
    critic = run.state.critic
    score = run.gan.networks.critic.apply({"params": critic.params, **critic.variables}, point, jnp.zeros(1, int), train=False)
    np.testing.assert_allclose(surface.scores[y, x], np.asarray(score.score)[0], atol=1e-5)
    assert np.abs(surface.real).max() <= surface.axis[-1]
