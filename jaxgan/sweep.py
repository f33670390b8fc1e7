"""`python -m jaxgan.sweep`: a grid of settings, each over several seeds; what fits one compiled program trains together."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from tyro.conf import arg

from jaxgan import command
from jaxgan.files import check_folder_writable
from jaxgan.settings import read_config


@dataclass(frozen=True)
class Options:
    """A grid, and how every point of it is trained."""

    grid: Annotated[tuple[str, ...], arg(metavar="FIELD=VALUE,VALUE")] = ()
    """What to vary: --grid learning_rate=1e-4,2e-4 n_critic=1,5 trains every combination."""
    seeds: int = 3
    """Random seeds of every combination."""
    cluster: Annotated[str | None, arg(metavar="ADDRESS")] = None
    """Where the programs are trained, each by one worker of Dask: its scheduler's HOST:PORT, or local:2 for two workers here."""


def main(argv: Sequence[str] | None = None) -> int:
    return command.run(lambda: run(sys.argv[1:] if argv is None else argv))


def run(argv: Sequence[str]) -> None:
    options, config = read_config(
        argv, prog="python -m jaxgan.sweep", description="Train a grid of settings over several seeds.", more=Options
    )
    check_folder_writable(config.out or "runs", "--out")
    from jaxgan.cache import keep_compiled_programs  # after the flags are read: --help need not wait for jax
    from jaxgan.runs.sweep import sweep

    keep_compiled_programs()
    out = sweep(config, options.grid, options.seeds, options.cluster)
    print((out / "table.md").read_text(encoding="utf-8"))
    print(f"table: {out / 'table.md'}, {out / 'table.csv'}")


if __name__ == "__main__":
    command.leave(main())
