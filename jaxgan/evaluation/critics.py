"""The critic's scores of a trained GAN, and how far they are to be believed."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import Partial

from jaxgan.engine.gan import Gan
from jaxgan.engine.sampling import TrainedGan
from jaxgan.engine.surface import scores_alone
from jaxgan.evaluation.protocol import count
from jaxgan.features import ShowProgress
from jaxgan.metrics.critic import Score, generalization_gap, scores, steepness


def score_of(trained: TrainedGan, units: Any = 1.0) -> Score | None:
    """The critic's raw score of samples divided by `units`; None where there is none, or none of one sample alone."""
    gan, critic = trained.gan, trained.state.critic
    if not scores_alone(gan):
        return None
    return Partial(_scorer(gan), {"params": critic.params, **critic.variables}, jnp.asarray(units, float))


@functools.lru_cache(maxsize=4)
def _scorer(gan: Gan) -> Callable[..., Any]:
    """(weights, units, samples, labels) -> scores: the same function for all weights, so that it is compiled once."""

    def score(variables: Any, units: Any, samples: Any, labels: Any) -> Any:
        output: Any = gan.networks.critic.apply(variables, jnp.asarray(samples, float) * units, labels, train=False)
        return output.mean_score

    return score


def metrics_of_critic(
    trained: TrainedGan,
    real: tuple[np.ndarray, np.ndarray],
    fake: tuple[np.ndarray, np.ndarray],
    held_out: tuple[np.ndarray, np.ndarray] | None,
    seed: int,
    show: ShowProgress,
    *,
    units: Any = 1.0,
) -> dict[str, float]:
    """Metrics from samples and their labels, as many real as generated; `held_out` where training data were finite."""
    score = score_of(trained, units)
    if score is None:
        return {}
    n = min(len(real[0]), len(fake[0]))
    real, fake = ((samples[:n], labels[:n]) for samples, labels in (real, fake))
    of_real = scores(score, *real, progress=show("critic scores"))
    difference = float(of_real.mean() - scores(score, *fake).mean())
    steep = steepness(score, real[0], fake[0], real[1], fake[1], jax.random.key(seed), progress=show("the critic's gradients"))
    values = {
        f"critic_real_minus_fake_{count(n)}": difference,
        f"critic_lipschitz_seen_{count(n)}": steep.largest,
        f"critic_gradient_norm_{count(n)}": steep.mean,
        f"critic_estimate_over_lipschitz_{count(n)}": difference / max(steep.largest, 1e-12),
    }
    return values | _gap(score, of_real, held_out)


def gap_of_critic(
    trained: TrainedGan, real: tuple[np.ndarray, np.ndarray], held_out: tuple[np.ndarray, np.ndarray] | None, show: ShowProgress
) -> dict[str, float]:
    """How much higher the critic scores training samples than held-out ones, alone: cheap enough to measure while training."""
    score = score_of(trained)
    if score is None or held_out is None:
        return {}
    m = min(len(real[0]), len(held_out[0]))
    return _gap(score, scores(score, real[0][:m], real[1][:m], progress=show("critic scores")), held_out)


def _gap(score: Score, of_real: np.ndarray, held_out: tuple[np.ndarray, np.ndarray] | None) -> dict[str, float]:
    if held_out is None:
        return {}
    m = min(len(of_real), len(held_out[0]))
    gap = generalization_gap(of_real[:m], scores(score, held_out[0][:m], held_out[1][:m]))
    return {
        f"critic_train_minus_held_out_{count(m)}": gap.difference,
        f"critic_train_minus_held_out_{count(m)}_in_deviations": gap.in_deviations,
    }
