"""What the modules that wrap a critic have in common."""

from typing import Any

import flax.linen as nn
from jaxtyping import Array, Float, PyTree

from jaxgan.errors import UserError
from jaxgan.types import CriticOutput, Params


class CriticTransform(nn.Module):
    """A module around a critic, which it calls under the name `critic` and for which it answers the engine's questions.

    `jaxgan.networks.as_critic` adapts a network of the user's own that is given as `critic`.
    """

    critic: Any  # a critic; `as_critic` adapts one of the user's own

    @property
    def couples_batch(self) -> bool | None:
        """What the critic inside declares; None where it declares nothing."""
        return getattr(self.critic, "couples_batch", None)

    @property
    def takes_labels(self) -> bool:
        """Whether a network of the user's own inside takes labels itself."""
        return getattr(self.critic, "takes_labels", False)

    @property
    def hidden_dim(self) -> int:
        return self.critic.hidden_dim

    @property
    def sample_shape(self) -> tuple[int, ...]:
        return self.critic.sample_shape

    @property
    def precision(self) -> str:
        return self.critic.precision

    @property
    def reconstructs(self) -> bool | None:
        """What the critic inside declares; None where it declares nothing."""
        return getattr(self.critic, "reconstructs", None)

    @property
    def maps_samples(self) -> bool:
        """Whether the critic inside has a `seen` of its own."""
        return getattr(self.critic, "maps_samples", False)

    def seen(self, samples: Array) -> Array:
        """What the critic inside sees of samples."""
        return self.critic.seen(samples) if self.maps_samples else samples

    def example_inputs(self) -> tuple[Array, Array]:
        return self.critic.example_inputs()

    def refreshed(self, params: Params, variables: PyTree) -> PyTree:
        """The variables after what the critic inside does to its own once a critic step."""
        inner = {name: tree["critic"] for name, tree in variables.items() if "critic" in tree}
        moved = self.critic.refreshed(params["critic"], inner)
        return {name: {**tree, "critic": moved[name]} if name in moved else tree for name, tree in variables.items()}


def features_of(output: CriticOutput, transform: CriticTransform) -> Float[Array, "batch features"]:
    """The features of a critic's output.

    Raises:
        UserError: the critic gives none, or several scores a sample.
    """
    if output.score.ndim > 1:
        raise UserError(f"{type(transform).__name__} acts on one score a sample, and this critic gives {output.score.shape[1]}")
    if output.features is None:
        raise UserError(
            f"{type(transform).__name__} acts on the features of its critic, and this one gives none: return"
            " jaxgan.types.CriticOutput(score=..., features=...) with features (batch, any) from it, what its last layer sees"
        )
    return output.features
