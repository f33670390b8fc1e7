"""What the methods of `Gan` are handed, checked before anything is computed or traced.

Shapes and types are checked always, values where they are known: those of a traced array, or of one on the device that only a wait
would show, are not.
"""

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

from jaxgan import checks
from jaxgan.engine.composition import check_batch_size
from jaxgan.errors import UserError, shortened
from jaxgan.networks import Critic
from jaxgan.types import Draw, GanState

if TYPE_CHECKING:
    from jaxgan.engine.gan import Gan


def key_of(key: Any) -> Key[Array, ""]:
    """The key; one of the old kind, that `jax.random.PRNGKey` makes, as a new one. Raises UserError for anything else."""
    is_array = isinstance(key, jax.Array)
    if is_array and key.shape == () and jnp.issubdtype(key.dtype, jax.dtypes.prng_key):
        return key
    if is_array and key.dtype == jnp.uint32 and key.shape == jax.eval_shape(lambda: jax.random.PRNGKey(0)).shape:
        return jax.random.wrap_key_data(key)
    raise UserError(f"key={shortened(key)}: must be one key, as jax.random.key(0) makes it")


def check_index(index: Any) -> None:
    """Raises UserError for what is no number of a step."""
    if isinstance(index, jax.Array) and index.shape == () and jnp.issubdtype(index.dtype, jnp.integer):
        return
    checks.whole_number("index", index, at_least=0, at_most=2**31 - 1)


def check_state(state: Any) -> None:
    """Raises UserError for what is no `GanState`."""
    if not isinstance(state, GanState):
        raise UserError(f"state is a {type(state).__name__}: must be a GanState, as gan.init and the steps return it")


def example_shape(gan: "Gan", example: Any) -> tuple[int, ...]:
    """The shape of one sample of a batch, of which only the shape counts.

    Raises:
        UserError: it is no batch, or of samples that the critic does not take.
    """
    if not isinstance(example, jax.Array | jax.ShapeDtypeStruct):
        example = checks.array("example", example)
    if len(example.shape) < 2:
        raise UserError(f"example: shape {example.shape}; must be a batch of samples (B, ...)")
    _check_sample_shape(gan, "example", example.shape[1:])
    return tuple(example.shape[1:])


def checked_samples(gan: "Gan", name: str, samples: Any, batches: int | None = None) -> Any:
    """An array of real samples (B, ...), of numpy or jax; where `batches` says how many batches are needed, (batches, B, ...).

    Raises:
        UserError: they are neither bytes nor floats, of another shape, or not as many as the GAN's remedies need.
    """
    samples = samples if isinstance(samples, jax.Array) else checks.array(name, samples)
    if samples.dtype != np.uint8 and not jnp.issubdtype(samples.dtype, jnp.floating):
        raise UserError(f"{name}: {samples.dtype}; must be bytes (uint8), or floats as the generator is to make them")
    place = 0 if batches is None else 1  # the axis of the batch
    if samples.ndim < place + 2 or 0 in samples.shape:
        raise UserError(f"{name}: shape {samples.shape}; must be {'(n, B, ...)' if place else '(B, ...)'}, none of them 0")
    if batches is not None and len(samples) != batches:
        raise UserError(f"{len(samples)} batches for one iteration, which takes {batches}")
    _check_sample_shape(gan, name, samples.shape[place + 1 :])
    check_batch_size(gan, f"{name}: ", samples.shape[place])
    return samples


def labels_of(gan: "Gan", name: str, labels: Any, shape: tuple[int, ...]) -> Array:
    """Labels as int32 of this shape, or as floats (*shape, label_dim); zeros where the GAN has none and none are given.

    Raises:
        UserError: as `jaxgan.checks.labels` and `label_rows`; or none are given to a conditional GAN.
    """
    if labels is None:
        if gan.is_conditional:
            how = f"label_dim={gan.label_dim}" if gan.label_dim else f"n_classes={gan.n_classes}"
            raise UserError(f"this GAN is conditional ({how}) and needs the labels of the samples: give {name}")
        return jnp.zeros(shape, jnp.int32)
    if gan.label_dim:
        return _vectors_of(name, labels, (*shape, gan.label_dim))
    if not isinstance(labels, jax.core.Tracer):
        return jnp.asarray(checks.labels(name, labels, shape, gan.n_classes))
    if labels.shape != shape or not jnp.issubdtype(labels.dtype, jnp.integer):
        raise UserError(f"{name}: {labels.dtype} of shape {labels.shape}; must be class numbers of shape {shape}")
    return labels.astype(jnp.int32)


def _vectors_of(name: str, labels: Any, shape: tuple[int, ...]) -> Array:
    """Label vectors of this shape, in jax's default float type."""
    if not isinstance(labels, jax.core.Tracer):
        return jnp.asarray(checks.label_rows(name, labels, shape), float)
    if labels.shape != shape or not jnp.issubdtype(labels.dtype, jnp.floating):
        raise UserError(f"{name}: {labels.dtype} of shape {labels.shape}; must be floats of shape {shape}")
    return labels


def latent_of(gan: "Gan", latent: Any) -> Array:
    """Latents (n, latent_dim); raises UserError for another shape, and for what is no array of floats."""
    latent = latent if isinstance(latent, jax.Array) else checks.array("latent", latent)
    if latent.ndim != 2 or latent.shape[1] != gan.latent_dim or not len(latent):
        raise UserError(f"latent: shape {latent.shape}; must be (n, {gan.latent_dim})")
    return jnp.asarray(latent, None if jnp.issubdtype(latent.dtype, jnp.floating) else float)


def check_draw(gan: "Gan", draw: Any) -> None:
    """Raises UserError for what is no `Draw`, or one whose parts do not fit each other or the GAN."""
    if not isinstance(draw, Draw):
        raise UserError(f"draw is a {type(draw).__name__}: must be a Draw, as gan.draw returns it")
    n = len(draw.real)
    label = (n, gan.label_dim) if gan.label_dim else (n,)
    shapes = {"real_label": label, "latent": (n, gan.latent_dim), "fake_label": label, "epsilon": (n,)}
    for name, shape in shapes.items():
        if jnp.shape(getattr(draw, name)) != shape:
            raise UserError(f"draw.{name}: shape {jnp.shape(getattr(draw, name))}; must be {shape}")
    _check_sample_shape(gan, "draw.real", draw.real.shape[1:])


def _check_sample_shape(gan: "Gan", name: str, shape: tuple[int, ...]) -> None:
    """Refuses samples of another shape than a critic of jaxgan's own was made for; others say nothing of it."""
    made_for = gan.critic.sample_shape if isinstance(gan.critic, Critic) else None
    if made_for is not None and tuple(shape) != tuple(made_for):
        raise UserError(
            f"{name}: samples of shape {tuple(shape)}; the critic {type(gan.critic).__name__} takes {tuple(made_for)}"
        )
