"""Lab 004, 9: what each remedy against mode collapse gives and what it costs, on the ring, the grid and stacked MNIST.

    python -m experiments.remedies --data-dir DATA    # 10 seeds on the plane, 3 on pictures: about two hours on one core
    python -m experiments.remedies --quick            # the ring and stacked digits, a few steps, 2 seeds: minutes

The plain GAN, every remedy on top of it or in its place, and the two objectives that are said to need none. Ring and grid are those of
`experiments.mode_coverage`: `mlp` networks 128 wide, 4,000 critic steps. Stacked MNIST: three digits in three channels, a
narrow `dcgan` (16 wide), 1,000 steps of batch 64 by Adam(1e-3, .5, .9), averaged weights (decay .99); 26,000 samples a seed, whose
digits a classifier of MNIST names: modes out of 1,000, and KL of the samples' modes from the data's (PacGAN, arXiv 1712.04086,
section 4.2; there over 100 epochs, 200 times as long). Cost is a generator step with its critic steps by the plain GAN's, in turn in one process; memory
what the compiled program holds beside its arguments, by the plain GAN's.

Came out (results/remedies.md): a conditional GAN covers ring and grid at the plain GAN's cost; packing two, R3GAN and WGAN-GP cover the ring; on
stacked MNIST after 1,000 steps nothing finds more modes than the plain GAN (915).
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxgan.config import Config, read_config

from experiments import lab, mode_coverage, plots, verdicts
from experiments.mode_coverage import words
from jaxgan import command, data
from jaxgan.errors import NotFiniteError
from jaxgan.evaluation.images import in_bytes
from jaxgan.features import lab_classifier
from jaxgan.metrics.classes import class_distribution, relative_entropy

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
    "began": {"variant": "began"},
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
JUDGED = (26_000, 2000)  # samples a seed
ROUNDS = (7, 2)  # of the timing
PUBLISHED = {  # PacGAN, arXiv 1712.04086, tables 1 and 2: ring modes, quality, grid modes, quality, stacked modes, KL
    "GAN (stacked: DCGAN)": ("6.3±0.5", "98.2±0.2", "17.3±0.8", "94.8±0.7", "99", "3.40"),
    "PacGAN2": ("7.9±0.1", "95.6±2.0", "23.8±0.7", "91.3±0.8", "1000±0", "0.06"),
    "PacGAN4": ("7.8±0.1", "95.9±1.4", "24.8±0.2", "93.6±0.6", "1000±0", "0.07"),
    "Unrolled GAN": ("-", "-", "-", "-", "48.7", "4.32"),
}


def picture_seeds(asked: lab.Options) -> int:
    return min(PICTURE_SEEDS, asked.seeds)


def config_of(row: str, asked: lab.Options) -> Config:
    """The run on pictures."""
    settings: dict[str, Any] = {
        "dataset": "stacked_digits" if asked.quick else "stacked_mnist", "recipe": "paper", "network": "dcgan",
        "hidden_dim": 4 if asked.quick else 16, "optimizer": "adam", "learning_rate": 1e-3, "beta1": 0.5, "beta2": 0.9, "n_critic": 1,
        "batch_size": 64, "ema": 0.99, **ROWS[row],
    }  # fmt: skip
    steps = asked.length(*STEPS)
    return Config(
        **settings, steps=steps, replicas=picture_seeds(asked), data_dir=asked.data_dir, sample_every=steps,
        checkpoint_every=max(1, steps // 4), keep_checkpoints=1,
    )  # fmt: skip


def modes_of(folder: Path, n: int, data_dir: Path | None) -> list[dict[str, float]]:
    """Of every seed that did not diverge: the modes its samples show, and the KL of their distribution from the data's.

    A conditional run is asked for labels as frequent as the data's.
    """
    if not lab.ended(folder):
        return []
    config = read_config(folder / "config.json")
    train = data.load(config.dataset, data_dir=data_dir)
    assert train.labels is not None
    theirs = class_distribution(train.labels, train.n_classes)
    asked = jnp.asarray(np.random.default_rng(0).choice(train.labels, n))
    classifier, found = lab_classifier(config.dataset, data_dir=data_dir), []
    for run in lab.replicas(folder):
        try:
            images = in_bytes(run.sample(n, labels=asked if config.conditional else None)[0])
        except NotFiniteError:
            continue
        probabilities = classifier.classify(images)[0]
        assert probabilities is not None
        ours = class_distribution(probabilities.argmax(1), train.n_classes)
        found.append({"modes": float((ours > 0).sum()), "kl": relative_entropy(ours, theirs)})
    return found


def told(values: list[float], digits: int, seeds: int, factor: float = 1.0) -> str:
    """Mean ± standard error, and how many seeds that is where some diverged."""
    if not values:
        return "diverged"
    return words(values, factor, digits) + (f" ({len(values)} of {seeds} seeds)" if len(values) < seeds else "")


def one_table(
    asked: lab.Options,
    found: Mapping[str, Mapping[str, list[dict[str, float]]]],
    cost: Mapping[str, Mapping[str, dict[str, Any]]],
) -> str:
    """Every row on every set; found and cost by data set, then by row."""
    columns, rows = ["remedy"], []
    for dataset in found:
        modes = {**PLANE, **STACKED}[dataset]
        columns += [f"{dataset}: modes of {modes:,}", "high quality, %" if dataset in PLANE else "KL"]
    for dataset in cost:
        columns += [f"{dataset}: a step's cost", "memory"]
    for row in next(iter(found.values())):
        cells = [row]
        for dataset, outcomes in found.items():
            own, seeds = outcomes[row], asked.seeds if dataset in PLANE else picture_seeds(asked)
            cells.append(told([seed["modes"] for seed in own], 1 if dataset in PLANE else 0, seeds))
            if dataset in PLANE:
                cells.append(told([seed["high_quality"] for seed in own], 1, seeds, 100))
            else:
                cells.append(told([seed["kl"] for seed in own], 2, seeds))
        for measured in cost.values():
            cells += [lab.cost_words(measured[row]["ratios"]), f"{measured[row]['memory']:.1f}"]
        rows.append(cells)
    return lab.table(columns, rows)


def against_the_gan(found: Mapping[str, Mapping[str, list[dict[str, float]]]]) -> str:
    """Whether a remedy is better than the plain GAN beyond chance: modes and quality."""

    def said(less: list[float], more: list[float]) -> str:
        verdict = verdicts.verdict(np.array(less), np.array(more))
        return {"confirmed": "better", "refuted: the other way round": "worse", "no difference seen": "same"}.get(verdict, "-")

    columns, rows = ["remedy"], []
    for dataset in found:
        columns += [f"{dataset}: modes", "quality" if dataset in PLANE else "KL"]
    for row in next(iter(found.values())):
        if row == GAN:
            continue
        cells = [row]
        for dataset, outcomes in found.items():
            plain, own = outcomes[GAN], outcomes[row]
            cells.append(said([seed["modes"] for seed in plain], [seed["modes"] for seed in own]))
            if dataset in PLANE:
                cells.append(said([seed["high_quality"] for seed in plain], [seed["high_quality"] for seed in own]))
            else:
                cells.append(said([seed["kl"] for seed in own], [seed["kl"] for seed in plain]))
        rows.append(cells)
    return lab.table(columns, rows)


def pictures(asked: lab.Options, plane: list[str], rows: list[str]) -> None:
    """The first seed's samples: a column a remedy, a row a data set."""
    made, panels = plots.figure(len(plane) + 1, len(rows), width=1.55, height=1.7)
    for down, dataset in enumerate(plane):
        reach = {"ring8": 1.4, "grid25": 5.2}[dataset]
        for axes, row in zip(panels[down], rows, strict=True):
            points = np.load(mode_coverage.kept_at(asked.out, dataset, row).with_suffix(".npy"))
            axes.scatter(*points.T, s=0.6, c=plots.COLOURS[0], alpha=0.35, linewidths=0)
            axes.set(xlim=(-reach, reach), ylim=(-reach, reach), xticks=[], yticks=[], aspect="equal")
    for axes, row in zip(panels[-1], rows, strict=True):
        picture = plots.samples_at(folder_of(asked, row), 1.0, tiles=5)
        if picture is not None:
            axes.imshow(picture)
        axes.set(xticks=[], yticks=[])
    for axes, row in zip(panels[0], rows, strict=True):
        axes.set_title(row.replace(", ", ",\n", 1).replace(" told", "\ntold").replace("minibatch ", "minibatch\n"), fontsize=7)
    plots.save(
        made,
        asked.out / NAME,
        f"the first of {asked.seeds} seeds on the plane, of {picture_seeds(asked)} on pictures",
    )


def folder_of(asked: lab.Options, row: str) -> Path:
    return asked.out / f"stacked-{mode_coverage.ROW_FILES[row]}"


def main(argv: list[str] | None = None) -> None:
    asked = lab.options(__doc__, NAME, seeds=10, argv=argv)
    rows = list(QUICK_ROWS if asked.quick else ROWS)
    plane = list(PLANE)[: 1 if asked.quick else None]
    critic_steps, quick = asked.length(*PLANE_STEPS), asked.quick
    found: dict[str, dict[str, list[dict[str, float]]]] = {}
    for dataset in plane:
        outcomes = {row: mode_coverage.kept_outcome(asked.out, dataset, row, asked.seeds, critic_steps) for row in rows}
        found[dataset] = {row: outcome["seeds"] for row, outcome in outcomes.items()}
    folders = {row: lab.trained(folder_of(asked, row), config_of(row, asked)) for row in rows}
    stacked = config_of(GAN, asked).dataset
    found[stacked] = {
        row: lab.kept(folder / "modes.json", lambda folder=folder: modes_of(folder, JUDGED[quick], asked.data_dir))
        for row, folder in folders.items()
    }
    configs = {
        plane[0]: {row: mode_coverage.config_of(row, plane[0], 1, critic_steps) for row in rows},
        stacked: {row: config_of(row, asked) for row in rows},
    }
    cost = {
        dataset: lab.kept(asked.out / f"costs-{dataset}.json", lambda own=own: lab.costs(own, GAN, ROUNDS[quick]))
        for dataset, own in configs.items()
    }
    parts = {
        "All rows": "Mean ± standard error over the seeds; cost: the median of the timed pairs, and their range. Under wgan_gp five critic steps go with one of the generator on the plane, one on pictures.\n\n" + one_table(asked, found, cost),
        "Against the plain GAN": "By Welch's t-test at 5 %.\n\n" + against_the_gan(found),
        "Published": "Other networks and far longer training (PacGAN, arXiv 1712.04086, tables 1 and 2).\n\n"
        + lab.table(
            ["", "ring: modes of 8", "high quality, %", "grid: modes of 25", "high quality, %", "stacked MNIST: modes of 1,000", "KL"],
            [[row, *figures] for row, figures in PUBLISHED.items()],
        ),
    }  # fmt: skip
    budget = (
        f"plane: {critic_steps:,} critic steps (PacGAN's 400,000 were not run); {stacked}: {asked.length(*STEPS):,} steps, {picture_seeds(asked)} seeds,"
        f" {JUDGED[quick]:,} samples each"
    )
    lab.write_results(asked, NAME, "Lab 004, 9: remedies against mode collapse", budget, parts)
    pictures(asked, plane, rows)


if __name__ == "__main__":
    sys.exit(command.run(main))
