"""jaxgan trains, measures and compares generative adversarial networks in JAX and Flax.

    gan = jaxgan.Gan(generator, critic, jaxgan.objectives.wgan_gp(), optimizer, optimizer, latent_dim=64, n_critic=5)
    run = jaxgan.fit(gan, data, steps=10_000)          # or by options: jaxgan.fit(jaxgan.Config(variant="wgan_gp"))
    run = jaxgan.load("runs/own-own-1")
    samples, labels = run.sample(64)                   # in a notebook: run, run.samples(64), run.curves(), jaxgan.compare(run, other)

`jaxgan.objectives`, `networks`, `metrics`, `data`, `diagnosis`, `interop` and `exports` hold the parts.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from jaxgan import version as _version

if TYPE_CHECKING:
    from jaxgan import data, diagnosis, exports, interop, metrics, networks, objectives
    from jaxgan.engine.gan import Gan
    from jaxgan.runs.evaluate import evaluate
    from jaxgan.runs.export import export
    from jaxgan.runs.fit import fit
    from jaxgan.runs.load import load
    from jaxgan.runs.results import Sweep, compare, sweep
    from jaxgan.runs.run import Run
    from jaxgan.settings import Config
    from jaxgan.types import CriticOutput, Draw, Game, GanState, Objective

_HOMES = {
    "Config": "jaxgan.settings",
    "CriticOutput": "jaxgan.types",
    "Draw": "jaxgan.types",
    "Game": "jaxgan.types",
    "Gan": "jaxgan.engine.gan",
    "GanState": "jaxgan.types",
    "Objective": "jaxgan.types",
    "Run": "jaxgan.runs",
    "Sweep": "jaxgan.runs.results",
    "compare": "jaxgan.runs.results",
    "evaluate": "jaxgan.runs",
    "export": "jaxgan.runs",
    "fit": "jaxgan.runs",
    "load": "jaxgan.runs",
    "sweep": "jaxgan.runs.results",
}
_ROOMS = ("data", "diagnosis", "exports", "interop", "metrics", "networks", "objectives")

__all__ = [
    "Config",
    "CriticOutput",
    "Draw",
    "Game",
    "Gan",
    "GanState",
    "Objective",
    "Run",
    "Sweep",
    "compare",
    "data",
    "diagnosis",
    "evaluate",
    "export",
    "exports",
    "fit",
    "interop",
    "load",
    "metrics",
    "networks",
    "objectives",
    "sweep",
]


def _is_command() -> bool:
    """Whether this import begins `python -m jaxgan.NAME`: until Python has found that module, the first argument is "-m"."""
    return sys.argv[:1] == ["-m"] and sys.orig_argv[-len(sys.argv)].removeprefix("-m").partition(".")[0] == __name__


if _is_command():
    from jaxgan.interrupts import end_when_interrupted

    end_when_interrupted()


def __getattr__(name: str) -> Any:
    """Loads a public name when it is first used, so that `import jaxgan` and `jaxgan --help` need not wait for jax."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in _ROOMS:
        return import_module(f"jaxgan.{name}")
    raise AttributeError(f"module 'jaxgan' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """The package; `compare`, `evaluate`, `export` and `sweep` stay functions when the commands of those names, modules of the package, are imported."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


__version__ = _version.VERSION
sys.modules[__name__].__class__ = _Package
