"""A machine without network, as tests/data has it."""

from tests.data.conftest import no_proxy, offline

__all__ = ["no_proxy", "offline"]
