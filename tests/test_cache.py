"""The cache folder, and compiled programs kept in it unless jax was told otherwise."""

import subprocess
import sys
from pathlib import Path

from jaxgan import data
from jaxgan.cache import cache_folder

CODE = """
import jax
from jaxgan.cache import cache_folder, keep_compiled_programs
keep_compiled_programs()
print(cache_folder(), jax.config.values["jax_compilation_cache_dir"])
"""


def printed(folder: Path, **environment: str) -> list[str]:
    """What CODE prints in a process of its own, whose settings of jax are not those of the tests."""
    found = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1],
        env={"XDG_CACHE_HOME": str(folder), "HOME": str(folder), "PATH": "", "JAX_PLATFORMS": "cpu", **environment},
    )  # fmt: skip
    return found.stdout.split()


def test_compiled_programs_are_kept_in_the_cache_folder(tmp_path):
    folder, compiled = printed(tmp_path)
    assert Path(folder).is_relative_to(tmp_path) and Path(compiled) == Path(folder) / "compiled"


def test_where_jax_was_told_to_keep_them_holds(tmp_path):
    assert printed(tmp_path, JAX_COMPILATION_CACHE_DIR=str(tmp_path / "other"))[1] == str(tmp_path / "other")


def test_data_sets_lie_in_it_by_default():
    assert data.default_data_dir() == cache_folder()
