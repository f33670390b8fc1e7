"""Samples from a trained state."""

import dataclasses
from collections.abc import Sequence
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
from jaxgan.engine.latents import closed_walk, path_shares, path_through, seed_latents, stations_of, truncated
from jaxgan.engine.mixed_classes import with_mixed_classes
from jaxgan.errors import UserError, one_line
from jaxgan.labels import LabelVectors, class_number
from jaxgan.networks import generator_index
from jaxgan.types import GanState, Labels, Samples, Source

PICTURE_POINTS = 2500  # PacGAN's protocol counts as many (arXiv 1712.04086, section 4.1)
PART = 1000  # samples made at a time, which bounds the memory
BLOCK = 64  # samples of given latents made at a time: always as many, so that one's rounding does not depend on how many others there are


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
        truncation: float = 1.0,
        batch_statistics: bool | None = None,
        average: bool = True,
    ) -> tuple[Samples, Labels | None]:
        """n samples, and their labels where the GAN is conditional: `label` for all, or `labels`, else every class in equal parts, sorted.

        `label` is a class by number or name; where labels are vectors, in the data's own units, a row (K,), {name: number} or a text
        ("age=30", "smiling,glasses"), and `labels` are rows (n, K), else rows of the data.
        The same seed gives the same latents, whatever the label. Of several generators, sample i is made by generator i modulo
        their number, or all by `generator`. A `truncation` below 1 brings latents nearer to their mean (`engine.latents.truncated`).

        Raises:
            UserError: a label or a generator that is not there, or an argument of another type, length or range.

        Example:
            Of the run of the example of `jaxgan.fit`:

            >>> points, labels = jaxgan.load("runs/first").sample(1000, seed=1)
            >>> points.shape, labels
            ((1000, 2), None)
        """
        n, seed = whole_number("n", n), checked_seed("seed", seed)
        several = self.gan.generators
        self._check_generator(generator)
        how = _checked_manner(batch_statistics, average)
        labels = self._given_labels(n, label, labels)
        z = truncated(draw_latents(jax.random.key(seed), n, self.gan.latent_dim), truncation)
        if generator is None:
            samples = self.generate(z, labels, **how)
        else:  # every generator makes them all, and one is taken
            every = (jnp.repeat(x, several, axis=0) for x in (z, labels))
            samples = self.generate(*every, **how)[generator::several]
        return samples, self._in_units(labels)

    def of_seeds(
        self,
        seeds: Sequence[int],
        *,
        label: Any = None,
        labels: Any = None,
        truncation: float = 1.0,
        generator: int | None = None,
        batch_statistics: bool | None = None,
        average: bool = True,
    ) -> tuple[Samples, Labels | None]:
        """A sample a seed, the same whatever the other seeds are, and their labels where the GAN is conditional.

        Where neither `label` nor `labels` says it, a seed's class is the seed modulo their number (where labels are vectors, its row that
        of the data's that are kept); its generator goes by the seed too. With batch statistics a sample depends on the others.

        Raises:
            UserError: as `sample`.
        """
        seeds = [checked_seed("seeds", seed) for seed in seeds]
        if not seeds:
            raise UserError("seeds: there are none")
        latent = truncated(seed_latents(seeds, self.gan.latent_dim), truncation)
        return self._of_rows(np.asarray(seeds, np.int64), latent, label, labels, generator, batch_statistics, average)

    def of_latents(
        self,
        latent: Any,
        *,
        label: Any = None,
        labels: Any = None,
        generator: Any = None,
        batch_statistics: bool | None = None,
        average: bool = True,
    ) -> tuple[Samples, Labels | None]:
        """The samples of given latents (n, latent_dim), and their labels: as `of_seeds`, of which each row's number is the seed; `generator` may be one a row.

        Raises:
            UserError: as `sample`; latents of another shape.
        """
        latent = latent_of(self.gan, latent)
        return self._of_rows(np.arange(len(latent)), latent, label, labels, generator, batch_statistics, average)

    def _of_rows(
        self, numbers: np.ndarray, latent: Array, label: Any, labels: Any, generator: Any, batch_statistics: Any, average: Any
    ) -> tuple[Samples, Labels | None]:
        """The sample and the label of each latent; its number chooses what is not given."""
        free = label is None and labels is None
        rows = self.labels_by_number(numbers) if free else self._given_labels(len(latent), label, labels)
        makers = self.generators_by_number(numbers) if generator is None else generator
        made = self._made(latent, rows, makers, **_checked_manner(batch_statistics, average))
        return made, self._in_units(rows)

    def labels_by_number(self, numbers: np.ndarray) -> Labels:
        """The label of the sample of each seed, as the networks see it."""
        if self.gan.n_classes:
            return jnp.asarray(numbers % self.gan.n_classes, jnp.int32)
        rows = (
            self.label_vectors.examples[numbers % len(self.label_vectors.examples)] if self.label_vectors is not None else None
        )
        return self.gan.sample_labels(len(numbers), self._to_model(rows))

    def generators_by_number(self, numbers: np.ndarray) -> np.ndarray:
        """Which of several generators makes the sample of each seed, so that each makes samples of every class."""
        return numbers // max(1, self.gan.n_classes) % self.gan.generators

    def _made(self, latent: Array, labels: Labels, makers: Any, *, batch_statistics: bool | None, average: bool) -> Samples:
        """Samples of given latents, each by its own generator, or all by one: every generator makes them all, and one is taken."""
        makers = np.broadcast_to(makers, len(latent))
        for maker in set(makers.tolist()):
            self._check_generator(maker)
        n, several = len(latent), self.gan.generators
        own = self.batch_statistics if batch_statistics is None else batch_statistics
        size = n if own else BLOCK
        parts = []
        for start in range(0, n, size):
            rows = np.minimum(np.arange(start, start + size), n - 1)  # filled up with the last
            every = (jnp.repeat(x[rows], several, axis=0) for x in (latent, labels))
            made = self.generate(*every, batch_statistics=own, average=average)
            parts.append(made[np.arange(size) * several + makers[rows]])
        return jnp.concatenate(parts)[:n]

    def interpolate(
        self,
        n: int,
        *,
        seed: int = 0,
        seeds: Sequence[int] | None = None,
        label: Any = None,
        labels: Sequence[Any] | None = None,
        easing: str = "linear",
        truncation: float = 1.0,
        generator: int | None = None,
        batch_statistics: bool | None = None,
        average: bool = True,
    ) -> Samples:
        """Samples on the great circle between two latents, along which the norm stays what the generator knows; n, with both ends.

        With `seeds`, from the latent of each to that of the next, and with `labels` from each label to the next: n from one to the next, in
        all (stations - 1) (n - 1) + 1. One seed alone, or none, with several labels keeps its latent. Between classes their embeddings are
        mixed, between vectors the vectors. `easing` is "linear", or "smooth": slow at each station. All are made by one generator.

        Without `labels` all are of class `label`, 0 where a conditional GAN is given none; where labels are vectors, of the first of the
        data's that are kept.

        Raises:
            UserError: as `sample`; fewer than two samples or stations, as many seeds as labels are not, or classes that cannot be mixed.
        """
        n, how = whole_number("n", n, at_least=2), _checked_manner(batch_statistics, average)
        if label is not None and labels is not None:
            raise UserError("label and labels both say which classes to draw: give one")
        if labels is not None and not isinstance(labels, list | tuple):
            raise UserError(
                f"labels={one_line(labels)}: must be a list of labels, from each of which the path goes to the next"
            )
        if label is not None:
            self._one_label(1, label)  # refused before anything is computed
        stations = truncated(stations_of(seed, seeds, labels, self.gan.latent_dim), truncation)
        z = path_through(stations, n, easing)
        if labels is not None:
            return self._between(z, [*labels] * (len(stations) if len(labels) == 1 else 1), n, easing, generator or 0, how)
        return self._made(z, self._one_label(len(z), label), generator or 0, **how)

    def walk(
        self,
        n: int,
        *,
        seed: int = 0,
        label: Any = None,
        truncation: float = 1.0,
        generator: int | None = None,
        batch_statistics: bool | None = None,
        average: bool = True,
    ) -> Samples:
        """n samples of a smooth random walk through the latents that comes back to where it began (`engine.latents.closed_walk`).

        Labels and generator are as those of `interpolate`.

        Raises:
            UserError: as `sample`; fewer than two samples.
        """
        n, seed = whole_number("n", n, at_least=2), checked_seed("seed", seed)
        z = truncated(closed_walk(seed, n, self.gan.latent_dim), truncation)
        how = _checked_manner(batch_statistics, average)
        return self._made(z, self._one_label(n, label), generator or 0, **how)

    def _one_label(self, n: int, label: Any) -> Labels:
        """The same label for n samples: the one that is given, else class 0 or the first vector that is kept."""
        if label is None and self.gan.label_dim:
            return jnp.repeat(self.labels_for(1, None), n, axis=0)
        return self.labels_for(n, label if label is not None or not self.gan.n_classes else 0)

    def _between(self, z: Array, labels: list[Any], n: int, easing: str, generator: int, how: dict[str, Any]) -> Samples:
        """The samples of a path's latents, from label to label."""
        rows = jnp.concatenate([self.labels_for(1, label) for label in labels])
        legs, share = path_shares(len(labels), n, easing)
        if self.gan.label_dim:
            share = share[:, None]
            return self._made(z, (1 - share) * rows[legs] + share * rows[legs + 1], generator, **how)
        if self.couples_samples(how["batch_statistics"]):
            raise UserError(
                "labels: classes are mixed a few samples at a time, without batch statistics: --batch-statistics False"
            )
        each = jax.nn.one_hot(rows, self.gan.n_classes)
        weights = (1 - share)[:, None] * each[legs] + share[:, None] * each[legs + 1]  # (frames, classes)
        classes, parts = jnp.arange(self.gan.n_classes), []
        for start in range(0, len(z), len(classes)):  # as many at a time as the generator has classes
            frames = jnp.minimum(start + classes, len(z) - 1)
            mixed = dataclasses.replace(self, state=with_mixed_classes(self.state, weights[frames]))
            parts.append(mixed._made(z[frames], classes, generator, **how))
        return jnp.concatenate(parts)[: len(z)]

    def over_labels(
        self,
        n: int,
        labels: Any,
        *,
        seed: int = 0,
        generator: int | None = None,
        truncation: float = 1.0,
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
        drawn = draw_latents(jax.random.key(checked_seed("seed", seed)), whole_number("n", n), self.gan.latent_dim)
        z = truncated(drawn, truncation)
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

    def couples_samples(self, batch_statistics: bool | None = None) -> bool:
        """Whether a sample depends on those drawn with it: of generators with batch norm, drawn with its batch's own statistics."""
        own = self.batch_statistics if batch_statistics is None else batch_statistics
        return bool(own and "batch_stats" in self.state.generator.variables)

    def _check_generator(self, generator: int | None) -> None:
        if generator is not None and whole_number("generator", generator, at_least=0) >= self.gan.generators:
            raise UserError(f"--generator {generator}: allowed are 0 to {self.gan.generators - 1}")

    def _given_labels(self, n: int, label: Any, labels: Any) -> Labels:
        if label is not None and labels is not None:
            raise UserError("label and labels both say which classes to draw: give one")
        return self.labels_for(n, label) if labels is None else self.gan.sample_labels(n, self._to_model(labels))

    def _in_units(self, labels: Labels) -> Labels | None:
        """Labels in the data's own units; None where the GAN has none."""
        if not self.gan.is_conditional:
            return None
        return labels if self.label_vectors is None else jnp.asarray(self.label_vectors.to_units(labels))

    def _to_model(self, labels: Any) -> Any:
        """Labels as the networks see them."""
        return labels if self.label_vectors is None or labels is None else self.label_vectors.to_model(labels)

    def labels_for(self, n: int, label: Any) -> Labels:
        """The labels of n samples as the networks see them: all `label`, or where it is None as `sample` chooses them."""
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


def _checked_manner(batch_statistics: Any, average: Any) -> dict[str, Any]:
    """How samples are drawn, as the arguments of `generate`."""
    return {
        "batch_statistics": None if batch_statistics is None else truth("batch_statistics", batch_statistics),
        "average": truth("average", average),
    }


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
