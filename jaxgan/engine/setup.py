"""From a configuration with gaps to everything a run is made of, all checked: the only place where defaults and refusals meet."""

import dataclasses
import importlib
import inspect
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from jaxgan import data as datasets
from jaxgan.config import FIELDS, FREE_NETWORK, Config, flag
from jaxgan.data.dataset import Dataset
from jaxgan.engine.assembly import assemble, classifies
from jaxgan.engine.numbers import Numbers
from jaxgan.errors import UserError, unknown
from jaxgan.objectives import VARIANTS, Recipe, Variant
from jaxgan.types import Game


class DataArrays(NamedTuple):
    """The part of a data set that lies on the device: all of it, or a window of n batches in their order."""

    samples: Any  # uint8 (N, H, W, C) or points (N, 2); None where points are drawn afresh; of a window uint8 (n, B, H, W, C)
    labels: Any  # int32 (N,), or (n, B)
    first: Any = None  # the index of a window's first batch


class Plan(NamedTuple):
    """What the engine goes by: the configuration's fields of the same names, all settled."""

    steps: int
    batch_size: int
    n_critic: int
    latent_dim: int
    conditional: bool
    optimizer: str
    critic_optimizer: str
    schedule: str
    warmup_steps: int
    ema: float
    critic_data: str
    generator_latent: str
    fake_labels: str
    order: str
    pac: int
    unroll: int
    generators: int
    classify_generators: bool
    penalty_every: int
    replicas: int
    mesh: str | None
    seed: int
    log_every: int
    sample_every: int
    checkpoint_every: int
    metrics_every: int  # 0: never


@dataclass(frozen=True, eq=False)
class Setup:
    """A run, ready to be compiled."""

    config: Config  # every field that has a meaning for the run is set
    plan: Plan
    dataset: Dataset
    generator: nn.Module
    critic: nn.Module
    build: Callable[..., Game]
    numbers: Numbers

    def data(self) -> DataArrays:
        """The data set's arrays, on the device."""
        samples, labels = self.dataset.samples, self.dataset.labels
        if samples is None:
            return DataArrays(None, None)
        return DataArrays(
            samples=jnp.asarray(samples) if samples.dtype == "uint8" else jnp.asarray(samples, float),
            labels=jnp.zeros(len(samples), jnp.int32) if labels is None else jnp.asarray(labels, jnp.int32),
        )


DEFAULTS: dict[str, Any] = dict(
    critic_data="fresh",
    generator_latent="fresh",
    fake_labels="real",
    order="critic_first",
    momentum=0.9,
    beta1=0.5,
    beta2=0.999,
    rmsprop_decay=0.99,
    schedule="constant",
    warmup_steps=0,
    ema=0.0,
    spectral_norm=False,
)  # where neither a flag nor a recipe says otherwise

OPTIMIZER_NUMBERS = {
    "adam": ("beta1", "beta2"),
    "rmsprop": ("rmsprop_decay",),
    "momentum": ("momentum",),
    "nesterov": ("momentum",),
}  # which of an optimizer's numbers has a meaning for it
OWN = Recipe(
    "none", "defaults for a variant of one's own", dict(optimizer="adam", learning_rate=2e-4, n_critic=1, batch_size=64)
)

RANGES: dict[str, tuple[Callable[[Any], bool], str]] = {
    **dict.fromkeys(
        ("steps", "batch_size", "latent_dim", "hidden_dim", "points", "replicas", "image_size", "log_every", "sample_every",
         "checkpoint_every", "keep_checkpoints", "metrics_every", "pac", "generators", "penalty_every", "gradient_penalty_power"),
        (lambda value: value >= 1, "at least 1"),
    ),
    **dict.fromkeys(
        ("epochs", "clip", "learning_rate", "critic_learning_rate", "critic_loss_scale", "sinkhorn_epsilon", "diversity_ratio"),
        (lambda value: 0 < value < math.inf, "more than 0"),
    ),
    **dict.fromkeys(
        ("gradient_penalty_weight", "warmup_steps", "n_critic", "unroll", "generator_classifier_weight", "perturbation", "r1_weight",
         "r2_weight", "consistency_weight", "consistency_margin", "margin", "pulling_away_weight", "balance_rate"),
        (lambda value: 0 <= value < math.inf, "at least 0"),
    ),
    "seed": (lambda value: 0 <= value < 2**31, "from 0 to 2147483647"),
    **dict.fromkeys(
        ("beta1", "beta2", "rmsprop_decay", "momentum", "ema", "dropout"),
        (lambda value: 0 <= value < 1, "at least 0 and less than 1"),
    ),
}  # fmt: skip


def prepare(config: Config, dataset: Dataset | None = None) -> Setup:
    """Fills the gaps of a configuration, loads its data and checks that all fits together; raises UserError in one line.

    A `dataset` that is given stands in for the one that the configuration names (to sample, only its shape is needed).
    """
    check_choices(config)
    _check_ranges(config)
    variant = find_variant(config.variant)
    given = dataset
    dataset = given or datasets.load(
        config.dataset,
        data_dir=config.data_dir,
        points=config.points,
        image_size=config.image_size,
        memory=room_for_data(config),
    )
    if config.stream == "always" and given is None and dataset.records is None:
        raise UserError(f"--stream always: {config.dataset} is held in memory; only folder:PATH and tfds:NAME can be streamed")
    recipe = _recipe(variant, config, dataset)
    paper = next((r for r in variant.recipes if r.name == "paper"), None)
    asked = config
    config = _filled(config, recipe.settings, paper.settings if paper else {}, OWN.settings, DEFAULTS)
    if asked.points is None and config.points is not None:  # the recipe asks for a fixed sample
        if dataset.distribution is None:  # of points that are fixed already
            config = dataclasses.replace(config, points=None)
        elif given is None:
            dataset = datasets.load(config.dataset, data_dir=config.data_dir, points=config.points)
    config = dataclasses.replace(
        config,
        recipe=recipe.name,
        critic_optimizer=config.critic_optimizer or config.optimizer,
        critic_learning_rate=config.critic_learning_rate or config.learning_rate,
    )
    if config.conditional and not dataset.n_classes:
        raise UserError(f"--conditional: the data set {config.dataset} has no labels")
    config = _without_unused(config, asked)
    if dataset.size is not None and dataset.size * (config.batch_size or 1) >= 2**32:
        raise UserError(
            f"{config.dataset}: {dataset.size:,} samples times --batch-size {config.batch_size} must be below 2**32"
        )
    config, game_numbers = _game_numbers(config, variant)
    penalised = bool(variant.build(**game_numbers).penalties)
    config, generator, critic = assemble(config, dataset, variant, penalised)
    config = _schedule(config, dataset)
    _check_ranges(config)
    if classifies(config) and config.generator_classifier_weight is None:
        config = dataclasses.replace(config, generator_classifier_weight=1.0)
    settled = {name: getattr(config, name) for name in Numbers._fields if name != "game"}
    numbers = Numbers(**{name: value for name, value in settled.items() if value is not None}, game=game_numbers)
    numbers = _varied(config, numbers)
    named = {name: getattr(config, name) for name in Plan._fields if name in FIELDS}
    named |= {"fake_labels": config.fake_labels or "real", "metrics_every": config.metrics_every or 0}
    plan = Plan(**named, classify_generators=classifies(config))
    return Setup(config, plan, dataset, generator, critic, variant.build, numbers)


def _without_unused(config: Config, asked: Config) -> Config:
    """Leaves open what has no meaning for the optimizers or without labels; refuses it where a flag set it."""
    optimizers = list(dict.fromkeys((config.optimizer or "", config.critic_optimizer or "")))
    used = {name for optimizer in optimizers for name in OPTIMIZER_NUMBERS.get(optimizer, ())}
    for_them = f"for the optimizer{'s' if len(optimizers) > 1 else ''} {', '.join(optimizers)}"
    unused = {name: for_them for names in OPTIMIZER_NUMBERS.values() for name in names if name not in used}
    if not config.conditional:
        unused["fake_labels"] = "without --conditional"
    for name, words in unused.items():
        if getattr(asked, name) is not None:
            raise UserError(f"{flag(name)} {getattr(asked, name)} has no meaning {words}")
    nothing: dict[str, Any] = dict.fromkeys(unused)
    return dataclasses.replace(config, **nothing)


def room_for_data(config: Config) -> int | None:
    """The bytes that pictures may take on the host and on the device: a quarter of either (on a CPU both are one)."""
    if config.stream != "auto":
        return 0 if config.stream == "always" else None
    stats = jax.local_devices()[0].memory_stats() or {}
    host = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(host, stats.get("bytes_limit", host)) // 4


def _varied(config: Config, numbers: Numbers) -> Numbers:
    """The numbers, those in place that differ by replica, as arrays of one entry a replica."""
    for name, values in (config.by_replica or {}).items():
        if len(values) != config.replicas:
            raise UserError(f"by_replica: {len(values)} values of {name} for {config.replicas} replicas")
        for value in values:
            if name in RANGES and not RANGES[name][0](value):
                raise UserError(f"{flag(name)} {value}: must be {RANGES[name][1]}")
        varied: Any = np.asarray(values, float)
        if name in numbers.game:
            numbers = numbers._replace(game={**numbers.game, name: varied})
        elif name in Numbers._fields:
            numbers = numbers._replace(**{name: varied})
        elif name != "seed":
            raise UserError(f"by_replica: {name} cannot differ within one program")
    return numbers


def check_choices(config: Config) -> None:
    """Refuses a value that its field's type does not list."""
    for field in dataclasses.fields(Config):
        value = getattr(config, field.name)
        choices = _choices(field.type)
        if choices and value is not None and value not in choices:
            raise unknown(flag(field.name), value, choices)


def _choices(hint: Any) -> tuple[str, ...]:
    """The values of a Literal, also one inside a union or an Annotated type."""
    if get_origin(hint) is Literal:
        return get_args(hint)
    if get_origin(hint) in (Annotated, Union, UnionType):
        return tuple(choice for part in get_args(hint) for choice in _choices(part))
    return ()


def find_variant(name: str) -> Variant:
    """A row of VARIANTS, or the user's own: a `Variant`, or a function of numbers that returns a `Game`, at package.module:factory."""
    if name in VARIANTS:
        return VARIANTS[name]
    if ":" not in name:
        raise unknown("variant", name, VARIANTS, ", or your own as package.module:factory")
    module_name, _, attribute = name.partition(":")
    try:
        found = getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise UserError(f"variant '{name}': {error}; expected package.module:factory, importable from here") from None
    if isinstance(found, Variant):
        return found
    if not callable(found):
        raise UserError(f"variant '{name}' is a {type(found).__name__}; expected a function that returns a jaxgan.types.Game")
    return Variant(found, name, ())


def _check_ranges(config: Config) -> None:
    for name, (allowed, words) in RANGES.items():
        value = getattr(config, name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise UserError(f"{flag(name)} {value!r}: must be a number")
        if value is not None and not allowed(value):
            raise UserError(f"{flag(name)} {value}: must be {words}")
    if config.metrics_samples < 100:
        raise UserError(f"--metrics-samples {config.metrics_samples}: must be at least 100")
    if config.best is not None and config.metrics_every is None:
        raise UserError(f"--best {config.best}: nothing is measured; say how often by --metrics-every")
    if config.steps is not None and config.epochs is not None:
        raise UserError("--steps and --epochs both say how long to train: give one")


def _recipe(variant: Variant, config: Config, dataset: Dataset) -> Recipe:
    """The one asked for, in the form for this kind of data; without a name, the data set's own or the paper's."""
    kind = "points" if dataset.is_points else "images"
    fitting = {recipe.name: recipe for recipe in variant.recipes if recipe.data in ("any", kind)} or {OWN.name: OWN}
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


def _filled(config: Config, *sources: Mapping[str, Any]) -> Config:
    """The configuration with each None replaced by the first source that has the field."""
    values = {}
    for source in reversed(sources):
        values.update(source)
    if config.steps is not None or config.epochs is not None:
        values = {name: value for name, value in values.items() if name not in ("steps", "epochs")}
    if config.generator or config.critic or config.network not in (None, values.get("network")):
        named = values.pop("network", None)
        values = {name: value for name, value in values.items() if not named or name not in FREE_NETWORK}
    return dataclasses.replace(config, **{name: value for name, value in values.items() if getattr(config, name) is None})


def _game_numbers(config: Config, variant: Variant) -> tuple[Config, dict[str, float]]:
    """What the variant's `build` takes; a number that it does not take is refused where a flag set it."""
    parameters = inspect.signature(variant.build).parameters.items()
    takes = {name: p.default for name, p in parameters if name in GAME_NUMBERS}
    for name, parameter in parameters:
        if (
            name not in GAME_NUMBERS
            and parameter.default is inspect.Parameter.empty
            and parameter.kind != parameter.VAR_KEYWORD
        ):
            raise UserError(f"the variant {config.variant} takes '{name}', which no flag gives; give it a default, or name it one of "
                            + ", ".join(GAME_NUMBERS))  # fmt: skip
    for name in GAME_NUMBERS:
        if name not in takes and getattr(config, name) is not None:
            raise UserError(f"{flag(name)} has no meaning for the variant {config.variant}")
    numbers = {name: default if getattr(config, name) is None else getattr(config, name) for name, default in takes.items()}
    if inspect.Parameter.empty in numbers.values():
        missing = next(name for name, value in numbers.items() if value is inspect.Parameter.empty)
        raise UserError(f"the variant {config.variant} needs {flag(missing)}")
    return dataclasses.replace(config, **numbers), {name: float(value) for name, value in numbers.items()}


GAME_NUMBERS = (
    "clip", "gradient_penalty_weight", "gradient_penalty_power", "critic_loss_scale", "perturbation", "r1_weight", "r2_weight",
    "consistency_weight", "consistency_margin", "margin", "pulling_away_weight", "diversity_ratio", "balance_rate", "sinkhorn_epsilon",
)  # fmt: skip


def _schedule(config: Config, dataset: Dataset) -> Config:
    """Turns epochs into steps, and sets how often to log, to draw and to save."""
    steps = config.steps
    if config.epochs is not None:
        if dataset.size is None:
            raise UserError("--epochs: points are drawn afresh, so there is no pass over them; give --points or --steps")
        assert config.batch_size and config.n_critic is not None  # filled by the recipe
        samples_per_step = config.batch_size * (max(1, config.n_critic) if config.critic_data == "fresh" else 1)
        steps = math.ceil(config.epochs * dataset.size / samples_per_step)
    if steps is None:
        steps = 10_000
    return dataclasses.replace(
        config,
        steps=steps,
        epochs=None,
        log_every=config.log_every or max(1, min(100, steps // 100)),
        sample_every=config.sample_every or max(1, steps // 10),
        checkpoint_every=config.checkpoint_every or max(1, steps // 5),
        keep_checkpoints=config.keep_checkpoints or 3,
    )
