"""Networks of the user's own, made to be called as the built-in ones are.

Three forms are taken: a linen module, a pair of functions (init, apply), and what makes an NNX module. Each is wrapped in a linen
module that is called as (x, labels, *, train); around that one, `AdaptedGenerator` and `AdaptedCritic` join labels to the inputs of
a network that takes none, and read what a critic returns.

Where the numbers lie, in the collection `params` and in those of the other variables:

    linen module   where `module.init` puts them, no level added
    pair           `params["network"]` is what init gives, whatever pytree that is
    NNX module     by the module's attributes: `params["conv"]["kernel"]`, `batch_stats["norm"]["mean"]`; `nnx.BatchStat` is called
                   `batch_stats`, other types of variables by their own name; random streams are made again for each pass

A label embedding that is joined lies beside them, as `params["label_embedding"]`.
"""

import dataclasses
import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.traverse_util import flatten_dict, unflatten_dict
from jaxtyping import Array, Key, PyTree

from jaxgan.errors import UserError
from jaxgan.networks.layers import label_layer
from jaxgan.networks.mixture import MixtureGenerator
from jaxgan.networks.packing import PackedCritic
from jaxgan.networks.player import Critic, Generator
from jaxgan.networks.projection import ProjectionCritic
from jaxgan.networks.transform import CriticTransform
from jaxgan.types import CriticOutput, Labels, Params

ALLOWED = "a Flax linen module, an NNX module class or a function of rngs that makes one, or a pair of functions (init, apply)"
LABELS = ("labels", "label")
OTHER_WORDS_FOR_TRAIN = ("training", "is_training", "deterministic", "use_running_average")


def as_generator(network: Any, n_classes: int = 0, label_dim: int = 0) -> nn.Module:
    """The network as a module that is called as (latent (B, latent_dim), labels, *, train=False) -> samples (B, ...).

    Labels are class numbers (B,), or vectors (B, label_dim) of floats.

    Args:
        network: a built-in generator or `MixtureGenerator`, which is returned as it is; or one of the user's own: a linen module
            called as (latent) or (latent, labels), with `train` if it takes it; a pair of functions init(key, latent[, labels]) or
            init(key) -> parameters and apply(parameters, latent[, labels][, train=...][, key=...]) -> samples, whose `key` is None
            but in training; an NNX module class or function that takes `rngs`; or what `flax.nnx.bridge.to_linen` gives.
        n_classes: where it is not 0, a network that takes no labels has a learnt embedding of them joined to its latents.
        label_dim: where it is not 0, such a network has the labels themselves joined to its latents.

    Raises:
        UserError: the network is none of these, or takes an argument that is not among them.
    """
    if isinstance(network, Critic | CriticTransform | AdaptedCritic):
        raise UserError(f"the generator {type(network).__name__} is a critic")
    if isinstance(network, MixtureGenerator):
        inner = as_generator(network.generator, n_classes, label_dim)
        return network if inner is network.generator else network.clone(generator=inner)
    if isinstance(network, Generator | AdaptedGenerator):
        return network
    return AdaptedGenerator(_adapted(network, "generator"), n_classes, label_dim)


def as_critic(network: Any, n_classes: int = 0, label_dim: int = 0) -> nn.Module:
    """The network as a module that is called as (samples (B, ...), labels, *, train=False) -> `CriticOutput`.

    Labels are class numbers (B,), or vectors (B, label_dim) of floats.

    Args:
        network: a built-in critic or a transform of one, which is returned as it is (but for a network of the user's own inside a
            transform, which is adapted); or one of the user's own, in the forms that `as_generator` takes. It returns scores of shape
            (B,) or (B, 1), or a `CriticOutput`.
        n_classes: where it is not 0, a network that takes no labels has a learnt embedding of them joined to its samples.
        label_dim: where it is not 0, such a network has the labels themselves joined to its samples.

    Raises:
        UserError: as `as_generator`; and, once the network is called, it returns something else.
    """
    if isinstance(network, Generator | MixtureGenerator | AdaptedGenerator):
        raise UserError(f"the critic {type(network).__name__} is a generator")
    if isinstance(network, CriticTransform):
        brings_labels = isinstance(network, PackedCritic | ProjectionCritic)
        inner = as_critic(network.critic, *((0, 0) if brings_labels else (n_classes, label_dim)))
        return network if inner is network.critic else network.clone(critic=inner)
    if isinstance(network, Critic | AdaptedCritic):
        return network
    return AdaptedCritic(_adapted(network, "critic"), n_classes, label_dim)


class Accepted(NamedTuple):
    """Which arguments a function takes beside its samples or latents."""

    labels: str | None = None  # under which name
    needs_labels: bool = False
    train: bool = False
    key: bool = False

    def arguments(self, labels: Labels | None, train: bool) -> dict[str, Any]:
        """The keyword arguments of a call, `key` apart; labels of None are left out."""
        given = {} if self.labels is None or labels is None else {self.labels: labels}
        return {**given, "train": train} if self.train else given


@dataclasses.dataclass(frozen=True)
class LinenNetwork:
    """A linen module. It lives in the scope of the module around it, so its variables lie as if it stood alone."""

    module: nn.Module
    accepted: Accepted

    @property
    def title(self) -> str:
        return type(self.module).__name__

    def __call__(self, around: nn.Module, x: Array, labels: Labels | None, train: bool) -> Any:
        arguments = self.accepted.arguments(labels, train)
        variables = around.variables
        fixed = [name for name in variables if name != "params" and not around.is_mutable_collection(name)]
        assert around.scope is not None
        if not fixed or around.is_initializing() or not (train or not self.accepted.train):
            return self.module.clone(parent=around.scope, _deep_clone=True)(x, **arguments)
        # linen's batch norm fails in training where its statistics may not move: what it does to them is dropped instead
        rngs = {name: around.make_rng(name) for name in around.scope.rngs}
        output, _ = self.module.apply(variables, x, **arguments, rngs=rngs, mutable=fixed)
        return output


@dataclasses.dataclass(frozen=True)
class PairNetwork:
    """A pair of functions (init, apply). What init gives is the parameter `network`."""

    init: Callable[..., Any]
    apply: Callable[..., Any]
    init_takes_input: bool
    init_accepted: Accepted
    accepted: Accepted

    @property
    def title(self) -> str:
        return _name(self.apply)

    def __call__(self, around: nn.Module, x: Array, labels: Labels | None, train: bool) -> Any:
        if not around.has_variable("params", "network"):
            around.param("network", self.initial, x, labels)
        arguments = self.accepted.arguments(labels, train)
        if self.accepted.key:
            arguments["key"] = around.make_rng("dropout") if train else None
        return self.apply(around.get_variable("params", "network"), x, **arguments)

    def initial(self, key: Key[Array, ""], x: Array, labels: Labels | None) -> PyTree[Array]:
        inputs = (x,) if self.init_takes_input else ()
        params = self.init(key, *inputs, **self.init_accepted.arguments(labels, False))
        for path, leaf in jax.tree_util.tree_flatten_with_path(params)[0]:
            kind = getattr(leaf, "dtype", None)
            if kind is None or not jnp.issubdtype(kind, jnp.floating):
                place = f"params{jax.tree_util.keystr(path)} of type {kind or type(leaf).__name__}"
                raise UserError(f"{_name(self.init)} gives {place}; all that it gives is trained, and must be arrays of floats")
        return jax.tree.map(jnp.asarray, params)


@dataclasses.dataclass(frozen=True)
class NnxNetwork:
    """An NNX module, made by create(rngs=...). Its variables are named by its attributes.

    It is made for each pass, and takes the variables in place of its initial ones; its random streams all begin at the stream
    `dropout`. In training it is set to `train()`, otherwise to `eval()`.
    """

    create: Callable[..., Any]
    accepted: Accepted

    @property
    def title(self) -> str:
        return _name(self.create)

    def __call__(self, around: nn.Module, x: Array, labels: Labels | None, train: bool) -> Any:
        from flax import nnx

        initial, has_stream = around.is_initializing(), around.has_rng("dropout")
        key = around.make_rng("params" if initial else "dropout") if initial or has_stream else jax.random.key(0)
        module = self.create(rngs=nnx.Rngs(key))
        if initial:
            self._store(around, module, lambda collection: True)
        else:
            paths = {tuple(map(str, path)): path for path, _ in _flat_state(module)}
            values = {path: value for tree in around.variables.values() for path, value in flatten_dict(tree).items()}
            nnx.update(module, unflatten_dict({paths[path]: value for path, value in values.items() if path in paths}))
        module.train() if train else module.eval()
        before = _draw_counts(module)
        output = module(x, **self.accepted.arguments(labels, train))
        if initial:
            return output
        drawn = any(new is not old for new, old in zip(_draw_counts(module), before, strict=True))
        if train and drawn and not has_stream:
            around.make_rng("dropout")  # raises flax's error for a stream that is not given
        self._store(around, module, lambda collection: collection != "params" and around.is_mutable_collection(collection))
        return output

    def _store(self, around: nn.Module, module: Any, wanted: Callable[[str], bool]) -> None:
        """The module's arrays, but for its random streams, in the collections that are wanted."""
        from flax import nnx

        flat: dict[tuple[str, ...], Any] = {}
        for path, leaf in _flat_state(module):
            variable = isinstance(leaf, nnx.Variable)
            collection = nnx.variable_name_from_type(type(leaf), allow_register=True) if variable else "constants"
            if wanted(collection):
                flat[(collection, *map(str, path))] = leaf.get_value() if variable else leaf
        for collection, tree in unflatten_dict(flat).items():
            for name, value in tree.items():
                around.put_variable(collection, name, value)


class Adapted(nn.Module):
    """What generators and critics of the user's own have in common."""

    network: LinenNetwork | PairNetwork | NnxNetwork
    n_classes: int = 0
    label_dim: int = 0

    sample_kind: ClassVar[str] = "any"
    precision: ClassVar[str] = "float32"

    @property
    def takes_labels(self) -> bool:
        """Whether the network itself takes labels; if not, they are joined to its input."""
        return self.network.accepted.labels is not None

    def _output(self, x: Array, labels: Labels, train: bool) -> Any:
        join: Any = None if self.takes_labels else label_layer(self.n_classes, self.label_dim, "label_embedding")
        if join:
            x = join(x, labels)
        given = self.n_classes or self.label_dim or self.network.accepted.needs_labels
        return self.network(self, x, labels if given else None, train)


class AdaptedGenerator(Adapted):
    """A generator of the user's own, called as the built-in ones are; made by `as_generator`."""

    @nn.compact
    def __call__(self, latent: Array, labels: Labels, *, train: bool = False) -> Array:
        output = self._output(latent, labels, train)
        if not isinstance(output, jax.Array):
            raise UserError(
                f"the generator {self.network.title} returns a {type(output).__name__}; allowed is an array of samples"
            )
        return output


class AdaptedCritic(Adapted):
    """A critic of the user's own, called as the built-in ones are; made by `as_critic`."""

    couples_batch: ClassVar[bool | None] = None  # not declared: `jaxgan.networks.inspection` looks
    reconstructs: ClassVar[bool | None] = None
    maps_samples: ClassVar[bool] = False

    def refreshed(self, params: Params, variables: PyTree) -> PyTree:
        """The variables as they are: nothing is done to them once a critic step."""
        return variables

    @nn.compact
    def __call__(self, samples: Array, labels: Labels, *, train: bool = False) -> CriticOutput:
        return critic_output(self._output(samples, labels, train), samples, self.network.title)


def critic_output(output: Any, samples: Array, title: str) -> CriticOutput:
    """What a critic returned, as a `CriticOutput` whose score has shape (B,).

    Raises:
        UserError: it is neither scores (B,) or (B, 1) nor a `CriticOutput` of features (B, F), a reconstruction of the samples' shape
            and logits (B, classes).
    """
    size = len(samples)
    allowed = f"allowed are ({size},), ({size}, 1) or a jaxgan.types.CriticOutput"
    if not isinstance(output, CriticOutput):
        if not isinstance(output, jax.Array):
            raise UserError(f"the critic {title} returns a {type(output).__name__} for {size} samples; {allowed}")
        output = CriticOutput(score=output)
    shape = jnp.shape(output.score)
    if shape not in ((size,), (size, 1)):
        raise UserError(f"the critic {title} returns scores of shape {shape} for {size} samples; {allowed}")
    for name in ("features", "class_logits"):
        value = getattr(output, name)
        if value is not None and (value.ndim != 2 or len(value) != size):
            raise UserError(
                f"the critic {title} returns {name} of shape {value.shape} for {size} samples; allowed is ({size}, any)"
            )
    redrawn = output.reconstruction
    if redrawn is not None and redrawn.shape != samples.shape:
        raise UserError(f"the critic {title} returns a reconstruction of shape {redrawn.shape}; allowed is {samples.shape}")
    return output._replace(score=output.score.reshape(size))


def _adapted(network: Any, role: str) -> LinenNetwork | PairNetwork | NnxNetwork:
    """The network in the form that it has."""
    if isinstance(network, tuple | list) and len(network) == 2 and all(map(callable, network)):
        owner = getattr(network[1], "__self__", None)
        if isinstance(owner, nn.Module):  # as a pair its batch statistics would be trained like weights
            raise UserError(f"the {role} is a pair of methods of {type(owner).__name__}; give the module itself")
        return _pair(network[0], network[1], role)
    if isinstance(network, nn.Module):
        made = _made_by_bridge(network)
        return _nnx(made, role) if made else _linen(network, role)
    if isinstance(network, type) and issubclass(network, nn.Module):
        raise UserError(f"the {role} {network.__name__} is a class; give a module of it, {network.__name__}(...)")
    nnx = sys.modules.get("flax.nnx")
    if nnx is not None and isinstance(network, nnx.Module):
        name = type(network).__name__
        raise UserError(
            f"the {role} is an NNX module whose weights are made already, so that seeds could not differ; give the class {name}, or"
            f" lambda rngs: {name}(..., rngs=rngs)"
        )
    if callable(network) and "rngs" in _parameters(network):
        return _nnx(network, role)
    what = f"the {type(network).__name__} {_name(network)!r}" if callable(network) else f"a {type(network).__name__}"
    raise UserError(f"the {role} is {what}; allowed are {ALLOWED}")


def _linen(network: nn.Module, role: str) -> LinenNetwork:
    title = f"the {role} {type(network).__name__}"
    if not callable(network):
        raise UserError(f"{title} has no __call__")
    accepted, _ = _accepted(network, 1, title, ("train",))
    return LinenNetwork(network, accepted)


def _pair(init: Callable[..., Any], apply: Callable[..., Any], role: str) -> PairNetwork:
    init_accepted, given = _accepted(init, 2, f"the {role}'s {_name(init)}", (), fewest=1)
    accepted, _ = _accepted(apply, 2, f"the {role}'s {_name(apply)}", ("train", "key"))
    return PairNetwork(init, apply, given == 2, init_accepted, accepted)


def _nnx(create: Callable[..., Any], role: str) -> NnxNetwork:
    from flax import nnx

    title = f"the {role} {_name(create)}"
    for name, parameter in _parameters(create).items():
        if name != "rngs" and _required(parameter):
            raise UserError(
                f"{title} takes {name!r} to be made; allowed is rngs: give lambda rngs: {_name(create)}(..., rngs=rngs)"
            )
    made = nnx.eval_shape(lambda: create(rngs=nnx.Rngs(0)))
    if not isinstance(made, nnx.Module) or not callable(made):
        raise UserError(f"{title} makes no NNX module that can be called, as a function of rngs must")
    accepted, _ = _accepted(made, 1, title, ("train",))
    return NnxNetwork(create, accepted)


def _made_by_bridge(network: nn.Module) -> Callable[..., Any] | None:
    """The function of rngs inside what `flax.nnx.bridge.to_linen` gives; None of any other module."""
    bridge = sys.modules.get("flax.nnx.bridge")
    if bridge is None or not isinstance(network, bridge.ToLinen):
        return None
    create = functools.partial(network.nnx_class, *network.args, **network.kwargs)
    return _without_rngs(create) if network.skip_rng else create


def _without_rngs(create: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(create)
    def made(rngs: Any) -> Any:
        return create()

    return made


def _accepted(
    function: Callable[..., Any], inputs: int, title: str, keywords: Iterable[str], fewest: int | None = None
) -> tuple[Accepted, int]:
    """What a function takes beside its first `inputs` positional arguments, and how many of these it takes (at least `fewest`)."""
    names = (
        ("(key, x), (key, x, labels) or (key)" if fewest else "(params, x) or (params, x, labels)")
        if inputs == 2
        else "(x) or (x, labels)"
    )
    allowed = f"allowed are {names}" + "".join(f", {word}=..." for word in keywords)
    rest = list(_parameters(function).values())
    any_number = any(parameter.kind is parameter.VAR_POSITIONAL for parameter in rest)
    given = 0
    while given < inputs and rest and _positional(rest[0]) and rest[0].name not in LABELS:
        given += 1
        rest.pop(0)
    if not any_number and given < (inputs if fewest is None else fewest):
        raise UserError(f"{title} takes {given} arguments by position; {allowed}")
    labels = next((parameter for parameter in rest if parameter.name in LABELS), None)
    for parameter in rest:
        if parameter.name in OTHER_WORDS_FOR_TRAIN and "train" in keywords:
            raise UserError(f"{title} takes {parameter.name!r}, which jaxgan does not set; call it 'train', True in training")
        if _required(parameter) and parameter.name not in (*LABELS, *keywords):
            raise UserError(f"{title} takes {parameter.name!r}; {allowed}")
    words = {word: any(parameter.name == word for parameter in rest) for word in keywords}
    accepted = Accepted(labels.name if labels else None, labels is not None and _required(labels), **words)
    return accepted, inputs if any_number else given


def _parameters(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """Of an object, those of a call of it; of a class, those of its constructor, which its metaclass may hide."""
    if isinstance(function, functools.partial):
        items = list(_parameters(function.func).items())[len(function.args) :]
        return {name: value for name, value in items if name not in function.keywords}
    if isinstance(function, type):
        return {name: value for name, value in _signature(function.__init__).items() if name != "self"}
    return _signature(function)


def _signature(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):  # functions written in C have none
        return inspect.signature(lambda *args: None).parameters


def _positional(parameter: inspect.Parameter) -> bool:
    return parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)


def _required(parameter: inspect.Parameter) -> bool:
    return parameter.default is parameter.empty and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)


def _name(function: Any) -> str:
    function = function.func if isinstance(function, functools.partial) else function
    return getattr(function, "__name__", type(function).__name__)


def _flat_state(module: Any) -> list[tuple[tuple[Any, ...], Any]]:
    """(path, variable) of all that an NNX module holds, but for its random streams."""
    from flax import nnx

    return list(nnx.to_flat_state(nnx.state(module, nnx.Not(nnx.RngState))))


def _draw_counts(module: Any) -> list[Any]:
    """How often each random stream of an NNX module was drawn from: an array that a draw puts another in place of."""
    from flax import nnx

    return [leaf.get_value() for _, leaf in nnx.to_flat_state(nnx.state(module, nnx.RngCount))]
