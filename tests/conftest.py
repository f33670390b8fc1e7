"""What all tests share: shapes in annotations are checked, and nothing is shown on a screen."""

import gc
import hashlib
import os
import platform
import shutil
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

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


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A real Chromium, one for all tests: a second one would not start, for Playwright runs once in a thread."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("no Chromium on this machine")
    driver = playwright.sync_playwright()
    try:
        started = driver.start()
    except Exception as error:
        pytest.skip(f"playwright does not start: {error}")
    try:
        chromium = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
    except playwright.Error as error:
        started.stop()
        pytest.skip(f"{path} does not start: {str(error).splitlines()[0]}")
    yield chromium
    chromium.close()
    started.stop()


@pytest.fixture
def no_annotation_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a user meets, who runs without the checks of annotations: our own refusal of a value of a wrong type."""
    from jaxtyping import config

    monkeypatch.setattr(config, "jaxtyping_disable", True)


LEFT_OUT = {  # what `make test` leaves out, by the marker of its cases: to `make test-all`, and to `make test-ci`
    "slow": Path(__file__).with_name("left_to_test_all.txt"),
    "ci": Path(__file__).with_name("left_to_test_ci.txt"),
}


class LeftOut(NamedTuple):
    """The cases of a test that `make test` leaves out: those named, all but those named, or all."""

    keeps: bool  # whether `cases` are kept, and the others left
    cases: frozenset[str]

    def holds(self, case: str) -> bool:
        """Whether this case is left out."""
        return (case not in self.cases) if self.keeps else (case in self.cases)


def left_out(path: Path) -> dict[str, LeftOut]:
    """The tests of a list, each with its cases that are left out."""
    found = {}
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            name, leaves, cases = line.partition(" leaves ")
            if not leaves:
                name, _, cases = line.partition(" keeps ")
            found[name] = LeftOut(not leaves, frozenset(cases.split("; ") if cases else ()))
    return found


COLLECTED: dict[str, set[str]] = {}  # the cases of each test that was found, before any is deselected


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    lists = {marker: left_out(path) for marker, path in LEFT_OUT.items()}
    for item in items:
        name, _, case = item.nodeid.partition("[")
        case = case.removesuffix("]")
        COLLECTED.setdefault(name, set()).add(case)
        for marker, listed in lists.items():
            if name in listed and listed[name].holds(case):
                item.add_marker(marker)
