"""What the page lets be chosen: options as they are declared, in the limits of a page, with settings to begin with."""

import dataclasses
import inspect
from collections.abc import Mapping
from typing import Any

from jaxgan.errors import UserError
from jaxgan.objectives import VARIANTS
from jaxgan.settings import OPTIONS, Config
from jaxgan.settings.options import check_value, variant_numbers
from jaxgan.settings.resolution import Resolved

QUICK = "quick"  # the settings below, beside the recipes of the variants
_ADAM = dict(hidden_dim=64, latent_dim=2, batch_size=128, optimizer="adam", learning_rate=1e-3, beta1=0.5, beta2=0.9)
_RMSPROP = dict(hidden_dim=64, latent_dim=2, batch_size=128, optimizer="rmsprop", learning_rate=1e-3)
QUICK_SETTINGS: dict[str, Mapping[str, Any]] = {
    **dict.fromkeys(VARIANTS, _ADAM),
    "wgan": {**_RMSPROP, "clip": 0.1},
    "wgan_gp": {**_ADAM, "learning_rate": 2e-3, "gradient_penalty_weight": 0.1},
    "wgan_lp": {**_ADAM, "learning_rate": 2e-3, "gradient_penalty_weight": 0.1},
    "sinkhorn": {**_ADAM, "sinkhorn_epsilon": 0.05},
}  # tried here on ring8: a picture that changes within seconds on two cores, not what a paper takes

GROUPS: dict[str, tuple[str, ...]] = {
    "game": ("variant", "recipe", *variant_numbers(), "n_critic", "batch_size"),
    "optimizers": (
        "optimizer", "critic_optimizer", "learning_rate", "critic_learning_rate", "beta1", "beta2", "rmsprop_decay", "momentum",
    ),
    "networks": ("hidden_dim", "latent_dim", "ema"),
    "remedies": (
        "pac", "spectral_norm", "unroll", "minibatch_discrimination", "generators", "generator_classifier_weight", "penalty_every",
    ),
}  # fmt: skip
NAMES = tuple(name for names in GROUPS.values() for name in names)
LIMITS = {
    "hidden_dim": 512, "latent_dim": 64, "batch_size": 1024, "n_critic": 20, "pac": 8, "unroll": 10, "generators": 8,
    "penalty_every": 100, "replicas": 8,
}  # fmt: skip
LABELS = {"n_critic": "critic steps (n_critic)", "hidden_dim": "width (hidden_dim)", "latent_dim": "latent size (latent_dim)",
          "ema": "averaged weights (ema)"}  # fmt: skip
ENDLESS = 100_000_000  # generator steps: a page trains until it is closed
ON_THE_PAGE = "on this page"
GOES_ON = ("n_critic",)  # compiled in, and changes no shape of a state: training goes on with it
OF_VARIANT = ("variant", "recipe")  # a change of these begins with the defaults of the new one


def check_choice(name: str, value: Any) -> Any:
    """The value of an option of the page as it is kept.

    Raises:
        UserError: no option of the page, a value that the option does not take, or one above the page's limit.
    """
    if name not in NAMES:
        raise UserError(f"option '{str(name)[:40]}': is none of this page's")
    if name == "recipe" and value == QUICK:
        return value
    value = check_value(name, value, called=label(name))
    if name == "variant" and value not in VARIANTS:  # the page imports no code of a user's own
        from jaxgan.errors import unknown

        raise unknown("variant", value, VARIANTS)
    check_limit(name, value)
    return value


def check_limit(name: str, value: Any) -> None:
    """Refuses what is beyond the limits of a page."""
    limit = LIMITS.get(name)
    if limit is not None and isinstance(value, int) and value > limit:
        raise UserError(f"{label(name)} {value}: must be at most {limit} {ON_THE_PAGE}; `jaxgan train` takes more")


def label(name: str) -> str:
    """What the page calls an option."""
    return LABELS.get(name, name.replace("_", " "))


def changed(given: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    """What is given after a change of one option; a value of None takes the recipe's again."""
    value = check_choice(name, value)
    kept = dict(given)
    if name in OF_VARIANT and value != given.get(name):
        kept = {name: value for name, value in given.items() if name == "variant" or not _is_settled_by_variant(name)}
    if name in ("optimizer", "critic_optimizer"):
        kept = {other: value for other, value in kept.items() if not OPTIONS[other].optimizers}
    kept[name] = value
    return {name: value for name, value in kept.items() if value is not None}


def _is_settled_by_variant(name: str) -> bool:
    return name == "recipe" or any(of in OPTIONS[name].settled_by for of in OF_VARIANT)


def config_of(given: Mapping[str, Any], seed: int, replicas: int) -> Config:
    """The options of a run with these choices; what is not given is the recipe's."""
    given = {"variant": "wgan_gp", "recipe": QUICK, **given}
    if given["recipe"] == QUICK:
        quick = dict(QUICK_SETTINGS[given["variant"]])
        chosen = {*filter(None, (given.get("optimizer"), given.get("critic_optimizer")))}
        if chosen:  # its numbers go with the optimizer that they are for
            used = chosen | (set() if "optimizer" in given else {quick["optimizer"]})
            quick = {
                name: value
                for name, value in quick.items()
                if not OPTIONS[name].optimizers or {*OPTIONS[name].optimizers} & used
            }
        given = {**quick, **{name: value for name, value in given.items() if name != "recipe"}}
    return Config(
        **given, dataset="ring8", steps=ENDLESS, sample_every=ENDLESS, seed=seed, replicas=replicas
    )  # a session gives the data


@dataclasses.dataclass(frozen=True)
class Field:
    """One control of the page."""

    name: str
    label: str
    help: str
    group: str
    kind: str  # choice, switch, whole, number
    value: Any
    given: bool  # chosen on the page; else the recipe's
    live: bool  # a change of it goes into the running program
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None


def fields_of(given: Mapping[str, Any], resolved: Resolved) -> list[Field]:
    """The options that have a meaning for a setting, with their values."""
    config = resolved.config
    shown = []
    for group, names in GROUPS.items():
        for name in names:
            value = given.get("recipe", QUICK) if name == "recipe" else getattr(config, name)
            if _applies(name, config):
                shown.append(_field(name, group, value, given))
    return shown


def _applies(name: str, config: Config) -> bool:
    """Whether an option has a meaning beside the others."""
    variant, option = VARIANTS[config.variant], OPTIONS[name]
    if option.of_variant:
        return name in inspect.signature(variant.build).parameters
    if option.optimizers:
        return bool({*option.optimizers} & {config.optimizer, config.critic_optimizer})
    if name == "penalty_every":
        return bool(variant.build().penalties)
    if name == "generator_classifier_weight":
        return config.generators > 1 and variant.critic != "none"
    of_critic = option.acts_on_critic or name in ("n_critic", "critic_optimizer", "critic_learning_rate")
    return not (of_critic and variant.critic == "none")


def _field(name: str, group: str, value: Any, given: Mapping[str, Any]) -> Field:
    option = OPTIONS[name]
    kinds = {bool: "switch", int: "whole", float: "number"}
    kind = next((kinds[kind] for kind in option.kinds if kind in kinds), "choice")
    choices = option.choices
    if name == "variant":
        choices = tuple(VARIANTS)
    if name == "recipe":
        of_points = [
            recipe.name for recipe in VARIANTS[given.get("variant", "wgan_gp")].recipes if recipe.data in ("any", "points")
        ]
        choices = (QUICK, *dict.fromkeys(of_points))
    bounds = option.range
    return Field(
        name=name,
        label=label(name),
        help=option.description,
        group=group,
        kind=kind,
        value=value,
        given=name in given,
        live=option.traced and option.shares_program,
        choices=choices,
        least=None if bounds is None else bounds.at_least if bounds.at_least is not None else bounds.above,
        most=LIMITS.get(name, None if bounds is None else bounds.at_most if bounds.at_most is not None else bounds.below),
    )  # fmt: skip
