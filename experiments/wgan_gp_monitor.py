"""Lab 001: what to watch in WGAN-GP, and what clipping does to a critic's weights in its place.

    python -m experiments.wgan_gp_monitor --data-dir DATA    # MNIST, `fc`, 3,000 steps, 3 seeds: 35 minutes on one core
    python -m experiments.wgan_gp_monitor --quick            # scikit-learn's digits, `fc`, 200 steps, 2 seeds: a minute or two

The lab asks to watch the critic's loss, the generator's, the size of the penalty, and the norm of the critic's gradient, which the penalty
pulls to 1. Beside it a WGAN whose weights are clipped to .01, the networks and data the same, the optimizer its own paper's: its gradients, and the histogram of both critics'
weights (arXiv 1704.00028, figure 1b: clipping pushes them to the two ends).

Came out (results/wgan_gp_monitor.md): the penalty holds the gradient's norm between .98 and 1.24, 1.06 at the end; 47 % of the clipped critic's weights
lie at the two ends, none of the penalized one's.
"""

import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jaxgan.config import Config

from experiments import lab, plots
from jaxgan import command
from jaxgan.errors import UserError

NAME = "wgan_gp_monitor"
CLIP = 0.01
STEPS, QUICK = 3000, 200
ROWS: dict[str, dict[str, Any]] = {
    "WGAN-GP": {"variant": "wgan_gp", "optimizer": "adam", "learning_rate": 1e-4, "beta1": 0.0, "beta2": 0.9},
    "WGAN, clipped": {"variant": "wgan", "optimizer": "rmsprop", "learning_rate": 5e-5, "clip": CLIP},
}
WATCHED = {  # figure: what it is
    "critic_loss": "critic's loss",
    "generator_loss": "generator's loss",
    "gradient_penalty": "penalty, weight included",
    "gradient_norm": "norm of the critic's gradient",
}


def config_of(row: str, asked: lab.Options) -> Config:
    what: dict[str, Any] = {"dataset": "mnist", "batch_size": 64}
    if asked.quick:
        what = {"dataset": "digits", "batch_size": 32, "hidden_dim": 64}
    steps = asked.length(STEPS, QUICK)
    return Config(
        **what,
        **ROWS[row],
        steps=steps,
        network="fc",
        n_critic=5,
        recipe="paper",
        replicas=asked.seeds,
        data_dir=asked.data_dir,
    )


def weights_of(folder: Path) -> list[np.ndarray]:
    """All weights of every seed's critic in one row, biases left out; nothing of seeds that diverged."""
    found = []
    for run in lab.replicas(folder):
        leaves = jax.tree_util.tree_leaves_with_path(run.state.critic.params)
        weights = np.concatenate([np.ravel(leaf) for path, leaf in leaves if "kernel" in str(path[-1])])
        if np.isfinite(weights).all():
            found.append(weights)
    return found


def at_the_ends(weights: np.ndarray, reach: float) -> float:
    """The share of weights within a twentieth of `reach` of -reach or reach."""
    return float((np.abs(weights) > 0.95 * reach).mean())


def tables(folders: dict[str, Path], weights: dict[str, list[np.ndarray]]) -> dict[str, str]:
    def last(row: str, figure: str) -> str:
        return lab.spread(lab.last_part(folders[row], figure), 3)

    watched = [[words, *(last(row, figure) for row in ROWS)] for figure, words in WATCHED.items()]
    near = [
        "share of near-zero entries in the critic's gradient",
        *(lab.spread(lab.curves(folders[row], "critic_gradient_near_zero")[1][-1], 3) for row in ROWS),
    ]
    ends = [
        f"share of weights at the ends (of the largest; of ±{CLIP:g})",
        lab.spread([at_the_ends(w, float(np.abs(w).max())) for w in weights["WGAN-GP"]], 3),
        lab.spread([at_the_ends(w, CLIP) for w in weights["WGAN, clipped"]], 3),
    ]
    deviation = ["standard deviation of the weights", *(lab.spread([float(w.std()) for w in weights[row]], 4) for row in ROWS)]
    first = lab.curves(folders["WGAN-GP"], "gradient_norm")[1]
    said = (
        f"WGAN-GP's gradient norm between real and generated samples goes from {lab.spread(first[0], 2)} at the first log to {last('WGAN-GP', 'gradient_norm')}"
        f" over the last tenth of the run (the penalty pulls it to 1); the clipped critic's is {last('WGAN, clipped', 'gradient_norm')}. "
        f"{ends[2]} of the clipped weights lie within a twentieth of the bound."
    )
    return {
        "Over the last tenth of the run": lab.table(["", *ROWS], watched),
        "At the end": lab.table(["", *ROWS], [near, ends, deviation]),
        "In words": said,
    }


def pictures(asked: lab.Options, folders: dict[str, Path], weights: dict[str, list[np.ndarray]]) -> None:
    made, panels = plots.figure(2, 3, width=3.6, height=2.6)
    for axes, (figure, words) in zip(panels.ravel(), WATCHED.items(), strict=False):
        for row, colour in zip(ROWS, plots.COLOURS, strict=False):
            steps, values = lab.curves(folders[row], figure)
            if len(steps):
                plots.band(axes, steps, values, row, colour)
        if figure == "gradient_norm":
            axes.axhline(1, color="#555555", lw=0.8, ls="--")
        plots.finish(axes, title=words, x="generator steps")
    for axes, (row, own), colour in zip(panels.ravel()[4:], weights.items(), plots.COLOURS, strict=False):
        reach = CLIP if row == "WGAN, clipped" else float(np.quantile(np.abs(own[0]), 0.999))
        axes.hist(np.concatenate(own), bins=101, range=(-1.02 * reach, 1.02 * reach), color=colour)
        plots.finish(axes, title=f"{row}: the critic's weights", legend=False)
        axes.set_yscale("log")
    plots.save(made, asked.out / NAME, f"mean and standard deviation of {asked.seeds} seeds; histograms of all seeds together")


def main(argv: list[str] | None = None) -> None:
    asked = lab.options(__doc__, NAME, seeds=3, argv=argv)
    folders = {row: lab.trained(asked.out / row.replace(", ", "-"), config_of(row, asked)) for row in ROWS}
    for row, folder in folders.items():
        if not lab.ended(folder):
            raise UserError(f"{folder}: no seed of {row} was trained to the end")
    weights = {row: weights_of(folder) for row, folder in folders.items()}
    budget = asked.budget("digits, fc" if asked.quick else "MNIST, fc", STEPS, QUICK) + " of 5 critic steps"
    lab.write_results(asked, NAME, "Lab 001: watching WGAN-GP", budget, tables(folders, weights))
    pictures(asked, folders, weights)


if __name__ == "__main__":
    sys.exit(command.run(main))
