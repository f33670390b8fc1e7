"""`python -m jaxgan.train`: trains a GAN and fills a run folder."""

import contextlib
import gc
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from jaxgan import command
from jaxgan.files import check_folder_writable
from jaxgan.folder import RunFolder
from jaxgan.settings import flag, read_command
from jaxgan.settings.options import check


def main(argv: Sequence[str] | None = None) -> int:
    with _collecting_no_garbage():
        return command.run(lambda: train(sys.argv[1:] if argv is None else argv))


@contextlib.contextmanager
def _collecting_no_garbage() -> Iterator[None]:
    """Until the first step is made: imports and traces leave little, and to look for it takes a tenth of their time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _collecting_from_the_first_step() -> Any:
    """A listener that turns the collection on again."""
    from jaxgan.engine.listeners import Listener

    class Collecting(Listener):
        def on_chunk(self, step: int, metrics: list[dict[str, float]]) -> None:
            gc.enable()

    return Collecting()


def train(argv: Sequence[str]) -> None:
    config = read_command(argv, prog="python -m jaxgan.train", description="Train a GAN and fill a run folder.")
    if config.list_variants:
        print_variants()
        return
    check(config)
    check_folder_writable(config.out or "runs", "--out")
    alone = "jax" not in sys.modules  # nothing else in this process computes
    from jaxgan.cache import keep_compiled_programs  # after the flags are read: --help need not wait for jax
    from jaxgan.engine.processes import end_in_one_line, is_first
    from jaxgan.runs import fit
    from jaxgan.runs.fit import fit_alone

    keep_compiled_programs()
    if config.distributed:
        end_in_one_line()
    run = (fit_alone if alone else fit)(config, listeners=[_collecting_from_the_first_step()])
    if not is_first():
        return
    pictures = sorted(RunFolder(run.folder).samples.glob("*.png"))
    print(f"run folder: {run.folder}")
    if pictures:
        print(f"picture:    {pictures[-1]}")
    print(f"page:       {RunFolder(run.folder).report}  (later anew: python -m jaxgan.report {run.folder})")
    print(f"curves:     tensorboard --logdir {RunFolder(run.folder).tensorboard}{_how_to_install_tensorboard()}")
    print(f"sample it:  python -m jaxgan.sample {run.folder}")


def _how_to_install_tensorboard() -> str:
    return "" if importlib.util.find_spec("tensorboard") else "  (it needs: pip install tensorboard)"


def print_variants() -> None:
    """The table of variants: name, paper and equation, and the settings of its first recipe."""
    from rich.table import Table

    from jaxgan.objectives import VARIANTS
    from jaxgan.report.terminal import print_table

    table = Table("variant", "paper", "defaults", box=None, pad_edge=False)
    for name, variant in VARIANTS.items():
        recipe = variant.recipes[0]
        settings = ", ".join(f"{flag(field)[2:]} {value}" for field, value in recipe.settings.items())
        others = ", ".join(dict.fromkeys(other.name for other in variant.recipes[1:]))
        table.add_row(name, variant.reference, settings + (f"; also --recipe {others}" if others else ""))
    print_table(table)


if __name__ == "__main__":
    command.leave(main())
