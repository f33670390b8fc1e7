"""The pages in a real browser: what a reader does works, nothing complains, and no request leaves the page."""

import json

import pytest

from jaxgan.report.comparison import write_comparison
from jaxgan.report.images import save_gif
from jaxgan.report.page import write_page
from tests.report.pages import CONFIG, make_run, picture, until

STEPS = (0, 100, 200, 300)


def records(level):
    return [
        {
            "step": step, "replica": i, "critic_loss": level + i - step, "generator_loss": level + i,
            "gradient_norm": None if step == 200 else level + i, "fid_lab_1k": level + 9.0 + i, "modes_pacgan_1k": i,
        }
        for step in STEPS[1:] for i in range(2)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two runs of two seeds, with all that a page can show, and the pages."""
    import numpy as np

    root = tmp_path_factory.mktemp("pages")
    for i, variant in enumerate(("wgan", "wgan_gp")):
        run = make_run(root / variant, config={**CONFIG, "variant": variant}, replicas=2, records=records(i + 1))
        save_gif(run / "animation.gif", np.linspace(-1, 1, 3 * 4 * 4).reshape(3, 4, 4, 1).astype(np.float32))
        figures = [{"fid_lab_10k": 3.0 + i, "a_figure_with_a_rather_long_name_of_its_own_10k": 1.0}] * 2
        (run / "evaluation.json").write_text(json.dumps({"replicas": figures, "protocol": {"generated": 10_000}}))
        write_page(run)
    write_comparison([root / "wgan", root / "wgan_gp"], root / "compare.html", lambda figure: "lower")
    return root


def shown(page):
    return page.locator("figure.strip img:visible").evaluate_all(
        "(all) => all.map((image) => image.alt + image.dataset.replica)"
    )


def test_slider_keyboard_and_play_move_the_picture(open_page, folder):
    page = open_page(folder / "wgan" / "report.html")
    slider = page.locator("#slider")
    assert shown(page) == ["Samples at step 3000"]
    slider.fill("1")
    assert shown(page) == ["Samples at step 1000"]
    assert page.locator("figcaption output").first.text_content() == "step 100"
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert shown(page) == ["Samples at step 2000"] and slider.get_attribute("aria-valuetext") == "step 200"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "play"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.locator("#play").text_content() == "Pause"
    until(page, "document.getElementById('play').textContent === 'Play'")  # it stops at the last picture
    assert shown(page) == ["Samples at step 3000"]
    again = page.evaluate(
        "() => { const play = document.getElementById('play'); play.click(); play.click(); return slider.value; }"
    )
    assert again == "0" and shown(page) == ["Samples at step 00"]  # from the beginning
    page.get_by_label("Replica").select_option("1")
    assert shown(page) == ["Samples at step 01"]


def test_charts_are_drawn_chosen_zoomed_and_put_on_a_log_scale(open_page, folder):
    page = open_page(folder / "wgan" / "report.html")
    titles = page.locator(".chart h3").all_text_contents()
    assert titles == ["Measured values", "Losses", "Gradient norms of the critic"]
    measured, losses, norms = (page.locator(".chart").nth(i) for i in range(3))
    assert losses.locator(".legendtext").all_text_contents() == [
        "critic loss (2\N{NO-BREAK SPACE}seeds)",
        "generator loss (2\N{NO-BREAK SPACE}seeds)",
    ]
    assert losses.get_by_label("Log scale").is_disabled()  # the critic's is negative
    assert norms.locator(".legendtext").count() == 1
    measured.get_by_label("Show").select_option("modes_pacgan_1k")
    until(page, "document.querySelector('.chart .legendtext').textContent.startsWith('modes')")
    measured.get_by_label("Show").select_option("fid_lab_1k")
    measured.get_by_label("Log scale").check()
    until(page, "document.querySelector('.plot')._fullLayout.yaxis.type === 'log'")
    span = "(() => { const [from, to] = document.querySelectorAll('.plot')[1]._fullLayout.xaxis.range; return to - from; })()"
    before = page.evaluate(span)
    losses.locator(".plot").focus()
    page.keyboard.press("+")
    until(page, f"{span} < {before} * 0.6")
    page.keyboard.press("0")
    until(page, f"{span} > {before} * 0.9")
    losses.locator(".plot").hover()
    page.wait_for_selector(".hoverlayer .legendtext")
    assert "± 0.71, 2 of 2 seeds" in page.locator(".hoverlayer").nth(1).text_content()
    assert not page.locator("[data-title^=Share]").count()
    with page.expect_download() as download:
        losses.locator("[data-title^=Download]").click()
    assert download.value.suggested_filename.endswith(".png")


def test_values_are_read_by_keyboard(open_page, folder):
    page = open_page(folder / "wgan" / "report.html")
    losses = page.locator(".chart").nth(1)
    losses.locator(".plot").focus()
    said = []
    for key in (".", ".", ".", ".", ","):
        page.keyboard.press(key)
        said.append(losses.locator("output").text_content())
    steps = [int(text.split(",")[0].removeprefix("step ")) for text in said]
    assert steps == [100, 200, 300, 300, 200]
    assert said[0] == "step 100, critic loss -98.5 ± 0.71, generator loss 1.5 ± 0.71"
    until(page, "document.querySelectorAll('.hoverlayer')[1].textContent.startsWith('step 200')")  # Plotly takes its time
    measured = page.locator(".chart").first
    measured.locator(".plot").focus()
    page.keyboard.press(".")
    assert measured.locator("output").text_content().startswith("step 100, fid lab 1k")
    measured.get_by_label("Show").select_option("modes_pacgan_1k")
    assert measured.locator("output").text_content() == ""


def test_on_a_phone_nothing_runs_off_the_screen(open_page, folder):
    for path in (folder / "wgan" / "report.html", folder / "compare.html"):
        page = open_page(path, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert (
            page.evaluate(
                "Math.max(...[...document.querySelectorAll('.main-svg')].map((e) => e.getBoundingClientRect().right))"
            )
            <= 360
        )


def test_dark_mode_darkens_page_and_charts_at_once(open_page, folder):
    page = open_page(folder / "compare.html")
    looks = """() => [getComputedStyle(document.body).backgroundColor,
      getComputedStyle(document.querySelector('.scatterlayer .js-line')).stroke,
      getComputedStyle(document.querySelector('.xtick text')).fill]"""
    light = page.evaluate(looks)
    page.emulate_media(color_scheme="dark")
    until(page, f"({looks})()[1] !== '{light[1]}'")
    dark = page.evaluate(looks)
    assert all(a != b for a, b in zip(light, dark, strict=True))


def test_one_slider_moves_the_pictures_of_all_settings(open_page, folder):
    page = open_page(folder / "compare.html")
    assert shown(page) == ["Samples at step 3000"] * 2
    page.get_by_label("Share of the run").fill("50")
    assert shown(page) == ["Samples at step 1000"] * 2
    assert page.locator("#slider").get_attribute("aria-valuetext") == "50 %"
    page.locator("#play").click()
    until(page, "document.getElementById('slider').value === '100'")
    assert shown(page) == ["Samples at step 3000"] * 2


def test_without_script_the_curves_are_a_picture_and_less_motion_is_a_still(open_page, browser, folder):
    window = browser.new_context(java_script_enabled=False, reduced_motion="reduce")
    page = window.new_page()
    page.goto((folder / "wgan" / "report.html").as_uri())
    assert page.locator("noscript img").is_visible()
    assert page.locator("figure.strip img:visible").count() == 1
    assert page.locator(".charts").is_hidden() and page.locator("#controls").is_hidden()
    window.close()
    page = open_page(folder / "wgan" / "report.html", reduced_motion="reduce")
    assert page.locator("picture img").evaluate("(image) => image.currentSrc").startswith("data:image/png")


def test_on_a_phone_the_comparison_needs_no_sideways_scroll_and_breaks_no_value(open_page, folder):
    page = open_page(folder / "compare.html", viewport={"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.evaluate("[...document.querySelectorAll('.scroll')].every((each) => each.scrollWidth <= each.clientWidth)")
    cell = page.locator("td[data-column='variant wgan_gp']").first
    assert cell.evaluate("(each) => getComputedStyle(each, '::before').content") == '"variant wgan_gp"'
    heights = page.locator("td[data-column]").evaluate_all("(all) => all.map((each) => each.getBoundingClientRect().height)")
    assert heights and max(heights) < 40  # a line each
    wide = open_page(folder / "compare.html", viewport={"width": 1280, "height": 844})
    assert wide.locator("td[data-column]").first.evaluate("(each) => getComputedStyle(each, '::before').content") == "none"


def test_drawings_are_dark_in_the_dark_and_pictures_are_as_they_are(open_page, tmp_path):
    for name, shape, filters in (("points", [2], True), ("pictures", [28, 28, 1], False)):
        run = make_run(tmp_path / name)
        picture(run / "real.png")
        environment = json.loads((run / "environment.json").read_text())
        environment["data"]["sample_shape"] = shape
        (run / "environment.json").write_text(json.dumps(environment))
        for scheme in ("dark", "light"):
            page = open_page(write_page(run), color_scheme=scheme, viewport={"width": 1280, "height": 844})
            drawn = page.locator("figure.strip img:visible").evaluate("(image) => getComputedStyle(image).filter")
            assert (drawn != "none") == (filters and scheme == "dark")
        tops = page.locator(".side-by-side figure").evaluate_all("(all) => all.map((each) => each.getBoundingClientRect().top)")
        assert len(tops) == 2 and tops[0] == tops[1]  # side by side


def test_a_chart_says_what_its_view_shows(open_page, folder):
    page = open_page(folder / "wgan" / "report.html")
    measured = page.locator(".chart").first
    measured.get_by_label("Show").select_option("modes_pacgan_1k")
    assert "modes of the mixture" in measured.locator(".about").text_content().lower()
    assert measured.locator(".about").text_content().endswith("Higher is better.")
    measured.get_by_label("Show").select_option("fid_lab_1k")
    assert measured.locator(".about").text_content().endswith("Lower is better.")
