"""The wheel and the archive of sources: whole, and of use where there is no checkout."""

import importlib.util
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SITE = Path(importlib.util.find_spec("numpy").origin).parents[1]  # where the dependencies lie
# What may not be seen by an installed jaxgan: a checkout on Python's path, and settings of the tests
CLEAN = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "JAX_COMPILATION_CACHE_DIR")}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not all(map(importlib.util.find_spec, ("build", "twine", "setuptools"))), reason="needs pip install '.[release]'"
    ),
]


def run(*words, cwd, **how):
    done = subprocess.run([*map(str, words)], cwd=cwd, env=CLEAN, capture_output=True, text=True, **how)
    assert done.returncode == 0, f"{words}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder of what is built from a copy of the files that git knows: first the archive of sources, and from that the wheel."""
    copy, out = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("dist")
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in files:
        if name.startswith(("jaxgan/", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in")) and (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((ROOT / name).read_bytes())
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, copy, cwd=out)
    return out, [name for name in files if name.startswith("jaxgan/") and "/." not in name and (ROOT / name).is_file()]


def test_they_pass_twines_check_and_hold_every_file_of_the_package(built):
    out, files = built
    (wheel,), (sources,) = out.glob("*.whl"), out.glob("*.tar.gz")
    run(sys.executable, "-m", "twine", "check", "--strict", wheel, sources, cwd=out)
    assert {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("jaxgan/")} == set(files)
    with tarfile.open(sources) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {*files, "pyproject.toml", "README.md", "LICENSE"} <= names


def test_an_installed_one_trains_and_reports_in_an_empty_folder(built, tmp_path):
    out, _ = built
    environment, place = tmp_path / "environment", tmp_path / "place"
    place.mkdir()
    run(sys.executable, "-m", "venv", "--without-pip", environment, cwd=tmp_path)
    python = environment / "bin" / "python"
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(f"{SITE}\n")  # of which no .pth file is read, so no other jaxgan is found there
    run(sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", *out.glob("*.whl"), cwd=place)
    where = run(python, "-c", "import jaxgan; print(jaxgan.__version__, jaxgan.__file__)", cwd=place).split()
    assert Path(where[1]).is_relative_to(environment)
    jaxgan = environment / "bin" / "jaxgan"
    assert run(jaxgan, "--version", cwd=place).startswith(f"jaxgan {where[0]} (Python ")
    assert "train a GAN" in run(jaxgan, cwd=place)
    small = ["--hidden-dim", "8", "--batch-size", "8", "--n-critic", "1"]
    run(jaxgan, "train", "--steps", "3", *small, "--out", "run", cwd=place)
    assert run(jaxgan, "report", "run", cwd=place).strip() == "run/report.html"
    assert (place / "run" / "real.png").is_file() and (place / "run" / "animation.gif").is_file()
    assert "Plotly" in (place / "run" / "report.html").read_text(encoding="utf-8")
    assert run(jaxgan, "compare", "run", cwd=place).strip() == "compare.html"
