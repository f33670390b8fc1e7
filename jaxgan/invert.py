"""`python -m jaxgan.invert RUN PICTURE...`: the latents from which a trained run draws given pictures."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import Positional, arg

from jaxgan import command
from jaxgan.errors import UserError
from jaxgan.files import check_writable
from jaxgan.folder import RunFolder
from jaxgan.settings import OptionalInt, OptionalPath, OptionalText, parse

if TYPE_CHECKING:
    from jaxgan.engine.inversion import Inverted
    from jaxgan.runs.invert import Targets


@dataclass(frozen=True)
class Options:
    """What to look for."""

    run: Annotated[Positional[Path], arg(metavar="RUN")]
    """The run folder."""
    pictures: Annotated[Positional[tuple[Path, ...]], arg(metavar="PICTURE")]
    """Picture files, and folders of them."""
    out: OptionalPath = None
    """The latents, as .npz, which `sample --latents` takes; each picture beside what was found is drawn into the .png of the same name.
    RUN/inversion.npz where not given."""
    features: Literal["pixels", "lab"] = "pixels"
    """What pictures are compared in: pixels, or lab (the classifier of the run's own data set)."""
    label: OptionalText = None
    """The label of all pictures (conditional runs), as of sample; where not given their folders' names say it, or the search finds it."""
    generator: OptionalInt = None
    """Look in this generator only (runs with several)."""
    starts: int = 8
    """Latents that the search starts from, for each picture; the best is kept."""
    steps: int = 400
    """Steps of Adam."""
    rate: float = 0.1
    """Adam's learning rate at first; it falls to 0 by a half cosine."""
    seed: int = 0
    """Seed of the starts."""
    resize: Literal["crop", "pad", "squeeze"] = "crop"
    """What becomes of pictures of another shape, as of train."""
    step: OptionalInt = None
    """The checkpoint to look in; the last where not given."""
    best: bool = False
    """Look in the checkpoint that was best by the run's own metric (of runs with --metrics-every)."""
    replica: int = 0
    """The replica to look in."""
    average: bool = True
    """Use the averaged weights where the run keeps them."""
    data_dir: OptionalPath = None
    """Where data sets lie (--features lab); that of the run where not given."""
    trust: bool = False
    """Import what the run's config.json names of its own (package.module:name): that runs its code."""


def main(argv: Sequence[str] | None = None) -> int:
    return command.run(lambda: invert(sys.argv[1:] if argv is None else argv))


def invert(argv: Sequence[str]) -> None:
    options = parse(
        Options, argv, prog="python -m jaxgan.invert", description="Find the latents from which a trained run draws pictures."
    )
    RunFolder(options.run).require()
    out = options.out or options.run / "inversion.npz"
    if out.suffix.lower() != ".npz":
        raise UserError(f"--out {out}: the name must end in .npz; the picture is named after it")
    if not options.pictures:
        raise UserError("name the pictures to look for behind the run: files, or folders of them")
    check_writable(out, "--out")
    check_writable(out.with_suffix(".png"), "--out")
    from jaxgan.cache import keep_compiled_programs  # after the flags are read: --help need not wait for jax
    from jaxgan.engine.inversion import invert as invert_images
    from jaxgan.report.progress import progress_bars
    from jaxgan.runs import load
    from jaxgan.runs.invert import features_of, labels_of_targets, read_pictures, write_inversion

    keep_compiled_programs()
    run = load(options.run, step=options.step, replica=options.replica, best=options.best, trust=options.trust)
    targets = read_pictures(run, options.pictures, options.resize)
    for note in targets.notes:
        print(note)
    labels = labels_of_targets(run, targets.paths, options.label)
    with progress_bars() as show:
        features = features_of(run, options.features, options.data_dir, show)
        found = invert_images(
            run, targets.images, labels, features=features, generator=options.generator, starts=options.starts,
            steps=options.steps, rate=options.rate, seed=options.seed, average=options.average, progress=show("inversion"),
        )  # fmt: skip
    print_differences(targets, found, options.features)
    picture = write_inversion(run, out, targets, found, own=options.out is None)
    print(out)
    print(picture)


def print_differences(targets: "Targets", found: "Inverted", features: str) -> None:
    """A line a picture, of the first twenty: how far what was found is from it."""
    import numpy as np

    from jaxgan.errors import printable

    levels = 127.5 * np.sqrt(np.square(np.asarray(found.images) - targets.images).mean((1, 2, 3)))
    for path, level, loss in list(zip(targets.paths, levels, found.losses, strict=True))[:20]:
        more = "" if features == "pixels" else f", {loss:.3g} mean squared in {features} features"
        print(f"{printable(str(path))}: {level:.1f} of 255 levels off{more}")
    if len(levels) > 1:
        print(f"{len(levels):,} pictures: {levels.mean():.1f} levels off on average, {levels.max():.1f} at most")


if __name__ == "__main__":
    command.leave(main())
