"""`python -m jaxgan.evaluate RUN`: judges a trained run by fixed protocols, as evaluation.json and a table."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional, arg

from jaxgan import command
from jaxgan.config import Int


@dataclass(frozen=True)
class Options:
    """What to judge."""

    run: Annotated[Positional[Path], arg(metavar="RUN")]
    """The run folder."""
    out: Annotated[Path | None, arg(metavar="PATH", help_behavior_hint="")] = None
    """Where to write the figures; RUN/evaluation.json where not given."""
    n: Int = None
    """Generated samples; 10,000 where not given, 26,000 of a stacked set."""
    seed: int = 0
    """Seed of the latents."""
    step: Int = None
    """The checkpoint to judge; the last where not given."""
    best: bool = False
    """Judge the checkpoint that was best by the run's own metric (of runs with --metrics-every)."""
    average: bool = True
    """Judge the averaged weights where the run keeps them."""
    features: str = "lab"
    """What pictures are compared in: lab (the classifier of the run's own data set), inception (that of the FID) or pixels."""
    inception_weights: Annotated[Path | None, arg(metavar="PATH", help_behavior_hint="")] = None
    """PyTorch weights of the FID's Inception; the published ones, downloaded, where not given."""
    data_dir: Annotated[Path | None, arg(metavar="PATH", help_behavior_hint="")] = None
    """Where data sets lie; that of the run where not given."""


def main(argv: Sequence[str] | None = None) -> int:
    return command.run(lambda: evaluate(sys.argv[1:] if argv is None else argv))


def evaluate(argv: Sequence[str]) -> None:
    options = command.parse(
        Options, argv, prog="python -m jaxgan.evaluate", description="Judge a trained run by fixed protocols."
    )
    command.existing_run(options.run)
    from jaxgan import evaluation
    from jaxgan.cache import keep_compiled_programs
    from jaxgan.files import json_text, write_atomically
    from jaxgan.report.progress import progress_bars

    keep_compiled_programs()
    with progress_bars() as show:
        found = evaluation.evaluate(
            options.run, step=options.step, best=options.best, n=options.n, seed=options.seed, average=options.average,
            features=options.features, inception_weights=options.inception_weights, data_dir=options.data_dir,
            pictures=(options.out or options.run / "evaluation.json").parent, show=show,
        )  # fmt: skip
    out = options.out or options.run / "evaluation.json"
    write_atomically(out, json_text(found))
    print_table(found)
    print(out)


def print_table(found: dict[str, Any]) -> None:
    """The classes' shares in one line, and a line a figure: its value, or the mean over replicas with the standard deviation."""
    from rich.console import Console
    from rich.table import Table

    from jaxgan.metrics.table import METRICS, metric_of

    several = len(found["replicas"])
    table = Table(
        "figure", f"mean of {several} replicas" if several > 1 else "value", *(["deviation"] if several > 1 else []), box=None
    )
    class_share = METRICS["class_share"]
    shares = [f"{100 * mean:.1f}" for name, mean in found["mean"].items() if metric_of(name) is class_share]
    if shares:
        print("% of each class:", " ".join(shares))
    for name, mean in found["mean"].items():
        if metric_of(name) is class_share:
            continue
        table.add_row(name, f"{mean:.4g}", *([f"{found['std'][name]:.2g}"] if several > 1 else []))
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
