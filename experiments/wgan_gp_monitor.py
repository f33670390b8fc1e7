"""Lab 001: what to watch in WGAN-GP, and what clipping does to a critic's weights in its place.

    python -m experiments.wgan_gp_monitor --data-dir DATA    # MNIST, `fc`, 3,000 steps, 3 seeds: 35 minutes on one core
    python -m experiments.wgan_gp_monitor --quick            # scikit-learn's digits, `fc`, 200 steps, 2 seeds: a minute or two

The lab asks to watch the critic's loss, the generator's, the size of the penalty, and the norm of the critic's gradient, which the penalty
pulls to 1. Beside it a WGAN whose weights are clipped to .01, the networks and data the same, the optimizer its own paper's: its gradients, and the histogram of both critics'
weights (arXiv 1704.00028, figure 1b: clipping pushes them to the two ends).

Came out (results/wgan_gp_monitor.md): the penalty keeps the gradient's norm between .98 and 1.24, 1.06 at the end; 47 % of the clipped critic's weights
lie at the two ends, none of the penalized one's.
"""

import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np

from experiments import lab, plots
from jaxgan import Config, command
from jaxgan.errors import UserError
from jaxgan.runs import load_all

NAME = "wgan_gp_monitor"
CLIP = 0.01
STEPS, QUICK = 3000, 200
ROWS: dict[str, dict[str, Any]] = {
    "WGAN-GP": {"variant": "wgan_gp", "optimizer": "adam", "learning_rate": 1e-4, "beta1": 0.0, "beta2": 0.9},
    "WGAN, clipped": {"variant": "wgan", "optimizer": "rmsprop", "learning_rate": 5e-5, "clip": CLIP},
}
WATCHED = {  # metric: what it is
    "critic_loss": "critic's loss",
    "generator_loss": "generator's loss",
    "gradient_penalty": "penalty, weight included",
    "gradient_norm": "norm of the critic's gradient",
}


def config_of(row: str, options: lab.Options) -> Config:
    what: dict[str, Any] = {"dataset": "mnist", "batch_size": 64}
    if options.quick:
        what = {"dataset": "digits", "batch_size": 32, "hidden_dim": 64}
    steps = options.length(STEPS, QUICK)
    return Config(
        **what,
        **ROWS[row],
        steps=steps,
        network="fc",
        n_critic=5,
        recipe="paper",
        replicas=options.seeds,
        data_dir=options.data_dir,
    )


def weights_of(folder: Path) -> list[np.ndarray]:
    """All weights of every seed's critic in one row, biases left out; nothing of seeds that diverged."""
    seeds = []
    for run in load_all(folder).every_replica:
        leaves = jax.tree_util.tree_leaves_with_path(run.state.critic.params)
        weights = np.concatenate([np.ravel(leaf) for path, leaf in leaves if "kernel" in str(path[-1])])
        if np.isfinite(weights).all():
            seeds.append(weights)
    return seeds


def at_the_ends(weights: np.ndarray, reach: float) -> float:
    """The share of weights within a twentieth of `reach` of -reach or reach."""
    return float((np.abs(weights) > 0.95 * reach).mean())


def tables(folders: dict[str, Path], weights: dict[str, list[np.ndarray]]) -> dict[str, str]:
    def last(row: str, metric: str) -> str:
        return lab.mean_and_deviation(lab.last_part(folders[row], metric), 3)

    watched = [[words, *(last(row, metric) for row in ROWS)] for metric, words in WATCHED.items()]
    near = [
        "share of near-zero entries in the critic's gradient",
        *(lab.mean_and_deviation(lab.curves(folders[row], "critic_gradient_near_zero")[1][-1], 3) for row in ROWS),
    ]
    ends = [
        f"share of weights at the ends (of the largest; of ±{CLIP:g})",
        lab.mean_and_deviation([at_the_ends(w, float(np.abs(w).max())) for w in weights["WGAN-GP"]], 3),
        lab.mean_and_deviation([at_the_ends(w, CLIP) for w in weights["WGAN, clipped"]], 3),
    ]
    deviation = [
        "standard deviation of the weights",
        *(lab.mean_and_deviation([float(w.std()) for w in weights[row]], 4) for row in ROWS),
    ]
    first = lab.curves(folders["WGAN-GP"], "gradient_norm")[1]
    summary = (
        f"WGAN-GP's gradient norm between real and generated samples goes from {lab.mean_and_deviation(first[0], 2)} at the first log to {last('WGAN-GP', 'gradient_norm')}"
        f" over the last tenth of the run (the penalty pulls it to 1); the clipped critic's is {last('WGAN, clipped', 'gradient_norm')}. "
        f"{ends[2]} of the clipped weights lie within a twentieth of the bound."
    )
    return {
        "Over the last tenth of the run": lab.table(["", *ROWS], watched),
        "At the end": lab.table(["", *ROWS], [near, ends, deviation]),
        "In words": summary,
    }


def draw_pictures(options: lab.Options, folders: dict[str, Path], weights: dict[str, list[np.ndarray]]) -> None:
    figure, panels = plots.new_figure(2, 3, width=3.6, height=2.6)
    for axes, (metric, words) in zip(panels.ravel(), WATCHED.items(), strict=False):
        for row, colour in zip(ROWS, plots.COLOURS, strict=False):
            steps, values = lab.curves(folders[row], metric)
            if len(steps):
                plots.draw_band(axes, steps, values, row, colour)
        if metric == "gradient_norm":
            axes.axhline(1, color="#555555", lw=0.8, ls="--")
        plots.finish_axes(axes, title=words, x="generator steps")
    for axes, (row, own), colour in zip(panels.ravel()[4:], weights.items(), plots.COLOURS, strict=False):
        reach = CLIP if row == "WGAN, clipped" else float(np.quantile(np.abs(own[0]), 0.999))
        axes.hist(np.concatenate(own), bins=101, range=(-1.02 * reach, 1.02 * reach), color=colour)
        plots.finish_axes(axes, title=f"{row}: the critic's weights", legend=False)
        axes.set_yscale("log")
    plots.save_figure(
        figure, options.out / NAME, f"mean and standard deviation of {options.seeds} seeds; histograms of all seeds together"
    )


def main(argv: list[str] | None = None) -> None:
    options = lab.read_options(__doc__, NAME, seeds=3, argv=argv)
    folders = lab.train_all(options, {row: (options.out / row.replace(", ", "-"), config_of(row, options)) for row in ROWS})
    for row, folder in folders.items():
        if not lab.is_finished(folder):
            raise UserError(f"{folder}: no seed of {row} was trained to the end")
    weights = {row: weights_of(folder) for row, folder in folders.items()}
    budget = options.budget("digits, fc" if options.quick else "MNIST, fc", STEPS, QUICK) + " of 5 critic steps"
    lab.write_results(options, NAME, "Lab 001: watching WGAN-GP", budget, tables(folders, weights))
    draw_pictures(options, folders, weights)


if __name__ == "__main__":
    sys.exit(command.run(main))
