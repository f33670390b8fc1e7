"""Gradient accumulation: a batch's gradient as the mean of those of its parts, one after another, in the memory that one part needs."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
from jaxtyping import Array

from jaxgan.types import Draw, Gradients, StepStream

if TYPE_CHECKING:
    from jaxgan.engine.gan import Gan

NOT_ROWS = ("key", "critic_step")  # of a draw: what is no row a sample


def part_unit(gan: "Gan") -> int:
    """Consecutive rows that stay together: those of a pack, and one of each of several generators."""
    return math.lcm(gan.pac, gan.generators)


def rows_in_parts(rows: Array, parts: int, unit: int) -> Array:
    """(B, ...) -> (parts, B / parts, ...): blocks of `unit` rows are dealt out in turn.

    So each part has rows of every part of the batch, and a batch that is cut over devices stays cut.
    """
    blocks = rows.reshape(-1, parts, unit, *rows.shape[1:])  # (B, ...) -> (B / parts / unit, parts, unit, ...)
    return jnp.moveaxis(blocks, 1, 0).reshape(parts, -1, *rows.shape[1:])  # -> (parts, B / parts, ...)


def mean_over_parts(gan: "Gan", gradients: Callable[[Draw], Gradients], draw: Draw) -> Gradients:
    """`gradients` of the draw, or the mean of those of its `gan.accumulate` parts, metrics likewise; each part has a key of its own.

    The networks' variables are those after the last part: what moves them by the batch is refused (`Gan.init`).
    """
    if gan.accumulate == 1:
        return gradients(draw)
    given = {name: value for name, value in draw._asdict().items() if name not in NOT_ROWS}
    rows = jax.tree.map(lambda leaf: rows_in_parts(leaf, gan.accumulate, part_unit(gan)), given)
    root = jax.random.fold_in(draw.key, StepStream.PART)

    def of_part(part: tuple[dict[str, Array], Array]) -> Gradients:
        own, number = part
        return gradients(draw._replace(**own, key=jax.random.fold_in(root, number)))

    def add(total: Gradients, part: Any) -> tuple[Gradients, None]:
        new = of_part(part)
        sums = jax.tree.map(jnp.add, (total.params, total.metrics), (new.params, new.metrics))
        return new._replace(params=sums[0], metrics=sums[1]), None

    parts = (rows, jnp.arange(gan.accumulate))
    like = jax.eval_shape(of_part, jax.tree.map(lambda leaf: leaf[0], parts))
    total, _ = jax.lax.scan(add, jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), like), parts)
    params, metrics = jax.tree.map(lambda leaf: leaf / gan.accumulate, (total.params, total.metrics))
    return total._replace(params=params, metrics=metrics)
