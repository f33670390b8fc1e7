"""jaxgan trains, measures and compares generative adversarial networks in JAX and Flax."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jaxgan.config import Config
    from jaxgan.runs import fit
    from jaxgan.trained import load

_HOMES = {"Config": "jaxgan.config", "fit": "jaxgan.runs", "load": "jaxgan.trained"}

__all__ = ["Config", "fit", "load"]


def __getattr__(name: str) -> Any:
    """Loads a public name when it is first used, so that `jaxgan --help` need not wait for jax."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'jaxgan' has no attribute '{name}'")
