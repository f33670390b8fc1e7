"""Are generated samples copies of training samples? By the training samples alone, and beside held-out ones."""

import numpy as np

from jaxgan.evaluation.protocol import count
from jaxgan.features import ShowProgress
from jaxgan.metrics import authenticity, data_copying, nearest_neighbours
from jaxgan.metrics.neighbours import FEWEST_HELD_OUT


def memorisation(
    training: np.ndarray, generated: np.ndarray, held_out: np.ndarray | None, features: str, show: ShowProgress
) -> dict[str, float]:
    """How near generated samples lie to the training set, by features (n, d) of all three; of held-out ones where there are any."""
    closest = nearest_neighbours(training, generated, progress=show("nearest training samples"))
    name = f"{features}_{count(len(generated))}"
    values = {f"nearest_training_{name}": float(closest.distances.mean())}
    if len(training) > 1:
        values |= _with_ends(f"authentic_{name}", *authenticity(training, closest, progress=show("their own neighbours")))
    if held_out is None:
        return values
    of_held_out = nearest_neighbours(training, held_out)
    among = f"{features}_{count(len(held_out))}"
    values[f"nearest_training_{among}_of_held_out"] = float(of_held_out.distances.mean())
    if len(training) > 1:
        values[f"authentic_{among}_of_held_out"] = authenticity(training, of_held_out).share
    if len(held_out) >= FEWEST_HELD_OUT:
        copying = data_copying(closest.distances[:, 0], of_held_out.distances[:, 0])
        values |= _with_ends(f"nearer_training_{name}", copying.nearer, copying.low, copying.high)
        values |= {f"data_copying_{name}": copying.z, f"closest_training_{name}": copying.closest}
    return values


def _with_ends(name: str, share: float, low: float, high: float) -> dict[str, float]:
    """A share with the ends of its interval."""
    return {name: share, f"{name}_low": low, f"{name}_high": high}
