"""What several generators minimise beside their objective: MGAN's classifier (Hoang et al. 2017, arXiv 1708.02556)."""

from typing import Any

import jax
import jax.numpy as jnp

from jaxgan.checks import NOT_NEGATIVE, numbers_in
from jaxgan.errors import UserError, shortened
from jaxgan.types import CriticView, GeneratorView, Metrics, Number, Objective, Scalar


def generator_cross_entropy(view: CriticView | GeneratorView) -> tuple[Scalar, Scalar]:
    """-E log C_k(G_k(z)) of the critic's class logits on fake samples, k the generator that made each; and its accuracy."""
    logits, index = view.fake.class_logits, view.generator_index
    assert logits is not None and index is not None, (
        "a generator classifier needs class logits, and the index of each sample's generator"
    )
    of_generator = jnp.take_along_axis(jax.nn.log_softmax(logits), index[:, None], axis=1)  # (B, M), (B, 1) -> (B, 1)
    return -of_generator.mean(), (logits.argmax(axis=1) == index).mean(dtype=logits.dtype)


@numbers_in(weight=NOT_NEGATIVE)
def with_generator_classifier(objective: Objective, weight: Number) -> Objective:
    """The objective, with a classifier in the critic that tells the generators apart (arXiv 1708.02556, eq. 2).

    The critic minimises the cross-entropy C beside its loss, and the generators weight C beside theirs: each is to be recognised,
    hence to differ from the others. The metric `generator_classification` is the share of samples recognised in the critic step.

    Raises:
        UserError: no objective, or a weight less than 0.
    """
    if not isinstance(objective, Objective):
        raise UserError(f"objective={shortened(objective)}: must be an Objective, as jaxgan.objectives.score_objective returns")

    def critic_loss(view: CriticView, state: Any) -> tuple[Scalar, Metrics]:
        value, metrics = objective.critic_loss(view, state)
        cross_entropy, accuracy = generator_cross_entropy(view)
        return value + cross_entropy, {**metrics, "generator_classification": accuracy}

    def generator_loss(view: GeneratorView, state: Any) -> tuple[Scalar, Metrics]:
        value, metrics = objective.generator_loss(view, state)
        return value + weight * generator_cross_entropy(view)[0], metrics

    return objective._replace(critic_loss=critic_loss, generator_loss=generator_loss)
