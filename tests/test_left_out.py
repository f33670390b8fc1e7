"""The lists of what `make test` leaves out name tests and cases that are there."""

import re
from pathlib import Path

import pytest

from tests.conftest import COLLECTED, LEFT_TO_CI, LEFT_TO_TEST_ALL, left_out


@pytest.mark.parametrize("path", [LEFT_TO_TEST_ALL, LEFT_TO_CI], ids=lambda path: path.stem)
def test_every_line_names_a_test(path):
    for name in left_out(path):
        file, _, test = name.partition("::")
        text = (Path(__file__).parents[1] / file).read_text()
        assert re.search(rf"^def {test}\(", text, re.MULTILINE), name


def test_what_is_left_to_ci_are_cases_that_are_there():
    """Of the tests that were collected: a case that was renamed would be run by `make test` again, unseen."""
    for name, left in left_out(LEFT_TO_CI).items():
        if name in COLLECTED:
            assert left.keeps or left.cases <= COLLECTED[name], name
