"""Lab 004, 7 and 8: does a conditional WGAN-GP keep classes that an unconditional one loses? On MNIST.

    python -m experiments.conditional_mode_collapse --data-dir DATA    # 8,000 steps, 3 seeds: 26 minutes on one core
    python -m experiments.conditional_mode_collapse --quick            # scikit-learn's digits, 400 steps, 2 seeds: two minutes

Both are trained alike (`fc` networks, the settings tuned on digits); a classifier trained on the same data (the lab's was never
trained) says which digit each of 1,000 samples shows: class distribution and its entropy at the end and over the run, whether the
conditional one draws what it is asked for, a t-SNE of real samples and both kinds, and a grid by class.

Came out (results/conditional_mode_collapse.md): neither loses a class; the conditional one's are a little more even (3.298 against 3.270
bits) and its Frechet distance is half (135 against 265); 88 % of its samples show the digit that they were asked for.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from jaxgan.config import Config
from jaxgan.trained import load

from experiments import lab, plots, verdicts
from jaxgan import command, data
from jaxgan.errors import UserError

NAME = "conditional_mode_collapse"
ROWS: dict[str, dict[str, Any]] = {"unconditional": {}, "conditional": {"conditional": True}}
SAMPLES = 1000
MEASURED = "1k"
STEPS, QUICK = 8000, 400


def config_of(row: str, asked: lab.Options) -> Config:
    steps = asked.length(STEPS, QUICK)
    return Config(
        variant="wgan_gp", dataset="digits" if asked.quick else "mnist", recipe="digits", steps=steps, replicas=asked.seeds,
        metrics_every=max(1, steps // (4 if asked.quick else 20)), metrics_samples=SAMPLES, data_dir=asked.data_dir, **ROWS[row],
    )  # fmt: skip


def shares(figures: dict[str, float]) -> np.ndarray:
    return np.array([figures[f"class_share_{label}_lab_{MEASURED}"] for label in range(10)])


def tables(found: dict[str, list[dict[str, float]]], real: np.ndarray) -> dict[str, str]:
    def row(words: str, figure: str, digits: int = 3) -> list[str]:
        return [
            words,
            *(
                lab.spread([seed[f"{figure}_{MEASURED}"] for seed in found[r] if f"{figure}_{MEASURED}" in seed], digits)
                for r in ROWS
            ),
        ]

    def entropy(p: np.ndarray) -> float:
        return float(-np.sum(p[p > 0] * np.log2(p[p > 0])))

    figures = [
        row("entropy of the classes, bits", "class_entropy_bits_lab"), row("share of the rarest class", "rarest_class_share_lab"),
        row("shows the class it was asked for", "conditional_accuracy_lab"), row("Frechet distance", "fid_lab", 1),
        row("precision", "precision_lab"), row("recall", "recall_lab"), row("Inception Score", "inception_score_lab", 2),
    ]  # fmt: skip
    classes = [
        [label, f"{100 * real[label]:.1f}", *(lab.spread([shares(seed)[label] for seed in found[r]], 1, 100) for r in ROWS)]
        for label in range(10)
    ]
    bits = {r: np.array([seed[f"class_entropy_bits_lab_{MEASURED}"] for seed in found[r]]) for r in ROWS}
    verdict = {
        "confirmed": "The conditional one's classes are more even",
        "refuted: the other way round": "The unconditional one's classes are more even",
    }.get(verdicts.verdict(bits["unconditional"], bits["conditional"]), "Between the two no difference is seen")
    said = (
        f"The data's classes have {entropy(real):.3f} bits of entropy, of {np.log2(10):.3f} that are possible; samples of the unconditional run"
        f" {lab.spread(bits['unconditional'], 3)}, of the conditional one {lab.spread(bits['conditional'], 3)}. {verdict}"
        " (Welch's t-test at 5 %). The conditional run is asked for labels as frequent as the data's, so its"
        " entropy says how far it heeds them; whether it does, its accuracy says."
    )
    return {
        "Figures": lab.table(["", *ROWS], figures),
        "Share of each class, %": lab.table(["class", "data", *ROWS], classes),
        "In words": said,
    }


def pictures(asked: lab.Options, folders: dict[str, Path], found: dict[str, list[dict[str, float]]], real: np.ndarray) -> None:
    caption = f"mean and standard deviation of {asked.seeds} seeds"
    made, panels = plots.figure(1, 3, width=4.2, height=3.2)
    width = 0.27
    for i, (name, values) in enumerate([("data", [real]), *((r, [shares(seed) for seed in found[r]]) for r in ROWS)]):
        mean, deviation = np.mean(values, 0), np.std(values, 0, ddof=1) if len(values) > 1 else None
        panels[0, 0].bar(np.arange(10) + (i - 1) * width, mean, width, yerr=deviation, color=plots.COLOURS[i], label=name)
    plots.finish(panels[0, 0], title="share of each class at the end", x="class")
    for axes, (figure, title) in zip(
        panels[0, 1:],
        (
            ("class_entropy_bits_lab", "entropy of the classes over the run, bits"),
            ("rarest_class_share_lab", "share of the rarest class"),
        ),
        strict=True,
    ):
        for row, colour in zip(ROWS, plots.COLOURS[1:], strict=False):
            plots.band(axes, *lab.curves(folders[row], f"{figure}_{MEASURED}"), row, colour)
        plots.finish(axes, title=title, x="generator steps")
    plots.save(made, asked.out / NAME, caption)
    over_the_run(asked, folders)
    embedding(asked, folders)


def over_the_run(asked: lab.Options, folders: dict[str, Path]) -> None:
    """Every class's share over the steps, stacked: the lab's class distribution over the epochs."""
    made, panels = plots.figure(1, len(ROWS), width=4.2, height=3.0)
    for axes, row in zip(panels[0], ROWS, strict=True):
        curves = [lab.curves(folders[row], f"class_share_{label}_lab_{MEASURED}") for label in range(10)]
        axes.stackplot(
            curves[0][0], [values.mean(1) for _, values in curves], colors=_colours(), labels=[str(i) for i in range(10)]
        )
        axes.set(xlim=(curves[0][0][0], curves[0][0][-1]), ylim=(0, 1))
        plots.finish(axes, title=f"{row}: share of each class", x="generator steps", legend=False)
    made.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside right center", fontsize=7, frameon=False)
    plots.save(made, asked.out / f"{NAME}-over_the_run", f"mean of {asked.seeds} seeds")


def embedding(asked: lab.Options, folders: dict[str, Path]) -> None:
    """t-SNE of real samples and both kinds, all in one, and a grid of the conditional run by class."""
    from sklearn.manifold import TSNE

    config = config_of("unconditional", asked)
    real = data.load(config.dataset, data_dir=asked.data_dir)
    assert real.samples is not None
    n = 150 if asked.quick else 500
    rows = np.random.default_rng(0).permutation(len(real.samples))[:n]
    clouds = {"real": real.samples[rows].reshape(n, -1) / 127.5 - 1}
    for row in ROWS:
        run = load(folders[row])
        drawn = np.asarray(run.sample(n)[0])
        clouds[row] = drawn.reshape(n, -1)
        if row == "conditional":
            by_class = np.asarray(run.sample(100)[0])
    placed = TSNE(random_state=42).fit_transform(np.concatenate(list(clouds.values())))
    made, panels = plots.figure(1, 2, width=4.6, height=4.4)
    for i, name in enumerate(clouds):
        panels[0, 0].scatter(*placed[i * n : (i + 1) * n].T, s=5, color=plots.COLOURS[i], alpha=0.6, label=name, linewidths=0)
    plots.finish(panels[0, 0], title="t-SNE of pixels")
    from jaxgan.report.images import image_grid

    panels[0, 1].imshow(image_grid(by_class, columns=10).squeeze(), cmap="gray", vmin=0, vmax=255)
    panels[0, 1].set_axis_off()
    panels[0, 1].set_title("conditional: a row a class", fontsize=9)
    plots.save(made, asked.out / f"{NAME}-samples", f"the first of {asked.seeds} seeds; {n} samples of each kind")


def _colours() -> list[Any]:
    from matplotlib import colormaps

    return [colormaps["tab10"](i) for i in range(10)]


def main(argv: list[str] | None = None) -> None:
    asked = lab.options(__doc__, NAME, seeds=3, argv=argv)
    folders = {row: lab.trained(asked.out / row, config_of(row, asked)) for row in ROWS}
    found = {row: lab.by_seed(lab.judged(folder, SAMPLES, asked.data_dir)) for row, folder in folders.items()}
    if not all(found.values()):
        raise UserError(f"{asked.out}: no seed of {' or '.join(row for row in ROWS if not found[row])} was trained to the end")
    labels = data.load(config_of("conditional", asked).dataset, data_dir=asked.data_dir).labels
    assert labels is not None
    real = np.bincount(labels, minlength=10) / len(labels)
    budget = asked.budget("digits" if asked.quick else "MNIST", STEPS, QUICK) + f", {SAMPLES:,} samples a seed"
    title = "Lab 004, 7 and 8: unconditional against conditional WGAN-GP"
    lab.write_results(asked, NAME, title, budget, tables(found, real))
    pictures(asked, folders, found, real)


if __name__ == "__main__":
    sys.exit(command.run(main))
