"""Samples of any origin measured against samples of any other: no run is needed."""

import dataclasses
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from jaxgan.checks import whole_number
from jaxgan.data import Dataset, account, form_of, load_held_out
from jaxgan.data.memory import MOST_BYTES
from jaxgan.errors import NotFiniteError, UserError, printable
from jaxgan.evaluation import FEWEST, Conditioning, Evaluator, default_count, evaluator_of, summarise_replicas
from jaxgan.evaluation.images import SHOWN, checked_bytes
from jaxgan.evaluation.points import PACGAN_POINTS
from jaxgan.evaluation.protocol import OwnMetrics
from jaxgan.features import Features, ShowProgress, show_nothing
from jaxgan.files import WriteError, without_link
from jaxgan.folder import RunFolder
from jaxgan.metrics.verdicts import verdicts
from jaxgan.report.neighbours import save_neighbours
from jaxgan.runs.run import Run
from jaxgan.runs.together import (
    Reading,
    Shape,
    check_alike,
    common_form,
    drawn_afresh,
    in_form,
    in_units_of,
    opened,
    read,
)

DRAWN = 10_000  # held-out samples of what draws them afresh


def evaluate_samples(
    judged: Any,
    against: Any,
    *,
    held_out: Any = None,
    n: int | None = None,
    seed: int = 0,
    average: bool = True,
    features: Features | None = None,
    inception_weights: Path | None = None,
    data_dir: Path | None = None,
    image_size: Any = None,
    resize: str = "crop",
    skip_unreadable: bool = False,
    label_column: int | str | None = None,
    metrics: OwnMetrics | None = None,
    coverage_points: int | None = None,
    pictures: Path | None = None,
    show: ShowProgress = show_nothing,
    tell: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """The metrics of `judged` against `against`: the protocol, values by name and what they say, as `evaluate` gives them of a run.

    Either is a `Run`, a data set by any name that `jaxgan.data.load` knows (so a folder of pictures, an archive, a table), an array or a
    `Dataset`. Of a run samples are drawn. Pictures are brought to the smaller size of both and, where their channels differ, to colour.

    Args:
        judged: whose samples are measured; as the training set's copies, too.
        against: the real ones.
        held_out: real samples that those of `judged` cannot have been learned from; where None the test split of `against`, if it has one.
        n: samples of either; where None all there are, at most 10,000 (26,000 against a stacked set).
        seed: of what is drawn and chosen.
        average: of a run: draw from its averaged weights where it keeps them.
        features: what pictures are compared in; where None "lab" if `against` has classes, else "pixels".
        inception_weights: as in `evaluate`.
        data_dir: where data sets lie.
        image_size: pixels that pictures are compared in: 64, "48x80"; the smaller size of both where None.
        resize: what becomes of pictures of another shape: "crop", "pad" or "squeeze".
        skip_unreadable: leave out picture files that cannot be read.
        label_column: of tables, the column of class labels: its name, or its number from 1.
        metrics: as in `evaluate`.
        coverage_points: as in `evaluate`.
        pictures: a folder that a picture of the nearest real pictures is written into; none is drawn where None.
        show: progress.
        tell: takes what was read, a line at a time.

    Raises:
        UserError: in one line, what cannot be read or compared; fewer than 100 samples.
        WriteError: the picture cannot be written; its `computed` is what would have been returned.
    """
    reading = Reading(data_dir, resize, skip_unreadable, label_column)
    ours, theirs = (side.dataset if isinstance(side, Run) else opened(side, reading) for side in (judged, against))
    check_alike(ours, theirs)
    form = common_form(ours, theirs, image_size)
    most = default_count(theirs) if n is None else whole_number("n", n)
    real = _real(against, theirs, form, reading, max(most, FEWEST), seed + 1)
    rows = max(most, coverage_points or 0) if real.distribution is not None else most
    if isinstance(judged, Run):
        n = most
        sets: list[Callable[[], Dataset]] = [partial(drawn, each, rows, seed, average, real) for each in judged.every_replica]
    else:
        samples = read(judged, drawn_afresh(ours, rows, seed), form, reading)
        n, sets = _count(samples, n, most), [lambda: samples]
        _tell(samples, tell)
    if real.distribution is not None and coverage_points is None:
        coverage_points = min(n, PACGAN_POINTS)
    _tell(real, tell)
    unseen = _test_split(against, real, reading) if held_out is None else held_out_samples(held_out, real, reading)
    evaluator = evaluator_of(
        real, Conditioning(), held_out=unseen, n=n, seed=seed,
        features=features or ("lab" if real.is_images and real.n_classes > 1 else "pixels"), inception_weights=inception_weights,
        data_dir=data_dir, metrics=metrics, coverage_points=coverage_points, show=show,
    )  # fmt: skip
    first: list[np.ndarray | None] = []  # the first samples of each set; None where it is not finite

    def measured(samples: Callable[[], Dataset]) -> dict[str, float]:
        first.append(None)
        try:
            found = samples()
            found = in_form(found, form, resize) if form else in_units_of(real, found)
            assert found.samples is not None
            chosen = np.random.default_rng(seed).permutation(len(found.samples))[: max(n, rows) if form is None else n]
            labels = found.labels[chosen] if found.labels is not None and _same_classes(found, real) else None
            first[-1] = found.samples[chosen[:SHOWN]]
            return evaluator.of_samples(found.samples[chosen], labels, show)
        except NotFiniteError:
            return {}

    summary = summarise_replicas([measured(samples) for samples in sets], ours.name)
    evaluation = {
        "judged": _name(judged, ours),
        "against": _name(against, theirs),
        "protocol": evaluator.protocol | _shapes(ours, theirs, real),
        **summary,
        "verdict": verdicts(summary["mean"], "pictures" if real.is_images else "samples"),
    }
    if pictures is not None:
        _save_neighbours(evaluation, evaluator, first, pictures)
    return evaluation


def drawn(run: Run, n: int, seed: int = 0, average: bool = True, like: Dataset | None = None) -> Dataset:
    """n samples of a run (of its first replica) as a data set, pictures as bytes, in no order.

    Of a conditional run with the classes of `like` they are as frequent as there; else every class has an equal part.

    Raises:
        NotFiniteError: the run diverged.
    """
    chance, classes = np.random.default_rng(seed), run.gan.n_classes
    wanted = None
    if like is not None and like.labels is not None and classes and like.n_classes == classes:
        wanted = chance.choice(like.labels, n)
    samples, labels = run.sample(n, seed=seed, labels=wanted, average=average)
    order = chance.permutation(n)
    made = checked_bytes(samples) if run.is_images else np.asarray(samples, np.float32)
    return dataclasses.replace(
        run.dataset, name=str(run.folder), samples=made[order], sampler=None, records=None, stack_of=None, notes=(),
        labels=np.asarray(labels, np.int32)[order] if classes else None, label_vectors=None,
        n_classes=classes, class_names=run.dataset.class_names if classes else (),
    )  # fmt: skip


def _real(against: Any, looked_at: Dataset, form: Shape | None, reading: Reading, n: int, seed: int) -> Dataset:
    """The samples that are judged against, in memory; n of a run, and of pictures that are drawn afresh."""
    if not isinstance(against, Run):
        return read(against, drawn_afresh(looked_at, n, seed) if form else looked_at, form, reading)
    found = dataclasses.replace(drawn(against, n, seed), distribution=None)  # the run's own, whose density is not known
    return in_form(found, form, reading.resize) if form else found


def _count(samples: Dataset, n: int | None, most: int) -> int:
    """How many of the samples are measured.

    Raises:
        UserError: more are asked for than there are; fewer than 100.
    """
    there = samples.size or 0
    if n is not None and n > there:
        raise UserError(f"--n {n}: '{printable(samples.name)}' holds {there:,} samples")
    if there < FEWEST:
        raise UserError(f"'{printable(samples.name)}' holds {there:,} samples: at least {FEWEST} are needed")
    return min(there, most)


def held_out_samples(given: Any, real: Dataset, reading: Reading) -> Dataset:
    """Held-out samples of any origin in the form of the real ones.

    Raises:
        UserError: they cannot be read, or not be brought into that form.
    """
    looked_at = opened(given, reading)
    check_alike(looked_at, real)
    if not real.is_images:
        return in_units_of(real, drawn_afresh(looked_at, DRAWN, 0))
    height, width, channels = real.sample_shape
    return read(given, drawn_afresh(looked_at, DRAWN, 0), (height, width, channels), reading)


def _test_split(against: Any, real: Dataset, reading: Reading) -> Dataset | None:
    """The test split of what was read by name, in the form of `real`; None where it has none."""
    if not isinstance(against, str | Path) or not (real.is_images or real.scaling is not None):
        return None
    how = form_of(real.name, real.sample_shape)
    if how:
        how |= {"resize": reading.resize, "skip_unreadable": reading.skip_unreadable, "memory": MOST_BYTES}
    found = load_held_out(str(against), data_dir=reading.data_dir, **how)
    return None if found is None else held_out_samples(found, real, reading)


def _same_classes(found: Dataset, real: Dataset) -> bool:
    """Whether labels of both mean the same: as many classes, of the same names where both have some."""
    names = found.class_names, real.class_names
    return found.n_classes == real.n_classes and (names[0] == names[1] or not all(names))


def _name(source: Any, dataset: Dataset) -> str:
    return str(source.folder) if isinstance(source, Run) else dataset.name


def _tell(dataset: Dataset, tell: Callable[[str], None] | None) -> None:
    """What was read, a line at a time, behind the name of the data."""
    for line in account(dataset) if tell else ():
        tell(f"{printable(dataset.name)}: {line.removeprefix('data: ')}" if line.startswith("data:") else line)


def _shapes(ours: Dataset, theirs: Dataset, real: Dataset) -> dict[str, str]:
    """What pictures were and are compared as, for the protocol; nothing of numbers."""
    if not real.is_images:
        return {}
    shapes = {"judged_as": ours, "against_as": theirs, "compared_as": real}
    return {name: "x".join(map(str, dataset.sample_shape)) for name, dataset in shapes.items()}


def _save_neighbours(evaluation: dict[str, Any], evaluator: Evaluator, first: list[np.ndarray | None], folder: Path) -> None:
    """Draws the first samples of each set beside the real ones that are nearest, where samples are pictures."""
    if evaluator.neighbours_of is None:
        return
    try:
        for number, samples in enumerate(first):
            if samples is not None:
                path = RunFolder(folder).neighbours(number if len(first) > 1 else None)
                save_neighbours(without_link(path), *evaluator.neighbours_of(samples))
    except WriteError as error:
        error.computed = evaluation
        raise
