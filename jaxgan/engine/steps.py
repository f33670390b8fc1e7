"""One critic step and one generator step: pure functions (state, draw) -> (state, metrics)."""

from collections.abc import Callable
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Key, PyTree

from jaxgan.engine.numbers import Numbers
from jaxgan.engine.optimizers import OPTIMIZERS, scheduled
from jaxgan.engine.setup import Setup
from jaxgan.types import (
    Average,
    Constraint,
    Critic,
    CriticOutput,
    Draw,
    GanState,
    Labels,
    Metrics,
    Params,
    Player,
    Samples,
    View,
)

Gradients = tuple[Params, Metrics, PyTree, PyTree]  # gradients, metrics, the generator's variables, the critic's variables


class Steps(NamedTuple):
    """The two steps of a run, and the gradients they follow (for diagnostics). None draws chance but dropout's, from `draw.key`."""

    critic_step: Callable[[GanState, Draw], tuple[GanState, Metrics]]
    gen_step: Callable[[GanState, Draw], tuple[GanState, Metrics]]
    critic_gradients: Callable[[GanState, Draw], Gradients]
    generator_gradients: Callable[[GanState, Draw], Gradients]


def make_steps(setup: Setup, numbers: Numbers) -> Steps:
    """The steps of a setup. Optimizers and rules are built here, from numbers that may be traced."""
    game = setup.build(**numbers.game)
    generator_optimizer, critic_optimizer = make_optimizers(setup, numbers)

    def generate(params: Params, variables: PyTree, draw: Draw) -> tuple[Samples, PyTree]:
        return _apply(setup.generator, params, variables, draw.latent, draw.fake_label, jax.random.fold_in(draw.key, 0))

    def ask(params: Params, variables: PyTree, draw: Draw) -> Critic:
        def critic(samples: Samples, labels: Labels) -> CriticOutput:
            rngs = {"dropout": jax.random.fold_in(draw.key, 3)}
            output: Any = setup.critic.apply({"params": params, **variables}, samples, labels, train=True, rngs=rngs)
            return output

        return critic

    def judge_both(params: Params, variables: PyTree, draw: Draw, fake: Samples) -> tuple[CriticOutput, CriticOutput, PyTree]:
        key = jax.random.fold_in(draw.key, 1)
        if setup.critic.couples_batch:  # batch norm sees real and fake apart, real first, as in the labs
            real_output, variables = _apply(setup.critic, params, variables, draw.real, draw.real_label, key)
            fake_key = jax.random.fold_in(draw.key, 2)
            fake_output, variables = _apply(setup.critic, params, variables, fake, draw.fake_label, fake_key)
            return real_output, fake_output, variables
        samples, labels = jnp.concatenate([draw.real, fake]), jnp.concatenate([draw.real_label, draw.fake_label])
        output, variables = _apply(setup.critic, params, variables, samples, labels, key)
        size = len(draw.real)
        return jax.tree.map(lambda x: x[:size], output), jax.tree.map(lambda x: x[size:], output), variables

    def critic_gradients(state: GanState, draw: Draw) -> Gradients:
        fake, generator_variables = generate(state.generator.params, state.generator.variables, draw)
        fake = jax.lax.stop_gradient(fake)

        def loss(params: Params) -> tuple[Array, tuple[Metrics, PyTree]]:
            real_output, fake_output, variables = judge_both(params, state.critic.variables, draw, fake)
            critic = ask(params, state.critic.variables, draw)
            view = View(draw=draw, samples=fake, fake=fake_output, real=real_output, critic=critic)
            total, metrics = game.objective.critic_loss(view, state.objective)
            for penalty in game.penalties:
                value, more = penalty(critic, draw, fake)
                total, metrics = total + value, {**metrics, **more}
            return total, ({"critic_loss": total, **metrics}, variables)

        gradients, (metrics, critic_variables) = jax.grad(loss, has_aux=True)(state.critic.params)
        return gradients, metrics, generator_variables, critic_variables

    def generator_gradients(state: GanState, draw: Draw) -> Gradients:
        def loss(params: Params) -> tuple[Array, tuple[Metrics, PyTree, PyTree]]:
            fake, variables = generate(params, state.generator.variables, draw)
            output, critic_variables = _apply(
                setup.critic,
                state.critic.params,
                state.critic.variables,
                fake,
                draw.fake_label,
                jax.random.fold_in(draw.key, 2),
            )
            critic = ask(state.critic.params, state.critic.variables, draw)
            view = View(draw=draw, samples=fake, fake=output, real=None, critic=critic)
            value, metrics = game.objective.generator_loss(view, state.objective)
            return value, ({"generator_loss": value, **metrics}, variables, critic_variables)

        gradients, (metrics, variables, critic_variables) = jax.grad(loss, has_aux=True)(state.generator.params)
        return gradients, metrics, variables, critic_variables

    def critic_step(state: GanState, draw: Draw) -> tuple[GanState, Metrics]:
        gradients, metrics, generator_variables, critic_variables = critic_gradients(state, draw)
        critic = _updated(state.critic._replace(variables=critic_variables), gradients, critic_optimizer, game.constraint)
        generator = state.generator._replace(variables=generator_variables)
        objective = game.objective.update(state.objective, metrics)
        return state._replace(generator=generator, critic=critic, objective=objective), metrics

    def gen_step(state: GanState, draw: Draw) -> tuple[GanState, Metrics]:
        gradients, metrics, generator_variables, critic_variables = generator_gradients(state, draw)
        generator = _updated(state.generator._replace(variables=generator_variables), gradients, generator_optimizer)
        critic = state.critic._replace(variables=critic_variables)
        return state._replace(generator=generator, critic=critic, ema=_averaged(state.ema, generator, numbers)), metrics

    return Steps(critic_step, gen_step, critic_gradients, generator_gradients)


def make_optimizers(setup: Setup, numbers: Numbers) -> tuple[optax.GradientTransformation, optax.GradientTransformation]:
    """The generator's and the critic's; both rates follow the schedule by generator steps."""
    plan = setup.plan
    critic_rate = scheduled(numbers.critic_learning_rate, plan, plan.n_critic)
    return (
        OPTIMIZERS[plan.optimizer](scheduled(numbers.learning_rate, plan), numbers),
        OPTIMIZERS[plan.critic_optimizer](critic_rate, numbers),
    )


def _apply(
    module: nn.Module, params: Params, variables: PyTree, x: Array, labels: Labels, key: Key[Array, ""]
) -> tuple[Any, PyTree]:
    """A pass in training mode: (output, the variables it moved)."""
    inputs = {"params": params, **variables}
    return module.apply(inputs, x, labels, train=True, rngs={"dropout": key}, mutable=list(variables))


def _updated(
    player: Player, gradients: Params, optimizer: optax.GradientTransformation, constraint: Constraint = lambda params: params
) -> Player:
    updates, opt_state = optimizer.update(gradients, player.opt_state, player.params)
    return player._replace(params=constraint(optax.apply_updates(player.params, updates)), opt_state=opt_state)


def _averaged(ema: Average | tuple[()], generator: Player, numbers: Numbers) -> Average | tuple[()]:
    """decay * average + (1 - decay) * new, for parameters and batch statistics alike; counters are copied."""
    if not ema:
        return ()

    def mean(old: Array, new: Array) -> Array:
        if not jnp.issubdtype(new.dtype, jnp.floating):
            return new
        return new + (numbers.ema * (old - new)).astype(new.dtype)

    return jax.tree.map(mean, ema, Average(generator.params, generator.variables))
