"""`python -m jaxgan.export RUN`: a run's generator for use elsewhere, as a folder of files with a card."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from jaxgan import command
from jaxgan.errors import UserError
from jaxgan.files import check_writable
from jaxgan.folder import RunFolder
from jaxgan.settings import OptionalInt, OptionalPath, parse


@dataclass(frozen=True)
class Options:
    """What to write."""

    run: Annotated[Positional[Path], arg(metavar="RUN")]
    """The run folder."""
    format: Literal["html", "onnx", "safetensors", "stablehlo", "torch"] = "onnx"
    """onnx (batch size free), torch (a state dict and a Python file that needs torch alone), safetensors (which jaxgan.load takes back) or
    stablehlo (of jax.export, for CPU, CUDA and TPU at once); html is a page in which the generator draws, with sliders, in any browser."""
    out: OptionalPath = None
    """The folder to write into; RUN/exports/FORMAT where not given."""
    step: OptionalInt = None
    """The checkpoint to take; the last where not given."""
    best: bool = False
    """Take the checkpoint that was best by the run's own metric (of runs with --metrics-every)."""
    replica: int = 0
    """The replica to take."""
    average: bool = True
    """Take the averaged weights where the run keeps them."""
    pixels: bool = False
    """Let an onnx model give bytes with three colours (B, 3, H, W), as torch-fidelity reads a generator, in place of numbers in [-1, 1]."""
    license: str = ""
    """What the card's licence field says, as apache-2.0 or cc-by-4.0."""
    trust: bool = False
    """Import what the run's config.json names of its own (package.module:name): that runs its code."""


def main(argv: Sequence[str] | None = None) -> int:
    return command.run(lambda: export(sys.argv[1:] if argv is None else argv))


def export(argv: Sequence[str]) -> None:
    options = parse(Options, argv, prog="python -m jaxgan.export", description="Write a run's generator for use elsewhere.")
    files = RunFolder(options.run).require()
    if options.pixels and options.format != "onnx":
        raise UserError(f"--pixels is for --format onnx, and has no meaning for {options.format}")
    check_writable((options.out or files.export(options.format)) / "README.md", "--out")
    from jaxgan import runs  # after the flags are read: --help need not wait for jax
    from jaxgan.cache import keep_compiled_programs

    keep_compiled_programs()
    written = runs.export(
        options.run, options.format, out=options.out, step=options.step, best=options.best, replica=options.replica,
        average=options.average, pixels=options.pixels, license=options.license, trust=options.trust,
    )  # fmt: skip
    for path in written:
        print(path)


if __name__ == "__main__":
    command.leave(main())
