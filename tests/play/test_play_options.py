"""What the page lets be chosen is what the options declare, in the page's limits."""

from inspect import signature

import pytest

from jaxgan.errors import UserError
from jaxgan.objectives import VARIANTS
from jaxgan.play.data import load_points
from jaxgan.play.options import LIMITS, NAMES, changed, check_choice, config_of, fields_of
from jaxgan.settings import OPTIONS
from jaxgan.settings.resolution import resolve

RING = load_points("ring8")


def fields(**given):
    return {field.name: field for field in fields_of(given, resolve(config_of(given, 0, 1), RING))}


@pytest.mark.parametrize("variant", VARIANTS)
def test_of_every_variant_its_own_numbers_are_shown_with_the_recipes_values(variant):
    paper = next(recipe for recipe in VARIANTS[variant].recipes if recipe.name == "paper")
    found = fields(variant=variant, recipe="paper")
    for name, value in paper.settings.items():
        if name in NAMES and name in found:
            assert found[name].value == value, name
    assert {name for name in found if OPTIONS[name].of_variant} == {
        name for name in NAMES if OPTIONS[name].of_variant and name in signature(VARIANTS[variant].build).parameters
    }
    assert fields(variant=variant).keys() == found.keys() or variant in ("wgan", "r3gan")  # whose optimizers differ
    assert "quick" in found["recipe"].choices and "paper" in found["recipe"].choices


@pytest.mark.parametrize("variant", ["gan", "wgan", "wgan_gp"])
def test_every_recipe_for_points_can_be_taken(variant):
    names = fields(variant=variant)["recipe"].choices
    assert {"quick", "paper", "lab003"} <= {*names}
    for recipe in VARIANTS[variant].recipes:
        assert (recipe.name in names) == (
            recipe.data != "images" or any(r.name == recipe.name and r.data != "images" for r in VARIANTS[variant].recipes)
        )
        if recipe.data == "points":
            found = fields(variant=variant, recipe=recipe.name)
            assert found["hidden_dim"].value == recipe.settings["hidden_dim"] and found["recipe"].value == recipe.name


def test_ranges_and_helps_are_the_declarations():
    found = fields()
    assert found["gradient_penalty_weight"].least == OPTIONS["gradient_penalty_weight"].range.at_least == 0
    assert found["hidden_dim"].most == LIMITS["hidden_dim"]
    assert found["learning_rate"].help.startswith(OPTIONS["learning_rate"].help)
    assert found["learning_rate"].live and not found["n_critic"].live and not found["ema"].live
    assert found["optimizer"].choices == OPTIONS["optimizer"].choices


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("hidden_dim", 4096, "at most 512 on this page"),
        ("batch_size", 100_000, "at most 1024 on this page"),
        ("pac", 99, "at most 8"),
        ("learning_rate", -1, "more than 0"),
        ("learning_rate", "fast", "must be a number"),
        ("n_critic", 2.5, "whole number"),
        ("optimizer", "lion", "allowed are"),
        ("variant", "wgangp", "did you mean 'wgan_gp'"),
        ("variant", "os:system", "is not known"),
        ("out", "/tmp", "none of this page's"),
        ("generator", "os:system", "none of this page's"),
        (None, 1, "none of this page's"),
        (["x"], 1, "none of this page's"),
    ],
)
def test_values_that_cannot_be_are_refused_in_one_line(name, value, why):
    with pytest.raises(UserError, match=why) as refused:
        check_choice(name, value)
    assert "\n" not in str(refused.value)


def test_another_variant_begins_with_its_own_defaults_and_keeps_networks_and_remedies():
    given = {"variant": "wgan_gp", "gradient_penalty_weight": 3.0, "learning_rate": 0.5, "pac": 2}
    assert changed(given, "variant", "wgan") == {"variant": "wgan", "pac": 2}
    assert changed(given, "learning_rate", None) == {"variant": "wgan_gp", "gradient_penalty_weight": 3.0, "pac": 2}
    other = changed({"beta1": 0.9, "learning_rate": 0.1}, "optimizer", "rmsprop")
    assert other == {"learning_rate": 0.1, "optimizer": "rmsprop"}
    assert {"rmsprop_decay"} <= fields(**other).keys() and "beta1" not in fields(**other)
