"""How long a run is and how often it logs, draws and saves: epochs and shares as generator steps."""

import math
from fractions import Fraction
from typing import Any

from jaxgan.checks import LARGEST
from jaxgan.engine.schedule import Schedule
from jaxgan.errors import UserError
from jaxgan.settings.options import Config, flag, names
from jaxgan.settings.options.intervals import DRAWN_AFRESH, steps_of

STEPS = 10_000  # where nothing says how many


def asked_steps(config: Config, size: int | None) -> int | None:
    """The generator steps that are asked for, epochs in steps; None where neither is given. Batch size and n_critic must be settled.

    Raises:
        UserError: epochs of samples that are drawn afresh, or of too many steps.
    """
    if config.epochs is None:
        return config.steps
    per_epoch = steps_per_epoch(config, size)
    if per_epoch is None:
        raise UserError(f"--epochs: {DRAWN_AFRESH}; give --points or --steps")
    if config.epochs * per_epoch > LARGEST:
        passed = config.epochs * float(per_epoch)
        raise UserError(f"--epochs {config.epochs}: {passed:.3g} generator steps; at most {LARGEST} can be counted")
    return math.ceil(Fraction(str(config.epochs)) * per_epoch)


def schedule_options(config: Config, size: int | None) -> dict[str, Any]:
    """Epochs as steps, and how often to log, to draw and to save; `size`: samples in the data set, None where they are drawn afresh."""
    per_epoch = steps_per_epoch(config, size)
    steps = asked_steps(config, size)
    if steps is None:
        steps = STEPS
    given = {name: getattr(config, name) for name in names(is_interval=True)}
    intervals = {name: steps_of(value, steps, per_epoch, flag(name)) for name, value in given.items() if value is not None}
    return {
        "steps": steps,
        "epochs": None,
        "log_every": max(1, min(100, steps // 100)),
        "sample_every": max(1, steps // 10),
        "checkpoint_every": max(1, steps // 5),
        "keep_checkpoints": config.keep_checkpoints or 3,
        **intervals,
    }


def steps_per_epoch(config: Config, size: int | None) -> Fraction | None:
    """Generator steps to one pass over `size` samples; None where they are drawn afresh.

    A pass is ceil(size / batch) batches of the critic, the last of them filled up from the next pass. A generator step takes n_critic of them,
    or one that its critic steps share. In the order `generator_second`, lab 004's, the count of n_critic begins anew in each pass.
    """
    if size is None:
        return None
    assert config.batch_size and config.n_critic is not None  # filled by the recipe
    batches = math.ceil(size / config.batch_size)
    steps = Fraction(batches, max(1, config.n_critic) if config.critic_data == "fresh" else 1)
    return Fraction(math.ceil(steps)) if config.order == "generator_second" else steps


def schedule_of(config: Config) -> Schedule:
    """The schedule of a configuration whose options are all settled."""
    seeds: Any = (config.by_replica or {}).get("seed", range(config.seed, config.seed + config.replicas))
    options: Any = config
    return Schedule(
        steps=options.steps,
        batch_size=options.batch_size,
        seeds=tuple(seeds),
        mesh=config.mesh,
        log_every=options.log_every,
        sample_every=options.sample_every,
        checkpoint_every=options.checkpoint_every,
        metrics_every=options.metrics_every or 0,
        readers=config.readers,
    )
