"""The classifier of lab 004, section 8, which classifies generated images."""

from typing import NamedTuple

import flax.linen as nn
import jax
from jaxtyping import Array, Float

from jaxgan.networks.convolution import max_pool
from jaxgan.networks.layers import Conv, Linear, flatten
from jaxgan.types import Samples


class Classified(NamedTuple):
    """What the classifier says of a batch."""

    logits: Float[Array, "batch classes"]
    features: Float[Array, "batch 128"]  # before the last layer, at least 0


class Classifier(nn.Module):
    """Conv3 32-ReLU-MaxPool2, Conv3 64-ReLU-MaxPool2, 128-ReLU, n_classes."""

    n_classes: int = 10

    @nn.compact
    def __call__(self, samples: Samples) -> Classified:
        x = max_pool(jax.nn.relu(Conv(32, 3, padding=1)(samples)))
        x = max_pool(jax.nn.relu(Conv(64, 3, padding=1)(x)))
        features = jax.nn.relu(Linear(128)(flatten(x)))
        return Classified(Linear(self.n_classes)(features), features)
