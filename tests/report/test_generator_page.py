"""The page that draws, in a real browser: the same numbers as JAX for every generator, and what a reader does works."""

import base64
import dataclasses
import gzip
import json
import re

import numpy as np
import pytest

from jaxgan.engine.surface import CriticSurface
from jaxgan.exports import graph_of
from jaxgan.labels import LabelVectors
from jaxgan.networks import GENERATORS
from jaxgan.report.generator_page import Drawing, generator_page
from tests.exports.generators import CASES, CLASSES, made, random_variables
from tests.report.pages import until

KINDS = {1: "vectors", 2: "series", 3: "pictures", 4: "volumes"}


def drawing(case, **how):
    """The page's contents of a case of tests.exports.generators, its samples those of JAX."""
    of = made(case, batch=6)
    shape = of.samples.shape[1:]
    kept = {"latents": of.latent, "samples": of.samples}
    labels = None
    if of.labels is not None:
        kept["labels"] = of.labels.astype(np.float32)
        if of.labels.ndim == 2:
            two = np.zeros(2), np.ones(2), np.full(2, -1.0), np.ones(2)
            labels = LabelVectors("continuous", ("age", "height"), *two, np.zeros((3, 2)), np.zeros((3, 2)))
    kind = "points" if shape == (2,) else KINDS[len(shape)]
    directions = np.eye(of.latent.shape[1])[:2]
    return Drawing(
        "A <title>", "and a line", graph_of(of.generator, of.variables), kind, directions, kept, labels=labels, **how
    )


@pytest.fixture
def opened(open_page, tmp_path):
    """Opens the page of a drawing, and waits until it has drawn."""

    def show(what, **how):
        path = tmp_path / "generator.html"
        path.write_text(generator_page(what), encoding="utf-8")
        page = open_page(path, **how)
        until(page, "document.documentElement.dataset.ready === 'yes'")
        return page

    return show


def canvas(page):
    return page.evaluate("document.getElementById('canvas').toDataURL()")


@pytest.mark.parametrize("case", CASES)
def test_its_numbers_are_those_of_jax(opened, case):
    what = drawing(case)
    difference = float(opened(what).locator("#status").get_attribute("data-difference"))
    assert difference < 1e-5 * max(1, np.abs(what.kept["samples"]).max())


def test_numbers_that_are_others_are_seen(opened):
    what = drawing("dcgan|classes")
    other = {**what.kept, "samples": what.kept["samples"] + np.float32(0.25) * (np.arange(6) == 4)[:, None, None, None]}
    page = opened(dataclasses.replace(what, kept=other))
    assert float(page.locator("#status").get_attribute("data-difference")) == pytest.approx(0.25, abs=1e-4)


def test_buttons_sliders_and_keys_change_the_picture(opened):
    page = opened(drawing("dcgan|classes", class_names=("cat", "dog", "<b>")))
    assert page.locator("h1").text_content() == "A <title>"
    assert page.locator("#label option").all_text_contents() == ["every class in turn", "cat", "dog", "<b>"]
    seen = [canvas(page)]

    def changes(act):
        act()
        until(page, f"document.getElementById('canvas').toDataURL() !== {json.dumps(seen[-1])}")
        seen.append(canvas(page))

    changes(lambda: page.click("#new"))
    assert page.input_value("#seed") == "1"
    changes(lambda: page.select_option("#label", "2"))
    changes(lambda: page.select_option("#count", "1"))
    assert page.evaluate("[canvas.width, canvas.height]") == [16, 16]
    changes(lambda: page.fill("#between", "0.5"))
    changes(lambda: page.fill("#direction-1", "3"))
    changes(lambda: page.fill("#truncation", "0.5"))
    assert page.locator("output[for=truncation]").text_content() == "0.50"
    changes(lambda: page.click("#reset"))
    assert page.input_value("#direction-1") == "0" and page.input_value("#truncation") == "1"
    page.locator("h1").click()
    changes(lambda: page.keyboard.press("n"))
    assert page.input_value("#seed") == "2"
    changes(lambda: page.keyboard.press("w"))
    assert page.locator("#walk").get_attribute("aria-pressed") == "true"
    until(page, "document.getElementById('seed').value !== '2'")  # the walk has reached the next latent
    page.keyboard.press("w")
    page.fill("#seed", "1")
    page.locator("#seed").blur()
    page.fill("#between", "0")
    page.wait_for_timeout(100)
    assert canvas(page) == seen[3]  # the seed's picture again: class 2, alone


def test_truncated_to_nothing_all_are_alike(opened):
    page = opened(drawing("dcgan|none"))
    page.fill("#truncation", "0")
    script = """() => {
        const own = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
        [own.canvas.width, own.canvas.height] = [canvas.width, canvas.height];
        own.drawImage(canvas, 0, 0);
        return [0, 17, 34].map((x) => own.getImageData(x, 0, 16, 16).data.join());
    }"""
    until(page, f"new Set(({script})()).size === 1")
    page.fill("#direction-0", "2")  # moves all alike
    page.wait_for_timeout(100)
    assert len(set(page.evaluate(script))) == 1
    page.fill("#truncation", "1")
    until(page, f"new Set(({script})()).size === 3")


def test_points_have_the_critics_surface_and_real_ones(opened):
    axis = np.linspace(-1, 1, 8)
    surface = CriticSurface(axis, np.add.outer(axis, axis), np.array([[0.9, 0.9]]))
    page = opened(drawing("mlp-linear|none", surface=surface), color_scheme="dark", viewport={"width": 390, "height": 800})
    before = canvas(page)
    page.uncheck("#surface")
    until(page, f"canvas.toDataURL() !== {json.dumps(before)}")
    without = canvas(page)
    page.uncheck("#real")
    until(page, f"canvas.toDataURL() !== {json.dumps(without)}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_plane_is_drawn_with_x_to_the_right_and_y_upward(opened):
    axis = np.linspace(-1, 1, 8)
    scores = np.repeat(axis[:, None], 8, axis=1) * 4 + axis  # a row a y: they rise upward, and a little to the right
    page = opened(drawing("mlp-linear|none", surface=CriticSurface(axis, scores, np.array([[0.5, 0.75]]))))
    page.select_option("#count", "1")
    colours = """() => {
        const own = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
        own.canvas.width = own.canvas.height = 720;
        own.drawImage(canvas, 0, 0);
        return [[100, 60], [620, 60], [100, 640], [540, 90]].map(([x, y]) => Array.from(own.getImageData(x, y, 1, 1).data));
    }"""
    page.wait_for_timeout(100)
    left, right, below, real = page.evaluate(colours)
    assert below[2] > below[0] and left[0] > left[2]  # blue below, orange above
    assert right[0] > left[0]
    page.uncheck("#real")
    page.wait_for_timeout(100)
    assert page.evaluate(colours)[3] != real  # where (.5, .75) lies


@pytest.mark.parametrize(
    ("case", "control"), [("conv1d|vectors", "#label-1"), ("conv3d|none", "#slice"), ("dcgan|mixture", "#generator")]
)
def test_what_only_some_samples_have(opened, case, control):
    page = opened(drawing(case))
    before = canvas(page)
    if control == "#generator":
        page.select_option(control, "1")
    else:
        page.fill(control, "0" if control == "#slice" else "0.8")
    until(page, f"canvas.toDataURL() !== {json.dumps(before)}")


def test_nothing_else_runs_and_nothing_is_loaded(browser, tmp_path):
    path = tmp_path / "generator.html"
    text = generator_page(drawing("mlp|none"))
    path.write_text(text.replace("<h1>", "<script>document.title = 'run'</script><img src='https://example.org/x.png'><h1>", 1))
    window = browser.new_context()
    page, asked = window.new_page(), []
    page.on("requestfinished", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    until(page, "document.documentElement.dataset.ready === 'yes'")
    assert page.title() == "A <title>"
    assert all(url.startswith("file:") for url in asked)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy and "unsafe-inline" not in policy[1] and "http" not in policy[1] and "'unsafe-eval'" not in policy[1]
    window.close()


def test_weights_are_in_the_file_as_they_are():
    what = drawing("mlp|classes")
    text = generator_page(what)
    found = re.search(r'id="weights">([^<]*)<', text)
    assert found
    numbers = np.frombuffer(gzip.decompress(base64.b64decode(found[1])), "<f4")
    arrays = [array.ravel() for array in what.graph.arrays.values()]
    np.testing.assert_array_equal(numbers[: sum(map(len, arrays))], np.concatenate(arrays))
    assert CLASSES == 3 and len(text) < 1_000_000


@pytest.fixture(scope="module")
def default_digits():
    """The page's contents of the generator that `jaxgan train --variant wgan_gp` trains where nothing else is said, its weights random."""
    generator = GENERATORS["fc"]((28, 28, 1), 100, hidden_dim=128)
    variables = random_variables(generator, np.random.default_rng(0))
    kept = {"latents": np.zeros((1, 100), np.float32), "samples": np.zeros((1, 28, 28, 1), np.float32)}
    return Drawing("digits", "", graph_of(generator, variables), "pictures", np.eye(100)[:8], kept)


def test_the_default_digits_are_a_file_of_less_than_5_mb(default_digits):
    assert 3_000_000 < len(generator_page(default_digits)) < 5_000_000


@pytest.mark.slow
def test_the_default_digits_are_drawn_20_times_a_second(opened, default_digits):
    """On a machine that does nothing else: walking, sixteen digits at a time."""
    page = opened(default_digits)
    page.click("#walk")
    shown = page.evaluate(
        """() => new Promise((resolve) => {
            let frames = 0, last = document.getElementById("between").value;
            const begun = performance.now();
            const count = (now) => {
                const value = document.getElementById("between").value;
                frames += value !== last;
                last = value;
                now - begun < 3000 ? requestAnimationFrame(count) : resolve(frames / ((now - begun) / 1000));
            };
            requestAnimationFrame(count);
        })"""
    )
    page.click("#walk")
    print(f"{shown:.0f} grids of 16 digits a second, {page.locator('#speed').text_content()}")
    assert shown > 20
