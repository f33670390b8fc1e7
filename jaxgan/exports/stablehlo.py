"""A generator as a StableHLO program of `jax.export`: for any batch size, and for CPU, CUDA and TPU at once.

The form of a convolution is chosen by the platform that the program is lowered for: the file holds those of all three.
"""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import export
from jaxtyping import PyTree

from jaxgan.errors import UserError, first_line

PLATFORMS = ("cpu", "cuda", "tpu")


def stablehlo_bytes(
    generator: nn.Module, variables: PyTree[Any], *, latent_dim: int, n_classes: int = 0, label_dim: int = 0
) -> bytes:
    """What `jax.export.deserialize` reads: a program with its weights inside, called as (latent) or (latent, labels).

    Latents are float32 (B, latent_dim), labels int32 (B,) or float32 (B, label_dim); samples lie as jaxgan has them, channels last.

    Args:
        generator: any generator, the user's own too, as `Gan.networks` has it.
        variables: its variables.
        latent_dim: numbers in a latent.
        n_classes: classes of the labels; 0: they are none.
        label_dim: entries of labels that are vectors; 0: they are none.

    Raises:
        UserError: a network of the user's own that cannot be traced for any batch size.
    """
    (batch,) = export.symbolic_shape("batch")
    no_labels = (batch, label_dim) if label_dim else (batch,)
    kind = jnp.float32 if label_dim else jnp.int32
    inputs = [jax.ShapeDtypeStruct((batch, latent_dim), jnp.float32)]
    if n_classes or label_dim:
        inputs.append(jax.ShapeDtypeStruct(no_labels, kind))

    def samples(latent: Any, labels: Any = None) -> Any:
        labels = jnp.zeros((latent.shape[0],), jnp.int32) if labels is None else labels
        return generator.apply(variables, latent, labels, train=False)

    try:
        exported = export.export(jax.jit(samples), platforms=PLATFORMS)(*inputs)
    except Exception as error:  # a network of the user's own may raise anything
        reason = f"{type(error).__name__}: {first_line(error)}"
        raise UserError(
            f"the generator cannot be traced for any batch size, x.shape[0], which is no number then: {reason}"
        ) from error
    return bytes(exported.serialize())
