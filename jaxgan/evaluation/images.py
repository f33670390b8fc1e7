"""Figures of pictures: against those of the data set, in features; by its classifier; and against the training set."""

import functools
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan import data
from jaxgan.config import Config
from jaxgan.data.dataset import Dataset
from jaxgan.engine.setup import room_for_data
from jaxgan.errors import UserError
from jaxgan.evaluation.critics import of_the_critic
from jaxgan.evaluation.protocol import EXACT, NEIGHBOURS, Judge, Show, count, two_kinds
from jaxgan.features import Features, LabClassifier, StackedClassifier, lab_classifier, make_extractor
from jaxgan.metrics.arrays import checked
from jaxgan.metrics.classes import (
    class_distribution,
    conditional_accuracy,
    entropy_bits,
    inception_score,
    relative_entropy,
)
from jaxgan.metrics.diversity import WINDOW, mean_ms_ssim, mean_pairwise_distance
from jaxgan.metrics.frechet import WIDEST, fid
from jaxgan.metrics.kernel import kid
from jaxgan.metrics.neighbours import nearest_neighbours
from jaxgan.metrics.path_length import path_length
from jaxgan.metrics.transport import sliced_wasserstein, wasserstein1
from jaxgan.pixels import to_model_range
from jaxgan.trained import TrainedRun

Classifier = LabClassifier | StackedClassifier
PATHS = 2000  # of the path length
LISTED = 20  # classes whose shares are listed
SHOWN = 10  # samples whose neighbours are drawn
SHOWN_NEIGHBOURS = 7


def judge_of_images(
    config: Config,
    data_dir: Path | None,
    features: Features,
    inception_weights: Path | None,
    n: int,
    seed: int,
    thorough: bool,
    show: Show,
) -> Judge:
    where: dict[str, Any] = {"data_dir": data_dir, "image_size": config.image_size, "memory": room_for_data(config)}
    train = data.read_into_memory(data.load(config.dataset, **where))
    classifier = lab_classifier(config.dataset, **where, show=show) if train.n_classes > 1 else None
    seen_in = make_extractor(features, config.dataset, classifier, inception_weights)
    unseen_data = data.load_held_out(config.dataset, **where)
    assert train.samples is not None
    chance = np.random.default_rng(seed)
    rows = chance.permutation(len(train.samples))[:n]
    real, real_labels = train.samples[rows], _labels(train)[rows]
    asked = jnp.asarray(
        chance.choice(_labels(train), n)
    )  # what a conditional run is asked for: labels as frequent as in the data
    protocol: dict[str, Any] = {
        "generated": n, "seed": seed, "neighbours": NEIGHBOURS, "real": len(rows), "features": seen_in.name, **seen_in.about,
        "pixels": "generated pictures rounded to 8 bits", "dataset": config.dataset, "real_split": "train", "training": len(train.samples),
    }  # fmt: skip
    if classifier is not None:
        protocol |= {"classifier_weights": classifier.weights_hash, "classifier_accuracy": classifier.accuracy}
    known = functools.cache(lambda: seen_in.extract(real, iter)[1])
    whole = functools.cache(lambda: seen_in.extract(train.samples, show(f"{seen_in.name} features of the training set"))[1])
    tried = None
    if unseen_data is not None and unseen_data.samples is not None and (unseen_data.n_classes or not config.conditional):
        held = np.random.default_rng(seed).permutation(len(unseen_data.samples))[:n]
        tried = unseen_data.samples[held], _labels(unseen_data)[held]
        protocol["held_out"] = len(held)
    if config.conditional:
        protocol["labels"] = "drawn from those of the training set"

    def of_samples(drawn: Any, labels: Any, show: Show) -> dict[str, float]:
        images = in_bytes(drawn)
        if len(images) != n:
            raise UserError(f"{len(images):,} pictures, and this judge takes {n:,}")
        probabilities, ours = seen_in.extract(images, show(f"{seen_in.name} features"))
        ours, theirs = checked("features", ours), known()
        name, size = f"{seen_in.name}_{count(n)}", min(1000, len(theirs), len(ours))
        spread = kid(theirs, ours, subset_size=size, progress=show("kernel distance"))
        found = {f"kid_{name}": spread.mean}
        if size < max(len(theirs), len(ours)):
            found[f"kid_{name}_std"] = spread.std
        if ours.shape[1] <= WIDEST:
            found = {f"fid_{name}": fid(theirs, ours), **found}
        if probabilities is not None:
            score = inception_score(probabilities)
            found |= {f"inception_score_{name}": score.mean, f"inception_score_{name}_std": score.std}
        if classifier is not None:
            judged = probabilities if seen_in.name == "lab" else classifier.classify(images)[0]
            assert judged is not None
            found |= of_classes(judged, labels, count(n), train)
        found |= two_kinds(theirs, ours, seen_in.name, n, show)
        few = min(EXACT if thorough else EXACT // 2, len(theirs), len(ours))
        order = np.random.default_rng(seed).permutation(len(ours))
        found |= {
            f"wasserstein1_exact_{seen_in.name}_{count(few)}": wasserstein1(theirs[:few], ours[order[:few]]),
            f"sliced_wasserstein1_{name}": sliced_wasserstein(theirs, ours, progress=show("sliced transport")),
            f"pairwise_distance_{name}": mean_pairwise_distance(ours, progress=show("pairs")),
        }
        if not thorough:
            return found
        if min(images.shape[1:3]) >= WINDOW:
            found[f"ms_ssim_{count(n)}"] = mean_ms_ssim(
                np.asarray(to_model_range(jnp.asarray(images))), progress=show("similarity of pairs")
            )
        closest = nearest_neighbours(whole(), ours, progress=show("nearest training pictures"))
        found[f"nearest_training_{name}"] = float(closest.distances.mean())
        if tried is not None:
            held = nearest_neighbours(whole(), seen_in.extract(tried[0], iter)[1])
            among = f"{seen_in.name}_{count(len(tried[0]))}"
            found[f"nearest_training_{among}_of_held_out"] = float(held.distances.mean())
        return found

    def figures(run: TrainedRun, average: bool, show: Show) -> dict[str, float]:
        drawn, labels = run.sample(n, seed=seed, labels=asked if config.conditional else None, average=average)
        found = of_samples(drawn, labels, show)
        if not thorough:
            return found
        if seen_in.name == "lab" and classifier is not None:
            paths = min(n, PATHS)
            found[f"path_length_lab_{count(paths)}"] = _path_length(run, classifier, paths, seed, average, show)
        fake_labels = np.zeros(n, np.int32) if labels is None else np.asarray(labels)
        some = np.random.default_rng(seed).permutation(n)[: len(real)]
        return found | of_the_critic(
            run, (as_numbers(real), real_labels), (np.asarray(drawn)[some], fake_labels[some]),
            None if tried is None else (as_numbers(tried[0]), tried[1]), seed, show,
        )  # fmt: skip

    def nearest(run: TrainedRun, average: bool) -> tuple[np.ndarray, np.ndarray]:
        images = in_bytes(run.sample(SHOWN, seed=seed, average=average)[0])
        rows = nearest_neighbours(whole(), seen_in.extract(images, iter)[1], k=SHOWN_NEIGHBOURS).rows
        assert train.samples is not None
        return images, train.samples[rows]

    reference = as_numbers(np.resize(real, (n, *real.shape[1:])))
    return Judge(figures, of_samples, protocol, reference, nearest)


def as_numbers(images: np.ndarray) -> np.ndarray:
    """Bytes as float32 in [-1, 1]."""
    return images.astype(np.float32) / 127.5 - 1


def in_bytes(images: Any) -> np.ndarray:
    """Pictures in [-1, 1] as they would be saved; refuses what is not finite."""
    finite = checked("generated pictures", images, ndim=4, least=1, dtype=np.float32)
    return np.asarray(np.clip(np.round((finite + 1) * 127.5), 0, 255), np.uint8)


def of_classes(probabilities: np.ndarray, labels: Any, n: str, train: Dataset) -> dict[str, float]:
    """What the data set's own classifier says of the samples; of a stacked set, how many of its modes they show."""
    predicted = probabilities.argmax(1)
    shares = class_distribution(predicted, train.n_classes)
    found = {
        f"class_entropy_bits_lab_{n}": entropy_bits(shares),
        f"rarest_class_share_lab_{n}": float(shares.min()),
        f"sure_share_lab_{n}": float((probabilities.max(1) > 0.9).mean()),
    }
    if train.n_classes <= LISTED:
        found |= {f"class_share_{label}_lab_{n}": float(share) for label, share in enumerate(shares)}
    if labels is not None:
        found[f"conditional_accuracy_lab_{n}"] = conditional_accuracy(predicted, np.asarray(labels))
    if train.stack_of is not None:
        found |= {
            f"modes_stacked_{n}": float((shares > 0).sum()),
            f"kl_stacked_{n}": relative_entropy(shares, class_distribution(_labels(train), train.n_classes)),
        }
    return found


def _labels(dataset: Dataset) -> np.ndarray:
    if dataset.labels is not None:
        return dataset.labels
    if dataset.samples is None:
        raise UserError(f"data set '{dataset.name}' holds no samples")
    return np.zeros(len(dataset.samples), np.int32)


def _path_length(run: TrainedRun, classifier: Classifier, samples: int, seed: int, average: bool, show: Show) -> float:
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
