"""Two-dimensional distributions whose density is known exactly."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float, Int, Key, Shaped

Points = Float[Array, "n 2"] | Float[np.ndarray, "n 2"]


@dataclass(frozen=True, eq=False)
class Distribution:
    """A distribution on the plane: how to draw from it, and its density.

    It has units of its own, those of its source, in which centres, `std` and density are given; a network sees model
    coordinates = `scale` * units, so that a tanh generator reaches every mode. All methods are plain JAX, to be called
    within `jit` and `vmap`. Two records are equal only where they are the same object, which makes them hashable.
    """

    name: str
    scale: Float[np.ndarray, "2"]  # model coordinates per unit, for each axis
    centres: Float[np.ndarray, "modes 2"]  # in units; (0, 2) where there are no modes
    std: float  # of a mode (or of the noise about a curve), in units
    draw: Callable[..., tuple[Array, Array]]  # (key, n, dtype) -> points (n, 2) in units, labels (n,)
    log_density_in_units: Callable[[Array], Array]  # (n, 2) in units -> (n,)

    def sample(self, key: Key[Array, ""], n: int, dtype: Any = float) -> tuple[Float[Array, "n 2"], Int[Array, " n"]]:
        """`n` independent points (n, 2) in model coordinates, with the number of the mode that each came from (n,).

        `dtype=float` is JAX's default, float32 or, under x64, float64. Modes are equally likely. Where there are none
        the labels are zeros.
        """
        points, labels = self.draw(key, n, dtype)
        points = jnp.asarray(points)
        return points * self._scale_like(points), labels

    def log_density(self, points: Points) -> Float[Array, " n"]:
        """log p(x) of points (n, 2) in the distribution's own units; nats, per unit of area in those units.

        In model coordinates the log density is `log_density(to_units(y)) - log(scale[0] * scale[1])`.
        """
        return self.log_density_in_units(jnp.asarray(points))

    def to_units(self, points: Points) -> Points:
        """Model coordinates (n, 2) in the distribution's own units; a numpy array stays one."""
        points = _in_default_precision(points)
        return points / self._scale_like(points)

    def to_model(self, points: Points) -> Points:
        """Points (n, 2) in the distribution's own units, in model coordinates; a numpy array stays one."""
        points = _in_default_precision(points)
        return points * self._scale_like(points)

    def _scale_like(self, points: Points) -> Float[np.ndarray, "2"]:
        return self.scale.astype(points.dtype)


def _in_default_precision(points: Points) -> Points:
    """The points, of numpy in the type that JAX would give them: float32, or what they are under x64."""
    return points.astype(jax.dtypes.canonicalize_dtype(points.dtype)) if isinstance(points, np.ndarray) else points


def log_normal_sum(
    points: Float[Array, "n 2"],
    centres: Float[np.ndarray, "modes 2"],
    log_weights: Float[np.ndarray, " modes"],
    std: float,
) -> Float[Array, " n"]:
    """log sum_k w_k N(x; c_k, std^2 I) at points (n, 2): weighted normal densities of the plane, all equally wide."""
    offset = points[:, None, :] - jnp.asarray(centres, points.dtype)  # (n, modes, 2)
    exponent = -jnp.sum(offset**2, axis=-1) / (2 * std**2) + jnp.asarray(log_weights, points.dtype)  # (n, modes)
    return logsumexp(exponent, axis=1) - float(np.log(2 * np.pi * std**2))


def gaussian_mixture(
    name: str,
    centres: Shaped[np.ndarray, "modes 2"] | Sequence[Sequence[float | int]],
    std: float,
    scale: Float[np.ndarray, "2"] | float,
) -> Distribution:
    """The mixture of M equally likely round normals: p(x) = 1/M sum_k N(x; c_k, std^2 I).

    Args:
        name: what charts and messages call it.
        centres: c_k, in units of your own.
        std: of every mode, in these units.
        scale: model coordinates per unit, for both axes or each; a tanh generator reaches what this brings into [-1, 1].
    """
    centres = np.asarray(centres, np.float64)
    log_weights = np.full(len(centres), -np.log(len(centres)))

    def draw(key, n, dtype=float):
        mode_key, noise_key = jax.random.split(key)
        labels = jax.random.randint(mode_key, (n,), 0, len(centres), dtype=jnp.int32)
        noise = jax.random.normal(noise_key, (n, 2), dtype)
        return jnp.asarray(centres, noise.dtype)[labels] + std * noise, labels

    return Distribution(
        name=name,
        scale=np.broadcast_to(np.asarray(scale, np.float64), (2,)).copy(),
        centres=centres,
        std=std,
        draw=draw,
        log_density_in_units=lambda points: log_normal_sum(points, centres, log_weights, std),
    )
