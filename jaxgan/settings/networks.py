"""From options to both networks; what makes no sense together is refused here, with the reason."""

import dataclasses
import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import numpy as np

from jaxgan.data import Dataset, value_range
from jaxgan.engine.composition import COUPLES
from jaxgan.errors import UserError, unknown
from jaxgan.features import projected_maps
from jaxgan.imports import import_named
from jaxgan.networks import CRITICS, GENERATORS, PAIRS, Critic, Generator, ProjectedCritic
from jaxgan.networks.augmentation import KINDS as AUGMENTATIONS
from jaxgan.objectives import Variant
from jaxgan.settings.options import Config, flag

AUTOENCODERS = {  # which of them stands in for a critic that gives scores alone
    "conv": "conv_autoencoder",
    "conv1d": "autoencoder",
    "conv3d": "autoencoder",
    "dcgan": "autoencoder",
    "fc": "autoencoder",
    "lab_conv": "conv_autoencoder",
    "minibatch": "autoencoder",
    "mlp": "mlp_autoencoder",
    "projected": "autoencoder",
    "r3gan": "autoencoder",
    "resnet": "conv_autoencoder",
}
LARGE = 2**16  # numbers in a sample from which on the size of the networks is looked at
COPIES = 4  # of the weights while they are trained: themselves, their gradient, an optimizer's two moments
NOTEWORTHY = 2**31  # bytes of networks that are said
REACH = 1.001  # of samples that a tanh still draws
LATENT_DIM = 64  # of a generator of the user's own that names none
Make = Callable[..., Any]  # a class of modules, or a function: keyword options -> a network
Table = Mapping[str, type[Generator]] | Mapping[str, type[Critic]]


class Chosen(NamedTuple):
    """Both networks, before any remedy, and what they settle in the configuration."""

    generator: Any
    critic: Any
    settled: dict[str, Any]
    notes: tuple[str, ...] = ()  # what was chosen for the data's sake


def choose_networks(config: Config, dataset: Dataset, variant: Variant, penalised: bool, *, saved: bool = False) -> Chosen:
    """The networks that the options name, made to the data's shape; of a saved run without weights that only training needs.

    Raises:
        UserError: a name that is not there, a network that does not fit the data or the variant, or a remedy that makes no sense.
    """
    check_remedies(config, dataset, variant, penalised)
    names = _names(config, dataset, variant)
    generator_kind, critic_kind = _kind("generator", names, GENERATORS), _kind("critic", names, CRITICS)
    for role, kind in (("generator", generator_kind), ("critic", critic_kind)):
        _check_fit(f"{role} '{names[role]}'", kind, dataset, config.hidden_dim)
    norm, dropout = _critic_settings(config, variant, names["critic"], critic_kind, penalised)
    if config.working_size is not None and not (_takes(generator_kind, "working_size") and _takes(critic_kind, "working_size")):
        raise UserError(
            f"--working-size {config.working_size} has no meaning for generator '{names['generator']}' and critic '{names['critic']}': both must"
            " work on the same grid, as those of --network fc can"
        )
    output, notes = _output(config.output, names["generator"], generator_kind, dataset)
    given: dict[str, Any] = {
        "latent_dim": config.latent_dim or _latent_dim(generator_kind, dataset),
        "hidden_dim": config.hidden_dim,
        "code_dim": config.code_dim,
        "output": output,
        "working_size": config.working_size,
        "upsampling": config.upsampling,
        "norm": norm,
        "dropout": dropout,
    }
    for name, value in given.items():
        if value is not None and not _takes(generator_kind, name) and not _takes(critic_kind, name) and name != "latent_dim":
            shown = flag("critic_norm" if name == "norm" else name)
            raise UserError(f"{shown} has no meaning for generator '{names['generator']}' and critic '{names['critic']}'")
    shared = {"sample_shape": dataset.sample_shape, "precision": config.precision}
    if config.precision != "float32":
        for role, kind in (("generator", generator_kind), ("critic", critic_kind)):
            if not _takes(kind, "precision"):
                raise UserError(
                    f"--precision {config.precision}: the {role} '{names[role]}' has no field or argument 'precision'"
                )
    generator = _made(f"generator '{names['generator']}'", generator_kind, {"latent_dim": LATENT_DIM, **given, **shared}, given)
    maps = {"maps": projected_maps(at_once=not saved)} if critic_kind is ProjectedCritic else {}
    critic = _made(f"critic '{names['critic']}'", critic_kind, {**given, **shared, **maps}, given)
    if penalised and getattr(critic, "couples_batch", None):
        raise UserError(
            f"--critic {names['critic']}: under a gradient penalty each sample's gradient must be its own, and this critic couples the"
            " samples of a batch (arXiv 1704.00028, section 4)"
        )
    widths = [getattr(network, "hidden_dim", None) for network in (generator, critic)]
    settled = {
        **names,
        "network": next((name for name, pair in PAIRS.items() if pair == (names["generator"], names["critic"])), None),
        "latent_dim": getattr(generator, "latent_dim", config.latent_dim or LATENT_DIM),
        "hidden_dim": widths[0] if widths[0] == widths[1] else config.hidden_dim,
        "output": getattr(generator, "output", None),
        "working_size": getattr(generator, "working_size", None),
        "critic_norm": getattr(critic, "norm", None),
        "dropout": getattr(critic, "dropout", None),
    }
    return Chosen(generator, critic, settled, notes + _size_note(generator, critic, names, dataset))


def _latent_dim(kind: Any, dataset: Dataset) -> int | None:
    """Of vectors of more than two numbers, for which `mlp` would draw a mere surface, twice as many, at most 64; of others the network's own."""
    wide = dataset.is_vectors and dataset.sample_shape[0] > 2
    return min(2 * dataset.sample_shape[0], LATENT_DIM) if wide and kind in GENERATORS.values() else None


def classifies_generators(config: Config) -> bool:
    """Whether the critic tells several generators apart."""
    return config.generators > 1 and config.generator_classifier_weight != 0


def _names(config: Config, dataset: Dataset, variant: Variant) -> dict[str, str]:
    """The generator and the critic by their names; an autoencoder of the same kind where the variant needs one and none is named."""
    network = config.network
    if network is None and not (config.generator and config.critic):
        network = _default_network(config.dataset, dataset)
    if network is not None and network not in PAIRS:
        raise unknown("network", network, PAIRS)
    pair = PAIRS[network] if network else ("", "")
    names = {"generator": config.generator or pair[0], "critic": config.critic or pair[1]}
    tables: dict[str, Table] = {"generator": GENERATORS, "critic": CRITICS}
    for role, table in tables.items():
        if names[role] not in table and ":" not in names[role]:
            raise unknown(role, names[role], table, ", or your own as package.module:Class")
    if variant.critic == "autoencoder" and names["critic"] in CRITICS and not CRITICS[names["critic"]].reconstructs:
        if config.critic:
            raise UserError(
                f"--critic {config.critic}: {config.variant} scores samples by how well its critic redraws them;"
                f" allowed are {', '.join(sorted(set(AUTOENCODERS.values())))}"
            )
        names["critic"] = AUTOENCODERS[names["critic"]]
    return names


def _kind(role: str, names: Mapping[str, str], table: Table) -> Any:
    """A class of the table, or what package.module:attribute names: a class, a function, a module or a pair (init, apply)."""
    name = names[role]
    return table[name] if name in table else import_named(name, role)


def _made(what: str, kind: Any, options: Mapping[str, Any], given: Mapping[str, Any]) -> Any:
    """The network: a class or a function is called with those of the options that it takes and that are set; others are as they are."""
    if isinstance(kind, nn.Module | tuple | list):
        return kind
    if not callable(kind):
        raise UserError(
            f"{what} is a {type(kind).__name__}: expected a module class, a function that returns a network, or a network"
        )
    if "rngs" in _parameters(kind):  # an NNX class: the engine makes it, of its own keys
        return kind
    taken = {name: value for name, value in options.items() if value is not None and _takes(kind, name)}
    missing = [name for name, parameter in _parameters(kind).items() if _is_required(parameter) and name not in taken]
    if missing:
        can_be = ", ".join(sorted({*options, *given}))
        raise UserError(f"{what} needs '{missing[0]}', which no option gives: give it a default, or name it one of {can_be}")
    return kind(**taken)


def _parameters(kind: Any) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(kind).parameters
    except (TypeError, ValueError):
        return {}


def _is_required(parameter: inspect.Parameter) -> bool:
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return parameter.default is inspect.Parameter.empty and parameter.kind not in variable


def check_remedies(config: Config, dataset: Dataset, variant: Variant, penalised: bool) -> None:
    """Refuses combinations that make no sense."""

    def refuse(name: str, reason: str) -> None:
        value = getattr(config, name)
        raise UserError(f"{flag(name)}{'' if value is True else f' {value}'}: {reason}")

    remedies = {"minibatch_discrimination": False, "pac": 1, "unroll": 0, "spectral_norm": False, "instance_noise": 0, "augment": None,
                "penalty_every": 1, "ada": False, "freeze_critic": 0, "conditional": False}  # fmt: skip
    in_use = [name for name, off in remedies.items() if getattr(config, name) not in (off, None)]
    if variant.critic == "none":
        for name in in_use:
            refuse(name, f"{config.variant} compares samples without a critic, and has no use for it")
        if config.n_critic:
            refuse("n_critic", f"{config.variant} has no critic; allowed is 0")
    elif not config.n_critic:
        refuse("n_critic", "must be at least 1")
    assert config.batch_size
    if config.batch_size % config.pac:
        refuse("pac", f"must divide the batch of {config.batch_size}")
    if config.batch_size % config.generators:
        refuse("generators", f"must divide the batch of {config.batch_size}")
    if config.batch_size % config.accumulate:
        refuse("accumulate", f"must divide the batch of {config.batch_size}")
    if (config.batch_size // config.accumulate) % math.lcm(config.pac, config.generators):
        refuse("accumulate", f"each part of the batch of {config.batch_size} must hold whole packs (--pac {config.pac}) and as many samples"
               f" of each generator (--generators {config.generators})")  # fmt: skip
    if config.generator_classifier_weight is not None and config.generators == 1:
        refuse("generator_classifier_weight", "tells several generators apart: it needs --generators")
    if config.pac > 1 and classifies_generators(config):
        refuse("pac", "a pack mixes samples of several generators, and has no one generator to name; --generator-classifier-weight 0"
               " leaves the classifier out")  # fmt: skip
    if config.minibatch_discrimination and penalised:
        refuse("minibatch_discrimination", COUPLES)
    if config.penalty_every > 1 and not penalised:
        refuse("penalty_every", f"{config.variant} has no penalty")
    if config.augment:
        if not dataset.is_images:
            refuse("augment", "is for images")
        for kind in config.augment.split(","):
            if kind not in AUGMENTATIONS:
                raise unknown("--augment", kind, AUGMENTATIONS)
        height, width = dataset.sample_shape[:2]
        if "rotation" in config.augment.split(",") and height != width:
            refuse("augment", f"rotation turns square pictures, and those of {dataset.name} are of {height}x{width}")
    if config.ada and not dataset.is_images:
        refuse("ada", "is for images")
    if variant.critic == "autoencoder":
        for name, why in {
            "minibatch_discrimination": "it acts on a score",
            "pac": "a pack is scored as one",
            "instance_noise": "what it redraws would be held against another sample",
            "augment": "what it redraws would be held against another picture",
            "ada": "what it redraws would be held against another picture",
        }.items():
            if name in in_use:
                refuse(name, f"{config.variant} scores a sample by how well its critic redraws it, and {why}")
        if config.conditioning == "projection":
            refuse(
                "conditioning", f"{config.variant} scores a sample by how well its critic redraws it, and this acts on a score"
            )
    if config.conditioning == "projection" and not config.conditional:
        raise UserError("--conditioning projection says how labels reach the critic: it needs --conditional")


def _critic_settings(
    config: Config, variant: Variant, name: str, critic: Any, penalised: bool
) -> tuple[str | None, float | None]:
    """Norm and dropout of the critic, as a penalty and a variant want them; refuses a critic that a variant cannot use."""
    norm, dropout = config.critic_norm, config.dropout
    if penalised and norm == "batch":
        raise UserError(
            "--critic-norm batch: under a gradient penalty each sample's gradient must be its own, and batch norm couples the"
            " samples of a batch (arXiv 1704.00028, section 4); allowed are layer, none"
        )
    if variant.dropout and name in CRITICS:
        if not _takes(critic, "dropout"):
            takes = ", ".join(other for other, kind in CRITICS.items() if _takes(kind, "dropout"))
            raise UserError(
                f"--critic {name}: {config.variant} compares passes with dropout, which this one has not; allowed are {takes}"
            )
        if dropout == 0:
            raise UserError(f"--dropout 0: {config.variant} compares passes with dropout; it must be more than 0")
        if dropout is None:
            dropout = 0.5  # arXiv 1803.01541, section 3.2
    if norm is None and penalised and getattr(critic, "norm", None) == "batch":  # its default
        norm = "none"
    return norm, dropout


def _output(given: str | None, name: str, kind: Any, dataset: Dataset) -> tuple[str | None, tuple[str, ...]]:
    """The last layer of the generator, linear where samples of one's own reach beyond a tanh; and what is to be said of it.

    Raises:
        UserError: of a generator that always ends in tanh.
    """
    if dataset.samples is None or dataset.samples.dtype == np.uint8 or dataset.distribution is not None or given == "linear":
        return given, ()
    span = value_range(dataset)
    if span is None or max(-span[0], span[1]) <= REACH:
        return given, ()
    if not (isinstance(kind, type) and issubclass(kind, Generator)):
        return given, ()
    reach = f"{dataset.name} reaches from {span[0]:.4g} to {span[1]:.4g}"
    if not _takes(kind, "output"):
        raise UserError(
            f"{reach}, and generator '{name}' draws by a tanh from -1 to 1: scale the samples to that, or give uint8"
        )
    if given == "tanh":
        return given, (f"{reach}, and a generator of --output tanh only from -1 to 1: --output linear draws any number",)
    return "linear", (f"{reach}, beyond a tanh: the generator ends in --output linear",)


def _size_note(generator: Any, critic: Any, names: Mapping[str, str], dataset: Dataset) -> tuple[str, ...]:
    """What is to be said of networks of jaxgan's that large samples make large; what could not be held is refused before training."""
    if math.prod(dataset.sample_shape) < LARGE or not (isinstance(generator, Generator) and isinstance(critic, Critic)):
        return ()
    keys = {name: jax.random.key(0) for name in ("params", "dropout")}
    shapes = jax.eval_shape(lambda: [network.init(keys, *network.example_inputs()) for network in (generator, critic)])
    count = sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(shapes))
    size = 4 * COPIES * count
    what = (
        f"{dataset.name}: for samples of {'x'.join(map(str, dataset.sample_shape))} generator '{names['generator']}' and critic"
        f" '{names['critic']}' have {count:,} parameters, which take {size / 2**30:.1f} GiB to train"
    )
    return (f"{what}: --image-size 64 makes them smaller",) if size > NOTEWORTHY else ()


def _takes(kind: Any, name: str) -> bool:
    """Whether a network is made with this option: a field of a module class, or a parameter."""
    if dataclasses.is_dataclass(kind):
        return name in {field.name for field in dataclasses.fields(kind)}
    return name in _parameters(kind)


def _default_network(name: str, dataset: Dataset) -> str:
    kind = dataset.kind
    if kind == "other":
        raise UserError(
            f"data set {name}: no network of jaxgan's is for samples of shape {dataset.sample_shape}; name your own by --generator"
            " and --critic"
        )
    if kind == "vectors":
        return "mlp"
    *size, _ = dataset.sample_shape
    if size == [28, 28]:
        return "fc" if name == "digits" else "lab_conv"
    network = {"series": "conv1d", "images": "dcgan", "volumes": "conv3d"}[kind]
    return network if min(size) >= GENERATORS[network].smallest_side else "fc"


def _check_fit(what: str, kind: Any, dataset: Dataset, hidden_dim: int | None) -> None:
    """Refuses a network of jaxgan's on data of another kind or size; one of the user's own is tried on the data by the engine."""
    if not (isinstance(kind, type) and issubclass(kind, Generator | Critic)):
        return
    held = dataset.kind
    if kind.sample_kind != "any" and held not in (kind.sample_kind, *kind.takes_also):
        raise UserError(f"{what} is for {kind.sample_kind}, and {dataset.name} holds {held} of shape {dataset.sample_shape}")
    channels = kind.takes_channels if issubclass(kind, Critic) else None
    if channels and dataset.sample_shape[-1] not in channels:
        takes = " or ".join(map(str, channels))
        raise UserError(f"{what} takes images of {takes} channels, not {dataset.sample_shape[-1]}: see --channels")
    if hidden_dim is not None and hidden_dim % kind.hidden_multiple:
        raise UserError(f"--hidden-dim {hidden_dim}: of {what} it must be a multiple of {kind.hidden_multiple}")
    *size, _ = dataset.sample_shape
    shape = "x".join(map(str, size))
    if kind.image_sizes and (len(set(size)) > 1 or size[0] not in kind.image_sizes):
        sizes = ", ".join(map(str, kind.image_sizes))
        raise UserError(f"{what} takes square images of {sizes} pixels, not {shape}: see --image-size")
    if size and min(size) < kind.smallest_side:
        of = f"images of at least {kind.smallest_side} pixels a side" if held == "images" else f"{held} of at least {kind.smallest_side} along each axis"  # fmt: skip
        raise UserError(f"{what} takes {of}, not {shape}" + (": see --image-size" if held == "images" else ""))
