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
from jaxgan.errors import UserError
from jaxgan.metrics import slerp
from jaxgan.networks import generator_index
from jaxgan.types import GanState, Labels, Samples

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
    def is_images(self) -> bool:
        return len(self.sample_shape) == 3

    def sample(
        self,
        n: int,
        *,
        seed: int = 0,
        label: int | None = None,
        labels: Labels | None = None,
        generator: int | None = None,
        batch_statistics: bool | None = None,
        average: bool = True,
    ) -> tuple[Samples, Labels | None]:
        """n samples, and their labels where the GAN is conditional: `label` for all, or `labels`, else every class in equal parts, sorted.

        The same seed gives the same latents, whatever the label. Of several generators, sample i is made by generator i modulo
        their number, or all by `generator`.

        Raises:
            UserError: a label or a generator that is not there, or an argument of another type, length or range.
        """
        n, seed = whole_number("n", n), checked_seed("seed", seed)
        several = self.gan.generators
        if generator is not None and whole_number("generator", generator, at_least=0) >= several:
            raise UserError(f"--generator {generator}: allowed are 0 to {several - 1}")
        how: dict[str, Any] = {
            "batch_statistics": None if batch_statistics is None else truth("batch_statistics", batch_statistics),
            "average": truth("average", average),
        }
        if label is not None and labels is not None:
            raise UserError("label and labels both say which classes to draw: give one")
        labels = self._labels(n, label) if labels is None else self.gan.sample_labels(n, labels)
        z = draw_latents(jax.random.key(seed), n, self.gan.latent_dim)
        if generator is None:
            samples = self.generate(z, labels, **how)
        else:  # every generator makes them all, and one is taken
            every = (jnp.repeat(x, several, axis=0) for x in (z, labels))
            samples = self.generate(*every, **how)[generator::several]
        return samples, labels if self.gan.n_classes else None

    def interpolate(
        self, n: int, *, seed: int = 0, label: int | None = None, batch_statistics: bool | None = None, average: bool = True
    ) -> Samples:
        """n samples on the great circle between two latents, along which the norm stays what the generator knows.

        All are of class `label`, 0 where a conditional GAN is given none.

        Raises:
            UserError: as `sample`; fewer than two samples.
        """
        n, seed = whole_number("n", n, at_least=2), checked_seed("seed", seed)
        how: dict[str, Any] = {
            "batch_statistics": None if batch_statistics is None else truth("batch_statistics", batch_statistics),
            "average": truth("average", average),
        }
        labels = self._labels(n, label if label is not None or not self.gan.n_classes else 0)
        start, end = (jnp.broadcast_to(z, (n, len(z))) for z in draw_latents(jax.random.key(seed), 2, self.gan.latent_dim))
        z = slerp(start, end, jnp.linspace(0.0, 1.0, n))
        return self.generate(z, labels, **how)

    def generate(
        self, latent: Float[Array, "n latent"], labels: Labels, *, batch_statistics: bool | None = None, average: bool = True
    ) -> Samples:
        """G(latent, labels), in parts of 1,000 to bound the memory.

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

    def _labels(self, n: int, label: int | None) -> Labels:
        classes = self.gan.n_classes
        if label is not None:
            if not classes:
                raise UserError(f"--label {label}: this run was trained without labels (--conditional)")
            if whole_number("label", label, at_least=0) >= classes:
                raise UserError(f"--label {label}: allowed are 0 to {classes - 1}")
            return jnp.full(n, int(label), jnp.int32)
        return self.gan.sample_labels(n)


@partial(jax.jit, static_argnums=(0, 4, 5))
def _generated(gan: Gan, state: GanState, z: Array, y: Array, batch_statistics: bool, average: bool) -> Array:
    return gan.generate(state, z, y, batch_statistics=batch_statistics, average=average)


def picture_labels(gan: Gan, sample_shape: tuple[int, ...]) -> Int[np.ndarray, " n"]:
    """Labels of the samples that a run draws while it trains: ten a class, in rows, where it is conditional; zeros otherwise.

    Of points of the plane, and of vectors of at most 100 numbers, there are 2,500 in all.
    """
    points = len(sample_shape) == 1 and sample_shape[0] <= 100
    if gan.n_classes:
        columns = PICTURE_POINTS // gan.n_classes if points else 10
        return np.repeat(np.arange(min(gan.n_classes, 100), dtype=np.int32), columns)
    n = gan.generators * -(-64 // gan.generators)  # as many of each generator
    return np.zeros(PICTURE_POINTS if points else n, np.int32)


def picture_groups(gan: Gan, sample_shape: tuple[int, ...]) -> Int[np.ndarray, " n"]:
    """What these samples are told apart by: their labels, or the generator that made them."""
    labels = picture_labels(gan, sample_shape)
    if gan.n_classes or gan.generators == 1:
        return labels
    return np.asarray(generator_index(len(labels), gan.generators))


def picture(gan: Gan, sample_shape: tuple[int, ...], state: GanState, batch_statistics: bool = False) -> Any:
    """Samples from the same latents at every step of the run."""
    labels = jnp.asarray(picture_labels(gan, sample_shape))
    z = draw_latents(stream_key(state.key, Stream.PICTURE), len(labels), gan.latent_dim)
    return gan.generate(state, z, labels, batch_statistics=batch_statistics)
