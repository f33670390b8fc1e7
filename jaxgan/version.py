"""The version of jaxgan, said here alone: pyproject.toml, `jaxgan --version` and every environment.json read it (layer 0)."""

VERSION = "0.2.0"
