"""`jaxgan COMMAND ...`, the same as `python -m jaxgan.COMMAND ...`."""

import importlib
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from jaxgan import command
from jaxgan.errors import unknown
from jaxgan.interrupts import end_when_interrupted
from jaxgan.version import VERSION

COMMANDS = {
    "train": "train a GAN and fill a run folder",
    "sample": "draw samples from a trained run",
    "invert": "find the latents from which a run draws given pictures",
    "sweep": "train a grid of settings over several seeds",
    "evaluate": "measure a run, or judge samples of any origin against others",
    "export": "write a run's generator for use elsewhere: ONNX, PyTorch, safetensors, StableHLO",
    "doctor": "say how a run goes, by its own figures",
    "board": "show all runs under a folder in one live page",
    "report": "write the page of a run anew",
    "compare": "write one page that compares runs",
    "data": "show what a training would see of a data set, and what it would take",
    "play": "train GANs in the plane on a page of this machine, to play with",
    "classifier": "train the classifier of generated pictures",
    "completion": "print what lets a shell complete commands and flags: bash, zsh, fish",
}
PACKAGES = {"board", "data", "play", "report"}  # commands that are a package, which runs as its __main__


def console() -> None:
    """The console script."""
    end_when_interrupted()
    command.leave(main())


def main(argv: Sequence[str] | None = None) -> int:
    name, *rest = (sys.argv[1:] if argv is None else argv) or ["--help"]
    if name in ("-h", "--help"):
        print("usage: jaxgan COMMAND [flags]; jaxgan COMMAND --help lists the flags; jaxgan --version\n")
        print("\n".join(f"  {name:10} {what}" for name, what in COMMANDS.items()))
        return 0
    if name in ("-V", "--version"):
        print(f"jaxgan {VERSION} (Python {platform.python_version()}, jax {_installed('jax')}, flax {_installed('flax')})")
        return 0
    if name not in COMMANDS:
        return command.run(lambda: _refuse(name))
    return importlib.import_module(module_of(name)).main(rest)


def module_of(name: str) -> str:
    """The module whose `main` a command is."""
    return f"jaxgan.{name}.__main__" if name in PACKAGES else f"jaxgan.{name}"


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _refuse(name: str) -> None:
    raise unknown("command", name, COMMANDS)


if __name__ == "__main__":
    console()
