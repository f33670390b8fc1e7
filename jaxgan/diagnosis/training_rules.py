"""Rules on what training logs: losses, gradients, penalties. Each is a function of one replica's history."""

import numpy as np

from jaxgan.diagnosis.records import Facts, History, Series, Symptom, Unmeasured
from jaxgan.diagnosis.windows import FEWEST, TAIL, holds, since, tail

WON = 0.05  # of the loss of a critic that cannot tell: below it the critic is sure of nearly every sample
VANISHED = 0.95  # share of near-zero entries
OFF = 2.0  # factor from the norm that a penalty asks for
GROWN = 1000.0  # factor from the middle size of a loss
PENALTIES = ("gradient_penalty", "r1_penalty", "r2_penalty", "consistency_penalty")

TOO_FLAT = "more critic steps (--n-critic 5), a higher --critic-learning-rate, or a smaller --gradient-penalty-weight"
NO_LINES = f"fewer than {FEWEST} lines of losses are logged: a smaller --log-every, or more --steps"
OWN_GAME = "what its critic's loss and penalty aim at is known of built-in variants only"
NO_GRADIENTS = "the share of near-zero gradients is not logged"


def critic_wins(history: History, facts: Facts) -> Symptom | Unmeasured | None:
    """The critic's loss, penalties apart, is at most a twentieth of that of a critic that cannot tell real from fake."""
    if facts.variant is None:
        return Unmeasured(OWN_GAME)
    undecided = facts.variant.undecided_loss
    if undecided is None:  # as of WGAN, whose critic is to win
        return None
    undecided *= facts.number("critic_loss_scale", history.replica, 1.0)
    loss = history.of("critic_loss")
    if not len(tail(loss).steps):
        return Unmeasured(NO_LINES)
    own = loss.values - sum(_at(history.of(name), loss.steps) for name in PENALTIES)
    wrong = own <= WON * undecided
    if not holds(loss, wrong):
        return None
    last = float(np.median(own[-len(tail(loss).steps) :]))
    return Symptom(f"critic_loss {last:.2g}, where one that cannot tell has {undecided:.3g}", since(loss, wrong))


def _at(series: Series, steps: np.ndarray) -> np.ndarray:
    """A metric at the steps of another; 0 where it was not logged."""
    if not len(series.steps):
        return np.zeros(len(steps))
    place = np.minimum(np.searchsorted(series.steps, steps), len(series.steps) - 1)
    return np.where(series.steps[place] == steps, series.values[place], 0.0)


def gradients_vanish(history: History, facts: Facts) -> Symptom | Unmeasured | None:
    """Nineteen in twenty entries of the generator's gradient are near zero (below 1e-6), as the labs measure it."""
    share = history.of("generator_gradient_near_zero")
    if not len(tail(share).steps):
        return Unmeasured(NO_LINES if len(share.steps) else NO_GRADIENTS)
    wrong = share.values >= VANISHED
    if not holds(share, wrong):
        return None
    last = float(np.median(tail(share).values))
    return Symptom(f"{last:.1%} of the entries of the generator's gradient are smaller than 1e-6", since(share, wrong))


def penalty_fails(history: History, facts: Facts) -> Symptom | Unmeasured | None:
    """The critic's gradient norm, as the penalty saw it, is more than twice, or less than half, of what the penalty asks for."""
    if facts.variant is None:
        return Unmeasured(OWN_GAME)
    allowed = facts.variant.norm_range
    if allowed is None:
        return None
    norm = history.of("penalty_gradient_norm")
    if not len(tail(norm).steps):
        return Unmeasured(NO_LINES)
    low, high = allowed
    wrong = (norm.values > OFF * high) | (norm.values < low / OFF)
    if not holds(norm, wrong):
        return None
    last = float(np.median(tail(norm).values))
    return Symptom(
        f"penalty_gradient_norm {last:.2g}, where the penalty asks for {'at most ' if low < high else ''}{high:g}",
        since(norm, wrong),
        advice=TOO_FLAT if last < low else "",
    )


def diverges(history: History, facts: Facts) -> Symptom | Unmeasured | None:
    """A loss is not finite, or is a thousand times its middle size and was never larger before."""
    known = [name for name in ("critic_loss", "generator_loss") if name in history.columns]
    if not known:
        return Unmeasured("no losses are logged")
    for name in known:
        column = history.columns[name]
        if not np.isfinite(column.values).all():
            return Symptom(f"{name} is not finite", int(column.steps[np.flatnonzero(~np.isfinite(column.values))[0]]))
    return next(filter(None, (_explodes(name, history.of(name)) for name in known)), None)


def _explodes(name: str, loss: Series) -> Symptom | None:
    sizes = np.abs(loss.values)
    last = tail(loss).values
    if not len(last):
        return None
    usual = float(np.median(sizes[: max(TAIL, len(sizes) // 2)]))
    bound = GROWN * max(usual, 1.0)
    if np.median(np.abs(last)) < bound:
        return None
    return Symptom(
        f"{name} {loss.values[-1]:.2g}, where it was of the size {usual:.2g} at first",
        int(loss.steps[np.argmax(sizes >= bound)]),
    )
