"""A window of the browser for each test of a page, in which nothing may complain and from which no request may leave."""

import pytest

from tests.report.pages import until


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
