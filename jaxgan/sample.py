"""`python -m jaxgan.sample RUN`: draws from a trained run, as a picture or as numbers."""

import math
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tyro.conf import Positional, arg

from jaxgan import command
from jaxgan.errors import UserError
from jaxgan.files import check_writable, without_link
from jaxgan.folder import RunFolder
from jaxgan.memory import check_fits
from jaxgan.settings import OptionalInt, OptionalPath, OptionalText, parse

if TYPE_CHECKING:
    from jaxgan.runs import Run
    from jaxgan.runs.samples import Numbered


@dataclass(frozen=True)
class Options:
    """What to draw."""

    run: Annotated[Positional[Path], arg(metavar="RUN")]
    """The run folder."""
    out: OptionalText = None
    """What to write: .png (a grid, or a figure), .npz (images, points or samples, and labels), .csv (vectors and series in their own units),
    .gif or .mp4 (with --interpolate or --walk; mp4 by ffmpeg), or a folder, named without an ending or with a / behind it: a picture a
    sample, in subfolders by class, and samples.csv. RUN/sample.png where not given."""
    n: int | None = None
    """Samples to draw: 64, 100 of a conditional run, 2,500 points and vectors; of a folder those of the seeds from --seed on; with
    --interpolate, 16 from one latent to the next; with --walk, 64; with
    --directions, 7 along each."""
    seed: int = 0
    """Seed of the latents; of a folder the first of its seeds."""
    seeds: OptionalText = None
    """Draw one sample a seed, the same whatever the other seeds are: 0-31,77. Of classes, seed s is of class s modulo their number where
    neither --label nor --per-class is given. With --interpolate: the latents to go through, in this order."""
    latents: OptionalPath = None
    """Draw the samples of the latents in this .npz, as `jaxgan invert` writes them."""
    label: OptionalText = None
    """What to draw (conditional runs): a class by name or number; several labels, as "smiling,glasses" or none; numbers in the data's own
    units, as "age=30" (others at their mean) or 0.5,-1. Without it every class in equal parts, or the rows that the run itself draws."""
    per_class: bool = False
    """Draw --n samples of each class, or each of --seeds in every class."""
    label_range: OptionalText = None
    """Draw a grid over the values of a continuous label, as age=20:60, or age=20:60:9 for nine columns: --n latents (8), one a row; of
    vectors --n samples at each value (500), drawn as histograms, a row a feature."""
    generator: OptionalInt = None
    """Draw from this generator only (runs with several); without it from all in turn, and a path or a walk from the first."""
    truncation: float = 1.0
    """Below 1: latents nearer to their mean, by this factor, for more usual samples of less variety."""
    format: Annotated[Literal["png", "jpg", "webp"] | None, arg(help_behavior_hint="(default: png)")] = None
    """Of the pictures in a folder; WebP without loss."""
    interpolate: bool = False
    """Go from one latent to another, as a strip (.png) or an animation (.gif, .mp4); through several with --seeds or --labels."""
    labels: tuple[str, ...] = ()
    """With --interpolate: labels to go through, in this order, each as of --label: cat dog owl."""
    easing: Literal["linear", "smooth"] = "linear"
    """With --interpolate: how the way goes by; smooth is slow at each seed."""
    walk: bool = False
    """Go through the latents at random on a smooth way that ends where it began: .gif (RUN/walk.gif where not given), .mp4, .png or .npz."""
    directions: OptionalInt = None
    """Draw the latent of --seed moved along this many directions in which samples change most, a row each, in --n steps (7): SeFa's, of the
    first layer; RUN/directions.png where --out is not given."""
    strength: float = 3.0
    """With --directions: how far it is moved, to and fro."""
    critic_surface: OptionalPath = None
    """Draw the critic's scores over the plane with real and generated points into this .png (runs of 2-D points), and --out only if given."""
    step: OptionalInt = None
    """The checkpoint to draw from; the last where not given."""
    best: bool = False
    """Draw from the checkpoint that was best by the run's own metric (of runs with --metrics-every)."""
    replica: int = 0
    """The replica to draw from."""
    batch_statistics: Annotated[bool | None, arg(metavar="{True,False}", help_behavior_hint="")] = None
    """Use the batch's own statistics in batch norm, as the labs do, or the running ones; as the run drew where not given. Of --seeds the
    running ones: with the batch's own a sample is another with other seeds."""
    average: bool = True
    """Use the averaged weights where the run keeps them."""
    trust: bool = False
    """Import what the run's config.json names of its own (package.module:name): that runs its code."""

    @property
    def path(self) -> Path:
        """What to write."""
        if self.out is None and self.directions is not None:
            return self.run / "directions.png"
        usual = "walk.gif" if self.walk else "interpolation.png" if self.interpolate else "sample.png"
        return self.run / usual if self.out is None else Path(self.out)

    @property
    def to_folder(self) -> bool:
        """Whether that is a folder of pictures."""
        return self.out is not None and (self.out.endswith(("/", os.sep)) or not self.path.suffix or self.path.is_dir())


def main(argv: Sequence[str] | None = None) -> int:
    return command.run(lambda: sample(sys.argv[1:] if argv is None else argv))


def sample(argv: Sequence[str]) -> None:
    options = parse(Options, argv, prog="python -m jaxgan.sample", description="Draw samples from a trained run.")
    out = options.path
    RunFolder(options.run).require()
    check(options)
    from jaxgan.cache import keep_compiled_programs  # after the flags are read: --help need not wait for jax
    from jaxgan.runs import load

    keep_compiled_programs()
    run = load(options.run, step=options.step, replica=options.replica, best=options.best, trust=options.trust)
    if options.critic_surface is not None:
        draw_critic(run, options, options.critic_surface)
        print(options.critic_surface)
    if options.critic_surface is None or options.out is not None:
        draw(run, options, without_link(out) if options.out is None else out)
        print(out)


def check(options: Options) -> None:
    """Refuses what cannot be, before anything is loaded."""
    out = options.path
    moving = options.interpolate or options.walk
    check_together(options)
    if not options.to_folder:
        check_ending(out, moving)
        check_writable(out, "--out")
    least = 2 if moving or options.directions is not None else 1
    if options.n is not None and options.n < least:
        raise UserError(f"--n {options.n}: must be at least {least}")
    if not 0 <= options.truncation <= 2:
        raise UserError(f"--truncation {options.truncation:g}: must be from 0 to 2; 1 leaves latents as they are")
    if options.critic_surface is not None:
        if options.critic_surface.suffix.lower() != ".png":
            raise UserError(f"--critic-surface {options.critic_surface}: the name must end in .png")
        check_writable(options.critic_surface, "--critic-surface")


def check_ending(out: Path, moving: bool) -> None:
    """Refuses a file name whose ending does not say what to write, or says what cannot be written here."""
    kind = out.suffix.lower()
    if kind not in (".png", ".npz", ".csv", ".gif", ".mp4"):
        raise UserError(
            f"--out {out}: the name must end in .png, .npz, .csv or .gif (or .mp4); a folder of pictures is named {out.stem}/"
        )
    if kind in (".gif", ".mp4") and not moving:
        raise UserError(f"--out {out}: an animation goes from one latent to another: add --interpolate or --walk")
    if kind == ".csv" and moving:
        raise UserError(f"--out {out}: pictures on a way are written as .png, .gif, .mp4 or .npz")
    if kind == ".mp4":
        from jaxgan.report.video import require_ffmpeg

        require_ffmpeg(out)


def check_together(options: Options) -> None:
    """Refuses options that say two things at once, or nothing."""
    for what, others in APART.items():
        for other in others:
            if is_given(options, what) and is_given(options, other):
                raise UserError(f"{flag(what)}: not together with {flag(other)}")
    for what, needed in ONLY_WITH.items():
        if is_given(options, what) and not is_given(options, needed):
            raise UserError(f"{flag(what)}: has a meaning only with {flag(needed)}")
    if options.seeds is not None and options.n is not None and not options.interpolate:
        raise UserError(f"--n {options.n}: --seeds says already how many; not together")
    if options.format is not None and not options.to_folder:
        raise UserError(f"--format {options.format}: is that of pictures in a folder: --out FOLDER/")
    if options.directions is not None and options.directions < 1:
        raise UserError(f"--directions {options.directions}: must be at least 1")
    if options.directions is not None and (options.to_folder or options.path.suffix.lower() not in (".png", ".npz")):
        raise UserError(f"--out {options.out}: directions are one file: its name must end in .png or .npz")
    if options.to_folder and options.label_range is not None:
        raise UserError(f"--out {options.out}: a grid over a label is one file: its name must end in .png, .npz or .csv")
    if not 0 < options.strength < float("inf"):
        raise UserError(f"--strength {options.strength:g}: must be more than 0")
    if options.to_folder and (options.interpolate or options.walk):
        raise UserError(f"--out {options.out}: a way is one file: its name must end in .png, .gif, .mp4 or .npz")
    if options.batch_statistics and options.seeds is not None and not options.interpolate:
        raise UserError("--seeds: a sample a seed, whatever the others, which --batch-statistics makes depend on each other")


APART = {
    "interpolate": ("walk", "latents", "label_range", "per_class"),
    "walk": ("seeds", "latents", "label_range", "per_class"),
    "seeds": ("latents", "label_range"),
    "latents": ("n", "label_range", "per_class"),
    "directions": ("interpolate", "walk", "seeds", "latents", "label_range", "per_class"),
    "label": ("per_class", "labels"),
    "label_range": ("per_class",),
}  # options, and those that go not with them
ONLY_WITH = {"labels": "interpolate"}


def is_given(options: Options, name: str) -> bool:
    """Whether an option was set."""
    return getattr(options, name) not in (None, False, ())


def flag(name: str) -> str:
    """The option as it is typed."""
    return f"--{name.replace('_', '-')}"


def draw_critic(run: "Run", options: Options, path: Path) -> None:
    """Writes the critic's scores over the plane with real and generated points.

    Raises:
        UserError: the run's samples are no points of the plane, or its critic scores none alone.
    """
    run.critic_surface(options.n or 1000, seed=options.seed, label=options.label, average=options.average).save(path)


def draw(run: "Run", options: Options, out: Path) -> None:
    """Draws what the options ask for, and writes it."""
    how: dict[str, Any] = {
        "label": options.label,
        "truncation": options.truncation,
        "batch_statistics": options.batch_statistics,  # None: as the run draws
        "average": options.average,
    }
    if options.interpolate or options.walk or options.directions is not None:
        draw_way(run, options, out, how)
    elif options.label_range is not None:
        draw_range(run, options, out, how)
    elif options.to_folder:
        draw_folder(run, options, out, how)
    else:
        draw_file(run, options, out, how)


def draw_way(run: "Run", options: Options, out: Path, how: dict[str, Any]) -> None:
    """Draws pictures on the way through latents: a strip, or an animation."""
    from jaxgan.runs.samples import read_seeds
    from jaxgan.runs.ways import write_directions, write_interpolation, write_walk

    how |= {"seed": options.seed, "generator": options.generator}
    if options.directions is not None:
        found_by = write_directions(run, out, options.directions, options.n or 7, options.strength, **how)
        print(f"directions by the {found_by}")
    elif options.walk:
        write_walk(run, out, options.n or 64, **how)
    else:
        seeds = None if options.seeds is None else read_seeds(options.seeds, unique=False).tolist()
        labels = list(options.labels) or None
        write_interpolation(run, out, options.n or 16, seeds=seeds, labels=labels, easing=options.easing, **how)


def numbered(run: "Run", options: Options, how: dict[str, Any]) -> "Numbered":
    """The samples that are asked for one by one; `how` becomes that in which they are drawn.

    Raises:
        UserError: with batch statistics there is no sample of a seed; or a label is given twice.
    """
    import numpy as np

    from jaxgan.checks import seed as checked_seed
    from jaxgan.runs.samples import (
        Numbered,
        check_number,
        of_each_class,
        read_latents,
        read_seeds,
        require_classes,
    )

    if options.latents is not None:
        wanted = read_latents(options.latents, run)
        makers = wanted.makers if options.generator is None else options.generator
        return replace(wanted, makers=makers, labels=None if options.label is not None else wanted.labels)
    if options.seeds is not None:
        if run.couples_samples():
            print("of seeds, with the running statistics of batch norm: a sample is the same whatever the others are")
        how["batch_statistics"] = False
        seeds = read_seeds(options.seeds)
        return of_each_class(run, seeds, options.generator) if options.per_class else Numbered(seeds, makers=options.generator)
    count = (options.n or 64) * (require_classes(run) if options.per_class else 1)
    check_number(count, f"--n {count}")
    checked_seed("the last of --n seeds from --seed on", options.seed + count - 1)
    return Numbered(np.arange(options.seed, options.seed + count), makers=options.generator)


def draw_folder(run: "Run", options: Options, out: Path, how: dict[str, Any]) -> None:
    """Writes a picture a sample into a folder."""
    from jaxgan.report.progress import progress_bars
    from jaxgan.runs.samples import write_folder

    wanted = numbered(run, options, how)
    with progress_bars() as show:
        write_folder(run, out, wanted, ending=options.format or "png", show=show, **how)


def draw_file(run: "Run", options: Options, out: Path, how: dict[str, Any]) -> None:
    """Writes samples into one file: a grid or a figure, arrays, or a table."""
    import numpy as np

    from jaxgan.report.images import shown_channels
    from jaxgan.report.samples import Layout, real_beside, save_samples
    from jaxgan.runs.data import data_at_hand
    from jaxgan.runs.pictures import row_titles
    from jaxgan.runs.samples import require_classes

    by_label = run.gan.is_conditional and options.label is None
    usual = 2500 if run.dataset.is_vectors else 100 if by_label else 64
    vectors = run.label_vectors if run.gan.label_dim else None
    if out.suffix.lower() not in (".npz", ".csv") and run.is_images and (shown := shown_channels(run.sample_shape[-1])):
        print(shown)
    one_by_one = options.seeds is not None or options.latents is not None
    n = (options.n or usual) * (require_classes(run) if options.per_class and options.n else 1)
    wanted = numbered(run, options, how) if one_by_one else None
    n = n if wanted is None else len(wanted.numbers)
    if vectors is not None and options.label is None and options.n is None and wanted is None:
        rows = vectors.shown.repeat(max(1, n // 10 if run.is_images else n // len(vectors.shown)), axis=0)
        n, how = len(rows), how | {"label": None, "labels": rows}
    check_fits(4 * n * (run.gan.latent_dim + math.prod(run.sample_shape)), f"--n {n}: samples with their latents")
    samples: Any
    if wanted is None:
        samples, labels = run.sample(n, seed=options.seed, generator=options.generator, **how)
    else:
        samples, labels = wanted.made(run, np.arange(n), **how)
    titles = row_titles(run.gan, run.dataset) if options.label is None and (wanted is None or options.per_class) else []
    in_rows = bool(titles) and n % len(titles) == 0 and (vectors is None or "labels" in how)
    layout = Layout(n // len(titles), titles) if in_rows else Layout()
    names = run.dataset.label_names if vectors is not None else ()
    dataset = run.dataset
    known = data_at_hand(run) if out.suffix.lower() == ".png" else None
    save_samples(
        out, np.asarray(samples, np.float32), labels, dataset.distribution, layout, names, scaling=dataset.scaling,
        class_names=dataset.class_names, real=None if known is None else real_beside(known),
    )  # fmt: skip


def draw_range(run: "Run", options: Options, out: Path, how: dict[str, Any]) -> None:
    """Draws a grid over the values of a continuous label: a column a value, a row a latent (of vectors a feature).

    Raises:
        UserError: the run has no continuous labels.
    """
    import numpy as np

    from jaxgan.report.samples import save_over_a_label

    vectors = run.label_vectors if run.gan.label_dim else None
    if vectors is None:
        raise UserError(f"--label-range {options.label_range}: {run.folder} was trained without continuous labels")
    assert options.label_range is not None
    column, values = vectors.read_range(options.label_range, "--label-range")
    base = vectors.mean if options.label is None else vectors.read(options.label, "--label")
    labels = np.repeat(base[None], len(values), axis=0)
    labels[:, column] = values
    n = options.n or (500 if run.dataset.is_vectors else 8)
    check_fits(4 * n * len(values) * (run.gan.latent_dim + math.prod(run.sample_shape)), f"--n {n}: samples with their latents")
    given = {name: value for name, value in how.items() if name != "label"}
    samples = run.over_labels(n, labels, seed=options.seed, generator=options.generator, **given)
    titles = [f"{value:.4g}" for value in values]
    save_over_a_label(
        out, np.asarray(samples, np.float32), np.tile(labels, (n, 1)), titles, run.dataset.distribution, vectors.names,
        label=vectors.names[column], scaling=run.dataset.scaling,
    )  # fmt: skip


if __name__ == "__main__":
    command.leave(main())
