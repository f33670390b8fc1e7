"""A state looked at from the host."""

import jax
import numpy as np

from jaxgan.types import GanState


def step_of(state: GanState) -> int:
    """The generator steps made; all replicas have made as many."""
    return int(np.ravel(state.step.addressable_data(0))[0])


def one_replica(state: GanState, replica: int, replicas: int) -> GanState:
    """The state of one of several replicas, which lie along a leading axis; of a lone one the state itself."""
    return jax.tree.map(lambda leaf: leaf[replica], state) if replicas > 1 else state
