"""The records that all layers share (layer 0).

A batch walks through them like this: a `Draw` holds all the chance of one step; the generator turns its latents into fake
samples; the critic's `CriticOutput`s on real and fake samples are shown to an `Objective` as a `View`; the `Penalty`s add to
the critic's loss, a `Constraint` bounds its parameters, and the new parameters go into the `Player`s of a `GanState`.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol, runtime_checkable

from jaxtyping import Array, Float, Int, Key, PyTree

Params = PyTree[Array]
Samples = Float[Array, "batch *sample"]  # images (B, H, W, C) in [-1, 1], or points (B, 2)
Labels = Int[Array, " batch"]  # zeros where the data have none
Scalar = Float[Array, ""]
Metrics = Mapping[str, Array]


class Draw(NamedTuple):
    """All the chance of one critic step or one generator step, made in one place (`jaxgan.engine.draws`)."""

    real: Samples
    real_label: Labels
    latent: Float[Array, "batch latent"]  # standard normal
    fake_label: Labels
    epsilon: Float[
        Array, " batch"
    ]  # U[0, 1], one a sample: the place of the penalty's interpolate between fake (0) and real (1)
    key: Key[Array, ""]  # dropout, and what a variant draws beside
    critic_step: Int[Array, ""] | int = 0  # critic steps made before this one


class CriticOutput(NamedTuple):
    """What a critic says of a batch; a critic leaves out what it has no word for."""

    score: Float[Array, " batch"]  # raw: no sigmoid
    features: Float[Array, "batch features"] | None = None  # what the last layer sees
    reconstruction: Samples | None = None
    class_logits: Float[Array, "batch classes"] | None = None


@runtime_checkable
class Critic(Protocol):
    """A critic as objectives and penalties ask it: in training mode, moving no statistics."""

    def __call__(self, samples: Samples, labels: Labels, *, noise: int = 0) -> CriticOutput:
        """`noise` numbers the draw of the critic's own chance (dropout): the same number gives the same."""


class View(NamedTuple):
    """What an objective sees of one step: the critic's words on fake and real, and the means to ask it more."""

    draw: Draw
    samples: Samples  # the fake samples
    fake: CriticOutput
    real: CriticOutput | None  # in a critic step; a generator loss that compares with real data asks `critic`
    critic: Critic
    maker: Int[Array, " batch"] | None = None  # which of several generators made each fake sample


class Objective(NamedTuple):
    """What each player minimises, with a state of its own (BEGAN's k_t, say; `()` where there is none)."""

    init: Callable[[], Any]
    critic_loss: Callable[[View, Any], tuple[Scalar, Metrics]]
    generator_loss: Callable[[View, Any], tuple[Scalar, Metrics]]
    update: Callable[[Any, Metrics], Any]  # (state, metrics of a critic step) -> state


Penalty = Callable[[Critic, Draw, Samples], tuple[Scalar, Metrics]]  # (critic, draw, fake samples) -> (penalty, metrics)
Constraint = Callable[[Params], Params]  # the critic's parameters after an update -> those that are allowed


class Game(NamedTuple):
    """The rules both players play by: a variant with its numbers filled in."""

    objective: Objective
    penalties: tuple[Penalty, ...]  # summed; empty where a variant has none
    constraint: Constraint


class Player(NamedTuple):
    """One network's trained state."""

    params: Params
    variables: PyTree[Array]  # batch statistics and other collections that no gradient moves; {} where there are none
    opt_state: PyTree[Array]


class Average(NamedTuple):
    """The running mean of a generator's parameters, with the batch statistics that go with them."""

    params: Params
    variables: PyTree[Array]


class GanState(NamedTuple):
    """Everything that training carries from one step to the next; the place in the data is a function of `step` and `key`."""

    step: Int[Array, ""]  # generator steps made
    key: Key[Array, ""]  # the root of all chance; never split, only folded
    generator: Player
    critic: Player
    ema: Average | tuple[()]  # () where no average is kept
    objective: Any
