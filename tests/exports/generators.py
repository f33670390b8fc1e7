"""Generators of every kind, narrow, with random weights and running statistics; and what to call them with."""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.networks import GENERATORS, MixtureGenerator

SETTINGS: dict[str, tuple[str, tuple[int, ...], dict[str, Any]]] = {
    "mlp": ("mlp", (3,), {"hidden_dim": 8}),
    "mlp-linear": ("mlp", (2,), {"hidden_dim": 8, "output": "linear"}),
    "fc": ("fc", (5, 4, 3), {"hidden_dim": 4}),
    "fc-grid": ("fc", (5, 4, 3), {"hidden_dim": 4, "working_size": 3}),
    "fc-series": ("fc", (6, 2), {"hidden_dim": 4}),
    "conv": ("conv", (28, 28, 1), {"hidden_dim": 2}),
    "conv-oblong": ("conv", (14, 9, 3), {"hidden_dim": 4}),
    "lab_conv": ("lab_conv", (28, 28, 2), {"hidden_dim": 32}),
    "dcgan": ("dcgan", (16, 16, 3), {"hidden_dim": 2}),
    "dcgan-odd": ("dcgan", (9, 14, 1), {"hidden_dim": 2}),
    "dcgan-nearest": ("dcgan", (16, 9, 3), {"hidden_dim": 2, "upsampling": "nearest"}),
    "dcgan_refined": ("dcgan_refined", (9, 16, 3), {"hidden_dim": 4}),
    "dcgan_refined-transposed": ("dcgan_refined", (16, 16, 3), {"hidden_dim": 4, "upsampling": "transposed"}),
    "r3gan": ("r3gan", (16, 16, 3), {"hidden_dim": 16, "wide_until": 8}),
    "r3gan-odd": ("r3gan", (9, 14, 1), {"hidden_dim": 8, "output": "tanh", "blocks": 1}),
    "resnet": ("resnet", (32, 32, 3), {"hidden_dim": 2}),
    "conv1d": ("conv1d", (9, 2), {"hidden_dim": 2}),
    "conv1d-linear": ("conv1d", (16, 1), {"hidden_dim": 2, "output": "linear"}),
    "conv1d-nearest": ("conv1d", (9, 2), {"hidden_dim": 2, "upsampling": "nearest"}),
    "conv3d": ("conv3d", (4, 5, 6, 1), {"hidden_dim": 2}),
    "conv3d-nearest": ("conv3d", (4, 5, 6, 1), {"hidden_dim": 2, "upsampling": "nearest"}),
}
LABELS = ("none", "classes", "vectors")
LATENT, CLASSES, LABEL_DIM = 5, 3, 2
CASES = [
    *(f"{name}|{kind}" for name in GENERATORS for kind in LABELS),
    *(f"{name}|none" for name in SETTINGS if name not in GENERATORS),
    *("mlp|mixture", "dcgan|mixture", "conv1d|mixture of classes"),
]


class Made(NamedTuple):
    """A generator with variables, inputs and the samples that JAX makes of them."""

    generator: Any
    variables: Any
    latent: np.ndarray
    labels: np.ndarray | None  # None where the generator takes none
    samples: np.ndarray


@functools.cache
def made(case: str, batch: int = 7) -> Made:
    """The case NAME|LABELS, or NAME|mixture of three generators; the batch is no multiple of three."""
    name, _, kind = case.partition("|")
    network, shape, fields = SETTINGS[name]
    classes = CLASSES if kind.endswith("classes") else 0
    vectors = LABEL_DIM if kind == "vectors" else 0
    generator: Any = GENERATORS[network](shape, LATENT, n_classes=classes, label_dim=vectors, **fields)
    if kind.startswith("mixture"):
        generator = MixtureGenerator(generator, 3)
    rng = np.random.default_rng(3)
    variables = random_variables(generator, rng)
    if name == "fc-grid":  # near -1 and 1, so that what is enlarged overshoots and has to be clipped
        variables = jax.tree.map(lambda w: 6 * w, variables)
    latent = rng.standard_normal((batch, LATENT)).astype(np.float32)
    labels = np.arange(batch) % CLASSES if classes else rng.standard_normal((batch, LABEL_DIM)).astype(np.float32)
    given = labels if classes or vectors else None
    in_jax = np.zeros(batch, np.int32) if given is None else given.astype(np.int32) if classes else given
    samples = np.asarray(jax.jit(generator.apply)(variables, latent, in_jax))
    return Made(generator, variables, latent, given, samples)


def random_variables(generator: Any, rng: np.random.Generator) -> Any:
    """Weights of about the size that keeps activations where they are, biases and statistics that matter; no program is compiled."""
    shapes = jax.eval_shape(generator.init, jax.random.key(0), *generator.example_inputs())

    def filled(path: Any, leaf: Any) -> np.ndarray:
        role = path[-1].key
        if role == "count":
            return np.full(leaf.shape, 7, np.int32)
        if role in ("var", "scale"):
            return rng.uniform(0.5, 2, leaf.shape).astype(np.float32)
        deviation = 0.1 if role in ("mean", "bias") else 1.0 if role in ("embedding", "basis") else _scale(leaf.shape)
        return (deviation * rng.standard_normal(leaf.shape)).astype(np.float32)

    return jax.tree_util.tree_map_with_path(lambda path, leaf: jnp.asarray(filled(path, leaf)), shapes)


def _scale(shape: tuple[int, ...]) -> float:
    return float(np.prod(shape[:-2]) * min(shape[-2:])) ** -0.5
