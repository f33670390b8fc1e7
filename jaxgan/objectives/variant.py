"""The records a variant is described by, and the objective that most variants are: a pair of losses on scores."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from jaxgan.checks import POSITIVE, function, numbers_in
from jaxgan.objectives.losses import Scores
from jaxgan.types import CriticView, Game, GeneratorView, Metrics, Number, Objective, Scalar


class Recipe(NamedTuple):
    """The settings one source gives a variant; a flag overrides each."""

    name: str  # `paper`, `lab002`, ...
    source: str  # where the settings stand
    settings: Mapping[str, Any]  # fields of `jaxgan.Config`
    data: Literal["any", "images", "points"] = "any"  # the kind of data it is for


class Variant(NamedTuple):
    """A row of VARIANTS."""

    build: Callable[..., Game]  # keyword numbers (clip, gradient_penalty_weight, ...), each with a default, -> the rules
    reference: str  # paper and equation
    recipes: tuple[Recipe, ...]  # the first named `paper` is the default
    critic: Literal["scores", "autoencoder", "none"] = "scores"  # what kind of critic it needs
    dropout: bool = False  # whether it needs a critic with dropout


@numbers_in(critic_loss_scale=POSITIVE)
def score_objective(
    critic_loss: Callable[[Scores, Scores], Scalar],
    generator_loss: Callable[[Scores], Scalar],
    critic_loss_scale: Number = 1.0,
) -> Objective:
    """A stateless objective made of a loss on (real, fake) scores and a loss on fake scores.

    Raises:
        UserError: a loss that is no function, or a scale that is not more than 0.
    """
    function("critic_loss", critic_loss, "scores (real, fake)")
    function("generator_loss", generator_loss, "scores (fake)")

    def for_critic(view: CriticView, state: Any) -> tuple[Scalar, Metrics]:
        real, fake = view.real.score, view.fake.score
        return critic_loss_scale * critic_loss(real, fake), {"score_real": real.mean(), "score_fake": fake.mean()}

    def for_generator(view: GeneratorView, state: Any) -> tuple[Scalar, Metrics]:
        return generator_loss(view.fake.score), {}

    return Objective(for_critic, for_generator)
