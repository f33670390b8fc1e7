"""What a `Gan` is made of, checked: each part by itself, all together, and the networks on samples of a shape."""

from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import optax

from jaxgan import checks
from jaxgan.checks import Range
from jaxgan.engine.accumulation import part_unit
from jaxgan.errors import UserError, shortened
from jaxgan.networks.augmentation import KINDS as AUGMENTATIONS
from jaxgan.networks.inspection import generator_couples_batch
from jaxgan.networks.layers import no_labels
from jaxgan.types import Game, Objective

if TYPE_CHECKING:
    from jaxgan.engine.gan import Gan

CHOICES = {
    "conditioning": ("concat", "projection"),
    "critic_data": ("fresh", "same"),
    "generator_latent": ("fresh", "same"),
    "fake_labels": ("real", "random"),
    "order": ("critic_first", "generator_first", "generator_second"),
}
RANGES = {
    "ema": Range(at_least=0, below=1),
    "generator_classifier_weight": Range(at_least=0),
    "instance_noise": Range(at_least=0),
    "ada_target": Range(at_least=-1, at_most=1),
}
AT_LEAST = {
    "latent_dim": 1, "n_classes": 0, "label_dim": 0, "n_critic": 0, "pac": 1, "unroll": 0, "generators": 1, "penalty_every": 1,
    "ada_images": 1, "ada_interval": 1, "freeze_critic": 0, "accumulate": 1,
}  # fmt: skip
ACTS_ON_SAMPLES = {"pac": 1, "instance_noise": 0, "minibatch_discrimination": False}  # remedies, when off
TRUTHS = ("minibatch_discrimination", "spectral_norm", "ada")
COUPLES = (
    "under a gradient penalty each sample's gradient must be its own, and this couples the samples of a batch"
    " (arXiv 1704.00028, section 4)"
)
NO_SIGN = (
    "this game does not say by which sign its critic takes a sample for real (Objective.real_margin): scores as WGAN's may have any"
    " offset, so that r_t (arXiv 2006.06676, eq. 1) means nothing; gan, lsgan, hinge, rpgan and r3gan are among those that do"
)
NO_ROW_MEANS = (
    "this game's losses and penalties are not declared means over the samples of a batch (Game.row_means), so that those of its parts"
    " do not add up to them"
)
COUPLED_PARTS = "couples the samples of a batch (batch norm does), so that each part of it would see others than the whole"


def checked_numbers(gan: "Gan") -> dict[str, Any]:
    """Each choice and number, checked by itself; numpy's and jax's as Python's."""
    kept: dict[str, Any] = {
        **{name: checks.whole_number(name, getattr(gan, name), at_least=least) for name, least in AT_LEAST.items()},
        **{name: checks.number(name, getattr(gan, name), range) for name, range in RANGES.items()},
        **{name: checks.choice(name, getattr(gan, name), choices) for name, choices in CHOICES.items()},
        **{name: checks.truth(name, getattr(gan, name)) for name in TRUTHS},
    }
    kinds = gan.augment.split(",") if isinstance(gan.augment, str) else gan.augment
    if not isinstance(kinds, tuple | list):
        raise UserError(f"augment={shortened(kinds)}: must be names, some of {', '.join(AUGMENTATIONS)}")
    kept["augment"] = tuple(checks.choice("augment", kind, AUGMENTATIONS) for kind in kinds)
    return kept


def check_parts(gan: "Gan") -> None:
    """Refuses what is no network, no optimizer and no game."""
    for name in ("generator_optimizer", "critic_optimizer"):
        if not (hasattr(getattr(gan, name), "init") and hasattr(getattr(gan, name), "update")):
            raise UserError(f"{name} is a {type(getattr(gan, name)).__name__}: expected an optax transformation")
    if not isinstance(gan.game, Game):
        raise UserError(f"game is a {type(gan.game).__name__}: expected a Game, as jaxgan.objectives.wgan_gp() returns")
    objective, penalties, constraint, row_means = gan.game
    if not isinstance(objective, Objective) or not all(map(callable, objective[:4])):
        raise UserError(f"game: its objective {shortened(objective)} must be an Objective of functions")
    if not isinstance(penalties, tuple | list) or not all(map(callable, penalties)) or not callable(constraint):
        raise UserError(f"game: penalties {shortened(penalties)} must be a tuple of functions, constraint a function")
    if not (objective.real_margin is None or callable(objective.real_margin)):
        raise UserError(f"game: real_margin {shortened(objective.real_margin)} must be a function of a CriticView, or None")
    checks.truth("game: row_means", row_means)
    for name in ("generator", "critic"):
        if isinstance(getattr(gan, name), optax.GradientTransformation):
            raise UserError(
                f"{name} is an optimizer: the order is Gan(generator, critic, game, generator_optimizer, critic_optimizer)"
            )


def check_combination(gan: "Gan") -> None:
    """Refuses settings that make no sense together, as far as the networks are not looked at."""
    if gan.n_classes and gan.label_dim:
        raise UserError(f"n_classes={gan.n_classes} and label_dim={gan.label_dim}: labels are classes or vectors: give one")
    if gan.conditioning == "projection" and not gan.is_conditional:
        raise UserError("conditioning='projection' says how labels reach the critic: it needs n_classes or label_dim")
    if gan.minibatch_discrimination and gan.game.penalties:
        raise UserError(f"minibatch_discrimination: {COUPLES}")
    if gan.penalty_every > 1 and not gan.game.penalties:
        raise UserError(f"penalty_every={gan.penalty_every}: this game has no penalty")
    if gan.pac > 1 and gan.classifies_generators:
        raise UserError(
            f"pac={gan.pac}: a pack mixes samples of several generators, and has no one generator to name;"
            " generator_classifier_weight=0 leaves the classifier out"
        )
    _check_seen(gan)
    _check_adaptive(gan)
    _check_accumulation(gan)


def _check_adaptive(gan: "Gan") -> None:
    """Refuses adaptive augmentation of nothing, or by scores that mean nothing."""
    if not gan.ada:
        return
    if not gan.augment:
        raise UserError(
            "ada: how often is adaptive, and augment says what is done: give it, as augment=('flip', 'shift', 'colour')"
        )
    if not gan.n_critic:
        raise UserError("ada: there is no critic (n_critic=0)")
    if gan.game.objective.real_margin is None:
        raise UserError(f"ada: {NO_SIGN}")


def _check_seen(gan: "Gan") -> None:
    """Refuses, of a critic that sees something else in place of samples, what acts on the samples that it is given."""
    if not getattr(gan.critic, "maps_samples", False):
        return
    critic = f"the critic {type(gan.critic).__name__}"
    if not gan.n_critic:
        raise UserError(f"n_critic=0: {critic} sees features, and a game without critic steps compares samples")
    for name, off in ACTS_ON_SAMPLES.items():
        if getattr(gan, name) != off:
            raise UserError(f"{name}={getattr(gan, name)!r}: {critic} sees features in place of samples")
    if gan.conditioning == "projection":
        raise UserError(f"conditioning='projection': {critic} projects labels at each of its heads by itself")
    if gan.classifies_generators:
        raise UserError(
            f"generators={gan.generators}: {critic} has no features to tell them apart by; generator_classifier_weight=0 leaves"
            " that out"
        )


def _check_accumulation(gan: "Gan") -> None:
    """Refuses parts of a batch whose gradients do not add up to that of the whole, as far as the networks are not looked at."""
    if gan.accumulate == 1:
        return
    name = f"accumulate={gan.accumulate}"
    if not gan.game.row_means:
        raise UserError(f"{name}: {NO_ROW_MEANS}")
    if gan.unroll:
        raise UserError(f"{name}: the critic steps that unroll={gan.unroll} looks ahead are made on the whole batch")


def check_networks(gan: "Gan", sample_shape: tuple[int, ...]) -> None:
    """Refuses networks that do not go with a penalty, with parts of a batch or with as many frozen layers, on samples of this shape.

    Raises:
        UserError: the reason.
    """
    if gan.game.penalties and gan.n_critic and gan.couples_batch(sample_shape):
        raise UserError(f"critic {type(gan.critic).__name__}: {COUPLES}")
    _check_parts_alone(gan, sample_shape)
    _check_frozen(gan, sample_shape)


def _check_frozen(gan: "Gan", sample_shape: tuple[int, ...]) -> None:
    """Refuses to freeze all layers of the critic, or more."""
    if not gan.freeze_critic:
        return
    names = [layer.name for layer in gan.critic_layers(sample_shape)]
    if gan.freeze_critic >= len(names):
        raise UserError(
            f"freeze_critic={gan.freeze_critic}: the critic has {len(names)} layers ({', '.join(names)}), of which at most"
            f" {len(names) - 1} can be frozen"
        )


def _check_parts_alone(gan: "Gan", sample_shape: tuple[int, ...]) -> None:
    """Refuses parts of a batch for networks that would see another batch in them."""
    if gan.accumulate == 1:
        return
    if gan.n_critic and gan.couples_batch(sample_shape):
        raise UserError(f"accumulate={gan.accumulate}: the critic {type(gan.critic).__name__} {COUPLED_PARTS}")
    example = jnp.zeros((gan.generators, gan.latent_dim), float)
    labels = no_labels(gan.generators, gan.label_dim)
    if generator_couples_batch(gan.networks.generator, example, labels, rows_per_sample=gan.generators):
        raise UserError(f"accumulate={gan.accumulate}: the generator {type(gan.generator).__name__} {COUPLED_PARTS}")


def check_batch_size(gan: "Gan", name: str, size: int) -> None:
    """Refuses a batch that packs, generators or parts do not divide.

    Args:
        name: how a message begins.
        size: samples in the batch.
    """
    for remedy in ("pac", "generators", "accumulate"):
        if size % getattr(gan, remedy):
            raise UserError(f"{name}{remedy}={getattr(gan, remedy)} must divide the batch of {size}")
    if size % (gan.accumulate * part_unit(gan)):
        raise UserError(
            f"{name}accumulate={gan.accumulate}: each part of the batch of {size} must hold whole packs (pac={gan.pac}) and as"
            f" many samples of each generator (generators={gan.generators})"
        )
