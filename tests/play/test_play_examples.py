"""What the page offers to try can be trained."""

import pytest

from jaxgan.play.data import load_points
from jaxgan.play.examples import EXAMPLES
from jaxgan.play.messages import MOST_SETTINGS, SEEDS_IN_ALL
from jaxgan.play.options import changed, config_of
from jaxgan.settings.resolution import resolve


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_within_the_pages_limits_and_resolves(name):
    example = EXAMPLES[name]
    assert 1 <= len(example.settings) <= MOST_SETTINGS and len(example.settings) * example.seeds <= SEEDS_IN_ALL
    for given in example.settings:
        chosen = {}
        for option, value in given.items():
            chosen = changed(chosen, option, value)
        assert chosen == given
        assert resolve(config_of(given, 0, example.seeds), load_points(example.data)).config.variant == given["variant"]
