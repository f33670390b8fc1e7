"""The records that all layers share (layer 0).

A batch walks through them like this: a `Draw` holds all the chance of one step; the generator turns its latents into fake
samples; the critic's `CriticOutput`s on real and fake samples are shown to an `Objective` as a `CriticView` (in the generator's
step, those on fake samples alone as a `GeneratorView`); the `Penalty`s add to the critic's loss, a `Constraint` bounds its
parameters, and the new parameters go into the `Player`s of a `GanState`.

The critic is what most GAN papers call the discriminator: it gives raw scores, and a loss makes of them what it needs.
"""

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any, NamedTuple, Protocol, runtime_checkable

import jax
import numpy as np
from jaxtyping import Array, Float, Int, Key, PyTree

from jaxgan.labels import LabelVectors

Params = PyTree[Array]
Samples = Float[Array, "batch *sample"]  # images (B, H, W, C) in [-1, 1], points (B, 2), or any other arrays
Labels = Int[Array, " batch"] | Float[Array, "batch label_dim"]  # class numbers, zeros where the data have none; or vectors
Scalar = Float[Array, ""]
Number = Scalar | float | int  # a hyperparameter: a Python number, or traced where it differs by replica
Metrics = Mapping[str, Array]


class StepStream(IntEnum):
    """What a key that is folded from `Draw.key` is for: the streams of chance within one step."""

    GENERATOR = 0  # the generator's pass
    CRITIC_REAL = 1  # the critic's pass over real samples, or over real and fake in one
    CRITIC_FAKE = 2  # its pass over fake samples
    CRITIC_QUERY = 3  # passes that a penalty or an objective asks for
    PERTURBATION = 4  # what DRAGAN adds to real samples
    UNROLL = 5  # the critic steps that an unrolled generator step looks ahead
    PART = 6  # the parts of a batch whose gradients are accumulated


class Draw(NamedTuple):
    """All the chance of one critic step or one generator step, made in one place (`jaxgan.engine.draws`)."""

    real: Samples
    real_label: Labels
    latent: Float[Array, "batch latent"]  # standard normal
    fake_label: Labels
    epsilon: Float[
        Array, " batch"
    ]  # U[0, 1], one a sample: the place of the penalty's interpolate between fake (0) and real (1)
    key: Key[Array, ""]  # dropout, and what a variant draws beside: see `StepStream`
    critic_step: Int[Array, ""] | int = 0  # critic steps made before this one


class CriticOutput(NamedTuple):
    """What a critic gives for a batch; what it does not compute is None."""

    score: Float[Array, "scores *heads"]  # raw: no sigmoid; one a sample or a pack, and of each head where there are several
    features: Float[Array, "batch features"] | None = None  # what the last layer sees
    reconstruction: Samples | None = None
    class_logits: Float[Array, "batch classes"] | None = None

    @property
    def mean_score(self) -> Float[Array, " scores"]:
        """One number a sample or a pack: the mean over heads."""
        return self.score if self.score.ndim == 1 else self.score.mean(axis=1)


@runtime_checkable
class Critic(Protocol):
    """A critic as objectives and penalties call it: in training mode, moving no statistics."""

    def __call__(self, samples: Samples, labels: Labels, *, noise: int = 0) -> CriticOutput:
        """`noise` numbers the draw of the critic's own chance (dropout): the same number gives the same."""


class CriticView(NamedTuple):
    """What an objective sees of a critic step: the critic's outputs on real and fake samples, and the critic itself."""

    draw: Draw
    samples: Samples  # the fake samples; these and `draw.real` are what the critic sees of them, where it `maps_samples`
    real: CriticOutput
    fake: CriticOutput
    critic: Critic
    generator_index: Int[Array, " batch"] | None = None  # which of several generators made each fake sample


class GeneratorView(NamedTuple):
    """What an objective sees of a generator step. One that compares with real samples calls `critic` on `draw.real`."""

    draw: Draw
    samples: Samples  # the fake samples
    fake: CriticOutput
    critic: Critic
    generator_index: Int[Array, " batch"] | None = None


def no_state() -> tuple[()]:
    """The state of an objective that keeps none."""
    return ()


def same_state(state: Any, metrics: Metrics) -> Any:
    """Leaves an objective's state as it is."""
    return state


def unconstrained(params: Params) -> Params:
    """Leaves the critic's parameters as they are."""
    return params


class Objective(NamedTuple):
    """What each player minimises; with a state of its own where it needs one (BEGAN's k_t, say).

    `real_margin` is positive where the critic takes a real sample for real, and negative where for fake: the D_train of arXiv
    2006.06676, eq. 1. None where a score by itself tells neither, as in WGAN, whose scores may have any offset.
    """

    critic_loss: Callable[[CriticView, Any], tuple[Scalar, Metrics]]
    generator_loss: Callable[[GeneratorView, Any], tuple[Scalar, Metrics]]
    init: Callable[[], Any] = no_state
    update: Callable[[Any, Metrics], Any] = same_state  # (state, metrics of a critic step) -> state
    real_margin: Callable[[CriticView], Float[Array, "scores *heads"]] | None = None


Penalty = Callable[[Critic, Draw, Samples], tuple[Scalar, Metrics]]  # (critic, draw, fake samples) -> (penalty, metrics)
Constraint = Callable[[Params], Params]  # the critic's parameters after an update -> those that are allowed


class Game(NamedTuple):
    """The rules both players play by: a variant with its numbers filled in.

    `row_means` says that losses and penalties are means over the rows of a batch (or over its packs), row i of the real batch beside
    row i of the fake one: then they are also the mean of those of the batch's parts. Where it is not declared, gradients cannot be
    accumulated.
    """

    objective: Objective
    penalties: tuple[Penalty, ...] = ()  # summed
    constraint: Constraint = unconstrained
    row_means: bool = False


class Player(NamedTuple):
    """One network's trained state."""

    params: Params
    variables: PyTree[Array]  # batch statistics and other collections that no gradient moves; {} where there are none
    opt_state: PyTree[Array]


class Average(NamedTuple):
    """The running mean of a generator's parameters, with the batch statistics that go with them."""

    params: Params
    variables: PyTree[Array]


class Augmentation(NamedTuple):
    """How often what the critic sees is augmented, and what has been seen since that last changed (`jaxgan.engine.adaptive`)."""

    probability: Scalar  # of each kind of augmentation, for each sample
    signs: Scalar  # the sum of r_t over the critic steps since the last change
    steps: Int[Array, ""]  # how many these are


class Gradients(NamedTuple):
    """The gradients of one player's loss, and what else its passes gave."""

    params: Params
    metrics: Metrics
    generator_variables: PyTree[Array]  # after the passes
    critic_variables: PyTree[Array]


class GanState(NamedTuple):
    """Everything that training carries from one step to the next; the place in the data is a function of `step` and `key`."""

    step: Int[Array, ""]  # generator steps made
    key: Key[Array, ""]  # the root of all chance; never split, only folded
    generator: Player
    critic: Player
    ema: Average | tuple[()]  # () where no average is kept
    objective: Any
    augmentation: Augmentation | tuple[()] = ()  # () where augmentation is not adaptive

    def __repr__(self) -> str:
        """The step, and how many numbers each player's parameters are: the numbers themselves would fill pages."""
        known = (
            isinstance(self.step, jax.Array) and not isinstance(self.step, jax.core.Tracer) and self.step.is_fully_addressable
        )
        step = f"{int(self.step.ravel()[0]):,}" if known else str(self.step)
        sizes = [
            sum(np.size(leaf) for leaf in jax.tree.leaves(getattr(player, "params", player)))
            for player in (self.generator, self.critic)
        ]
        return f"GanState(step {step}, generator {sizes[0]:,} numbers, critic {sizes[1]:,} numbers)"


@runtime_checkable
class Records(Protocol):
    """Pictures on disk, read one by one; several threads ask at once."""

    def __len__(self) -> int: ...

    def __getitem__(self, row: int) -> tuple[Any, Any]:
        """The picture, uint8 (H, W, C), and its label: a class number, 0 where there are none, or float32 (K,). Raises UserError where it
        cannot be read."""


@runtime_checkable
class Source(Protocol):
    """What the engine asks of a data set: one of `samples`, `records` and `sampler` is there."""

    @property
    def sample_shape(self) -> tuple[int, ...]: ...

    @property
    def samples(self) -> Any: ...  # numpy (N, *sample_shape), uint8 or floats; None where there are none in memory

    @property
    def labels(self) -> Any: ...  # int32 (N,), float32 (N, K), or None

    @property
    def records(self) -> Records | None: ...  # pictures that stay on disk

    @property
    def sampler(self) -> Callable[..., Any] | None: ...  # (key, n) -> samples, labels: drawn afresh

    @property
    def label_vectors(self) -> LabelVectors | None: ...  # where labels are vectors

    @property
    def class_numbers(
        self,
    ) -> Any: ...  # int32 (N,), of records too; None where there are no classes, or they are not known yet

    @property
    def class_balance(self) -> float: ...  # how far training evens out the shares of the classes, from 0 to 1
