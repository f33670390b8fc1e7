"""PyTorch's optimizers as optax transformations, and schedules of their learning rates; all numbers may be traced (layer 1).

An optimizer takes a rate and `numbers`, of which it reads its own: beta1, beta2, rmsprop_decay, momentum.
"""

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import optax

from jaxgan.checks import NOT_NEGATIVE, Range, choice, number, whole_number
from jaxgan.types import Number

Rate = Number | optax.Schedule


def adagrad(learning_rate: Rate) -> optax.GradientTransformation:
    """p -= rate g / (sqrt(sum of g^2) + eps), the sum starting at 0 and eps = 1e-10 outside the root, as in PyTorch."""

    def init(params: optax.Params) -> optax.Params:
        return jax.tree.map(jnp.zeros_like, params)

    def update(gradients: optax.Updates, sums: optax.Params, params: optax.Params | None = None) -> tuple:
        sums = jax.tree.map(lambda s, g: s + g * g, sums, gradients)
        return jax.tree.map(lambda g, s: g / (jnp.sqrt(s) + 1e-10), gradients, sums), sums

    return optax.chain(optax.GradientTransformation(init, update), optax.scale_by_learning_rate(learning_rate))


Optimizer = Callable[[Rate, Mapping[str, Number]], optax.GradientTransformation]


def checked(optimizer: Optimizer, *names: str) -> Optimizer:
    """The optimizer, with a UserError for a rate that is no number and no schedule, or less than 0, and for its numbers of these names."""

    def of(rate: Rate, numbers: Mapping[str, Number]) -> optax.GradientTransformation:
        rate = rate if callable(rate) else number("rate", rate, NOT_NEGATIVE)
        for name in names:
            number(name, numbers.get(name), Range(at_least=0, below=1))
        return optimizer(rate, numbers)

    return of


OPTIMIZERS: dict[str, Optimizer] = {
    "adagrad": checked(lambda rate, numbers: adagrad(rate)),
    "adam": checked(
        lambda rate, numbers: optax.adam(rate, b1=numbers["beta1"], b2=numbers["beta2"], eps=1e-8), "beta1", "beta2"
    ),
    "momentum": checked(lambda rate, numbers: optax.sgd(rate, momentum=numbers["momentum"]), "momentum"),
    "nesterov": checked(lambda rate, numbers: optax.sgd(rate, momentum=numbers["momentum"], nesterov=True), "momentum"),
    "rmsprop": checked(
        lambda rate, numbers: optax.rmsprop(rate, decay=numbers["rmsprop_decay"], eps=1e-8, eps_in_sqrt=False), "rmsprop_decay"
    ),
    "sgd": checked(lambda rate, numbers: optax.sgd(rate)),
}

SCHEDULES: dict[str, Callable[[int, float], optax.Schedule]] = {
    "constant": lambda steps, end: optax.constant_schedule(1.0),
    "cosine": lambda steps, end: optax.cosine_decay_schedule(1.0, steps, end),
    "linear": lambda steps, end: optax.linear_schedule(1.0, end, steps),
}  # the factor on a number after some of so many steps, from 1 to `end`, where it stays


def scheduled(
    rate: Number,
    schedule: str,
    steps: int,
    warmup_steps: int = 0,
    updates_per_step: int = 1,
    *,
    end: float = 0.0,
    schedule_steps: int | None = None,
) -> Rate:
    """The rate times the schedule over `steps` generator steps, a function of the updates made; the rate itself where nothing changes it.

    A player that makes `updates_per_step` updates a generator step has gone count // updates_per_step steps along the schedule,
    whose fall begins where the warm-up ends and would reach `end` with the update after the last, or with the `schedule_steps`-th.

    Raises:
        UserError: a rate, a count or a schedule that cannot be.
    """
    rate, schedule = number("rate", rate, NOT_NEGATIVE), choice("schedule", schedule, SCHEDULES)
    steps, warmup_steps = whole_number("steps", steps), whole_number("warmup_steps", warmup_steps, at_least=0)
    updates_per_step, end = whole_number("updates_per_step", updates_per_step), number("end", end, NOT_NEGATIVE)
    fall_steps = steps if schedule_steps is None else whole_number("schedule_steps", schedule_steps)
    if schedule == "constant" and not warmup_steps:
        return rate
    fall = SCHEDULES[schedule](max(1, fall_steps - warmup_steps), end)
    factor = fall
    if warmup_steps:
        factor = optax.join_schedules([optax.linear_schedule(0.0, 1.0, warmup_steps), fall], [warmup_steps])
    return lambda count: rate * factor(count // updates_per_step)
