"""Lab 002, 3 and 4: linear and convolutional networks on Fashion-MNIST, and what other losses than cross-entropy give.

    python -m experiments.fashion_structures --data-dir DATA    # the lab's 48 epochs, 3 seeds: days on two cores; not run here
    python -m experiments.fashion_structures --quick            # scikit-learn's digits, narrow, 32 steps, 2 seeds: minutes

By the lab's settings (`--recipe lab002`: Adam(2e-4, .5), batch 128, a critic step for each generator step): GAN on `fc`, on a `conv`
generator against an `fc` critic, and on `conv`; then LSGAN, WGAN and WGAN-GP on `conv` (WGAN-GP's critic without batch norm). Samples
are shown and measured after each sixteenth of the run: every 3 epochs of the lab's 48, after which it shows its own. In a shorter run that is as long as 3
epochs these stand for the lab's early samples, else a sixteenth does. Memory is
what XLA says the compiled program needs beside its arguments, and the weights with the optimizers' state; the lab's numbers
are those of a GPU's whole process.

Came out of 1,600 steps, 16 wide, 3 seeds (results/fashion_structures.md; 43 minutes on one core: --steps 1600 --width 16): conv/conv draws best,
then conv/fc, then fc/fc (Frechet distances 244, 472, 857), after 3 epochs too, where the lab has fc/fc ahead; memory is in its order, losses are
not. Between BCE and LSGAN no difference is seen; WGAN learns nothing with the lab's one critic step for each generator step, of WGAN-GP no improvement
is seen. The full schedule was not run.
"""

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import t

from experiments import lab, plots, verdicts
from jaxgan import Config, command
from jaxgan.evaluation import count
from jaxgan.folder import RunFolder
from jaxgan.settings import read_config_file

NAME = "fashion_structures"
STRUCTURES = {"fc/fc": "fc", "conv/fc": "fc_conv", "conv/conv": "conv"}  # generator/critic
LOSSES = {"BCE": "gan", "LSGAN": "lsgan", "WGAN": "wgan", "WGAN-GP": "wgan_gp"}
BEST = "conv/conv"  # on which the losses are compared; with BCE it is the same run
ROWS: dict[str, dict[str, Any]] = {
    **{row: {"variant": "gan", "network": network} for row, network in STRUCTURES.items()},
    **{row: {"variant": variant, "network": "conv"} for row, variant in LOSSES.items() if row != "BCE"},
}
LAB_MEMORY = {"fc/fc": 287, "conv/fc": 603, "conv/conv": 811}  # lab 002, 3.2, MB
NARROW = 8  # width of the quick form
PARTS = 16  # of a run; 3 of the lab's 48 epochs each
STEPS, QUICK = 22_512, 32  # 48 epochs of 469 batches
CHANCE = 2 * np.log(2)  # the critic's loss where it gives every picture a half
METRICS = {"fid_lab": 1, "precision_lab": 2, "recall_lab": 2, "class_entropy_bits_lab": 2}  # of the last samples: digits shown


def sizes(options: lab.Options) -> tuple[int, int]:
    """Samples measured at the end of a run, and at each measurement within it."""
    return (200, 200) if options.quick else (10_000, 1000)


def config_of(fields: dict[str, Any], options: lab.Options) -> Config:
    steps = options.length(STEPS, QUICK)
    what: dict[str, Any] = {"dataset": "fashion_mnist"}
    if options.quick:
        what = {"dataset": "digits", "hidden_dim": NARROW, "batch_size": 32}
    if options.width:
        what["hidden_dim"] = options.width
    part = max(1, steps // PARTS)
    return Config(
        **fields, **what, recipe="lab002", steps=steps, replicas=options.seeds, data_dir=options.data_dir, log_every=max(1, steps // (16 if options.quick else 96)),
        sample_every=part, checkpoint_every=4 * part, keep_checkpoints=1, metrics_every=part * (4 if options.quick else 1),
        metrics_samples=sizes(options)[1],
    )  # fmt: skip


def over_the_run(folder: Path, distance: str) -> dict[str, np.ndarray]:
    """What the lab's findings are compared with, a number a seed; `distance` is the name of the Frechet distance."""
    if not lab.is_finished(folder):
        return {}
    distances = lab.curves(folder, distance)[1]
    critic, generator = (lab.curves(folder, f"{player}_loss")[1] for player in ("critic", "generator"))
    if not distances.size or not critic.size:
        return {}
    half, quarter = max(2, len(distances) // 2), max(1, len(generator) // 4)
    return {
        "critic's loss": lab.last_part(folder, "critic_loss"),
        "generator's loss": generator[-quarter:].mean(0),
        "generator's loss, a quarter before": generator[-2 * quarter : -quarter].mean(0),
        "early FID": early(folder, distance),
        "first FID": distances[0],
        "last FID": distances[-1],
        "wobble of FID": verdicts.wobble(distances[-half:]),
    }


def early(folder: Path, distance: str) -> np.ndarray:
    """The Frechet distance at the measurement (after the first, of step 0) that is nearest to `early_step`."""
    steps, distances = lab.curves(folder, distance)
    config = read_config_file(RunFolder(folder).config)
    assert config.steps is not None
    return distances[1:][np.abs(steps[1:] - early_step(config.steps, config.dataset)).argmin()]


def early_step(steps: int, dataset: str) -> int:
    """The lab's 3 epochs, where a run on its data is as long; else a sixteenth of the run, as they are of the lab's 48."""
    return STEPS // PARTS if dataset == "fashion_mnist" and steps >= STEPS // PARTS else max(1, steps // PARTS)


def near(values: np.ndarray, target: float, within: float) -> str:
    """Whether the mean lies within `within` of the target."""
    values = values[np.isfinite(values)]
    if not len(values):
        return "not told (no seed got there)"
    return "confirmed" if abs(values.mean() - target) <= within else "refuted"


def converged(before: np.ndarray, after: np.ndarray) -> str:
    """Whether a loss has come to rest: its change from the third to the last quarter lies, with 95 % confidence, within a twentieth of it."""
    change = (after - before)[np.isfinite(after - before)]
    if len(change) < 2:
        return "is not told (too few seeds)"
    error = t.ppf(0.975, len(change) - 1) * change.std(ddof=1) / len(change) ** 0.5
    if abs(change.mean()) + error <= 0.05 * abs(np.nanmean(before)):
        return "has come to rest"
    trend = verdicts.trend(before, after)
    return f"still {trend}" if trend in ("rises", "falls") else "is not told (the seeds differ too much)"


def times_of(config: Config) -> dict[str, float]:
    """What stands for the lab's 3 and 48 epochs, and the share of the run at which it is."""
    steps = config.steps
    assert steps is not None
    step = early_step(steps, config.dataset)
    if config.dataset != "fashion_mnist":
        return {"a sixteenth of the run": step / steps, "the end of the run": 1.0}
    epochs = f"{48 * steps / STEPS:.2g} epochs"
    return {
        "3 epochs" if step == STEPS // PARTS else "a sixteenth of the run": step / steps,
        epochs if steps == STEPS else f"the end of the run ({epochs})": 1.0,
    }


def findings(runs: Mapping[str, dict[str, np.ndarray]], memory: Mapping[str, dict[str, float]], times: Sequence[str]) -> str:
    """The lab's findings, and whether the values confirm them; `times` names what stands for its 3 and 48 epochs."""

    def of(row: str, name: str) -> np.ndarray:
        return runs.get(BEST if row == "BCE" else row, {}).get(name, np.array([]))

    def claim(words: str, name: str, less: str, more: str, digits: int = 2) -> list[str]:
        a, b = of(less, name), of(more, name)
        return [
            words,
            verdicts.verdict(a, b),
            f"{name}: {less} {lab.mean_and_deviation(a, digits)}, {more} {lab.mean_and_deviation(b, digits)}",
        ]

    def steady(words: str, less: str, more: str) -> list[str]:
        runs_of = {row: runs.get(BEST if row == "BCE" else row, {}) for row in (less, more)}
        a, b = (of(row, "wobble of FID") for row in (less, more))
        verdict = verdicts.steadier(runs_of[less], runs_of[more], "FID")
        return [words, verdict, f"wobble of FID: {less} {lab.mean_and_deviation(a, 3)}, {more} {lab.mean_and_deviation(b, 3)}"]

    def rest(words: str, row: str, expected: bool) -> list[str]:
        before, after = of(row, "generator's loss, a quarter before"), of(row, "generator's loss")
        result = converged(before, after) if len(before) else "is not told (no values)"
        verdict = "not told" if "told" in result else "confirmed" if ("rest" in result) is expected else "refuted"
        return [
            words,
            verdict,
            f"it {result}: {lab.mean_and_deviation(before)} in the third quarter, {lab.mean_and_deviation(after)} in the last",
        ]

    last = of(BEST, "critic's loss")
    rows = [
        _memory_claim("fc/fc needs least memory, then conv/fc, then conv/conv", memory, "temporary"),
        _memory_claim("... of weights and optimizers", memory, "state"),
        claim("fc/fc's critic errs more than conv/conv's", "critic's loss", BEST, "fc/fc"),
        claim("conv/fc's critic errs more than conv/conv's", "critic's loss", BEST, "conv/fc"),
        rest("fc/fc's generator loss converges", "fc/fc", True),
        rest("conv/fc's generator loss converges", "conv/fc", True),
        rest("conv/conv's generator loss does not", BEST, False),
        ["conv/conv's critic loss ends at about .5 (within .1)", near(last, 0.5, 0.1), lab.mean_and_deviation(last)],
        [f"... where it cannot tell real from generated (a loss of {CHANCE:.2f} says so; within .1)", near(last, CHANCE, 0.1),
         lab.mean_and_deviation(last)],
        claim(f"At {times[0]} fc/fc is ahead of conv/conv", "early FID", "fc/fc", BEST, 1),
        claim("... and of conv/fc", "early FID", "fc/fc", "conv/fc", 1),
        claim(f"At {times[1]} conv/conv is better than fc/fc", "last FID", BEST, "fc/fc", 1),
        claim("... and than conv/fc", "last FID", BEST, "conv/fc", 1),
        claim("conv/fc is better than fc/fc", "last FID", "conv/fc", "fc/fc", 1),
        *(steady(f"{row} is more stable than BCE", row, "BCE") for row in LOSSES if row != "BCE"),
        *(claim(f"{row} draws better than BCE", "last FID", row, "BCE", 1) for row in LOSSES if row != "BCE"),
        claim("WGAN-GP draws better than WGAN with clipping", "last FID", "WGAN-GP", "WGAN", 1),
    ]  # fmt: skip
    return lab.table(["the lab's finding", "verdict", "values"], rows)


def _memory_claim(words: str, memory: Mapping[str, dict[str, float]], what: str) -> list[str]:
    """A compiled program's bytes have no chance in them: they are compared as they are."""
    if not all(row in memory for row in STRUCTURES):
        return [words, "not run", ""]
    values = [memory[row][what] for row in STRUCTURES]
    verdict = "confirmed" if values == sorted(values) and len(set(values)) == len(values) else "refuted"
    return [words, verdict, ", ".join(f"{row} {value / 1e6:.1f} MB" for row, value in zip(STRUCTURES, values, strict=True))]


def in_words(runs: Mapping[str, dict[str, np.ndarray]], final: Mapping[str, np.ndarray], times: Sequence[str]) -> str:
    """The order of the structures, early and late, and of the losses."""

    def of(rows: Mapping[str, str], name: str) -> str:
        return verdicts.ordered({row: runs.get(row, {}).get(name, np.array([])) for row in rows})

    losses = {row: final.get(BEST if row == "BCE" else row, np.array([])) for row in LOSSES}
    return "\n".join([
        "Best first, < where the next is worse beyond chance, ~ where that is not seen:",
        "",
        f"- structures at {times[0]}: {of(STRUCTURES, 'early FID')}",
        f"- structures at {times[1]}: {verdicts.ordered({row: final.get(row, np.array([])) for row in STRUCTURES})}",
        f"- losses on conv/conv at {times[1]}: {verdicts.ordered(losses)}",
    ])  # fmt: skip


def metrics_table(metrics: Mapping[str, dict[str, np.ndarray]], n: int) -> str:
    names = {f"{name}_{count(n)}": digits for name, digits in METRICS.items()}
    shown = {f"{BEST}, BCE" if row == BEST else f"{BEST}, {row}" if row in LOSSES else row: own for row, own in metrics.items()}
    return lab.table(["", *names, "seeds"], [[row, *lab.values_row(own, names)] for row, own in shown.items()])


def memory_table(memory: Mapping[str, dict[str, float]]) -> str:
    rows = [
        [row, *(f"{memory[row][what] / 1e6:.1f}" for what in ("temporary", "state")), LAB_MEMORY[row]] for row in STRUCTURES
    ]
    return lab.table(["MB a seed", "compiled program's own", "weights and optimizers", "the lab's GPU, whole process"], rows)


def draw_curves(options: lab.Options, folders: Mapping[str, Path], distance: str) -> None:
    """Draws losses and distances over the run, the networks above, the losses below."""
    figure, panels = plots.new_figure(2, 3, width=3.6, height=2.5)
    shown = {"critic_loss": "critic's loss", "generator_loss": "generator's loss", distance: "Frechet distance"}
    studies = {"networks": {row: row for row in STRUCTURES}, "losses": {row: BEST if row == "BCE" else row for row in LOSSES}}
    for down, (study, rows) in enumerate(studies.items()):
        for axes, (name, words) in zip(panels[down], shown.items(), strict=True):
            for (label, row), colour in zip(rows.items(), plots.COLOURS, strict=False):
                plots.draw_band(axes, *lab.curves(folders[row], name), label, colour)
            if name == distance:
                axes.set_yscale("log")
            elif study == "losses":
                axes.set_yscale("symlog", linthresh=0.1)
            title = f"{study}: {words}"
            plots.finish_axes(axes, title=title, x="generator steps", legend=name == distance)
    plots.save_figure(
        figure,
        options.out / NAME,
        f"mean and standard deviation of {options.seeds} seeds; the losses are compared on conv/conv",
    )


def main(argv: list[str] | None = None) -> None:
    options = lab.read_options(__doc__, NAME, seeds=3, argv=argv, width="all networks")
    n, within = sizes(options)
    times = times_of(config_of(ROWS[BEST], options))
    folders = lab.train_all(
        options, {row: (options.out / row.replace("/", "-"), config_of(fields, options)) for row, fields in ROWS.items()}
    )
    memory = {
        row: lab.read_or_compute(folders[row] / "memory.json", partial(lab.memory_of, config_of(ROWS[row], options)))
        for row in STRUCTURES
    }
    metrics = {row: lab.measure_once(folder, n) for row, folder in folders.items()}
    distance = f"fid_lab_{count(within)}"
    runs = {row: over_the_run(folder, distance) for row, folder in folders.items()}
    final = {row: own.get(f"fid_lab_{count(n)}", np.array([])) for row, own in metrics.items()}
    parts = {
        "Metrics of the last samples": metrics_table(metrics, n),
        "Memory": memory_table(memory),
        "The lab's findings": findings(runs, memory, list(times)),
        "In words": in_words(runs, final, list(times)),
    }
    budget = options.budget("digits, narrow networks" if options.quick else "Fashion-MNIST", STEPS, QUICK, "all networks")
    lab.write_results(options, NAME, "Lab 002: networks and losses on Fashion-MNIST", budget, parts)
    draw_curves(options, folders, distance)
    names = {f"{BEST}, {row}" if row in LOSSES else row: folder for row, folder in folders.items()}
    shares = {"a sixteenth of the run": 1 / PARTS} | times if times.get("3 epochs", 0) > 2 / PARTS else times
    caption = f"the first of {options.seeds} seeds, the same latents in each column"
    plots.save_figure(plots.samples_figure(names, shares), options.out / f"{NAME}-samples", caption)


if __name__ == "__main__":
    sys.exit(command.run(main))
