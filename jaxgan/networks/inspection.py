"""What can be known of a network by looking at it: whether it couples the samples of a batch, what it draws, keeps and returns.

Networks that declare a fact are believed; all others are evaluated, most of them abstractly (shapes alone, no computation). All of it
works inside a trace as well.
"""

from collections.abc import Callable, Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.errors import InvalidRngError
from jaxtyping import Array, Bool, Key, PyTree

from jaxgan.errors import UserError
from jaxgan.types import CriticOutput, Labels, Samples

PACKS = 4  # scores of the batch that is looked at
NEARBY = 0.01  # the deviation of its samples from one another


def couples_batch(
    critic: nn.Module,
    variables: Mapping[str, Any] | Key[Array, ""] | None,
    example_samples: Samples,
    example_labels: Labels,
    rows_per_score: int = 1,
) -> bool:
    """Whether in training the score of one sample depends on the other samples of its batch, as batch norm has it.

    Args:
        critic: a module as `as_critic` returns it.
        variables: those of the critic; or a key to make some from. Inside a trace a fixed key is used instead of traced values.
        example_samples: one sample or more; the first is used, a traced one by its shape alone.
        example_labels: their labels.
        rows_per_score: samples that are scored as one, `pac` of a `PackedCritic`.
    """
    declared = getattr(critic, "couples_batch", None)
    return finds_coupling(critic, variables, example_samples, example_labels, rows_per_score) if declared is None else declared


def finds_coupling(
    critic: nn.Module,
    variables: Mapping[str, Any] | Key[Array, ""] | None,
    example_samples: Samples,
    example_labels: Labels,
    rows_per_score: int = 1,
    *,
    score: Callable[[Any], Array] | None = None,
) -> bool:
    """`couples_batch` by looking alone, whatever the critic declares; `score` makes scores of what is no critic's output.

    The derivative of half of the scores in the samples of the other half, in training mode, where any entry is not 0 or not finite.
    The samples lie near each other, since minibatch discrimination sees only those. Parameters that are all 0, as some gates and last
    layers begin, are moved a little, lest they hide what lies behind them.
    """
    samples, labels = _concrete(example_samples), _concrete(example_labels)
    rows = PACKS * rows_per_score
    half = rows // 2
    of_output = score or _score_of
    with jax.ensure_compile_time_eval():
        first = jnp.asarray(samples[0], float)
        scale = jnp.maximum(1, jnp.abs(first).mean())
        base_key, near_key, init_key, pass_key, weight_key = jax.random.split(jax.random.key(0), 5)
        batch = first + 0.3 * scale * jax.random.normal(base_key, first.shape, float)
        batch = batch + NEARBY * scale * jax.random.normal(near_key, (rows, *first.shape), float)
        batch_labels = jnp.resize(labels, (rows, *labels.shape[1:]))
        rngs = {"dropout": pass_key, "augment": jax.random.fold_in(pass_key, 1)}
        weights = jax.random.uniform(weight_key, (PACKS // 2,), float, 0.5, 1.5)
        made = isinstance(variables, Mapping) and not _traced(variables)
        given = variables if made else _initial_key(variables, init_key)

        @jax.jit
        def coupled(given: Any, batch: Samples) -> Bool[Array, ""]:
            trees = given if made else critic.init({"params": given, "dropout": pass_key}, batch, batch_labels)
            trees = trees if "spectral" in trees else {**trees, "params": _moved(trees["params"], weight_key)}

            def scores(others: Samples) -> Array:
                whole = jnp.concatenate([batch[:half], others])
                output, _ = critic.apply(trees, whole, batch_labels, train=True, rngs=rngs, mutable=True)
                return jnp.sum(weights * of_output(output)[: PACKS // 2])

            gradient = jax.grad(scores)(batch[half:])
            return jnp.any((gradient != 0) | ~jnp.isfinite(gradient))

        return bool(coupled(given, batch))


def generator_couples_batch(generator: nn.Module, example: Array, labels: Labels, rows_per_sample: int = 1) -> bool:
    """Whether in training one sample that a generator makes depends on the other latents of its batch, as batch norm has it.

    Args:
        generator: a module as `as_generator` returns it.
        example: one latent or more; the first is used, a traced one by its shape alone.
        labels: their labels.
        rows_per_sample: of which the batch must be a multiple, the number of a `MixtureGenerator`.
    """
    if "batch_stats" in collections(generator, example, labels):
        return True
    return finds_coupling(generator, None, example, labels, rows_per_sample, score=_some_sum)


def _some_sum(samples: Array) -> Array:
    """A number a sample (B,), in which each entry counts."""
    rows = samples.reshape(len(samples), -1)
    return rows @ jnp.linspace(0.5, 1.5, rows.shape[1], dtype=rows.dtype)


def _score_of(output: CriticOutput) -> Array:
    return output.mean_score


def has_dropout(module: nn.Module, inputs: Array, labels: Labels) -> bool:
    """Whether a pass in training mode draws from the random stream `dropout`.

    Args:
        module: a generator or a critic, as `as_generator` and `as_critic` return them.
        inputs: latents or samples, of which the shape is used.
        labels: their labels.

    Raises:
        UserError: the pass draws from a stream that training does not give.
    """

    def passes(streams: tuple[str, ...]) -> bool:
        def train(x: Array, labels: Labels, key: Key[Array, ""]) -> Any:
            variables = module.init({"params": key, "dropout": key}, x, labels)
            return module.apply(variables, x, labels, train=True, rngs=dict.fromkeys(streams, key), mutable=True)

        try:
            jax.eval_shape(train, _shape(inputs), _shape(labels), jax.random.key(0))
        except InvalidRngError:
            return False
        return True

    if passes(("augment",)):
        return False
    if passes(("augment", "dropout")):
        return True
    raise UserError(f"{type(module).__name__} draws from a random stream that training does not give; allowed is 'dropout'")


def abstract_variables(module: nn.Module, inputs: Array, labels: Labels) -> dict[str, PyTree]:
    """The shapes of the module's variables, by collection; inputs are latents or samples, of which the shape is used."""

    def init(x: Array, labels: Labels, key: Key[Array, ""]) -> Any:
        return module.init({"params": key, "dropout": key}, x, labels)

    return jax.eval_shape(init, _shape(inputs), _shape(labels), jax.random.key(0))


def collections(module: nn.Module, inputs: Array, labels: Labels) -> tuple[str, ...]:
    """The names of the module's collections of variables, sorted: `params`, `batch_stats` where it has batch norm, and others."""
    return tuple(sorted(abstract_variables(module, inputs, labels)))


def abstract_output(critic: nn.Module, samples: Samples, labels: Labels) -> CriticOutput:
    """The shapes of what a critic returns: `features` and `reconstruction` are None where it gives none."""

    def output(x: Array, labels: Labels, key: Key[Array, ""]) -> Any:
        return critic.init_with_output({"params": key, "dropout": key}, x, labels)[0]

    return jax.eval_shape(output, _shape(samples), _shape(labels), jax.random.key(0))


def has_features(critic: nn.Module, samples: Samples, labels: Labels) -> bool:
    """Whether the critic's output holds features, as projection, minibatch discrimination and classification need them."""
    return abstract_output(critic, samples, labels).features is not None


def reconstructs(critic: nn.Module, samples: Samples, labels: Labels) -> bool:
    """Whether the critic's output holds a reconstruction of the samples, as EBGAN and BEGAN need it."""
    declared = getattr(critic, "reconstructs", None)
    return abstract_output(critic, samples, labels).reconstruction is not None if declared is None else declared


def _shape(x: Array) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(jnp.shape(x), x.dtype)


def _traced(tree: PyTree) -> bool:
    return any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(tree))


def _concrete(x: Array) -> Array:
    """The array, or zeros of its shape where it is traced."""
    with jax.ensure_compile_time_eval():
        return jnp.zeros(x.shape, x.dtype) if _traced(x) else x


def _initial_key(key: Any, default: Key[Array, ""]) -> Key[Array, ""]:
    return default if key is None or isinstance(key, Mapping) or _traced(key) else key


def _moved(params: PyTree[Array], key: Key[Array, ""]) -> PyTree[Array]:
    """The parameters, with a little noise in place of those that are all 0."""
    leaves, structure = jax.tree.flatten(params)
    keys = jax.random.split(key, max(1, len(leaves)))
    noisy = [
        leaf + jnp.where(jnp.any(leaf != 0), 0, 0.05 * jax.random.normal(k, leaf.shape, leaf.dtype)).astype(leaf.dtype)
        for leaf, k in zip(leaves, keys, strict=False)
    ]
    return jax.tree.unflatten(structure, noisy)
