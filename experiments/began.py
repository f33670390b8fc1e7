"""Why did BEGAN collapse, and under which settings does it not? On the ring and on scikit-learn's digits.

    python -m experiments.began            # 10 seeds on the ring, 1 on digits: about half an hour on one core
    python -m experiments.began --quick    # some steps of each, 2 seeds: a minute or two

Each row changes a setting of the first. The ring is that of `experiments.mode_coverage` with networks 64 wide; digits: `dcgan` and `conv_autoencoder` 8 wide,
batch 32, Adam(1e-3, .5). What the page says of each: modes found or classes drawn, L(x) and L(G(z)), the mean absolute errors by
which the autoencoder redraws real and fake samples, and the weight k, all three over the last tenth of the run.

A finished run is not trained again and a stopped one goes on: the same command continues after an interruption.
"""

import dataclasses
import sys
from pathlib import Path
from typing import Any

import jax.numpy as jnp

from experiments import lab, mode_coverage, plots
from jaxgan import Config, command
from jaxgan.evaluation.images import checked_bytes
from jaxgan.features import lab_classifier
from jaxgan.metrics import class_distribution
from jaxgan.objectives import Variant, began
from jaxgan.objectives.began import BEGAN
from jaxgan.runs import load
from jaxgan.types import Game

NAME = "began"
PLANE_STEPS, STEPS = (2000, 30), (1500, 10)  # in full, quick
SAMPLES = (1000, 100)
FIRST = "as before"
ON_THE_PLANE: dict[str, dict[str, Any]] = {
    FIRST: {"diversity_ratio": 0.5, "balance_rate": 0.01},
    "ratio 1": {"diversity_ratio": 1.0, "balance_rate": 0.01},
    "code of 1": {"diversity_ratio": 0.5, "balance_rate": 0.01, "code_dim": 1},
    "k held at .3": {"variant": "experiments.began:HELD_AT_3"},
    "k held at .6": {"variant": "experiments.began:HELD_AT_6"},
    "conditional": {"diversity_ratio": 0.5, "balance_rate": 0.01, "conditional": True},
    "8 generators told apart": {"diversity_ratio": 0.5, "balance_rate": 0.01, "generators": 8, "batch_size": 104},
}
ON_PICTURES: dict[str, dict[str, Any]] = {
    FIRST: {"diversity_ratio": 0.5, "balance_rate": 0.001},
    "ratio 1.1, rate .01, slower critic": {"diversity_ratio": 1.1, "balance_rate": 0.01, "critic_learning_rate": 5e-4},
    "ratio .5, rate .01, slower critic": {"diversity_ratio": 0.5, "balance_rate": 0.01, "critic_learning_rate": 5e-4},
    "ratio 1.1, rate .01": {"diversity_ratio": 1.1, "balance_rate": 0.01},
}


def held_at(weight: float) -> Variant:
    """BEGAN without its balance: k stands still."""

    def build() -> Game:
        game = began(balance_rate=0.0)
        return game._replace(objective=game.objective._replace(init=lambda: jnp.full((), weight)))

    return Variant(build, BEGAN.reference, (), critic="autoencoder")


HELD_AT_3, HELD_AT_6 = held_at(0.3), held_at(0.6)


def plane_config(row: str, options: lab.Options) -> Config:
    """The run of a row on the ring."""
    config = mode_coverage.config_of("began", "ring8", options.seeds, options.length(*PLANE_STEPS))
    own: dict[str, Any] = {"recipe": None, "diversity_ratio": None, "balance_rate": None, "hidden_dim": 64, "ema": 0.99}
    steps = options.length(*PLANE_STEPS)
    return dataclasses.replace(config, sample_every=steps, checkpoint_every=steps // 2, **{**own, **ON_THE_PLANE[row]})


def picture_config(row: str, options: lab.Options) -> Config:
    """The run of a row on digits: one seed."""
    steps = options.length(*STEPS)
    return Config(
        variant="began", dataset="digits", recipe="paper", generator="dcgan", critic="conv_autoencoder", hidden_dim=8, latent_dim=32,
        code_dim=32, batch_size=32, learning_rate=1e-3, beta1=0.5, ema=0.99, steps=steps, sample_every=max(1, steps // 4),
        checkpoint_every=max(1, steps // 4), keep_checkpoints=1, **ON_PICTURES[row],
    )  # fmt: skip


def balance(folder: Path) -> list[str]:
    """L(x), L(G(z)) and k over the last tenth of a run: mean and deviation over its seeds."""
    real, fake, k = (lab.last_part(folder, name) for name in ("score_real", "score_fake", "k"))
    return [lab.mean_and_deviation(-real, 4), lab.mean_and_deviation(-fake, 4), lab.mean_and_deviation(k, 3)]


def plane_table(folders: dict[str, Path]) -> str:
    rows = []
    for row, folder in folders.items():
        seeds = lab.read_or_compute(folder / "modes.json", lambda folder=folder: mode_coverage.measure_row(folder)[0]["seeds"])
        modes = [seed["modes"] for seed in seeds]
        rows.append(
            [row, mode_coverage.mean_and_error(modes), f"{sum(number == 8 for number in modes)} of {len(modes)}",
             mode_coverage.mean_and_error([seed["high_quality"] for seed in seeds], 100), *balance(folder)]
        )  # fmt: skip
    return lab.table(["setting", "modes of 8", "all modes, in seeds", "high quality, %", "L(x)", "L(G(z))", "k"], rows)


def measure_classes(folder: Path, n: int) -> dict[str, float]:
    """Of n samples: how many of ten classes hold at least 1 %, the share of the rarest, and the share that is classified with p > .9."""
    probabilities = lab_classifier("digits").classify(checked_bytes(load(folder).sample(n)[0]))[0]
    assert probabilities is not None
    shares = class_distribution(probabilities.argmax(1), 10)
    sure = (probabilities.max(1) > 0.9).mean()
    return {"classes": float((shares >= 0.01).sum()), "rarest": float(shares.min()), "sure": float(sure)}


def picture_table(folders: dict[str, Path], n: int) -> str:
    rows = []
    for row, folder in folders.items():
        own = lab.read_or_compute(folder / "classes.json", lambda folder=folder: measure_classes(folder, n))
        cells = [f"{own['classes']:.0f}", f"{100 * own['rarest']:.1f}", f"{100 * own['sure']:.0f}"]
        rows.append([row, *cells, *balance(folder)])
    return lab.table(["setting", "classes of 10", "rarest class, %", "classified with p > .9, %", "L(x)", "L(G(z))", "k"], rows)


def main(argv: list[str] | None = None) -> None:
    flags = {"--only": {"choices": ["plane", "pictures"], "help": "of both parts one"}}
    options, more = lab.read_options_and_more(__doc__, NAME, seeds=10, argv=argv, more=flags)
    parts = {}
    if more["only"] != "pictures":
        folders = {
            row: (options.out / f"ring8-{number}", plane_config(row, options)) for number, row in enumerate(ON_THE_PLANE)
        }
        parts["The ring"] = plane_table(lab.train_all(options, folders))
    if more["only"] != "plane":
        folders = {
            row: (options.out / f"digits-{number}", picture_config(row, options)) for number, row in enumerate(ON_PICTURES)
        }
        trained = lab.train_all(options, folders)
        parts["Digits"] = picture_table(trained, SAMPLES[options.quick])
        figure = plots.samples_figure(
            {row.replace(", ", ",\n"): folder for row, folder in trained.items()}, {"half way": 0.5, "at the end": 1.0}
        )
        plots.save_figure(figure, options.out / NAME, "one seed")
    budget = f"ring: mlp, 64 wide, batch 100, {options.length(*PLANE_STEPS):,} steps; digits: one seed, {options.length(*STEPS):,} steps"
    lab.write_results(options, NAME, "BEGAN: why it collapsed", budget, parts)


if __name__ == "__main__":
    sys.exit(command.run(main))
