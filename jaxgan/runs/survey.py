"""What a training would see, and what a step of it costs on this machine, found before it begins."""

import time
from collections.abc import Callable
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Float, Shaped

from jaxgan.data import Dataset
from jaxgan.engine.loop import Program
from jaxgan.metrics import nearest_neighbours
from jaxgan.pixels import to_model_range
from jaxgan.report.listeners.progress_bar import ProgressBar, duration
from jaxgan.settings import Config
from jaxgan.settings.resolution import Resolved
from jaxgan.types import GanState

SEEN = 10_000  # samples, evenly chosen, among which duplicates are sought
COARSE = 16  # pixels a side at which pictures are compared
NEAR = 0.02  # root mean square difference, as a share of the range from black to white, of pictures that are nearly alike
MEASURED = 3.0  # seconds of steps
LONG = ProgressBar.VERY_LONG  # seconds of a training beyond which it is said what would be quicker


class Duplicates(NamedTuple):
    """Samples that are there more than once, among those looked at."""

    seen: int  # samples that were looked at
    exact: int  # that equal an earlier one in every number
    near: tuple[tuple[int, int], ...]  # pairs of rows of pictures that are nearly alike and not equal, the nearest first


class Cost(NamedTuple):
    """What training takes on this machine."""

    compilation: float  # seconds
    step: float  # seconds of a generator step with its critic steps, of all replicas
    memory: int  # bytes of the compiled program: state, data and what it holds at most meanwhile


class Timed(NamedTuple):
    """What steps take, in seconds."""

    first: float  # the first one, with what is still to be compiled
    step: float  # each of those that follow


def spread_rows(size: int, most: int) -> np.ndarray:
    """Up to `most` of the rows 0 to size - 1, evenly spread, in order."""
    return np.unique(np.linspace(0, size - 1, min(size, most)).round().astype(np.int64))


def seen_samples(dataset: Dataset, most: int = SEEN) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Evenly chosen rows, their samples and labels; of pictures that stay on disk each is read. None of a set that is drawn afresh.

    Raises:
        UserError: a picture cannot be read.
    """
    assert dataset.size is not None
    rows = spread_rows(dataset.size, most)
    if dataset.records is not None:
        read = [dataset.records[int(row)] for row in rows]
        labels = np.array([label for _, label in read]) if dataset.n_classes else None
        return rows, np.stack([picture for picture, _ in read]), labels
    assert dataset.samples is not None
    return rows, dataset.samples[rows], None if dataset.labels is None else dataset.labels[rows]


def find_duplicates(samples: Shaped[np.ndarray, "n *sample"]) -> Duplicates:
    """Equal samples, and of pictures (n, H, W, C) the pairs that differ at 16x16 pixels by less than 2 % of the range on average."""
    flat = np.ascontiguousarray(samples).reshape(len(samples), -1)
    _, first, which = np.unique(flat, axis=0, return_index=True, return_inverse=True)
    which = which.reshape(-1)
    exact = len(samples) - len(first)
    if samples.ndim != 4 or len(first) < 2:
        return Duplicates(len(samples), exact, ())
    distinct = np.sort(first)
    coarse = _coarse(samples[distinct])
    found = nearest_neighbours(coarse, coarse, k=2)
    pairs: dict[tuple[int, int], float] = {}
    for row, (distances, neighbours) in enumerate(zip(found.distances, found.rows, strict=True)):
        for distance, other in zip(distances, neighbours, strict=True):
            difference = float(distance) / 2 / np.sqrt(coarse.shape[1])  # the range from -1 to 1 is 2 wide
            if other != row and difference < NEAR:
                pairs[tuple(sorted((int(distinct[row]), int(distinct[other]))))] = difference  # type: ignore[index]
    return Duplicates(len(samples), exact, tuple(sorted(pairs, key=lambda pair: pairs[pair])))


def _coarse(pictures: Shaped[np.ndarray, "n h w c"]) -> Float[np.ndarray, "n features"]:
    """The pictures in [-1, 1] at 16x16 pixels at most, each a row."""
    n, height, width, channels = pictures.shape
    shape = (min(height, COARSE), min(width, COARSE), channels)
    with jax.numpy_dtype_promotion("standard"):
        parts = [
            np.asarray(jax.image.resize(to_model_range(part).astype(np.float32), (len(part), *shape), "linear", antialias=True))
            for part in np.array_split(pictures, -(-n // 1000))
        ]
    return np.concatenate(parts).reshape(n, -1)


def measure_cost(program: Program, seconds: float = MEASURED) -> Cost:
    """Compiles the iterations, makes steps of a run that is thrown away for about so many seconds (one at least after the first), and tells what they take."""
    state = program.initial_state()
    began = time.perf_counter()
    memory = program.lower(state).compile().memory_analysis()
    compilation = time.perf_counter() - began
    timed = time_steps(program, state, seconds)
    program.feed.end()
    assert timed is not None
    held = memory.argument_size_in_bytes + memory.output_size_in_bytes + memory.temp_size_in_bytes - memory.alias_size_in_bytes
    return Cost(compilation + timed.first, timed.step, held)


def time_steps(
    program: Program, state: GanState, seconds: float, interrupted: Callable[[], bool] = lambda: False
) -> Timed | None:
    """Makes steps from a state at step 0, which is used up, for about so many seconds, one at least after the first; None if interrupted.

    Of pictures that are read meanwhile they end with the first window of them, and a step takes no less than its share of reading that.
    A run that then begins from an equal state is what it would have been: its batches and its chance are those of a step's number.
    """
    window = program.feed.left(0)
    began = time.perf_counter()
    program.feed.at(0)
    reading = (time.perf_counter() - began) / window
    began = time.perf_counter()
    state, sums, _ = program.chunk(state, program.zero_sums(state), 1, begin_next=False)
    first = time.perf_counter() - began
    made, steps, taken = 1, 0, 0.0
    while not interrupted():
        n = 1 if not steps else max(1, min(program.feed.left(made), round(steps / taken * seconds / 2)))
        began = time.perf_counter()
        state, sums, _ = program.chunk(state, sums, n, begin_next=False)
        made, steps, taken = made + n, steps + n, taken + time.perf_counter() - began
        if taken >= seconds or made >= window:
            return Timed(first, max(taken / steps, reading))
    return None


def expected_time(resolved: Resolved, step: float, compilation: float = 0.0) -> list[str]:
    """How long the steps take where one takes so many seconds, in a line, and for long runs what would be quicker."""
    schedule = resolved.schedule
    whole = compilation + step * schedule.steps
    more = ", measurements not counted" if schedule.metrics_every else ""
    lines = [f"about {duration(whole)} for {schedule.steps:,} steps of {1000 * step:,.1f} ms each{more}"]
    options = quicker(resolved.config, resolved.dataset) if whole > LONG else ""
    return [*lines, f"quicker with some of: {options}"] if options else lines


def quicker(config: Config, dataset: Dataset) -> str:
    """Flags that would make a run shorter, those first that say most; empty for a GAN that was made in Python."""
    options: list[str] = []
    if config.python is not None:
        return ""
    if dataset.is_images and min(dataset.sample_shape[:2]) > 32:
        options.append("--image-size 32")
    if dataset.is_images and config.hidden_dim and config.hidden_dim > 32:
        options.append(f"--hidden-dim {config.hidden_dim // 2}")
    if (config.n_critic or 0) > 1:
        options.append("--n-critic 1")
    if config.replicas > 1:
        options.append("--replicas 1")
    if config.steps and config.steps > 1000:
        options.append(f"--steps {config.steps // 4}")
    return ", ".join(options)
