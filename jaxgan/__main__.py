"""`jaxgan COMMAND ...`, the same as `python -m jaxgan.COMMAND ...`."""

import importlib
import sys
from collections.abc import Sequence

from jaxgan import command
from jaxgan.errors import unknown
from jaxgan.interrupts import end_when_interrupted

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
}
PACKAGES = {"board", "data", "play", "report"}  # commands that are a package, which runs as its __main__


def console() -> None:
    """The console script."""
    end_when_interrupted()
    command.leave(main())


def main(argv: Sequence[str] | None = None) -> int:
    name, *rest = (sys.argv[1:] if argv is None else argv) or ["--help"]
    if name in ("-h", "--help"):
        print("usage: jaxgan COMMAND [flags]; jaxgan COMMAND --help lists the flags\n")
        print("\n".join(f"  {name:10} {what}" for name, what in COMMANDS.items()))
        return 0
    if name not in COMMANDS:
        return command.run(lambda: _refuse(name))
    module = f"jaxgan.{name}.__main__" if name in PACKAGES else f"jaxgan.{name}"
    return importlib.import_module(module).main(rest)


def _refuse(name: str) -> None:
    raise unknown("command", name, COMMANDS)


if __name__ == "__main__":
    console()
