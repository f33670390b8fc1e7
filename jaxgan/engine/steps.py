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
from jaxgan.networks import generator_index
from jaxgan.objectives import with_generator_classifier
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
    plan = setup.plan
    game = setup.build(**numbers.game)
    objective = game.objective
    if plan.classify_generators:
        objective = with_generator_classifier(objective, numbers.generator_classifier_weight)
    generator_optimizer, critic_optimizer = make_optimizers(setup, numbers)
    made_by = generator_index(plan.batch_size, plan.generators) if plan.generators > 1 else None

    def generate(player: Player, draw: Draw) -> tuple[Samples, PyTree]:
        key = jax.random.fold_in(draw.key, 0)
        return _apply(setup.generator, player.params, player.variables, draw.latent, draw.fake_label, key)

    def ask(params: Params, variables: PyTree, draw: Draw) -> Critic:
        def critic(samples: Samples, labels: Labels, *, noise: int = 0) -> CriticOutput:
            rngs = _streams(jax.random.fold_in(jax.random.fold_in(draw.key, 3), noise))
            output: Any = setup.critic.apply({"params": params, **variables}, samples, labels, train=True, rngs=rngs)
            return output

        return critic

    def judge_both(params: Params, variables: PyTree, draw: Draw, fake: Samples) -> tuple[CriticOutput, CriticOutput, PyTree]:
        key = jax.random.fold_in(draw.key, 1)
        if setup.critic.couples_batch:  # real and fake are seen apart, real first, as in the labs
            real_output, variables = _apply(setup.critic, params, variables, draw.real, draw.real_label, key)
            fake_key = jax.random.fold_in(draw.key, 2)
            fake_output, variables = _apply(setup.critic, params, variables, fake, draw.fake_label, fake_key)
            return real_output, fake_output, variables
        samples, labels = jnp.concatenate([draw.real, fake]), jnp.concatenate([draw.real_label, draw.fake_label])
        output, variables = _apply(setup.critic, params, variables, samples, labels, key)
        real_output, fake_output = (jax.tree.map(lambda x, half=half: jnp.split(x, 2)[half], output) for half in (0, 1))
        return real_output, fake_output, variables

    def penalised(critic: Critic, draw: Draw, fake: Samples) -> tuple[Array, Metrics]:
        """The penalties' sum; every `penalty_every` steps that many times as much, their metrics too, so that the means stay."""

        def full(_: None = None) -> tuple[Array, dict[str, Array]]:
            total: Array = jnp.zeros((), draw.real.dtype)
            metrics: dict[str, Array] = {}
            for penalty in game.penalties:
                value, more = penalty(critic, draw, fake)
                total, metrics = total + value, {**metrics, **more}
            return total, metrics

        if plan.penalty_every == 1:
            return full()
        nothing = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), jax.eval_shape(full))
        often = plan.penalty_every
        due = jnp.asarray(draw.critic_step) % often == 0
        return jax.lax.cond(due, lambda: jax.tree.map(lambda x: often * x, full()), lambda: nothing)

    def critic_loss_gradients(critic: Player, state: GanState, draw: Draw, fake: Samples) -> tuple[Params, Metrics, PyTree]:
        """Gradients of the critic's loss, its metrics, and the critic's variables after the passes."""

        def loss(params: Params) -> tuple[Array, tuple[Metrics, PyTree]]:
            real_output, fake_output, variables = judge_both(params, critic.variables, draw, fake)
            asked = ask(params, critic.variables, draw)
            view = View(draw=draw, samples=fake, fake=fake_output, real=real_output, critic=asked, maker=made_by)
            total, metrics = objective.critic_loss(view, state.objective)
            value, more = penalised(asked, draw, fake)
            total = total + value
            return total, ({"critic_loss": total, **metrics, **more}, variables)

        gradients, (metrics, variables) = jax.grad(loss, has_aux=True)(critic.params)
        return gradients, metrics, variables

    def critic_gradients(state: GanState, draw: Draw) -> Gradients:
        fake, generator_variables = generate(state.generator, draw)
        gradients, metrics, variables = critic_loss_gradients(state.critic, state, draw, jax.lax.stop_gradient(fake))
        return gradients, metrics, generator_variables, variables

    def refreshed(critic: Player) -> Player:
        return critic._replace(variables=setup.critic.refreshed(critic.params, critic.variables))

    def looked_ahead(generator: Player, state: GanState, draw: Draw) -> Player:
        """The critic `unroll` steps on, each on the draw at hand: differentiable in the generator (arXiv 1611.02163, eq. 9-12).

        A trace of gradients is added to the optimizer's state, lest the root of a second moment of 0 has no derivative.
        """
        tiny = jax.tree.map(lambda x: x + 1e-20 if jnp.issubdtype(x.dtype, jnp.floating) else x, state.critic.opt_state)

        def step(critic: Player, k: Array) -> tuple[Player, None]:
            now = draw._replace(key=jax.random.fold_in(jax.random.fold_in(draw.key, 5), k))
            fake, _ = generate(generator, now)
            critic = refreshed(critic)
            gradients, _, variables = critic_loss_gradients(critic, state, now, fake)
            return _updated(critic._replace(variables=variables), gradients, critic_optimizer, game.constraint), None

        return jax.lax.scan(step, state.critic._replace(opt_state=tiny), jnp.arange(plan.unroll))[0]

    def generator_gradients(state: GanState, draw: Draw) -> Gradients:
        def loss(params: Params) -> tuple[Array, tuple[Metrics, PyTree, PyTree]]:
            generator = state.generator._replace(params=params)
            critic = looked_ahead(generator, state, draw) if plan.unroll else state.critic
            fake, variables = generate(generator, draw)
            key = jax.random.fold_in(draw.key, 2)
            output, critic_variables = _apply(setup.critic, critic.params, critic.variables, fake, draw.fake_label, key)
            asked = ask(critic.params, critic.variables, draw)
            view = View(draw=draw, samples=fake, fake=output, real=None, critic=asked, maker=made_by)
            value, metrics = objective.generator_loss(view, state.objective)
            if plan.unroll:  # what was looked at ahead is forgotten
                critic_variables = state.critic.variables
            return value, ({"generator_loss": value, **metrics}, variables, critic_variables)

        gradients, (metrics, variables, critic_variables) = jax.grad(loss, has_aux=True)(state.generator.params)
        return gradients, metrics, variables, critic_variables

    def critic_step(state: GanState, draw: Draw) -> tuple[GanState, Metrics]:
        state = state._replace(critic=refreshed(state.critic))
        gradients, metrics, generator_variables, critic_variables = critic_gradients(state, draw)
        critic = _updated(state.critic._replace(variables=critic_variables), gradients, critic_optimizer, game.constraint)
        generator = state.generator._replace(variables=generator_variables)
        return state._replace(generator=generator, critic=critic, objective=objective.update(state.objective, metrics)), metrics

    def gen_step(state: GanState, draw: Draw) -> tuple[GanState, Metrics]:
        gradients, metrics, generator_variables, critic_variables = generator_gradients(state, draw)
        generator = _updated(state.generator._replace(variables=generator_variables), gradients, generator_optimizer)
        critic = state.critic._replace(variables=critic_variables)
        return state._replace(generator=generator, critic=critic, ema=_averaged(state.ema, generator, numbers)), metrics

    return Steps(critic_step, gen_step, critic_gradients, generator_gradients)


def make_optimizers(setup: Setup, numbers: Numbers) -> tuple[optax.GradientTransformation, optax.GradientTransformation]:
    """The generator's and the critic's; both rates follow the schedule by generator steps."""
    plan = setup.plan
    critic_rate = scheduled(numbers.critic_learning_rate, plan, max(1, plan.n_critic))
    return (
        OPTIMIZERS[plan.optimizer](scheduled(numbers.learning_rate, plan), numbers),
        OPTIMIZERS[plan.critic_optimizer](critic_rate, numbers),
    )


def _apply(
    module: nn.Module, params: Params, variables: PyTree, x: Array, labels: Labels, key: Key[Array, ""]
) -> tuple[Any, PyTree]:
    """A pass in training mode: (output, the variables it moved)."""
    inputs = {"params": params, **variables}
    return module.apply(inputs, x, labels, train=True, rngs=_streams(key), mutable=list(variables))


def _streams(key: Key[Array, ""]) -> dict[str, Key[Array, ""]]:
    """The random streams that layers draw from in training."""
    return {"dropout": key, "augment": jax.random.fold_in(key, 1)}


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
