"""From options with gaps to everything a run is made of, in one pass: a `Gan`, a `Dataset` and a `Schedule`, all checked.

Each step reads the options as they were given, filled from the recipe, and returns what it settles; no step changes another's.
"""

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import jax
import numpy as np

from jaxgan import data
from jaxgan.data import Dataset, names_own_files
from jaxgan.engine.gan import Gan
from jaxgan.engine.loop import GanOf, Program, initial_states
from jaxgan.engine.schedule import Schedule
from jaxgan.errors import UserError, unknown
from jaxgan.imports import import_named
from jaxgan.memory import host_memory
from jaxgan.networks.augmentation import adaptive_kinds
from jaxgan.objectives import VARIANTS, Recipe, Variant, scheduled_penalty
from jaxgan.optimizers import OPTIMIZERS, scheduled
from jaxgan.picture_options import read_size
from jaxgan.settings import own_pictures
from jaxgan.settings.networks import Chosen, choose_networks, classifies_generators
from jaxgan.settings.options import OPTIONS, Config, check, flag, names, variant_numbers
from jaxgan.settings.paths import found_from_here
from jaxgan.settings.schedule import schedule_of, schedule_options
from jaxgan.types import Game, GanState, Number

OWN = Recipe(
    "none", "defaults for a variant of one's own", dict(optimizer="adam", learning_rate=2e-4, n_critic=1, batch_size=64)
)
ADAPTIVE_NUMBERS = {name: getattr(Gan, name) for name in ("ada_target", "ada_images", "ada_interval")}  # where none are given


@dataclass(frozen=True, eq=False)
class Resolved:
    """A run, ready to be compiled."""

    config: Config  # every option that has a meaning for the run is set
    dataset: Dataset
    schedule: Schedule
    gan_of: GanOf  # numbers -> the GAN
    numbers: Mapping[str, Any]  # that may be traced; arrays of one entry a replica where they differ by replica

    @cached_property
    def gan(self) -> Gan:
        """The GAN of the first replica."""
        return self.gan_of({name: float(np.ravel(value)[0]) for name, value in self.numbers.items()})

    @cached_property
    def first_state(self) -> Callable[..., GanState]:
        """(numbers, seed) -> the state at step 0; traced once for all that ask with numbers and seeds of one kind."""
        return jax.jit(partial(initial_states, self.gan_of, self.dataset.sample_shape), inline=True)

    def measured_every(self, steps: int) -> "Resolved":
        """The same with samples measured every so many steps."""
        config = dataclasses.replace(self.config, metrics_every=steps)
        return dataclasses.replace(self, config=config, schedule=self.schedule._replace(metrics_every=steps))

    def program(self) -> Program:
        """The compiled functions of the run."""
        own = bool(self.config.batch_statistics)
        how: dict[str, Any] = {"batch_statistics": own, "first_state": self.first_state}
        return Program(self.gan_of, self.dataset, self.schedule, self.numbers, **how)


def resolve(config: Config, dataset: Dataset | None = None, *, saved: bool = False) -> Resolved:
    """Fills the gaps of a configuration, loads its data and checks that all fits together.

    Args:
        config: the options, as far as they are given.
        dataset: stands in for the one that the configuration names (to sample, only its shape is needed).
        saved: the options are those of a run folder, and its recipe fills none: a run from before a recipe set an option goes on without.

    Raises:
        UserError: in one line, what cannot be and what can.
    """
    check(config)
    variant = find_variant(config.variant)
    loaded = load_data(config) if dataset is None else dataset
    if config.stream == "always" and dataset is None and loaded.records is None:
        raise UserError(f"--stream always: {config.dataset} is held in memory; only folder:PATH and tfds:NAME can be streamed")
    recipe = Recipe(config.recipe or OWN.name, "the run itself", {}) if saved else choose_recipe(variant, config, loaded)
    if config.image_size is None and recipe.name in own_pictures.SIZED and not saved:
        config = dataclasses.replace(
            config, image_size=read_size(loaded.sample_shape[:2], "--image-size")
        )  # on any device the same
    filled = fill(config, variant, recipe)
    if filled.points is not None and loaded.distribution is None and config.points is None:
        filled = dataclasses.replace(filled, points=None)  # the recipe's fixed sample, of points that are fixed already
    elif filled.points != config.points and dataset is None:
        loaded = load_data(filled)
    _check_data(filled, loaded)
    if config.class_balance is None and loaded.class_numbers is None:
        filled = dataclasses.replace(filled, class_balance=None)  # the recipe's, where it cannot be
    if filled.class_balance is not None:
        loaded = loaded.balanced(filled.class_balance)
    numbers = game_numbers(filled, variant)
    game = variant.build(**numbers)
    if filled.penalty_schedule_end is not None and not game.penalties:
        raise UserError(f"{flag('penalty_schedule_end')} {filled.penalty_schedule_end}: {filled.variant} has no penalty")
    networks = choose_networks(filled, loaded, variant, bool(game.penalties), saved=saved)
    settled = {
        "recipe": recipe.name,
        **numbers,
        **networks.settled,
        **schedule_options(filled, loaded.size),
        "generator_classifier_weight": _classifier_weight(filled),
        **_adaptive(filled, loaded),
    }
    final = dataclasses.replace(filled, **settled)
    check(final)
    advice = own_pictures.advice(final, loaded, game)
    loaded = dataclasses.replace(loaded, notes=(*loaded.notes, *networks.notes, *advice, *_rising(final)))
    traced = traced_numbers(final, numbers)
    gan_of = _gan_maker(final, variant, loaded, networks, tuple(numbers))
    return Resolved(final, loaded, schedule_of(final), gan_of, differing_numbers(final, traced))


def _rising(config: Config) -> tuple[str, ...]:
    """What is to be said where a warm-up leaves no step at the full rates."""
    assert config.steps is not None and config.warmup_steps is not None
    if config.warmup_steps < config.steps:
        return ()
    return (
        f"--warmup-steps {config.warmup_steps:,}: the learning rates rise in all of the {config.steps:,} steps, and are never full",
    )


# Data


def load_data(config: Config, split: str = "train") -> Dataset:
    """The data set that the options name.

    Raises:
        NoSplitError: it has no such split.
    """
    named, config = config.dataset, found_from_here(config)
    loaded = data.load(
        config.dataset,
        data_dir=config.data_dir,
        split=split,
        points=config.points if split == "train" else None,
        image_size=config.image_size,
        memory=room_for_data(config.stream),
        resize=config.resize,
        channels=config.channels,
        background=config.background,
        pixel_range=config.pixel_range,
        skip_unreadable=config.skip_unreadable,
        kind=config.kind or "auto",
        scaling=config.scaling,
        label_column=config.label_column,
        label_file=config.label_file,
        label_kind=config.label_kind or "auto",
        largest=own_pictures.largest_size(config, platform()),
    )
    if config.dataset == named:
        return loaded
    return dataclasses.replace(
        loaded, name=loaded.name.replace(config.dataset.removeprefix(f"{named.partition(':')[0]}:"), named.rpartition(":")[2])
    )


def platform() -> str:
    """Of the device that a run is on: cpu, gpu, tpu."""
    return str(jax.local_devices()[0].platform)


def room_for_data(stream: str = "auto") -> int | None:
    """The bytes that pictures may take on the host and on the device: a quarter of either (on a CPU both are one)."""
    if stream != "auto":
        return 0 if stream == "always" else None
    stats = jax.local_devices()[0].memory_stats() or {}
    host = host_memory()
    return min(host, stats.get("bytes_limit", host)) // 4


def _check_data(config: Config, dataset: Dataset) -> None:
    if config.conditional and not (dataset.n_classes or dataset.label_dim):
        why = next((f" ({note})" for note in dataset.notes if "was not read" in note), "")
        raise UserError(f"--conditional: the data set {config.dataset} has no labels{why}")
    if dataset.size is not None and dataset.size * (config.batch_size or 1) >= 2**32:
        raise UserError(
            f"{config.dataset}: {dataset.size:,} samples times --batch-size {config.batch_size} must be below 2**32"
        )


# Variant and recipe


def find_variant(name: str) -> Variant:
    """A row of VARIANTS, or the user's own: a `Variant`, or a function of numbers that returns a `Game`, at package.module:factory."""
    if name in VARIANTS:
        return VARIANTS[name]
    if ":" not in name:
        raise unknown("variant", name, VARIANTS, ", or your own as package.module:factory")
    own = import_named(name, "variant")
    if isinstance(own, Variant):
        return own
    if not callable(own):
        raise UserError(f"variant '{name}' is a {type(own).__name__}; expected a function that returns a jaxgan.types.Game")
    return Variant(own, name, ())


def choose_recipe(variant: Variant, config: Config, dataset: Dataset) -> Recipe:
    """The one named by the options, in the form for this kind of data; without a name, the data set's own or the paper's."""
    kind = "images" if dataset.is_images else "points"
    fitting = {recipe.name: recipe for recipe in variant.recipes if recipe.data in ("any", kind)} or {OWN.name: OWN}
    if config.recipe == own_pictures.NAME:
        if kind == "points" or variant.critic == "none":
            raise UserError(
                f"--recipe {own_pictures.NAME} is for pictures and a critic: {config.dataset} holds {kind}, {config.variant} has"
                f" {'no' if variant.critic == 'none' else 'a'} critic"
            )
        return own_pictures.own_pictures(config, variant, dataset, platform())
    if config.recipe is None and kind == "images" and variant.critic != "none" and names_own_files(config.dataset):
        return own_pictures.own_pictures(config, variant, dataset, platform())
    if config.recipe is None:
        return fitting.get(config.dataset) or fitting.get("paper") or fitting.get(OWN.name) or next(iter(fitting.values()))
    if config.recipe in fitting:
        return fitting[config.recipe]
    if any(recipe.name == config.recipe for recipe in variant.recipes):
        other = "points" if kind == "images" else "images"
        raise UserError(
            f"--recipe {config.recipe}: for {config.variant} it is about {other}, and {config.dataset} holds {kind}"
        )
    raise unknown(f"the recipe of {config.variant}", config.recipe, fitting)


def fill(config: Config, variant: Variant, recipe: Recipe) -> Config:
    """The options with each gap filled by the first that has it: the recipe, the paper's, defaults; refuses what has no meaning."""
    paper = next((r.settings for r in variant.recipes if r.name == "paper"), {})
    otherwise = {name: option.otherwise for name, option in OPTIONS.items() if option.otherwise is not None}
    values: dict[str, Any] = {**otherwise, **OWN.settings, **paper, **recipe.settings}
    if config.steps is not None or config.epochs is not None:
        values = {name: value for name, value in values.items() if name not in ("steps", "epochs")}
    roles = ("network", "generator", "critic")
    other_networks = any(getattr(config, role) not in (None, values.get(role)) for role in roles)
    if other_networks and any(role in values for role in roles):
        left = (*roles, *names(of_network=True))  # the sizes were meant for the recipe's own networks
        values = {name: value for name, value in values.items() if name not in left}
    given = {name: value for name, value in vars(config).items() if value is not None}
    values |= given
    values.setdefault("critic_optimizer", values["optimizer"])
    values.setdefault("critic_learning_rate", values["learning_rate"])
    for name, reason in _without_meaning(values).items():
        if name in given:
            raise UserError(f"{flag(name)} {given[name]} has no meaning {reason}")
        values.pop(name, None)
    return Config(**values)


def _without_meaning(values: Mapping[str, Any]) -> dict[str, str]:
    """Options that have no meaning for the optimizers, or without labels, and why."""
    optimizers = list(dict.fromkeys((values["optimizer"], values["critic_optimizer"])))
    for_them = f"for the optimizer{'s' if len(optimizers) > 1 else ''} {', '.join(optimizers)}"
    unused = {
        name: for_them for name, option in OPTIONS.items() if option.optimizers and not {*option.optimizers} & {*optimizers}
    }
    if not values.get("conditional"):
        unused |= dict.fromkeys(("fake_labels", "class_balance"), "without --conditional")
    if values.get("schedule") == "constant":
        falling = ("schedule_end", "schedule_steps", "penalty_schedule_end")
        unused |= dict.fromkeys(falling, "with --schedule constant; allowed are cosine, linear")
    return unused


def game_numbers(config: Config, variant: Variant) -> dict[str, float]:
    """What the variant's function takes; a number that it does not take is refused where a flag set it."""
    known = variant_numbers()
    parameters = inspect.signature(variant.build).parameters
    for name, parameter in parameters.items():
        if name not in known and parameter.default is parameter.empty and parameter.kind != parameter.VAR_KEYWORD:
            raise UserError(
                f"the variant {config.variant} takes '{name}', which no flag gives; give it a default, or name it one of "
                + ", ".join(known)
            )
    numbers: dict[str, float] = {}
    for name in known:
        value = getattr(config, name)
        if name not in parameters:
            if value is not None:
                raise UserError(f"{flag(name)} has no meaning for the variant {config.variant}")
            continue
        value = parameters[name].default if value is None else value
        if value is inspect.Parameter.empty:
            raise UserError(f"the variant {config.variant} needs {flag(name)}")
        numbers[name] = value
    return numbers


def _classifier_weight(config: Config) -> float | None:
    """The weight with which several generators are told apart: 1 where none is given."""
    weight = config.generator_classifier_weight
    return 1.0 if weight is None and classifies_generators(config) else weight


def _adaptive(config: Config, dataset: Dataset) -> dict[str, Any]:
    """What adaptive augmentation does and its numbers, where the options do not say it; nothing without it."""
    if not config.ada:
        return {}
    defaults = {"augment": ",".join(adaptive_kinds(dataset.sample_shape)), **ADAPTIVE_NUMBERS}
    return {name: default if getattr(config, name) is None else getattr(config, name) for name, default in defaults.items()}


# Numbers, and the GAN that they make


def traced_numbers(config: Config, game: Mapping[str, float]) -> dict[str, float]:
    """The numbers that compiled code takes as arguments, so that they may differ by replica."""
    own = {name: getattr(config, name) for name in names(traced=True, of_variant=False)}
    return {name: float(value) for name, value in {**own, **game}.items() if value is not None}


def differing_numbers(config: Config, numbers: Mapping[str, float]) -> dict[str, Any]:
    """The numbers, in place of those that differ by replica arrays of one entry a replica."""
    result: dict[str, Any] = dict(numbers)
    for name, values in (config.by_replica or {}).items():
        if name in numbers:
            result[name] = np.asarray(values, float)
        elif name != "seed":
            raise UserError(f"by_replica: {name} cannot differ within one program")
    return result


def _gan_maker(config: Config, variant: Variant, dataset: Dataset, networks: Chosen, of_game: tuple[str, ...]) -> GanOf:
    """The function of traced numbers that makes the GAN; its networks are put together once."""
    options: Any = config
    ema: float = options.ema or 0.0

    fall = {"schedule_steps": options.schedule_steps}

    def optimizer(name: str, rate: Number, numbers: Mapping[str, Number], updates_per_step: int = 1) -> Any:
        along = (options.schedule, options.steps, options.warmup_steps, updates_per_step)
        return OPTIMIZERS[name](scheduled(rate, *along, end=options.schedule_end or 0.0, **fall), numbers)

    def game(numbers: Mapping[str, Number]) -> Game:
        made = variant.build(**{name: numbers[name] for name in of_game})
        if options.penalty_schedule_end is None:
            return made
        share: Any = scheduled(
            1.0, options.schedule, options.steps, 0, max(1, options.n_critic), end=options.penalty_schedule_end, **fall
        )
        return made._replace(penalties=tuple(scheduled_penalty(penalty, share) for penalty in made.penalties))

    def rules(numbers: Mapping[str, Number]) -> dict[str, Any]:
        weight = options.generator_classifier_weight
        critic_updates = max(1, options.n_critic)
        return {
            "game": game(numbers),
            "generator_optimizer": optimizer(options.optimizer, numbers["learning_rate"], numbers),
            "critic_optimizer": optimizer(options.critic_optimizer, numbers["critic_learning_rate"], numbers, critic_updates),
            "ema": numbers["ema"] if ema else 0.0,
            "generator_classifier_weight": numbers["generator_classifier_weight"] if weight else 0.0,
        }

    base = Gan(
        networks.generator,
        networks.critic,
        **rules(traced_numbers(config, {name: getattr(config, name) for name in of_game})),
        latent_dim=options.latent_dim,
        n_classes=dataset.n_classes if config.conditional else 0,
        label_dim=dataset.label_dim if config.conditional else 0,
        n_critic=options.n_critic,
        conditioning=config.conditioning,
        critic_data=options.critic_data,
        generator_latent=options.generator_latent,
        fake_labels=config.fake_labels or "real",
        order=options.order,
        pac=config.pac,
        unroll=config.unroll,
        generators=config.generators,
        penalty_every=config.penalty_every,
        minibatch_discrimination=config.minibatch_discrimination,
        spectral_norm=bool(config.spectral_norm),
        instance_noise=config.instance_noise or 0.0,
        augment=tuple(config.augment.split(",")) if config.augment else (),
        ada=config.ada,
        **{name: getattr(config, name) for name in ADAPTIVE_NUMBERS if config.ada},
        freeze_critic=config.freeze_critic,
        accumulate=config.accumulate,
    )

    if base.accumulate > 1 or base.freeze_critic:
        base.check_networks(dataset.sample_shape)

    def gan_of(numbers: Mapping[str, Number]) -> Gan:
        return base.with_numbers(**rules(numbers))

    return gan_of
