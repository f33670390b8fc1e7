"""`python -m jaxgan.sample RUN`: draws from a trained run, as a picture or as numbers."""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import Positional, arg

from jaxgan import command
from jaxgan.errors import UserError
from jaxgan.files import check_writable, without_link
from jaxgan.folder import RunFolder
from jaxgan.memory import check_fits
from jaxgan.settings import OptionalInt, OptionalPath, OptionalText, parse

if TYPE_CHECKING:
    from jaxgan.runs import Run


@dataclass(frozen=True)
class Options:
    """What to draw."""

    run: Annotated[Positional[Path], arg(metavar="RUN")]
    """The run folder."""
    out: OptionalPath = None
    """What to write: .png (a grid, or a figure), .npz (images, points or samples, and labels), .csv (vectors and series in their own units)
    or .gif (with --interpolate); RUN/sample.png where not given."""
    n: int | None = None
    """Samples to draw: 64, 100 of a conditional run, 2,500 points and vectors; with --interpolate, 16 on the way."""
    seed: int = 0
    """Seed of the latents."""
    label: OptionalText = None
    """What to draw (conditional runs): a class by name or number; several labels, as "smiling,glasses" or none; numbers in the data's own
    units, as "age=30" (others at their mean) or 0.5,-1. Without it every class in equal parts, or the rows that the run itself draws."""
    label_range: OptionalText = None
    """Draw a grid over the values of a continuous label, as age=20:60, or age=20:60:9 for nine columns: --n latents (8), one a row."""
    generator: OptionalInt = None
    """Draw from this generator only (runs with several); without it from all in turn."""
    interpolate: bool = False
    """Go from one latent to another, as a strip (.png) or an animation (.gif)."""
    critic_surface: OptionalPath = None
    """Draw the critic's scores over the plane with real and generated points into this .png (runs of 2-D points), and --out only if given."""
    step: OptionalInt = None
    """The checkpoint to draw from; the last where not given."""
    best: bool = False
    """Draw from the checkpoint that was best by the run's own metric (of runs with --metrics-every)."""
    replica: int = 0
    """The replica to draw from."""
    batch_statistics: bool = False
    """Use the batch's own statistics in batch norm, as the labs do, in place of the running ones; runs of the labs' recipes do so anyway."""
    average: bool = True
    """Use the averaged weights where the run keeps them."""
    trust: bool = False
    """Import what the run's config.json names of its own (package.module:name): that runs its code."""


def main(argv: Sequence[str] | None = None) -> int:
    return command.run(lambda: sample(sys.argv[1:] if argv is None else argv))


def sample(argv: Sequence[str]) -> None:
    options = parse(Options, argv, prog="python -m jaxgan.sample", description="Draw samples from a trained run.")
    out = options.out or options.run / ("interpolation.png" if options.interpolate else "sample.png")
    RunFolder(options.run).require()
    check(options, out)
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


def check(options: Options, out: Path) -> None:
    """Refuses what cannot be, before anything is loaded."""
    kind = out.suffix.lower()
    if kind not in (".png", ".npz", ".csv", ".gif"):
        raise UserError(f"--out {out}: the name must end in .png, .npz, .csv or .gif")
    if kind == ".gif" and not options.interpolate:
        raise UserError(f"--out {out}: an animation goes from one latent to another: add --interpolate")
    least = 2 if options.interpolate else 1
    if options.n is not None and options.n < least:
        raise UserError(f"--n {options.n}: must be at least {least}")
    check_writable(out, "--out")
    if options.critic_surface is not None:
        if options.critic_surface.suffix.lower() != ".png":
            raise UserError(f"--critic-surface {options.critic_surface}: the name must end in .png")
        check_writable(options.critic_surface, "--critic-surface")


def draw_critic(run: "Run", options: Options, path: Path) -> None:
    """Writes the critic's scores over the plane with real and generated points.

    Raises:
        UserError: the run's samples are no points of the plane, or its critic scores none alone.
    """
    import jax
    import numpy as np

    from jaxgan.engine.sampling import label_rows
    from jaxgan.engine.surface import CriticSurface, critic_scores, has_surface, surface_axis
    from jaxgan.report.figures import save_critic_surface

    if not has_surface(run.gan, run.sample_shape):
        raise UserError(f"--critic-surface: {run.folder} has no critic that scores single points of the plane")
    distribution, n = run.dataset.distribution, options.n or 1000
    fake = np.asarray(run.sample(n, seed=options.seed, label=options.label, average=options.average)[0], np.float32)
    rows = label_rows(run.gan, run.dataset)
    real = None if distribution is None else np.asarray(distribution.sample(jax.random.key(options.seed), n)[0])
    axis = surface_axis(fake)
    scores = np.asarray(jax.jit(critic_scores, static_argnums=0)(run.gan, run.state, axis, rows))
    save_critic_surface(path, CriticSurface(axis, scores, real), fake, distribution or run.dataset.scaling)


def draw(run: "Run", options: Options, out: Path) -> None:
    """Draws what the options ask for, and writes it."""
    import numpy as np

    from jaxgan.report.images import shown_channels
    from jaxgan.report.samples import Layout, real_beside, save_interpolation, save_samples
    from jaxgan.runs.data import data_at_hand
    from jaxgan.runs.fit import row_titles

    how: dict[str, Any] = {
        "seed": options.seed,
        "label": options.label,
        "batch_statistics": options.batch_statistics or None,  # as the run draws
        "average": options.average,
    }
    if options.interpolate and not run.is_images:
        raise UserError(
            f"--interpolate: a strip shows images, and this run draws {'points' if run.dataset.is_points else run.dataset.kind}"
        )
    if options.interpolate and out.suffix.lower() == ".csv":
        raise UserError(f"--out {out}: a strip of images is written as .png, .gif or .npz")
    by_label = run.gan.is_conditional and options.label is None
    usual = 16 if options.interpolate else 2500 if run.dataset.is_vectors else 100 if by_label else 64
    vectors = run.label_vectors if run.gan.label_dim else None
    if options.label_range is not None:
        draw_range(run, options, out, how)
        return
    if out.suffix.lower() not in (".npz", ".csv") and run.is_images and (shown := shown_channels(run.sample_shape[-1])):
        print(shown)
    n = options.n or usual
    if vectors is not None and options.label is None and options.n is None and not options.interpolate:
        how |= {
            "label": None,
            "labels": vectors.shown.repeat(max(1, n // 10 if run.is_images else n // len(vectors.shown)), axis=0),
        }
        n = len(how["labels"])
    check_fits(4 * n * (run.gan.latent_dim + math.prod(run.sample_shape)), f"--n {n}: samples with their latents")
    if options.interpolate:
        save_interpolation(out, np.asarray(run.interpolate(n, **how), np.float32))
        return
    samples, labels = run.sample(n, generator=options.generator, **how)
    titles = row_titles(run.gan, run.dataset) if options.label is None else []
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
    """Draws a grid over the values of a continuous label: a row a latent, a column a value.

    Raises:
        UserError: the run has no continuous labels.
    """
    import numpy as np

    from jaxgan.report.samples import Layout, save_samples

    vectors = run.label_vectors if run.gan.label_dim else None
    if vectors is None or options.interpolate:
        why = "it is no --interpolate" if vectors is not None else f"{run.folder} was trained without continuous labels"
        raise UserError(f"--label-range {options.label_range}: {why}")
    assert options.label_range is not None
    column, values = vectors.read_range(options.label_range, "--label-range")
    base = vectors.mean if options.label is None else vectors.read(options.label, "--label")
    labels = np.repeat(base[None], len(values), axis=0)
    labels[:, column] = values
    n = options.n or 8
    check_fits(4 * n * len(values) * (run.gan.latent_dim + math.prod(run.sample_shape)), f"--n {n}: samples with their latents")
    given = {name: value for name, value in how.items() if name != "label"}
    samples = run.over_labels(n, labels, generator=options.generator, **given)
    titles = [f"{value:.4g}" for value in values]
    layout = Layout(len(values), column_titles=[f"{vectors.names[column]} {titles[0]}", *titles[1:]])
    save_samples(
        out, np.asarray(samples, np.float32), np.tile(labels, (n, 1)), run.dataset.distribution, layout, vectors.names,
        scaling=run.dataset.scaling,
    )  # fmt: skip


if __name__ == "__main__":
    command.leave(main())
