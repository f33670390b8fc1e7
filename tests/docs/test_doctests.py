"""The examples in docstrings run as they stand there, those of what is called first one after another in one folder."""

import doctest
import importlib
from pathlib import Path

import pytest

import jaxgan
from jaxgan import interop, metrics, objectives

pytestmark = pytest.mark.usefixtures("no_annotation_checks")  # as a user runs them
PACKAGE = Path(jaxgan.__file__).parent
OF_ONE_RUN = (
    jaxgan.fit,
    jaxgan.load,
    jaxgan.Run.sample,
    jaxgan.evaluate,
)  # in this order: the first trains what the others open
LONG = (jaxgan.evaluate,)
BY_THEMSELVES = (jaxgan.Gan, metrics.fid, metrics.wasserstein1, interop.from_torch, objectives.wgan_gp)


def run_examples(thing, names):
    """Runs the examples of a docstring, of which there must be some."""
    (test,) = doctest.DocTestFinder(recurse=False).find(thing, thing.__qualname__, globs=names, module=False)
    assert test.examples, f"{thing.__qualname__} has no example"
    report = []
    result = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=report.append)
    assert result.failed == 0, "".join(report)


@pytest.mark.parametrize("left_out", [LONG, pytest.param((), marks=pytest.mark.slow)], ids=["quick", "all"])
def test_a_run_from_its_training_to_its_figures(left_out, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for thing in (thing for thing in OF_ONE_RUN if thing not in left_out):
        run_examples(thing, {"jaxgan": jaxgan})


@pytest.mark.parametrize("thing", BY_THEMSELVES, ids=lambda thing: thing.__qualname__)
def test_examples_by_themselves(thing, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_examples(thing, {})
    assert not any(tmp_path.iterdir()), "no file is written"


def test_no_example_is_left_out():
    """Every docstring with an example stands in a file whose examples are run above."""
    files = {path.relative_to(PACKAGE.parent) for path in PACKAGE.rglob("*.py") if ">>> " in path.read_text(encoding="utf-8")}
    of_tested = {
        Path(importlib.import_module(thing.__module__).__file__).relative_to(PACKAGE.parent)
        for thing in OF_ONE_RUN + BY_THEMSELVES
    }
    assert files == of_tested
    assert sum(path.read_text(encoding="utf-8").count("Example:") for path in PACKAGE.rglob("*.py")) == len(
        OF_ONE_RUN + BY_THEMSELVES
    )
