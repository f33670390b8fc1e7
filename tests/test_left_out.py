"""The lists of what `make test` leaves out name tests and cases that are there."""

import re
from pathlib import Path

import pytest

from tests.conftest import COLLECTED, LEFT_OUT, left_out


@pytest.mark.parametrize("marker", LEFT_OUT)
def test_every_line_names_a_test(marker):
    for name in left_out(LEFT_OUT[marker]):
        file, _, test = name.partition("::")
        text = (Path(__file__).parents[1] / file).read_text()
        assert re.search(rf"^def {test}\(", text, re.MULTILINE), name


@pytest.mark.parametrize("marker", LEFT_OUT)
def test_its_cases_are_there(marker):
    """Of the tests that were collected: a case that was renamed would be run by `make test` again, or never, unseen."""
    for name, left in left_out(LEFT_OUT[marker]).items():
        if name in COLLECTED:
            assert left.cases <= COLLECTED[name], name
