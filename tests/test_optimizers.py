"""Optimizers against PyTorch's update rules, written out."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan.optimizers import OPTIMIZERS, SCHEDULES, scheduled

NUMBERS = dict(beta1=0.5, beta2=0.9, rmsprop_decay=0.99, momentum=0.9)
GRADIENTS = np.array([[0.5, -2.0, 1e-9, 1e-4], [1.0, 0.3, 0.0, -1e-4], [-0.2, 0.1, 1e-9, 2e-4]])


def rmsprop(g, s, t):
    s["v"] = 0.99 * s.get("v", 0) + 0.01 * g * g
    return g / (np.sqrt(s["v"]) + 1e-8)


def adam(g, s, t):
    s["m"] = 0.5 * s.get("m", 0) + 0.5 * g
    s["v"] = 0.9 * s.get("v", 0) + 0.1 * g * g
    return (s["m"] / (1 - 0.5**t)) / (np.sqrt(s["v"] / (1 - 0.9**t)) + 1e-8)


def adagrad(g, s, t):
    s["v"] = s.get("v", 0) + g * g
    return g / (np.sqrt(s["v"]) + 1e-10)


def momentum(g, s, t):
    s["b"] = g if t == 1 else 0.9 * s["b"] + g
    return s["b"]


def nesterov(g, s, t):
    return g + 0.9 * momentum(g, s, t)


RULES = dict(rmsprop=rmsprop, adam=adam, adagrad=adagrad, momentum=momentum, nesterov=nesterov, sgd=lambda g, s, t: g)


def test_every_optimizer_has_a_rule_here():
    assert set(RULES) == set(OPTIMIZERS)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_three_updates_follow_pytorchs_rule(name):
    optimizer = OPTIMIZERS[name](0.1, NUMBERS)
    params = {"w": jnp.array([1.0, -1.0, 0.5, 0.2])}
    state, memory, expected = optimizer.init(params), {}, np.array([1.0, -1.0, 0.5, 0.2])
    for t, g in enumerate(GRADIENTS, start=1):
        updates, state = optimizer.update({"w": jnp.asarray(g, jnp.float32)}, state, params)
        params = optax.apply_updates(params, updates)
        expected = expected - 0.1 * RULES[name](g, memory, t)
    np.testing.assert_allclose(params["w"], expected, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("schedule", "warmup", "expected"),
    [
        ("linear", 0, [1, 0.75, 0.5, 0.25, 0]),
        ("cosine", 0, [1, (1 + 0.5**0.5) / 2, 0.5, (1 - 0.5**0.5) / 2, 0]),
        ("constant", 2, [0, 0.5, 1, 1, 1]),
        ("linear", 2, [0, 0.5, 1, 0.5, 0]),
    ],
)
def test_a_rate_follows_its_schedule(schedule, warmup, expected):
    """By closed forms, over four steps; the critic, with two updates a step, goes at the generator's pace."""
    rate = scheduled(0.2, schedule, 4, warmup)
    critic_rate = scheduled(0.2, schedule, 4, warmup, updates_per_step=2)
    np.testing.assert_allclose([rate(count) for count in range(5)], 0.2 * np.array(expected), atol=1e-7)
    np.testing.assert_allclose([critic_rate(count) for count in range(10)], np.repeat(0.2 * np.array(expected), 2), atol=1e-7)


@pytest.mark.parametrize("schedule", ["cosine", "linear"])
def test_a_schedule_may_end_above_0_and_before_the_run(schedule):
    """By closed forms: over four of a hundred steps to a quarter, and there it stays."""
    rate = scheduled(0.2, schedule, 100, end=0.25, schedule_steps=4, updates_per_step=2)
    gone = np.minimum(np.arange(12) // 2, 4) / 4
    share = (1 + np.cos(np.pi * gone)) / 2 if schedule == "cosine" else 1 - gone
    np.testing.assert_allclose([rate(count) for count in range(12)], 0.2 * (0.25 + 0.75 * share), atol=1e-7)


def test_without_a_schedule_the_rate_stays_a_number():
    assert scheduled(0.2, "constant", 4) == 0.2
    assert set(SCHEDULES) == {"constant", "cosine", "linear"}


def test_an_update_takes_the_scheduled_rate():
    optimizer = OPTIMIZERS["sgd"](scheduled(0.2, "linear", 4), NUMBERS)
    params = jnp.zeros(1)
    state = optimizer.init(params)
    for _ in range(4):
        updates, state = optimizer.update(jnp.ones(1), state, params)
        params = optax.apply_updates(params, updates)
    np.testing.assert_allclose(params, -0.2 * (1 + 0.75 + 0.5 + 0.25), rtol=1e-6)
