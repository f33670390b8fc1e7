"""What is declared says the same as the lists of names that it replaces, while they are there."""

import dataclasses
import inspect
import re
from typing import get_args

import pytest

from jaxgan import config as before
from jaxgan.config import FIELDS, FOLLOWS, FREE_NETWORK, MAY_CHANGE, NOT_SAVED
from jaxgan.engine import assembly, setup
from jaxgan.engine.numbers import Numbers
from jaxgan.report.comparison import SAME_SETTING
from jaxgan.settings.options import OPTIONS, Config, changes_allowed, choices, names, settled_by, variant_numbers
from jaxgan.settings.saved import to_json
from jaxgan.sweep import FREE


def test_the_fields_are_the_same_but_for_python():
    assert set(OPTIONS) == {*FIELDS, "python"}
    old, new = before.Config(), Config()
    for name, field in FIELDS.items():
        assert getattr(new, name) == getattr(old, name), name
        assert choices(name) == setup._choices(field.type), name
        bare = (
            field.type if field.type in (bool, int, str) or not hasattr(field.type, "__metadata__") else get_args(field.type)[0]
        )
        assert OPTIONS[name].type == bare, name
    assert to_json(new) == before.to_json(old)


def test_the_lists_of_names_are_the_same():
    assert set(names(saved=False)) == set(NOT_SAVED)
    assert set(names(of_network=True)) == set(FREE_NETWORK)
    assert set(changes_allowed()) == set(MAY_CHANGE)
    assert set(variant_numbers()) == set(setup.GAME_NUMBERS)
    assert {name: o.otherwise for name, o in OPTIONS.items() if o.otherwise is not None} == setup.DEFAULTS
    assert set(names(traced=True, of_variant=False)) == set(Numbers._fields) - {"game"}
    assert set(names(may_differ=True)) == {*Numbers._fields, *setup.GAME_NUMBERS, "seed"} - {"game"}
    for optimizer in choices("optimizer"):
        taken = names(lambda option, optimizer=optimizer: optimizer in option.optimizers)
        assert taken == setup.OPTIMIZER_NUMBERS.get(optimizer, ())


@pytest.mark.parametrize("name", FIELDS)
def test_what_an_option_settles_is_the_same(name):
    assert set(settled_by(name)) == set(FOLLOWS.get(name, [])) - {name}


def test_ranges_are_the_same():
    ranges = {name: option.range for name, option in OPTIONS.items() if option.range}
    assert set(ranges) == {*setup.RANGES, "metrics_samples"}
    values = (-1, 0, 1e-9, 0.5, 0.999, 1, 1.5, 2, 2**31 - 1, 2**31, float("nan"))
    for name, (allows, words) in setup.RANGES.items():
        assert str(ranges[name]) == words
        assert [ranges[name].allows(value) for value in values] == [bool(allows(value)) for value in values]


def test_what_a_sweep_varies_is_the_same():
    apart = {*NOT_SAVED, *FREE, "seed", "mesh", "data_dir"}
    assert set(names(in_grid=True)) == set(FIELDS) - apart
    traced = {*Numbers._fields, *setup.GAME_NUMBERS} - {"game", "ema", "generator_classifier_weight"}
    assert set(names(shares_program=True)) == traced


def test_what_makes_a_setting_is_the_same():
    assert set(names(of_setting=False, saved=True)) == {*SAME_SETTING, "python"} - {"resume"}


def test_what_acts_on_the_critic_is_the_same():
    source = inspect.getsource(assembly._check_remedies)
    listed = re.search(r"remedies = \{(.*?)\}", source, re.S)[1]
    assert set(names(acts_on_critic=True)) == set(re.findall(r'"(\w+)":', listed))


def test_every_recipe_sets_options_of_values_that_are_allowed():
    from jaxgan.objectives import VARIANTS
    from jaxgan.settings.options import check

    for variant in VARIANTS.values():
        for recipe in variant.recipes:
            check(dataclasses.replace(Config(), **recipe.settings))
