"""Options: each declared once (`options`), read from flags (`command_line`), kept in a run folder (`saved`), and resolved into a `Gan`, a
`Dataset` and a `Schedule` (`resolve`). All but `resolve` is read without waiting for jax.
"""

from jaxgan.settings.command_line import OptionalInt, OptionalPath, parse, read_command, read_config, read_value
from jaxgan.settings.options import OPTIONS, Config, Option, flag
from jaxgan.settings.saved import changed_fields, read_config_file, rerun, resume_with, resumed, to_json

__all__ = [
    "OPTIONS",
    "Config",
    "Option",
    "OptionalInt",
    "OptionalPath",
    "changed_fields",
    "flag",
    "parse",
    "read_command",
    "read_config",
    "read_config_file",
    "read_value",
    "rerun",
    "resume_with",
    "resumed",
    "to_json",
]
