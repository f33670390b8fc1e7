"""A real Chromium for the tests of pages: one for all, a window each, in which nothing may complain and no request may leave the page."""

import shutil

import pytest

from tests.report.pages import until


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("no Chromium on this machine")
    driver = playwright.sync_playwright()
    try:
        started = driver.start()
    except Exception as error:
        pytest.skip(f"playwright does not start: {error}")
    try:
        chromium = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
    except playwright.Error as error:
        started.stop()
        pytest.skip(f"{path} does not start: {str(error).splitlines()[0]}")
    yield chromium
    chromium.close()
    started.stop()


@pytest.fixture
def open_page(browser):
    """Opens a page in a window of its own; at the end of the test nothing has been complained of, and nothing was asked for."""
    windows, said, asked = [], [], []

    def opened(path, **how):
        window = browser.new_context(**how)
        windows.append(window)
        page = window.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        until(page, "[...document.querySelectorAll('.plot')].every((plot) => plot.querySelector('.scatterlayer .trace'))")
        return page

    yield opened
    for window in windows:
        window.close()
    assert said == []
    assert asked
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
