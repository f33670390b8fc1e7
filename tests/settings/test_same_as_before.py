"""What is declared says the same as the lists of names that it replaces, while they are there."""

import dataclasses
import inspect
import json
import re
from typing import get_args

import pytest

from jaxgan import config as before
from jaxgan import train
from jaxgan.config import FIELDS, FOLLOWS, FREE_NETWORK, MAY_CHANGE, NOT_SAVED
from jaxgan.engine import assembly, setup
from jaxgan.engine.numbers import Numbers
from jaxgan.errors import UserError
from jaxgan.report.comparison import SAME_SETTING
from jaxgan.settings.command_line import read_command
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


FLAGS = [
    "", "--network conv", "--critic conv --steps 7", "--optimizer sgd --critic-learning-rate 1", "--epochs 3", "--steps 500",
    "--seed 0 --no-conditional", "--recipe paper --replicas 2", "--variant gan --clip 0.5", "--mesh data=2 --metrics-every 3 --best x",
    "--learning-rate None --data-dir here", "--generators 3 --spectral-norm False", "--no-conditional", "--seed 7 --steps None",
]  # fmt: skip


@pytest.mark.parametrize("flags", FLAGS)
def test_flags_over_a_saved_run_give_the_same(flags, tmp_path):
    saved = before.Config(network="fc", generator="fc", critic="fc", steps=500, n_critic=5, seed=7, conditional=True, optimizer="adam",
                          learning_rate=1e-4, critic_learning_rate=1e-4, spectral_norm=True, log_every=5, recipe="paper")  # fmt: skip
    path = tmp_path / "config.json"
    path.write_text(json.dumps(before.to_json(saved)))
    for start in (["--config", str(path)], ["--resume", "--out", str(tmp_path)], ["--out", "elsewhere"]):
        argv = [*start, *flags.split()]
        outcomes = []
        for read, write in (
            (train.parse, before.to_json),
            (lambda argv: read_command(argv, prog="jaxgan train", description=""), to_json),
        ):
            try:
                outcomes.append(write(read(argv)))
            except UserError as error:
                outcomes.append(str(error).split("; only")[0])
        assert outcomes[0] == outcomes[1], argv
