"""Inversion: the latent from which a generator draws a given picture, sought by gradient."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

from jaxgan.checks import POSITIVE, number, whole_number
from jaxgan.checks import seed as checked_seed
from jaxgan.engine.draws import draw_latents
from jaxgan.engine.sampling import TrainedGan
from jaxgan.errors import UserError
from jaxgan.types import GanState, Labels, Samples

AT_ONCE = 64  # latents that are moved at a time
CANDIDATES = 512  # random latents, of which the nearest are the starts
PART = 25  # steps between two reports of progress
RATE = 0.1  # of Adam, which falls to 0 by a half cosine


class Inverted(NamedTuple):
    """What was found for each of n pictures."""

    latents: Float[np.ndarray, "n latent"]
    labels: Any  # (n,) classes or (n, K) vectors as the networks see them; None where the GAN has none
    generators: np.ndarray  # (n,) the generator that draws it
    images: Samples  # (n, ...) what it draws
    losses: Float[np.ndarray, " n"]  # the mean squared difference of features


class _Rows(NamedTuple):
    """Latents with what else a sample is made from."""

    latent: Array  # (rows, latent_dim)
    label: Labels  # (rows, ...)
    maker: Array  # (rows,) which generator

    def chosen(self, rows: Any) -> "_Rows":
        """Some of them."""
        return _Rows(*(part[rows] for part in self))


def pixels(images: Samples) -> Array:
    """All numbers of each image in a row."""
    return images.reshape(len(images), -1)


def invert(
    trained: TrainedGan,
    images: Float[np.ndarray, "n ..."],
    labels: Any = None,
    *,
    features: Callable[[Samples], Array] = pixels,
    generator: int | None = None,
    starts: int = 8,
    steps: int = 400,
    rate: float = RATE,
    seed: int = 0,
    average: bool = True,
    progress: Callable[[Sequence[Any]], Iterable[Any]] = iter,
) -> Inverted:
    """The latents z that make |F(G(z)) - F(x)|^2 small for each image x, by Adam from several starts, of which the best is kept.

    The starts are those of many random latents whose features lie nearest, for Adam finds what is near. The generator draws with the
    running statistics of batch norm, so that an image has a latent by itself.

    Args:
        trained: the GAN.
        images: (n, ...), as the generator draws them.
        labels: theirs, as the networks see them; where None, each start has one of its own, and the best says the label.
        features: a differentiable function of images (n, ...) that gives (n, d); pixels where not given.
        generator: the one that is to draw them; where None and there are several, the best start says it.
        starts: latents for each image.
        steps: of Adam.
        rate: Adam's learning rate at first, which falls to 0 by a half cosine.
        seed: of the starts.
        average: use the averaged weights where there are any.
        progress: shows how far it is.

    Raises:
        UserError: images of another shape than the generator's, or an argument outside its range.
    """
    starts, steps = whole_number("starts", starts, at_most=AT_ONCE), whole_number("steps", steps)
    rate, seed = number("rate", rate, POSITIVE), checked_seed("seed", seed)
    images = np.asarray(images, np.float32)
    if images.shape[1:] != tuple(trained.sample_shape) or not len(images):
        raise UserError(f"images of shape {images.shape}; must be (n, {', '.join(map(str, trained.sample_shape))})")
    given = None if labels is None else np.asarray(trained.gan.sample_labels(len(images), labels))
    features_of, images_of = (_of_rows(trained, average, last) for last in (features, lambda images: images))
    candidates = _candidates(trained, generator, seed)
    optimizer = optax.adam(optax.cosine_decay_schedule(rate, steps))
    descend = _descent(features_of, optimizer)
    size = max(1, AT_ONCE // starts)
    parts = [np.minimum(np.arange(i, i + size), len(images) - 1) for i in range(0, len(images), size)]
    found: list[tuple[Any, ...]] = []
    for begin, rows in progress([(begin, rows) for rows in parts for begin in range(0, steps, PART)]):
        if not begin:
            target = jnp.repeat(jax.jit(features)(jnp.asarray(images[rows])), starts, axis=0)
            at = _nearest(
                features_of, trained.state, candidates, target[::starts], None if given is None else given[rows], starts
            )
            carry = at.latent, optimizer.init(at.latent), at.latent, jnp.full(len(at.latent), jnp.inf)
        last = jnp.int32(min(begin + PART, steps))
        carry = jax.block_until_ready(descend(trained.state, carry, at, target, jnp.int32(begin), last))
        if last == steps:
            losses = np.asarray(carry[3]).reshape(-1, starts)  # (rows starts,) -> (rows, starts)
            best = at._replace(latent=carry[2]).chosen(losses.argmin(1) + np.arange(len(losses)) * starts)
            found.append((*best, images_of(trained.state, best), losses.min(1)))
    latent, label, maker, drawn, loss = (np.concatenate(column)[: len(images)] for column in zip(*found, strict=True))
    return Inverted(latent, label if trained.gan.is_conditional else None, maker, jnp.asarray(drawn), loss)


def _of_rows(trained: TrainedGan, average: bool, last: Callable[[Any], Any]) -> Callable[[GanState, _Rows], Array]:
    """A compiled function of rows: what `last` gives of the images that are made from them."""
    gan = trained.gan

    @jax.jit
    def made(state: GanState, rows: _Rows) -> Array:
        every = (
            jnp.repeat(x, gan.generators, axis=0) for x in (rows.latent, rows.label)
        )  # by every generator, and one is taken
        images = gan.generate(state, *every, average=average)
        return last(images[jnp.arange(len(rows.latent)) * gan.generators + rows.maker])

    return made


def _candidates(trained: TrainedGan, generator: int | None, seed: int) -> _Rows:
    """Random latents with labels and generators in turn."""
    gan, numbers = trained.gan, np.arange(CANDIDATES)
    makers = trained.generators_by_number(numbers) if generator is None else np.full(CANDIDATES, generator)
    if makers.max() >= gan.generators:
        raise UserError(f"--generator {generator}: allowed are 0 to {gan.generators - 1}")
    latent = draw_latents(jax.random.key(seed), CANDIDATES, gan.latent_dim)
    return _Rows(latent, trained.labels_by_number(numbers), jnp.asarray(makers))


def _nearest(
    features_of: Callable[[GanState, _Rows], Array], state: GanState, candidates: _Rows, target: Array, given: Any, starts: int
) -> _Rows:
    """For each target the candidates whose features are nearest, with their own labels or the target's given one."""
    tried = [_features_in_parts(features_of, state, candidates)] if given is None else []
    for label in () if given is None else given:
        own = candidates._replace(label=jnp.repeat(jnp.asarray(label)[None], CANDIDATES, axis=0))
        tried.append(_features_in_parts(features_of, state, own))
    chosen = []
    for row, goal in enumerate(np.asarray(target)):
        distances = np.square(tried[min(row, len(tried) - 1)] - goal).mean(1)
        rows = candidates.chosen(np.argsort(distances, kind="stable")[:starts])
        chosen.append(rows if given is None else rows._replace(label=jnp.repeat(jnp.asarray(given[row])[None], starts, axis=0)))
    return _Rows(*(jnp.concatenate(column) for column in zip(*chosen, strict=True)))


def _features_in_parts(features_of: Callable[[GanState, _Rows], Array], state: GanState, rows: _Rows) -> np.ndarray:
    parts = range(0, len(rows.latent), AT_ONCE)
    return np.concatenate([features_of(state, rows.chosen(slice(start, start + AT_ONCE))) for start in parts])


def _descent(
    features_of: Callable[[GanState, _Rows], Array], optimizer: optax.GradientTransformation
) -> Callable[..., tuple[Array, Any, Array, Array]]:
    """A compiled function: steps first to last of Adam, each latent by its own loss; it keeps the best that each has met."""

    def losses(latent: Array, state: GanState, at: _Rows, target: Array) -> tuple[Array, Array]:
        each = jnp.square(features_of(state, at._replace(latent=latent)) - target).mean(1)
        return each.sum(), each  # a latent moves only its own loss

    @jax.jit
    def descend(state: GanState, carry: Any, at: _Rows, target: Array, first: Array, last: Array) -> Any:
        def step(_: Array, carry: Any) -> Any:
            latent, moments, best, least = carry
            gradient, each = jax.grad(losses, has_aux=True)(latent, state, at, target)
            better = each < least
            best, least = jnp.where(better[:, None], latent, best), jnp.where(better, each, least)
            change, moments = optimizer.update(gradient, moments)
            return optax.apply_updates(latent, change), moments, best, least

        return jax.lax.fori_loop(first, last, step, carry)

    return descend
