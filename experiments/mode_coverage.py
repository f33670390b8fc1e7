"""Which remedy covers all modes? Ring and grid by PacGAN's protocol: `python -m experiments.mode_coverage`.

Every row trains 10 seeds side by side, on `ring8` and `grid25`, then measures 2,500 points a seed (arXiv 1712.04086, section 4.1): modes with at
least one sample within 3 standard deviations, the share of such samples, and the reverse KL divergence over the modes; mean and standard
error over the seeds. What all rows share: the `mlp` networks 128 wide, batch 100, points drawn afresh, CRITIC_STEPS critic steps (of `sinkhorn`
generator steps), Adam(1e-3, .5, .9) with rates that fall to 0 by a half cosine, samples from averaged weights (decay .999; .99
where five critic steps leave a fifth of the generator's); the last row shows what
ten times the steps give. --full makes the paper's 400 epochs of 1,000 batches instead: hours a row on two cores, meant for an accelerator. --rows
and --datasets choose some.

A finished row is written to OUT/NAME.json at once and not trained again: the same command goes on after an interruption (another budget needs
another OUT). The tables go to
OUT/mode_coverage.md, samples of the first seed to OUT/mode_coverage.png and .pdf. What came out stands in experiments/results/mode_coverage.md.
"""

import argparse
import dataclasses
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments import plots
from experiments.benchmarks.against_pytorch import machine
from experiments.lab import require_same_budget
from jaxgan import Config, command
from jaxgan.cache import keep_compiled_programs
from jaxgan.metrics import mode_coverage
from jaxgan.settings import resolve

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
    return Config(**fields, steps=times * critic_steps // max(1, fields["n_critic"]))


def train_row(config: Config) -> tuple[dict[str, Any], np.ndarray]:
    """The results of one row, and the first seed's points in the distribution's units."""
    resolved = resolve(config)
    gan, steps = resolved.gan, resolved.schedule.steps
    program = resolved.program()
    state = program.initial_state()
    compiled = program.lower(state).compile()
    state = program.chunk(state, program.zero_sums(state), 1)[0]
    rates, done, alive = [], 1, np.ones(program.replicas, bool)
    while done < steps:
        n = min(steps - done, max(1, steps // 20))
        began = time.perf_counter()
        state, _, finite = program.chunk(state, program.zero_sums(state), n)
        rates.append((time.perf_counter() - began) / n)
        done, alive = done + n, alive & finite
    distribution = resolved.dataset.distribution
    assert distribution is not None
    labels = jnp.arange(POINTS, dtype=jnp.int32) % max(1, resolved.dataset.n_classes)  # of a conditional row: all modes in turn
    sample = jax.jit(lambda state, key: gan.sample(state, key, POINTS, labels))

    seeds, points = [], np.zeros((POINTS, 2))
    for replica in range(program.replicas):
        own = jax.tree.map(lambda leaf, replica=replica: leaf[replica], state) if program.replicas > 1 else state
        units = np.asarray(distribution.to_units(sample(own, jax.random.key(1000 + replica))))
        points = units if replica == 0 else points
        if alive[replica]:
            coverage = mode_coverage(units, distribution.centres, distribution.std)
            seeds.append({
                "modes": int(coverage.modes), "high_quality": float(coverage.high_quality),
                "reverse_kl": float(coverage.reverse_kl),
            })  # fmt: skip
    memory = compiled.memory_analysis()
    assert memory is not None
    return {
        "config": {k: v for k, v in dataclasses.asdict(resolved.config).items() if v is not None},
        "seeds": seeds,
        "diverged": int((~alive).sum()),
        "seconds_a_step_and_seed": statistics.median(rates) / program.replicas,
        "temporary_bytes_a_seed": memory.temp_size_in_bytes / program.replicas,
    }, points


ROW_FILES = {row: "".join(c if c.isalnum() else "_" for c in row) for row in ROWS}


def row_file(folder: Path, dataset: str, row: str) -> Path:
    """The file of a row's results; its points lie beside it as .npy."""
    return folder / f"{dataset}-{ROW_FILES[row]}.json"


def train_row_once(folder: Path, dataset: str, row: str, seeds: int, critic_steps: int) -> dict[str, Any]:
    """The results of a row: read where it was run already, else run and written.

    Raises:
        UserError: the row that is there was run with another budget.
    """
    file, config = row_file(folder, dataset, row), config_of(row, dataset, seeds, critic_steps)
    if file.is_file():
        require_same_budget(file, json.loads(file.read_text())["config"], config)
    else:
        results, points = train_row(config)
        folder.mkdir(parents=True, exist_ok=True)
        np.save(file.with_suffix(".npy"), points)
        file.write_text(json.dumps(results, default=str))
    return json.loads(file.read_text())


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
    options = parser.parse_args()
    keep_compiled_programs()
    critic_steps = FULL if options.full else options.critic_steps
    options.out.mkdir(parents=True, exist_ok=True)
    tables = [json.dumps(machine()), f"{options.seeds} seeds, {critic_steps:,} critic steps"]
    for dataset in options.datasets:
        results = {}
        for row in options.rows:
            if options.no_training and not row_file(options.out, dataset, row).is_file():
                continue
            results[row] = train_row_once(options.out, dataset, row, options.seeds, critic_steps)
            print(table({row: results[row]}, dataset).splitlines()[-1], flush=True)
        tables.append(table(results, dataset))
    (options.out / "mode_coverage.md").write_text("\n\n".join(tables) + "\n")
    draw_picture(options.out, options.datasets, options.rows, options.seeds)
    print(options.out / "mode_coverage.md")


if __name__ == "__main__":
    sys.exit(command.run(main))
