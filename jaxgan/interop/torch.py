"""PyTorch state dicts to linen variables and back.

The networks bear the attribute names of the labs' classes, so a name of one side is a name of the other: `br1.0.running_mean`
is `batch_stats / br1 / layers_0 / mean`. Kernels are stored such that one permutation serves convolutions of both kinds:

    weight (out, in) of a linear layer              -> kernel (in, out)
    weight (out, in, h, w) of a convolution         -> kernel (h, w, in, out)
    weight (in, out, h, w) of a transposed one      -> kernel (h, w, out, in)

`--upsampling nearest` is one layer here and one name; its PyTorch form is such a class (`Conv1d`, `Conv3d` of series and volumes):

    class Upsampled(torch.nn.Conv2d):  # made with padding=1 and a window of 3
        def forward(self, x):
            return super().forward(torch.nn.functional.interpolate(x, scale_factor=2, mode="nearest"))
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import flax.linen as nn
import jax
import numpy as np
from jaxtyping import Array, PyTree

from jaxgan.errors import UserError
from jaxgan.types import Average, Player

LEAVES = {  # the last name in linen -> in PyTorch
    "kernel": "weight",
    "scale": "weight",
    "embedding": "weight",
    "bias": "bias",
    "mean": "running_mean",
    "var": "running_var",
    "count": "num_batches_tracked",
}


def from_torch(module: Any, state_dict: Mapping[str, np.ndarray], *, example: Any = None) -> PyTree[Array]:
    """The variables of a network that a PyTorch state dict holds, as `module.apply(variables, ...)` takes them.

    Args:
        module: the network that the state dict is for, with the sizes it was made with: a generator or critic of `jaxgan.networks`, or
            a linen module of your own whose layers are named as those of the PyTorch module.
        state_dict: {name: array}, as `{k: v.numpy() for k, v in torch_module.state_dict().items()}`; numbers take the type that the
            module's own variables have (jax's default float).
        example: what the module is called with, an array or a tuple of them (of which the shapes are used); built-in networks know
            theirs.

    Raises:
        UserError: names are missing or unknown (all of them in one line), a shape does not fit (the first), or a module of your own
            is given without an example.

    Example:
        >>> import jax, numpy as np
        >>> from jaxgan import interop, networks
        >>> generator = networks.GENERATORS["mlp"](sample_shape=(2,), latent_dim=2, hidden_dim=8)
        >>> state_dict = interop.to_torch(generator, generator.init(jax.random.key(0), *generator.example_inputs()))
        >>> sorted(state_dict)[:2]  # as PyTorch's module calls them
        ['model.0.bias', 'model.0.weight']
        >>> interop.from_torch(generator, state_dict)["params"].keys() == generator.init(jax.random.key(1), *generator.example_inputs())["params"].keys()
        True
    """
    paths, structure = jax.tree_util.tree_flatten_with_path(_abstract_variables(module, example))
    expected = _by_name(paths)
    missing, unknown = sorted(expected.keys() - state_dict.keys()), sorted(state_dict.keys() - expected.keys())
    if missing or unknown:
        raise UserError(
            f"the state dict does not fit {type(module).__name__}:"
            f" missing {', '.join(missing) or 'nothing'}; unknown {', '.join(unknown) or 'nothing'}"
        )
    leaves = []
    for name, (path, abstract) in expected.items():
        value = _to_linen(path, np.asarray(state_dict[name]))
        if value.shape != abstract.shape:
            raise UserError(
                f"'{name}' has shape {np.shape(state_dict[name])}; {type(module).__name__} expects"
                f" {_to_torch(path, np.empty(abstract.shape)).shape}"
            )
        leaves.append(jax.numpy.asarray(value.astype(abstract.dtype)))
    return jax.tree_util.tree_unflatten(structure, leaves)


def to_torch(module: Any, variables: Any) -> dict[str, np.ndarray]:
    """The PyTorch state dict of a network's variables, the inverse of `from_torch`; counters come back as int64.

    Kernels of four axes are taken for (height, width, in, out), as those of convolutions lie; the transposed convolutions of
    `jaxgan.networks` fit that too, those of `flax.linen` do not.

    Args:
        module: the network.
        variables: its variables, {"params": ..., "batch_stats": ...}, or a player or an average of a state, as `state.generator` and
            `state.ema`.

    Raises:
        UserError: the variables are something else, or do not fit the module: they lack some of its own, or differ in shape.
    """
    given = _by_name(jax.tree_util.tree_flatten_with_path(_collections(variables))[0])
    if _example_inputs(module) is not None:
        expected = _by_name(jax.tree_util.tree_flatten_with_path(_abstract_variables(module, None))[0])
        missing = [name for name in expected if name not in given]
        if missing:
            raise UserError(
                f"the variables do not fit {type(module).__name__}: missing what PyTorch calls {', '.join(missing)}"
            )
        for name, (path, abstract) in expected.items():
            shape = np.shape(given[name][1])
            if shape != abstract.shape:
                raise UserError(
                    f"{'/'.join(path)} has shape {shape}; {type(module).__name__} expects {abstract.shape}"
                    + (": take those of one replica" if shape[1:] == abstract.shape else "")
                )
        given = {name: given[name] for name in expected}
    arrays = {name: _to_torch(path, np.asarray(value)) for name, (path, value) in given.items()}
    return {name: a.astype(np.int64) if name.endswith("num_batches_tracked") else a for name, a in arrays.items()}


def _collections(variables: Any) -> Mapping[str, PyTree[Array]]:
    """{collection: variables} of what `to_torch` takes."""
    if isinstance(variables, Player | Average):
        return {"params": variables.params, **variables.variables}
    if isinstance(variables, Mapping) and "params" in variables:
        return variables
    allowed = 'allowed are {"params": ...}, or a player or an average of a state, as state.generator and state.ema'
    if isinstance(variables, tuple) and not variables:
        raise UserError(f"the variables are (), as state.ema is where no average is kept; {allowed}")
    keys = f" of {', '.join(map(str, variables))}" if isinstance(variables, Mapping) else ""
    raise UserError(f"the variables are a {type(variables).__name__}{keys}; {allowed}")


def _abstract_variables(module: Any, example: Any) -> PyTree[Any]:
    """The shapes of the module's variables."""
    if not isinstance(module, nn.Module):
        raise UserError(f"the module is a {type(module).__name__}; allowed is a linen module: jaxgan.networks.as_generator and as_critic"
                        " make one of other networks")  # fmt: skip
    example = _example_inputs(module) if example is None else example
    if example is None:
        raise UserError(
            f"the shapes of {type(module).__name__} are not known; give what it is called with, as example=(latents, labels)"
        )
    keys = {"params": jax.random.key(0), "dropout": jax.random.key(0)}
    return jax.eval_shape(module.init, keys, *(example if isinstance(example, tuple) else (example,)))


def _example_inputs(module: Any) -> tuple[Any, ...] | None:
    """What a built-in network can be called with; None of others, and of transforms around others."""
    try:
        return module.example_inputs()
    except AttributeError:
        return None


def _by_name(leaves: Sequence[tuple[Any, Any]]) -> dict[str, tuple[tuple[str, ...], Any]]:
    """{PyTorch's name: (path in the linen variables, leaf)}.

    Raises:
        UserError: two variables would have one name.
    """
    named: dict[str, tuple[tuple[str, ...], Any]] = {}
    for entries, leaf in leaves:
        path = tuple(jax.tree_util.keystr((entry,), simple=True) for entry in entries)
        scopes = [re.sub(r"^layers_", "", scope) for scope in path[1:-1]]  # Sequential numbers its layers layers_0, ...
        name = ".".join([*scopes, LEAVES.get(path[-1], path[-1])])
        if name in named:
            raise UserError(f"{'/'.join(named[name][0])} and {'/'.join(path)} would both be called '{name}' in PyTorch")
        named[name] = (path, leaf)
    return named


def _to_linen(path: tuple[str, ...], array: np.ndarray) -> np.ndarray:
    """(out, in, ...) -> (..., in, out), of kernels."""
    if path[-1] != "kernel" or array.ndim < 2:
        return array
    return array.transpose(*range(2, array.ndim), 1, 0)


def _to_torch(path: tuple[str, ...], array: np.ndarray) -> np.ndarray:
    """(..., in, out) -> (out, in, ...), of kernels."""
    if path[-1] != "kernel" or array.ndim < 2:
        return array
    return array.transpose(array.ndim - 1, array.ndim - 2, *range(array.ndim - 2))
