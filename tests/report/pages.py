"""Run folders as the pages find them, and pages as a test reads them."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from jaxgan.report.images import save_image
from jaxgan.report.page import write_page

VOID = {"meta", "link", "img", "input", "wbr", "source"}


PLOTLY = re.compile(r'<script id="plotly">.*?</script>', re.S)


class Page(HTMLParser):
    """The elements of a page, the text that a reader sees, and whether every element that opens also closes."""

    def __init__(self, source):
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.rows: list[list[str]] = []
        self.open: list[str] = []
        self.text = ""
        self.scripts: dict[str, str] = {}
        self.feed(PLOTLY.sub("", source))  # Plotly's own text apart
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" in self.open or "script" in self.open:
            if "script" in self.open:
                name = self.elements[-1][1].get("id", "")
                self.scripts[name] = self.scripts.get(name, "") + data
            return
        self.text += data
        if "tr" in self.open and "small" not in self.open and self.rows[-1]:
            self.rows[-1][-1] += data

    def all(self, tag, **having):
        return [found for name, found in self.elements if name == tag and having.items() <= found.items()]

    def figures(self):
        """What the charts are made of."""
        return json.loads(self.scripts["figures"])

    def frames(self):
        return [image for image in self.all("img") if "data-step" in image]

    def row(self, name):
        """The cells beside a name, in the one row that has it."""
        (row,) = [row for row in self.rows if row[0] == name]
        return row[1:]


CONFIG = {
    "variant": "wgan_gp", "dataset": "digits", "recipe": "paper", "generator": "conv", "critic": "conv", "steps": 300,
    "learning_rate": 1e-4, "clip": None, "momentum": None, "conditional": False, "replicas": 1, "seed": 5,
}  # fmt: skip
ENVIRONMENT = {
    "command": ["train", "--out", "my run"],
    "devices": ["cpu: cpu", "cpu: cpu"],
    "versions": {"jax": "0.10.0", "numpy": "2.3"},
    "data": {"size": None, "class_names": [], "sample_shape": [28, 28, 1]},
}


def picture(path, level=0):
    save_image(path, np.full((2, 3, 1), level % 256, np.uint8))


def make_run(folder, *, config=CONFIG, steps=(0, 100, 200, 300), replicas=1, records=None):
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps({**config, "replicas": replicas}))
    (folder / "environment.json").write_text(json.dumps(ENVIRONMENT))
    for step in steps:
        for replica in range(replicas):
            end = f"-replica_{replica:02d}" if replicas > 1 else ""
            picture(folder / "samples" / f"step_{step:08d}{end}.png", step + replica)
    if records is None:
        records = [{"step": 100, "critic_loss": -9.0}, {"step": 300, "critic_loss": -1.25, "generator_loss": 0.5}]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    picture(folder / "curves.png", 77)
    return folder


def undrawable(folder, shape):
    """The run with samples of this shape, and without pictures."""
    environment = {**ENVIRONMENT, "data": {**ENVIRONMENT["data"], "sample_shape": shape}}
    (folder / "environment.json").write_text(json.dumps(environment))
    for path in (folder / "samples").iterdir():
        path.unlink()
    return folder


def page_of(folder):
    return Page(write_page(folder).read_text(encoding="utf-8"))


def until(page, expression, seconds=10):
    """Waits until the expression is true, for so long at most; the page's own policy forbids playwright's way of doing so."""
    for _ in range(20 * seconds):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never true: {expression}")
