"""How all metrics check the arrays that they are given."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.checks import array
from jaxgan.checks import labels as class_numbers
from jaxgan.errors import NotFiniteError, UserError, shortened

# Numbers in numpy or jax arrays or nested lists: the docstring says the shape, `checked` refuses any other.
ArrayData = Any
# Passes items on and may show how many have gone by: `rich.progress.track`, `tqdm`, or `silent`.
Progress = Callable[[Sequence[Any]], Iterable[Any]]


class Estimate(NamedTuple):
    """The mean of several estimates of one value, and their standard deviation."""

    mean: float
    std: float


def silent(items: Sequence[Any], /) -> Iterator[Any]:
    """The items, with no progress shown."""
    return iter(items)


def checked(name: str, values: Any, *, ndim: int = 2, least: int = 2, dtype: Any = np.float64) -> np.ndarray:
    """`values` as a numpy array of `ndim` axes and at least `least` rows, all finite.

    Raises:
        UserError: another number of axes, too few rows, or what is no number; `name` stands in the line.
        NotFiniteError: how many rows are not finite, and the first.
    """
    values = array(name, values)
    if values.ndim != ndim:
        raise UserError(f"{name}: shape {values.shape} has {values.ndim} axes, and {ndim} are needed")
    if len(values) < least:
        raise UserError(f"{name}: {len(values)} samples, and at least {least} are needed")
    if not values.size:
        raise UserError(f"{name}: shape {values.shape} holds no number")
    with np.errstate(over="ignore"):  # what outgrows the type becomes infinite, and is refused
        values = values.astype(dtype, copy=False)
    wrong = ~np.isfinite(values).reshape(len(values), -1).all(1)
    if wrong.any():
        raise NotFiniteError(
            f"{name}: {wrong.sum()} of {len(values)} samples are not finite, the first at index {wrong.argmax()}"
        )
    return values


def checked_classes(name: str, values: Any, n_classes: int = 0) -> np.ndarray:
    """Class numbers (n,), at least one of them; raises UserError for others, and for those that are none of `n_classes` (0: any)."""
    values = array(name, values)
    if values.ndim != 1 or not len(values):
        raise UserError(f"{name}: shape {values.shape}; must be (n,), class numbers")
    return class_numbers(name, values, values.shape, n_classes)


def checked_pair(real: Any, fake: Any, **options: Any) -> tuple[np.ndarray, np.ndarray]:
    """Both as `checked` gives them, with rows of one shape.

    Raises:
        UserError: one of them is refused, or their rows differ in shape.
    """
    real, fake = checked("real", real, **options), checked("fake", fake, **options)
    if real.shape[1:] != fake.shape[1:]:
        raise UserError(f"real and fake samples differ in shape: {real.shape[1:]} and {fake.shape[1:]}")
    return real, fake


def check_key(key: Any) -> None:
    """Raises UserError for what is no key of jax's random numbers."""
    if not (isinstance(key, jax.Array) and key.shape == () and jnp.issubdtype(key.dtype, jax.dtypes.prng_key)):
        raise UserError(f"key={shortened(key)}: must be one key, as jax.random.key(0) makes it")


def chunks(n: int, size: int) -> list[slice]:
    """Slices of at most `size` that cover range(n)."""
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]
