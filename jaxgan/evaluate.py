"""`python -m jaxgan.evaluate RUN`: measures a trained run by fixed protocols, as evaluation.json and a table."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from tyro.conf import Positional, arg

from jaxgan import command
from jaxgan.files import WriteError, check_writable, json_text, without_link, write_atomically
from jaxgan.folder import RunFolder
from jaxgan.settings import OptionalInt, OptionalPath, parse


@dataclass(frozen=True)
class Options:
    """What to measure."""

    run: Annotated[Positional[Path], arg(metavar="RUN")]
    """The run folder."""
    out: OptionalPath = None
    """Where to write the values; RUN/evaluation.json where not given."""
    n: OptionalInt = None
    """Generated samples; 10,000 where not given, 26,000 of a stacked set."""
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
    features: Literal["lab", "inception", "pixels"] = "lab"
    """What pictures are compared in: lab (the classifier of the run's own data set), inception (that of the FID) or pixels."""
    inception_weights: OptionalPath = None
    """PyTorch weights of the FID's Inception; the published ones, downloaded, where not given."""
    data_dir: OptionalPath = None
    """Where data sets lie; that of the run where not given."""
    data_changed: bool = False
    """Measure although the data are not those that the run was trained on."""
    trust: bool = False
    """Import what the run's config.json names of its own (package.module:name): that runs its code."""


def main(argv: Sequence[str] | None = None) -> int:
    return command.run(lambda: evaluate(sys.argv[1:] if argv is None else argv))


def evaluate(argv: Sequence[str]) -> None:
    options = parse(Options, argv, prog="python -m jaxgan.evaluate", description="Measure a trained run by fixed protocols.")
    files = RunFolder(options.run).require()
    out = options.out or files.evaluation
    check_writable(out, "--out")
    from jaxgan import runs  # after the flags are read: --help need not wait for jax
    from jaxgan.cache import keep_compiled_programs
    from jaxgan.report.progress import progress_bars

    keep_compiled_programs()
    try:
        with progress_bars() as show:
            evaluation = runs.evaluate(
                options.run, step=options.step, best=options.best, n=options.n, seed=options.seed, average=options.average,
                batch_statistics=options.batch_statistics, features=options.features,
                inception_weights=options.inception_weights, data_dir=options.data_dir,
                coverage_points=options.coverage_points, data_changed=options.data_changed, trust=options.trust,
                pictures=out.parent, show=show, tell=print,
            )  # fmt: skip
    except WriteError as error:
        if error.computed is not None:
            keep(error.computed, out, options.out is None)
        raise
    keep(evaluation, out, options.out is None)


def keep(evaluation: dict[str, Any], out: Path, in_the_run: bool) -> None:
    """Prints the table and writes the values; in this order, so that they are not lost where they cannot be written."""
    print_table(evaluation)
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
