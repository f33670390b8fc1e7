"""What the modules that wrap a critic have in common."""

import flax.linen as nn
from jaxtyping import Array, PyTree

from jaxgan.types import Params


class CriticTransform(nn.Module):
    """A module around a critic, which it calls under the name `critic` and for which it answers the engine's questions."""

    critic: nn.Module

    @property
    def couples_batch(self) -> bool:
        return self.critic.couples_batch

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
    def reconstructs(self) -> bool:
        return self.critic.reconstructs

    def example_inputs(self) -> tuple[Array, Array]:
        return self.critic.example_inputs()

    def refreshed(self, params: Params, variables: PyTree) -> PyTree:
        """The variables after what the critic inside does to its own once a critic step."""
        inner = {name: tree["critic"] for name, tree in variables.items() if "critic" in tree}
        moved = self.critic.refreshed(params["critic"], inner)
        return {name: {**tree, "critic": moved[name]} if name in moved else tree for name, tree in variables.items()}
