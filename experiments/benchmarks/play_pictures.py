"""How many pictures a second the page of `jaxgan play` shows, in a headless Chromium on this machine.

    python -m experiments.benchmarks.play_pictures --seconds 20

Prints, of the page's default and of some of its examples: the pictures that the browser drew a second at 30 asked for, and the
iterations a second that this makes. Needs playwright and a Chromium.
"""

import argparse
import re
import shutil
import subprocess
import sys
import time
from typing import Any

COUNT = """() => {
    window.drawn = 0;
    window.observer?.disconnect();
    window.observer = new MutationObserver(() => { window.drawn += 1; });
    window.observer.observe(document.querySelector('.figures dd'), { childList: true, characterData: true, subtree: true });
}"""  # the iteration is written anew with each picture that is drawn


def until(page: Any, status: str) -> None:
    while page.locator("#status").text_content() != status:
        page.wait_for_timeout(100)


def measure(page: Any, seconds: float) -> tuple[float, float]:
    """Pictures and iterations a second, two seconds after the start."""
    page.locator("#pictures").fill("30")
    page.locator("#run").click()
    page.wait_for_timeout(2000)
    first = iteration(page)
    page.evaluate(COUNT)
    began = time.perf_counter()
    page.wait_for_timeout(1000 * seconds)
    took = time.perf_counter() - began
    pictures, last = page.evaluate("window.drawn"), iteration(page)
    page.locator("#run").click()
    until(page, "Paused")
    return pictures / took, (last - first) / took


def iteration(page: Any) -> int:
    return int(page.locator(".figures dd").first.text_content().replace(",", ""))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    command = [sys.executable, "-m", "jaxgan.play", "--port", "0", "--no-browser"]
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as playwright:
        try:
            assert server.stdout is not None
            address = re.search(r"http://\S+", server.stdout.readline())
            assert address is not None
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(address[0])
            for name in (None, "GAN and WGAN-GP", "Mode collapse and remedies", "Four seeds"):
                if name is not None:
                    page.get_by_role("button", name=name).click()
                    page.wait_for_timeout(1000)
                until(page, "Paused")
                pictures, iterations = measure(page, options.seconds)
                print(
                    f"{name or 'the default'}: {pictures:.1f} pictures a second, {iterations:.0f} iterations a second",
                    flush=True,
                )
            browser.close()
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
