"""All the chance of training, made here: a step's `Draw` is a function of the run's key and the step's number alone.

So a resumed run draws what the uninterrupted one would have drawn, and the place in the data needs no state of its own. Every
purpose has a stream, the key of its index-th use is `fold_in(fold_in(run key, stream), index)`, and one that serves several draws is
split: no key is used twice. The streams within a step, folded from its `Draw.key`, are `jaxgan.types.StepStream`.
"""

from enum import IntEnum
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from jaxgan.types import Draw, Labels, Samples

if TYPE_CHECKING:
    from jaxgan.engine.gan import Gan

Index = Int[Array, ""] | int


class Stream(IntEnum):
    """What a key that is folded from the run's is for: the streams of chance over a run."""

    INIT = 0
    DATA = 1
    CRITIC_STEP = 2
    GENERATOR_STEP = 3
    PICTURE = 4


def stream_key(key: Key[Array, ""], stream: Stream, index: Index = 0) -> Key[Array, ""]:
    """The key of the index-th draw of a stream."""
    return jax.random.fold_in(jax.random.fold_in(key, stream), index)


def draw_latents(key: Key[Array, ""], n: int, latent_dim: int) -> Float[Array, "n latent"]:
    """n standard normal latents."""
    return jax.random.normal(key, (n, latent_dim), float)


@jax.named_scope("draw")
def critic_draw(gan: "Gan", key: Key[Array, ""], index: Index, real: Samples, real_label: Labels) -> Draw:
    """The draw of the index-th critic step of the run, on this real batch."""
    batch_size = len(real)
    latent, label, epsilon, step = jax.random.split(stream_key(key, Stream.CRITIC_STEP, index), 4)
    return Draw(
        real=real,
        real_label=real_label,
        latent=draw_latents(latent, batch_size, gan.latent_dim),
        fake_label=_fake_label(gan, real_label, label),
        epsilon=jnp.repeat(jax.random.uniform(epsilon, (batch_size // gan.pac,), float), gan.pac),  # one a pack
        key=step,
        critic_step=index,
    )


def critic_step_before(gan: "Gan", step: Index) -> Array:
    """The number of the critic step whose real batch generator step `step` sees: the one before it, the first where there is none."""
    n_critic = max(1, gan.n_critic)
    offset = {"critic_first": n_critic - 1, "generator_first": -1, "generator_second": 0}[gan.order]
    return jnp.maximum(step * n_critic + offset, 0)


@jax.named_scope("draw")
def generator_draw(gan: "Gan", key: Key[Array, ""], step: Index, real: Samples, real_label: Labels) -> Draw:
    """The draw of generator step `step`, on the real batch of the critic step before it."""
    before = critic_draw(gan, key, critic_step_before(gan, step), real, real_label)
    latent, label, own = jax.random.split(stream_key(key, Stream.GENERATOR_STEP, step), 3)
    return before._replace(
        latent=draw_latents(latent, len(real), gan.latent_dim) if gan.generator_latent == "fresh" else before.latent,
        fake_label=_fake_label(gan, before.real_label, label),
        key=own,
    )


def _fake_label(gan: "Gan", real_label: Labels, key: Key[Array, ""]) -> Labels:
    """The labels of fake samples; random vectors are the real batch's rows in another order: whole rows, as frequent as in the data."""
    if gan.fake_labels == "real" or not gan.is_conditional:
        return real_label
    if gan.label_dim:
        return jax.random.permutation(key, real_label)
    return jax.random.randint(key, real_label.shape, 0, gan.n_classes, jnp.int32)
