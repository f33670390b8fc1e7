"""`Gan`: everything that one training step is made of, as one frozen record of networks, rules, optimizers and numbers."""

import dataclasses
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Literal, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Key

from jaxgan import checks
from jaxgan.engine import steps
from jaxgan.engine.adaptive import no_augmentation
from jaxgan.engine.arguments import (
    check_draw,
    check_index,
    check_state,
    checked_samples,
    example_shape,
    key_of,
    labels_of,
    latent_of,
)
from jaxgan.engine.composition import check_combination, check_networks, check_parts, checked_numbers
from jaxgan.engine.draws import Index, Stream, critic_draw, critic_step_before, draw_latents, generator_draw, stream_key
from jaxgan.errors import UserError
from jaxgan.networks import (
    AugmentedCritic,
    ClassifyingCritic,
    Critic,
    Generator,
    MinibatchDiscriminationCritic,
    MixtureGenerator,
    NoisyCritic,
    PackedCritic,
    ProjectionCritic,
    SpectralCritic,
    as_critic,
    as_generator,
    packed_shape,
)
from jaxgan.networks.inspection import couples_batch
from jaxgan.networks.layers import no_labels
from jaxgan.networks.order import Layer, Path, layers_in_order
from jaxgan.objectives import with_generator_classifier
from jaxgan.pixels import to_model_range
from jaxgan.types import Average, Draw, Game, GanState, Labels, Metrics, Number, Objective, Player, Samples


class Networks(NamedTuple):
    """Both networks in their remedies, as the steps call them: (x, labels, train=...)."""

    generator: nn.Module
    critic: nn.Module


@dataclasses.dataclass(frozen=True, eq=False)
class Gan:
    """A generative adversarial network: two networks, the game they play, their optimizers, and how a step is made.

    It holds no weights: those are in the `GanState` that `init` makes and the steps return. All methods are pure functions of
    their arguments, to be used under `jit`, `vmap`, `scan` and sharding as you like.

    Args:
        generator: latents (B, latent_dim) to samples. A module of `jaxgan.networks`, a linen module of your own, an NNX module
            class, or a pair of functions (init, apply); called as (latent) or (latent, labels), with `train` if it takes it.
        critic: samples to raw scores (B,) or (B, 1), or a `CriticOutput`. The discriminator of most GAN papers; no sigmoid.
        game: what both minimise, as `jaxgan.objectives.wgan_gp()` and its siblings return it.
        generator_optimizer: any optax transformation.
        critic_optimizer: likewise.
        latent_dim: numbers in a latent.
        n_classes: of a conditional GAN, which gives labels 0 to n_classes - 1 to both players; 0: no classes.
        label_dim: of a GAN conditional on vectors (B, label_dim): 0s and 1s, or numbers of about mean 0 and deviation 1. A network that
            takes no labels has the vector itself joined to its input; "projection" adds <V y, features> with a learnt matrix V.
        n_critic: critic steps to each generator step; 0: no critic.
        ema: decay of the running mean of the generator's weights, from which samples are drawn; 0 keeps none.
        conditioning: a critic that takes no labels has their embedding joined to its input, or projected on its features.
        critic_data: each critic step sees a fresh real batch, or all of an iteration the same.
        generator_latent: the generator step draws fresh latents, or takes those of the critic step before it.
        fake_labels: of fake samples: those of the real batch, or random ones: classes all alike, vectors the real batch's in another order.
        order: where the generator step stands among the critic steps: after all, before all, or after the first.
        pac: samples that the critic scores as one (PacGAN, arXiv 1712.04086).
        unroll: critic steps that the generator looks ahead through (arXiv 1611.02163).
        generators: several generators, which make the samples of a batch in turn (arXiv 1708.02556).
        generator_classifier_weight: weight with which several generators are told apart; 0: the plain mixture.
        penalty_every: critic steps from one penalty to the next, its weight multiplied by as many (arXiv 1912.04958).
        minibatch_discrimination: show the critic how near each sample is to the others of its batch (arXiv 1606.03498).
        spectral_norm: divide each weight of the critic by its largest singular value (arXiv 1802.05957).
        instance_noise: deviation of the noise added to all that the critic sees in training (arXiv 1610.04490).
        augment: what the critic's pictures go through in training: colour, translation, cutout (arXiv 2006.10738), flip, rotation,
            shift, geometry, luma, hue, noise (arXiv 2006.06676).
        ada: augment with a probability that rises while the critic overfits, and falls else (arXiv 2006.06676, section 3.2).
        ada_target: the overfitting measure r_t, the mean sign of the critic's verdict on real samples, above which it rises.
        ada_images: real samples in which the probability could go from 0 to 1.
        ada_interval: critic steps from one change of it to the next.
        freeze_critic: layers of the critic, from its input on, whose parameters stay as they are (FreezeD, arXiv 2002.10964).
        accumulate: parts that each batch's gradient is made of, one after another, which takes less memory.

    Raises:
        UserError: a value of a wrong type or outside its range, or settings that make no sense together, with the reason.

    Example:
        >>> import jax, optax, jaxgan
        >>> from jaxgan import networks, objectives
        >>> gan = jaxgan.Gan(networks.MlpGenerator((2,), 2), networks.MlpCritic((2,)), objectives.wgan_gp(),
        ...                  optax.adam(1e-4, 0.5, 0.9), optax.adam(1e-4, 0.5, 0.9), latent_dim=2, n_critic=5)
        >>> real = jax.random.normal(jax.random.key(1), (64, 2))
        >>> state = gan.init(jax.random.key(0), real)
        >>> state, metrics = jax.jit(gan.critic_step)(state, gan.draw(state.key, 0, real))
        >>> gan.sample(state, jax.random.key(2), 3).shape
        (3, 2)
    """

    generator: Any
    critic: Any
    game: Game
    generator_optimizer: optax.GradientTransformation
    critic_optimizer: optax.GradientTransformation
    _: dataclasses.KW_ONLY
    latent_dim: int
    n_classes: int = 0
    label_dim: int = 0
    n_critic: int = 1
    ema: Number = 0.0
    conditioning: Literal["concat", "projection"] = "concat"
    critic_data: Literal["fresh", "same"] = "fresh"
    generator_latent: Literal["fresh", "same"] = "fresh"
    fake_labels: Literal["real", "random"] = "real"
    order: Literal["critic_first", "generator_first", "generator_second"] = "critic_first"
    pac: int = 1
    unroll: int = 0
    generators: int = 1
    generator_classifier_weight: Number = 1.0
    penalty_every: int = 1
    minibatch_discrimination: bool = False
    spectral_norm: bool = False
    instance_noise: float = 0.0
    augment: tuple[str, ...] = ()
    ada: bool = False
    ada_target: Number = 0.6
    ada_images: int = 100_000
    ada_interval: int = 4
    freeze_critic: int = 0
    accumulate: int = 1

    def __post_init__(self) -> None:
        for name, value in checked_numbers(self).items():
            object.__setattr__(self, name, value)
        check_parts(self)
        _ = self.networks  # refuses what is no network
        check_combination(self)

    # The parts

    @property
    def is_built_in(self) -> bool:
        """Whether both networks are jaxgan's own."""
        return isinstance(self.generator, Generator) and isinstance(self.critic, Critic)

    @property
    def is_conditional(self) -> bool:
        """Whether labels go to both players."""
        return bool(self.n_classes or self.label_dim)

    @property
    def classifies_generators(self) -> bool:
        """Whether the critic tells several generators apart."""
        return self.generators > 1 and not is_zero(self.generator_classifier_weight)

    @property
    def objective(self) -> Objective:
        """The game's objective, with the generators' classifier where there is one."""
        if self.classifies_generators:
            return with_generator_classifier(self.game.objective, self.generator_classifier_weight)
        return self.game.objective

    @cached_property
    def networks(self) -> Networks:
        """Both networks in their remedies."""
        return Networks(self._dressed_generator(), self._dressed_critic())

    def _dressed_generator(self) -> nn.Module:
        generator = as_generator(self.generator, n_classes=self.n_classes, label_dim=self.label_dim)
        if isinstance(generator, Generator):
            generator = generator.clone(n_classes=self.n_classes, label_dim=self.label_dim)
        return generator if self.generators == 1 else MixtureGenerator(generator, self.generators)

    def _dressed_critic(self) -> nn.Module:
        """The critic in its remedies, from the inside out; its labels are joined to each sample before packing."""
        projected = self.conditioning == "projection"
        joins = self.pac == 1 and not projected
        inner: dict[str, Any] = {"n_classes": self.n_classes if joins else 0, "label_dim": self.label_dim if joins else 0}
        critic = as_critic(self.critic, **inner)
        if isinstance(critic, Critic):
            shape = critic.sample_shape
            if self.pac > 1:
                shape = packed_shape(shape, self.pac, 0 if projected else self.n_classes or self.label_dim)
            critic = critic.clone(**inner, sample_shape=shape)
        if self.minibatch_discrimination:
            critic = MinibatchDiscriminationCritic(critic)
        if self.classifies_generators:
            critic = ClassifyingCritic(critic, self.generators)
        if self.pac > 1:
            critic = PackedCritic(critic, self.pac, self.n_classes, projected, self.label_dim)
        elif projected:
            critic = ProjectionCritic(critic, self.n_classes, self.label_dim)
        if self.spectral_norm:
            critic = SpectralCritic(critic)
        if self.instance_noise:
            critic = NoisyCritic(critic, self.instance_noise)
        if self.augment:
            critic = AugmentedCritic(critic, tuple(self.augment))
        return critic

    def with_numbers(self, **numbers: Any) -> "Gan":
        """The same with other rules, optimizers or numbers, which may be traced; the networks stay as they are."""
        other = dataclasses.replace(self, **numbers)
        other.__dict__.update(networks=self.networks, _coupled=self._coupled, _layers=self._layers)
        return other

    @cached_property
    def _coupled(self) -> dict[tuple[int, ...], bool]:
        return {}

    def couples_batch(self, sample_shape: tuple[int, ...]) -> bool:
        """Whether in training one sample's score depends on the others of its batch.

        The networks of jaxgan say so themselves; of others it is seen from the derivative of one score in the other samples.
        """
        shape = tuple(sample_shape)
        if shape not in self._coupled:
            example = 0.1 * jax.random.normal(jax.random.key(1), (self.pac, *shape), float)
            labels = no_labels(self.pac, self.label_dim)
            self._coupled[shape] = couples_batch(self.networks.critic, None, example, labels, rows_per_score=self.pac)
        return self._coupled[shape]

    @cached_property
    def _layers(self) -> dict[tuple[int, ...], tuple[Layer, ...]]:
        return {}

    def critic_layers(self, sample_shape: tuple[int, ...]) -> tuple[Layer, ...]:
        """The critic's layers in the order of its parameters (`jaxgan.networks.order`)."""
        shape = tuple(sample_shape)
        if shape not in self._layers:
            samples = jax.ShapeDtypeStruct((self.pac, *shape), jax.dtypes.canonicalize_dtype(float))
            labels = jax.eval_shape(lambda: no_labels(self.pac, self.label_dim))
            self._layers[shape] = layers_in_order(self.networks.critic, samples, labels)
        return self._layers[shape]

    def frozen_parameters(self, sample_shape: tuple[int, ...]) -> frozenset[Path]:
        """The paths of the critic's parameters that no step moves."""
        if not self.freeze_critic:
            return frozenset()
        layers = self.critic_layers(sample_shape)
        return frozenset(path for layer in layers[: self.freeze_critic] for path in layer.paths)

    def check_networks(self, sample_shape: tuple[int, ...]) -> None:
        """Refuses networks that do not go with a penalty, with parts of a batch or with as many frozen layers, on samples of this shape.

        Raises:
            UserError: the reason.
        """
        check_networks(self, tuple(sample_shape))

    def check_sample_shape(self, made: tuple[int, ...], real: tuple[int, ...]) -> None:
        """Refuses a generator whose samples have another shape than the real ones (the first axis is the batch)."""
        if tuple(made[1:]) != tuple(real[1:]):
            raise UserError(f"the generator's samples have shape {tuple(made[1:])}; the real ones have {tuple(real[1:])}")

    # State

    def init(self, key: Key[Array, ""], example: Any, labels: Labels | None = None) -> GanState:
        """The state at step 0, all of whose chance comes from `key`.

        Args:
            key: of `jax.random.key`; the state keeps it as the root of all later chance.
            example: a batch of samples, of which only the shape is used (an array or a `jax.ShapeDtypeStruct`).
            labels: of the example, where the GAN is conditional; only that they are there is used.

        Raises:
            UserError: networks that do not fit the example, or each other; a critic that couples the samples of a batch under a
                gradient penalty.
        """
        key, shape = key_of(key), example_shape(self, example)
        self.check_networks(shape)
        generator = self._player(self.networks.generator, self.generator_optimizer, key, 0, self.generators, (self.latent_dim,))
        critic = self._player(self.networks.critic, self.critic_optimizer, key, 1, self.pac, shape)
        return GanState(
            step=jnp.zeros((), jnp.int32),
            key=key,
            generator=generator,
            critic=critic,
            ema=() if is_zero(self.ema) else Average(generator.params, generator.variables),
            objective=self.game.objective.init(),
            augmentation=no_augmentation() if self.ada else (),
        )

    def begun_anew(self, state: GanState) -> GanState:
        """The state with new optimizers, and a running mean that begins with the weights as they are: for weights that come from elsewhere."""
        generator = state.generator._replace(opt_state=self.generator_optimizer.init(state.generator.params))
        critic = state.critic._replace(opt_state=self.critic_optimizer.init(state.critic.params))
        ema = Average(generator.params, generator.variables) if state.ema else ()
        return state._replace(generator=generator, critic=critic, ema=ema)

    def _player(
        self, module: nn.Module, optimizer: optax.GradientTransformation, key: Array, index: int, rows: int, shape: tuple
    ) -> Player:
        own = stream_key(key, Stream.INIT, index)
        rngs = {"params": own, **steps.layer_rngs(jax.random.fold_in(own, 1))}
        variables = dict(module.init(rngs, jnp.zeros((rows, *shape), float), no_labels(rows, self.label_dim)))
        params = variables.pop("params", {})
        return Player(params, variables, optimizer.init(params))

    # Steps

    def draw(
        self,
        key: Key[Array, ""],
        index: Index,
        real: Any,
        label: Labels | None = None,
        *,
        step: Literal["critic", "generator"] = "critic",
    ) -> Draw:
        """All the chance of one step, as a function of the run's key and the step's number.

        Args:
            key: the run's, `state.key`.
            index: the critic step's number over the run, 0, 1, ...; of a generator step, generator steps made before it.
            real: the batch of real samples, bytes (which become numbers in [-1, 1]) or floats. A generator step takes that of the
                critic step before it.
            label: their labels, int32 (B,) or float (B, label_dim), where the GAN is conditional.
            step: which player's step it is for.

        Raises:
            UserError: an argument of another type or shape, or a label that is none of the classes.
        """
        key, real = key_of(key), checked_samples(self, "real", real)
        check_index(index)
        label = labels_of(self, "label", label, (len(real),))
        real = to_model_range(jnp.asarray(real))
        make = critic_draw if checks.choice("step", step, ("critic", "generator")) == "critic" else generator_draw
        return make(self, key, index, real, label)

    def critic_step(self, state: GanState, draw: Draw) -> tuple[GanState, Metrics]:
        """The state after one step of the critic, and its metrics (critic_loss, score_real, ...)."""
        check_state(state)
        check_draw(self, draw)
        return steps.critic_step(self, state, draw)

    def gen_step(self, state: GanState, draw: Draw) -> tuple[GanState, Metrics]:
        """The state after one step of the generator, and its metrics (generator_loss, ...). `state.step` is left as it is."""
        check_state(state)
        check_draw(self, draw)
        return steps.gen_step(self, state, draw)

    def iteration(self, state: GanState, batches: Any) -> tuple[GanState, Metrics]:
        """n_critic critic steps and one generator step, with the draws of this step number; `state.step` moves on by one.

        Args:
            state: before.
            batches: real samples (n, B, ...), or a pair of them and their labels (n, B, ...). n is n_critic; 1 where `critic_data` is
                "same" or there is no critic. Where the generator moves first, one more stands in front: the batch before.

        Returns:
            the state after, and its metrics: those of critic steps are means.
        """
        check_state(state)
        if isinstance(batches, tuple) and len(batches) != 2:
            raise UserError(f"batches: a tuple of {len(batches)}; must be samples, or a pair of samples and labels")
        real, labels = batches if isinstance(batches, tuple) else (batches, None)
        real = checked_samples(self, "batches", real, self.batches_per_iteration)
        labels = labels_of(self, "labels", labels, real.shape[:2])
        real = to_model_range(jnp.asarray(real))
        first = self.first_batch(state.step)
        return iterate(self, state, lambda key, index: (real[index - first], labels[index - first]))

    @property
    def batches_per_step(self) -> int:
        """New real batches that one iteration reads."""
        return max(1, self.n_critic) if self.critic_data == "fresh" else 1

    @property
    def batches_per_iteration(self) -> int:
        """Batches that `iteration` takes."""
        return self.batches_per_step + (self.order == "generator_first")

    def first_batch(self, step: Index) -> Index:
        """The index of the first batch that the iteration after `step` generator steps reads."""
        return step * self.batches_per_step - (self.order == "generator_first")

    def batch_of(self, critic_step: Index) -> Index:
        """The index of the real batch that a critic step sees."""
        return critic_step if self.critic_data == "fresh" else critic_step // max(1, self.n_critic)

    # Samples

    def generate(
        self, state: GanState, latent: Array, labels: Labels, *, batch_statistics: bool = False, average: bool = True
    ) -> Samples:
        """G(z, y) with the averaged weights where the state has them (and `average`), and the running batch statistics.

        With `batch_statistics` batch norm uses the batch's own, as the labs do.

        Raises:
            UserError: a latent of another shape, labels that are not as many, or none of the classes.
        """
        check_state(state)
        latent = latent_of(self, latent)
        labels = labels_of(self, "labels", labels, (len(latent),))
        source = state.ema if average and state.ema else state.generator
        inputs = {"params": source.params, **source.variables}
        samples: Any = self.networks.generator.apply(inputs, latent, labels, train=batch_statistics)
        return samples

    def sample(
        self, state: GanState, key: Key[Array, ""], n: int, labels: Labels | None = None, *, average: bool = True
    ) -> Samples:
        """n samples (n, ...); of a conditional GAN of the classes `labels` (n,), else of every class in equal parts, in order; or of vectors
        (n, label_dim), which must be given.

        Raises:
            UserError: as `generate`; or n is no whole number from 1, or labels are given that the GAN does not take.
        """
        check_state(state)
        key, n = key_of(key), checks.whole_number("n", n)
        labels = self.sample_labels(n, labels)
        return self.generate(state, draw_latents(key, n, self.latent_dim), labels, average=average)

    def sample_labels(self, n: int, labels: Any = None) -> Labels:
        """The labels of n samples: those given, else every class in equal parts, in order; zeros where there are no labels."""
        if labels is not None and not self.is_conditional:
            raise UserError("labels: this GAN was made without labels (n_classes=0)")
        if labels is None and self.n_classes:
            return equal_parts(n, self.n_classes)
        return labels_of(self, "labels", labels, (n,))


def is_zero(value: Any) -> bool:
    """Whether a number is known to be 0; a traced one is not."""
    return isinstance(value, int | float) and value == 0


def equal_parts(n: int, n_classes: int) -> Array:
    """Labels (n,) of every class in equal parts, sorted."""
    return jnp.asarray(np.arange(n) * n_classes // n, jnp.int32)


BatchAt = Callable[[Key[Array, ""], Any], tuple[Samples, Labels]]  # (run key, index of the batch) -> real samples, labels


def iterate(
    gan: Gan, state: GanState, batch_at: BatchAt, place: Callable[[Draw], Draw] = lambda draw: draw
) -> tuple[GanState, Metrics]:
    """n_critic critic steps and one generator step, in the GAN's order; metrics of critic steps are their mean.

    `place` lays a draw over the devices, and changes no value.
    """
    n_critic, t = gan.n_critic, state.step

    def critic_steps(state: GanState, indices: range) -> tuple[GanState, Metrics]:
        """Critic steps in one inner loop, and their metrics stacked."""

        def body(state: GanState, i: Array) -> tuple[GanState, Metrics]:
            index = t * n_critic + i
            real, label = batch_at(state.key, gan.batch_of(index))
            return gan.critic_step(state, place(critic_draw(gan, state.key, index, real, label)))

        return jax.lax.scan(body, state, jnp.arange(indices.start, indices.stop), unroll=len(indices) == 1)

    def generator_step(state: GanState) -> tuple[GanState, Metrics]:
        real, label = batch_at(state.key, gan.batch_of(critic_step_before(gan, t)))
        return gan.gen_step(state, place(generator_draw(gan, state.key, t, real, label)))

    before = {"critic_first": n_critic, "generator_first": 0, "generator_second": 1}[gan.order]
    stacked: list[Metrics] = []
    metrics: Mapping[str, Array] = {}
    for part in (range(before), None, range(before, n_critic)):
        if part is None:
            state, metrics = generator_step(state)
        elif part:  # an empty loop would be compiled all the same
            state, critic_metrics = critic_steps(state, part)
            stacked.append(critic_metrics)
    means = jax.tree.map(lambda *parts: jnp.concatenate(parts).mean(0), *stacked) if stacked else {}
    return state._replace(step=t + 1), {**means, **metrics}
