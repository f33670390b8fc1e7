"""The critic's scores over the plane, of a GAN whose samples are points."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxgan.engine.gan import Gan
from jaxgan.networks.layers import no_labels
from jaxgan.types import GanState

SIDE = 80  # places on either axis
MARGIN = 1.1  # how far beyond the points, or the reach of a tanh, the grid goes


class CriticSurface(NamedTuple):
    """The critic's scores on a square grid, and real points to draw beside them; coordinates as the networks see them."""

    axis: Float[np.ndarray, " side"]  # of x and of y
    scores: Float[np.ndarray, "side side"]  # a row a y, a column an x
    real: Float[np.ndarray, "n 2"] | None = None


def scores_alone(gan: Gan) -> bool:
    """Whether there is a critic that scores one sample by itself, neither in packs nor by its neighbours in the batch."""
    return gan.n_critic > 0 and gan.pac == 1 and not gan.minibatch_discrimination


def has_surface(gan: Gan, sample_shape: tuple[int, ...]) -> bool:
    """Whether samples are points of the plane that the critic scores one by one."""
    return tuple(sample_shape) == (2,) and scores_alone(gan)


def surface_axis(points: Any = None) -> Float[np.ndarray, " side"]:
    """Coordinates about 0 that reach beyond these points, where there are any, and beyond -1 and 1."""
    largest = 1.0 if points is None else max(1.0, float(np.max(np.abs(points), initial=0.0, where=np.isfinite(points))))
    return np.linspace(-MARGIN * largest, MARGIN * largest, SIDE)


def critic_scores(gan: Gan, state: GanState, axis: Any, labels: Any = None) -> Float[Array, "side side"]:
    """f(x, y) for every y (rows) and x (columns) of the axis; of a conditional critic the mean over its classes, or over some label vectors
    (n, K)."""
    axis = jnp.asarray(axis, float)
    points = jnp.stack(jnp.meshgrid(axis, axis), -1).reshape(-1, 2)  # (side, side, 2) -> (side * side, 2)
    weights = {"params": state.critic.params, **state.critic.variables}

    def of_class(label: Array) -> Array:
        of_all = jnp.broadcast_to(label, (len(points), *label.shape))
        output: Any = gan.networks.critic.apply(weights, points, of_all, train=False)
        return output.mean_score

    if gan.label_dim:
        every: Array = no_labels(1, gan.label_dim) if labels is None else jnp.asarray(labels, float)
    else:
        every = jnp.arange(max(1, gan.n_classes), dtype=jnp.int32)
    scores = jax.vmap(of_class)(every).mean(0)
    return scores.reshape(len(axis), len(axis))  # (side * side,) -> (side, side)
