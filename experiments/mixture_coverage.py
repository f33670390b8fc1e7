"""Lab 004, 11: how many modes of a mixture do GAN, WGAN-GP and conditional WGAN-GP cover, at 4, 8, 16 and 32?

    python -m experiments.mixture_coverage            # the lab's 500 epochs, 10 seeds: an hour and a half on one core
    python -m experiments.mixture_coverage --quick    # 4 and 8 modes, 10 epochs, 2 seeds: minutes

The lab's settings (`--recipe lab004`: 10,000 fixed points, batch 128, latent 2, width 128) with ten seeds side by side. Its rule counts
a mode as covered with any sample within .1 of its k-means centre, in the networks' plane, where uniform noise covers all; so beside it stand
PacGAN's (a sample within 3 standard deviations counts; its share is the quality) and the exact Wasserstein-1 distance.
The lab's own table names 16 and 32 modes, though its code has nine centres: it is shown as the lab gives it.

Came out (results/mixture_coverage.md): the GAN is first and not last. By the lab's rule it covers 100 % up to 16 modes and 99.7 % of 32, WGAN-GP
55 % of 4 and 23 % of 32, the conditional one 86 to 90 %.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from jaxgan.config import Config
from jaxgan.trained import load, load_all

from experiments import lab, plots
from jaxgan import command

NAME = "mixture_coverage"
MODES = (4, 8, 16, 32)
ROWS: dict[str, dict[str, Any]] = {
    "GAN": {"variant": "gan"},
    "WGAN-GP": {"variant": "wgan_gp"},
    "conditional WGAN-GP": {"variant": "wgan_gp", "conditional": True},
}
LAB = {  # lab 004, 11.3, as it gives it
    "GAN": {4: 75, 8: 50, 16: 30, 32: 15},
    "WGAN-GP": {4: 100, 8: 88, 16: 70, 32: 45},
    "conditional WGAN-GP": {4: 100, 8: 100, 16: 95, 32: 80},
}
JUDGED = 2500


def modes_of(asked: lab.Options) -> tuple[int, ...]:
    return MODES[:2] if asked.quick else MODES


def config_of(row: str, modes: int, asked: lab.Options) -> Config:
    length: dict[str, Any] = {"epochs": 10.0} if asked.quick else {}
    if asked.steps:
        length = {"steps": asked.steps}
    return Config(**ROWS[row], dataset=f"mixture{modes}", recipe="lab004", replicas=asked.seeds, **length)


def figures_of(folder: Path) -> list[dict[str, float]]:
    """The figures of every seed that did not diverge."""
    return lab.by_seed(lab.judged(folder, JUDGED))


def uniform_noise(modes: int) -> float:
    """What the lab's rule makes of noise that knows nothing: its share of covered modes."""
    from jaxgan import data
    from jaxgan.metrics.coverage import lab_mode_coverage

    points = data.load(f"mixture{modes}", points=10_000).samples
    assert points is not None
    return lab_mode_coverage(points, np.random.default_rng(0).uniform(-1, 1, (JUDGED, 2)), modes)


def tables(asked: lab.Options, results: dict[tuple[int, str], list[dict[str, float]]]) -> dict[str, str]:
    count = f"{JUDGED}"
    rules = {
        "Covered by the lab's rule, %": (f"lab_coverage_{count}", 100, 1),
        "Modes by PacGAN's rule": (f"modes_pacgan_{count}", 1, 1),
        "Samples within 3 standard deviations, %": (f"high_quality_pacgan_{count}", 100, 1),
        "Exact Wasserstein-1 distance, in the data's units": ("wasserstein1_exact_2k", 1, 2),
    }
    parts = {}
    for heading, (figure, factor, digits) in rules.items():
        noise = heading.startswith("Covered")
        rows = []
        for modes in modes_of(asked):
            cells = [lab.spread([seed[figure] for seed in results[modes, row]], digits, factor) for row in ROWS]
            rows.append([modes, *cells, *([f"{100 * uniform_noise(modes):.0f}"] if noise else [])])
        parts[heading] = lab.table(["modes", *ROWS, *(["uniform noise"] if noise else [])], rows)
    parts["The lab's table, %"] = lab.table(
        ["modes", *ROWS], [[modes, *(LAB[row][modes] for row in ROWS)] for modes in modes_of(asked)]
    )
    return parts


def pictures(asked: lab.Options) -> None:
    made, panels = plots.figure(len(modes_of(asked)), len(ROWS) + 1, width=2.1, height=2.2)
    for row, modes in enumerate(modes_of(asked)):
        data = load_all(asked.out / f"GAN-{modes}")[0].setup.dataset
        law, samples = data.distribution, data.samples
        assert law is not None and samples is not None
        real = np.asarray(law.to_units(samples))
        reach = 1.15 * np.abs(real).max(0)
        limits = (-reach[0], reach[0], -reach[1], reach[1])
        plots.cloud(panels[row, 0], real, limits=limits, title=f"{modes} modes: the data")
        for column, name in enumerate(ROWS, 1):
            if not lab.ended(asked.out / f"{name}-{modes}".replace(" ", "_")):
                panels[row, column].set_axis_off()
                continue
            drawn = load(asked.out / f"{name}-{modes}".replace(" ", "_")).sample(10_000)[0]
            plots.cloud(panels[row, column], np.asarray(law.to_units(drawn)), limits=limits, title=name)
    plots.save(made, asked.out / NAME, f"10,000 points each; the first of {asked.seeds} seeds")


def main(argv: list[str] | None = None) -> None:
    asked = lab.options(__doc__, NAME, seeds=10, argv=argv)
    results = {}
    for modes in modes_of(asked):
        for row in ROWS:
            folder = lab.trained(asked.out / f"{row}-{modes}".replace(" ", "_"), config_of(row, modes, asked))
            results[modes, row] = figures_of(folder)
    budget = (
        f"{asked.steps:,} generator steps (the lab's 500 epochs were not run)"
        if asked.steps
        else "10 epochs"
        if asked.quick
        else "the lab's 500 epochs"
    )
    lab.write_results(
        asked, NAME, "Lab 004, 11: modes covered by GAN, WGAN-GP and conditional WGAN-GP", budget, tables(asked, results)
    )
    pictures(asked)


if __name__ == "__main__":
    sys.exit(command.run(main))
