"""The lab's classifier trained on labelled pictures: `lab` features, class probabilities, and how far to trust them."""

import dataclasses
import hashlib
import io
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax.traverse_util import flatten_dict, unflatten_dict
from jaxtyping import Array, Float, Int, UInt8

from jaxgan.data.dataset import Dataset
from jaxgan.errors import UserError
from jaxgan.networks.classifier import Classifier

BATCH, RATE = 100, 2e-3
UPDATES = 6_000  # ten passes over 60,000 pictures: what Fashion-MNIST needs for 91 %
PASSES = 60  # over fewer pictures, where that is less
JUDGED = 500  # pictures judged at a time
Progress = Callable[[Sequence[Any]], Iterable[Any]]


@dataclasses.dataclass(frozen=True, eq=False)
class TrainedClassifier:
    """A classifier, ready to judge pictures in [-1, 1]."""

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
        """Class probabilities and features; to be called within `jit`."""
        return _applied(self.params, self.n_classes, samples)

    def judge(
        self, samples: Any, progress: Progress = iter
    ) -> tuple[Float[np.ndarray, "n classes"], Float[np.ndarray, "n 128"]]:
        """The same for any number of pictures, uint8 or in [-1, 1], a part at a time."""
        parts = [
            _judged(self.params, self.n_classes, samples[i : i + JUDGED]) for i in progress(range(0, len(samples), JUDGED))
        ]
        probabilities, features = (np.concatenate(column) for column in zip(*parts, strict=True))
        return probabilities, features


def _applied(params: Any, n_classes: int, samples: Array) -> tuple[Array, Array]:
    with jax.default_matmul_precision("highest"):  # figures are not to hang on how an accelerator rounds
        said: Any = Classifier(n_classes).apply({"params": params}, samples)
    return jax.nn.softmax(said.logits), said.features


@partial(jax.jit, static_argnums=1)
def _judged(params: Any, n_classes: int, pictures: Array) -> tuple[Array, Array]:
    return _applied(params, n_classes, scaled(pictures))


@dataclasses.dataclass(frozen=True, eq=False)
class StackedClassifier:
    """Judges pictures whose channels show one picture each, by a classifier of those: the classes are all combinations.

    Class 10 a + b of two channels with ten classes each shows a in the first and b in the second, with the product of their
    probabilities; the features are those of the channels, side by side.
    """

    single: TrainedClassifier
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

    def judge(
        self, samples: Any, progress: Progress = iter
    ) -> tuple[Float[np.ndarray, "n classes"], Float[np.ndarray, "n features"]]:
        """The same for any number of pictures, uint8 or in [-1, 1], a part at a time."""
        return _combined([self.single.judge(samples[..., i : i + 1], progress) for i in range(self.channels)], np)


def _combined(channels: Sequence[tuple[Any, Any]], numpy: Any) -> tuple[Any, Any]:
    probabilities = channels[0][0]
    for more, _ in channels[1:]:
        probabilities = (probabilities[:, :, None] * more[:, None, :]).reshape(len(more), -1)
    return probabilities, numpy.concatenate([features for _, features in channels], axis=1)


def scaled(pictures: Any) -> Array:
    """Bytes as numbers in [-1, 1]; such numbers as they are."""
    pictures = jnp.asarray(pictures)
    return pictures.astype(float) / 127.5 - 1 if pictures.dtype == jnp.uint8 else pictures


def trained_classifier(
    train: Dataset, test: Dataset, folder: Path, *, updates: int | None = None, seed: int = 0, progress: Progress = iter
) -> TrainedClassifier:
    """The classifier of a labelled data set: from `folder` where one of the same pictures and length is kept, else trained and kept there.

    Adam at a rate that falls from 2e-3 to 0 by a half cosine, on batches of 100: 6,000 updates, or 60 passes where that is less.

    Raises:
        UserError: pictures without labels, in less than two classes, or too small to be pooled twice.
    """
    if (
        train.is_points
        or train.samples is None
        or train.labels is None
        or test.samples is None
        or test.labels is None
        or train.n_classes < 2
    ):
        raise UserError(f"data set '{train.name}': a classifier needs labelled pictures in memory, of at least two classes")
    if min(train.sample_shape[:2]) < 4:
        raise UserError(
            f"data set '{train.name}': pictures of {train.sample_shape[:2]} pixels are too small for the classifier"
        )
    updates = min(UPDATES, PASSES * -(-len(train.samples) // BATCH)) if updates is None else updates
    kept = folder / f"{_fingerprint(train, test, updates, seed)}.npz"
    if kept.is_file():
        return _read(kept, train.n_classes, len(test.samples))
    params = _fitted(train.samples, train.labels, train.n_classes, updates, seed, progress)
    found = TrainedClassifier(params, train.n_classes, 0.0, len(test.samples))
    accuracy = float((found.judge(test.samples)[0].argmax(1) == test.labels).mean())
    found = dataclasses.replace(found, accuracy=accuracy)
    _write(kept, found)
    return found


def _fitted(
    pictures: UInt8[np.ndarray, "n h w c"],
    labels: Int[np.ndarray, " n"],
    n_classes: int,
    updates: int,
    seed: int,
    progress: Progress,
) -> dict[str, Any]:
    model = Classifier(n_classes)
    optimizer = optax.adam(optax.cosine_decay_schedule(RATE, updates))
    start, batches = jax.random.split(jax.random.key(seed))
    params = jax.jit(model.init)(start, scaled(pictures[:1]))["params"]
    everything, classes = jax.device_put(pictures), jax.device_put(labels)
    batch = min(BATCH, len(pictures))

    @jax.jit
    def some(carry: Any, first: Array, last: Array) -> Any:
        def update(step: Array, carry: Any) -> Any:
            params, state = carry
            rows = jax.random.randint(jax.random.fold_in(batches, step), (batch,), 0, len(pictures))

            def loss(params: Any) -> Array:
                said: Any = model.apply({"params": params}, scaled(everything[rows]))
                return optax.softmax_cross_entropy_with_integer_labels(said.logits, classes[rows]).mean()

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


def _write(path: Path, classifier: TrainedClassifier) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    held = io.BytesIO()
    arrays: dict[str, Any] = {**flatten_dict(classifier.params, sep="/"), "accuracy": classifier.accuracy}
    np.savez(held, **arrays)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_bytes(held.getvalue())
    unfinished.replace(path)


def _read(path: Path, n_classes: int, held_out: int) -> TrainedClassifier:
    try:
        with np.load(path) as arrays:
            flat = {tuple(name.split("/")): arrays[name] for name in arrays.files if name != "accuracy"}
            accuracy = float(arrays["accuracy"])
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{path}: cannot be read as a classifier ({error}); delete it, and it is trained anew") from None
    return TrainedClassifier(jax.device_put(unflatten_dict(flat)), n_classes, accuracy, held_out)
