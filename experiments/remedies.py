"""Lab 004, 9: what each remedy against mode collapse gives and what it costs, on the ring, the grid and stacked MNIST.

    python -m experiments.remedies --data-dir DATA    # 10 seeds on the plane, 3 on pictures: about two hours on one core
    python -m experiments.remedies --quick            # the ring and stacked digits, a few steps, 2 seeds: minutes

The plain GAN, every remedy on top of it or in its place, and the two objectives that are said to need none. Ring and grid are those of
`experiments.mode_coverage`: `mlp` networks 128 wide, 4,000 critic steps. Stacked MNIST: three digits in three channels, a
narrow `dcgan` (16 wide), 1,000 steps of batch 64 by Adam(1e-3, .5, .9), averaged weights (decay .99); 26,000 samples a seed, whose
digits a classifier of MNIST names: modes out of 1,000, and KL of the samples' modes from the data's (PacGAN, arXiv 1712.04086,
section 4.2; there over 100 epochs, 200 times as long). Cost is a generator step with its critic steps by the plain GAN's, in turn in one process; memory
what the compiled program needs beside its arguments, by the plain GAN's.

Came out (results/remedies.md): a conditional GAN covers ring and grid at the plain GAN's cost; packing two, R3GAN and WGAN-GP cover the ring; on
stacked MNIST after 1,000 steps nothing finds more modes than the plain GAN (915).
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from experiments import lab, mode_coverage, plots, verdicts
from experiments.mode_coverage import mean_and_error
from jaxgan import Config, command, data
from jaxgan.errors import NotFiniteError
from jaxgan.evaluation.images import checked_bytes
from jaxgan.features import lab_classifier
from jaxgan.metrics import class_distribution, relative_entropy
from jaxgan.runs import load_all

NAME = "remedies"
GAN = "gan"
PLANE = {"ring8": 8, "grid25": 25}
STACKED = {"stacked_mnist": 1000, "stacked_digits": 1000}  # the second in the quick form
ON_PICTURES: dict[str, dict[str, Any]] = {  # where a row's settings on the plane are of the plane only
    "gan, conditional": {
        "variant": "gan",
        "conditional": True,
        "conditioning": "projection",
    },  # 1,000 labels as planes would be slow
    "began": {  # results/began.md
        "variant": "began",
        "diversity_ratio": 1.1,
        "balance_rate": 0.01,
        "critic_learning_rate": 5e-4,
    },
    "ebgan": {"variant": "ebgan"},
    "wgan_gp": {"variant": "wgan_gp"},
    "r3gan": {"variant": "r3gan"},
}
ROWS: dict[str, dict[str, Any]] = {  # a row of mode_coverage: what it is on pictures
    row: ON_PICTURES.get(row, mode_coverage.ROWS[row])
    for row in (
        GAN, "gan, minibatch discrimination", "gan, pac 2", "gan, pac 4", "gan, unroll 5", "gan, 4 generators told apart (MGAN)",
        "gan, 4 generators", *ON_PICTURES,
    )
}  # fmt: skip
QUICK_ROWS = (GAN, "gan, pac 2", "gan, 4 generators")
PLANE_STEPS, STEPS = (mode_coverage.CRITIC_STEPS, 100), (1000, 20)  # in full, quick
PICTURE_SEEDS = 3
SAMPLES = (26_000, 2000)  # samples a seed
ROUNDS = (7, 2)  # of the timing
PUBLISHED = {  # PacGAN, arXiv 1712.04086, tables 1 and 2: ring modes, quality, grid modes, quality, stacked modes, KL
    "GAN (stacked: DCGAN)": ("6.3±0.5", "98.2±0.2", "17.3±0.8", "94.8±0.7", "99", "3.40"),
    "PacGAN2": ("7.9±0.1", "95.6±2.0", "23.8±0.7", "91.3±0.8", "1000±0", "0.06"),
    "PacGAN4": ("7.8±0.1", "95.9±1.4", "24.8±0.2", "93.6±0.6", "1000±0", "0.07"),
    "Unrolled GAN": ("-", "-", "-", "-", "48.7", "4.32"),
}


def picture_seeds(options: lab.Options) -> int:
    return min(PICTURE_SEEDS, options.seeds)


def config_of(row: str, options: lab.Options) -> Config:
    """The run on pictures."""
    settings: dict[str, Any] = {
        "dataset": "stacked_digits" if options.quick else "stacked_mnist", "recipe": "paper", "network": "dcgan",
        "hidden_dim": 4 if options.quick else 16, "optimizer": "adam", "learning_rate": 1e-3, "beta1": 0.5, "beta2": 0.9, "n_critic": 1,
        "batch_size": 64, "ema": 0.99, **ROWS[row],
    }  # fmt: skip
    steps = options.length(*STEPS)
    return Config(
        **settings, steps=steps, replicas=picture_seeds(options), data_dir=options.data_dir, sample_every=steps,
        checkpoint_every=max(1, steps // 4), keep_checkpoints=1,
    )  # fmt: skip


def measure_modes(folder: Path, n: int, data_dir: Path | None) -> list[dict[str, float]]:
    """Of every seed that did not diverge: the modes its samples show, and the KL of their distribution from the data's.

    A conditional run gets labels as frequent as the data's.
    """
    if not lab.is_finished(folder):
        return []
    trained = load_all(folder)
    dataset = trained.config.dataset
    train = data.load(dataset, data_dir=data_dir)
    assert train.labels is not None
    theirs = class_distribution(train.labels, train.n_classes)
    labels = jnp.asarray(np.random.default_rng(0).choice(train.labels, n))
    classifier, seeds = lab_classifier(dataset, data_dir=data_dir), []
    for run in trained.every_replica:
        try:
            images = checked_bytes(run.sample(n, labels=labels if run.gan.n_classes else None)[0])
        except NotFiniteError:
            continue
        probabilities = classifier.classify(images)[0]
        assert probabilities is not None
        ours = class_distribution(probabilities.argmax(1), train.n_classes)
        seeds.append({"modes": float((ours > 0).sum()), "kl": relative_entropy(ours, theirs)})
    return seeds


def in_words(values: list[float], digits: int, seeds: int, factor: float = 1.0) -> str:
    """Mean ± standard error, and how many seeds that is where some diverged."""
    if not values:
        return "diverged"
    return mean_and_error(values, factor, digits) + (f" ({len(values)} of {seeds} seeds)" if len(values) < seeds else "")


def one_table(
    options: lab.Options,
    results: Mapping[str, Mapping[str, list[dict[str, float]]]],
    cost: Mapping[str, Mapping[str, dict[str, Any]]],
) -> str:
    """Every row on every set; results and cost by data set, then by row."""
    columns, rows = ["remedy"], []
    for dataset in results:
        modes = {**PLANE, **STACKED}[dataset]
        columns += [f"{dataset}: modes of {modes:,}", "high quality, %" if dataset in PLANE else "KL"]
    for dataset in cost:
        columns += [f"{dataset}: a step's cost", "memory"]
    for row in next(iter(results.values())):
        cells = [row]
        for dataset, by_row in results.items():
            own, seeds = by_row[row], options.seeds if dataset in PLANE else picture_seeds(options)
            cells.append(in_words([seed["modes"] for seed in own], 1 if dataset in PLANE else 0, seeds))
            if dataset in PLANE:
                cells.append(in_words([seed["high_quality"] for seed in own], 1, seeds, 100))
            else:
                cells.append(in_words([seed["kl"] for seed in own], 2, seeds))
        for measured in cost.values():
            cells += [lab.cost_words(measured[row]["ratios"]), f"{measured[row]['memory']:.1f}"]
        rows.append(cells)
    return lab.table(columns, rows)


def against_the_gan(results: Mapping[str, Mapping[str, list[dict[str, float]]]]) -> str:
    """Whether a remedy is better than the plain GAN beyond chance: modes and quality."""

    def compare(less: list[float], more: list[float]) -> str:
        verdict = verdicts.verdict(np.array(less), np.array(more))
        return {"confirmed": "better", "refuted: the other way round": "worse", "no difference seen": "same"}.get(verdict, "-")

    columns, rows = ["remedy"], []
    for dataset in results:
        columns += [f"{dataset}: modes", "quality" if dataset in PLANE else "KL"]
    for row in next(iter(results.values())):
        if row == GAN:
            continue
        cells = [row]
        for dataset, by_row in results.items():
            plain, own = by_row[GAN], by_row[row]
            cells.append(compare([seed["modes"] for seed in plain], [seed["modes"] for seed in own]))
            if dataset in PLANE:
                cells.append(compare([seed["high_quality"] for seed in plain], [seed["high_quality"] for seed in own]))
            else:
                cells.append(compare([seed["kl"] for seed in own], [seed["kl"] for seed in plain]))
        rows.append(cells)
    return lab.table(columns, rows)


def draw_pictures(options: lab.Options, plane: list[str], rows: list[str]) -> None:
    """Draws the first seed's samples: a column a remedy, a row a data set."""
    figure, panels = plots.new_figure(len(plane) + 1, len(rows), width=1.55, height=1.7)
    for down, dataset in enumerate(plane):
        reach = {"ring8": 1.4, "grid25": 5.2}[dataset]
        for axes, row in zip(panels[down], rows, strict=True):
            points = np.load(mode_coverage.row_file(options.out, dataset, row).with_suffix(".npy"))
            axes.scatter(*points.T, s=0.6, c=plots.COLOURS[0], alpha=0.35, linewidths=0)
            axes.set(xlim=(-reach, reach), ylim=(-reach, reach), xticks=[], yticks=[], aspect="equal")
    for axes, row in zip(panels[-1], rows, strict=True):
        picture = plots.samples_at(folder_of(options, row), 1.0, tiles=5)
        if picture is not None:
            axes.imshow(picture)
        axes.set(xticks=[], yticks=[])
    for axes, row in zip(panels[0], rows, strict=True):
        axes.set_title(row.replace(", ", ",\n", 1).replace(" told", "\ntold").replace("minibatch ", "minibatch\n"), fontsize=7)
    plots.save_figure(
        figure,
        options.out / NAME,
        f"the first of {options.seeds} seeds on the plane, of {picture_seeds(options)} on pictures",
    )


def folder_of(options: lab.Options, row: str) -> Path:
    return options.out / f"stacked-{mode_coverage.ROW_FILES[row]}"


def main(argv: list[str] | None = None) -> None:
    options = lab.read_options(__doc__, NAME, seeds=10, argv=argv)
    rows = list(QUICK_ROWS if options.quick else ROWS)
    plane = list(PLANE)[: 1 if options.quick else None]
    critic_steps, quick = options.length(*PLANE_STEPS), options.quick
    results: dict[str, dict[str, list[dict[str, float]]]] = {}
    mode_coverage.train_rows_ahead(options.cluster, options.out, plane, rows, options.seeds, critic_steps)
    for dataset in plane:
        by_row = {row: mode_coverage.train_row_once(options.out, dataset, row, options.seeds, critic_steps) for row in rows}
        results[dataset] = {row: result["seeds"] for row, result in by_row.items()}
    folders = lab.train_all(options, {row: (folder_of(options, row), config_of(row, options)) for row in rows})
    stacked = config_of(GAN, options).dataset
    results[stacked] = {
        row: lab.read_or_compute(
            folder / "modes.json", lambda folder=folder: measure_modes(folder, SAMPLES[quick], options.data_dir)
        )
        for row, folder in folders.items()
    }
    configs = {
        plane[0]: {row: mode_coverage.config_of(row, plane[0], 1, critic_steps) for row in rows},
        stacked: {row: config_of(row, options) for row in rows},
    }
    cost = {
        dataset: lab.read_or_compute(
            options.out / f"costs-{dataset}.json", lambda own=own: lab.measure_costs(own, GAN, ROUNDS[quick])
        )
        for dataset, own in configs.items()
    }
    parts = {
        "All rows": "Mean ± standard error over the seeds; cost: the median of the timed pairs, and their range. Under wgan_gp five critic steps go with one of the generator on the plane, one on pictures.\n\n" + one_table(options, results, cost),
        "Against the plain GAN": "By Welch's t-test at 5 %.\n\n" + against_the_gan(results),
        "Published": "Other networks and far longer training (PacGAN, arXiv 1712.04086, tables 1 and 2).\n\n"
        + lab.table(
            ["", "ring: modes of 8", "high quality, %", "grid: modes of 25", "high quality, %", "stacked MNIST: modes of 1,000", "KL"],
            [[row, *values] for row, values in PUBLISHED.items()],
        ),
    }  # fmt: skip
    budget = (
        f"plane: {critic_steps:,} critic steps (PacGAN's 400,000 were not run); {stacked}: {options.length(*STEPS):,} steps, {picture_seeds(options)} seeds,"
        f" {SAMPLES[quick]:,} samples each"
    )
    lab.write_results(options, NAME, "Lab 004, 9: remedies against mode collapse", budget, parts)
    draw_pictures(options, plane, rows)


if __name__ == "__main__":
    sys.exit(command.run(main))
