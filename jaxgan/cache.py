"""The user's cache folder: downloads, trained classifiers, and compiled programs (layer 0)."""

import warnings
from pathlib import Path

import jax

from jaxgan.files import WriteError, check_folder_writable


def cache_folder() -> Path:
    """The user's cache folder for jaxgan, by the platform's custom; it need not exist yet."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "IProgress not found")  # of tqdm, in a notebook without ipywidgets
        import pooch

    return Path(pooch.os_cache("jaxgan"))


def keep_compiled_programs() -> None:
    """Lets a later run of the same program begin without compiling: in the cache folder, under `compiled/`.

    Where jax was already told where to keep them (JAX_COMPILATION_CACHE_DIR), or not to (JAX_ENABLE_COMPILATION_CACHE=false),
    that holds. Programs that compile in less than a tenth of a second are not kept; where the folder cannot be written, none are, for a
    run is none the worse for it but for the time.
    """
    folder = cache_folder() / "compiled"
    if jax.config.values["jax_compilation_cache_dir"] is None and _may_be_written(folder):
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
        jax.config.update("jax_compilation_cache_max_size", 2**30)  # bytes; the least recently used go first


def _may_be_written(folder: Path) -> bool:
    try:
        check_folder_writable(folder)
    except WriteError:
        return False
    return True
