"""Which remedy covers all modes? Ring and grid by PacGAN's protocol: `python -m experiments.mode_coverage`.

Every row trains 10 seeds side by side, on `ring8` and `grid25`, then measures 2,500 points a seed (arXiv 1712.04086, section 4.1): modes with at
least one sample within 3 standard deviations, the share of such samples, and the reverse KL divergence over the modes; mean and standard
error over the seeds. What all rows share: the `mlp` networks 128 wide, batch 100, points drawn afresh, CRITIC_STEPS critic steps (of `sinkhorn`
generator steps), Adam(1e-3, .5, .9) with rates that fall to 0 by a half cosine, samples from averaged weights (decay .999; .99
where five critic steps leave a fifth of the generator's); the last row shows what
ten times the steps give. --full makes the paper's 400 epochs of 1,000 batches instead: hours a row on two cores, meant for an accelerator. --rows
and --datasets choose some.

A row's run lies in OUT/NAME/; its results are written to OUT/NAME.json and it is not trained again: the same command goes on after an
interruption (another budget needs another OUT). The tables go to OUT/mode_coverage.md, samples of the first seed to OUT/mode_coverage.png and .pdf. What came out stands in experiments/results/mode_coverage.md.
"""

import argparse
import dataclasses
import json
import statistics
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from experiments import lab, plots
from experiments.benchmarks.against_pytorch import machine
from jaxgan import Config, command
from jaxgan.cache import keep_compiled_programs
from jaxgan.files import json_text, replacing, write_atomically
from jaxgan.folder import RunFolder, read_object
from jaxgan.metrics import mode_coverage
from jaxgan.runs import load_all
from jaxgan.settings import read_config_file

CRITIC_STEPS, FULL, LONGER = 4_000, 400_000, 10
POINTS = 2_500
LONG = "r3gan, 10 times the steps"
GENTLE = {
    "critic_optimizer": "rmsprop",
    "optimizer": "rmsprop",
    "learning_rate": 5e-4,
    "clip": 0.1,
    "beta1": None,
    "beta2": None,
}
ROWS: dict[str, dict[str, Any]] = {
    "gan": {"variant": "gan"},
    "gan, minibatch discrimination": {"variant": "gan", "minibatch_discrimination": True},
    "gan, pac 2": {"variant": "gan", "pac": 2},
    "gan, pac 4": {"variant": "gan", "pac": 4},
    "gan, unroll 5": {"variant": "gan", "unroll": 5},
    "gan, 4 generators told apart (MGAN)": {"variant": "gan", "generators": 4},
    "gan, 4 generators": {"variant": "gan", "generators": 4, "generator_classifier_weight": 0.0},
    "gan, conditional": {"variant": "gan", "conditional": True},
    "gan, spectral norm": {"variant": "gan", "spectral_norm": True},
    "lsgan": {"variant": "lsgan"},
    "began": {"variant": "began", "balance_rate": 0.01},
    "ebgan": {"variant": "ebgan", "margin": 0.2},
    "wgan": {"variant": "wgan", "n_critic": 5, **GENTLE},
    "wgan_gp": {"variant": "wgan_gp", "n_critic": 5, "gradient_penalty_weight": 0.1},
    "wgan_gp, pac 2": {"variant": "wgan_gp", "n_critic": 5, "gradient_penalty_weight": 0.1, "pac": 2},
    "wgan_lp": {"variant": "wgan_lp", "n_critic": 5, "gradient_penalty_weight": 0.1},
    "wgan_div": {"variant": "wgan_div", "n_critic": 5},
    "dragan": {"variant": "dragan", "gradient_penalty_weight": 0.1},
    "sngan": {"variant": "sngan", "n_critic": 5},
    "rpgan": {"variant": "rpgan"},
    "r3gan": {"variant": "r3gan", "r1_weight": 0.1, "r2_weight": 0.1},
    "r3gan, penalty every 4": {"variant": "r3gan", "r1_weight": 0.1, "r2_weight": 0.1, "penalty_every": 4},
    "ct_gan": {"variant": "ct_gan", "n_critic": 5, "gradient_penalty_weight": 0.1, "dropout": 0.1},
    "sinkhorn": {"variant": "sinkhorn", "n_critic": 0, "sinkhorn_epsilon": 0.01},
    LONG: {"variant": "r3gan", "r1_weight": 0.01, "r2_weight": 0.01},
}


def config_of(row: str, dataset: str, seeds: int, critic_steps: int) -> Config:
    common: dict[str, Any] = {
        "dataset": dataset, "recipe": "paper", "batch_size": 100, "n_critic": 1, "hidden_dim": 128, "latent_dim": 2, "optimizer": "adam",
        "learning_rate": 1e-3, "beta1": 0.5, "beta2": 0.9, "schedule": "cosine", "ema": 0.999, "replicas": seeds,
    }  # fmt: skip
    fields = {**common, **ROWS[row]}
    if fields["n_critic"] == 5:
        fields["ema"] = 0.99  # a fifth of the generator steps: .999 would still leave half of the first weights
    times = LONGER if row == LONG and critic_steps < FULL else 1
    steps = times * critic_steps // max(1, fields["n_critic"])
    return Config(
        **fields, steps=steps, sample_every=max(1, steps // 4), checkpoint_every=max(1, steps // 40), keep_checkpoints=1
    )


def measure_row(folder: Path) -> tuple[dict[str, Any], np.ndarray]:
    """The results of a finished run, and the first seed's points in the distribution's units; seeds that diverged have none."""
    replicas = load_all(folder).every_replica if lab.is_finished(folder) else []
    seeds, points = [], np.zeros((POINTS, 2))
    for number, run in enumerate(replicas):
        distribution = run.dataset.distribution
        assert distribution is not None
        labels = jnp.arange(POINTS) % run.gan.n_classes if run.gan.n_classes else None  # all modes in turn
        units = np.asarray(distribution.to_units(run.sample(POINTS, labels=labels)[0]))
        points = units if number == 0 else points
        if np.isfinite(units).all():
            coverage = mode_coverage(units, distribution.centres, distribution.std)
            seeds.append({name: float(getattr(coverage, name)) for name in ("modes", "high_quality", "reverse_kl")})
    config = read_object(RunFolder(folder).config)
    memory = lab.memory_of(dataclasses.replace(read_config_file(RunFolder(folder).config), out=None))
    return {
        "config": config,
        "seeds": seeds,
        "diverged": config["replicas"] - len(seeds),
        "seconds_a_step_and_seed": 1 / np.median(lab.curves(folder, "steps_per_second")[1]) / config["replicas"],
        "temporary_bytes_a_seed": memory["temporary"],
    }, points


ROW_FILES = {row: "".join(c if c.isalnum() else "_" for c in row) for row in ROWS}


def row_file(folder: Path, dataset: str, row: str) -> Path:
    """The file of a row's results; its points lie beside it as .npy, its run in the folder of the same name."""
    return folder / f"{dataset}-{ROW_FILES[row]}.json"


def run_of(folder: Path, dataset: str, row: str, seeds: int, critic_steps: int) -> lab.Run:
    """The run of a row."""
    return row_file(folder, dataset, row).with_suffix(""), config_of(row, dataset, seeds, critic_steps)


def train_rows_ahead(
    cluster: str | None, folder: Path, datasets: Iterable[str], rows: Sequence[str], seeds: int, critic_steps: int
) -> None:
    """With a cluster, trains the rows that have no results at its workers, for `train_row_once` to measure."""
    both = [(dataset, row) for dataset in datasets for row in rows if not row_file(folder, dataset, row).is_file()]
    lab.train_ahead(cluster, (run_of(folder, *own, seeds, critic_steps) for own in both))


def train_row_once(folder: Path, dataset: str, row: str, seeds: int, critic_steps: int) -> dict[str, Any]:
    """The results of a row: read where they are there, else trained (or resumed), measured and written.

    Raises:
        UserError: the row that is there was run with another budget.
        KeyboardInterrupt: on Ctrl-C, after a checkpoint is safe.
    """
    file, run = row_file(folder, dataset, row), run_of(folder, dataset, row, seeds, critic_steps)
    if file.is_file():
        lab.require_same_budget(file, read_object(file)["config"], run[1])
    else:
        results, points = measure_row(lab.train_once(*run))
        with replacing(file.with_suffix(".npy")) as array:
            np.save(array, points)
        write_atomically(file, json_text(results))
    return read_object(file)


def mean_and_error(values: list[float], factor: float = 1.0, digits: int = 1) -> str:
    """Mean ± standard error; of one value, the value."""
    mean = f"{factor * statistics.mean(values):.{digits}f}"
    return mean + (f"±{factor * statistics.stdev(values) / len(values) ** 0.5:.{digits}f}" if len(values) > 1 else "")


def table(results: dict[str, dict], dataset: str) -> str:
    """The results as a table in Markdown, cost and memory by those of the plain GAN's step."""
    modes = {"ring8": 8, "grid25": 25}[dataset]
    lines = [
        f"| {dataset} | modes of {modes} | all modes, in seeds | high quality, % | reverse KL | a generator step's time, by the GAN's | memory, by the GAN's | diverged |",
        "|---|---|---|---|---|---|---|---|",
    ]
    base = results.get("gan")
    for row, result in results.items():
        own = result["seeds"]
        cost = memory = "-"
        if base:
            cost = f"{result['seconds_a_step_and_seed'] / base['seconds_a_step_and_seed']:.1f}"
            memory = f"{result['temporary_bytes_a_seed'] / base['temporary_bytes_a_seed']:.1f}"
        if not own:
            lines.append(f"| {row} | - | - | - | - | {cost} | {memory} | {result['diverged']} |")
            continue
        lines.append(
            f"| {row} | {mean_and_error([s['modes'] for s in own])} | {sum(s['modes'] == modes for s in own)} of {len(own) + result['diverged']}"
            f" | {mean_and_error([s['high_quality'] for s in own], 100)} | {mean_and_error([s['reverse_kl'] for s in own], 1, 2)}"
            f" | {cost} | {memory} | {result['diverged']} |"
        )
    return "\n".join(lines)


def draw_picture(folder: Path, datasets: list[str], rows: list[str], seeds: int) -> None:
    """Draws the first seed's points of every row, a column a data set, as PNG and PDF."""
    from matplotlib.figure import Figure

    shown = [row for row in rows if all(row_file(folder, dataset, row).is_file() for dataset in datasets)]
    across = 6
    down = -(-len(shown) * len(datasets) // across)
    figure = Figure(figsize=(2.1 * across, 2.3 * down), dpi=80, layout="constrained")
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for panel in panels:
        panel.set_axis_off()
    for panel, (row, dataset) in zip(panels, [(row, dataset) for row in shown for dataset in datasets], strict=False):
        points = np.load(row_file(folder, dataset, row).with_suffix(".npy"))
        reach = {"ring8": 1.4, "grid25": 5.2}[dataset]
        panel.set_axis_on()
        panel.scatter(*points.T, s=0.6, c="#0072b2", alpha=0.35, linewidths=0)
        panel.set(xlim=(-reach, reach), ylim=(-reach, reach), xticks=[], yticks=[], aspect="equal")
        panel.set_title(row, fontsize=7)
    plots.save_figure(figure, folder / "mode_coverage", f"{POINTS:,} points of the first of {seeds} seeds")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", nargs="*", default=list(ROWS), choices=list(ROWS), metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--datasets", nargs="*", default=["ring8", "grid25"], choices=["ring8", "grid25"])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--critic-steps", type=int, default=CRITIC_STEPS)
    parser.add_argument("--full", action="store_true", help=f"{FULL:,} critic steps, as the paper")
    parser.add_argument("--no-training", action="store_true", help="tables and picture of the rows that are finished")
    parser.add_argument("--out", type=Path, default=Path("runs/mode_coverage"))
    parser.add_argument("--cluster", metavar="ADDRESS", help=lab.CLUSTER_HELP)
    options = parser.parse_args()
    keep_compiled_programs()
    critic_steps = FULL if options.full else options.critic_steps
    options.out.mkdir(parents=True, exist_ok=True)
    tables = [json.dumps(machine()), f"{options.seeds} seeds, {critic_steps:,} critic steps"]
    if not options.no_training:
        train_rows_ahead(options.cluster, options.out, options.datasets, options.rows, options.seeds, critic_steps)
    for dataset in options.datasets:
        results = {}
        for row in options.rows:
            if options.no_training and not row_file(options.out, dataset, row).is_file():
                continue
            results[row] = train_row_once(options.out, dataset, row, options.seeds, critic_steps)
            print(table({row: results[row]}, dataset).splitlines()[-1], flush=True)
        tables.append(table(results, dataset))
    write_atomically(options.out / "mode_coverage.md", ("\n\n".join(tables) + "\n").encode())
    draw_picture(options.out, options.datasets, options.rows, options.seeds)
    print(options.out / "mode_coverage.md")


if __name__ == "__main__":
    sys.exit(command.run(main))
