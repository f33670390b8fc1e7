"""Float64 for one test, and the folder's own modules within reach of its tests."""

import sys
from pathlib import Path

import jax
import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def float64():
    """Double precision inside one test, as PyTorch's twins have it."""
    with jax.enable_x64(True):
        yield
