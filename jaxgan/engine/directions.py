"""The directions of the latent space along which a generator's samples change most, found without training."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxgan.checks import whole_number
from jaxgan.engine.draws import draw_latents
from jaxgan.engine.sampling import TrainedGan
from jaxgan.errors import UserError
from jaxgan.networks import Generator
from jaxgan.networks.layers import no_labels
from jaxgan.networks.order import layers_in_order

SEFA = "first layer (SeFa)"
JACOBIAN = "derivatives of the samples, for the first layer is none that takes the latent"
LATENTS = 32  # at which the derivatives are taken


class Directions(NamedTuple):
    """Directions of most change, the strongest first."""

    vectors: Float[np.ndarray, "k latent"]  # of length 1, the largest entry positive
    strengths: Float[np.ndarray, " k"]  # the length of what one step along each changes: the square root of its eigenvalue
    found_by: str  # SEFA or JACOBIAN


def directions(trained: TrainedGan, k: int, *, generator: int = 0, seed: int = 0, average: bool = True) -> Directions:
    """The k eigenvectors of A^T A of the largest eigenvalues, A the matrix of the first layer that takes the latent.

    SeFa (arXiv 2007.06600, eq. 5 to 7): the first layer maps z + a n to A z + b + a A n, and n of length 1 makes |A n| largest. Of a
    generator whose first kernel does not take the latent, A^T A is the mean of J^T J over random latents instead, J the derivative of the
    sample in the latent; of a linear generator both are the same.

    Args:
        trained: the GAN.
        k: how many, at most as many as a latent has numbers.
        generator: which of several.
        seed: of the latents at which derivatives are taken.
        average: use the averaged weights where there are any.

    Raises:
        UserError: more directions than a latent has numbers, or no such generator.
    """
    k = whole_number("directions", k, at_most=trained.gan.latent_dim)
    if whole_number("generator", generator, at_least=0) >= trained.gan.generators:
        raise UserError(f"--generator {generator}: allowed are 0 to {trained.gan.generators - 1}")
    matrix = first_layer(trained, generator, average)
    if matrix is not None:
        product, found_by = np.asarray(matrix, np.float64).T @ np.asarray(matrix, np.float64), SEFA
    else:
        product, found_by = _mean_product(trained, generator, seed, average), JACOBIAN
    values, vectors = np.linalg.eigh(product)  # ascending; a column each
    chosen = vectors[:, ::-1][:, :k].T
    signs = np.sign(chosen[np.arange(k), np.abs(chosen).argmax(1)])
    strengths = np.sqrt(np.maximum(values[::-1][:k], 0))
    return Directions((chosen * signs[:, None]).astype(np.float32), strengths.astype(np.float32), found_by)


def first_layer(trained: TrainedGan, generator: int = 0, average: bool = True) -> Float[np.ndarray, "outputs latent"] | None:
    """The matrix by which the first layer multiplies the latent: of a convolution a row an output and a place; None where the first kernel
    takes anything else."""
    gan, state = trained.gan, trained.state
    network: Any = gan.networks.generator
    params: Any = (state.ema if average and state.ema else state.generator).params
    if gan.generators > 1:
        network, params = network.generator, jax.tree.map(lambda leaf: leaf[generator], params["generator"])
    latent = jax.ShapeDtypeStruct((1, gan.latent_dim), jax.dtypes.canonicalize_dtype(float))
    layers = layers_in_order(network, latent, jax.eval_shape(lambda: no_labels(1, gan.label_dim)))
    known = isinstance(network, Generator)  # the first kernel of jaxgan's own takes the latent, also behind learnt images
    kernels = [path for layer in layers[: None if known else 1] for path in layer.paths if path[-1] == "kernel"]
    if not kernels:
        return None
    kernel = params
    for name in kernels[0]:
        kernel = kernel[name]
    widths = (gan.latent_dim, gan.latent_dim + (gan.n_classes or gan.label_dim))  # labels are joined behind the latent
    array: np.ndarray = np.asarray(kernel)
    if array.ndim == 2 and len(array) in widths:  # (in, out)
        return array[: gan.latent_dim].T
    if array.ndim > 2 and array.shape[-1] in widths:  # of a transposed convolution (height, width, out, in)
        return array[..., : gan.latent_dim].reshape(-1, gan.latent_dim)
    return None


def _mean_product(trained: TrainedGan, generator: int, seed: int, average: bool) -> Float[np.ndarray, "latent latent"]:
    """The mean of J^T J over random latents, each with a label of its own."""
    gan, several = trained.gan, trained.gan.generators

    @jax.jit
    def product(state: Any, z: Array, label: Array) -> Array:
        def image(z: Array) -> Array:
            every = (jnp.repeat(x[None], several, axis=0) for x in (z, label))
            return gan.generate(state, *every, average=average)[generator].reshape(-1)

        jacobian = jax.jacfwd(image)(z)  # (numbers of a sample, latent_dim)
        return jnp.matmul(jacobian.T, jacobian, precision="highest")

    latents = draw_latents(jax.random.key(seed), LATENTS, gan.latent_dim)
    labels = trained.labels_by_number(np.arange(LATENTS))
    total = sum(np.asarray(product(trained.state, z, label), np.float64) for z, label in zip(latents, labels, strict=True))
    return np.asarray(total) / LATENTS
