"""`python -m jaxgan.sample RUN`: draws from a trained run, as a picture or as numbers."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import Positional, arg

from jaxgan import command
from jaxgan.config import Int
from jaxgan.errors import UserError

if TYPE_CHECKING:  # imported when it is needed, after the flags are read
    from jaxgan.trained import TrainedRun


@dataclass(frozen=True)
class Options:
    """What to draw."""

    run: Annotated[Positional[Path], arg(metavar="RUN")]
    """The run folder."""
    out: Annotated[Path | None, arg(metavar="PATH", help_behavior_hint="")] = None
    """What to write: .png (a grid), .npz (images or points, and labels) or .gif (with --interpolate); RUN/sample.png where not given."""
    n: int | None = None
    """Samples to draw: 64, 100 of a conditional run, 2,500 points; with --interpolate, 16 on the way."""
    seed: int = 0
    """Seed of the latents."""
    label: Int = None
    """Draw this class only (conditional runs); without it every class in equal parts, and with --interpolate class 0."""
    generator: Int = None
    """Draw from this generator only (runs with several); without it from all in turn."""
    interpolate: bool = False
    """Go from one latent to another, as a strip (.png) or an animation (.gif)."""
    step: Int = None
    """The checkpoint to draw from; the last where not given."""
    best: bool = False
    """Draw from the checkpoint that was best by the run's own metric (of runs with --metrics-every)."""
    replica: int = 0
    """The replica to draw from."""
    batch_statistics: bool = False
    """Use the batch's own statistics in batch norm, as the labs do, in place of the running ones."""
    average: bool = True
    """Use the averaged weights where the run keeps them."""


def main(argv: Sequence[str] | None = None) -> int:
    return command.run(lambda: sample(sys.argv[1:] if argv is None else argv))


def sample(argv: Sequence[str]) -> None:
    options = command.parse(Options, argv, prog="python -m jaxgan.sample", description="Draw samples from a trained run.")
    out = options.out or options.run / ("interpolation.png" if options.interpolate else "sample.png")
    if out.suffix not in (".png", ".npz", ".gif"):
        raise UserError(f"--out {out}: the name must end in .png, .npz or .gif")
    if (out.suffix == ".gif") != options.interpolate and out.suffix == ".gif":
        raise UserError(f"--out {out}: an animation goes from one latent to another: add --interpolate")
    if options.n is not None and options.n < (2 if options.interpolate else 1):
        raise UserError(f"--n {options.n}: must be at least {2 if options.interpolate else 1}")
    command.existing_run(options.run)
    from jaxgan import trained
    from jaxgan.cache import keep_compiled_programs

    keep_compiled_programs()

    run = trained.load(options.run, step=options.step, replica=options.replica, best=options.best)
    out.parent.mkdir(parents=True, exist_ok=True)
    if options.interpolate:
        _interpolate(run, options, out)
    else:
        _draw(run, options, out)
    print(out)


def _draw(run: "TrainedRun", options: Options, out: Path) -> None:
    import numpy as np

    from jaxgan.report.figures import save_samples_of_points
    from jaxgan.report.images import save_grid

    points = run.setup.dataset.is_points
    n = options.n or (2500 if points else 100 if run.config.conditional and options.label is None else 64)
    drawn, labels = run.sample(
        n,
        seed=options.seed,
        label=options.label,
        generator=options.generator,
        batch_statistics=options.batch_statistics,
        average=options.average,
    )
    samples = np.asarray(drawn, np.float32)
    if out.suffix == ".npz":
        arrays: dict[str, Any] = {"points" if points else "images": samples}
        if labels is not None:
            arrays["labels"] = np.asarray(labels)
        if run.setup.dataset.distribution is not None:
            arrays["scale"] = np.asarray(run.setup.dataset.distribution.scale, np.float32)
        np.savez_compressed(out, **arrays)
    elif points:
        save_samples_of_points(out, samples, run.setup.dataset.distribution)
    else:
        save_grid(out, samples)


def _interpolate(run: "TrainedRun", options: Options, out: Path) -> None:
    import numpy as np

    from jaxgan.report.images import save_gif, save_strip

    if run.setup.dataset.is_points:
        raise UserError("--interpolate: a strip shows images, and this run draws points")
    samples = run.interpolate(
        options.n or 16,
        seed=options.seed,
        label=options.label,
        batch_statistics=options.batch_statistics,
        average=options.average,
    )
    images = np.asarray(samples, np.float32)
    if out.suffix == ".npz":
        np.savez_compressed(out, images=images)
    elif out.suffix == ".gif":
        save_gif(out, images)
    else:
        save_strip(out, images)


if __name__ == "__main__":
    sys.exit(main())
