"""What the critic of a run says, and how far it is to be believed."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import Partial

from jaxgan.engine.setup import Setup
from jaxgan.evaluation.protocol import Show, count
from jaxgan.metrics.critic import Score, generalization_gap, scores, steepness
from jaxgan.trained import TrainedRun


def score_of(run: TrainedRun, units: Any = 1.0) -> Score | None:
    """The critic's raw score of samples divided by `units`; None where there is none, or none of one sample alone."""
    config, critic = run.config, run.state.critic
    if config.n_critic == 0 or config.pac > 1 or config.minibatch_discrimination:
        return None
    return Partial(_scorer(run.setup), {"params": critic.params, **critic.variables}, jnp.asarray(units, float))


@functools.lru_cache(maxsize=4)
def _scorer(setup: Setup) -> Callable[..., Any]:
    """(weights, units, samples, labels) -> scores: the same function for all weights, so that it is compiled once."""

    def score(variables: Any, units: Any, samples: Any, labels: Any) -> Any:
        said: Any = setup.critic.apply(variables, jnp.asarray(samples, float) * units, labels, train=False)
        return said.score

    return score


def of_the_critic(
    run: TrainedRun,
    real: tuple[np.ndarray, np.ndarray],
    fake: tuple[np.ndarray, np.ndarray],
    held_out: tuple[np.ndarray, np.ndarray] | None,
    seed: int,
    show: Show,
    *,
    units: Any = 1.0,
) -> dict[str, float]:
    """Figures from samples and their labels, as many real as generated; `held_out` where training data were finite."""
    score = score_of(run, units)
    if score is None:
        return {}
    n = min(len(real[0]), len(fake[0]))
    real, fake = ((samples[:n], labels[:n]) for samples, labels in (real, fake))
    of_real = scores(score, *real, progress=show("the critic's scores"))
    difference = float(of_real.mean() - scores(score, *fake).mean())
    steep = steepness(score, real[0], fake[0], real[1], fake[1], jax.random.key(seed), progress=show("the critic's gradients"))
    figures = {
        f"critic_real_minus_fake_{count(n)}": difference,
        f"critic_lipschitz_seen_{count(n)}": steep.largest,
        f"critic_gradient_norm_{count(n)}": steep.mean,
        f"critic_estimate_over_lipschitz_{count(n)}": difference / max(steep.largest, 1e-12),
    }
    if held_out is not None:
        m = min(n, len(held_out[0]))
        gap = generalization_gap(of_real[:m], scores(score, held_out[0][:m], held_out[1][:m]))
        figures |= {
            f"critic_train_minus_held_out_{count(m)}": gap.difference,
            f"critic_train_minus_held_out_{count(m)}_in_deviations": gap.in_deviations,
        }
    return figures
