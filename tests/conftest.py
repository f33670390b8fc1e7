"""What all tests share: shapes in annotations are checked, and nothing is shown on a screen."""

import gc
import hashlib
import os
import platform
from importlib import metadata
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

os.environ.setdefault("MPLBACKEND", "agg")
# Tests compile more than they compute: half the time without optimization, and half of that with XLA's older emitters, where they are still there.
OLD_EMITTERS = " --xla_cpu_use_fusion_emitters=false" if metadata.version("jaxlib").startswith("0.10.") else ""
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_cpu_parallel_codegen_split_count=1" + OLD_EMITTERS)
gc.set_threshold(50_000, 10, 10)  # tracing makes many objects that live for long, and few cycles
CODE = Path(__file__).parents[1]


def cache_of_programs() -> Path:
    """One cache of compiled programs for all workers and for later runs: jax knows a program by its text, its version and its flags.

    A folder for each kind of processor, whose instructions they hold; half of it, the oldest, goes when it outgrows 2 GiB.
    """
    processor = Path("/proc/cpuinfo")
    flags = [line for line in processor.read_text().splitlines() if line.startswith("flags")][:1] if processor.is_file() else []
    kind = hashlib.sha256("".join([platform.platform(), platform.processor(), *flags]).encode()).hexdigest()[:8]
    folder = CODE / ".pytest_cache" / f"programs-{kind}"
    folder.mkdir(parents=True, exist_ok=True)
    if "PYTEST_XDIST_WORKER" not in os.environ:
        files = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
        if sum(path.stat().st_size for path in files) > 2**31:
            for path in files[: len(files) // 2]:
                path.unlink(missing_ok=True)
    return folder


os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cache_of_programs()))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")

# Before jaxgan is imported: the annotations of every module that states shapes become checks.
STATING_SHAPES = [
    ".".join(path.relative_to(CODE).with_suffix("").parts)
    for path in (CODE / "jaxgan").rglob("*.py")
    if "jaxtyping" in path.read_text(encoding="utf-8")
]
hook = install_import_hook(STATING_SHAPES, "beartype.beartype")

REAL_DATA = (
    Path(__file__).parents[2] / "shared" / "data"
)  # real MNIST and Fashion-MNIST, where they happen to lie beside the checkout


@pytest.fixture(scope="session")
def real_data() -> Path:
    if not (REAL_DATA / "mnist").is_dir():
        pytest.skip("no real MNIST beside the checkout")
    return REAL_DATA


@pytest.fixture
def no_annotation_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a user meets, who runs without the checks of annotations: our own refusal of a value of a wrong type."""
    from jaxtyping import config

    monkeypatch.setattr(config, "jaxtyping_disable", True)


LEFT_OUT = Path(__file__).with_name("left_to_test_all.txt")


def left_out() -> dict[str, list[str]]:
    """The tests that `make test` leaves to `make test-all`: of each the cases that are kept nevertheless."""
    lines = [line for line in LEFT_OUT.read_text().splitlines() if line and not line.startswith("#")]
    parts = (line.partition(" keeps ") for line in lines)
    return {name: kept.split("; ") if kept else [] for name, _, kept in parts}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    left = left_out()
    for item in items:
        name, _, case = item.nodeid.partition("[")
        if name in left and case.removesuffix("]") not in left[name]:
            item.add_marker(pytest.mark.slow)
