"""Metrics of pictures: against those of the data set, in features; by its classifier; and against the training set."""

import functools
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.data import Dataset, read_into_memory
from jaxgan.engine.gan import Gan
from jaxgan.engine.sampling import TrainedGan
from jaxgan.errors import UserError
from jaxgan.evaluation.critics import gap_of_critic, metrics_of_critic
from jaxgan.evaluation.labels import Conditioning, in_units, label_metrics, labels_for
from jaxgan.evaluation.memorisation import memorisation
from jaxgan.evaluation.protocol import EXACT, Evaluator, OwnMetrics, count, neighbours, own_metrics, two_sample_metrics
from jaxgan.features import (
    Features,
    LabClassifier,
    ShowProgress,
    StackedClassifier,
    classifier_of,
    lab_classifier,
    make_extractor,
)
from jaxgan.metrics import (
    class_distribution,
    conditional_accuracy,
    entropy_bits,
    fid,
    inception_score,
    kid,
    mean_ms_ssim,
    mean_pairwise_distance,
    nearest_neighbours,
    path_length,
    relative_entropy,
    sliced_wasserstein,
    wasserstein1,
)
from jaxgan.metrics.arrays import checked
from jaxgan.metrics.diversity import WINDOW
from jaxgan.metrics.frechet import WIDEST
from jaxgan.pixels import to_bytes, to_model_range

Classifier = LabClassifier | StackedClassifier
FRECHET = {"efficientnet": "frechet"}  # features whose Frechet distance would be taken for the FID of the papers
PATHS = 2000  # of the path length
LISTED = 20  # classes whose shares are listed
SHOWN = 10  # samples whose neighbours are drawn
SHOWN_NEIGHBOURS = 7


def evaluator_of_images(
    dataset: Dataset,
    gan: Gan | Conditioning,
    held_out: Dataset | None,
    *,
    features: Features,
    inception_weights: Path | None,
    data_dir: Path | None,
    n: int,
    seed: int,
    thorough: bool,
    metrics: OwnMetrics | None,
    show: ShowProgress,
) -> Evaluator:
    """The evaluator of pictures like those of `dataset`, of which a streamed one is read in part."""
    train, held_out = read_into_memory(dataset), None if held_out is None else read_into_memory(held_out)
    assert train.samples is not None
    conditional, vectors = gan.is_conditional, train.label_vectors
    if vectors is not None and features == "lab":
        raise UserError(
            f"data set '{train.name}': its labels are {vectors.kind}, no classes to train a classifier on: --features pixels, or inception"
        )
    tried = held_out if held_out is not None and _same_classes(train, held_out) else None
    classifier = _classifier(train, tried, data_dir, show) if train.n_classes > 1 else None
    extractor = make_extractor(features, train.name, classifier, inception_weights)
    chance = np.random.default_rng(seed)
    rows = chance.permutation(len(train.samples))[:n]
    real, real_labels = train.samples[rows], labels_for(gan, train, _labels(train))[rows]
    wanted_labels = chance.choice(labels_for(gan, train, _labels(train)), n)  # of a conditional GAN: as frequent as in the data
    protocol: dict[str, Any] = {
        "generated": n, "seed": seed, "neighbours": neighbours(len(rows)), "real": len(rows), "features": extractor.name, **extractor.about,
        "pixels": "generated pictures rounded to 8 bits", "dataset": train.name, "real_split": "train", "training": len(train.samples),
    }  # fmt: skip
    if classifier is not None:
        protocol |= {"classifier_weights": classifier.weights_hash, "classifier_accuracy": classifier.accuracy}
    known = functools.cache(lambda: extractor.extract(real, iter)[1])
    whole = functools.cache(lambda: extractor.extract(train.samples, show(f"{extractor.name} features of the training set"))[1])
    unseen = None
    if held_out is not None and held_out.samples is not None and (held_out.n_classes or held_out.label_dim or not conditional):
        rows = np.random.default_rng(seed).permutation(len(held_out.samples))[:n]
        unseen = held_out.samples[rows], labels_for(gan, held_out, _labels(held_out))[rows]
        protocol["held_out"] = len(rows)
    if conditional:
        protocol["labels"] = "drawn from those of the training set"
    if vectors is not None:
        protocol["by_class"] = f"nothing is measured by class: the labels are {vectors.kind}"

    def of_samples(drawn: Any, labels: Any, show: ShowProgress) -> dict[str, float]:
        return measured(drawn, labels, show)

    def neighbours_of(drawn: Any) -> tuple[np.ndarray, np.ndarray]:
        images = checked_bytes(drawn[:SHOWN])
        assert train.samples is not None
        shown = min(SHOWN_NEIGHBOURS, len(train.samples))
        rows = nearest_neighbours(whole(), extractor.extract(images, iter)[1], k=shown).rows
        return images, train.samples[rows]

    def measured(drawn: Any, labels: Any, show: ShowProgress) -> dict[str, float]:
        """Of samples and the labels that they were made for, as the networks see them."""
        images = checked_bytes(drawn)
        if len(images) != n:
            raise UserError(f"{len(images):,} pictures, and this evaluator takes {n:,}")
        probabilities, ours = extractor.extract(images, show(f"{extractor.name} features"))
        ours, theirs = checked("features", ours), known()
        name, size = f"{extractor.name}_{count(n)}", min(1000, len(theirs), len(ours))
        distance = kid(theirs, ours, subset_size=size, progress=show("kernel distance"))
        values = {f"kid_{name}": distance.mean}
        if size < max(len(theirs), len(ours)):
            values[f"kid_{name}_std"] = distance.std
        if ours.shape[1] <= WIDEST:
            values = {f"{FRECHET.get(extractor.name, 'fid')}_{name}": fid(theirs, ours), **values}
        if probabilities is not None:
            score = inception_score(probabilities)
            values |= {f"inception_score_{name}": score.mean, f"inception_score_{name}_std": score.std}
        if classifier is not None:
            classes = probabilities if extractor.name == "lab" else classifier.classify(images)[0]
            assert classes is not None
            values |= class_metrics(classes, labels, count(n), train)
        if vectors is not None and gan.label_dim and labels is not None:
            values |= label_metrics(train, (theirs, real_labels), (ours, np.asarray(labels)), extractor.name, n)
        values |= two_sample_metrics(theirs, ours, extractor.name, n, show)
        few = min(EXACT if thorough else EXACT // 2, len(theirs), len(ours))
        order = np.random.default_rng(seed).permutation(len(ours))
        values |= {
            f"wasserstein1_exact_{extractor.name}_{count(few)}": wasserstein1(theirs[:few], ours[order[:few]]),
            f"sliced_wasserstein1_{name}": sliced_wasserstein(theirs, ours, progress=show("sliced transport")),
            f"pairwise_distance_{name}": mean_pairwise_distance(ours, progress=show("pairs")),
        }
        values |= own_metrics(metrics, as_floats(real), as_floats(np.asarray(drawn)), n)
        if not thorough:
            return values
        if min(images.shape[1:3]) >= WINDOW:
            values[f"ms_ssim_{count(n)}"] = mean_ms_ssim(
                np.asarray(to_model_range(jnp.asarray(images))), progress=show("similarity of pairs")
            )
        of_unseen = None if unseen is None else extractor.extract(unseen[0], iter)[1]
        return values | memorisation(whole(), ours, of_unseen, extractor.name, show)

    def of_gan(trained: TrainedGan, average: bool, show: ShowProgress) -> dict[str, float]:
        labels = wanted_labels if conditional else None
        drawn, _ = trained.sample(n, seed=seed, labels=in_units(trained, labels), average=average)
        values = measured(drawn, labels, show)
        if not thorough:
            unknown_to_it = None if unseen is None else (as_floats(unseen[0]), unseen[1])
            return values | gap_of_critic(trained, (as_floats(real), real_labels), unknown_to_it, show)
        if extractor.name == "lab" and classifier is not None:
            paths = min(n, PATHS)
            values[f"path_length_lab_{count(paths)}"] = _path_length(trained, classifier, paths, seed, average, show)
        fake_labels = np.zeros(n, np.int32) if labels is None else np.asarray(labels)
        some = np.random.default_rng(seed).permutation(n)[: len(real)]
        return values | metrics_of_critic(
            trained, (as_floats(real), real_labels), (np.asarray(drawn)[some], fake_labels[some]),
            None if unseen is None else (as_floats(unseen[0]), unseen[1]), seed, show,
        )  # fmt: skip

    def nearest(trained: TrainedGan, average: bool) -> tuple[np.ndarray, np.ndarray]:
        labels = in_units(trained, wanted_labels[:SHOWN]) if gan.label_dim else None
        return neighbours_of(trained.sample(SHOWN, seed=seed, labels=labels, average=average)[0])

    reference = as_floats(np.resize(real, (n, *real.shape[1:])))
    return Evaluator(of_gan, of_samples, protocol, reference, nearest, neighbours_of)


def _classifier(train: Dataset, held_out: Dataset | None, data_dir: Path | None, show: ShowProgress) -> Classifier:
    """The classifier of these pictures; of a stacked set made of that of a single picture's data set."""
    if train.stack_of is None:
        return classifier_of(train, held_out, progress=show(f"training the classifier of {train.name}"))
    size = train.sample_shape[:2]
    single = lab_classifier(train.stack_of, data_dir=data_dir, image_size=size, show=show)
    assert isinstance(single, LabClassifier)
    return StackedClassifier(single, train.sample_shape[-1])


def _same_classes(train: Dataset, other: Dataset) -> bool:
    """Whether labels of one are labels of the other, so that a classifier of the one can be tried on the other."""
    return train.n_classes == other.n_classes and train.class_names == other.class_names


def as_floats(images: np.ndarray) -> np.ndarray:
    """Pictures as float32 in [-1, 1], as the networks see them."""
    return np.asarray(to_model_range(images), np.float32)


def checked_bytes(images: Any) -> np.ndarray:
    """Pictures in [-1, 1] as they would be saved, and bytes as they are; refuses what is not finite."""
    if isinstance(images, np.ndarray) and images.dtype == np.uint8:
        return images
    return np.asarray(to_bytes(checked("generated pictures", images, ndim=4, least=1, dtype=np.float32)))


def class_metrics(probabilities: np.ndarray, labels: Any, n: str, train: Dataset) -> dict[str, float]:
    """The samples' classes by the data set's own classifier; of a stacked set, how many of its modes they show."""
    predicted = probabilities.argmax(1)
    shares = class_distribution(predicted, train.n_classes)
    values = {
        f"class_entropy_bits_lab_{n}": entropy_bits(shares),
        f"rarest_class_share_lab_{n}": float(shares.min()),
        f"sure_share_lab_{n}": float((probabilities.max(1) > 0.9).mean()),
    }
    if train.n_classes <= LISTED:
        values |= {f"class_share_{label}_lab_{n}": float(share) for label, share in enumerate(shares)}
    if labels is not None:
        values[f"conditional_accuracy_lab_{n}"] = conditional_accuracy(predicted, np.asarray(labels))
    if train.stack_of is not None:
        values |= {
            f"modes_stacked_{n}": float((shares > 0).sum()),
            f"kl_stacked_{n}": relative_entropy(shares, class_distribution(_labels(train), train.n_classes)),
        }
    return values


def _labels(dataset: Dataset) -> np.ndarray:
    if dataset.labels is not None:
        return dataset.labels
    if dataset.samples is None:
        raise UserError(f"data set '{dataset.name}' holds no samples")
    return np.zeros(len(dataset.samples), np.int32)


def _path_length(
    trained: TrainedGan, classifier: Classifier, samples: int, seed: int, average: bool, show: ShowProgress
) -> float:
    classes = trained.gan.n_classes or 1

    def generate(z: jax.Array) -> jax.Array:
        return trained.generate(z, (jnp.arange(len(z)) % classes).astype(jnp.int32), average=average)

    length = path_length(
        generate,
        lambda images: classifier.apply(images)[1],
        jax.random.key(seed),
        trained.gan.latent_dim,
        samples=samples,
        progress=show("path length"),
    )
    return length.mean
