"""`python -m jaxgan.evaluate A [B]`: measures a run, or anything against anything, by fixed protocols, as a table and as JSON."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from tyro.conf import Positional, arg

from jaxgan import command
from jaxgan.errors import UserError
from jaxgan.files import WriteError, check_writable, json_text, without_link, write_atomically
from jaxgan.folder import RunFolder
from jaxgan.settings import OptionalInt, OptionalPath, OptionalText, parse


@dataclass(frozen=True)
class Options:
    """What to measure."""

    judged: Annotated[Positional[str], arg(metavar="A")]
    """What is judged: a run folder; or, with B, a generator that was exported as safetensors, a folder of pictures, an .npz or
    .csv file, or a data set by its name."""
    against: Annotated[Positional[str | None], arg(metavar="B", help_behavior_hint="")] = None
    """What A is judged against, in any of the same forms. Without it A is a run, and is judged against the data that it was trained on."""
    out: OptionalPath = None
    """Where to write the values (.json), and beside it a picture of A's samples with the nearest of B. Where not given RUN/evaluation.json;
    with B they are only printed."""
    n: OptionalInt = None
    """Samples of A; where not given 10,000 (26,000 of a stacked set), or all where A holds fewer."""
    seed: int = 0
    """Seed of the latents."""
    step: OptionalInt = None
    """The checkpoint to measure; the last where not given."""
    best: bool = False
    """Measure the checkpoint that was best by the run's own metric (of runs with --metrics-every)."""
    average: bool = True
    """Measure the averaged weights where the run keeps them."""
    batch_statistics: Annotated[bool | None, arg(metavar="{True,False}", help_behavior_hint="")] = None
    """Sample with each batch's own statistics in batch norm, as the labs do, or the running ones; as the run drew where not given."""
    coverage_points: OptionalInt = None
    """Generated points among which modes are counted (2-D distributions): 2,500 where not given, as PacGAN counts; lab 004 takes 10000."""
    features: Annotated[str | None, arg(metavar="FEATURES", help_behavior_hint="")] = None
    """What pictures are compared in: lab (a classifier that learns the data's own classes), inception (that of the FID), efficientnet
    (EfficientNet-Lite0, which jaxgan[efficientnet] brings: no FID, and no download), pixels, or your own function of pictures in [-1, 1] as
    package.module:function. Where not given lab; with B pixels, where B has no classes."""
    inception_weights: OptionalPath = None
    """PyTorch weights of the FID's Inception; the published ones, downloaded, where not given."""
    data_dir: OptionalPath = None
    """Where data sets lie; that of the run where not given."""
    data_changed: bool = False
    """Measure although the data are not those that the run was trained on."""
    held_out: OptionalText = None
    """Real samples that A's cannot be copies of, in any form that B has; where not given the test split, if there is one."""
    image_size: OptionalText = None
    """Pixels that pictures of A and B are compared in, as 64 or 48x80; the smaller size of both where not given."""
    resize: Annotated[Literal["crop", "pad", "squeeze"] | None, arg(metavar="{crop,pad,squeeze}", help_behavior_hint="")] = None
    """What becomes of pictures of another shape: cut to their middle (where not given), padded or squeezed."""
    skip_unreadable: bool = False
    """Leave out picture files that cannot be read."""
    label_column: OptionalText = None
    """The column of .csv files that holds class labels: its name, or its number from 1."""
    trust: bool = False
    """Import what the run's config.json names of its own (package.module:name): that runs its code."""


def main(argv: Sequence[str] | None = None) -> int:
    return command.run(lambda: evaluate(sys.argv[1:] if argv is None else argv))


def evaluate(argv: Sequence[str]) -> None:
    options = parse(
        Options, argv, prog="python -m jaxgan.evaluate",
        description="Measure a trained run, or samples of any origin against others, by fixed protocols.",
    )  # fmt: skip
    files = RunFolder(Path(options.judged))
    if options.against is None:
        require_run(files)
    out = options.out or (files.evaluation if options.against is None else None)
    if out is not None:
        check_writable(out, "--out")
    from jaxgan import runs  # after the flags are read: --help need not wait for jax
    from jaxgan.cache import keep_compiled_programs
    from jaxgan.report.progress import progress_bars

    keep_compiled_programs()
    try:
        with progress_bars() as show:
            evaluation = runs.evaluate(
                options.judged, options.against, step=options.step, best=options.best, n=options.n, seed=options.seed,
                average=options.average, batch_statistics=options.batch_statistics, features=options.features,
                inception_weights=options.inception_weights, data_dir=options.data_dir, coverage_points=options.coverage_points,
                data_changed=options.data_changed, held_out=options.held_out, image_size=options.image_size, resize=options.resize,
                skip_unreadable=options.skip_unreadable, label_column=options.label_column, trust=options.trust,
                pictures=None if out is None else out.parent, show=show, tell=print,
            )  # fmt: skip
    except WriteError as error:
        if error.computed is not None:
            keep(error.computed, out, options.out is None)
        raise
    keep(evaluation, out, options.out is None)


def require_run(files: RunFolder) -> None:
    """Refuses what is no run where nothing else is named.

    Raises:
        UserError: one line that also says how samples without a run are judged.
    """
    try:
        files.require()
    except UserError as error:
        raise UserError(f"{error}; samples without a run are judged against others: python -m jaxgan.evaluate A B") from None


def keep(evaluation: dict[str, Any], out: Path | None, in_the_run: bool) -> None:
    """Prints the table and writes the values; in this order, so that they are not lost where they cannot be written."""
    print_table(evaluation)
    if out is None:
        return
    write_atomically(without_link(out) if in_the_run else out, json_text(evaluation))
    print(out)


def print_table(evaluation: dict[str, Any]) -> None:
    """The classes' shares in one line; a line a metric: its value, or the mean over replicas with the standard deviation; the verdict."""
    from rich.table import Table
    from rich.text import Text

    from jaxgan.errors import printable
    from jaxgan.metrics.table import METRICS, metric_of
    from jaxgan.report.terminal import print_table as print_whole

    several = len(evaluation["replicas"])
    table = Table(
        "value of", f"mean of {several} replicas" if several > 1 else "value", *(["deviation"] if several > 1 else []), box=None
    )
    class_share = METRICS["class_share"]
    shares = [f"{100 * mean:.1f}" for name, mean in evaluation["mean"].items() if metric_of(name) is class_share]
    if shares:
        print("% of each class:", " ".join(shares))
    for name, mean in evaluation["mean"].items():
        if metric_of(name) is class_share:
            continue
        table.add_row(Text(printable(name)), f"{mean:.4g}", *([f"{evaluation['std'][name]:.2g}"] if several > 1 else []))
    print_whole(table)
    for sentence in evaluation.get("verdict", []):
        print(sentence)


if __name__ == "__main__":
    command.leave(main())
