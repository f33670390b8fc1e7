"""The lab's classifier, trained on labelled pictures: `lab` features, class probabilities, and its accuracy."""

import dataclasses
import hashlib
import io
import sys
import zipfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax.traverse_util import flatten_dict, unflatten_dict
from jaxtyping import Array, Float, Int, Shaped

from jaxgan.cache import cache_folder
from jaxgan.data import Dataset, read_into_memory
from jaxgan.errors import UserError
from jaxgan.features.parts import by_parts
from jaxgan.features.progress import Progress
from jaxgan.files import WriteError, replacing
from jaxgan.networks.classifier import Classifier
from jaxgan.pixels import to_model_range

BATCH, RATE = 100, 2e-3
UPDATES = 6_000  # ten passes over 60,000 pictures: what Fashion-MNIST needs for 91 %
PASSES = 60  # over fewer pictures, where that is less
AT_ONCE = {"on_cpu": 100, "elsewhere": 500}  # pictures at a time
FEWEST = 100  # labelled pictures, where a part of them has to serve as test data


@dataclasses.dataclass(frozen=True, eq=False)
class LabClassifier:
    """Weights of the lab's classifier, ready for pictures."""

    params: dict[str, Any]
    n_classes: int
    accuracy: float  # on the held-out pictures
    held_out: int

    @property
    def weights_hash(self) -> str:
        """The first 16 digits of the SHA-256 of all weights in the order of their names."""
        digest = hashlib.sha256()
        for name, leaf in sorted(flatten_dict(self.params, sep="/").items()):
            digest.update(name.encode() + np.asarray(leaf, np.float32).tobytes())
        return digest.hexdigest()[:16]

    def apply(self, samples: Float[Array, "n h w c"]) -> tuple[Float[Array, "n classes"], Float[Array, "n 128"]]:
        """Class probabilities and features of pictures in [-1, 1]; to be called within `jit`."""
        return _applied(self.params, self.n_classes, samples)

    def classify(
        self, samples: Any, progress: Progress = iter
    ) -> tuple[Float[np.ndarray, "n classes"], Float[np.ndarray, "n 128"]]:
        """Class probabilities and features of any number of pictures, uint8 or in [-1, 1], a part at a time."""
        return by_parts(lambda part: _classified(self.params, self.n_classes, part), samples, progress, **AT_ONCE)


def _applied(params: Any, n_classes: int, samples: Array) -> tuple[Array, Array]:
    with jax.default_matmul_precision("highest"):  # metrics are not to depend on how an accelerator rounds
        output: Any = Classifier(n_classes).apply({"params": params}, samples)
    return jax.nn.softmax(output.logits), output.features


@partial(jax.jit, static_argnums=1)
def _classified(params: Any, n_classes: int, pictures: Array) -> tuple[Array, Array]:
    return _applied(params, n_classes, to_model_range(pictures))


@dataclasses.dataclass(frozen=True, eq=False)
class StackedClassifier:
    """Classifies pictures whose channels show one picture each, by a classifier of those: the classes are all combinations.

    Class 10 a + b of two channels with ten classes each shows a in the first and b in the second, with the product of their
    probabilities; the features are those of the channels, side by side.
    """

    single: LabClassifier
    channels: int

    @property
    def n_classes(self) -> int:
        return self.single.n_classes**self.channels

    @property
    def accuracy(self) -> float:
        """Of telling one channel's picture."""
        return self.single.accuracy

    @property
    def held_out(self) -> int:
        return self.single.held_out

    @property
    def weights_hash(self) -> str:
        return self.single.weights_hash

    def apply(self, samples: Float[Array, "n h w c"]) -> tuple[Float[Array, "n classes"], Float[Array, "n features"]]:
        """Class probabilities and features; to be called within `jit`."""
        return _combined([self.single.apply(samples[..., i : i + 1]) for i in range(self.channels)], jnp)

    def classify(
        self, samples: Any, progress: Progress = iter
    ) -> tuple[Float[np.ndarray, "n classes"], Float[np.ndarray, "n features"]]:
        """Class probabilities and features of any number of pictures, uint8 or in [-1, 1], a part at a time."""
        return _combined([self.single.classify(samples[..., i : i + 1], progress) for i in range(self.channels)], np)


def _combined(channels: Sequence[tuple[Any, Any]], numpy: Any) -> tuple[Any, Any]:
    probabilities = channels[0][0]
    for more, _ in channels[1:]:
        probabilities = (probabilities[:, :, None] * more[:, None, :]).reshape(len(more), -1)
    return probabilities, numpy.concatenate([features for _, features in channels], axis=1)


def classifiers_folder() -> Path:
    """Where trained classifiers are kept: in the user's cache folder."""
    return cache_folder() / "classifiers"


def classifier_of(
    train: Dataset,
    test: Dataset | None = None,
    folder: Path | None = None,
    *,
    updates: int | None = None,
    seed: int = 0,
    progress: Progress = iter,
) -> LabClassifier:
    """The classifier of labelled pictures: read from `folder` where one of the same pictures and length is kept, else trained and kept there.

    Args:
        train: pictures of any origin, with labels; of a streamed set a part is learned.
        test: pictures that its accuracy is measured on; where there are none, or without labels, a tenth of `train` is left out for it.
        folder: where classifiers are kept; `classifiers_folder()` where None.
        updates: as `train_classifier`.
        seed: of the first weights and the batches.
        progress: shows how far the training is.

    Raises:
        UserError: what `train_classifier` refuses; fewer than 100 pictures and no test data; a stacked set, whose classifier is
            `StackedClassifier(classifier_of(SINGLE), channels)`; a kept file that cannot be read.
    """
    if train.stack_of is not None:
        raise UserError(
            f"data set '{train.name}' is stacked: its classifier is made of that of '{train.stack_of}' (StackedClassifier)"
        )
    train, test = read_into_memory(train), None if test is None else read_into_memory(test)
    if test is None or test.labels is None:
        if train.samples is None or train.labels is None or len(train.samples) < FEWEST:
            raise UserError(f"data set '{train.name}' holds no labelled pictures for a classifier, or fewer than {FEWEST}")
        rows = np.random.default_rng(0).permutation(len(train.samples))
        test, train = train.select(rows[: len(rows) // 10]), train.select(rows[len(rows) // 10 :])
    _check(train, test, updates)
    updates = _default_updates(train) if updates is None else updates
    path = (folder or classifiers_folder()) / f"{_fingerprint(train, test, updates, seed)}.npz"
    if path.is_file():
        assert test.samples is not None
        return _read(path, train.n_classes, len(test.samples))
    classifier = train_classifier(train, test, updates=updates, seed=seed, progress=progress)
    try:
        _write(path, classifier)
    except WriteError as error:  # what it was wanted for can go on: it is in memory
        print(f"the classifier is not kept for the next time: {error}", file=sys.stderr)
    return classifier


def train_classifier(
    train: Dataset, test: Dataset, *, updates: int | None = None, seed: int = 0, progress: Progress = iter
) -> LabClassifier:
    """A classifier of labelled pictures in memory, its accuracy measured on those of `test`; nothing is read or written.

    Adam at a rate that falls from 2e-3 to 0 by a half cosine, on batches of 100: 6,000 updates, or 60 passes where that is less.

    Raises:
        UserError: less than one update; pictures without labels, in less than two classes, or too small to be pooled twice.
    """
    _check(train, test, updates)
    assert train.samples is not None and train.labels is not None and test.samples is not None
    updates = _default_updates(train) if updates is None else updates
    params = _fit(train.samples, train.labels, train.n_classes, updates, seed, progress)
    classifier = LabClassifier(params, train.n_classes, 0.0, len(test.samples))
    accuracy = float((classifier.classify(test.samples)[0].argmax(1) == test.labels).mean())
    return dataclasses.replace(classifier, accuracy=accuracy)


def _check(train: Dataset, test: Dataset, updates: int | None) -> None:
    """Refuses what a classifier cannot be trained on, and no updates at all."""
    if updates is not None and updates < 1:
        raise UserError(f"updates={updates} is not possible: expected 1 or more")
    for dataset in (train, test):
        if not dataset.is_images or dataset.samples is None or dataset.labels is None or train.n_classes < 2:
            raise UserError(f"data set '{train.name}': a classifier needs labelled pictures in memory, of at least two classes")
    if min(train.sample_shape[:2]) < 4:
        raise UserError(
            f"data set '{train.name}': pictures of {train.sample_shape[:2]} pixels are too small for the classifier"
        )


def _default_updates(train: Dataset) -> int:
    assert train.samples is not None
    return min(UPDATES, PASSES * -(-len(train.samples) // BATCH))


def _fit(
    pictures: Shaped[np.ndarray, "n h w c"],
    labels: Int[np.ndarray, " n"],
    n_classes: int,
    updates: int,
    seed: int,
    progress: Progress,
) -> dict[str, Any]:
    model = Classifier(n_classes)
    optimizer = optax.adam(optax.cosine_decay_schedule(RATE, updates))
    start, batches = jax.random.split(jax.random.key(seed))
    params = jax.jit(model.init)(start, to_model_range(jnp.asarray(pictures[:1])))["params"]
    everything, classes = jax.device_put(pictures), jax.device_put(labels)
    batch = min(BATCH, len(pictures))

    @jax.jit
    def some(carry: Any, first: Array, last: Array) -> Any:
        def update(step: Array, carry: Any) -> Any:
            params, state = carry
            rows = jax.random.randint(jax.random.fold_in(batches, step), (batch,), 0, len(pictures))

            def loss(params: Any) -> Array:
                output: Any = model.apply({"params": params}, to_model_range(everything[rows]))
                return optax.softmax_cross_entropy_with_integer_labels(output.logits, classes[rows]).mean()

            changes, state = optimizer.update(jax.grad(loss)(params), state)
            return optax.apply_updates(params, changes), state

        return jax.lax.fori_loop(first, last, update, carry)

    carry = params, optimizer.init(params)
    part = max(1, updates // 100)
    for begin in progress(range(0, updates, part)):
        carry = jax.block_until_ready(some(carry, jnp.int32(begin), jnp.int32(min(begin + part, updates))))
    return carry[0]


def _fingerprint(train: Dataset, test: Dataset, updates: int, seed: int) -> str:
    digest = hashlib.sha256(f"{train.name} {updates} {seed} {RATE} {BATCH}".encode())
    for dataset in (train, test):
        digest.update(np.ascontiguousarray(dataset.samples).data)
        digest.update(np.ascontiguousarray(dataset.labels).data)
    return digest.hexdigest()[:16]


def _write(path: Path, classifier: LabClassifier) -> None:
    arrays: dict[str, Any] = {**flatten_dict(classifier.params, sep="/"), "accuracy": classifier.accuracy}
    with replacing(path) as file:
        np.savez(file, **arrays)


def _read(path: Path, n_classes: int, held_out: int) -> LabClassifier:
    try:
        with np.load(io.BytesIO(path.read_bytes())) as arrays:
            flat = {tuple(name.split("/")): arrays[name] for name in arrays.files if name != "accuracy"}
            accuracy = float(arrays["accuracy"])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise UserError(f"{path}: cannot be read as a classifier ({error}); delete it, and it is trained anew") from None
    return LabClassifier(jax.device_put(unflatten_dict(flat)), n_classes, accuracy, held_out)
