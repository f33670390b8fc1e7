"""A run measured by fixed protocols, or samples of any origin against others."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from jaxgan.checks import path as checked_path
from jaxgan.checks import truth
from jaxgan.data import Dataset, account, as_dataset, differences, in_labels_of
from jaxgan.errors import UserError, shortened
from jaxgan.evaluation import evaluator_of, measure_replicas, summarise_replicas
from jaxgan.evaluation.protocol import OwnMetrics
from jaxgan.features import Features, ShowProgress, named_features, show_nothing
from jaxgan.files import WriteError, without_link
from jaxgan.folder import RunFolder
from jaxgan.metrics.verdicts import verdicts
from jaxgan.report.neighbours import save_neighbours
from jaxgan.runs.data import held_out_data, training_data
from jaxgan.runs.exported import is_exported
from jaxgan.runs.judged import evaluate_samples, held_out_samples
from jaxgan.runs.load import load, load_all
from jaxgan.runs.run import Run
from jaxgan.runs.together import Reading
from jaxgan.settings.paths import found_from_here

BATCH_STATISTICS = "each batch's own statistics"


def evaluate(
    run: Any,
    data: Any = None,
    *,
    labels: Any = None,
    step: int | None = None,
    best: bool = False,
    n: int | None = None,
    seed: int = 0,
    average: bool = True,
    batch_statistics: bool | None = None,
    features: Features | None = None,
    inception_weights: Path | None = None,
    data_dir: Path | None = None,
    data_changed: bool = False,
    held_out: Any = None,
    image_size: Any = None,
    resize: str | None = None,
    skip_unreadable: bool = False,
    label_column: int | str | None = None,
    trust: bool = False,
    pictures: Path | None = None,
    metrics: OwnMetrics | None = None,
    coverage_points: int | None = None,
    show: ShowProgress = show_nothing,
    tell: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """What evaluation.json holds: the protocol, every replica's metrics, their mean and standard deviation, and what they say of overfitting.

    A replica that diverged, so that its samples are not finite, has no metrics and is listed. Where `run` is no run, or `data` is a run
    or a name, `jaxgan.runs.judged.evaluate_samples` says how both are brought together, and the critic is not asked.

    Args:
        run: what is judged: a run as `fit` or `load` returns it, or its folder; or samples of any origin: a folder of pictures, an
            archive, a table, a data set by its name, an array or a `Dataset`.
        data: the samples that it is compared with, as `fit` takes them; or likewise a run, a path or a name. Where None those that the
            run was trained on, by name.
        labels: of the data.
        step: of a folder: the checkpoint, the last where None.
        best: of a folder: the checkpoint that was best by the run's own metric.
        n: generated samples; 10,000 where None, 26,000 of a stacked set.
        seed: of the latents.
        average: measure the averaged weights where the run keeps them.
        batch_statistics: sample with each batch's own statistics in batch norm, or the running ones; as the run draws where None.
        features: what pictures are compared in: "lab", "inception", "efficientnet", "pixels", or a function of pictures (n, h, w, c)
            in [-1, 1] that gives (n, d), also by its name, "package.module:function". Where None "lab"; of two origins "pixels" where `data` have no classes.
        inception_weights: a PyTorch weight file; the published one where None.
        data_dir: where data sets lie; that of the run where None.
        data_changed: measure also where the data that the run names are not those that it was trained on.
        held_out: real samples that the judged ones cannot be copies of, in any form that `data` has; where None the test split, if any.
        image_size: of two origins: pixels that pictures are compared in; the smaller size of both where None.
        resize: of two origins: what becomes of pictures of another shape: "crop" (where None), "pad" or "squeeze".
        skip_unreadable: of two origins: leave out picture files that cannot be read.
        label_column: of two origins: the column of tables that holds class labels, by its name or its number from 1.
        trust: of a folder: whether code that its config.json names may be imported, and so run.
        pictures: a folder that pictures of the nearest training pictures are written into; none are drawn where None.
        metrics: of the user's own, {name: function of two arrays, real and generated samples, -> number}.
        coverage_points: generated points of the plane among which modes are counted; 2,500 where None.
        show: progress.
        tell: takes what was read of the data, a line at a time, as a training begins with it.

    Raises:
        UserError: in one line, a run or checkpoint that is not there, or samples that cannot be measured.
        WriteError: the pictures cannot be written; its `computed` is what would have been returned.

    Example:
        Of the run of the example of `jaxgan.fit`:

        >>> measured = jaxgan.evaluate("runs/first", n=500)
        >>> measured["mean"]["wasserstein1_exact_500"] > measured["mean"]["wasserstein1_exact_500_of_real"]
        True
    """
    given: dict[str, Any] = {
        "n": n, "seed": seed, "inception_weights": inception_weights, "metrics": metrics, "coverage_points": coverage_points, "show": show,
    }  # fmt: skip
    features = None if features is None else named_features(features)
    a_run = data is None or _is_run(run)
    if not a_run:
        _refuse_of_runs(run, step=step, best=best, data_changed=data_changed, batch_statistics=batch_statistics)
    loaded = run if isinstance(run, Run) or not a_run else _loaded(run, step=step, best=best, trust=trust)
    if isinstance(loaded, Run) and batch_statistics is not None:
        loaded = dataclasses.replace(loaded, batch_statistics=truth("batch_statistics", batch_statistics))
    if not a_run or isinstance(data, Run | str | Path):
        if labels is not None:
            raise UserError("labels are for an array that a run is compared with: give (samples, labels) as the data")
        return evaluate_samples(
            loaded, _loaded(data, trust=trust) if _is_folder(data) else data, held_out=held_out, average=average, features=features,
            data_dir=data_dir, image_size=image_size, resize=resize or "crop", skip_unreadable=skip_unreadable,
            label_column=label_column, pictures=pictures, tell=tell, **given,
        )  # fmt: skip
    of_two = {
        "image_size": image_size,
        "resize": resize,
        "skip_unreadable": skip_unreadable or None,
        "label_column": label_column,
    }
    for option, value in of_two.items():
        if value is not None:
            raise UserError(
                f"{option}={value}: for a run beside other samples; those that it was trained on have its form already"
            )
    if is_exported(loaded.folder):
        raise UserError(
            f"{loaded.folder} holds a generator alone, without critic and data: evaluate the run that it was exported from, or judge it"
            " against samples (python -m jaxgan.evaluate A B, from Python evaluate(a, b))"
        )
    data_dir = data_dir or found_from_here(loaded.config).data_dir
    return _evaluate_run(
        loaded, *_data(loaded, data, labels, data_dir, data_changed), held_out, average, pictures, tell, features=features or "lab",
        data_dir=data_dir, **given,
    )  # fmt: skip


def _evaluate_run(
    run: Run,
    train: Dataset,
    test: Dataset | None,
    held_out: Any,
    average: bool,
    pictures: Path | None,
    tell: Callable[[str], None] | None,
    *,
    show: ShowProgress,
    data_dir: Path | None,
    **how: Any,
) -> dict[str, Any]:
    """A run measured against the data that it was trained on, or samples of their form."""
    if train.sample_shape != run.sample_shape:
        theirs, ours = ("x".join(map(str, shape)) or "one number" for shape in (train.sample_shape, run.sample_shape))
        raise UserError(f"data set '{train.name}': its samples are of {theirs}, and {run.folder} draws samples of {ours}")
    for line in account(train) if tell else ():
        tell(line)
    if held_out is not None:
        test = in_labels_of(train, held_out_samples(held_out, train, Reading(data_dir)))
    evaluator = evaluator_of(train, run.gan, held_out=test, data_dir=data_dir, show=show, **how)
    values = measure_replicas(evaluator, run.every_replica, average=average, show=show)
    summary = summarise_replicas(values, str(run.folder))
    evaluation = {
        "run": str(run.folder),
        "step": int(np.max(np.asarray(run.state.step))),
        "weights": "averaged" if average and run.state.ema else "last",
        "protocol": {**evaluator.protocol, **({"batch_norm": BATCH_STATISTICS} if run.batch_statistics else {})},
        **summary,
        "verdict": verdicts(summary["mean"], "pictures" if train.is_images else "samples"),
    }
    if pictures is not None and evaluator.nearest is not None:
        try:
            for number, replica in enumerate(run.every_replica):
                if values[number]:
                    path = RunFolder(pictures).neighbours(number if run.replicas > 1 else None)
                    save_neighbours(without_link(path), *evaluator.nearest(replica, average))
        except WriteError as error:
            error.computed = evaluation
            raise
    return evaluation


def _is_folder(source: Any) -> bool:
    """Whether this is the path of a run folder, or of a generator that was exported for jaxgan."""
    return isinstance(source, str | Path) and (RunFolder(Path(source)).exists or is_exported(Path(source)))


def _loaded(folder: Any, **how: Any) -> Run:
    """A run with all its replicas, or an exported generator, from its folder."""
    folder = checked_path("run folder", folder)
    return load(folder, **how) if is_exported(folder) else load_all(folder, **how)


def _is_run(source: Any) -> bool:
    return isinstance(source, Run) or _is_folder(source)


def _refuse_of_runs(judged: Any, **options: Any) -> None:
    """Refuses options that say which of a run's checkpoints and weights to measure, where there is no run."""
    for option, value in options.items():
        if value not in (None, False):
            raise UserError(f"{option}={value}: for a run, and {shortened(judged)} is none")


def _data(run: Run, data: Any, labels: Any, data_dir: Path | None, data_changed: bool) -> tuple[Dataset, Dataset | None]:
    """The training data and, where there are any, the test data."""
    if data is not None:
        kind = "auto" if run.dataset.label_vectors is None else run.dataset.label_kind
        given = as_dataset(data, labels, keep_below=run.gan.n_classes, label_kind=kind, scaling=run.dataset.scaling)
        return in_labels_of(run.dataset, given), None
    dataset = run.dataset
    if (
        dataset.distribution is not None
        or dataset.samples is not None
        or dataset.sampler is not None
        or run.config.python is not None
    ):
        train = dataset  # at hand; or given from Python, and gone
    else:
        before = RunFolder(run.folder).read_environment().get("data") or {}
        # of changed data too in the units that the networks know
        train = training_data(run.config, data_dir, before).rescaled(run.dataset.scaling)
        if not data_changed and (apart := differences(before, train)):
            raise UserError(
                f"the data are not those that {run.folder} was trained on: {'; '.join(apart)}; --data-changed measures with these"
                " (from Python data_changed=True)"
            )
    train = in_labels_of(run.dataset, train)
    return train, held_out_data(run.config, train, data_dir)
