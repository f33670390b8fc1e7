"""`python -m jaxgan.train`: trains a GAN and fills a run folder."""

import dataclasses
import sys
from collections.abc import Sequence

from jaxgan import command
from jaxgan.config import FIELDS, Config, again, flag, going_on, named, read_config


def main(argv: Sequence[str] | None = None) -> int:
    return command.run(lambda: train(sys.argv[1:] if argv is None else argv))


def train(argv: Sequence[str]) -> None:
    config = parse(argv)
    if config.list_variants:
        print_variants()
        return
    from jaxgan.cache import keep_compiled_programs  # after the flags are read: --help need not wait for jax
    from jaxgan.engine.processes import is_first
    from jaxgan.runs import fit

    keep_compiled_programs()
    result = fit(config)
    if not is_first():
        return
    pictures = sorted((result.folder / "samples").glob("*.png"))
    print(f"run folder: {result.folder}")
    print(f"picture:    {pictures[-1]}")
    print(f"sample it:  python -m jaxgan.sample {result.folder}")


def print_variants() -> None:
    """The table of variants: name, paper and equation, and the settings of its first recipe."""
    from rich.console import Console
    from rich.table import Table

    from jaxgan.objectives import VARIANTS

    table = Table("variant", "paper", "defaults", box=None, pad_edge=False)
    for name, variant in VARIANTS.items():
        recipe = variant.recipes[0]
        settings = ", ".join(f"{flag(field)[2:]} {value}" for field, value in recipe.settings.items())
        others = ", ".join(dict.fromkeys(other.name for other in variant.recipes[1:]))
        table.add_row(name, variant.reference, settings + (f"; also --recipe {others}" if others else ""))
    console = Console()
    if not console.is_terminal:
        console.width = 160
    console.print(table)


def parse(argv: Sequence[str]) -> Config:
    """The configuration that the flags give, over that of --config or of the run to resume."""

    def read(default: Config | None) -> Config:
        return command.parse(
            Config, argv, prog="python -m jaxgan.train", description="Train a GAN and fill a run folder.", default=default
        )

    config = read(None)
    if config.resume and config.out is not None and config.config is None and (config.out / "config.json").is_file():
        saved = read_config(config.out / "config.json")
        merged = read(saved)  # where a flag says what the default is, this shows it
        if merged.epochs is not None and merged.steps == saved.steps:
            merged = dataclasses.replace(merged, steps=None)
        return going_on(saved, merged)
    if config.config is not None and not config.resume:
        saved = read_config(config.config)
        merged = read(dataclasses.replace(saved, out=None))
        asked = {
            **named(config),
            **{name: getattr(merged, name) for name in FIELDS if getattr(merged, name) != getattr(saved, name)},
        }
        return again(saved, {**asked, "config": None, "out": config.out})
    return config


if __name__ == "__main__":
    sys.exit(main())
