"""The list of what `make test` leaves to `make test-all` names tests that are there."""

import re
from pathlib import Path

from tests.conftest import left_out


def test_every_line_names_a_test():
    for name in left_out():
        file, _, test = name.partition("::")
        text = (Path(__file__).parents[1] / file).read_text()
        assert re.search(rf"^def {test}\(", text, re.MULTILINE), name
