"""Tables on any terminal: no column, number or word is lost, whatever its width and encoding."""

import contextlib
import importlib
import io
import re
from collections.abc import Callable

import pytest

from jaxgan import train
from jaxgan.objectives import VARIANTS
from jaxgan.report.terminal import write_any_character

EVALUATION = {
    "replicas": [{}, {}],
    "mean": {"fid_lab_10k": 12.345678, "class_share_0": 0.5, "sliced_wasserstein1_of_a_long_name_10k": 0.0001234},
    "std": {"fid_lab_10k": 0.25, "class_share_0": 0.0, "sliced_wasserstein1_of_a_long_name_10k": 1.5e-7},
}


ENCODINGS = pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])


@pytest.fixture(autouse=True)
def narrow(monkeypatch) -> None:
    """A terminal of 20 columns that can do nothing."""
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("TERM", "dumb")


def written(encoding: str, write: Callable[[], object]) -> str:
    """What is written to a standard output of this encoding."""
    content = io.BytesIO()
    with contextlib.redirect_stdout(io.TextIOWrapper(content, encoding=encoding, write_through=True)):
        write_any_character()
        write()
        return content.getvalue().decode(encoding)


@ENCODINGS
def test_the_table_of_an_evaluation_is_whole(encoding):
    evaluate = importlib.import_module("jaxgan.evaluate")
    words = written(encoding, lambda: evaluate.print_table(EVALUATION)).split()
    for word in ("fid_lab_10k", "12.35", "0.25", "sliced_wasserstein1_of_a_long_name_10k", "0.0001234", "1.5e-07", "deviation"):
        assert word in words


@ENCODINGS
def test_the_table_of_variants_is_whole(encoding):
    words = re.findall(r"[\w.-]+", written(encoding, lambda: train.main(["--list"])))
    for name, variant in VARIANTS.items():
        assert name in words
        assert {str(value) for value in variant.recipes[0].settings.values()} <= set(words)


@ENCODINGS
def test_characters_that_an_encoding_lacks_are_spelled(encoding):
    said = written(encoding, lambda: print("1.5 ± 0.2 × 3 … 数字 \udcff"))
    plus_minus = {"ascii": "+- 0.2 x", "latin-1": "± 0.2 ×", "utf-8": "± 0.2 ×"}[encoding]
    assert plus_minus in said
    assert (r"... \u6570\u5b57" in said) == (encoding != "utf-8")
    assert r"\udcff" in said
