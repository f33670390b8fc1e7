"""Small setups that compile fast: random pictures, narrow networks, batches of a few."""

import dataclasses
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jaxgan.data import Dataset
from jaxgan.data.vector_labels import vectors_of
from jaxgan.engine.batches import DataArrays, real_batch
from jaxgan.engine.draws import critic_draw, critic_step_before, generator_draw
from jaxgan.engine.feed import arrays_of
from jaxgan.networks import GENERATORS, PAIRS
from jaxgan.settings import Config, Resolved, resolve
from jaxgan.types import Draw, GanState

WIDTHS = {
    "mlp": 8,
    "fc": 8,
    "conv": 4,
    "fc_conv": 4,
    "lab_conv": 64,
    "dcgan": 4,
    "r3gan": 8,
    "resnet": 4,
    "conv1d": 4,
    "conv3d": 2,
}
SIZES = {"r3gan": 8, "resnet": 32}  # pixels a side, where a network does not draw 28


def pictures(n: int = 40, size: int = 28, channels: int = 1, n_classes: int = 3) -> Dataset:
    """Random pictures, with labels where there are classes."""
    rng = np.random.default_rng(0)
    return Dataset(
        name="digits",
        sample_shape=(size, size, channels),
        n_classes=n_classes,
        samples=rng.integers(0, 256, (n, size, size, channels), dtype=np.uint8),
        labels=(np.arange(n) % n_classes).astype(np.int32) if n_classes else None,
    )


OTHER_SHAPES = {"conv1d": (9, 2), "conv3d": (4, 5, 4, 1)}  # of networks for neither points nor pictures


def numbers_of(shape: tuple[int, ...], n: int = 40, n_classes: int = 3) -> Dataset:
    """Random vectors, series or volumes with labels, from -1 to 1."""
    samples = np.random.default_rng(0).uniform(-1, 1, (n, *shape)).astype(np.float32)
    return Dataset("digits", shape, n_classes, samples, (np.arange(n) % n_classes).astype(np.int32))


class Counted:
    """The pictures of a data set as records, which says how many were read."""

    def __init__(self, dataset: Dataset):
        self.dataset, self.read = dataset, 0

    def __len__(self) -> int:
        return len(self.dataset.samples)

    def __getitem__(self, row: int) -> tuple[np.ndarray, Any]:
        self.read += 1
        return self.dataset.samples[row], self.dataset.labels[row]


def with_vectors(dataset: Dataset, k: int = 3) -> Dataset:
    """The data set with k continuous labels."""
    found = vectors_of(np.random.default_rng(1).normal(30, 5, (len(dataset.samples), k)), "continuous", (), dataset.name)
    return dataclasses.replace(dataset, n_classes=0, labels=found.numbers, label_vectors=found.vectors)


def on_disk(dataset: Dataset) -> Dataset:
    """The data set as one that is streamed."""
    return dataclasses.replace(dataset, samples=None, labels=None, records=Counted(dataset))


def takes_pictures(network: str) -> bool:
    """Whether a row of PAIRS is for pictures."""
    return GENERATORS[PAIRS[network][0]].sample_kind == "images"


def takes_points(network: str) -> bool:
    """Whether a row of PAIRS is for points, and not for pictures."""
    return GENERATORS[PAIRS[network][0]].sample_kind == "vectors"


def tiny(network: str = "mlp", *, dataset: Dataset | None = None, **fields: Any) -> Resolved:
    """A run of narrow networks; where no data set is given points of ring8, or random pictures, series or volumes."""
    fields = {
        "batch_size": 6,
        "n_critic": 0 if fields.get("variant") == "sinkhorn" else 2,
        "steps": 4,
        "latent_dim": 3,
        "recipe": "paper",
        "hidden_dim": WIDTHS.get(network, 8),
        **fields,
    }
    if takes_points(network):
        return resolve(Config(dataset=fields.pop("points_of", "ring8"), network=network, **fields), dataset)
    if dataset is None:
        other = OTHER_SHAPES.get(network)
        dataset = numbers_of(other) if other else pictures(size=SIZES.get(network, 28))
    return resolve(Config(dataset="digits", network=network, **fields), dataset)


def initial(run: Resolved, seed: int = 0) -> GanState:
    """Step 0, compiled in one piece."""
    example = jax.ShapeDtypeStruct((1, *run.dataset.sample_shape), float)
    return jax.jit(lambda numbers: run.gan_of(numbers).init(jax.random.key(seed), example))(run.numbers)


def arrays(run: Resolved) -> DataArrays:
    """The data set on the device."""
    return arrays_of(run.dataset)


def batch(run: Resolved, data: DataArrays, key: Any, index: Any) -> tuple[Any, Any]:
    """The index-th real batch of the run whose key this is, and its labels."""
    return real_batch(run.dataset.sampler, data, run.schedule.batch_size, key, index)


def critic_draw_of(run: Resolved, data: DataArrays, key: Any, index: Any) -> Draw:
    """The draw of the index-th critic step, its real batch included."""
    return critic_draw(run.gan, key, index, *batch(run, data, key, run.gan.batch_of(index)))


def generator_draw_of(run: Resolved, data: DataArrays, key: Any, step: Any) -> Draw:
    """The draw of a generator step, its real batch included."""
    before = run.gan.batch_of(critic_step_before(run.gan, step))
    return generator_draw(run.gan, key, step, *batch(run, data, key, before))


def state_and_draws(run: Resolved, seed: int = 0) -> tuple[GanState, Draw, Draw]:
    """Step 0 with its first critic draw and its generator draw."""
    state, data, index = initial(run, seed), arrays(run), jax.numpy.int32(0)
    draws = jax.jit(lambda key, data: (critic_draw_of(run, data, key, index), generator_draw_of(run, data, key, index)))
    return state, *draws(state.key, data)


def plain(tree: Any) -> Any:
    """The tree with keys as their data, which can be compared."""
    return jax.tree.map(lambda x: jax.random.key_data(x) if jax.dtypes.issubdtype(x.dtype, jax.dtypes.prng_key) else x, tree)


def run_folders(path: Path) -> list[str]:
    return sorted(p.name for p in path.iterdir())
