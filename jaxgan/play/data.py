"""Where the real points come from: a distribution of jaxgan's, or one that was drawn on the page."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import Float

from jaxgan import data
from jaxgan.checks import POSITIVE, number
from jaxgan.data import Dataset
from jaxgan.data.distributions import gaussian_mixture
from jaxgan.errors import UserError, unknown

DRAWN = "drawn"
POINTS = ("ring8", "grid25", "mixture4", "mixture8", "mixture9", "mixture16", "mixture32", "swiss_roll", "gaussian")
LARGEST_DRAWING = 4000  # points that a drawing may hold
REACH = 1.0  # of the plane that can be drawn on: a tanh's
SPREAD = 0.02  # standard deviation about each drawn point, where none is given
SEED = 2**31  # of the real points that are shown, which is no training's


def load_points(name: Any) -> Dataset:
    """The distribution of this name, drawn afresh.

    Raises:
        UserError: there is none of this name.
    """
    if name not in POINTS:
        raise unknown("distribution", name, POINTS)
    return data.load(name)


def drawn_points(points: Any, spread: Any = SPREAD) -> Dataset:
    """What was drawn: every point as likely as the others, with a normal of deviation `spread` about it. It has no modes to count.

    Args:
        points: rows (x, y) in [-1, 1].
        spread: in the units of the plane.

    Raises:
        UserError: no points, too many, or ones that lie outside.
    """
    places = _places(points)
    spread = number("spread", spread, POSITIVE)
    if spread > 0.5:
        raise UserError(f"spread {spread}: must be at most 0.5")
    mixture = gaussian_mixture(DRAWN, places, float(spread), 1.0)
    return Dataset(DRAWN, (2,), 0, None, None, distribution=mixture, sampler=mixture.sample)


def _places(points: Any) -> Float[np.ndarray, "n 2"]:
    if not isinstance(points, Sequence) or isinstance(points, str) or not points:
        raise UserError("the drawing has no points: draw on the plane first")
    if len(points) > LARGEST_DRAWING:
        raise UserError(f"the drawing has {len(points)} points: at most {LARGEST_DRAWING} are taken")
    try:
        places = np.asarray(points, np.float64)
    except (TypeError, ValueError):
        places = np.zeros(())
    if places.shape != (len(points), 2) or not np.isfinite(places).all():
        raise UserError("the drawing must be pairs of numbers")
    if np.abs(places).max() > REACH:
        raise UserError(f"the drawing reaches to {np.abs(places).max():.3g}: points must lie from -1 to 1")
    return places


def real_points(dataset: Dataset, n: int, seed: int = SEED) -> Float[np.ndarray, "n 2"]:
    """n real points as the networks see them, the same for every call."""
    assert dataset.distribution is not None
    points, _ = dataset.distribution.sample(jax.random.key(seed), n)
    return np.asarray(points, np.float32)


@dataclasses.dataclass(frozen=True)
class Modes:
    """Centres to be covered, in the distribution's own units."""

    centres: Float[np.ndarray, "modes 2"]
    std: float


def modes_of(dataset: Dataset) -> Modes | None:
    """The modes of a distribution; None where there are none, or none to tell apart."""
    law = dataset.distribution
    if dataset.name == DRAWN or law is None or len(law.centres) < 2:
        return None
    return Modes(law.centres, law.std)
