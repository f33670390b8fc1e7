"""The weights that a run begins with where they come from another run (`--init-from`): for fine-tuning.

They are taken layer by layer: all arrays of a module, where each has the same name and shape in both runs. What the remedies put around a
critic changes no name, so that a run with augmentation begins with one without. Of the other run the arrays alone are read: no code that
its config.json names is imported, and so nothing need be trusted.
"""

from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

from jaxgan.engine.checkpoints import Arrays, Checkpoints, storable
from jaxgan.engine.loop import Program
from jaxgan.engine.processes import whole
from jaxgan.errors import UserError, say
from jaxgan.folder import RunFolder
from jaxgan.runs.run import Run
from jaxgan.settings import format_of

PLAYERS = ("generator", "critic")
AROUND = "critic"  # the name under which a transform keeps the critic inside
SHOWN = 3  # layers that are left out, named in a line


class Source(NamedTuple):
    """Another run's state, as arrays by their path in it."""

    name: str  # what was named, and the step
    arrays: Arrays

    @property
    def replicas(self) -> int:
        """How many lie along a leading axis; 0 where there is none."""
        return 0 if self.arrays["step"].ndim == 0 else len(self.arrays["step"])

    @property
    def has_average(self) -> bool:
        return any(name.startswith("ema/") for name in self.arrays)


class InitialWeights(NamedTuple):
    """What is taken from another run, by its path in the new run's state, and what is said of it."""

    arrays: Arrays
    lines: tuple[str, ...]


def read_source(of: Run | Path | str) -> Source:
    """The state of a run; of a folder its last checkpoint, or that which the path names: RUN/checkpoints/STEP, RUN/best.

    Raises:
        UserError: no run, no checkpoint, or none that is whole.
    """
    if isinstance(of, Run):
        arrays = {name: np.asarray(whole(leaf)) for name, leaf in storable(of.state).items()}
        return Source(f"{of.folder}, step {int(np.max(arrays['step'])):,}", arrays)
    path, step, best = Path(of), None, False
    if path.parent.name == "checkpoints" and path.name.isdecimal():
        path, step = path.parent.parent, int(path.name)
    elif path.name == "best" and not RunFolder(path).exists:
        path, best = path.parent, True
    files = RunFolder(path).require()
    folder = files.best if best else files.checkpoints
    if not folder.is_dir():
        raise UserError(f"--init-from {of}: there is no {folder}")
    checkpoints = Checkpoints(folder, recorded=format_of(files.config) > 0)
    try:
        step, arrays, damaged = checkpoints.arrays(step)
    finally:
        checkpoints.close()
    for what in damaged.values():
        say(f"{what}; taking that of step {step}")
    if "step" not in arrays:
        raise UserError(f"--init-from {of}: checkpoint {folder / str(step)} is not that of a run")
    return Source(f"{path}, step {step:,}", arrays)


def initial_weights(source: Source, program: Program, *, average: bool = True) -> InitialWeights:
    """What of the source fits the program's networks.

    Args:
        source: of as many replicas as the program, each of which begins with its own; else all begin with its first.
        program: the new run's.
        average: take the generator's running mean, where the source has one.

    Raises:
        UserError: nothing of it fits, or it is not finite.
    """
    averaged = average and source.has_average
    like = jax.eval_shape(storable, program.state_like)
    each_its_own = source.replicas == program.replicas > 1
    taken: Arrays = {}
    words, left_out = [], []
    for player in PLAYERS:
        here = {name: tuple(leaf.shape) for name, leaf in like.items() if _is_weight(name, player)}
        there = _under_plain_names(_of_player(source, "ema" if averaged and player == "generator" else player))
        fitting, others = _fitting(here, there, source, program, each_its_own)
        taken |= fitting
        left_out += others
        params = [name for name in here if name.startswith(f"{player}/params/")]
        words.append(f"{player} {sum(name in fitting for name in params)} of {len(params)} arrays")
    if not any(name.split("/")[1] == "params" for name in taken):
        raise UserError(f"--init-from {source.name}: no layer agrees in name and shape: {_listed(left_out)}")
    if not all(np.isfinite(array).all() for array in taken.values() if np.issubdtype(array.dtype, np.floating)):
        raise UserError(f"--init-from {source.name}: its weights are not finite, that run diverged")
    if each_its_own:
        words.append("each replica with its own")
    elif source.replicas or program.replicas > 1:
        words.append("replica 0" + (f" for all {program.replicas}" if program.replicas > 1 else ""))
    first = f"begins with the weights of {source.name}{' (averaged)' if averaged else ''}: {', '.join(words)}"
    return InitialWeights(taken, (first, *([f"begun anew: {_listed(left_out)}"] if left_out else [])))


def _of_player(source: Source, player: str) -> Arrays:
    """The weights of a player, or of the average, which has no optimizer."""
    return {name: array for name, array in source.arrays.items() if _is_weight(name, player)}


def _is_weight(name: str, player: str) -> bool:
    return name.startswith((f"{player}/params/", f"{player}/variables/"))


def _plain_name(name: str) -> str:
    """The path without its player and without the levels of the transforms around a critic."""
    _, *parts = name.split("/")
    return "/".join(part for part in parts if part != AROUND)


def _under_plain_names(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays by their plain names; those whose plain name is not theirs alone are left out."""
    names = [_plain_name(name) for name in arrays]
    return {plain: array for plain, array in zip(names, arrays.values(), strict=True) if names.count(plain) == 1}


def _fitting(
    here: Mapping[str, tuple[int, ...]], there: Mapping[str, np.ndarray], source: Source, program: Program, each_its_own: bool
) -> tuple[Arrays, list[str]]:
    """The arrays of those modules all of whose arrays agree, as the new state has them; and the others in words."""
    fitting: Arrays = {}
    others = []
    names = [_plain_name(name) for name in here]
    for _, of_module in groupby(sorted(here), lambda name: name.rpartition("/")[0]):
        arrays: Arrays = {}
        apart: list[tuple[int, str]] = []  # arrays that do not fit: their axes, and words
        for name in of_module:
            plain, wanted = _plain_name(name), here[name][1:] if program.replicas > 1 else here[name]
            found = there.get(plain) if names.count(plain) == 1 else None
            has = None if found is None else found.shape[1:] if source.replicas else found.shape
            if found is not None and has == wanted:
                arrays[name] = _for_replicas(found, source, program, each_its_own)
            else:
                shown = "not there" if has is None else _shape(has)
                apart.append((len(wanted), f"{name.replace('/params/', ' ', 1)} ({shown}, here {_shape(wanted)})"))
        if apart:
            others.append(max(apart, key=lambda one: one[0])[1])  # the kernel, where it is among them
        else:
            fitting |= arrays
    return fitting, others


def _for_replicas(array: np.ndarray, source: Source, program: Program, each_its_own: bool) -> np.ndarray:
    if each_its_own:
        return array
    first = array[0] if source.replicas else array
    return np.broadcast_to(first, (program.replicas, *first.shape)) if program.replicas > 1 else first


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "a number"


def _listed(others: list[str]) -> str:
    more = len(others) - SHOWN
    return ", ".join(others[:SHOWN]) + (f" and {more} layer{'s' if more > 1 else ''} more" if more > 0 else "")
