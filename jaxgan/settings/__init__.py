"""Options: each declared once (`options`), read from flags (`command_line`), kept in a run folder (`saved`), and resolved into a `Gan`, a
`Dataset` and a `Schedule` (`resolution`; `own` for a GAN that was made in Python). What waits for jax or tyro is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from jaxgan.settings.options import OPTIONS, Config, Option, flag
from jaxgan.settings.saved import (
    changed_fields,
    check_fixed,
    check_trusted,
    config_of_values,
    fixed_options,
    format_of,
    read_config_file,
    rerun,
    resume_with,
    resumed,
    to_json,
    with_format,
)

if TYPE_CHECKING:
    from jaxgan.settings.command_line import (
        OptionalInt,
        OptionalPath,
        OptionalText,
        parse,
        read_command,
        read_config,
        read_value,
    )
    from jaxgan.settings.own import resolve_own
    from jaxgan.settings.resolution import Resolved, resolve

_LATER = {
    **dict.fromkeys(
        ("OptionalInt", "OptionalPath", "OptionalText", "parse", "read_command", "read_config", "read_value"), "command_line"
    ),
    **dict.fromkeys(("Resolved", "resolve"), "resolution"),
    "resolve_own": "own",
}

__all__ = [
    "OPTIONS",
    "Config",
    "Option",
    "OptionalInt",
    "OptionalPath",
    "OptionalText",
    "Resolved",
    "changed_fields",
    "check_fixed",
    "check_trusted",
    "config_of_values",
    "fixed_options",
    "flag",
    "format_of",
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
    "with_format",
]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(f"jaxgan.settings.{_LATER[name]}"), name)
    raise AttributeError(f"module 'jaxgan.settings' has no attribute '{name}'")
