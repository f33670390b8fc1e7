"""`python -m jaxgan.data DATASET`: what a training would see of a data set, and what it would take, before it begins."""

import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from jaxgan import command
from jaxgan.files import check_writable
from jaxgan.settings import read_config

if TYPE_CHECKING:
    from jaxgan.data import Dataset
    from jaxgan.settings import Config

COLUMNS = 10  # pictures in a row of the grid
ROWS = 12  # of the grid, at most
NAMED = 5  # pairs of pictures that are nearly alike


@dataclass(frozen=True)
class Options:
    """Which data, and what to look at."""

    name: Annotated[Positional[str | None], arg(metavar="DATASET", help_behavior_hint="")] = None
    """The data set, as --dataset names it."""
    grid: Annotated[Path, arg(metavar="PNG")] = Path("data.png")
    """Where a grid of real pictures goes, a row a class."""
    cost: bool = True
    """Compile a training step and measure its time and memory (up to a minute)."""


def main(argv: Sequence[str] | None = None) -> int:
    return command.run(lambda: look(sys.argv[1:] if argv is None else argv))


def look(argv: Sequence[str]) -> None:
    options, config = read_config(
        argv,
        prog="python -m jaxgan.data",
        description="Show what a training with these flags would see of a data set, and what it would take.",
        more=Options,
    )
    check_writable(options.grid, "--grid")
    if options.name is not None:
        config = dataclasses.replace(config, dataset=options.name)
    from jaxgan.cache import keep_compiled_programs  # after the flags are read: --help need not wait for jax
    from jaxgan.settings.resolution import load_data

    keep_compiled_programs()
    config = leave_out_unreadable(config)
    dataset = load_data(config)
    print_data(dataset)
    save_real(options.grid, dataset)
    if options.cost:
        print_cost(config, dataset)


def leave_out_unreadable(config: "Config") -> "Config":
    """Prints every file that cannot be read, with the reason; the options with which the others are looked at."""
    from jaxgan.data import names_own_files, unreadable
    from jaxgan.errors import printable
    from jaxgan.report.progress import progress_bars

    if not names_own_files(config.dataset):
        return config
    with progress_bars() as show:
        found = unreadable(config.dataset, data_dir=config.data_dir, progress=lambda rows: show("reading")(list(rows)))
    for file, reason in found:
        print(f"cannot be read: {printable(file)}: {reason}")
    if found and not config.skip_unreadable:
        print(
            f"a training ends at {'these files' if len(found) > 1 else 'this file'}: --skip-unreadable leaves them out, as here"
        )
    return dataclasses.replace(config, skip_unreadable=config.skip_unreadable or bool(found))


def print_data(dataset: "Dataset") -> None:
    """Shape, range, what was cut or left out, classes and their shares, and duplicates."""
    from jaxgan.data import account
    from jaxgan.memory import in_words

    shape = "x".join(map(str, dataset.sample_shape))
    held = "drawn afresh" if dataset.size is None else "read from disk as they are needed" if dataset.records else "in memory"
    size = "" if dataset.samples is None else f", {in_words(dataset.samples.nbytes)}"
    print(f"{dataset.name}: samples of {shape}, {held}{size}")
    print("\n".join(account(dataset)))
    if dataset.size is None:
        return
    from jaxgan.runs.survey import find_duplicates, seen_samples

    rows, samples, _ = seen_samples(dataset)
    if dataset.n_classes:
        print_classes(dataset)
    found = find_duplicates(samples)
    among = f"of {found.seen:,} samples looked at" if found.seen < dataset.size else f"of {found.seen:,} samples"
    print(f"duplicates: {found.exact:,} {among} equal an earlier one")
    if dataset.is_images:
        named = "; ".join(f"{rows[a]} and {rows[b]}" for a, b in found.near[:NAMED])
        print(f"  {len(found.near):,} pairs of pictures are nearly alike" + (f", the nearest in rows {named}" if named else ""))


def print_classes(dataset: "Dataset") -> None:
    """A table of the classes, their counts and shares."""
    import numpy as np
    from rich.table import Table

    from jaxgan.errors import printable
    from jaxgan.report.terminal import print_table

    labels = dataset.class_numbers
    if labels is None:
        return
    table = Table("class", "samples", "share", box=None, pad_edge=False)
    counts = np.bincount(labels, minlength=dataset.n_classes)
    names = dataset.class_names or tuple(map(str, range(dataset.n_classes)))
    for name, count in zip(names, counts, strict=True):
        table.add_row(printable(name), f"{count:,}", f"{100 * count / max(1, len(labels)):.1f} %")
    print_table(table)


def save_real(path: Path, dataset: "Dataset") -> None:
    """Writes a grid of real pictures, a row a class, or a figure of other samples, and says so; of what is drawn afresh there is none."""
    import numpy as np

    from jaxgan.pixels import to_model_range
    from jaxgan.report.images import save_grid
    from jaxgan.report.samples import can_be_drawn, save_samples
    from jaxgan.runs.survey import seen_samples, spread_rows

    if dataset.size is None or not can_be_drawn(dataset.sample_shape):
        return
    if not dataset.is_images:
        save_samples(path, seen_samples(dataset)[1], distribution=dataset.distribution, scaling=dataset.scaling)
        print(f"picture: {path}")
        return
    if dataset.labels is not None and dataset.samples is not None and dataset.n_classes > 1:
        of_class = [np.flatnonzero(dataset.labels == label) for label in range(dataset.n_classes)]
        chosen = [rows[spread_rows(len(rows), COLUMNS)] for rows in of_class if len(rows) >= COLUMNS][:ROWS]
        rows = np.concatenate(chosen) if chosen else spread_rows(dataset.size, COLUMNS * ROWS)
        samples = dataset.samples[rows]
    else:
        _, samples, _ = seen_samples(dataset, COLUMNS * ROWS)
    save_grid(path, to_model_range(samples), columns=COLUMNS)
    print(f"picture: {path}")


def print_cost(config: "Config", dataset: "Dataset") -> None:
    """What a training with these options is made of, and the time and memory that its steps take here."""
    import jax

    from jaxgan.memory import in_words
    from jaxgan.report.listeners.progress_bar import duration
    from jaxgan.runs.memory import check_memory, memory_there
    from jaxgan.runs.survey import expected_time, measure_cost
    from jaxgan.settings.resolution import resolve

    resolved = resolve(config, None if dataset.size is None else dataset)  # a recipe may fix a sample of what is drawn afresh
    check_memory(resolved)
    chosen, schedule, program = resolved.config, resolved.schedule, resolved.program()
    print(
        f"a training: {chosen.variant}, recipe {chosen.recipe}, generator {chosen.generator}, critic {chosen.critic},"
        f" {schedule.steps:,} steps of batch {schedule.batch_size}, n_critic {chosen.n_critic}"
    )
    cost = measure_cost(program)
    there, where = memory_there()
    print(f"  first step after {duration(cost.compilation)}, on {jax.devices()[0].platform}")
    print(f"  {in_words(cost.memory)} of memory, and {where} has {in_words(there)}")
    for line in expected_time(resolved, cost.step, cost.compilation):
        print(f"  {line}")


if __name__ == "__main__":
    command.leave(main())
