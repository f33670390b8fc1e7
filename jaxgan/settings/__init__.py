"""Options: each declared once (`options`), read from flags (`command_line`), kept in a run folder (`saved`). Nothing here waits for jax."""

from jaxgan.settings.options import OPTIONS, Config, Option, flag

__all__ = ["OPTIONS", "Config", "Option", "flag"]
