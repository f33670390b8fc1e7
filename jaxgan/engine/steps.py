"""One critic step and one generator step: pure functions (gan, state, draw) -> (state, metrics).

No chance is drawn here but dropout's and augmentation's, from `draw.key`: the same state and draw give the same numbers. A
profile tells the parts by the names of their scopes.
"""

from functools import partial
from typing import TYPE_CHECKING, Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Key, PyTree

from jaxgan.engine.accumulation import mean_over_parts
from jaxgan.engine.adaptive import adapted, overfitting, passed_variables
from jaxgan.networks import generator_index
from jaxgan.networks.inspection import has_dropout
from jaxgan.networks.layers import BatchNorm
from jaxgan.types import (
    Average,
    Constraint,
    Critic,
    CriticOutput,
    CriticView,
    Draw,
    GanState,
    GeneratorView,
    Gradients,
    Labels,
    Metrics,
    Params,
    Player,
    Samples,
    StepStream,
    unconstrained,
)

if TYPE_CHECKING:
    from jaxgan.engine.gan import Gan

STATISTICS_PACE = 4  # times as fast as averaged weights move their batch statistics, at most as fast as batch norm's own


@jax.named_scope("critic_step")
def critic_step(gan: "Gan", state: GanState, draw: Draw) -> tuple[GanState, Metrics]:
    """The critic's parameters and the objective's state move; both players' batch statistics do, as in PyTorch's training mode."""
    state = state._replace(critic=_refreshed(gan, state.critic))
    gradients = critic_gradients(gan, state, draw)
    critic = state.critic._replace(variables=gradients.critic_variables)
    critic = _updated_critic(gan, critic, gradients.params, draw)
    generator = state.generator._replace(variables=gradients.generator_variables)
    objective = gan.objective.update(state.objective, gradients.metrics)
    augmentation = adapted(gan, state, gradients.metrics, len(draw.real))
    after = state._replace(generator=generator, critic=critic, objective=objective, augmentation=augmentation)
    return after, gradients.metrics


@jax.named_scope("generator_step")
def gen_step(gan: "Gan", state: GanState, draw: Draw) -> tuple[GanState, Metrics]:
    """The generator's parameters and their running mean move; the batch statistics of both players and of the mean do."""
    gradients = generator_gradients(gan, state, draw)
    generator = state.generator._replace(variables=gradients.generator_variables)
    generator = _updated(generator, gradients.params, gan.generator_optimizer)
    critic = state.critic._replace(variables=gradients.critic_variables)
    average = _averaged(gan, state.ema, generator, draw)
    return state._replace(generator=generator, critic=critic, ema=average), gradients.metrics


def critic_gradients(gan: "Gan", state: GanState, draw: Draw) -> Gradients:
    """The gradients of the critic's loss, penalties included; with `accumulate`, the mean of those of the batch's parts."""
    return mean_over_parts(gan, partial(_critic_gradients, gan, state), draw)


def generator_gradients(gan: "Gan", state: GanState, draw: Draw) -> Gradients:
    """The gradients of the generator's loss; with `accumulate`, the mean of those of the batch's parts."""
    return mean_over_parts(gan, partial(_generator_gradients, gan, state), draw)


def _critic_gradients(gan: "Gan", state: GanState, draw: Draw) -> Gradients:
    """The gradients of the critic's loss, penalties included."""
    fake, generator_variables = _generate(gan, state.generator, draw)
    gradients, metrics, variables = _critic_loss_gradients(gan, state.critic, state, draw, jax.lax.stop_gradient(fake))
    return Gradients(gradients, metrics, generator_variables, variables)


def _generator_gradients(gan: "Gan", state: GanState, draw: Draw) -> Gradients:
    """The gradients of the generator's loss; with `unroll`, through as many critic steps, which are then forgotten."""
    passed = passed_variables(state)

    def loss(params: Params) -> tuple[Array, tuple[Metrics, PyTree, PyTree]]:
        generator = state.generator._replace(params=params)
        fake, variables = _generate(gan, generator, draw)
        critic = _unrolled_critic(gan, generator, state, draw, fake) if gan.unroll else state.critic
        seen, fake = _seen(gan, draw, fake, passed)
        key = jax.random.fold_in(draw.key, StepStream.CRITIC_FAKE)
        scored = gan.networks.critic, critic.params, critic.variables, fake, draw.fake_label, key
        output, critic_variables = _apply(*scored, passed=passed)
        view = GeneratorView(
            draw=seen,
            samples=fake,
            fake=output,
            critic=_query(gan, critic.params, {**critic.variables, **passed}, draw),
            generator_index=_generator_index(gan, draw),
        )
        value, metrics = gan.objective.generator_loss(view, state.objective)
        if gan.unroll:
            critic_variables = state.critic.variables
        return value, ({"generator_loss": value, **metrics}, variables, critic_variables)

    gradients, (metrics, variables, critic_variables) = jax.grad(loss, has_aux=True)(state.generator.params)
    return Gradients(gradients, metrics, variables, critic_variables)


def _critic_loss_gradients(
    gan: "Gan", critic: Player, state: GanState, draw: Draw, fake: Samples
) -> tuple[Params, Metrics, PyTree]:
    """The gradients of the critic's loss, its metrics, and the critic's variables after the passes."""
    passed = passed_variables(state)
    draw, fake = _seen(gan, draw, fake, passed)

    def loss(params: Params) -> tuple[Array, tuple[Metrics, PyTree]]:
        real_output, fake_output, variables = _score_both(gan, params, critic.variables, draw, fake, passed)
        query = _query(gan, params, {**critic.variables, **passed}, draw)
        view = CriticView(
            draw=draw,
            samples=fake,
            real=real_output,
            fake=fake_output,
            critic=query,
            generator_index=_generator_index(gan, draw),
        )
        total, metrics = gan.objective.critic_loss(view, state.objective)
        value, more = _penalties(gan, query, draw, fake)
        total = total + value
        return total, ({"critic_loss": total, **metrics, **more, **overfitting(gan, state, view)}, variables)

    gradients, (metrics, variables) = jax.grad(loss, has_aux=True)(critic.params)
    return gradients, metrics, variables


def _score_both(
    gan: "Gan", params: Params, variables: PyTree, draw: Draw, fake: Samples, passed: PyTree
) -> tuple[CriticOutput, CriticOutput, PyTree]:
    """The critic's outputs on real and fake samples, and its variables after: in one pass where that changes nothing."""
    critic = gan.networks.critic
    key = jax.random.fold_in(draw.key, StepStream.CRITIC_REAL)
    if gan.couples_batch(draw.real.shape[1:]):  # real and fake are seen apart, real first, as in the labs
        real_output, variables = _apply(critic, params, variables, draw.real, draw.real_label, key, passed=passed)
        fake_key = jax.random.fold_in(draw.key, StepStream.CRITIC_FAKE)
        fake_output, variables = _apply(critic, params, variables, fake, draw.fake_label, fake_key, passed=passed)
        return real_output, fake_output, variables
    samples, labels = jnp.concatenate([draw.real, fake]), jnp.concatenate([draw.real_label, draw.fake_label])
    output, variables = _apply(critic, params, variables, samples, labels, key, passed=passed)
    real_output, fake_output = (jax.tree.map(lambda x, half=half: jnp.split(x, 2)[half], output) for half in (0, 1))
    return real_output, fake_output, variables


def _query(gan: "Gan", params: Params, variables: PyTree, draw: Draw) -> Critic:
    """The critic as penalties and objectives call it: in training mode, moving no statistics."""

    def critic(samples: Samples, labels: Labels, *, noise: int = 0) -> CriticOutput:
        rngs = layer_rngs(jax.random.fold_in(jax.random.fold_in(draw.key, StepStream.CRITIC_QUERY), noise))
        output: Any = gan.networks.critic.apply({"params": params, **variables}, samples, labels, train=True, rngs=rngs)
        return output

    return critic


@jax.named_scope("penalty")
def _penalties(gan: "Gan", critic: Critic, draw: Draw, fake: Samples) -> tuple[Array, Metrics]:
    """The penalties' sum; every `penalty_every` steps that many times as much, their metrics too, so that the means stay."""

    def full(_: None = None) -> tuple[Array, dict[str, Array]]:
        total: Array = jnp.zeros((), draw.real.dtype)
        metrics: dict[str, Array] = {}
        for penalty in gan.game.penalties:
            value, more = penalty(critic, draw, fake)
            total, metrics = total + value, {**metrics, **more}
        return total, metrics

    if gan.penalty_every == 1:
        return full()
    nothing = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), jax.eval_shape(full))
    often = gan.penalty_every
    due = jnp.asarray(draw.critic_step) % often == 0
    return jax.lax.cond(due, lambda: jax.tree.map(lambda x: often * x, full()), lambda: nothing)


@jax.named_scope("unrolled")
def _unrolled_critic(gan: "Gan", generator: Player, state: GanState, draw: Draw, fake: Samples) -> Player:
    """The critic `unroll` steps on, each on the draw at hand: differentiable in the generator (arXiv 1611.02163, eq. 9-12).

    A generator without dropout gives each step the same `fake`, that of the generator's own step.
    A trace of gradients is added to the optimizer's state, lest the root of a second moment of 0 has no derivative.
    """
    drops = has_dropout(gan.networks.generator, draw.latent, draw.fake_label)
    tiny = jax.tree.map(lambda x: x + 1e-20 if jnp.issubdtype(x.dtype, jnp.floating) else x, state.critic.opt_state)

    def step(critic: Player, k: Array) -> tuple[Player, None]:
        now = draw._replace(key=jax.random.fold_in(jax.random.fold_in(draw.key, StepStream.UNROLL), k))
        samples = _generate(gan, generator, now)[0] if drops else fake
        critic = _refreshed(gan, critic)
        gradients, _, variables = _critic_loss_gradients(gan, critic, state, now, samples)
        return _updated_critic(gan, critic._replace(variables=variables), gradients, now), None

    return jax.lax.scan(step, state.critic._replace(opt_state=tiny), jnp.arange(gan.unroll))[0]


def _generate(gan: "Gan", player: Player, draw: Draw) -> tuple[Samples, PyTree]:
    """The fake samples of a step, and the generator's variables after the pass."""
    key = jax.random.fold_in(draw.key, StepStream.GENERATOR)
    samples, variables = _apply(gan.networks.generator, player.params, player.variables, draw.latent, draw.fake_label, key)
    gan.check_sample_shape(samples.shape, draw.real.shape)
    return samples, variables


def _seen(gan: "Gan", draw: Draw, fake: Array, passed: PyTree) -> tuple[Draw, Array]:
    """The draw and the fake samples with what the critic sees in place of samples (`jaxgan.networks.Critic.seen`): mostly they themselves."""
    critic = gan.networks.critic
    if not critic.maps_samples:
        return draw, fake

    def see(samples: Samples, stream: StepStream) -> Array:
        rngs = layer_rngs(jax.random.fold_in(draw.key, stream))
        seen: Any = critic.apply(passed, samples, rngs=rngs, method="seen")
        return seen

    return draw._replace(real=see(draw.real, StepStream.CRITIC_REAL)), see(fake, StepStream.CRITIC_FAKE)


def _generator_index(gan: "Gan", draw: Draw) -> Array | None:
    return generator_index(len(draw.latent), gan.generators) if gan.generators > 1 else None


def _apply(
    module: nn.Module,
    params: Params,
    variables: PyTree,
    x: Array,
    labels: Labels,
    key: Key[Array, ""],
    *,
    passed: PyTree = None,
) -> tuple[Any, PyTree]:
    """A pass in training mode: (output, the variables after it). It sees what is `passed` too, and does not give it back."""
    inputs = {"params": params, **variables, **(passed or {})}
    return module.apply(inputs, x, labels, train=True, rngs=layer_rngs(key), mutable=list(variables))


def layer_rngs(key: Key[Array, ""]) -> dict[str, Key[Array, ""]]:
    """The random streams that layers draw from in training."""
    return {"dropout": key, "augment": jax.random.fold_in(key, 1)}


def _refreshed(gan: "Gan", critic: Player) -> Player:
    """The critic after what its layers do once a step beside their passes (spectral norm's power iteration)."""
    return critic._replace(variables=gan.networks.critic.refreshed(critic.params, critic.variables))


@jax.named_scope("optimizer")
def _updated(
    player: Player, gradients: Params, optimizer: optax.GradientTransformation, constraint: Constraint = unconstrained
) -> Player:
    updates, opt_state = optimizer.update(gradients, player.opt_state, player.params)
    return player._replace(params=constraint(optax.apply_updates(player.params, updates)), opt_state=opt_state)


def _updated_critic(gan: "Gan", critic: Player, gradients: Params, draw: Draw) -> Player:
    """The critic after its optimizer and its constraint; of frozen layers neither the gradient counts nor the parameters move."""
    frozen = gan.frozen_parameters(draw.real.shape[1:])
    if not frozen:
        return _updated(critic, gradients, gan.critic_optimizer, gan.game.constraint)

    def where_frozen(then: Params, otherwise: Params) -> Params:
        def choose(path: Any, then: Array, otherwise: Array) -> Array:
            return then if tuple(jax.tree_util.keystr((entry,), simple=True) for entry in path) in frozen else otherwise

        return jax.tree_util.tree_map_with_path(choose, then, otherwise)

    still = where_frozen(jax.tree.map(jnp.zeros_like, gradients), gradients)
    moved = _updated(critic, still, gan.critic_optimizer, gan.game.constraint)
    return moved._replace(params=where_frozen(critic.params, moved.params))


@jax.named_scope("average")
def _averaged(gan: "Gan", ema: Average | tuple[()], generator: Player, draw: Draw) -> Average | tuple[()]:
    """decay * average + (1 - decay) * new of the parameters; the batch statistics are those of the averaged generator's own passes.

    Mean weights want statistics of their own (Izmailov et al. 2018, arXiv 1803.05407, section 3.2). The mean of the generator's variances
    is too large for them, which makes pale pictures. Theirs move as slowly as the weights allow: those of the last few batches
    alone would shift all samples alike. Counters are the generator's.
    """
    if not ema:
        return ()
    params = jax.tree.map(lambda old, new: new + (gan.ema * (old - new)).astype(new.dtype), ema.params, generator.params)
    if not ema.variables:
        return Average(params, ema.variables)
    _, passed = _generate(gan, generator._replace(params=params, variables=ema.variables), draw)
    share = jnp.minimum(1.0, STATISTICS_PACE * (1 - gan.ema) / BatchNorm.momentum)

    def moved(old: Array, new: Array, of_generator: Array) -> Array:
        return old + (share * (new - old)).astype(old.dtype) if jnp.issubdtype(old.dtype, jnp.floating) else of_generator

    return Average(params, jax.tree.map(moved, ema.variables, passed, generator.variables))
