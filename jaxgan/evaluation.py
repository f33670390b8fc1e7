"""Judges trained runs by fixed protocols; the metrics themselves are functions in `jaxgan.metrics`."""

import dataclasses
import functools
import statistics
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan import data, runs
from jaxgan.data.dataset import Dataset
from jaxgan.engine.classifier import TrainedClassifier, scaled, trained_classifier
from jaxgan.errors import UserError, unknown
from jaxgan.metrics.classes import class_distribution, conditional_accuracy, entropy_bits, inception_score
from jaxgan.metrics.coverage import lab_mode_coverage, mode_coverage
from jaxgan.metrics.divergence import divergences
from jaxgan.metrics.diversity import WINDOW, mean_ms_ssim, mean_pairwise_distance
from jaxgan.metrics.frechet import fid
from jaxgan.metrics.kernel import kid
from jaxgan.metrics.manifold import precision_recall_density_coverage
from jaxgan.metrics.path_length import path_length
from jaxgan.metrics.transport import sliced_wasserstein, wasserstein1
from jaxgan.metrics.two_sample import classifier_two_sample_test

PACGAN_POINTS = 2500  # arXiv 1712.04086, section 4.1
EXACT = 2000  # samples of either kind in exact transport: seconds
NEIGHBOURS = 5
FEATURES = ("lab", "pixels")
Show = Callable[[str], Callable[[Sequence[Any]], Iterable[Any]]]  # what is being done -> progress over its parts


def unseen(what: str) -> Callable[[Sequence[Any]], Iterable[Any]]:
    return iter


def classifiers_folder() -> Path:
    """Where trained classifiers are kept: in the user's cache directory."""
    return data.default_data_dir() / "classifiers"


def lab_classifier(
    dataset: str,
    *,
    data_dir: Path | None = None,
    image_size: int | None = None,
    updates: int | None = None,
    show: Show = unseen,
) -> TrainedClassifier:
    """The classifier of a labelled data set, kept in the user's cache directory by a hash of the pictures."""
    train = data.load(dataset, data_dir=data_dir, image_size=image_size)
    test = _held_out(dataset, data_dir, image_size)
    if test is None:  # a tenth of the pictures is held out
        if train.samples is None or train.labels is None:
            raise UserError(f"data set '{dataset}' holds no labelled pictures for a classifier")
        rows = np.random.default_rng(0).permutation(len(train.samples))
        last, first = rows[: len(rows) // 10], rows[len(rows) // 10 :]
        train, test = (dataclasses.replace(train, samples=train.samples[r], labels=train.labels[r]) for r in (first, last))
    return trained_classifier(
        train, test, classifiers_folder(), updates=updates, progress=show(f"training the classifier of {dataset}")
    )


def _held_out(dataset: str, data_dir: Path | None, image_size: int | None) -> Dataset | None:
    try:
        return data.load(dataset, data_dir=data_dir, split="test", image_size=image_size)
    except UserError:
        return None


def evaluate(
    folder: Path,
    *,
    step: int | None = None,
    n: int = 10_000,
    seed: int = 0,
    average: bool = True,
    features: str = "lab",
    data_dir: Path | None = None,
    show: Show = unseen,
) -> dict[str, Any]:
    """What evaluation.json holds: the protocol, every replica's figures, their mean and standard deviation.

    The name of a figure says what was compared: `fid_lab_10k` is the Frechet distance in features of the lab's classifier
    from 10,000 generated samples; how many real samples there were, and the hash of the weights, stand in the protocol.
    """
    if features not in FEATURES:
        raise unknown("features", features, FEATURES)
    if n < 100:
        raise UserError(f"--n {n}: at least 100 samples are needed")
    program, state = runs.load_all(folder, step=step)
    config, points = program.setup.config, program.setup.dataset.is_points
    judge = _of_points(program.setup.dataset, n, seed) if points else None
    protocol: dict[str, Any] = {"generated": n, "seed": seed, "neighbours": NEIGHBOURS}
    if judge is None:
        real = data.load(config.dataset, data_dir=data_dir or config.data_dir, image_size=config.image_size)
        classifier = None
        if real.n_classes > 1:
            classifier = lab_classifier(
                config.dataset, data_dir=data_dir or config.data_dir, image_size=config.image_size, show=show
            )
            protocol |= {"classifier_weights": classifier.weights_hash, "classifier_accuracy": classifier.accuracy}
        elif features == "lab":
            raise UserError(f"data set '{config.dataset}' has no labels to train a classifier on: --features pixels")
        judge = _of_images(real, classifier, features, n, seed, protocol)
    replicas = []
    for replica in range(program.replicas):
        own = state if program.replicas == 1 else jax.tree.map(lambda leaf, r=replica: leaf[r], state)
        run = runs.TrainedRun(program.setup, own, folder)
        which = f"replica {replica}: " if program.replicas > 1 else ""
        replicas.append(judge(run, average, lambda what, which=which: show(which + what)))
    names = list(replicas[0])
    return {
        "run": str(folder),
        "step": int(np.max(np.asarray(state.step))),
        "weights": "averaged" if average and state.ema else "last",
        "protocol": protocol,
        "replicas": replicas,
        "mean": {name: statistics.fmean(r[name] for r in replicas) for name in names},
        "std": {name: statistics.stdev(r[name] for r in replicas) if len(replicas) > 1 else None for name in names},
    }


def count(n: int) -> str:
    """10k for 10,000."""
    return f"{n // 1000}k" if n % 1000 == 0 else str(n)


def _of_points(dataset: Dataset, n: int, seed: int) -> Callable[..., dict[str, float]]:
    """Figures of points in the distribution's own units; where it is known, against its density and fresh points."""
    law = dataset.distribution
    if law is None:
        raise UserError(f"data set '{dataset.name}' is of points whose law is not known: nothing to judge them by")
    keys = jax.random.split(jax.random.key(seed + 7), 2)
    real, again = (np.asarray(law.to_units(jax.jit(law.sample, static_argnums=1)(key, n)[0])) for key in keys)
    reach = 3 * max(law.std, 0.05)
    low, high = real.min(0) - reach, real.max(0) + reach

    def judge(run: runs.TrainedRun, average: bool, show: Show) -> dict[str, float]:
        drawn = run.sample(max(n, PACGAN_POINTS), seed=seed, average=average)[0]
        drawn = drawn[np.random.default_rng(seed).permutation(len(drawn))]  # of a conditional run, not sorted by class
        fake = np.asarray(law.to_units(drawn))
        figures: dict[str, float] = {}
        if len(law.centres):
            covered = mode_coverage(fake[:PACGAN_POINTS], law.centres, law.std)
            figures |= {
                f"modes_pacgan_{PACGAN_POINTS}": float(covered.modes),
                f"high_quality_pacgan_{PACGAN_POINTS}": float(covered.high_quality),
                f"reverse_kl_pacgan_{PACGAN_POINTS}": float(covered.reverse_kl),
                f"coverage_lab_{PACGAN_POINTS}": lab_mode_coverage(
                    law.to_model(real), np.asarray(drawn[:PACGAN_POINTS]), len(law.centres)
                ),
            }
        few = min(EXACT, n)
        figures |= {
            f"wasserstein1_exact_{count(few)}": wasserstein1(real[:few], fake[:few]),
            f"wasserstein1_exact_{count(few)}_of_real": wasserstein1(real[:few], again[:few]),
            f"sliced_wasserstein1_{count(n)}": sliced_wasserstein(real, fake[:n], progress=show("sliced transport")),
        }
        apart = divergences(fake[:n], law.log_density, low=low, high=high)
        figures |= {f"{name}_grid50_{count(n)}": float(value) for name, value in apart._asdict().items()}
        return figures | _two_kinds(real, fake[:n], "points", n, show)

    return judge


def _two_kinds(real: np.ndarray, fake: np.ndarray, features: str, n: int, show: Show) -> dict[str, float]:
    """What compares two clouds, of whatever features."""
    both = precision_recall_density_coverage(real, fake, k=NEIGHBOURS, progress=show("neighbours"))
    figures = {f"{name}_{features}_{count(n)}": float(value) for name, value in both._asdict().items()}
    told = classifier_two_sample_test(real, fake)
    return figures | {
        f"c2st_{features}_{count(n)}": told.accuracy,
        f"c2st_{features}_{count(n)}_low": told.low,
        f"c2st_{features}_{count(n)}_high": told.high,
    }


def _of_images(
    real: Dataset, classifier: TrainedClassifier | None, features: str, n: int, seed: int, protocol: dict[str, Any]
) -> Callable[..., dict[str, float]]:
    if real.samples is None:
        raise UserError(f"data set '{real.name}' is streamed: it is not judged yet")
    rows = np.random.default_rng(seed).permutation(len(real.samples))[:n]
    protocol |= {"real": len(rows), "features": features}
    pictures = real.samples[rows]

    def of(samples: Any, show: Show) -> np.ndarray:
        if features == "lab" and classifier is not None:
            return classifier.judge(samples, show("features"))[1]
        return np.asarray(scaled(samples)).reshape(len(samples), -1)

    known = functools.cache(lambda: of(pictures, unseen))

    def judge(run: runs.TrainedRun, average: bool, show: Show) -> dict[str, float]:
        drawn, labels = run.sample(n, seed=seed, average=average)
        images = np.asarray(drawn)
        ours, theirs = of(images, show), known()
        figures = {f"fid_{features}_{count(n)}": fid(theirs, ours)}
        size = min(1000, len(theirs), len(ours))
        spread = kid(theirs, ours, subset_size=size, progress=show("kernel distance"))
        figures |= {f"kid_{features}_{count(n)}": spread.mean, f"kid_{features}_{count(n)}_std": spread.std}
        if classifier is not None:
            probabilities = classifier.judge(images)[0]
            predicted = probabilities.argmax(1)
            shares = class_distribution(predicted, classifier.n_classes)
            score = inception_score(probabilities)
            figures |= {
                f"inception_score_lab_{count(n)}": score.mean,
                f"inception_score_lab_{count(n)}_std": score.std,
                f"class_entropy_bits_lab_{count(n)}": entropy_bits(shares),
                f"rarest_class_share_lab_{count(n)}": float(shares.min()),
                f"sure_share_lab_{count(n)}": float((probabilities.max(1) > 0.9).mean()),
            }
            if labels is not None:
                figures[f"conditional_accuracy_lab_{count(n)}"] = conditional_accuracy(predicted, np.asarray(labels))
            if features == "lab":
                figures[f"path_length_lab_{count(min(n, 2000))}"] = _path_length(
                    run, classifier, min(n, 2000), seed, average, show
                )
        figures |= _two_kinds(theirs, ours, features, n, show)
        few = min(EXACT, len(theirs), len(ours))
        order = np.random.default_rng(seed).permutation(len(ours))
        figures |= {
            f"wasserstein1_exact_{features}_{count(few)}": wasserstein1(theirs[:few], ours[order[:few]]),
            f"sliced_wasserstein1_{features}_{count(n)}": sliced_wasserstein(theirs, ours, progress=show("sliced transport")),
            f"pairwise_distance_{features}_{count(n)}": mean_pairwise_distance(ours, progress=show("pairs")),
        }
        if min(images.shape[1:3]) >= WINDOW:
            figures[f"ms_ssim_{count(n)}"] = mean_ms_ssim(images, progress=show("similarity of pairs"))
        return figures

    return judge


def _path_length(
    run: runs.TrainedRun, classifier: TrainedClassifier, samples: int, seed: int, average: bool, show: Show
) -> float:
    classes = run.setup.dataset.n_classes if run.config.conditional else 1

    def generate(z: jax.Array) -> jax.Array:
        return run.generate(z, (jnp.arange(len(z)) % classes).astype(jnp.int32), average=average)

    found = path_length(
        generate,
        lambda images: classifier.apply(images)[1],
        jax.random.key(seed),
        run.setup.plan.latent_dim,
        samples=samples,
        progress=show("path length"),
    )
    return found.mean
