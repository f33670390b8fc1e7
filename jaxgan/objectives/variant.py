"""The records a variant is described by, and the objective that most variants are: a pair of losses on scores."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from jaxgan.checks import POSITIVE, function, numbers_in
from jaxgan.objectives.losses import Scores
from jaxgan.types import CriticView, Game, GeneratorView, Metrics, Number, Objective, Scalar

Margin = Callable[[Scores, Scores], Scores]  # scores (real, fake) -> what is positive where a real sample is taken for real


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
    undecided_loss: float | None = (
        None  # the critic's, penalties apart, where no score tells real from fake; 0 is a critic that knows all
    )
    norm_range: tuple[float, float] | None = (
        None  # lowest and highest norm of the critic's gradient that its penalty leaves alone
    )
    equations: tuple[str, ...] = ()  # what both players minimise, in LaTeX, for the documentation


@numbers_in(critic_loss_scale=POSITIVE)
def score_objective(
    critic_loss: Callable[[Scores, Scores], Scalar],
    generator_loss: Callable[[Scores], Scalar],
    critic_loss_scale: Number = 1.0,
    real_margin: Margin | None = None,
) -> Objective:
    """A stateless objective made of a loss on (real, fake) scores and a loss on fake scores.

    Args:
        critic_loss: a function of scores (real, fake).
        generator_loss: a function of scores (fake).
        critic_loss_scale: factor on the critic's loss.
        real_margin: a function of scores (real, fake): see `Objective`.

    Raises:
        UserError: a loss that is no function, or a scale that is not more than 0.
    """
    function("critic_loss", critic_loss, "scores (real, fake)")
    function("generator_loss", generator_loss, "scores (fake)")
    if real_margin is not None:
        function("real_margin", real_margin, "scores (real, fake)")

    def for_critic(view: CriticView, state: Any) -> tuple[Scalar, Metrics]:
        real, fake = view.real.score, view.fake.score
        return critic_loss_scale * critic_loss(real, fake), {"score_real": real.mean(), "score_fake": fake.mean()}

    def for_generator(view: GeneratorView, state: Any) -> tuple[Scalar, Metrics]:
        return generator_loss(view.fake.score), {}

    if real_margin is None:
        return Objective(for_critic, for_generator)
    return Objective(for_critic, for_generator, real_margin=lambda view: real_margin(view.real.score, view.fake.score))


def raw_score(real: Scores, fake: Scores) -> Scores:
    """The margin where a critic parts real from fake at 0."""
    return real
