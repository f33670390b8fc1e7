"""Samples from a trained state."""

import dataclasses
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from jaxgan.checks import seed as checked_seed
from jaxgan.checks import truth, whole_number
from jaxgan.engine.arguments import labels_of, latent_of
from jaxgan.engine.draws import Stream, draw_latents, stream_key
from jaxgan.engine.gan import Gan
from jaxgan.errors import UserError, one_line
from jaxgan.labels import LabelVectors, class_number
from jaxgan.metrics import slerp
from jaxgan.networks import generator_index
from jaxgan.types import GanState, Labels, Samples, Source

PICTURE_POINTS = 2500  # PacGAN's protocol counts as many (arXiv 1712.04086, section 4.1)
PART = 1000  # samples made at a time, which bounds the memory


@dataclasses.dataclass(frozen=True, eq=False)
class TrainedGan:
    """A GAN with the state of one replica, ready to sample.

    With `batch_statistics` it samples with the batch's own statistics in batch norm, where a call says nothing else.
    """

    gan: Gan
    state: GanState
    sample_shape: tuple[int, ...]
    batch_statistics: bool = dataclasses.field(default=False, kw_only=True)

    @property
    def label_vectors(self) -> LabelVectors | None:
        """What is known of labels that are vectors: their names and units, and some rows; None where nothing is."""
        return None

    @property
    def class_names(self) -> tuple[str, ...]:
        """What the classes are called; empty where they have no names."""
        return ()

    @property
    def is_images(self) -> bool:
        return len(self.sample_shape) == 3

    def sample(
        self,
        n: int,
        *,
        seed: int = 0,
        label: Any = None,
        labels: Any = None,
        generator: int | None = None,
        batch_statistics: bool | None = None,
        average: bool = True,
    ) -> tuple[Samples, Labels | None]:
        """n samples, and their labels where the GAN is conditional: `label` for all, or `labels`, else every class in equal parts, sorted.

        `label` is a class by number or name; where labels are vectors, in the data's own units, a row (K,), {name: number} or a text
        ("age=30", "smiling,glasses"), and `labels` are rows (n, K), else rows of the data.
        The same seed gives the same latents, whatever the label. Of several generators, sample i is made by generator i modulo
        their number, or all by `generator`.

        Raises:
            UserError: a label or a generator that is not there, or an argument of another type, length or range.
        """
        n, seed = whole_number("n", n), checked_seed("seed", seed)
        several = self.gan.generators
        self._check_generator(generator)
        how: dict[str, Any] = {
            "batch_statistics": None if batch_statistics is None else truth("batch_statistics", batch_statistics),
            "average": truth("average", average),
        }
        if label is not None and labels is not None:
            raise UserError("label and labels both say which classes to draw: give one")
        labels = self._labels(n, label) if labels is None else self.gan.sample_labels(n, self._to_model(labels))
        z = draw_latents(jax.random.key(seed), n, self.gan.latent_dim)
        if generator is None:
            samples = self.generate(z, labels, **how)
        else:  # every generator makes them all, and one is taken
            every = (jnp.repeat(x, several, axis=0) for x in (z, labels))
            samples = self.generate(*every, **how)[generator::several]
        if not self.gan.is_conditional:
            return samples, None
        return samples, labels if self.label_vectors is None else jnp.asarray(self.label_vectors.to_units(labels))

    def interpolate(
        self, n: int, *, seed: int = 0, label: Any = None, batch_statistics: bool | None = None, average: bool = True
    ) -> Samples:
        """n samples on the great circle between two latents, along which the norm stays what the generator knows.

        All are of class `label`, 0 where a conditional GAN is given none; where labels are vectors, of the first of the data's that are kept.

        Raises:
            UserError: as `sample`; fewer than two samples.
        """
        n, seed = whole_number("n", n, at_least=2), checked_seed("seed", seed)
        how: dict[str, Any] = {
            "batch_statistics": None if batch_statistics is None else truth("batch_statistics", batch_statistics),
            "average": truth("average", average),
        }
        if label is None and self.gan.label_dim:
            labels = jnp.repeat(self._labels(1, None), n, axis=0)
        else:
            labels = self._labels(n, label if label is not None or not self.gan.n_classes else 0)
        start, end = (jnp.broadcast_to(z, (n, len(z))) for z in draw_latents(jax.random.key(seed), 2, self.gan.latent_dim))
        z = slerp(start, end, jnp.linspace(0.0, 1.0, n))
        return self.generate(z, labels, **how)

    def over_labels(
        self,
        n: int,
        labels: Any,
        *,
        seed: int = 0,
        generator: int | None = None,
        batch_statistics: bool | None = None,
        average: bool = True,
    ) -> Samples:
        """n latents, each with every one of m labels: samples (n m, ...), those of one latent side by side, of one generator.

        Raises:
            UserError: as `sample`.
        """
        m, several = len(labels), self.gan.generators
        self._check_generator(generator)
        labels = self.gan.sample_labels(m, self._to_model(labels))
        z = draw_latents(jax.random.key(checked_seed("seed", seed)), whole_number("n", n), self.gan.latent_dim)
        rows, columns = np.repeat(np.arange(n), m), np.tile(np.arange(m), n)
        every = (jnp.repeat(x, several, axis=0) for x in (z[rows], labels[columns]))
        made = self.generate(*every, batch_statistics=batch_statistics, average=average)
        own = rows % several if generator is None else np.full(n * m, generator)
        return made[np.arange(n * m) * several + own]

    def generate(
        self, latent: Float[Array, "n latent"], labels: Labels, *, batch_statistics: bool | None = None, average: bool = True
    ) -> Samples:
        """G(latent, labels), in parts of 1,000 to bound the memory; labels that are vectors are as the networks see them.

        With batch statistics, those of each part, the parts are equal and each takes every k-th sample, so that all classes are in each;
        of several generators they are those of the whole.

        Raises:
            UserError: as `Gan.generate`.
        """
        latent = latent_of(self.gan, latent)
        labels = labels_of(self.gan, "labels", labels, (len(latent),))
        own = self.batch_statistics if batch_statistics is None else batch_statistics
        n, several = len(latent), self.gan.generators
        size = PART // several * several
        rows = [np.arange(i, min(i + size, n)) for i in range(0, n, size)]
        if own:
            count = len(rows) if several == 1 else 1
            rows = [np.arange(i, n, count) for i in range(count)]
        made = jnp.concatenate([_generated(self.gan, self.state, latent[r], labels[r], own, average) for r in rows])
        return made[np.argsort(np.concatenate(rows))] if own else made

    def _check_generator(self, generator: int | None) -> None:
        if generator is not None and whole_number("generator", generator, at_least=0) >= self.gan.generators:
            raise UserError(f"--generator {generator}: allowed are 0 to {self.gan.generators - 1}")

    def _to_model(self, labels: Any) -> Any:
        """Labels as the networks see them."""
        return labels if self.label_vectors is None or labels is None else self.label_vectors.to_model(labels)

    def _labels(self, n: int, label: Any) -> Labels:
        if label is not None:
            if not self.gan.is_conditional:
                raise UserError(f"--label {one_line(label)}: this run was trained without labels (--conditional)")
            if self.gan.n_classes:
                return jnp.full(n, class_number(label, self.class_names, self.gan.n_classes, "--label"), jnp.int32)
            row = label if self.label_vectors is None else self._to_model(self.label_vectors.read(label, "--label"))
            return self.gan.sample_labels(n, np.broadcast_to(np.asarray(row), (n, self.gan.label_dim)))
        if self.gan.label_dim and self.label_vectors is not None:
            rows = self.label_vectors.examples
            return self.gan.sample_labels(n, self._to_model(rows[np.arange(n) % len(rows)]))
        return self.gan.sample_labels(n)


@partial(jax.jit, static_argnums=(0, 4, 5))
def _generated(gan: Gan, state: GanState, z: Array, y: Array, batch_statistics: bool, average: bool) -> Array:
    return gan.generate(state, z, y, batch_statistics=batch_statistics, average=average)


def label_rows(gan: Gan, source: Source) -> Float[np.ndarray, "rows label_dim"] | None:
    """The label vectors of the rows of a grid, as the networks see them; None where labels are none."""
    if not gan.label_dim:
        return None
    vectors = source.label_vectors
    return np.zeros((1, gan.label_dim), np.float32) if vectors is None else vectors.to_model(vectors.shown)


def picture_labels(gan: Gan, sample_shape: tuple[int, ...], rows: Any = None) -> np.ndarray:
    """Labels of the samples that a run draws while it trains: ten a class, in rows, where it is conditional; zeros otherwise.

    Of label vectors ten a row of `rows`. Of points of the plane, and of vectors of at most 100 numbers, there are 2,500 in all.
    """
    points = len(sample_shape) == 1 and sample_shape[0] <= 100
    if gan.label_dim:
        return np.repeat(rows, PICTURE_POINTS // len(rows) if points else 10, axis=0)
    if gan.n_classes:
        columns = PICTURE_POINTS // gan.n_classes if points else 10
        return np.repeat(np.arange(min(gan.n_classes, 100), dtype=np.int32), columns)
    n = gan.generators * -(-64 // gan.generators)  # as many of each generator
    return np.zeros(PICTURE_POINTS if points else n, np.int32)


def picture_groups(gan: Gan, sample_shape: tuple[int, ...], rows: Any = None) -> Int[np.ndarray, " n"]:
    """What these samples are told apart by: their labels, of vectors the place in `rows`, or the generator that made them."""
    labels = picture_labels(gan, sample_shape, rows)
    if gan.label_dim:
        return np.repeat(np.arange(len(rows), dtype=np.int32), len(labels) // len(rows))
    if gan.n_classes or gan.generators == 1:
        return labels
    return np.asarray(generator_index(len(labels), gan.generators))


def picture(gan: Gan, sample_shape: tuple[int, ...], state: GanState, batch_statistics: bool = False, rows: Any = None) -> Any:
    """Samples from the same latents at every step of the run; of label vectors for those of `rows`."""
    labels = jnp.asarray(picture_labels(gan, sample_shape, rows))
    z = draw_latents(stream_key(state.key, Stream.PICTURE), len(labels), gan.latent_dim)
    return gan.generate(state, z, labels, batch_statistics=batch_statistics)
