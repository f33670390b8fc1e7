"""Arrays in, arrays out: `load("mnist")` gives a `Dataset`; a new data set is one file and one row here.

A loader takes a `Request` and gives a `Dataset`, or raises a `UserError` of one line.
"""

from collections.abc import Callable
from pathlib import Path

from jaxgan.data import mixtures
from jaxgan.data.dataset import Dataset, Records, Request
from jaxgan.data.digits import load_digits
from jaxgan.data.distributions import Distribution
from jaxgan.data.folder import load_folder
from jaxgan.data.mnist import load_mnist
from jaxgan.data.npz import load_npz
from jaxgan.data.points import drawn_from
from jaxgan.data.stacks import stacked
from jaxgan.data.swiss_roll import swiss_roll
from jaxgan.data.tfds import load_tfds
from jaxgan.errors import UserError, unknown

__all__ = ["DATASETS", "PREFIXES", "Dataset", "Distribution", "Records", "load"]

DATASETS: dict[str, Callable[[Request], Dataset]] = {
    "digits": load_digits,
    "mnist": load_mnist,
    "fashion_mnist": load_mnist,
    "stacked_mnist": stacked("mnist", load_mnist),
    "stacked_digits": stacked("digits", load_digits),
    "ring8": drawn_from(mixtures.ring8),
    "grid25": drawn_from(mixtures.grid25),
    "mixture4": drawn_from(mixtures.mixture4, mixtures.lab_sample),
    "mixture8": drawn_from(mixtures.mixture8, mixtures.lab_sample),
    "mixture16": drawn_from(mixtures.mixture16, mixtures.lab_sample),
    "mixture32": drawn_from(mixtures.mixture32, mixtures.lab_sample),
    "swiss_roll": drawn_from(swiss_roll),
    "gaussian": drawn_from(mixtures.gaussian),
}

PREFIXES: dict[str, Callable[[Request], Dataset]] = {  # PREFIX:SOURCE
    "tfds": load_tfds,
    "folder": load_folder,
    "npz": load_npz,
}


def load(
    name: str,
    *,
    data_dir: Path | None = None,
    split: str = "train",
    points: int | None = None,
    image_size: int | None = None,
    memory: int | None = None,
) -> Dataset:
    """The data set of this name: a row of DATASETS, `tfds:NAME`, `folder:PATH` or `npz:PATH`.

    Args:
        name: as above.
        data_dir: where downloaded and prepared sets lie; the user's cache directory for jaxgan where None.
        split: "train", or "test" where there is one.
        points: the size of a fixed sample of a 2-D distribution; drawn afresh where None.
        image_size: pixels a side that images are brought to; their own where None.
        memory: bytes; the pictures of a folder or a TFDS set that would take more stay on disk (`Dataset.records`). No limit where None.

    Raises:
        UserError: one line that names what is wrong and what is expected.
    """
    for option, value in (("points", points), ("image_size", image_size)):
        if value is not None and value < 1:
            raise UserError(f"{option}={value} is not possible: expected 1 or more")
    prefix, colon, source = name.partition(":")
    if colon and prefix in PREFIXES and not source:
        raise UserError(f"data set '{name}' names nothing behind the colon: expected {prefix}:SOURCE")
    loader = PREFIXES.get(prefix) if colon else DATASETS.get(name)
    if loader is None:
        raise unknown("data set", name, DATASETS, ", tfds:NAME, folder:PATH, npz:PATH")
    directory = default_data_dir() if data_dir is None else Path(data_dir).expanduser()
    return loader(Request(name, source if colon else name, directory, split, points, image_size, memory))


def default_data_dir() -> Path:
    """The user's cache directory for jaxgan, by the platform's custom."""
    import pooch

    return Path(pooch.os_cache("jaxgan"))
