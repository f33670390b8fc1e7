"""The hyperparameters that are numbers: a pytree that compiled code takes as an argument, so that a sweep can vary them by replica."""

from collections.abc import Mapping
from typing import NamedTuple

from jaxgan.types import Scalar

Number = Scalar | float


class Numbers(NamedTuple):
    """Ranges are checked in `jaxgan.engine.setup`, since here a number may be traced."""

    learning_rate: Number = 1e-4
    critic_learning_rate: Number = 1e-4
    beta1: Number = 0.0
    beta2: Number = 0.9
    rmsprop_decay: Number = 0.99
    momentum: Number = 0.9
    ema: Number = 0.0
    generator_classifier_weight: Number = 0.0
    game: Mapping[str, Number] = {}  # what the variant's `build` takes: clip, gradient_penalty_weight, ...
