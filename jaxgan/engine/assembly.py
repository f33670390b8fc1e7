"""Both networks of a run, with the remedies that wrap them; what makes no sense together is refused here, with the reason."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import flax.linen as nn

from jaxgan.config import Config, flag
from jaxgan.data.dataset import Dataset
from jaxgan.errors import UserError, unknown
from jaxgan.networks import (
    CRITICS,
    GENERATORS,
    PAIRS,
    AugmentedCritic,
    ClassifyingCritic,
    Critic,
    Generator,
    MinibatchDiscriminationCritic,
    MixtureGenerator,
    PackedCritic,
    ProjectionCritic,
    SpectralCritic,
    packed_shape,
)
from jaxgan.networks.augmentation import KINDS as AUGMENTATIONS
from jaxgan.objectives import Variant

AUTOENCODERS = {  # which of them stands in for a critic that gives scores alone
    "conv": "conv_autoencoder",
    "dcgan": "autoencoder",
    "fc": "autoencoder",
    "lab_conv": "conv_autoencoder",
    "minibatch": "autoencoder",
    "mlp": "mlp_autoencoder",
    "resnet": "conv_autoencoder",
}


def assemble(config: Config, dataset: Dataset, variant: Variant, penalised: bool) -> tuple[Config, nn.Module, nn.Module]:
    """Both networks, and the configuration with what they were given."""
    _check_remedies(config, dataset, variant, penalised)
    names: dict[str, Any] = _names(config, dataset, variant)
    for role, table in (("generator", GENERATORS), ("critic", CRITICS)):
        _check_fit(f"{role} '{names[role]}'", table[names[role]], dataset, config.hidden_dim)
    generator_class: Any = GENERATORS[names["generator"]]
    critic_class: Any = CRITICS[names["critic"]]
    config = _check_critic(config, variant, names["critic"], critic_class, penalised)
    given: dict[str, Any] = {
        "latent_dim": config.latent_dim,
        "hidden_dim": config.hidden_dim,
        "output": config.output,
        "norm": config.critic_norm,
        "dropout": config.dropout,
    }
    for name, value in given.items():
        if value is not None and not _takes(generator_class, name) and not _takes(critic_class, name):
            shown = flag("critic_norm" if name == "norm" else name)
            raise UserError(f"{shown} has no meaning for generator '{names['generator']}' and critic '{names['critic']}'")
    n_classes = dataset.n_classes if config.conditional else 0
    projected = config.conditioning == "projection"
    plain = config.pac == 1
    shape = dataset.sample_shape
    generator = generator_class(
        sample_shape=shape, precision=config.precision, n_classes=n_classes, **_chosen(generator_class, given)
    )
    critic: Any = critic_class(
        sample_shape=shape if plain else packed_shape(shape, config.pac, 0 if projected else n_classes),
        precision=config.precision,
        n_classes=n_classes if plain and not projected else 0,
        **_chosen(critic_class, given),
    )
    if penalised and critic.couples_batch:
        raise UserError(
            f"--critic {names['critic']}: under a gradient penalty each sample's gradient must be its own, and this critic couples the"
            " samples of a batch (arXiv 1704.00028, section 4)"
        )
    config = dataclasses.replace(
        config,
        network=next((name for name, pair in PAIRS.items() if pair == (names["generator"], names["critic"])), None),
        **names,
        latent_dim=generator.latent_dim,
        hidden_dim=generator.hidden_dim if generator.hidden_dim == critic.hidden_dim else config.hidden_dim,
        output=getattr(generator, "output", None),
        critic_norm=getattr(critic, "norm", None),
        dropout=getattr(critic, "dropout", None),
    )
    return config, _mixed(generator, config), _wrapped(critic, config, n_classes)


def _mixed(generator: nn.Module, config: Config) -> nn.Module:
    return generator if config.generators == 1 else MixtureGenerator(generator, config.generators)


def _wrapped(critic: nn.Module, config: Config, n_classes: int) -> nn.Module:
    """The critic in its remedies, from the inside out."""
    projected = config.conditioning == "projection"
    if config.minibatch_discrimination:
        critic = MinibatchDiscriminationCritic(critic)
    if classifies(config):
        critic = ClassifyingCritic(critic, config.generators)
    if config.pac > 1:
        critic = PackedCritic(critic, config.pac, n_classes, projected)
    elif projected:
        critic = ProjectionCritic(critic, n_classes)
    if config.spectral_norm:
        critic = SpectralCritic(critic)
    if config.augment:
        critic = AugmentedCritic(critic, tuple(config.augment.split(",")))
    return critic


def classifies(config: Config) -> bool:
    """Whether the critic tells several generators apart."""
    return config.generators > 1 and config.generator_classifier_weight != 0


def _names(config: Config, dataset: Dataset, variant: Variant) -> dict[str, str]:
    """The generator and the critic by their names; an autoencoder of the same kind where the variant needs one and none is named."""
    network = config.network or _default_network(config.dataset, dataset)
    if network not in PAIRS:
        raise unknown("network", network, PAIRS)
    names = {"generator": config.generator or PAIRS[network][0], "critic": config.critic or PAIRS[network][1]}
    for role, table in (("generator", GENERATORS), ("critic", CRITICS)):
        if names[role] not in table:
            raise unknown(role, names[role], table)
    if variant.critic == "autoencoder" and not CRITICS[names["critic"]].reconstructs:
        if config.critic:
            raise UserError(
                f"--critic {config.critic}: {config.variant} judges samples by how well its critic redraws them;"
                f" allowed are {', '.join(sorted(set(AUTOENCODERS.values())))}"
            )
        names["critic"] = AUTOENCODERS[names["critic"]]
    return names


def _check_remedies(config: Config, dataset: Dataset, variant: Variant, penalised: bool) -> None:
    """Refuses combinations that make no sense."""

    def refuse(name: str, reason: str) -> None:
        value = getattr(config, name)
        raise UserError(f"{flag(name)}{'' if value is True else f' {value}'}: {reason}")

    remedies = {"minibatch_discrimination": False, "pac": 1, "unroll": 0, "spectral_norm": (None, False), "augment": None,
                "penalty_every": 1, "conditional": False}  # fmt: skip
    set_here = [
        n
        for n, off in remedies.items()
        if getattr(config, n) != off and getattr(config, n) not in (off if isinstance(off, tuple) else ())
    ]
    if variant.critic == "none":
        for name in set_here:
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
    if config.generator_classifier_weight is not None and config.generators == 1:
        refuse("generator_classifier_weight", "tells several generators apart: it needs --generators")
    if config.pac > 1 and classifies(config):
        refuse("pac", "a pack mixes samples of several generators, and has no one generator to name; --generator-classifier-weight 0"
               " leaves the classifier out")  # fmt: skip
    if config.minibatch_discrimination and penalised:
        refuse("minibatch_discrimination", "under a gradient penalty each sample's gradient must be its own, and this couples the samples"
               " of a batch (arXiv 1704.00028, section 4)")  # fmt: skip
    if config.penalty_every > 1 and not penalised:
        refuse("penalty_every", f"{config.variant} has no penalty")
    if config.augment:
        if dataset.is_points:
            refuse("augment", "is for images")
        for kind in config.augment.split(","):
            if kind not in AUGMENTATIONS:
                raise unknown("--augment", kind, AUGMENTATIONS)
    if variant.critic == "autoencoder":
        for name, why in {
            "minibatch_discrimination": "it acts on a score",
            "pac": "a pack is judged as one",
            "augment": "what it redraws would be held against another picture",
        }.items():
            if name in set_here:
                refuse(name, f"{config.variant} judges a sample by how well its critic redraws it, and {why}")
        if config.conditioning == "projection":
            refuse(
                "conditioning", f"{config.variant} judges a sample by how well its critic redraws it, and this acts on a score"
            )
    if config.conditioning == "projection" and not config.conditional:
        raise UserError("--conditioning projection says how labels reach the critic: it needs --conditional")


def _check_critic(config: Config, variant: Variant, name: str, critic: type[Critic], penalised: bool) -> Config:
    """The configuration with the norm that a penalty asks for; refuses a critic that a variant cannot use."""
    if penalised and config.critic_norm == "batch":
        raise UserError(
            "--critic-norm batch: under a gradient penalty each sample's gradient must be its own, and batch norm couples the"
            " samples of a batch (arXiv 1704.00028, section 4); allowed are layer, none"
        )
    if variant.dropout:
        if not _takes(critic, "dropout"):
            takes = ", ".join(other for other, kind in CRITICS.items() if _takes(kind, "dropout"))
            raise UserError(
                f"--critic {name}: {config.variant} compares passes with dropout, which this one has not; allowed are {takes}"
            )
        if config.dropout == 0:
            raise UserError(f"--dropout 0: {config.variant} compares passes with dropout; it must be more than 0")
        if config.dropout is None:
            config = dataclasses.replace(config, dropout=0.5)  # arXiv 1803.01541, section 3.2
    if config.critic_norm is None and penalised and getattr(critic, "norm", None) == "batch":  # its default
        config = dataclasses.replace(config, critic_norm="none")
    return config


def _takes(module: type[nn.Module], field: str) -> bool:
    return field in {f.name for f in dataclasses.fields(module)}


def _chosen(module: type[nn.Module], given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None and _takes(module, name)}


def _default_network(name: str, dataset: Dataset) -> str:
    if dataset.is_points:
        return "mlp"
    height, width, _ = dataset.sample_shape
    if name == "digits" and height == width == 28:
        return "fc"
    if height == width == 28:
        return "lab_conv"
    return "dcgan" if height == width and height in (GENERATORS["dcgan"].image_sizes or ()) else "fc"


def _check_fit(what: str, module: type[Generator] | type[Critic], dataset: Dataset, hidden_dim: int | None) -> None:
    if dataset.is_points != module.__name__.startswith("Mlp"):
        raise UserError(f"{what} is for {'images' if dataset.is_points else 'points'}, and {dataset.name} holds the other")
    if hidden_dim is not None and hidden_dim % module.hidden_multiple:
        raise UserError(f"--hidden-dim {hidden_dim}: of {what} it must be a multiple of {module.hidden_multiple}")
    sizes = module.image_sizes
    if sizes and (dataset.sample_shape[0] != dataset.sample_shape[1] or dataset.sample_shape[0] not in sizes):
        shape = "x".join(map(str, dataset.sample_shape[:2]))
        raise UserError(f"{what} takes square images of {', '.join(map(str, sizes))} pixels, not {shape}: see --image-size")
