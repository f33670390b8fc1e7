"""What all tests share: shapes in annotations are checked, and nothing is shown on a screen."""

import os
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

os.environ.setdefault("MPLBACKEND", "agg")
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")  # tests compile more than they compute: half the time
hook = install_import_hook("jaxgan", "beartype.beartype")  # before jaxgan is imported: its annotations become checks

REAL_DATA = Path(__file__).parents[2] / "shared" / "data"  # real MNIST and Fashion-MNIST, where they happen to lie beside the checkout


@pytest.fixture(scope="session")
def real_data() -> Path:
    if not (REAL_DATA / "mnist").is_dir():
        pytest.skip("no real MNIST beside the checkout")
    return REAL_DATA
