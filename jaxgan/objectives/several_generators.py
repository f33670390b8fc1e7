"""What several generators are told beside their objective: MGAN's classifier (Hoang et al. 2017, arXiv 1708.02556)."""

from typing import Any

import jax
import jax.numpy as jnp

from jaxgan.types import Metrics, Objective, Scalar, View


def maker_cross_entropy(view: View) -> tuple[Scalar, Scalar]:
    """-E log C_maker(G(z)) of the critic's class logits on fake samples, and the share of makers they name rightly."""
    logits, maker = view.fake.class_logits, view.maker
    assert logits is not None and maker is not None, "a generator classifier needs class logits, and the maker of each sample"
    of_maker = jnp.take_along_axis(jax.nn.log_softmax(logits), maker[:, None], axis=1)  # (B, M), (B, 1) -> (B, 1)
    return -of_maker.mean(), (logits.argmax(axis=1) == maker).mean(dtype=logits.dtype)


def with_generator_classifier(objective: Objective, weight: Scalar | float) -> Objective:
    """The objective, with a classifier in the critic that tells the generators apart (arXiv 1708.02556, eq. 2).

    The critic minimises the cross-entropy C beside its loss, and the generators weight C beside theirs: each is to be recognised,
    hence to differ from the others. The metric `generator_classification` is the share of samples recognised in the critic step.
    """

    def critic_loss(view: View, state: Any) -> tuple[Scalar, Metrics]:
        value, metrics = objective.critic_loss(view, state)
        cross_entropy, accuracy = maker_cross_entropy(view)
        return value + cross_entropy, {**metrics, "generator_classification": accuracy}

    def generator_loss(view: View, state: Any) -> tuple[Scalar, Metrics]:
        value, metrics = objective.generator_loss(view, state)
        return value + weight * maker_cross_entropy(view)[0], metrics

    return objective._replace(critic_loss=critic_loss, generator_loss=generator_loss)
