"""A run of a `Gan` that was made in Python: its schedule from options, and what a run folder records of it."""

import dataclasses
import functools
import re
from collections.abc import Mapping
from typing import Any

from jaxgan.data import Dataset
from jaxgan.engine.composition import check_batch_size
from jaxgan.engine.gan import Gan
from jaxgan.engine.schedule import Schedule
from jaxgan.errors import UserError, unknown
from jaxgan.settings.options import OPTIONS, Config, check, names
from jaxgan.settings.resolution import ADAPTIVE_NUMBERS, Resolved
from jaxgan.settings.schedule import schedule_of, schedule_options
from jaxgan.types import Game

BATCH_SIZE = 64
ADDRESS = re.compile(r" at 0x[0-9a-f]+")
LONGEST = 2_000  # letters of a repr that are recorded


def config_of(gan: Gan, dataset: Dataset, options: Mapping[str, Any]) -> Config:
    """The configuration of a run that `fit(gan, data, **options)` asks for; what the GAN says is filled in.

    Raises:
        UserError: an option that is not known, or that the GAN says already.
    """
    of_run = {*names(group="run", hidden=False), *Schedule._fields, "epochs"} & OPTIONS.keys()
    allowed = of_run - {"config", "list_variants", "precision"}
    for name in options:
        if name not in OPTIONS:
            raise unknown("fit's option", name, allowed)
        if name not in allowed:
            raise UserError(f"{name}={options[name]!r} belongs to the Gan: allowed are {', '.join(sorted(allowed))}")
    config = Config(**options)
    return dataclasses.replace(config, **described_options(gan, dataset))


def described_options(gan: Gan, dataset: Dataset) -> dict[str, Any]:
    """What a GAN and its data say of a run, as options; networks, game and optimizers by import path and repr under `python`."""
    parts = {
        "generator": gan.generator,
        "critic": gan.critic,
        "game": gan.game,
        "generator_optimizer": gan.generator_optimizer,
        "critic_optimizer": gan.critic_optimizer,
    }
    of_gan = {field.name for field in dataclasses.fields(Gan)} & OPTIONS.keys() - parts.keys()
    values = {name: getattr(gan, name) for name in of_gan}
    return {
        **values,
        "augment": ",".join(gan.augment) or None,
        **{name: getattr(gan, name) if gan.ada else None for name in ADAPTIVE_NUMBERS},
        "ema": float(gan.ema),
        "generator_classifier_weight": float(gan.generator_classifier_weight) if gan.generators > 1 else None,
        "fake_labels": gan.fake_labels if gan.is_conditional else None,
        "variant": "own",
        "recipe": None,
        "dataset": dataset.name,
        "conditional": gan.is_conditional,
        "generator": type_name(gan.generator),
        "critic": type_name(gan.critic),
        "python": {name: {"import": import_path(part), "repr": plain_repr(part)} for name, part in parts.items()},
    }


def resolve_own(gan: Gan, dataset: Dataset, config: Config) -> Resolved:
    """What a run of this GAN is made of.

    Raises:
        UserError: options or data that do not fit it.
    """
    config = dataclasses.replace(config, batch_size=config.batch_size or BATCH_SIZE)
    check(config)
    if gan.label_dim != dataset.label_dim and gan.is_conditional:
        ours = f"label_dim={gan.label_dim}" if gan.label_dim else f"n_classes={gan.n_classes}"
        theirs = f"vectors of {dataset.label_dim}" if dataset.label_dim else "classes" if dataset.n_classes else "none"
        raise UserError(f"the GAN is conditional ({ours}), and the data's labels are {theirs}")
    if gan.n_classes and not dataset.n_classes:
        raise UserError(f"the GAN is conditional (n_classes={gan.n_classes}), and the data have no labels")
    if gan.n_classes and gan.n_classes < dataset.n_classes:
        raise UserError(f"the GAN has {gan.n_classes} classes, and the data {dataset.n_classes}")
    check_batch_size(gan, "", config.batch_size or BATCH_SIZE)
    final = dataclasses.replace(config, **schedule_options(config, dataset.size))
    check(final)
    return Resolved(final, dataset, schedule_of(final), lambda numbers: gan, {})


def import_path(part: Any) -> str | None:
    """Where a part can be imported from, as package.module:name: of an instance its class; None of a lambda or a closure."""
    if isinstance(part, Game):
        return import_path(part.objective.critic_loss)
    thing = part.func if isinstance(part, functools.partial) else part
    thing = thing if callable(thing) and hasattr(thing, "__qualname__") else type(thing)
    name = f"{thing.__module__}:{thing.__qualname__}"
    return None if "<" in name or isinstance(part, tuple) else name


def type_name(part: Any) -> str:
    """A network's class or function, by name."""
    thing = part[1] if isinstance(part, tuple | list) and part else part
    return getattr(thing, "__qualname__", type(thing).__qualname__)


def plain_repr(part: Any) -> str:
    """The repr without addresses in memory, cut where it is long."""
    text = ADDRESS.sub("", repr(part))
    return text if len(text) <= LONGEST else text[:LONGEST] + "..."
