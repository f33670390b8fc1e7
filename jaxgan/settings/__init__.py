"""Options: each declared once (`options`), read from flags (`command_line`), kept in a run folder (`saved`), and resolved into a `Gan`, a
`Dataset` and a `Schedule` (`resolution`). All but the last is read without waiting for jax.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from jaxgan.settings.command_line import OptionalInt, OptionalPath, parse, read_command, read_config, read_value
from jaxgan.settings.options import OPTIONS, Config, Option, flag
from jaxgan.settings.saved import changed_fields, read_config_file, rerun, resume_with, resumed, to_json

if TYPE_CHECKING:
    from jaxgan.settings.own import resolve_own
    from jaxgan.settings.resolution import Resolved, resolve

__all__ = [
    "OPTIONS",
    "Config",
    "Option",
    "OptionalInt",
    "OptionalPath",
    "Resolved",
    "changed_fields",
    "flag",
    "parse",
    "read_command",
    "read_config",
    "read_config_file",
    "read_value",
    "rerun",
    "resolve",
    "resolve_own",
    "resume_with",
    "resumed",
    "to_json",
]


def __getattr__(name: str) -> Any:
    """`resolve`, `resolve_own` and `Resolved` are loaded when they are first used, since they wait for jax."""
    if name in ("Resolved", "resolve"):
        return getattr(import_module("jaxgan.settings.resolution"), name)
    if name == "resolve_own":
        return import_module("jaxgan.settings.own").resolve_own
    raise AttributeError(f"module 'jaxgan.settings' has no attribute '{name}'")
