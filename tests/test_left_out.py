"""The list of what `make test` leaves out names tests and cases that are there."""

import re
from pathlib import Path

from tests.conftest import COLLECTED, LEFT_TO_TEST_ALL, left_out


def test_every_line_names_a_test():
    for name in left_out(LEFT_TO_TEST_ALL):
        file, _, test = name.partition("::")
        text = (Path(__file__).parents[1] / file).read_text()
        assert re.search(rf"^def {test}\(", text, re.MULTILINE), name


def test_its_cases_are_there():
    """Of the tests that were collected: a case that was renamed would be run by `make test` again, or never, unseen."""
    for name, left in left_out(LEFT_TO_TEST_ALL).items():
        if name in COLLECTED:
            assert left.cases <= COLLECTED[name], name
